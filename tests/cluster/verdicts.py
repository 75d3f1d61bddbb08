"""What an answer in JSON says about a planted situation."""

import fnmatch
import json


def object_text(o):
    """ "Kind namespace/name", as the situation files write it."""
    if not o:
        return ""
    return f"{o['kind']} {o['namespace'] + '/' if o.get('namespace') else ''}{o['name']}"


def touches(cause, ns):
    """True when the cause is about something in this namespace, or harms something there."""
    findings = [cause["root"], *cause["explains"]]
    objects = [f["object"] for f in findings] + [f["subject"] for f in findings] + cause["affects"]["workloads"]
    return any(o and (o.get("namespace") == ns or (o["kind"], o["name"]) == ("Namespace", ns)) for o in objects)


def names_of(cause):
    """Every object that this cause names."""
    findings = [cause["root"], *cause["explains"]]
    return [object_text(f[key]) for f in findings for key in ("object", "subject") if f.get(key)] + [
        object_text(o) for o in cause["affects"]["workloads"]
    ]


def concerns(cause, situation):
    """True when the cause is about what this situation planted: by namespace; in a shared one, by the names that only it has."""
    if not touches(cause, situation.ns) and not any(n in situation.names.values() for o in names_of(cause) for n in [o.split(" ", 1)[-1]]):
        return False
    own = {v for k, v in situation.names.items() if k != "ns" and not v.startswith("@")}
    return not situation.shared or any(n in o for o in names_of(cause) for n in own)


def is_the_cause(cause, fault):
    """None when this cause is the planted one; else what is wrong with it."""
    if not any(fnmatch.fnmatchcase(cause["check"], c) for c in fault.causes):
        return f"the check is {cause['check']}, wanted {' or '.join(fault.causes)}"
    named = [object_text(cause["root"]["object"]), object_text(cause["root"]["subject"])] + [
        object_text(o) for o in cause["affects"]["workloads"]
    ]
    if not any(fnmatch.fnmatchcase(n, b) for n in named for b in fault.blames):
        return f"it names {named}, wanted {fault.blames}"
    text = json.dumps(cause)
    missing = [s for s in fault.says if s not in text]
    return f"it does not say {missing}" if missing else None


def first_is_the_cause(causes, fault, where):
    assert causes, f"{where} names no cause for: {fault.head['fault']} (namespace {fault.ns})"
    problem = is_the_cause(causes[0], fault)
    others = [f"{c['check']}: {c['title']}" for c in causes]
    assert problem is None, f"{where}: {fault.head['fault']} (namespace {fault.ns}): first cause is wrong: {problem}\n" + "\n".join(others)


def false_causes(causes, fault):
    """Active causes of this situation's objects that are neither the planted one nor what its file says is true besides."""
    return [
        f"{c['severity']} {c['check']}: {c['title']}"
        for c in causes
        if c["severity"] != "info" and is_the_cause(c, fault) and not any(fnmatch.fnmatchcase(c["check"], a) for a in fault.also)
    ]

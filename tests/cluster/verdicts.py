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

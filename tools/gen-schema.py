#!/usr/bin/env python3
"""Writes src/cluster/schema_tables.c from published Kubernetes Go modules and data/projection.txt.

    tools/gen-schema.py           write the tables
    tools/gen-schema.py --check   exit 1 when they are not up to date, 0 also when the modules are not here

Wire numbers and types come from generated.proto; JSON names, what is inlined and what is omitted when zero come from the
struct tags in the Go source beside it. The modules are looked for in the Go module cache (go mod download NAME@VERSION).
"""

import os
import re
import subprocess
import sys

VERSION = "v0.37.2"
MODULES = ["k8s.io/api", "k8s.io/apimachinery", "k8s.io/metrics", "k8s.io/kube-aggregator", "k8s.io/apiextensions-apiserver"]
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OUT = os.path.join(ROOT, "src/cluster/schema_tables.c")
SPECIAL = {  # messages with a JSON form of their own
    "meta.v1.Time": "TIME",
    "meta.v1.MicroTime": "TIME",
    "meta.v1.Duration": "DURATION",
    "meta.v1.FieldsV1": "RAW_JSON",
    "api.resource.Quantity": "QUANTITY",
    "util.intstr.IntOrString": "INT_OR_STRING",
    "pkg.runtime.RawExtension": "RAW_JSON",
    "apiextensions.v1.JSON": "RAW_JSON",
}
SCALARS = {
    "string": "STRING",
    "int32": "INT",
    "int64": "INT",
    "uint32": "INT",
    "uint64": "INT",
    "bool": "BOOL",
    "double": "DOUBLE",
    "bytes": "BYTES",
}


class Field:
    def __init__(self, number, name, type_, message=None):
        self.number, self.name, self.type, self.message, self.flags = number, name, type_, message, set()

    def copy(self):
        f = Field(self.number, self.name, self.type, self.message)
        f.flags = set(self.flags)
        return f


class Message:
    def __init__(self, full, fields):
        self.full, self.fields = full, fields

    def field(self, name):
        for f in self.fields:
            if f.name == name:
                return f
        sys.exit(f"projection.txt: {self.full} has no field {name}")


def short(full):
    return ".".join(full.split(".")[-3:])


def module_folders():
    cache = os.environ.get("GOMODCACHE")
    if not cache:
        try:
            cache = subprocess.run(["go", "env", "GOMODCACHE"], capture_output=True, text=True, check=True).stdout.strip()
        except (OSError, subprocess.CalledProcessError):
            cache = os.path.expanduser("~/go/pkg/mod")
    found = {m: os.path.join(cache, f"{m}@{VERSION}") for m in MODULES}
    missing = [m for m in MODULES if not os.path.isdir(found[m])]
    return found, missing


def go_tags(folder):
    """{(struct, protobuf number): (json name, inlined, omitted when empty, pointer)} and the structs that embed TypeMeta."""
    tags, typed = {}, set()
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".go") or name.endswith("_test.go") or name.startswith(("zz_", "generated")):
            continue
        struct = None
        with open(os.path.join(folder, name), encoding="utf-8") as f:
            for line in f:
                m = re.match(r"type (\w+) struct \{", line)
                if m:
                    struct = m.group(1)
                elif line.startswith("}"):
                    struct = None
                elif struct and re.match(r"\t(metav1\.)?TypeMeta\b", line):
                    typed.add(struct)
                elif struct and 'protobuf:"' in line and not line.lstrip().startswith("//"):
                    number = re.search(r'protobuf:"\w+,(\d+)', line)
                    json = re.search(r'json:"([^"]*)"', line)
                    if not number or not json:
                        continue
                    options = json.group(1).split(",")
                    declared = line.split("`")[0].split()
                    # an embedded field has no name of its own: "ProbeHandler `json:...`"
                    go_type = declared[-1]
                    tags[struct, int(number.group(1))] = (options[0], options[0] == "", "omitempty" in options[1:], go_type.startswith("*"))
    return tags, typed


def read_protos(folders):
    messages = {}
    for module in MODULES:
        for folder, _, files in sorted(os.walk(folders[module])):
            if "generated.proto" not in files or "testdata" in folder or "/testing/" in folder:
                continue
            tags, typed = go_tags(folder)
            with open(os.path.join(folder, "generated.proto"), encoding="utf-8") as f:
                read_proto(f.read(), tags, typed, messages)
    return messages


def read_proto(text, tags, typed, messages):
    package = re.search(r"^package ([\w.]+);", text, re.M).group(1)
    for m in re.finditer(r"^message (\w+) \{\n(.*?)^\}", text, re.M | re.S):
        fields = []
        if m.group(1) in typed:
            for name in ("apiVersion", "kind"):
                f = Field(0, name, "STRING")
                f.flags.add("OMIT_ZERO")
                fields.append(f)
        for line in m.group(2).splitlines():
            d = re.match(r"\s*(optional|required|repeated)\s+([\w.]+)\s+(\w+)\s*=\s*(\d+);", line)
            e = re.match(r"\s*map<string,\s*([\w.]+)>\s+(\w+)\s*=\s*(\d+);", line)
            if d:
                label, type_, name, number = d.groups()
            elif e:
                (type_, name, number), label = e.groups(), "map"
            else:
                continue
            fields.append(make_field(package, m.group(1), label, type_, name, int(number), tags))
        messages[f"{package}.{m.group(1)}"] = Message(f"{package}.{m.group(1)}", sorted(fields, key=lambda f: f.number))


def make_field(package, struct, label, type_, name, number, tags):
    json, inline, omitted, pointer = tags.get((struct, number), (name, False, True, True))
    f = Field(number, json or name, SCALARS.get(type_, "MESSAGE"))
    if f.type == "MESSAGE":
        f.message = type_[1:] if type_.startswith(".") else type_ if "." in type_ else f"{package}.{type_}"
        if short(f.message) in SPECIAL:
            f.type, f.message = SPECIAL[short(f.message)], None
    if inline and f.type == "MESSAGE":
        f.flags.add("INLINE")
    if label == "repeated":
        f.flags.add("REPEATED")
    elif label == "map":
        f.flags.add("MAP")
    elif not pointer and f.type in ("STRING", "BYTES", "INT", "BOOL", "DOUBLE") and (omitted or f.type == "STRING"):
        f.flags.add("OMIT_ZERO")
    return f


def project(messages):
    """Applies data/projection.txt; returns the extra roots."""
    by_short = {}
    for full, m in messages.items():
        by_short.setdefault(short(full), m)

    def message(name):
        return by_short.get(name) or sys.exit(f"projection.txt: no message {name}")

    def fields(words):
        for w in words:
            owner, name = w.rsplit(".", 1)
            yield message(owner), message(owner).field(name)

    roots = []
    for line in open(os.path.join(ROOT, "data/projection.txt"), encoding="utf-8"):
        words = line.split("#")[0].split()
        if not words:
            continue
        verb, *rest = words
        if verb == "root":
            roots.append(message(rest[0]).full)
        elif verb == "drop":
            for m, f in fields(rest):
                m.fields.remove(f)
        elif verb == "keep":
            m = message(rest[0])
            m.fields = sorted((m.field(name) for name in rest[1:]), key=lambda f: f.number)
        elif verb == "as":
            for _, f in fields(rest[1:]):
                f.type, f.message = rest[0], None
        elif verb == "flag":
            for _, f in fields(rest[1:]):
                f.flags.add(rest[0])
        elif verb == "variant":
            new, old = rest
            full = message(old).full.rsplit(".", 1)[0] + "." + new.rsplit(".", 1)[1]
            by_short[new] = messages[full] = Message(full, [f.copy() for f in message(old).fields])
        elif verb == "use":
            next(fields(rest[:1]))[1].message = message(rest[1]).full
        else:
            sys.exit(f"projection.txt: unknown word {verb}")
    return roots


def finish(messages):
    """What no .proto says: the size beside a SIZED map, and the shape of FieldsV1 where it is kept."""
    keys = Field(0, "f:data", "PRESENT")
    keys.flags.add("MAP")
    messages["FieldsV1Keys"] = Message("FieldsV1Keys", [keys])
    for m in list(messages.values()):
        for f in list(m.fields):
            if "SIZED" in f.flags:
                m.fields.insert(0, Field(0, f.name + "Size", "INT"))
            if f.name == "fieldsV1" and f.type == "RAW_JSON":
                f.message = "FieldsV1Keys"


def reachable(messages, roots):
    seen, queue = [], list(roots)
    while queue:
        name = queue.pop(0)
        if name in seen:
            continue
        seen.append(name)
        if name not in messages:
            sys.exit(f"no message {name}")
        queue += [f.message for f in messages[name].fields if f.message]
    return sorted(seen)


def name_hash(name):
    n = name.encode()
    return len(n) * 5 + n[0] + n[len(n) // 2] * 3 + n[-1] * 7


def slots(fields):
    size = 4
    while size < 2 * len(fields):
        size *= 2
    table = [255] * size
    for i, f in enumerate(fields):
        if "INLINE" in f.flags:
            continue
        at = name_hash(f.name) % size
        while table[at] != 255:
            at = (at + 1) % size
        table[at] = i
    return table


def c_name(full):
    return short(full).replace(".", "_")


def render(messages, names, roots):
    out = [
        "/* Generated by tools/gen-schema.py from data/projection.txt and the Go modules k8s.io/api, apimachinery, metrics, kube-aggregator",
        f" * and apiextensions-apiserver {VERSION} (generated.proto: wire; struct tags: JSON). Do not edit. */",
        "/* clang-format off */",
        '#include "cluster/schema.h"',
        "",
    ]
    out += [f"static const struct message m_{c_name(n)};" for n in names]
    for n in names:
        m, c = messages[n], c_name(n)
        out += ["", f"static const struct field f_{c}[] = {{"]
        for f in m.fields:
            flags = " | ".join("FIELD_" + x for x in sorted(f.flags)) or "0"
            ref = f"&m_{c_name(f.message)}" if f.message else "NULL"
            out.append(f'\t{{{f.number}, FIELD_{f.type}, {flags}, {len(f.name)}, "{f.name}", {ref}}},')
        if not m.fields:
            out.append("\t{0, 0, 0, 0, NULL, NULL},")
        table = slots(m.fields)
        out += [
            "};",
            f"static const uint8_t s_{c}[] = {{" + ",".join(map(str, table)) + "};",
            f'static const struct message m_{c} = {{"{n}", f_{c}, s_{c}, {len(table) - 1}, {len(m.fields)}, '
            + ("true" if any("INLINE" in f.flags for f in m.fields) else "false")
            + "};",
        ]
        if len(m.fields) > 200:
            sys.exit(f"{n}: too many fields for a slot table of bytes")
    out += ["", "const struct message *const schema_roots[] = {"]
    out += [f"\t&m_{c_name(r)}," for r in sorted(set(roots))]
    out += ["};", f"const size_t schema_root_count = {len(set(roots))};", ""]
    return "\n".join(out)


def main():
    folders, missing = module_folders()
    if missing:
        print("gen-schema: not in the Go module cache: " + ", ".join(f"{m}@{VERSION}" for m in missing))
        print("gen-schema: get them with: " + "; ".join(f"go mod download {m}@{VERSION}" for m in missing))
        sys.exit(0 if "--check" in sys.argv else 1)
    messages = read_protos(folders)
    roots = project(messages)
    finish(messages)
    with open(os.path.join(ROOT, "src/cluster/kinds.def"), encoding="utf-8") as f:
        roots += re.findall(r'^KIND\(.*"([\w.]+)"\)$', f.read(), re.M)
    text = render(messages, reachable(messages, roots), roots)
    old = open(OUT, encoding="utf-8").read() if os.path.exists(OUT) else ""
    if "--check" in sys.argv:
        if old != text:
            sys.exit("src/cluster/schema_tables.c is not up to date: run tools/gen-schema.py")
    elif old != text:
        with open(OUT, "w", encoding="utf-8") as f:
            f.write(text)


if __name__ == "__main__":
    main()

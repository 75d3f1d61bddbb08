#!/usr/bin/env python3
"""Traces the specification: `tools/requirements.py [--check | --against FILE]`.

Each row of data/platform/ that stands for a row of the requirements document is listed with where it stands there, the command that shows it and
the test that holds it. Without arguments docs/requirements.md is written; --check fails when it is not what would be written; --against reads the
requirements document itself and fails for each of its rows of which no row of the data has the words: each whole cell of a table, each number of a list or block.
"""

import pathlib
import re
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[1]
OUT = ROOT / "docs/requirements.md"
UNIT, SYSTEM, CHECK = "tests/unit/test_platform_plan.c", "tests/system/test_plan.py", "tests/system/test_check.py"

# Sections that are for reading: links, no rows of data.
READING = ("Additional AI Resources", "Overview")
# What stands in a block besides rows: the names of groups.
GROUPS = re.compile(
    r"^(cluster configuration|ai namespace|ai configuration|management cluster|ai management services|tenant clusters \(per cluster\)|development|production|"
    r"external access|ai/ml services|internal cluster|minimum requirements|recommended|configuration|atlas vector search features|model variants|"
    r"serving infrastructure|sentence-transformers models|custom embeddings|oauth scopes|event subscriptions|interactive components|metrics tracked|"
    r"dashboards|critical \(ai-specific\)|warning \(ai-specific\)|total resource budget|component allocation|management cluster \+ central ai|allocation|"
    r"per-tenant cluster with local ai):$"
)


def load(name):
    return yaml.safe_load((ROOT / f"data/platform/{name}.yaml").read_text(encoding="utf-8"))


def size(gb):
    return f"{gb / 1000:g}TB" if gb >= 1000 else f"{gb:g}GB"


def span(r, unit):
    return f"{r['min']:g}-{r['max']:g}{unit}" if isinstance(r, dict) else f"{r:g}{unit}"


class Row:
    """A row of the data: where it stands in the document, the words that it has there, and what shows and tests it."""

    def __init__(self, file, key, source, words, command, test=SYSTEM):
        self.file, self.key, self.source, self.words, self.command, self.test = file, key, source, [str(w) for w in words], command, test

    @property
    def shown(self):
        return self.key.split("/")[-1]


def hardware_rows():
    environments = {"dev": "dev", "production": "production", "kamaji": "kamaji", "tenant": "kamaji"}
    for profile in load("hardware")["profiles"]:
        for row in profile["rows"]:
            command = f"plan {environments[profile['environment']]} -o json"
            yield Row(
                "hardware", f"{profile['id']}/{row['id']}", profile["source"], [row["row"], row["text"], row["purpose"]], command, CHECK
            )


def software_rows():
    data = load("software")
    for tool in data["tools"]:
        yield Row("software", f"tools/{tool['id']}", data["tools_source"], [tool["text"]], "plan dev -o json")
    for package in data["packages"]:
        yield Row("software", f"packages/{package['id']}", data["packages_source"], [package["id"]], "plan dev -o json")
    for system in data["systems"]:
        words = [
            system["row"],
            f"{system['minimum']}+",
            *([system["needs"]] if "needs" in system else []),
            *(["WSL2"] if system["id"] == "wsl2" else []),
        ]
        yield Row("software", f"systems/{system['id']}", data["systems_source"], words, "plan dev -o json", CHECK)


def cluster_rows():
    for c in load("clusters")["clusters"]:
        command = f"plan {'kamaji' if c['id'] == 'tenant' else c['id']} -o json"
        many = "+" if c["id"] != "dev" else ""
        fields = [
            (
                "control_planes",
                [f"Control Plane: {c['control_planes']} node"] if c["control_planes"] else ["Control Plane", c["control_plane_text"]],
            ),
            ("workers", [f"Worker Nodes: {c['workers']}{many}"]),
            ("memory_gb", [f"{c['memory_gb']}GB{many} RAM", f"{c['cpu']}{many} CPU"]),
        ]
        labels = [
            ("storage_text", "Storage Classes"),
            ("network", "Networking"),
            ("load_balancer", "Load Balancer"),
            ("purpose", "Purpose"),
            ("local_ai", "Local AI"),
        ]
        fields += [(key, [label, c[key]]) for key, label in labels if key in c]
        fields += [("storage_classes", ["Storage Classes", *c["storage_classes"]])] if "storage_classes" in c else []
        flags = [("gpu_operator", "GPU Operator"), ("gpu_affinity", "Node Affinity"), ("quotas", "Resource Quotas")]
        fields += [(key, [label]) for key, label in flags if c.get(key)]
        fields += [(n["name"], [n["name"], n["purpose"]]) for n in c.get("namespaces", [])]
        fields += [(s, [s]) for s in c.get("services", [])]
        for key, words in fields:
            yield Row("clusters", f"{c['id']}/{key}", c["source"], words, command)


def storage_rows():
    data = load("storage")
    for v in data["volumes"]:
        keep = (
            [f"{v['retention_days']['min']}-{v['retention_days']['max']} days"] if "retention_days" in v else ["N/A"] * ("purpose" not in v)
        )
        words = [v["title"], v["text"], v["growth"], *keep, *([v["type"], v["purpose"]] if "purpose" in v else [])]
        yield Row("storage", f"volumes/{v['id']}", f"{data['volumes_source']} > {v['table']}", words, "plan production -o json", UNIT)
    for c in data["classes"]:
        yield Row("storage", f"classes/{c['id']}", data["classes_source"], [c["id"], c["text"]], "plan dev -o json")


def network_rows():
    data = load("network")
    for b in data["bandwidth"]:
        yield Row("network", f"bandwidth/{b['id']}", data["bandwidth_source"], [b["row"], b["text"]], f"plan {b['id']} -o json")
    for p in data["ports"]:
        number = f"{p['port']}-{p['to']}/tcp" if "to" in p else f"{p['port']}/tcp"
        yield Row("network", f"ports/{p['id']}", data["ports_source"], [number, p["text"]], "plan dev -o json")
    for n in data["needs"]:
        yield Row("network", f"needs/{n['id']}", data["needs_source"], [n["title"], n["text"]], "plan dev -o json")


def agent_rows():
    for a in load("agents")["agents"]:
        for level, group in (("minimum", "Minimum Requirements"), ("recommended", "Recommended")):
            need = a.get(level, {})
            words = {
                "cores": lambda n: ["CPU", span(n["cores"], " cores")],
                "memory_gb": lambda n: ["Memory", span(n["memory_gb"], "GB")],
                "vram_gb": lambda n: ["GPU", n["gpu_text"]],
                "nvme_gb": lambda n: ["Storage", f"{n['nvme_gb']}GB NVMe"],
                "ssd_gb": lambda n: ["Storage", f"{n['ssd_gb']['min']}GB-{size(n['ssd_gb']['max'])} SSD"],
                "iops": lambda n: ["IOPS", f"{n['iops']:,}+"],
                "network": lambda n: ["Network", n["network"]],
            }
            for key in [k for k in words if k in need]:
                where = a["source"] if a["id"] == "mongodb" else f"{a['source']} > {group}"
                yield Row("agents", f"{a['id']}/{level}/{key}", where, words[key](need), "plan production -o json")
        for feature in a.get("features", []):
            yield Row("agents", f"{a['id']}/features/{feature}", a["source"], [feature], "plan production -o json")


def model_rows():
    data = load("models")
    for m in data["models"]:
        yield Row(
            "models",
            f"models/{m['name']}",
            data["models_source"],
            [m["name"], f"{m['vram_gb']}GB VRAM", m["use"]],
            "plan production -o json",
            UNIT,
        )
    for s in data["serving"]:
        yield Row("models", f"serving/{s['id']}", data["models_source"], [s["title"], s["text"]], "plan production -o json")
    for e in data["embeddings"]:
        words = [e["name"], e["text"], *([f"{e['size_mb']}MB"] if "size_mb" in e else [])]
        yield Row("models", f"embeddings/{e['name']}", data["embeddings_source"], words, "plan production -o json")


def budget_rows():
    for b in load("budgets")["budgets"]:
        command = f"plan {'kamaji' if b['id'] == 'tenant' else b['id']} -o json"
        many, total = "" if b["id"] == "dev" else "+", b["total"]
        yield Row("budgets", f"{b['id']}/total/cpu", b["source"], [f"CPU: {total['cpu']}{many} cores"], command, UNIT)
        yield Row("budgets", f"{b['id']}/total/memory_gb", b["source"], [f"Memory: {size(total['memory_gb'])}{many}"], command, UNIT)
        yield Row("budgets", f"{b['id']}/total/storage_gb", b["source"], [f"Storage: {size(total['storage_gb'])}{many}"], command, UNIT)
        yield Row("budgets", f"{b['id']}/total/gpu", b["source"], [f"GPU: {total['gpu']}"], command)
        for c in b["components"]:
            words = [f"{c['title']}: {c['cpu']:g} cores, {size(c['memory_gb'])}, {size(c['storage_gb'])}"]
            yield Row("budgets", f"{b['id']}/{c['id']}", b["source"], words, command, UNIT)


def slack_rows():
    data = load("slack")
    for part in ("scopes", "events"):
        for row in data[part]:
            yield Row("slack", f"{part}/{row['id']}", data["source"], [f"{row['id']}: {row['text']}"], "plan dev -o json", UNIT)
    for row in data["components"]:
        yield Row("slack", f"components/{row['id']}", data["source"], [row["title"], row["text"]], "plan dev -o json")
    for row in data["capabilities"]:
        yield Row("slack", f"capabilities/{row['id']}", data["capabilities_source"], [row["title"], row["text"]], "plan dev -o json")


def alert_rows():
    data = load("alerts")
    for row in data["alerts"]:
        yield Row("alerts", f"alerts/{row['id']}", data["alerts_source"], [row["text"]], "plan production -o json", UNIT)
    for part in ("metrics", "dashboards"):
        for row in data[part]:
            yield Row("alerts", f"{part}/{row['id']}", data["metrics_source"], [row["text"]], "plan production -o json")
    for row in data["health"]:
        yield Row("alerts", f"health/{row['id']}", data["health_source"], [row["title"], row["text"]], "plan production -o json")


READERS = [
    hardware_rows, software_rows, cluster_rows, storage_rows, network_rows, agent_rows, model_rows, budget_rows, slack_rows, alert_rows,
]  # fmt: skip


def rows():
    return [row for reader in READERS for row in reader()]


def document():
    """docs/requirements.md, from the data alone."""

    def cell(text):
        return text.replace("|", "\\|")

    lines = [
        "# Requirements, traced",
        "",
        "Made by `tools/requirements.py` from `data/platform/`; a test holds it up to date, and that no row of the requirements document is missing.",
        "Each row of the document, where its words and numbers are as data, the command whose output has it, and the test that looks at it.",
        "What the document contradicts itself in is found by `auto-devops plan` (docs/platform.md).",
    ]
    section = None
    for row in rows():
        if row.source != section:
            section = row.source
            lines += ["", f"## {section}", "", "| Row | Data | Command | Test |", "|---|---|---|---|"]
        lines.append(f"| {cell(' / '.join(row.words))} | `{row.file}.yaml`: {cell(row.key)} | `auto-devops {row.command}` | `{row.test}` |")
    return "\n".join(lines) + "\n"


def normal(text):
    """Words only: no marks of Markdown, no pictures, one blank between words, lower case."""
    text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"[*`✅]", " ", text)
    text = re.sub(r"#.*$", "", text) if not text.lstrip().startswith("#") else text
    return re.sub(r"\s+", " ", re.sub(r"\s*([|])\s*", r" \1 ", text)).strip(" -").lower()


def source_rows(text):
    """(headings, row) for each row of a table, item of a list and line of a block. In a block, lines that end in a colon are headings."""
    headings, group, in_block, header = [], [], False, False
    for line in text.splitlines():
        if line.startswith("```"):
            in_block, group = not in_block, []
        elif in_block:
            indent = len(line) - len(line.lstrip())
            words = normal(line)
            if not words or line.startswith("# "):
                continue
            group = [g for g in group if g[0] < indent]
            if GROUPS.match(words):
                group.append((indent, words.rstrip(":")))
            else:
                yield [*headings, *(g[1] for g in group)], words
        elif match := re.match(r"(#+)\s+(.*)", line):
            level = len(match[1])
            headings = [
                *headings[: level - 2],
                *[""] * max(0, level - 2 - len(headings)),
                normal(re.sub(r"[^\w\s()&:/+.-]", " ", match[2])),
            ][: level - 1]
        elif line.startswith("|"):
            if re.match(r"\|[-| :]+\|$", line):
                header = False
            elif not header and not re.match(r"\|\s*(Component)\s*\|", line):
                yield headings, normal(line)
        elif line.startswith("- "):
            yield headings, normal(line)


def missing(text):
    """The rows of the requirements document that no data has."""
    known = [(row, [normal(w) for w in row.words], [normal(s) for s in row.source.split(" > ")]) for row in rows()]
    lost = []
    for headings, words in source_rows(text):
        where = " > ".join(h for h in headings if h)
        if any(r.lower() in where for r in READING) or not words:
            continue
        parts = [
            (row, has)
            for row, has, source in known
            if all(w in words for w in has) and source[0] in where and (source[-1] in where or source[1] in where)
        ]
        said = " ".join(" ".join(has) for _, has in parts)
        numbers = [n for n in re.findall(r"\d[\d.,]*", words) if n.strip(".,") not in re.findall(r"\d[\d.,]*\d|\d", said)]
        # Of a table each cell is some row's, whole.
        cells = (
            [c for c in (c.strip() for c in words.strip("| ").split("|")) if c and c not in [w for _, has in parts for w in has]]
            if "|" in words
            else []
        )
        if not parts or numbers or cells:
            lost.append(f"{where}: {words}{' (' + ', '.join(numbers or cells) + ')' if parts else ''}")
    return lost


def main():
    if sys.argv[1:2] == ["--against"]:
        lost = missing(pathlib.Path(sys.argv[2]).read_text(encoding="utf-8"))
        print("\n".join(lost) or "every row is traced")
        return 1 if lost else 0
    if sys.argv[1:2] == ["--check"]:
        same = OUT.exists() and OUT.read_text(encoding="utf-8") == document()
        print("up to date" if same else f"{OUT} is not up to date: run tools/requirements.py")
        return 0 if same else 1
    OUT.write_text(document(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

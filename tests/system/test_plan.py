"""`plan` from outside: its formats, flags and exit codes; and docs/requirements.md, which traces each row of the requirements document."""

import importlib.util
import json
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree

import pytest
from conftest import ROOT, SLOW

ENVIRONMENTS = ["dev", "production", "kamaji"]
# Not in this repository: it stands beside a checkout, or beside the folder of one.
REQUIREMENTS = next((f for p in ROOT.parents[:2] if (f := p / "shared/requirements.md").exists()), ROOT.parent / "shared/requirements.md")
TOOL = ROOT / "tools/requirements.py"


def plan(run, *words, code=3):
    result = run("plan", *words, "-o", "json")
    assert result.code == code, result
    found = json.loads(result.out)
    assert found["format"] == "auto-devops/plan/v1"
    return found


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_as_specified_it_does_not_hold_and_says_where(run, name):
    found = plan(run, name)
    assert found["open"] == sum(i["kind"] != "note" for i in found["issues"]) > 30
    for issue in found["issues"]:
        assert issue["title"] and issue["why"] and issue["sources"], issue
        assert issue["repair"] or issue["kind"] == "note", issue
    text = run("plan", name)
    assert text.code == 3 and "does not hold" in text.out
    assert all(issue["id"] in text.out for issue in found["issues"])


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_repaired_it_holds(run, name):
    found = plan(run, name, "--repair", code=0)
    assert found["open"] == 0 and found["repaired"] is True
    assert {i["kind"] for i in found["issues"]} <= {"note"}
    assert {step["issue"] for step in found["repair"]["steps"]} == {i["id"] for i in found["mended"]}
    for cluster in found["clusters"]:
        for resource, has in cluster["budget"].items():
            assert sum(c["allocated"][resource] for c in cluster["components"]) <= has
        workers = cluster["workers"]
        inside = sum(c["allocated"]["memory_gb"] for c in cluster["components"] if c["id"] not in ("system", "kubernetes"))
        assert workers["count"] * workers["memory_gb"] >= inside
    assert all(v["full_days"] is None for v in found["volumes"])


def test_what_is_accepted_stays(run):
    found = plan(run, "production", "--repair", "--accept", "budget/production/storage", "--accept", "vram/production", code=0)
    kept = {i["id"] for i in found["issues"] if i["accepted"]}
    assert kept == {"budget/production/storage", "vram/production"}
    assert found["clusters"][0]["budget"]["storage_gb"] == 4000
    assert found["clusters"][0]["budget"]["cpu"] == 60


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_any_finding_may_be_accepted(run, name):
    """Whatever is kept as it is, the rest is mended, and mending ends."""
    ids = [i["id"] for i in plan(run, name)["issues"]]
    for kept in [*([i] for i in ids), ids[::2], ids[1::2], ids[:60]]:
        words = [w for i in kept for w in ("--accept", i)]
        found = plan(run, name, "--repair", *words, code=0)
        assert found["open"] == 0 and len(found["repair"]["steps"]) < 200, kept


def test_volumes_over_time(run):
    args = ["production", "--start", "2026-01-01T00:00:00Z"]
    full = {growth: {v["id"]: v for v in plan(run, *args, "--growth", growth)["volumes"]} for growth in ("low", "mid", "high")}
    assert [full[g]["opik"]["full_date"] for g in ("low", "mid", "high")] == ["2026-04-11", "2026-02-03", "2026-01-21"]
    assert [full[g]["prometheus"]["full_days"] for g in ("low", "mid", "high")] == [None, None, 25]
    twice = {v["id"]: v for v in plan(run, *args, "--growth", "2")["volumes"]}
    assert twice["opik"]["full_days"] == pytest.approx(full["mid"]["opik"]["full_days"] / 2)
    longer = {v["id"]: v for v in plan(run, *args, "--months", "1")["volumes"]}
    assert longer["vectors"]["size_gb"] < full["mid"]["vectors"]["size_gb"]


def test_users_and_context_take_gpu_memory(run):
    def need(*words):
        return {m["name"]: m for m in plan(run, "production", *words)["models"]}["llama3.1:70b"]["need_gb"]

    assert need() == pytest.approx(40 + 1 + 327680 * 8192 / 1e9)
    assert need("--users", "200") == pytest.approx(40 + 1 + 4 * 327680 * 8192 / 1e9)
    assert need("--context", "32768") == pytest.approx(40 + 1 + 327680 * 32768 / 1e9)
    cards = plan(run, "production", "--users", "1000", "--repair", code=0)["clusters"][0]["gpu"]
    assert cards["count"] * cards["vram_gb"] >= need("--users", "1000")


def test_prices(run, tmp_path):
    prices = tmp_path / "prices.yaml"
    prices.write_text("currency: EUR\ncore_month: 10\nkwh: 0.25\n")
    found = plan(run, "production", "--prices", prices)
    assert found["month"]["currency"] == "EUR" and found["month"]["machines"] == 880
    assert found["month"]["energy"] == pytest.approx(found["totals"]["watts"] / 1000 * 730.5 * 0.25)
    assert "month" not in plan(run, "production")
    prices.write_text("core_mont: 10\n")
    run("plan", "production", "--prices", prices).failed(2, "core_month")
    prices.write_text("core_month: -1\n")
    run("plan", "production", "--prices", prices).failed(2, "core_month")
    prices.write_text("- a\n")
    run("plan", "production", "--prices", prices).failed(2, "map")
    prices.write_text('currency: "\\e[31m\\nX"\n')
    assert "\x1b" not in run("plan", "production", "--prices", prices).out


def test_wrong_calls(run):
    run("plan").failed(2)
    run("plan", "prod").failed(2, "production")
    run("plan", "dev", "--tenants", "3").failed(2, "kamaji")
    run("plan", "kamaji", "--tenants", "0").failed(2, "--tenants")
    run("plan", "kamaji", "--tenants", "1e3").failed(2, "--tenants")
    run("plan", "dev", "--growth", "fast").failed(2, "low, mid or high")
    run("plan", "dev", "--growth", "nan").failed(2, "growth")
    run("plan", "dev", "--start", "tomorrow").failed(2, "--start")
    run("plan", "production", "--accept", "budget/production/storge").failed(2, "budget/production/storage")
    run("plan", "dev", "--accept", "budget/production/storage").failed(2, "finds no")


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_documents(run, name):
    md = run("plan", name, "--repair", "-o", "md").ok().out
    assert md.startswith("# ") and "## Repaired" in md
    for table in re.findall(r"(?:^\|.*\n)+", md, re.M):
        rows = table.strip().split("\n")
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) == 1, table
    svg = ElementTree.fromstring(run("plan", name, "-o", "svg").out)
    texts = [t.text or "" for t in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert any("redis" in t for t in texts) and any("6379" in t for t in texts)


def test_a_thousand_tenants_are_quick(run):
    times = []
    for _ in range(5):
        before = time.monotonic()
        found = plan(run, "kamaji", "--tenants", "1000", "--repair", code=0)
        times.append(time.monotonic() - before)
    assert found["totals"]["nodes"] > 6000
    assert min(times) < 0.1 * SLOW


def tool():
    spec = importlib.util.spec_from_file_location("requirements", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def words_of(value):
    """Every key and every text below a value, and the cluster fields that stand for themselves."""
    if isinstance(value, dict):
        return set(value) | {w for v in value.values() for w in words_of(v)}
    if isinstance(value, list):
        return {w for v in value for w in words_of(v)}
    return {str(value)}


def test_requirements_document_is_up_to_date():
    done = subprocess.run([sys.executable, TOOL, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_traced_row_is_in_the_output_that_it_names(run):
    outputs = {}
    for row in tool().rows():
        if row.command not in outputs:
            outputs[row.command] = json.loads(run(*row.command.split()).out)["specification"]
        known = words_of(outputs[row.command][row.file])
        # The parts of a key are ids; a list's name ("tools") is a key.
        assert (
            all(part in known for part in re.split(r"/(?=\S)", row.key) if part not in ("total", "gpu"))
            or row.key.split("/", 1)[-1] in known
        ), row.key
        assert (ROOT / row.test).exists(), row.test


@pytest.mark.skipif(not REQUIREMENTS.exists(), reason="the requirements document is not beside this checkout")
def test_no_row_of_the_document_is_missing(tmp_path):
    done = subprocess.run([sys.executable, TOOL, "--against", REQUIREMENTS], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    # The proof proves something: rows that differ from the data are told.
    changed = tmp_path / "requirements.md"
    text = REQUIREMENTS.read_text(encoding="utf-8")
    for old, new in (
        ("3200/tcp", "3201/tcp"),
        ("RTX 4060/4070", "RTX 4060/4070 Ti"),
        ("20-100GB | 1-5GB/day", "20-100GB | 1-6GB/day"),
        ("- app_mention:", "- app_mentioned:"),
    ):
        assert old in text, old
        changed.write_text(text.replace(old, new), encoding="utf-8")
        done = subprocess.run([sys.executable, TOOL, "--against", changed], capture_output=True, text=True, check=False)
        assert done.returncode == 1 and done.stdout.count("\n") <= 2, (old, done.stdout)

"""Every planted fault: its true cause comes first in `scan`, `why` and `ask`. Every healthy situation: no cause."""

import pytest

from bed import PROGRAM
from conftest import SITUATIONS
from verdicts import first_is_the_cause, is_the_cause, object_text, touches


def test_scan(fault, scan):
    first_is_the_cause(
        [c for c in scan["causes"] + scan["lesser"] if touches(c, fault.ns) or fault.blames == [object_text(c["root"]["object"])]],
        fault,
        "scan",
    )


def test_why(fault, bed, planted):
    answer = bed.program_json("why", fault.why, "-n", fault.ns)
    first_is_the_cause(answer["causes"], fault, f"why {fault.why}")
    assert answer["verdict"] != "healthy" or answer["causes"][0]["severity"] in ("info", "warning")


@pytest.mark.parametrize("wording", range(3))
def test_ask(fault, wording, bed, planted):
    question = fault.ask[wording]
    answer = bed.program_json("ask", question)
    assert answer["kind"] == "answer", f"{question}\n{answer['kind']}: {answer['text']}"
    first_is_the_cause(answer["causes"], fault, f"ask {question!r}\n{answer['text']}\n")
    assert answer["evidence"], f"{question}\nno evidence for: {answer['text']}"


def test_scan_of_healthy(healthy, scan):
    wrong = [f"{c['severity']} {c['check']}: {c['title']}" for c in scan["causes"] if touches(c, healthy.ns)]
    wrong += [f"{c['severity']} {c['check']}: {c['title']}" for c in scan["lesser"] if touches(c, healthy.ns) and c["severity"] != "info"]
    assert not wrong, f"{healthy.head['healthy']} (namespace {healthy.ns}):\n" + "\n".join(wrong)


def test_why_of_healthy(healthy, bed, planted):
    answer = bed.program_json("why", healthy.why, "-n", healthy.ns)
    assert answer["verdict"] in ("healthy", "recovered"), f"{answer['verdict']}: {answer['why']}"
    assert not [c for c in answer["causes"] if c["state"] == "active" and c["severity"] != "info"]


def test_ask_of_healthy(healthy, bed, planted):
    kind, name = healthy.why.split("/")
    answer = bed.program_json("ask", f"is {name} healthy?")
    assert answer["kind"] == "answer", answer["text"]
    assert not [c for c in answer["causes"] if c["state"] == "active" and c["severity"] != "info"], answer["text"]


def test_scan_reads_everything_and_says_what_it_cannot_see(scan):
    assert scan["cluster"]["live"] and scan["cluster"]["objects"] > 400
    assert {n["what"] for n in scan["notes"]} == {"pods.metrics.k8s.io", "nodes.metrics.k8s.io"}, scan["notes"]


def test_scan_text_and_exit_code(bed, planted):
    text = bed.run([PROGRAM, "scan"], check=False)
    assert text.returncode == 0 and "\x1b" not in text.stdout, text.stderr
    failing = bed.run([PROGRAM, "scan", "--fail-on", "error"], check=False)
    assert failing.returncode == 3, failing.stderr


def test_a_snapshot_answers_as_the_cluster_does(bed, planted, tmp_path):
    """Recorded a moment later: what is asked of both must have the same causes, but for counters and times."""
    file = tmp_path / "all.snapshot"
    bed.program("snapshot", "-o", file)
    recorded = bed.program_json("scan", "--from", file)
    live = bed.program_json("scan")

    def gist(scan):
        return {
            (key, c["check"], object_text(c["root"]["object"]), object_text(c["root"]["subject"]))
            for key in ("causes", "lesser")
            for c in scan[key]
        }

    # Between the two reads time passes; containers that are between two crashes may show another finding first.
    assert len(gist(recorded) ^ gist(live)) <= 4, sorted(gist(recorded) ^ gist(live))
    again = bed.program_json("scan", "--from", file)
    assert again == recorded


def test_a_kubectl_dump_answers_as_the_cluster_does(bed, planted, tmp_path):
    """kubectl's own JSON, of all kinds in one list: the same causes, though it has no logs."""
    kinds = bed.kubectl("api-resources", "--verbs=list", "-o", "name").stdout.split()
    file = tmp_path / "all.json"
    file.write_text(bed.kubectl("get", ",".join(kinds), "-A", "-o", "json").stdout)
    recorded, live = bed.program_json("scan", "--from", file), bed.program_json("scan")
    of_live = {object_text(c["root"]["object"]) for c in live["causes"]}
    of_recorded = {object_text(c["root"]["object"]) for c in recorded["causes"]}
    assert len(of_live ^ of_recorded) <= 4, sorted(of_live ^ of_recorded)


def test_the_judge_refuses_a_wrong_cause(scan):
    """A test of these tests: what is said about one fault must not pass for another."""
    faults = [s for s in SITUATIONS if not s.healthy]
    for fault, other in zip(faults, faults[1:] + faults[:1]):
        for cause in [c for c in scan["causes"] + scan["lesser"] if touches(c, fault.ns)]:
            assert is_the_cause(cause, other), f"{cause['title']} passes for {other.head['fault']}"

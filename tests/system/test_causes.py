"""What a cause comes with: explanations that compete, what changed, the verdicts of namespaces, what a good verdict rests on."""

import json

import samples
from conftest import ROOT, SLOW

CASES = ROOT / "tests/cases/diagnose"
STATUSES = {"chosen", "possible", "ruled out", "unknown"}


def why(run, case, *words):
    return json.loads(run("why", *words, "--from", CASES / case, "-o", "json").ok().out)


def scan(run, case):
    return json.loads(run("scan", "--from", CASES / case, "-o", "json").ok().out)


def hypotheses(cause):
    return {h["id"]: h for h in cause["hypotheses"]}


def test_every_cause_says_what_else_was_thought_of(run):
    for case in ("ten_at_once.yaml", "two_causes_one_symptom.yaml", "chain_of_three"):
        for cause in scan(run, case)["causes"]:
            told = cause["hypotheses"]
            assert 1 <= len(told) <= 5, cause["title"]
            assert [h["status"] for h in told].count("chosen") == 1 and told[0]["status"] == "chosen"
            assert all(h["status"] in STATUSES and h["why"] and h["text"] for h in told), told
            for h in told:
                for fact in h["for"] + h["against"]:
                    assert fact["text"] or fact["path"], h


def test_what_began_later_is_ruled_out(run):
    causes = why(run, "cause_must_come_first", "deploy/frontend", "-n", "shop")["causes"]
    cause = next(c for c in causes if c["check"] == "log/connection-refused")
    rival = hypotheses(cause)["pod/config-missing"]
    assert rival["status"] == "ruled out" and "after" in rival["why"], rival


def test_what_ended_meanwhile_is_told(run):
    cause = why(run, "cause_over_symptom_still_there", "deploy/client", "-n", "shop")["causes"][0]
    assert hypotheses(cause)["callee-back"]["status"] == "possible", cause["hypotheses"]


def test_a_call_that_fails_is_asked_about_policies(run):
    cause = why(run, "policy_admits_call", "deploy/web", "-n", "shop")["causes"][0]
    assert hypotheses(cause)["network-policy"]["status"] == "ruled out", cause["hypotheses"]


def test_a_name_that_is_misspelt_is_found(run):
    cause = why(run, "service_name_misspelt", "deploy/orders", "-n", "shop")["causes"][0]
    assert hypotheses(cause)["named-elsewhere"]["why"] == "there is a Service orders-db", cause["hypotheses"]


def test_tree_has_a_branch_for_each_explanation(run):
    text = (
        run("why", "deploy/api", "-n", "shop", "--from", CASES / "new_image_breaks_rollout.yaml", "--now", "2026-11-20T12:00:00Z").ok().out
    )
    assert text.count("├─") + text.count("└─") == 5, text
    assert "├─ ? A new image broke it? Possibly:" in text
    assert "✗ It runs out of memory? No: last exit code is 1, not 137" in text


def test_tree_keeps_its_trunk_when_lines_are_wrapped(run):
    lines = (
        run("why", "deploy/client", "-n", "shop", "--from", CASES / "cause_over_symptom_still_there", "--width", "80").ok().out.splitlines()
    )
    assert all(len(line) <= 80 for line in lines), max(lines, key=len)
    at = next(i for i, line in enumerate(lines) if "├─" in line)
    for line in lines[at:]:
        if "└─" in line:
            break
        assert line.strip().startswith(("├─", "│")), line


def test_going_back_is_proposed_when_the_revision_before_is_well(run):
    cause = scan(run, "new_image_breaks_rollout.yaml")["causes"][0]
    assert cause["proposal"]["action"] == "rollback" and json.loads(cause["proposal"]["parameters"])["revision"] == "7"
    assert "2 pods of the revision before are ready" in cause["confidenceWhy"]
    assert [c["from"] for c in cause["changes"]] == ["shop/api:1.4", "5"]


def test_verdict_of_each_namespace(run):
    spaces = {s["name"]: s for s in scan(run, "ten_at_once.yaml")["namespaces"]}
    assert spaces["shop"]["verdict"] == "failing" and spaces["shop"]["podsReady"] == 0
    assert spaces["pay"]["workloads"] == 4 and spaces["pay"]["podsReady"] == 1
    table = run("scan", "--by", "namespace", "--from", CASES / "ten_at_once.yaml").ok().out
    assert table.splitlines()[3].split() == ["NAMESPACE", "VERDICT", "WORKLOADS", "PODS", "WHY"]
    assert "evidence" not in table


def test_health_says_what_was_looked_at(run):
    answer = why(run, "ten_at_once.yaml", "deploy/h-well", "-n", "pay")
    assert answer["verdict"] == "healthy" and any(line.startswith("its 1 pod: 1 ready") for line in answer["checked"]), answer["checked"]
    assert "workloads" in scan(run, "over_old_rollout.yaml")["why"] or "workload" in scan(run, "over_old_rollout.yaml")["why"]


def test_an_argument_full_of_addresses_is_read_once(run, tmp_path):
    """A megabyte of mail addresses: each "@" may be the user of a URL, and none makes the whole be searched again."""
    pod = samples.crashing_pod()
    pod["spec"]["containers"][0]["args"] = ["a@b " * 250_000]
    path = tmp_path / "people.json"
    path.write_text(json.dumps(samples.list_of(samples.namespace(), samples.node(), pod)))
    assert run("why", "pod/api-1", "-n", "shop", "--from", path, "--now", samples.NOW).ok().seconds < 2 * SLOW

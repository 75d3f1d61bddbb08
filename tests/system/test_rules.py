"""Rules files, annotations, and the flags that choose causes."""

import json

import pytest
import samples


@pytest.fixture
def sick(tmp_path):
    return samples.sick_file(tmp_path / "sick.json")


@pytest.fixture
def rules(tmp_path):
    def write(text, path=tmp_path / "my.rules"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    return write


CRASH = "ignore:\n  - checks: pod/crash-loop\n    reason: known\n    until: 2030-01-01\n"


def scan(run, *arguments):
    return json.loads(run("scan", "-o", "json", *arguments).ok().out)


def test_a_rule_silences_and_is_told(run, sick, rules):
    before = scan(run, "--from", sick)
    assert before["silenced"] == [] and any(c["check"] == "pod/crash-loop" for c in before["causes"])
    path = rules(CRASH)
    after = scan(run, "--from", sick, "--rules", path)
    assert not any(c["check"] == "pod/crash-loop" for c in after["causes"])
    one = next(s for s in after["silenced"] if s["finding"]["check"] == "pod/crash-loop")
    assert (one["by"], one["reason"], one["until"]) == (f"{path}:2", "known", "2030-01-01T00:00:00Z")
    text = run("scan", "--from", sick, "--rules", path).ok().out
    assert "silenced: --silenced shows" in text and "known" not in text
    text = run("scan", "--from", sick, "--rules", path, "--silenced").ok().out
    assert f"silenced by {path}:2 until 2030-01-01: known" in text
    assert run("scan", "--from", sick, "--fail-on", "error").code == 3
    run("scan", "--from", sick, "--fail-on", "error", "--rules", rules("ignore:\n  - namespaces: '*'\n")).ok()


def test_the_rules_of_the_configuration_folder(run, home, sick, rules):
    rules(CRASH, home / ".config/auto-devops/rules.yaml")
    assert scan(run, "--from", sick)["silenced"]
    # One that is named takes its place; a missing one is an error only when it is named.
    assert not scan(run, "--from", sick, "--rules", rules("ignore: []"))["silenced"]
    run("scan", "--from", sick, "--rules", home / "none.yaml").failed(1, "none.yaml")
    run("why", "api-1", "--from", sick).ok()


@pytest.mark.parametrize(
    "text, words",
    [
        ("ignore:\n  - checks: pod/crash-lop\n", [":2:", "did you mean", "pod/crash-loop"]),
        ("ignore:\n  - kinds: Pod\n    names-matches: x\n", [":3:", "name-matches"]),
        ("ignore:\n  - kinds: Pod\n    name-matches: '('\n", [":3:", "regular expression"]),
        ("ignore:\n  - kinds: Pod\n    until: someday\n", [":3:", "2026-12-01"]),
        ("ignore:\n  - reason: because\n", [":2:", "every finding"]),
        ("thresholds:\n  restarts: many\n", [":2:", "number"]),
        ("a: [", ["my.rules:"]),
        ("\x00", ["my.rules"]),
        ("a: &a [*a]\n", ["my.rules"]),
    ],
)
def test_wrong_rules_stop_the_scan(run, sick, rules, text, words):
    run("scan", "--from", sick, "--rules", rules(text)).failed(2, *words)


def test_settings_win_over_rules(run, tmp_path, rules):
    pod = samples.crashing_pod()
    pod["status"]["containerStatuses"][0].update(state={"running": {"startedAt": "2026-11-20T11:59:00Z"}}, ready=True, restartCount=4)
    path = tmp_path / "restarts.json"
    path.write_text(json.dumps(samples.list_of(pod)))
    words = ["scan", "--from", path, "--check", "pod/restarts-many", "-o", "lines"]
    many = run(*words).ok().out
    fewer = run(*words, "--rules", rules("thresholds: {restarts: 9}")).ok().out
    assert many != fewer
    assert run(*words, "--rules", rules("thresholds: {restarts: 9}"), "--restart-threshold", "3").ok().out == many


def test_a_target_version_is_checked(run, sick):
    run("scan", "--from", sick, "--target-version", "1.40").ok()
    run("scan", "--from", sick, "--target-version", "soon").failed(2, "--target-version", "1.40")


def test_filters_choose_causes_and_leave_the_verdict(run, sick):
    whole = scan(run, "--from", sick)
    assert whole["filteredOut"] == 0
    pods = scan(run, "--from", sick, "--kind", "po,Deployment")
    nodes = scan(run, "--from", sick, "--kind", "csidrivers")
    assert len(pods["causes"]) + pods["filteredOut"] == len(whole["causes"]) and pods["causes"]
    assert nodes["causes"] == [] and nodes["filteredOut"] == len(whole["causes"])
    assert nodes["verdict"] == whole["verdict"] and nodes["why"] == whole["why"]
    assert len(scan(run, "--from", sick, "-l", "app=web")["causes"]) >= 1
    assert scan(run, "--from", sick, "-l", "app=none")["causes"] == []
    assert scan(run, "--from", sick, "--since", "1000d")["filteredOut"] == 0
    assert scan(run, "--from", sick, "--changed-since", "2030-01-01T00:00:00Z")["causes"] == []
    assert "not pass the filter (--kind)" in run("scan", "--from", sick, "--kind", "csidrivers").ok().out
    run("scan", "--from", sick, "--fail-on", "error", "--kind", "csidrivers").ok()


@pytest.mark.parametrize(
    "arguments",
    [["--kind", "podd"], ["--kind", ","], ["--since", "yesterday"], ["--changed-since", ""], ["-l", "a in b"], ["-l", "=x"]],
    ids=" ".join,
)
def test_wrong_filters(run, sick, arguments):
    run("scan", "--from", sick, *arguments).failed(2)


def test_filters_are_completed_and_explained(run):
    assert "pods" in run("__complete", "--", "scan", "--kind", "po").ok().out
    out = run("help", "scan").ok().out
    for flag in ("--kind", "--since", "--changed-since", "--selector", "--silenced", "--rules", "--target-version"):
        assert flag in out

"""`diff`: what broke, recovered and changed between two recordings, or a recording and the live cluster."""

import copy
import json

import samples
from servers import FakeApi


def write(path, *objects):
    path.write_text(json.dumps(samples.list_of(*objects)))
    return path


def well():
    return [samples.namespace(), samples.node(), samples.pod(), samples.pod("api-1")]


def ill():
    return [samples.namespace(), samples.node(), samples.pod(), samples.crashing_pod()]


def test_what_broke(run, tmp_path):
    before, after = write(tmp_path / "before.json", *well()), write(tmp_path / "after.json", *ill())
    r = run("diff", before, after).ok()
    assert "1 broke, 0 recovered" in r.out and "Broke" in r.out and "shop/api-1" in r.out, r
    r = run("diff", after, before).ok()
    assert "0 broke, 1 recovered" in r.out, r
    r = run("diff", after, after).ok()
    assert "0 broke, 0 recovered, 1 stays; 0 objects changed" in r.out, r


def test_exit_codes(run, tmp_path):
    before, after = write(tmp_path / "before.json", *well()), write(tmp_path / "after.json", *ill())
    assert run("diff", before, after, "--fail-on", "error").code == 3
    assert run("diff", after, after, "--fail-on", "info").code == 0, "what was there before does not fail"
    run("diff", before, write(tmp_path / "no-pods.json", samples.namespace()), "--fail-on", "error").failed(1, "cannot tell")
    run("diff").failed(2, "BEFORE")
    run("diff", before, tmp_path / "none").failed(2, "none")
    run("diff", before, after, "--from", after).failed(2, "twice")
    run("diff", "-", "-").failed(2, "standard input")


def test_json(run, tmp_path):
    changed = copy.deepcopy(ill())
    changed[1]["spec"]["unschedulable"] = True
    before, after = write(tmp_path / "before.json", *well()), write(tmp_path / "after.json", *changed)
    d = json.loads(run("diff", before, after, "-o", "json").ok().out)
    assert d["format"] == "auto-devops/diff/v1"
    assert [c["check"] for c in d["broke"]] and d["recovered"] == []
    node = next(o for o in d["objects"] if o["object"]["kind"] == "Node")
    assert node["change"] == "changed"
    assert {"what": "spec.unschedulable", "from": None, "to": "true"} in node["fields"]


def test_against_the_live_cluster(run, tmp_path, kubeconfig):
    before = write(tmp_path / "before.json", *well())
    with FakeApi(samples.sick_cluster()) as api:
        r = run("diff", before, env={"KUBECONFIG": str(kubeconfig(api.url))}).ok()
        assert "api-1" in r.out and "1 broke" in r.out, r


def test_hostile_text(run, tmp_path):
    evil = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "evil\x1b[2J", "namespace": "shop"},
        "data": {"k\x1b]0;x\x07": "v"},
    }
    other = copy.deepcopy(evil)
    other["data"] = {"other\x1b[0m": "v"}
    r = run("diff", write(tmp_path / "a.json", samples.namespace(), evil), write(tmp_path / "b.json", samples.namespace(), other)).ok()
    assert "\x1b" not in r.out and "\\x1b" in r.out, r

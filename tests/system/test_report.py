"""`report`: each form is what its readers expect, and nothing in a cluster can become markup in it."""

import html.parser
import json
import re
import xml.etree.ElementTree as ElementTree

import pytest
import samples

FORMS = ["html", "md", "json", "sarif", "junit"]
EVIL = "x\"><script>alert(1)</script><img src=x onerror=alert(1)>'`|[a](javascript:alert(1))\x1b[31m&amp;@admin\u202e"


def service(selector):
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "api", "namespace": "shop"},
        "spec": {"selector": selector, "ports": [{"port": 80}]},
    }


def sick(path):
    path.write_text(json.dumps(samples.list_of(samples.namespace(), samples.node(), samples.crashing_pod(), service({"app": "web"}))))
    return path


def hostile(path):
    """Every text that anybody may choose is an attack."""
    pod = samples.crashing_pod()
    pod["metadata"]["name"] = EVIL
    pod["metadata"]["labels"] = {EVIL: EVIL}
    pod["spec"]["containers"][0].update(name=EVIL, image=EVIL)
    status = pod["status"]["containerStatuses"][0]
    status.update(name=EVIL, image=EVIL)
    status["state"]["waiting"]["message"] = EVIL
    status["lastState"]["terminated"]["message"] = EVIL
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "e1", "namespace": "shop"},
        "involvedObject": {"kind": "Pod", "namespace": "shop", "name": EVIL, "uid": pod["metadata"]["uid"]},
        "reason": "BackOff",
        "type": "Warning",
        "message": EVIL,
        "count": 3,
        "lastTimestamp": samples.NOW,
    }
    namespace = samples.namespace(EVIL)
    path.write_text(
        json.dumps(samples.list_of(samples.namespace(), namespace, samples.node(), samples.pod(), pod, service({EVIL: EVIL}), event))
    )
    return path


class Page(html.parser.HTMLParser):
    """Checks that the page is well nested and collects what is in it."""

    VOID = frozenset(("meta", "br", "hr", "img", "link", "input"))

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.attributes, self.words = [], [], [], []
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, (tag, self.open)
        self.open.pop()

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture(params=["sick", "hostile"])
def recording(request, tmp_path):
    path = tmp_path / "in.json"
    return sick(path) if request.param == "sick" else hostile(path)


def test_html(run, recording):
    r = run("report", "--from", recording).ok()
    page = Page(r.out)
    assert "script" not in page.tags and "img" not in page.tags and "link" not in page.tags
    for name, value in page.attributes:
        assert not name.startswith("on"), (name, value)
        if name in ("href", "src"):
            assert value.startswith("#"), (name, value)
    assert "\x1b" not in r.out and "\u202e" not in r.out
    assert "@import" not in r.out and "http:" not in r.out.replace("http://www.w3.org/2000/svg", "")
    drawings = re.findall(r"<svg .*?</svg>", r.out, re.S)
    assert drawings
    for drawing in drawings:
        root = ElementTree.fromstring(drawing)
        assert root.tag.endswith("svg")
        assert len(root.findall(".//{http://www.w3.org/2000/svg}rect")) >= 2
    text = " ".join(page.words)
    assert "shop" in text and "failing" in text or "degraded" in text


def test_markdown(run, recording):
    out = run("report", "--from", recording, "-o", "md").ok().out
    assert out.startswith("# ")
    assert "<" not in out and "\x1b" not in out and "@admin" not in out
    assert not re.search(r"(?<!\\)\[", out), "nothing becomes a link"


def test_json(run, recording):
    d = json.loads(run("report", "--from", recording, "-o", "json").ok().out)
    scan = json.loads(run("scan", "--from", recording, "-o", "json").ok().out)
    assert d.pop("format") == "auto-devops/report/v1"
    assert {f["id"] for f in d.pop("findings")} >= {c["root"]["id"] for c in d["causes"]}
    assert {n["name"] for n in d["namespaces"]} >= {"shop"}
    scan.pop("format")
    scan.pop("filteredOut")  # what flags of scan ask for
    assert d == scan


def test_sarif(run, recording):
    d = json.loads(run("report", "--from", recording, "-o", "sarif").ok().out)
    assert d["version"] == "2.1.0" and "sarif" in d["$schema"]
    (one,) = d["runs"]
    driver = one["tool"]["driver"]
    assert driver["name"] and driver["rules"]
    ids = [rule["id"] for rule in driver["rules"]]
    assert len(set(ids)) == len(ids)
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"] and rule["help"]["text"]
        assert rule["defaultConfiguration"]["level"] in ("none", "note", "warning", "error")
    assert one["results"]
    for result in one["results"]:
        assert ids[result["ruleIndex"]] == result["ruleId"]
        assert result["message"]["text"] and result["level"] in ("note", "warning", "error")
        for location in result["locations"]:
            assert location["logicalLocations"][0]["fullyQualifiedName"]
    assert any("cause" in result["properties"] for result in one["results"])
    assert one["invocations"][0]["executionSuccessful"] is True


def test_junit(run, recording):
    out = run("report", "--from", recording, "-o", "junit").ok().out
    root = ElementTree.fromstring(out)
    assert root.tag == "testsuites"
    causes = json.loads(run("scan", "--from", recording, "-o", "json").ok().out)["causes"]
    assert int(root.get("failures")) == len(root.findall(".//failure")) == len(causes)
    for suite in root:
        cases = suite.findall("testcase")
        assert int(suite.get("tests")) == len(cases)
        assert int(suite.get("skipped")) == len(suite.findall(".//skipped"))
        assert all(case.get("classname").startswith(suite.get("name") + "/") for case in cases)
    assert {f.get("message") for f in root.findall(".//failure")} and not re.search("[\x00-\x08\x0b-\x1f]", out)


@pytest.mark.parametrize("form", FORMS)
def test_file(run, tmp_path, form):
    recording, path = samples.sick_file(tmp_path / "in.json"), tmp_path / f"out.{form}"
    run("report", "--from", recording, "-o", form, path).ok()
    whole = path.read_text()
    assert whole == run("report", "--from", recording, "-o", form).ok().out, "the same in a file and to a pipe, and each time"
    run("report", "--from", recording, "-o", form, path).failed(2, "--force")
    run("report", "--from", recording, "-o", form, path, "--force").ok()
    run("report", "--from", recording, "-o", form, tmp_path / "none" / "x").failed(1)


def test_nothing_wrong(run, tmp_path):
    path = tmp_path / "in.json"
    path.write_text(json.dumps(samples.list_of(samples.namespace(), samples.node(), samples.pod())))
    for form in FORMS:
        assert run("report", "--from", path, "-o", form).ok().out
    assert "healthy" in run("report", "--from", path).ok().out

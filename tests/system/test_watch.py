"""Watching: resumed where it broke off, listed again when the server has forgotten, patient with failures. Through tests/tools/probe,
as no command watches yet."""

import json
import os
import pathlib
import subprocess
import urllib.parse

import pytest
import samples
from conftest import PROGRAM, SLOW
from servers import FakeApi, response, status_object

PROBE = pathlib.Path(PROGRAM).parent / "tests" / "tools" / "probe"
pytestmark = pytest.mark.skipif(not PROBE.exists(), reason="tests/tools/probe is not built")


def event(kind, name, version):
    pod = samples.pod(name)
    pod["metadata"]["resourceVersion"] = str(version)
    return json.dumps({"type": kind, "object": pod}).encode() + b"\n"


def bookmark(version):
    return (
        json.dumps(
            {"type": "BOOKMARK", "object": {"kind": "Pod", "apiVersion": "v1", "metadata": {"resourceVersion": str(version)}}}
        ).encode()
        + b"\n"
    )


def stream(*pieces, whole=True):
    head = b"HTTP/1.1 200 X\r\nContent-Type: application/json;stream=watch\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces) + (b"0\r\n\r\n" if whole else b"")


GONE = {"type": "ERROR", "object": status_object(410, "Expired", "too old resource version")}


class Watched:
    """A pod list at version 100, and one scripted answer for each watch request; `versions` are those the client began from."""

    def __init__(self, *script):
        self.script, self.versions, self.lists = list(script), [], 0
        self.wants_path = True

    def __call__(self, conn, server, path):
        query = urllib.parse.parse_qs(urllib.parse.urlparse(path).query)
        if "watch" not in query:
            self.lists += 1
            return None
        assert query["allowWatchBookmarks"] == ["true"]
        self.versions.append(query["resourceVersion"][0])
        if not self.script:
            server.stopped.wait(60)
            return False
        answer = self.script.pop(0)
        conn.sendall(answer)
        return False


def watch(kubeconfig, tmp_path, count, *script):
    """(lines, the Watched)"""
    with FakeApi({"pods": [samples.pod("first")]}) as api:
        watched = Watched(*script)
        api.on("/api/v1/namespaces/shop/pods", watched)
        env = {**os.environ, "KUBECONFIG": str(kubeconfig(api.url)), "HOME": str(tmp_path)}
        done = subprocess.run([PROBE, "watch", "pods", "shop", str(count)], env=env, capture_output=True, check=False, timeout=20 * SLOW)
        assert done.returncode == 0, done
        return done.stdout.decode().splitlines(), watched


START = ["RESET /", "ADDED shop/first", "SYNCED /"]


def test_changes(kubeconfig, tmp_path):
    whole = stream(event("ADDED", "a", 101) + event("MODIFIED", "a", 102), event("DELETED", "a", 103))
    lines, watched = watch(kubeconfig, tmp_path, 6, whole)
    assert lines == [*START, "ADDED shop/a", "CHANGED shop/a", "DELETED shop/a"]
    assert watched.versions == ["100"]


def test_events_in_small_pieces(kubeconfig, tmp_path):
    data = event("ADDED", "a", 101) + bookmark(105) + event("ADDED", "b", 106)
    lines, _ = watch(kubeconfig, tmp_path, 5, stream(*[data[i : i + 7] for i in range(0, len(data), 7)]))
    assert lines == [*START, "ADDED shop/a", "ADDED shop/b"]


def test_resumes_from_the_last_version(kubeconfig, tmp_path):
    """The end of a watch, in good order or not, costs nothing but a new request from where it was."""
    script = [
        stream(event("ADDED", "a", 101)),
        stream(bookmark(150)),
        stream(event("ADDED", "b", 160), event("ADDED", "cut", 170)[:40], whole=False),
        stream(event("ADDED", "c", 180)),
    ]
    lines, watched = watch(kubeconfig, tmp_path, 7, *script)
    assert [line for line in lines if not line.startswith("LOST")] == [*START, "ADDED shop/a", "ADDED shop/b", "ADDED shop/c"]
    assert watched.versions[:4] == ["100", "101", "150", "160"]
    assert watched.lists == 1


@pytest.mark.parametrize(
    "gone",
    [
        stream(json.dumps(GONE).encode() + b"\n"),
        response(status=410, body=status_object(410, "Expired", "too old resource version")),
    ],
)
def test_lists_again_when_the_version_is_gone(kubeconfig, tmp_path, gone):
    lines, watched = watch(kubeconfig, tmp_path, 8, stream(event("ADDED", "a", 101)), gone, stream(event("ADDED", "b", 102)))
    assert lines == [*START, "ADDED shop/a", *START, "ADDED shop/b"]
    assert watched.versions == ["100", "101", "100"]
    assert watched.lists == 2


def test_waits_for_a_server_in_trouble(kubeconfig, tmp_path):
    broken = response(status=500, body=status_object(500, "InternalError", "etcdserver: no leader"))
    lines, watched = watch(kubeconfig, tmp_path, 5, broken, broken, broken, broken, stream(event("ADDED", "a", 101)))
    assert lines[:3] == START
    assert lines[3].startswith("LOST ") and "no leader" in lines[3]
    assert lines[4] == "ADDED shop/a"
    assert set(watched.versions) == {"100"}


def test_what_is_no_event(kubeconfig, tmp_path):
    """Garbage is reported and survived."""
    lines, _ = watch(kubeconfig, tmp_path, 5, stream(b'{"type": "ADDED", "object": 7]\n'), stream(event("ADDED", "a", 101)))
    assert lines[3].startswith("LOST ")
    assert lines[4] == "ADDED shop/a"

"""An API server that misbehaves: a clear error in a bounded time, or a note about what could not be seen."""

import os
import signal
import socket
import time

import pytest
import samples
from conftest import SLOW, assert_no_crash
from servers import Behaviours, FakeApi, failing_first

EVERYTHING_FAILS = [
    "close",
    "reset",
    "short_body",
    "negative_length",
    "html",
    "html_502",
    "redirect_loop",
    "truncated_chunks",
    "bad_chunk_size",
    "huge_headers",
    "not_http",
    "not_json",
    "empty",
    "unauthorized",
    "wrong_types",
    "bad_protobuf",
]
ONE_KIND_FAILS = [*EVERYTHING_FAILS, "forbidden", "not_found", "broken", "deep", "long_body", "not_utf8"]


@pytest.fixture
def api():
    with FakeApi(samples.sick_cluster()) as server:
        yield server


def test_good_server(run, kubeconfig, api):
    result = run("scan", "-o", "lines", env={"KUBECONFIG": str(kubeconfig(api.url))}).ok()
    assert "Pod shop/api-1" in result.out, result


def test_live_and_recorded_agree(run, kubeconfig, api, tmp_path):
    live = run("scan", "-o", "lines", env={"KUBECONFIG": str(kubeconfig(api.url))}).ok()
    recorded = run("scan", "-o", "lines", "--from", samples.sick_file(tmp_path / "sick.json")).ok()

    def without_notes(out):
        """What a file does not have is not missed; what a server does not have is told."""
        return [line for line in out.splitlines() if not line.startswith("note\t")]

    assert without_notes(live.out) == without_notes(recorded.out)
    assert without_notes(live.out)


def test_token_is_not_sent_in_the_clear(run, kubeconfig, api):
    """As kubectl does: credentials go over TLS only."""
    result = run("scan", env={"KUBECONFIG": str(kubeconfig(api.url))}).ok()
    assert api.requests
    assert not [path for path, headers in api.requests if "authorization" in headers]
    assert "not-a-real-token" not in result.out + result.err


def test_secret_values_are_never_asked_for(run, kubeconfig, api):
    run("scan", env={"KUBECONFIG": str(kubeconfig(api.url))}).ok()
    for path, headers in api.requests:
        if "/secrets" in path:
            assert "PartialObjectMetadata" in headers.get("accept", ""), (path, headers)


@pytest.mark.parametrize("name", EVERYTHING_FAILS)
def test_everything_fails(run, kubeconfig, api, name):
    """The whole server is bad: a failure, and a message that says where."""
    api.on("/", getattr(Behaviours, name))
    result = run("scan", env={"KUBECONFIG": str(kubeconfig(api.url))}, timeout=60)
    # 1: nobody to talk to; 2: what it says is bad input
    assert result.code in (1, 2), result
    result.failed(result.code, api.url.removeprefix("http://"))
    assert result.out == "", result


@pytest.mark.parametrize("name", ONE_KIND_FAILS)
def test_one_kind_fails(run, kubeconfig, api, name):
    """One kind cannot be read: the rest is answered, with a note that this is missing."""
    if name == "unauthorized":
        pytest.skip("401 is for the whole connection")
    api.on("/api/v1/services", getattr(Behaviours, name))
    result = run("scan", env={"KUBECONFIG": str(kubeconfig(api.url))}, timeout=60).ok()
    assert "api-1" in result.out, result
    if name not in ("long_body", "not_utf8"):
        assert "service" in (result.out + result.err).lower(), result


@pytest.mark.parametrize("name", ["hang", "hang_in_body", "drip"])
def test_server_that_hangs(run, kubeconfig, api, name):
    api.on("/", getattr(Behaviours, name))
    result = run("scan", "--request-timeout", "1s", env={"KUBECONFIG": str(kubeconfig(api.url))}, timeout=60)
    result.failed(1)
    assert result.seconds < 40 * SLOW, result


@pytest.mark.parametrize("name", ["hang", "hang_in_body", "drip"])
def test_one_kind_hangs(run, kubeconfig, api, name):
    api.on("/api/v1/services", getattr(Behaviours, name))
    result = run("scan", "--request-timeout", "1s", env={"KUBECONFIG": str(kubeconfig(api.url))}, timeout=60).ok()
    assert "api-1" in result.out, result
    assert result.seconds < 40 * SLOW, result


def test_endless_list_ends(run, kubeconfig, api):
    api.on("/api/v1/pods", Behaviours.endless)
    result = run("scan", "--request-timeout", "5s", env={"KUBECONFIG": str(kubeconfig(api.url))}, timeout=120)
    assert result.code in (0, 1), result


@pytest.mark.parametrize("status", [429, 503, 500])
def test_busy_server_is_asked_again(run, kubeconfig, api, status):
    api.on("/api/v1/pods", failing_first(1, status=status))
    result = run("scan", "-o", "lines", env={"KUBECONFIG": str(kubeconfig(api.url))}, timeout=60).ok()
    assert "Pod shop/api-1" in result.out, result


def test_retry_after_is_respected(run, kubeconfig, api):
    api.on("/api/v1/pods", failing_first(1, retry_after="2"))
    result = run("scan", env={"KUBECONFIG": str(kubeconfig(api.url))}, timeout=60).ok()
    assert result.seconds >= 2, result


def test_absurd_retry_after_is_not(run, kubeconfig, api):
    api.on("/api/v1/services", failing_first(1000, retry_after="86400"))
    result = run("scan", env={"KUBECONFIG": str(kubeconfig(api.url))}, timeout=90)
    assert_no_crash(result)
    assert result.seconds < 80 * SLOW, result


def test_nobody_listens(run, kubeconfig):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    run("scan", env={"KUBECONFIG": str(kubeconfig(f"http://127.0.0.1:{port}"))}, timeout=60).failed(1, f"127.0.0.1:{port}")


def test_name_that_does_not_exist(run, kubeconfig):
    result = run("scan", env={"KUBECONFIG": str(kubeconfig("https://no-such-host.invalid:6443"))}, timeout=60)
    result.failed(1, "no-such-host.invalid")


def test_tls_expected_but_plain_served(run, kubeconfig, api):
    run("scan", env={"KUBECONFIG": str(kubeconfig(api.url.replace("http:", "https:")))}, timeout=60).failed(1)


BAD_KUBECONFIGS = {
    "empty": "",
    "text": "hello",
    "list": "[1, 2]",
    "no-context": "apiVersion: v1\nkind: Config\nclusters: []\n",
    "missing-context": "apiVersion: v1\nkind: Config\ncurrent-context: gone\ncontexts: []\n",
    "wrong-type": "apiVersion: v1\nkind: Config\ncurrent-context: [a]\ncontexts: 7\n",
    "bad-yaml": "apiVersion: v1\n  kind: [\n",
    "bad-base64": "apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts: [{name: a, context: {cluster: a, user: a}}]\n"
    "clusters: [{name: a, cluster: {server: 'https://127.0.0.1:1', certificate-authority-data: '!!!'}}]\nusers: [{name: a, user: {}}]\n",
    "missing-file": "apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts: [{name: a, context: {cluster: a, user: a}}]\n"
    "clusters: [{name: a, cluster: {server: 'https://127.0.0.1:1', certificate-authority: /nonexistent/ca.crt}}]\nusers: [{name: a, user: {}}]\n",
    "odd-scheme": "apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts: [{name: a, context: {cluster: a, user: a}}]\n"
    "clusters: [{name: a, cluster: {server: 'file:///etc/passwd'}}]\nusers: [{name: a, user: {}}]\n",
}


@pytest.mark.parametrize("name", BAD_KUBECONFIGS)
def test_bad_kubeconfig(run, tmp_path, name):
    path = tmp_path / name
    path.write_text(BAD_KUBECONFIGS[name])
    result = run("scan", env={"KUBECONFIG": str(path)}, timeout=60)
    assert result.code in (1, 2), result
    result.failed(result.code)
    assert "passwd" not in result.out, result


@pytest.mark.parametrize("delay", [0.0, 0.01, 0.05, 0.2, 1.0])
def test_interrupted_while_waiting(start, kubeconfig, api, delay):
    """Ctrl-C while the server is silent: out at once, with 130."""
    api.on("/api/v1/pods", Behaviours.hang)
    process = start("scan", env={"KUBECONFIG": str(kubeconfig(api.url))})
    api.wait_for_request(10 * SLOW)
    time.sleep(delay)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10 * SLOW)
    assert process.returncode == 130
    assert time.monotonic() - began < 2 * SLOW


def test_interrupted_while_backing_off(start, kubeconfig, api):
    api.on("/", failing_first(1000, status=429, retry_after="3"))
    process = start("scan", env={"KUBECONFIG": str(kubeconfig(api.url))})
    api.wait_for_request(10 * SLOW)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=5 * SLOW)
    assert process.returncode == 130


def test_no_leftovers(start, kubeconfig, api, home):
    """An interrupted run leaves nothing half-written."""
    api.on("/api/v1/pods", Behaviours.hang)
    process = start("snapshot", "-o", str(home / "out.snapshot"), env={"KUBECONFIG": str(kubeconfig(api.url))})
    api.wait_for_request(10 * SLOW)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10 * SLOW)
    assert process.returncode == 130
    assert not list(home.glob("out*")), os.listdir(home)


def test_few_rights_are_told_in_few_lines(run, kubeconfig, api):
    """A person who may read little is told so at once, not once per kind; -o wide and -o lines have them all."""
    for path in (
        "/api/v1/nodes",
        "/api/v1/secrets",
        "/api/v1/persistentvolumes",
        "/api/v1/configmaps",
        "/api/v1/events",
        "/api/v1/services",
    ):
        api.on(path, Behaviours.forbidden)
    config = {"KUBECONFIG": str(kubeconfig(api.url))}
    lines = [line for line in run("scan", env=config).ok().out.splitlines() if "forbidden" in line]
    assert len(lines) == 1, lines
    for kind in ("nodes", "secrets", "services"):
        assert kind in lines[0], lines
    assert run("scan", "-o", "wide", env=config).ok().out.count("is forbidden") == 6
    assert run("scan", "-o", "lines", env=config).ok().out.count("is forbidden") == 6


def test_logs_that_do_not_come_hold_up_nothing(run):
    """A kubelet that does not answer: the log is told as not read, and the rest is there in time."""
    with FakeApi(samples.sick_cluster()) as api:
        api.on("/api/v1/namespaces/shop/pods/api-1/log", Behaviours.hang)
        started = time.monotonic()
        done = run("scan", "-o", "wide", "--server", api.url, "--log-timeout", "1s").ok()
        assert time.monotonic() - started < 8 * SLOW
        assert [path for path, _ in api.requests if "/log" in path], "the log is asked for"
        assert "log of container main of Pod shop/api-1" in done.out and "the time limit has passed" in done.out

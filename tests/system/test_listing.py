"""Long lists, lists that expire, servers that speak only JSON, rights that end at a namespace."""

import json
import urllib.parse

import pytest
import samples
from servers import Behaviours, FakeApi, response, status_object


@pytest.fixture
def api():
    with FakeApi(samples.sick_cluster()) as server:
        yield server


def scan(run, kubeconfig, api, *more):
    return run("scan", "-o", "json", *more, env={"KUBECONFIG": str(kubeconfig(api.url))}).ok()


def pods(server, count):
    server.objects["pods"] = [samples.pod(f"p-{i:04}") for i in range(count)] + [samples.crashing_pod()]


class Paged:
    """Pages of pods; what happens on the way is up to `trouble(token, attempt)`: None, or the bytes to answer with."""

    def __init__(self, server, size=10, trouble=None):
        self.server, self.size, self.trouble = server, size, trouble
        self.asked = []
        server.on("/api/v1/pods", self)
        self.wants_path = True

    def __call__(self, conn, server, path):
        query = urllib.parse.parse_qs(urllib.parse.urlparse(path).query)
        token = query.get("continue", [""])[0]
        self.asked.append(token)
        answer = self.trouble(token, self.asked.count(token)) if self.trouble else None
        if answer is not None:
            conn.sendall(answer)
            return False
        start = int(token.split("+")[-1] or 0) if token else 0
        items = server.objects["pods"][start : start + self.size]
        metadata = {"resourceVersion": "7"}
        if start + self.size < len(server.objects["pods"]):
            metadata["continue"] = f"at +{start + self.size}"
        # Metadata behind the items: an order that servers may choose.
        conn.sendall(response(body={"kind": "PodList", "apiVersion": "v1", "items": items, "metadata": metadata}))
        return True


def expired(token=""):
    status = {
        **status_object(410, "Expired", "The provided continue parameter is too old"),
        "metadata": {"continue": token} if token else {},
    }
    return response(status=410, body=status)


def test_all_pages_are_read(run, kubeconfig, api):
    pods(api, 95)
    paged = Paged(api)
    assert "api-1" in scan(run, kubeconfig, api).out  # the last one
    assert len(paged.asked) == 10
    assert all(query == "" or query.startswith("at +") for query in paged.asked)


def test_expired_list_goes_on_where_the_server_says(run, kubeconfig, api):
    pods(api, 40)
    paged = Paged(api, trouble=lambda token, attempt: expired("now +20") if token == "at +20" else None)
    result = scan(run, kubeconfig, api)
    assert "api-1" in result.out
    assert "pods" not in result.err
    assert paged.asked == ["", "at +10", "at +20", "now +20", "at +30", "at +40"]


def test_expired_list_starts_again(run, kubeconfig, api):
    pods(api, 20)
    paged = Paged(api, trouble=lambda token, attempt: expired() if token == "at +10" and attempt == 1 else None)
    assert "api-1" in scan(run, kubeconfig, api).out
    assert paged.asked == ["", "at +10", "", "at +10", "at +20"]


def test_list_that_always_expires_ends(run, kubeconfig, api):
    pods(api, 20)
    paged = Paged(api, trouble=lambda token, attempt: expired() if token else None)
    result = run("scan", env={"KUBECONFIG": str(kubeconfig(api.url))}).ok()
    assert "only 10 were read" in result.out + result.err, result
    assert len(paged.asked) < 20


def test_page_that_breaks_off_is_asked_again(run, kubeconfig, api):
    pods(api, 20)
    broken = response(
        body=b'{"kind":"PodList","apiVersion":"v1","items":[' + json.dumps(samples.pod("p-0010")).encode() + b",", length=99999
    )
    paged = Paged(api, trouble=lambda token, attempt: broken if token == "at +10" and attempt == 1 else None)
    result = scan(run, kubeconfig, api)
    assert "api-1" in result.out
    assert paged.asked == ["", "at +10", "at +10", "at +20"]


def test_what_was_read_before_the_end_is_kept(run, kubeconfig, api):
    pods(api, 20)
    api.objects["pods"].insert(0, samples.crashing_pod("first-1"))
    forbidden = response(status=403, body=status_object(403, "Forbidden", "no more"))
    Paged(api, trouble=lambda token, attempt: forbidden if token == "at +10" else None)
    result = run("scan", env={"KUBECONFIG": str(kubeconfig(api.url))}).ok()
    assert "first-1" in result.out
    assert "only 10 were read" in result.out + result.err, result


def test_one_odd_object_does_not_hide_the_others(run, kubeconfig, api):
    """Whoever may write an object must not be able to blind the scan with it."""
    deep = json.dumps(samples.crashing_pod("deep-1")).replace('"spec"', '"x": ' + "[" * 2000 + "]" * 2000 + ', "spec"', 1)
    body = '{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[' + deep + "," + json.dumps(samples.crashing_pod("after-1")) + "]}"
    api.on("/api/v1/pods", lambda conn, server: conn.sendall(response(body=body.encode())) or True)
    result = run("scan", env={"KUBECONFIG": str(kubeconfig(api.url))}).ok()
    assert "after-1" in result.out, result
    assert "1 of them could not be decoded" in result.out, result


def test_a_gate_does_not_pass_blind(run, kubeconfig):
    """--fail-on with pods that may not be listed: not 0."""
    with FakeApi({"namespaces": [samples.namespace()], "nodes": [samples.node()]}) as server:
        server.on("/api/v1/pods", Behaviours.forbidden)
        server.on("/api/v1/namespaces/", Behaviours.forbidden)
        env = {"KUBECONFIG": str(kubeconfig(server.url))}
        run("scan", env=env).ok()
        run("scan", "--fail-on", "error", env=env).failed(1, "cannot tell", "pods is forbidden")


def test_server_without_protobuf(run, kubeconfig, api):
    """406 and 415 are answered by asking for JSON."""

    def strict(conn, server, path):
        if "protobuf" not in server.requests[-1][1].get("accept", ""):
            return None
        conn.sendall(response(status=406, body=status_object(406, "NotAcceptable", "only JSON here")))
        return True

    strict.wants_path = True
    api.on("/api", strict)
    assert "api-1" in scan(run, kubeconfig, api).out


def test_events_under_their_newer_name(run, kubeconfig, api):
    """A server that does not serve core/v1 events has them in events.k8s.io, with other fields."""
    event = {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"name": "api-1.1", "namespace": "shop"},
        "regarding": {"kind": "Pod", "name": "api-1", "namespace": "shop"},
        "reason": "BackOff",
        "note": "back-off 5m0s restarting failed container, says the newer event",
        "type": "Warning",
        "deprecatedCount": 9,
        "deprecatedLastTimestamp": samples.NOW,
        "eventTime": None,
    }
    body = {"kind": "EventList", "apiVersion": "events.k8s.io/v1", "metadata": {}, "items": [event]}
    api.on("/api/v1/events", Behaviours.not_found)
    api.on("/apis/events.k8s.io/v1/events", lambda conn, server: conn.sendall(response(body=body)) or True)
    notes = json.loads(scan(run, kubeconfig, api).out)["notes"]
    assert "events" not in [note["what"] for note in notes], notes
    assert "/apis/events.k8s.io/v1/events?limit=500" in [path for path, _ in api.requests]


def test_namespace_when_all_are_forbidden(run, kubeconfig, api):
    """A user with rights in one namespace only gets that one, and is told."""

    def only_shop(conn, server, path):
        if path == "/version" or "/namespaces/shop/" in path:
            return None
        conn.sendall(response(status=403, body=status_object(403, "Forbidden", f"User cannot list {path} at the cluster scope")))
        return True

    only_shop.wants_path = True
    api.on("/", only_shop)
    path = kubeconfig(api.url)
    path.write_text(path.read_text().replace("    user: tester\n", "    user: tester\n    namespace: shop\n"))
    result = run("scan", env={"KUBECONFIG": str(path)}).ok()
    assert "api-1" in result.out
    assert "only namespace shop was read" in result.out + result.err, result


def test_everything_forbidden(run, kubeconfig, api):
    def forbid(conn, server):
        conn.sendall(response(status=403, body=status_object(403, "Forbidden", 'User "x" cannot list')))
        return True

    api.on("/", forbid)
    run("scan", env={"KUBECONFIG": str(kubeconfig(api.url))}).failed(1, "cannot list")


def namespace(conn):
    conn.sendall(response(body={"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "elsewhere"}}))
    return True


def test_one_namespace(run, kubeconfig, api):
    api.objects["pods"] = [samples.crashing_pod("api-1", "shop"), samples.crashing_pod("other-1", "elsewhere")]
    api.on("/api/v1/namespaces/elsewhere", lambda conn, server, path: namespace(conn) if path.endswith("/elsewhere") else None)
    api.rules[0][1].wants_path = True
    result = run("scan", "-n", "elsewhere", env={"KUBECONFIG": str(kubeconfig(api.url))})
    paths = [path for path, _ in api.requests]
    assert any(path.startswith("/api/v1/namespaces/elsewhere/pods?") for path in paths), result
    assert not any(path.startswith("/api/v1/pods?") for path in paths)
    assert any(path.startswith("/api/v1/nodes?") for path in paths)


def test_namespace_that_does_not_exist(run, kubeconfig, api):
    api.on("/api/v1/namespaces/shpo", lambda conn, server: conn.sendall(response(404, status_object(404, "NotFound", "not found"))) or True)
    run("scan", "-n", "shpo", env={"KUBECONFIG": str(kubeconfig(api.url))}).failed(1, "shpo", "does not exist")


def test_base_path(run, kubeconfig, api):
    """A server behind a path, as Rancher has it."""
    asked = []

    def behind(conn, server, path):
        asked.append(path)
        conn.sendall(server._good(path.removeprefix("/k8s/clusters/c-1").partition("?")[0], server.requests[-1][1]))
        return True

    behind.wants_path = True
    api.on("/k8s/clusters/c-1/", behind)
    assert "api-1" in scan(run, kubeconfig, type("Url", (), {"url": api.url + "/k8s/clusters/c-1/"})).out
    assert "/k8s/clusters/c-1/version" in asked


def test_gzip_bomb_is_not_asked_for(run, kubeconfig, api):
    """Near servers are not asked to compress, so nothing unpacks."""
    scan(run, kubeconfig, api)
    assert not [headers for _, headers in api.requests if "accept-encoding" in headers]

"""Known custom kinds: a live scan reads them where the server has them, and asks nothing more where it has not."""

import json

import pytest
import samples
from servers import FakeApi, response, status_object
from test_discovery import VERBS

ROUTE = {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
         "metadata": {"name": "front", "namespace": "shop", "creationTimestamp": "2026-01-01T00:00:00Z"},
         "spec": {"parentRefs": [{"name": "gone"}], "rules": [{"backendRefs": [{"name": "nothing", "port": 80}]}]}}  # fmt: skip
KINDS = {"gateways": "Gateway", "httproutes": "HTTPRoute"}
LISTS = {"gateways": [], "httproutes": [ROUTE]}
GROUP = "gateway.networking.k8s.io"


def aggregated(conn, server, path):
    if path == "/apis":
        resources = [
            {"resource": plural, "responseKind": {"group": GROUP, "version": "v1", "kind": kind}, "scope": "Namespaced", "verbs": VERBS}
            for plural, kind in KINDS.items()
        ]
        widgets = [{"resource": "widgets", "responseKind": {"kind": "Widget"}, "scope": "Namespaced", "verbs": VERBS}]
        items = [
            {"metadata": {"name": "example.com"}, "versions": [{"version": "v1", "resources": widgets, "freshness": "Current"}]},
            {"metadata": {"name": "stale.example.com"}, "versions": [{"version": "v1", "resources": [], "freshness": "Stale"}]},
            {"metadata": {"name": GROUP}, "versions": [{"version": "v1", "resources": resources, "freshness": "Current"}]},
        ]
        conn.sendall(response(body={"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "items": items}))
        return True
    return lists(conn, server, path)


def plain(conn, server, path):
    """A server older than aggregated discovery: only the groups that are known are asked for."""
    if path == "/apis":
        groups = [
            {"name": n, "preferredVersion": {"version": "v1", "groupVersion": f"{n}/v1"}}
            for n in ("example.com", "stale.example.com", GROUP)
        ]
        conn.sendall(response(body={"kind": "APIGroupList", "groups": groups}))
    elif path == f"/apis/{GROUP}/v1":
        resources = [{"name": plural, "kind": kind, "namespaced": True, "verbs": VERBS} for plural, kind in KINDS.items()]
        conn.sendall(response(body={"kind": "APIResourceList", "resources": resources}))
    else:
        return lists(conn, server, path)
    return True


def lists(conn, _server, path):
    for plural, items in LISTS.items():
        if path.partition("?")[0] == f"/apis/{GROUP}/v1/{plural}":
            conn.sendall(response(body={"kind": KINDS[plural] + "List", "apiVersion": f"{GROUP}/v1", "metadata": {}, "items": items}))
            return True
    return None


aggregated.wants_path = plain.wants_path = lists.wants_path = True


def test_nothing_more_is_asked_where_there_are_none(run, kubeconfig):
    with FakeApi(samples.sick_cluster()) as api:
        result = json.loads(run("scan", "-o", "json", env={"KUBECONFIG": str(kubeconfig(api.url))}).ok().out)
        asked = [path for path, _ in api.requests]
    assert asked.count("/apis") == 1 and "/api" not in asked
    assert not [path for path in asked if ".io/" in path and "k8s.io" not in path], asked
    assert not [path for path in asked if GROUP in path or "apiextensions" in path or "apiregistration" in path], asked
    assert not [note for note in result["notes"] if "custom" in note["what"] or "gateway" in note["what"]]


@pytest.mark.parametrize("discovery", [aggregated, plain], ids=["aggregated", "plain"])
@pytest.mark.parametrize("command", ["scan", "ask"])
def test_known_kinds_are_read(run, kubeconfig, discovery, command):
    with FakeApi(samples.sick_cluster()) as api:
        api.on("/api", discovery)
        words = ["scan", "-o", "lines"] if command == "scan" else ["ask", "is the httproute front healthy?"]
        out = run(*words, env={"KUBECONFIG": str(kubeconfig(api.url))}).ok().out
        asked = [path for path, _ in api.requests]
    assert "Gateway shop/gone" in out and "nothing" in out or command == "scan" and "httproute/gateway-missing" in out, out
    assert sorted(path for path in asked if GROUP in path and "?" in path) == [f"/apis/{GROUP}/v1/{p}?limit=500" for p in sorted(KINDS)]
    assert not [path for path in asked if "example.com" in path], asked


def test_a_namespace_of_them_is_enough(run, kubeconfig):
    shop = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}

    def with_namespace(conn, server, path):
        if path == "/api/v1/namespaces/shop":
            conn.sendall(response(body=shop))
            return True
        return aggregated(conn, server, path)

    with_namespace.wants_path = True
    with FakeApi(samples.sick_cluster()) as api:
        api.on("/api", with_namespace)
        run("scan", "-n", "shop", env={"KUBECONFIG": str(kubeconfig(api.url))}).ok()
        asked = [path for path, _ in api.requests]
    assert f"/apis/{GROUP}/v1/namespaces/shop/httproutes?limit=500" in asked


def test_what_may_not_be_read_is_told(run, kubeconfig):
    def forbidden(conn, server, path):
        if path.startswith(f"/apis/{GROUP}/v1/gateways") or "/gateways?" in path:
            conn.sendall(response(403, status_object(403, "Forbidden", "gateways is forbidden")))
            return True
        return aggregated(conn, server, path)

    forbidden.wants_path = True
    with FakeApi(samples.sick_cluster()) as api:
        api.on("/api", forbidden)
        result = json.loads(run("scan", "-o", "json", env={"KUBECONFIG": str(kubeconfig(api.url))}).ok().out)
    assert [note for note in result["notes"] if note["what"].startswith(f"gateways.{GROUP}")], result["notes"]
    text = json.dumps(result)
    assert "httproute/backend-missing" in text and "httproute/gateway-missing" not in text  # what is not seen is not missing


def test_discovery_that_fails_costs_only_itself(run, kubeconfig):
    def broken(conn, _server, path):
        if path == "/apis":
            conn.sendall(response(500, "no"))
            return True
        return None

    broken.wants_path = True
    with FakeApi(samples.sick_cluster()) as api:
        api.on("/api", broken)
        result = json.loads(run("scan", "-o", "json", env={"KUBECONFIG": str(kubeconfig(api.url))}).ok().out)
    assert "custom kinds" in [note["what"] for note in result["notes"]]
    assert "api-1" in json.dumps(result)

"""Custom kinds: found by aggregated discovery or the older way; groups that do not answer cost only themselves."""

import json

import pytest
import samples
from servers import FakeApi, response, status_object

WIDGETS = {"kind": "WidgetList", "apiVersion": "example.com/v1", "metadata": {}, "items": [
    {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w-1", "namespace": "shop"}, "spec": {"size": 3}}]}  # fmt: skip
VERBS = ["get", "list", "watch"]


def resource(plural, kind, verbs=VERBS):
    return {"resource": plural, "responseKind": {"group": "", "version": "", "kind": kind}, "scope": "Namespaced", "verbs": verbs}


def group(name, resources, freshness="Current"):
    return {"metadata": {"name": name}, "versions": [{"version": "v1", "resources": resources, "freshness": freshness}]}


AGGREGATED = [
    group("example.com", [resource("widgets", "Widget"), resource("orders", "Order", ["create"]), resource("widgets/status", "Widget")]),
    group("stale.example.com", [], "Stale"),
    group("hostile.example.com", [resource("../../secrets", "Evil"), resource("", ""), {"resource": 7, "verbs": VERBS}]),
]


def aggregated(version):
    def behave(conn, server, path):
        if path != "/apis":
            return None
        assert "apidiscovery.k8s.io" in server.requests[-1][1]["accept"]
        body = {"kind": "APIGroupDiscoveryList", "apiVersion": f"apidiscovery.k8s.io/{version}", "items": AGGREGATED}
        conn.sendall(response(body=body, content_type=f"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList"))
        return True

    behave.wants_path = True
    return behave


def plain(conn, server, path):
    """A server older than aggregated discovery: one document per group."""
    names = [g["metadata"]["name"] for g in AGGREGATED]
    if path == "/apis":
        versions = [{"name": n, "preferredVersion": {"version": "v1", "groupVersion": f"{n}/v1"}} for n in names]
        conn.sendall(response(body={"kind": "APIGroupList", "groups": versions}))
    elif path == "/api":
        conn.sendall(response(body={"kind": "APIVersions", "versions": ["v1"]}))
    elif path == "/apis/stale.example.com/v1":
        conn.sendall(response(403, status_object(403, "Forbidden", "not for you")))
    elif path in [f"/apis/{n}/v1" for n in names]:
        found = next(g for g in AGGREGATED if path == f"/apis/{g['metadata']['name']}/v1")["versions"][0]["resources"]
        resources = [
            {"name": r["resource"], "kind": r.get("responseKind", {}).get("kind"), "namespaced": True, "verbs": r["verbs"]} for r in found
        ]
        conn.sendall(response(body={"kind": "APIResourceList", "resources": resources}))
    else:
        return None
    return True


plain.wants_path = True


@pytest.mark.parametrize("discovery", [aggregated("v2"), aggregated("v2beta1"), plain], ids=["v2", "v2beta1", "plain"])
def test_custom_kinds_are_found(run, kubeconfig, tmp_path, discovery):
    with FakeApi(samples.sick_cluster()) as api:
        api.on("/api", discovery)
        api.on("/apis/example.com/v1/widgets", lambda conn, server: conn.sendall(response(body=WIDGETS)) or True)
        file = tmp_path / "snapshot"
        run("snapshot", "-o", file, env={"KUBECONFIG": str(kubeconfig(api.url))}).ok()
        asked = [path for path, _ in api.requests]
        assert "/apis/example.com/v1/widgets?limit=500" in asked
        assert not [
            path
            for path in asked
            if "orders" in path or "status" in path or ".." in path or "hostile" in path.replace("/v1", "", 1) and "?" in path
        ]
        notes = json.loads(run("scan", "-o", "json", "--from", file).ok().out)["notes"]
        assert "kinds of stale.example.com" in [note["what"] for note in notes], notes


@pytest.mark.parametrize(
    "flags, read", [([], False), (["--advice"], True), (["--check", "secret/"], True), (["--check", "pod/crash-loop"], False)]
)
def test_advice_sees_the_users_among_custom_kinds(run, kubeconfig, flags, read):
    with FakeApi(samples.sick_cluster()) as api:
        api.on("/api", aggregated("v2"))
        api.on("/apis/example.com/v1/widgets", lambda conn, server: conn.sendall(response(body=WIDGETS)) or True)
        run("scan", *flags, env={"KUBECONFIG": str(kubeconfig(api.url))}).ok()
        assert ("/apis/example.com/v1/widgets?limit=500" in [path for path, _ in api.requests]) == read


def test_without_discovery_the_rest_is_read(run, kubeconfig, tmp_path):
    with FakeApi(samples.sick_cluster()) as api:
        for path in ("/apis", "/api"):
            api.on(path, lambda conn, server, path: conn.sendall(response(500, "no")) or True if path in ("/api", "/apis") else None)
            api.rules[0][1].wants_path = True
        file = tmp_path / "snapshot"
        run("snapshot", "-o", file, env={"KUBECONFIG": str(kubeconfig(api.url))}).ok()
        result = run("scan", "-o", "json", "--from", file).ok()
        assert "api-1" in result.out
        assert "custom kinds" in [note["what"] for note in json.loads(result.out)["notes"]]

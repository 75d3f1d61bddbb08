"""Whom the program trusts, as whom it comes, and what it says when that goes wrong."""

import base64
import json
import subprocess
import time

import pytest
import samples
from servers import FakeApi
from tls import Authority, TlsApi


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("other"), "other")


def config(tmp_path, url, ca=None, user=None, **cluster):
    """A kubeconfig file; JSON is YAML too."""
    cluster = {"server": url, **cluster}
    if ca:
        cluster["certificate-authority"] = str(ca)
    path = tmp_path / "kubeconfig"
    content = {
        "current-context": "test",
        "clusters": [{"name": "test", "cluster": cluster}],
        "users": [{"name": "tester", "user": user or {}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "tester"}}],
    }
    path.write_text(json.dumps(content))
    return path


def scan(run, path, *more, **options):
    return run("scan", "-o", "lines", "--kubeconfig", path, *more, **options)


def test_trusted(run, tmp_path, authority):
    with TlsApi(samples.sick_cluster(), *authority.issue("good")) as api:
        assert "api-1" in scan(run, config(tmp_path, api.url, authority.certificate, {"token": "abc"})).ok().out
        assert all(headers["authorization"] == "Bearer abc" for _, headers in api.requests)
        data = base64.b64encode(authority.certificate.read_bytes()).decode()
        assert "api-1" in scan(run, config(tmp_path, api.url, **{"certificate-authority-data": data})).ok().out


def test_wrong_authority(run, tmp_path, authority, other):
    with TlsApi(samples.sick_cluster(), *authority.issue("good")) as api:
        path = config(tmp_path, api.url, other.certificate)
        scan(run, path).failed(1, api.url, "certificate", "certificate-authority", str(other.certificate))
        scan(run, config(tmp_path, api.url)).failed(1, "certificate", "system's CA certificates")
        assert "api-1" in scan(run, path, "--insecure-skip-tls-verify").ok().out
        assert not [path for path, headers in api.requests if "authorization" in headers]


def test_expired_and_not_yet_valid(run, tmp_path, authority):
    def day(n):
        return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + n * 86400))

    for name, start, end, word in (("old", -9, -2, "expired"), ("new", 2, 9, "not valid yet")):
        with TlsApi(samples.sick_cluster(), *authority.issue(name, start=day(start), end=day(end))) as api:
            scan(run, config(tmp_path, api.url, authority.certificate)).failed(1, api.url, word, "clock")


def test_wrong_name_and_tls_server_name(run, tmp_path, authority):
    with TlsApi(samples.sick_cluster(), *authority.issue("named", "DNS:cluster.example")) as api:
        scan(run, config(tmp_path, api.url, authority.certificate)).failed(1, "another name", "tls-server-name")
        path = config(tmp_path, api.url, authority.certificate, **{"tls-server-name": "cluster.example"})
        assert "api-1" in scan(run, path).ok().out
        assert api.names and set(api.names[-1:]) == {"cluster.example"}
        assert all(headers["host"] == f"127.0.0.1:{api.port}" for _, headers in api.requests)
        path = config(tmp_path, api.url, authority.certificate, **{"tls-server-name": "elsewhere.example"})
        scan(run, path).failed(1, "another name")


def test_client_certificate(run, tmp_path, authority, other):
    server = authority.issue("good")
    with TlsApi(samples.sick_cluster(), *server, client_authority=authority.certificate, client_required=True) as api:
        certificate, key = authority.issue("alice")
        user = {"client-certificate": str(certificate), "client-key": str(key)}
        assert "api-1" in scan(run, config(tmp_path, api.url, authority.certificate, user)).ok().out
        assert set(api.subjects) == {"alice"}
        data = {f"client-{n}-data": base64.b64encode(f.read_bytes()).decode() for n, f in (("certificate", certificate), ("key", key))}
        scan(run, config(tmp_path, api.url, authority.certificate, data)).ok()
        scan(run, config(tmp_path, api.url, authority.certificate)).failed(1, api.url)
        stranger, stranger_key = other.issue("mallory")
        user = {"client-certificate": str(stranger), "client-key": str(stranger_key)}
        scan(run, config(tmp_path, api.url, authority.certificate, user)).failed(1, api.url)
        user = {"client-certificate": str(certificate), "client-key": str(stranger_key)}
        scan(run, config(tmp_path, api.url, authority.certificate, user)).failed(1, "client certificate")


def test_plain_port_answers_tls_client(run, tmp_path, authority):
    with FakeApi(samples.sick_cluster()) as api:
        path = config(tmp_path, api.url.replace("http:", "https:"), authority.certificate)
        scan(run, path).failed(1, "TLS")


def soon(days):
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + days * 86400))


def causes(run, path, *more):
    answer = json.loads(run("scan", "-o", "json", "--kubeconfig", path, *more).ok().out)
    return {c["check"]: c["title"] for c in answer["causes"]}, answer


def test_the_api_servers_certificate_expires_soon(run, tmp_path, authority):
    certificate = authority.issue("late", start="20200101000000Z", end=soon(5))
    with TlsApi({"pods": [samples.pod()]}, *certificate) as api:
        found, _ = causes(run, config(tmp_path, api.url, authority.certificate))
        assert f"The certificate of the API server ({api.url.removeprefix('https://')}) expires in 4 days" in found["tls/expiring"]
    with TlsApi({"pods": [samples.pod()]}, *authority.issue("in-time", start=soon(-10), end=soon(300))) as api:
        found, _ = causes(run, config(tmp_path, api.url, authority.certificate))
        assert not found


def test_the_client_certificate_expires_soon(run, tmp_path, authority):
    certificate, key = authority.issue("jane", alternative=None, start="20200101000000Z", end=soon(3))
    with TlsApi({"pods": [samples.pod()]}, *authority.issue("good"), client_authority=authority.certificate) as api:
        user = {"client-certificate": str(certificate), "client-key": str(key)}
        found, _ = causes(run, config(tmp_path, api.url, authority.certificate, user))
        assert "The client certificate of user tester expires in 2 days" in found["tls/expiring"]


def service(name, port, address="127.0.0.1"):
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": "shop", "uid": f"uid-{name}"},
        "spec": {"type": "ClusterIP", "clusterIP": address, "ports": [{"name": "https", "port": port, "protocol": "TCP"}]},
    }


def test_certificates_of_services_are_seen_when_asked_for(run, tmp_path, authority, other):
    old = other.issue("old", alternative="DNS:orders.shop.svc", start="20200101000000Z", end="20210101000000Z")
    with TlsApi({}, *old) as orders, TlsApi({}, *authority.issue("good")) as api:
        api.objects = {
            "pods": [samples.pod()],
            "services": [service("orders", int(orders.url.rsplit(":", 1)[1])), service("nobody", 1)],
        }
        path = config(tmp_path, api.url, authority.certificate)
        assert "tls/expired" not in causes(run, path)[0]
        assert not orders.names, "nobody is called unasked"
        found, answer = causes(run, path, "--probe-certificates")
        assert "The certificate of Service shop/orders (port" in found["tls/expired"]
        assert "orders.shop.svc" in orders.names, "with the name that clients use"
        assert not orders.requests, "a handshake and nothing more"
        assert "certificates of 1 of 2 TLS ports" in {n["what"] for n in answer["notes"]}


def test_certificates_in_secrets_are_read_only_when_asked_for(run, tmp_path, authority):
    certificate, key = authority.issue("shop", start="20200101000000Z", end="20210101000000Z")
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "shop-tls", "namespace": "shop", "uid": "uid-shop-tls"},
        "type": "kubernetes.io/tls",
        "data": {
            "tls.crt": base64.b64encode(certificate.read_bytes()).decode(),
            "tls.key": base64.b64encode(key.read_bytes()).decode(),
        },
    }
    with TlsApi({"pods": [samples.pod()], "secrets": [secret]}, *authority.issue("good")) as api:
        path = config(tmp_path, api.url, authority.certificate)
        assert not causes(run, path)[0]
        assert not [p for p, _ in api.requests if "fieldSelector" in p], "Secret values are never asked for unasked"
        found, _ = causes(run, path, "--read-tls-secrets")
        assert "The certificate of Secret shop/shop-tls (tls.crt) expired" in found["tls/expired"]
        file = tmp_path / "tls.snapshot"
        run("snapshot", "-o", file, "--kubeconfig", path, "--read-tls-secrets").ok()
        again = json.loads(run("scan", "-o", "json", "--from", file).ok().out)
        assert "tls/expired" in {c["check"] for c in again["causes"]}
        recorded = subprocess.run(["zstd", "-dc", file], capture_output=True, check=True).stdout
        assert b"ProbedCertificate" in recorded
        assert secret["data"]["tls.key"][:40].encode() not in recorded

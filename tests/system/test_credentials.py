"""Exec plugins, token files, basic authentication, impersonation and proxies."""

import contextlib
import json
import signal
import socket
import stat
import threading
import time

import pytest
import samples
from conftest import SLOW
from servers import FakeApi, response, status_object
from test_tls import config, scan
from tls import Authority, TlsApi


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def api(authority):
    with TlsApi(samples.sick_cluster(), *authority.issue("good"), client_authority=authority.certificate) as server:
        yield server


def only_token(*good):
    """Everybody else gets 401."""

    def behave(conn, server):
        if server.requests[-1][1].get("authorization") in [f"Bearer {t}" for t in good]:
            return None
        conn.sendall(response(status=401, body=status_object(401, "Unauthorized", "Unauthorized")))
        return True

    return behave


def plugin(tmp_path, script, version="v1", **more):
    """A user entry whose exec plugin is this shell script (started by its #! line, not by us through a shell)."""
    path = tmp_path / "plugin"
    path.write_text("#!/bin/sh\n" + script)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    entry = {"apiVersion": f"client.authentication.k8s.io/{version}", "command": "./plugin", **more}
    if version == "v1":
        entry.setdefault("interactiveMode", "IfAvailable")
    return {"exec": entry}


def credential(version="v1", **status):
    return json.dumps({"apiVersion": f"client.authentication.k8s.io/{version}", "kind": "ExecCredential", "status": status})


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_exec_plugin(run, tmp_path, authority, api, version):
    """Runs once for all requests, with its arguments, its environment and what it asked to know about the cluster."""
    api.on("/", only_token("from-plugin"))
    script = f"""echo run >> {tmp_path}/runs; printf '%s|%s|%s' "$1" "$COLOUR" "$KUBERNETES_EXEC_INFO" > {tmp_path}/seen
cat <<'END'
{credential(version, token="from-plugin")}
END
"""
    user = plugin(tmp_path, script, version, args=["a b;c"], env=[{"name": "COLOUR", "value": "blue"}], provideClusterInfo=True)
    assert "api-1" in scan(run, config(tmp_path, api.url, authority.certificate, user)).ok().out
    assert (tmp_path / "runs").read_text() == "run\n"
    argument, colour, info = (tmp_path / "seen").read_text().split("|")
    assert (argument, colour) == ("a b;c", "blue")
    info = json.loads(info)
    assert info["kind"] == "ExecCredential" and info["spec"]["interactive"] is False
    assert info["spec"]["cluster"]["server"] == api.url
    assert info["spec"]["cluster"]["certificate-authority-data"]


def test_exec_plugin_with_certificate(run, tmp_path, authority, api):
    certificate, key = authority.issue("bob")
    document = credential(clientCertificateData=certificate.read_text(), clientKeyData=key.read_text())
    user = plugin(tmp_path, f"cat <<'END'\n{document}\nEND\n")
    assert "api-1" in scan(run, config(tmp_path, api.url, authority.certificate, user)).ok().out
    assert set(api.subjects) == {"bob"}


def test_exec_plugin_is_asked_again_after_401(run, tmp_path, authority, api):
    api.on("/", only_token("token-2"))
    script = f"""n=$(cat {tmp_path}/n 2>/dev/null || echo 0); n=$((n + 1)); echo $n > {tmp_path}/n
printf '{{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{{"token":"token-%s"}}}}' $n
"""
    assert "api-1" in scan(run, config(tmp_path, api.url, authority.certificate, plugin(tmp_path, script))).ok().out
    assert (tmp_path / "n").read_text() == "2\n"


def test_exec_plugin_expiry(run, tmp_path, authority, api):
    """A credential that has already expired is not used twice; one of the future is."""
    script = f"echo run >> {tmp_path}/runs\ncat <<'END'\n{credential(token='t', expirationTimestamp='2020-01-01T00:00:00Z')}\nEND\n"
    scan(run, config(tmp_path, api.url, authority.certificate, plugin(tmp_path, script))).ok()
    assert (tmp_path / "runs").read_text().count("run") > 1


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo please log in first >&2; exit 3\n", ["plugin", "exit code 3", "please log in first", "users[0].user.exec"]),
        ("echo not json\n", ["plugin", "printed no ExecCredential"]),
        ('echo \'{"kind": "Pod", "apiVersion": "v1"}\'\n', ["plugin", "not ExecCredential"]),
        ("cat <<'END'\n" + credential() + "\nEND\n", ["neither a token nor a client certificate"]),
        ("cat <<'END'\n" + credential(clientCertificateData="x") + "\nEND\n", ["without its key"]),
        ("cat /dev/zero\n", ["plugin", "more than"]),
        ("kill -9 $$\n", ["plugin", "137"]),
    ],
)
def test_exec_plugin_that_fails(run, tmp_path, authority, api, script, words):
    path = config(tmp_path, api.url, authority.certificate, plugin(tmp_path, script))
    scan(run, path).failed(1, *words)


def test_exec_plugin_that_is_not_there(run, tmp_path, authority, api):
    user = plugin(tmp_path, "", installHint="Get it from example.com.")
    user["exec"]["command"] = "no-such-plugin-anywhere"
    scan(run, config(tmp_path, api.url, authority.certificate, user)).failed(
        1, "no-such-plugin-anywhere", "not installed", "Get it from example.com."
    )


def test_exec_plugin_needs_a_terminal(run, tmp_path, authority, api):
    user = plugin(tmp_path, "echo hello\n", interactiveMode="Always")
    scan(run, config(tmp_path, api.url, authority.certificate, user)).failed(1, "terminal")


def test_interrupted_while_plugin_runs(start, tmp_path, authority, api):
    """The plugin and what it started end too."""
    user = plugin(tmp_path, f"sleep 1234 & echo $! > {tmp_path}/child; wait\n")
    process = start("scan", "--kubeconfig", config(tmp_path, api.url, authority.certificate, user))
    end = time.monotonic() + 10 * SLOW
    while not (tmp_path / "child").exists() or not (tmp_path / "child").read_text():
        assert time.monotonic() < end
        time.sleep(0.01)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10 * SLOW)
    assert process.returncode == 130
    assert time.monotonic() - began < 1 * SLOW
    child = (tmp_path / "child").read_text().strip()
    with contextlib.suppress(FileNotFoundError):
        # Dying takes a moment on a busy machine.
        while (state := open(f"/proc/{child}/stat").read().rsplit(")", 1)[1].split()[0]) not in "ZX":
            assert time.monotonic() - began < 5 * SLOW, f"the plugin's child still runs: {state}"
            time.sleep(0.05)


def test_token_file(run, tmp_path, authority, api):
    """Relative to the kubeconfig, without its line end; wins over a token beside it."""
    api.on("/", only_token("from-file"))
    (tmp_path / "token").write_text("from-file\n")
    assert "api-1" in scan(run, config(tmp_path, api.url, authority.certificate, {"tokenFile": "token", "token": "old"})).ok().out
    (tmp_path / "token").write_text("")
    scan(run, config(tmp_path, api.url, authority.certificate, {"tokenFile": "token"})).failed(1, "token", "empty")
    scan(run, config(tmp_path, api.url, authority.certificate, {"tokenFile": "missing"})).failed(1, "missing")


def test_token_file_is_read_again_after_401(run, tmp_path, authority, api):
    (tmp_path / "token").write_text("old")

    def rotate(conn, server):
        if server.requests[-1][1].get("authorization") == "Bearer new":
            return None
        (tmp_path / "token").write_text("new")
        conn.sendall(response(status=401, body=status_object(401, "Unauthorized", "Unauthorized")))
        return True

    api.on("/", rotate)
    assert "api-1" in scan(run, config(tmp_path, api.url, authority.certificate, {"tokenFile": "token"})).ok().out


def test_expired_token_is_called_expired(run, tmp_path, authority, api):
    api.on("/", only_token("nobody"))
    # {"alg":"none"} . {"exp":1600000000} . signature
    token = "eyJhbGciOiJub25lIn0.eyJleHAiOjE2MDAwMDAwMDB9.c2ln"
    result = scan(run, config(tmp_path, api.url, authority.certificate, {"token": token})).failed(1, "expired", "ago")
    assert token not in result.out + result.err


def test_basic(run, tmp_path, authority, api):
    scan(run, config(tmp_path, api.url, authority.certificate, {"username": "me", "password": "päss:word"})).ok()
    assert {headers["authorization"] for _, headers in api.requests} == {"Basic bWU6cMOkc3M6d29yZA=="}


def test_impersonation(run, tmp_path, authority, api):
    user = {"as": "jane", "as-uid": "42", "as-groups": ["dev"], "as-user-extra": {"example.com/Scope": ["a", "b"]}, "token": "t"}
    scan(run, config(tmp_path, api.url, authority.certificate, user)).ok()
    headers = api.requests[-1][1]
    assert headers["impersonate-user"] == "jane" and headers["impersonate-uid"] == "42" and headers["impersonate-group"] == "dev"
    assert "impersonate-extra-example.com%2fscope" in headers
    api.requests.clear()
    scan(run, config(tmp_path, api.url, authority.certificate, {"token": "t"}), "--as", "joe", "--as-group", "ops").ok()
    headers = api.requests[-1][1]
    assert headers["impersonate-user"] == "joe" and headers["impersonate-group"] == "ops"


class Proxy:
    """A CONNECT proxy on loopback; `asked` are the request lines it got."""

    def __init__(self):
        self.asked = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                conn, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(conn,), daemon=True).start()

    def _serve(self, conn):
        with conn, contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                head += conn.recv(4096)
            line = head.split(b"\r\n")[0].decode()
            self.asked.append(line)
            host, port = line.split()[1].rsplit(":", 1)
            with socket.create_connection((host.strip("[]"), int(port))) as server:
                conn.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                threading.Thread(target=self._copy, args=(server, conn), daemon=True).start()
                self._copy(conn, server)

    @staticmethod
    def _copy(source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)


def test_proxy_url(run, tmp_path, authority, api):
    proxy = Proxy()
    path = config(tmp_path, api.url, authority.certificate, **{"proxy-url": proxy.url})
    assert "api-1" in scan(run, path).ok().out
    assert set(proxy.asked) == {f"CONNECT 127.0.0.1:{api.port} HTTP/1.1"}
    proxy.listener.close()
    gone = config(tmp_path, api.url, authority.certificate, **{"proxy-url": "http://no-such-proxy.invalid:3128"})
    scan(run, gone, timeout=40).failed(1, "proxy")


def test_proxy_that_refuses(run, tmp_path, authority, api):
    """A proxy that wants a password says so with 407, to CONNECT."""
    with FakeApi() as proxy:
        proxy.on("", lambda conn, server: conn.sendall(response(407, "login first")))
        path = config(tmp_path, api.url, authority.certificate, **{"proxy-url": proxy.url})
        scan(run, path).failed(2, "proxy", "407")


def test_proxy_from_environment_is_not_for_loopback(run, tmp_path, authority, api):
    path = config(tmp_path, api.url, authority.certificate)
    assert "api-1" in scan(run, path, env={"HTTPS_PROXY": "http://127.0.0.1:1"}).ok().out


def test_in_the_cluster(run, api):
    """Without a service account in its usual place KUBERNETES_SERVICE_HOST alone is no cluster."""
    run("scan", env={"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(api.port)}).failed(1, "--kubeconfig")

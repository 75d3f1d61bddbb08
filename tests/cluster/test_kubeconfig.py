"""Every way that a kubeconfig can say who one is and where the server is, against the real API server. And every way it can be wrong: each with
an exit code and a message that says what to do."""

import base64
import json
import os
import subprocess
import sys
import textwrap
import time

import pytest
import yaml

from bed import PROGRAM

SERVER = "https://127.0.0.1:6443"


@pytest.fixture(scope="module")
def pki(bed):
    return bed.state / "pki"


READER = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
rules:
- {verbs: [get, list, watch], apiGroups: [""], resources: [%s]}
- {verbs: [get, list, watch], apiGroups: [%s], resources: ["*"]}
"""


@pytest.fixture(scope="module")
def account(bed):
    """A service account that may read everything but Secrets, and its token."""
    resources = bed.kubectl("api-resources", "--api-group=", "--verbs=list", "-o", "name").stdout.split()
    groups = {line.split("/")[0] for line in bed.kubectl("api-versions").stdout.split() if "/" in line}
    bed.apply(READER % (", ".join(r for r in resources if r != "secrets"), ", ".join(sorted(groups))))
    bed.kubectl("create", "serviceaccount", "reader", "-n", "default")
    bed.kubectl("create", "clusterrolebinding", "reader", "--clusterrole=reader", "--serviceaccount=default:reader")
    yield "system:serviceaccount:default:reader"
    bed.kubectl("delete", "clusterrolebinding,clusterrole", "reader")
    bed.kubectl("delete", "serviceaccount", "reader", "-n", "default")


@pytest.fixture(scope="module")
def token(bed, account):
    return bed.kubectl("create", "token", "reader", "-n", "default").stdout.strip()


@pytest.fixture
def config(pki, tmp_path):
    """config(user={...}, cluster={...}, **top): the path of a kubeconfig; the cluster's CA is right unless told else."""

    def make(user=None, cluster=None, name="kubeconfig", **top):
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "here",
            "clusters": [{"name": "c", "cluster": {"server": SERVER, "certificate-authority": str(pki / "ca.crt"), **(cluster or {})}}],
            "users": [{"name": "u", "user": user or {}}],
            "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
            **top,
        }
        for entry in content["clusters"]:
            entry["cluster"] = {k: v for k, v in entry["cluster"].items() if v is not None}
        path = tmp_path / name
        path.write_text(yaml.safe_dump(content))
        return path

    return make


@pytest.fixture
def admin(pki):
    return {"client-certificate": str(pki / "admin.crt"), "client-key": str(pki / "admin.key")}


@pytest.fixture
def works(bed):
    def check(kubeconfig, *arguments, unseen=("metrics",), env=None):
        """The scan reads the cluster; what it cannot see is only what is named here."""
        answer = bed.program_json("scan", *arguments, env={"KUBECONFIG": str(kubeconfig), **(env or {})})
        assert answer["cluster"]["live"] and answer["cluster"]["objects"] > 20, answer["cluster"]
        other = [n for n in answer["notes"] if not any(u in n["what"].lower() for u in unseen)]
        assert not other, other
        return answer

    return check


@pytest.fixture
def fails(bed):
    def check(kubeconfig, *words, code=1, arguments=(), env=None, limit=30):
        start = time.monotonic()
        done = bed.run([PROGRAM, "scan", *arguments], check=False, env={"KUBECONFIG": str(kubeconfig), **(env or {})})
        assert done.returncode == code, f"exit code {done.returncode}\n{done.stdout[:500]}\n{done.stderr}"
        assert done.stdout == "" and done.stderr.startswith("error: "), done.stderr
        for word in words:
            assert word in done.stderr, f"'{word}' is not in: {done.stderr}"
        assert time.monotonic() - start < limit
        return done.stderr

    return check


# ------------------------------------------------------------------ who one is


def test_certificate_files(config, admin, works):
    works(config(admin))


def test_certificate_files_beside_the_kubeconfig(config, pki, works, tmp_path):
    """Relative names count from the kubeconfig's folder, not from where the program runs."""
    for name in ("admin.crt", "admin.key", "ca.crt"):
        (tmp_path / name).write_bytes((pki / name).read_bytes())
    works(config({"client-certificate": "admin.crt", "client-key": "admin.key"}, {"certificate-authority": "ca.crt"}))


def test_certificate_inline(bed, works):
    works(bed.kubeconfig)


def test_service_account_token(config, token, works):
    works(config({"token": token}), unseen=("metrics", "secrets"))


def test_token_file(config, token, works, tmp_path):
    (tmp_path / "token").write_text(token + "\n")
    works(config({"tokenFile": str(tmp_path / "token")}), unseen=("metrics", "secrets"))


def plugin(tmp_path, token, version, expires=""):
    """A credential plugin that also writes down that it ran, and what it was told."""
    path = tmp_path / "plugin"
    path.write_text(
        textwrap.dedent(f"""\
        #!/bin/sh
        printf '%s|%s|%s\\n' "$1" "$REGION" "$KUBERNETES_EXEC_INFO" >> {tmp_path}/ran
        echo '{{"apiVersion": "client.authentication.k8s.io/{version}", "kind": "ExecCredential", "status": {{"token": "{token}"{expires}}}}}'
        """)
    )
    path.chmod(0o755)
    return {
        "apiVersion": f"client.authentication.k8s.io/{version}",
        "command": str(path),
        "args": ["get-token"],
        "env": [{"name": "REGION", "value": "eu-west"}],
        "interactiveMode": "Never",
        "provideClusterInfo": True,
    }


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_exec_plugin(config, token, works, tmp_path, version):
    works(config({"exec": plugin(tmp_path, token, version)}), unseen=("metrics", "secrets"))
    argument, region, info = (tmp_path / "ran").read_text().splitlines()[0].split("|")
    assert (argument, region) == ("get-token", "eu-west")
    assert json.loads(info)["spec"]["cluster"]["server"] == SERVER
    assert len((tmp_path / "ran").read_text().splitlines()) == 1, "one credential serves all requests"


def test_exec_plugin_that_fails(config, fails, tmp_path):
    settings = plugin(tmp_path, "", "v1")
    (tmp_path / "plugin").write_text("#!/bin/sh\necho 'sign in first: cloud login' >&2\nexit 7\n")
    fails(config({"exec": settings}), "plugin", "sign in first: cloud login")


def test_exec_plugin_that_is_not_installed(config, fails):
    hint = "install it from example.com/tools"
    fails(
        config(
            {
                "exec": {
                    "apiVersion": "client.authentication.k8s.io/v1",
                    "command": "no-such-plugin",
                    "interactiveMode": "Never",
                    "installHint": hint,
                }
            }
        ),
        "no-such-plugin",
        hint,
    )


def test_impersonation(config, admin, works, account):
    """The administrator acts as the reader, and sees no more than the reader does."""
    for arguments, user in (((), {**admin, "as": account}), (("--as", account), admin)):
        answer = works(config(user), *arguments, unseen=("metrics", "secrets"))
        assert any("secret" in n["what"].lower() for n in answer["notes"]), answer["notes"]


def signed_token(bed, pki, expires):
    """A service account token as the API server itself would sign it."""
    uid = bed.get("serviceaccount", "reader", "-n", "default")["metadata"]["uid"]
    issuer = "https://kubernetes.default.svc"
    claims = {
        "iss": issuer, "aud": [issuer], "sub": "system:serviceaccount:default:reader", "exp": expires, "iat": expires - 3600, "nbf": expires - 3600,
        "kubernetes.io": {"namespace": "default", "serviceaccount": {"name": "reader", "uid": uid}},
    }  # fmt: skip

    def encode(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    text = encode(b'{"alg":"RS256"}') + b"." + encode(json.dumps(claims).encode())
    signature = subprocess.run(
        ["openssl", "dgst", "-sha256", "-sign", str(pki / "sa.key")], input=text, capture_output=True, check=True
    ).stdout
    return (text + b"." + encode(signature)).decode()


def test_expired_token(bed, config, pki, account, works, fails):
    works(config({"token": signed_token(bed, pki, int(time.time()) + 3000)}), unseen=("metrics", "secrets"))
    said = fails(config({"token": signed_token(bed, pki, int(time.time()) - 60)}), "401")
    assert "token" in said.lower() or "credential" in said.lower(), said


def test_token_file_is_read_again(bed, config, pki, account, works, fails, tmp_path):
    """What is in the file now counts, not what was in it once."""
    file = tmp_path / "token"
    file.write_text(signed_token(bed, pki, int(time.time()) - 60))
    kubeconfig = config({"tokenFile": str(file)})
    fails(kubeconfig, "401")
    file.write_text(signed_token(bed, pki, int(time.time()) + 600))
    works(kubeconfig, unseen=("metrics", "secrets"))


def test_nobody(config, fails):
    """No credentials: the server answers as to anonymous people, who may read nothing."""
    said = fails(config({}))
    assert "403" in said or "401" in said or "forbidden" in said.lower(), said


# ------------------------------------------------------------------ where the server is


def test_wrong_authority(config, admin, fails, tmp_path):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=bed-ca",
                    "-keyout", str(tmp_path / "other.key"), "-out", str(tmp_path / "other.crt")], check=True, capture_output=True)  # fmt: skip
    fails(config(admin, {"certificate-authority": str(tmp_path / "other.crt")}), "certificate", "127.0.0.1:6443")


def test_no_authority(config, admin, works, fails):
    fails(config(admin, {"certificate-authority": None}), "certificate")
    works(config(admin, {"certificate-authority": None, "insecure-skip-tls-verify": True}))


def test_tls_server_name(config, admin, works, fails):
    works(config(admin, {"tls-server-name": "api.bed.example"}))
    works(config(admin, {"server": "https://10.96.0.1:443", "tls-server-name": "kubernetes.default.svc"}))
    fails(config(admin, {"tls-server-name": "other.example"}), "other.example")


def test_server_gone(config, admin, fails):
    fails(config(admin, {"server": "https://127.0.0.1:1"}), "127.0.0.1:1", limit=20)


def test_server_unknown(config, admin, fails):
    fails(config(admin, {"server": "https://no-such-server.example:6443"}), "no-such-server.example")


def test_server_is_no_api_server(config, admin, fails):
    """The registry of the bed: it speaks HTTP and answers 404 to everything."""
    fails(config(admin, {"server": "http://127.0.0.1:5000", "certificate-authority": None}), "127.0.0.1:5000")


PROXY = """
import socket, sys, threading
server = socket.create_server(("127.0.0.1", 0)); print(server.getsockname()[1], flush=True)
def copy(a, b):
    while data := a.recv(65536): b.sendall(data)
    b.shutdown(socket.SHUT_WR)
def serve(client):
    request = b""
    while b"\\r\\n\\r\\n" not in request: request += client.recv(4096)
    print(request.split(b"\\r\\n")[0].decode(), flush=True)
    host, port = request.split()[1].decode().rsplit(":", 1)
    upstream = socket.create_connection((host, int(port)))
    client.sendall(b"HTTP/1.1 200 OK\\r\\n\\r\\n")
    threading.Thread(target=copy, args=(client, upstream), daemon=True).start(); copy(upstream, client)
while True: threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
"""


def test_proxy(bed, config, admin, works):
    proxy = subprocess.Popen([*bed.prefix(), sys.executable, "-c", PROXY], stdout=subprocess.PIPE, text=True)
    try:
        port = proxy.stdout.readline().strip()
        works(config(admin, {"proxy-url": f"http://127.0.0.1:{port}"}))
        assert proxy.stdout.readline().strip() == "CONNECT 127.0.0.1:6443 HTTP/1.1"
    finally:
        proxy.kill()


def test_in_cluster(bed, pki, token, works):
    """No kubeconfig, but what a pod has. The bed's own /run hides that of the machine."""
    folder = "/var/run/secrets/kubernetes.io/serviceaccount"
    inside = ["nsenter", "-t", bed.init_pid, "-n", "-m", "--"]
    script = f'mkdir -p {folder}; printf %s "$1" >{folder}/token; cat "$2" >{folder}/ca.crt; printf default >{folder}/namespace'
    subprocess.run([*inside, "sh", "-c", script, "sh", token, str(pki / "ca.crt")], check=True)
    env = {k: v for k, v in os.environ.items() if k != "KUBECONFIG"}
    env |= {"HOME": "/nonexistent", "KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443"}
    try:
        done = subprocess.run([*inside, str(PROGRAM), "scan", "-o", "json"], env=env, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["cluster"]["source"] == "https://10.96.0.1:443"
    finally:
        subprocess.run([*inside, "rm", "-r", "/run/secrets"])


# ------------------------------------------------------------------ what one may see


def test_forbidden_namespace(bed, config, works, fails):
    """A user who may read one namespace: it is read; of the other nothing is claimed."""
    for ns in ("open-room", "closed-room"):
        bed.kubectl("create", "namespace", ns)
    try:
        bed.kubectl("create", "serviceaccount", "guest", "-n", "open-room")
        bed.kubectl("create", "rolebinding", "guest", "--clusterrole=view", "--serviceaccount=open-room:guest", "-n", "open-room")
        kubeconfig = config({"token": bed.kubectl("create", "token", "guest", "-n", "open-room").stdout.strip()})
        env = {"KUBECONFIG": str(kubeconfig)}
        mine = bed.program_json("scan", "-n", "open-room", env=env)
        assert mine["cluster"]["objects"] > 0 and not any(
            n["what"].startswith("pods") and "metrics" not in n["what"] for n in mine["notes"]
        ), mine["notes"]
        assert any(n["what"] == "nodes" for n in mine["notes"]), mine["notes"]
        other = bed.run([PROGRAM, "scan", "-n", "closed-room", "-o", "json"], env=env, check=False)
        if other.returncode == 0:
            answer = json.loads(other.stdout)
            assert answer["verdict"] == "unknown" and any(n["what"] == "pods" for n in answer["notes"]), answer
        else:
            assert other.returncode == 1 and "closed-room" in other.stderr and "forbidden" in other.stderr.lower(), other.stderr
    finally:
        bed.kubectl("delete", "namespace", "open-room", "closed-room", "--wait=false")


def test_secret_data_is_never_asked_for(bed, config, admin, tmp_path):
    """Not even an administrator's scan or snapshot holds the value of a Secret."""
    bed.kubectl("create", "secret", "generic", "vault", "-n", "default", "--from-literal=password=correct-horse-battery")
    try:
        file = tmp_path / "s.snapshot"
        env = {"KUBECONFIG": str(config(admin))}
        bed.program("snapshot", "-o", file, env=env)
        told = bed.run([PROGRAM, "scan", "--all", "-o", "json", "--from", file], check=False).stdout
        plain = subprocess.run(["zstd", "-dc", str(file)], capture_output=True).stdout or file.read_bytes()
        for text in (plain, told.encode()):
            for secret in (b"correct-horse-battery", base64.b64encode(b"correct-horse-battery")):
                assert secret not in text
        assert b"vault" in plain
    finally:
        bed.kubectl("delete", "secret", "vault", "-n", "default")


# ------------------------------------------------------------------ how files are put together


def test_several_files(config, admin, works, pki, tmp_path):
    """Context, cluster and user each come from another file; for what two files say, the first one counts."""
    empty = {"clusters": [], "users": [], "contexts": []}
    first = config(name="first", **{**empty, "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}]})
    second = config(
        name="second",
        **{
            **empty,
            "current-context": "elsewhere",
            "clusters": [{"name": "c", "cluster": {"server": SERVER, "certificate-authority": str(pki / "ca.crt")}}],
        },
    )
    third = config(admin, {"server": "https://127.0.0.1:1"}, name="third", **{"current-context": ""})
    works(f"{first}:{second}:{tmp_path}/is-not-there:{third}")


def test_context_by_flag(config, admin, works, fails, bed):
    contexts = [
        {"name": "here", "context": {"cluster": "c", "user": "nobody"}},
        {"name": "there", "context": {"cluster": "c", "user": "u", "namespace": "kube-system"}},
    ]
    kubeconfig = config(admin, contexts=contexts)
    works(kubeconfig, "--context", "there")
    works(kubeconfig, "--user", "u")
    fails(kubeconfig, "ther", "there", code=2, arguments=("--context", "ther"))


def test_no_kubeconfig(bed, fails, tmp_path):
    fails(tmp_path / "is-not-there", "is-not-there", env={"HOME": str(tmp_path)})


def test_a_kubeconfig_that_is_none(fails, tmp_path):
    file = tmp_path / "broken"
    file.write_text("clusters: [unclosed\n")
    fails(file, "broken", code=2)

"""What stands in for the world outside the cluster, and for its name service: helper.py FOLDER PKI NODE-IP

- a registry on 127.0.0.1:5000 that has no image: it answers 404, or 401 for the repositories listed, one a line, in FOLDER/denied
- a name server on 127.0.0.53 (the node's) that knows no name
- a name server on NODE-IP:53 (the pods', behind Service kube-dns) that knows the cluster's Services, asked of the API server each time
- admission webhooks: https://NODE-IP:8443/deny refuses, /slow never answers; the same at 8444 with a certificate that has expired"""

import functools
import http.client
import http.server
import json
import socket
import ssl
import sys
import threading
import time

folder, pki, node_ip = sys.argv[1:4]
DOMAIN = ".svc.cluster.local"


class Registry(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        repository = self.path.removeprefix("/v2/").split("/manifests/")[0].split("/blobs/")[0]
        try:
            with open(folder + "/denied") as f:
                denied = repository in f.read().split()
        except FileNotFoundError:
            denied = False
        if denied:
            body = b'{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}'
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="registry"')
        else:
            body = b'{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}'
            self.send_response(404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET


class Webhook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.startswith("/slow"):
            time.sleep(40)
        verdict = {
            "uid": review["request"]["uid"],
            "allowed": False,
            "status": {"code": 403, "message": "image is not signed by a trusted key"},
        }
        body = json.dumps({"apiVersion": review["apiVersion"], "kind": "AdmissionReview", "response": verdict}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def serve_webhooks(port, certificate):
    server = http.server.ThreadingHTTPServer((node_ip, port), Webhook)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{pki}/{certificate}.crt", f"{pki}/{certificate}.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()


@functools.cache
def credentials():
    context = ssl.create_default_context(cafile=f"{pki}/ca.crt")
    context.load_cert_chain(f"{pki}/admin.crt", f"{pki}/admin.key")
    return context


def addresses(name):
    """The addresses of a Service by its full name; None when there is no such name."""
    parts = name.lower().removesuffix(DOMAIN).split(".") if name.lower().endswith(DOMAIN) else []
    if len(parts) != 2:
        return None
    api = http.client.HTTPSConnection("127.0.0.1", 6443, context=credentials(), timeout=3)

    def get(path):
        api.request("GET", path)
        answer = api.getresponse()
        body = answer.read()
        return json.loads(body) if answer.status == 200 else None

    service = get(f"/api/v1/namespaces/{parts[1]}/services/{parts[0]}")
    if not service:
        return None
    ip = service["spec"].get("clusterIP", "")
    if ip and ip != "None":
        return [ip]
    selector = f"labelSelector=kubernetes.io%2Fservice-name%3D{parts[0]}"
    slices = get(f"/apis/discovery.k8s.io/v1/namespaces/{parts[1]}/endpointslices?{selector}") or {"items": []}
    ready = [e for s in slices["items"] for e in s.get("endpoints") or [] if e.get("conditions", {}).get("ready", True)]
    return [a for e in ready for a in e["addresses"]]


def answer(question, resolve):
    """A DNS answer (RFC 1035) to a question packet."""
    end = question.index(b"\0", 12) + 5  # the name's closing zero, then type and class
    labels, at = [], 12
    while question[at]:
        labels.append(question[at + 1 : at + 1 + question[at]].decode("ascii", "replace"))
        at += question[at] + 1
    found = resolve(".".join(labels))
    ips = found or [] if question[end - 4 : end - 2] == b"\0\1" else []  # type A
    flags = b"\x85\x80" if found is not None else b"\x85\x83"  # NOERROR, NXDOMAIN
    records = b"".join(b"\xc0\x0c\0\1\0\1\0\0\0\5\0\4" + socket.inet_aton(ip) for ip in ips)
    return question[:2] + flags + b"\0\1" + len(ips).to_bytes(2, "big") + b"\0\0\0\0" + question[12:end] + records


def name_server(address, resolve):
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((address, 53))

    def reply(question, peer):
        try:
            server.sendto(answer(question, resolve), peer)
        except (OSError, ValueError, IndexError) as problem:
            print(f"name server: {problem}", flush=True)

    while True:
        question, peer = server.recvfrom(4096)
        if len(question) >= 17:
            threading.Thread(target=reply, args=(question, peer), daemon=True).start()


def main():
    for target, arguments in (
        (name_server, ("127.0.0.53", lambda name: None)),
        (name_server, (node_ip, addresses)),
        (serve_webhooks, (8443, "webhook")),
        (serve_webhooks, (8444, "expired")),
    ):
        threading.Thread(target=target, args=arguments, daemon=True).start()
    http.server.ThreadingHTTPServer(("127.0.0.1", 5000), Registry).serve_forever()


main()

"""A small API server on loopback that can be told to misbehave, for tests of the program from outside.

It serves discovery and lists from Python data as JSON, over plain HTTP/1.1, one thread a connection, on raw sockets, so that
it can also break the protocol. `FakeApi.on(path_prefix, behaviour)` replaces the answer of matching paths.
"""

import contextlib
import json
import socket
import threading
import time

CORE = {
    "pods": ("Pod", True),
    "services": ("Service", True),
    "endpoints": ("Endpoints", True),
    "configmaps": ("ConfigMap", True),
    "secrets": ("Secret", True),
    "events": ("Event", True),
    "persistentvolumeclaims": ("PersistentVolumeClaim", True),
    "serviceaccounts": ("ServiceAccount", True),
    "nodes": ("Node", False),
    "namespaces": ("Namespace", False),
    "persistentvolumes": ("PersistentVolume", False),
}
GROUPS = {
    "apps": ("v1", {"deployments": ("Deployment", True), "replicasets": ("ReplicaSet", True), "statefulsets": ("StatefulSet", True)}),
    "batch": ("v1", {"jobs": ("Job", True), "cronjobs": ("CronJob", True)}),
}
VERBS = ["create", "delete", "get", "list", "patch", "update", "watch"]


def response(status=200, body=b"", headers=(), length=None, content_type="application/json"):
    """An HTTP response as bytes; length lies about the body's when given."""
    if isinstance(body, (dict, list)):
        body = json.dumps(body).encode()
    elif isinstance(body, str):
        body = body.encode()
    head = [f"HTTP/1.1 {status} X", f"Content-Type: {content_type}", f"Content-Length: {len(body) if length is None else length}"]
    return "\r\n".join([*head, *(f"{k}: {v}" for k, v in headers), "", ""]).encode() + body


def status_object(code, reason, message):
    return {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "message": message, "code": code}


class Behaviours:
    """Each takes (connection, server) after a request was read; True keeps the connection open for the next one."""

    @staticmethod
    def hang(conn, server):
        """Answers nothing, ever, and keeps the connection open."""
        server.stopped.wait(120)
        return False

    @staticmethod
    def hang_in_body(conn, server):
        conn.sendall(response(body=b'{"kind":"List","items":[', length=100000))
        server.stopped.wait(120)
        return False

    @staticmethod
    def drip(conn, server):
        """A byte now and then: slow, but never still."""
        conn.sendall(b"HTTP/1.1 200 X\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n")
        with contextlib.suppress(OSError):
            while not server.stopped.wait(0.2):
                conn.sendall(b" ")
        return False

    @staticmethod
    def close(conn, server):
        return False

    @staticmethod
    def reset(conn, server):
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        return False

    @staticmethod
    def short_body(conn, server):
        """Promises more than it sends."""
        conn.sendall(response(body=b'{"kind":"PodList","items":[', length=50000))
        return False

    @staticmethod
    def long_body(conn, server):
        """Sends more than it promises."""
        body = json.dumps({"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": []}).encode()
        conn.sendall(response(body=body + b'{"more": true}' * 1000, length=len(body)))
        return False

    @staticmethod
    def negative_length(conn, server):
        conn.sendall(response(body=b"{}", length=-5))
        return False

    @staticmethod
    def html(conn, server):
        conn.sendall(response(body="<!doctype html><html><title>Sign in</title>Please sign in</html>", content_type="text/html"))
        return True

    @staticmethod
    def html_502(conn, server):
        conn.sendall(response(status=502, body="<html>Bad Gateway</html>", content_type="text/html"))
        return True

    @staticmethod
    def redirect_loop(conn, server):
        conn.sendall(response(status=302, headers=[("Location", "/again")]))
        return True

    @staticmethod
    def truncated_chunks(conn, server):
        conn.sendall(b'HTTP/1.1 200 X\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n400\r\n{"items": [')
        return False

    @staticmethod
    def bad_chunk_size(conn, server):
        conn.sendall(b"HTTP/1.1 200 X\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzzzz\r\n{}\r\n0\r\n\r\n")
        return False

    @staticmethod
    def huge_headers(conn, server):
        with contextlib.suppress(OSError):
            conn.sendall(b"HTTP/1.1 200 X\r\n")
            for i in range(20000):
                conn.sendall(b"X-%d: %s\r\n" % (i, b"a" * 1000))
        return False

    @staticmethod
    def endless(conn, server):
        """A list that never ends, as fast as it is taken."""
        conn.sendall(b"HTTP/1.1 200 X\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
        with contextlib.suppress(OSError):
            piece = b'{"kind":"PodList","apiVersion":"v1","items":[{"metadata":{"name":"'
            conn.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
            while not server.stopped.is_set():
                conn.sendall(b"10000\r\n" + b"a" * 65536 + b"\r\n")
        return False

    @staticmethod
    def not_http(conn, server):
        conn.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
        return False

    @staticmethod
    def not_json(conn, server):
        conn.sendall(response(body=b'{"kind": "PodList", "items": [{'))
        return True

    @staticmethod
    def not_utf8(conn, server):
        conn.sendall(response(body=b'{"kind":"PodList","apiVersion":"v1","items":[{"metadata":{"name":"a\xff\xfe","namespace":"b"}}]}'))
        return True

    @staticmethod
    def wrong_types(conn, server):
        conn.sendall(response(body={"kind": 7, "items": {"metadata": [1, 2]}, "metadata": "x"}))
        return True

    @staticmethod
    def deep(conn, server):
        conn.sendall(response(body=b'{"items":' + b"[" * 200000 + b"]" * 200000 + b"}"))
        return True

    @staticmethod
    def bad_protobuf(conn, server):
        conn.sendall(response(body=b"k8s\0" + b"\xff" * 300, content_type="application/vnd.kubernetes.protobuf"))
        return True

    @staticmethod
    def empty(conn, server):
        conn.sendall(response(body=b""))
        return True

    @staticmethod
    def unauthorized(conn, server):
        conn.sendall(response(status=401, body=status_object(401, "Unauthorized", "Unauthorized")))
        return True

    @staticmethod
    def forbidden(conn, server):
        message = 'pods is forbidden: User "tester" cannot list resource "pods" in API group "" at the cluster scope'
        conn.sendall(response(status=403, body=status_object(403, "Forbidden", message)))
        return True

    @staticmethod
    def not_found(conn, server):
        conn.sendall(response(status=404, body=status_object(404, "NotFound", "the server could not find the requested resource")))
        return True

    @staticmethod
    def broken(conn, server):
        conn.sendall(response(status=500, body=status_object(500, "InternalError", "etcdserver: leader changed")))
        return True


def failing_first(times, status=429, retry_after="1"):
    """Behaves badly the first `times` times for each path, then as usual."""
    seen = {}
    lock = threading.Lock()

    def behave(conn, server, path=None):
        with lock:
            seen[path] = seen.get(path, 0) + 1
            bad = seen[path] <= times
        if not bad:
            return None
        headers = [("Retry-After", retry_after)] if retry_after else []
        conn.sendall(response(status=status, headers=headers, body=status_object(status, "TooManyRequests", "too many requests")))
        return True

    behave.wants_path = True
    return behave


class FakeApi:
    """A with-block: serves `objects` ({"pods": [...], "deployments": [...]}) until it is left."""

    def __init__(self, objects=None):
        self.objects = objects or {}
        self.rules = []
        self.requests = []
        self.stopped = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def on(self, prefix, behaviour):
        """Paths that begin with prefix get this behaviour; the last rule that matches counts."""
        self.rules.insert(0, (prefix, behaviour))
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stopped.set()
        # shutdown wakes accept; close alone may not.
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def wait_for_request(self, seconds=10):
        end = time.monotonic() + seconds
        while not self.requests:
            if time.monotonic() > end:
                raise AssertionError("no request came")
            time.sleep(0.005)

    def _accept(self):
        while not self.stopped.is_set():
            try:
                conn, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(conn,), daemon=True).start()

    def _serve(self, conn):
        with conn, contextlib.suppress(OSError):
            pending = b""
            while True:
                while b"\r\n\r\n" not in pending:
                    data = conn.recv(65536)
                    if not data:
                        return
                    pending += data
                head, _, pending = pending.partition(b"\r\n\r\n")
                lines = head.decode("latin-1").split("\r\n")
                path = lines[0].split(" ")[1]
                headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines[1:])}
                self.requests.append((path, headers))
                if not self._answer(conn, path, headers):
                    return

    def _answer(self, conn, path, headers):
        for prefix, behaviour in self.rules:
            if path.startswith(prefix):
                keep = behaviour(conn, self, path=path) if getattr(behaviour, "wants_path", False) else behaviour(conn, self)
                if keep is not None:
                    return keep
        conn.sendall(self._good(path.partition("?")[0], headers))
        return True

    def _good(self, path, headers):
        parts = [p for p in path.split("/") if p]
        if path == "/version":
            return response(body={"major": "1", "minor": "37", "gitVersion": "v1.37.2"})
        if path in ("/healthz", "/readyz", "/livez"):
            return response(body="ok", content_type="text/plain")
        if path in ("/api", "/apis"):
            return self._discovery(path, "apidiscovery" in headers.get("accept", ""))
        if parts[0] == "api" and len(parts) == 2:
            return response(body=self._resources("v1", CORE))
        if parts[0] == "apis" and len(parts) == 3 and parts[1] in GROUPS:
            return response(body=self._resources(f"{parts[1]}/{parts[2]}", GROUPS[parts[1]][1]))
        return self._list(parts)

    @staticmethod
    def _resources(version, kinds):
        resources = [{"name": n, "singularName": "", "namespaced": ns, "kind": k, "verbs": VERBS} for n, (k, ns) in kinds.items()]
        return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": resources}

    def _discovery(self, path, aggregated):
        if not aggregated:
            if path == "/api":
                return response(body={"kind": "APIVersions", "versions": ["v1"]})
            groups = [
                {
                    "name": g,
                    "versions": [{"groupVersion": f"{g}/{v}", "version": v}],
                    "preferredVersion": {"groupVersion": f"{g}/{v}", "version": v},
                }
                for g, (v, _) in GROUPS.items()
            ]
            return response(body={"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
        groups = {"": ("v1", CORE)} if path == "/api" else GROUPS
        items = []
        for group, (version, kinds) in groups.items():
            resources = [
                {
                    "resource": name,
                    "responseKind": {"group": group, "version": version, "kind": kind},
                    "scope": "Namespaced" if namespaced else "Cluster",
                    "singularResource": kind.lower(),
                    "verbs": VERBS,
                }
                for name, (kind, namespaced) in kinds.items()
            ]
            items.append({"metadata": {"name": group}, "versions": [{"version": version, "resources": resources, "freshness": "Current"}]})
        body = {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items}
        return response(body=body, content_type="application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList")

    def _list(self, parts):
        """/api/v1/pods, /api/v1/namespaces/x/pods, /apis/apps/v1/deployments ..."""
        if len(parts) < 3:
            return response(status=404, body=status_object(404, "NotFound", "not found"))
        group, version, rest = ("", parts[1], parts[2:]) if parts[0] == "api" else (parts[1], parts[2], parts[3:])
        namespace = None
        if len(rest) >= 3 and rest[0] == "namespaces":
            namespace, rest = rest[1], rest[2:]
        kinds = CORE if group == "" else GROUPS.get(group, ("", {}))[1]
        if len(rest) != 1 or rest[0] not in kinds:
            return response(status=404, body=status_object(404, "NotFound", "the server could not find the requested resource"))
        items = [o for o in self.objects.get(rest[0], []) if namespace in (None, o["metadata"].get("namespace"))]
        kind = kinds[rest[0]][0]
        api_version = f"{group}/{version}" if group else version
        return response(body={"kind": kind + "List", "apiVersion": api_version, "metadata": {"resourceVersion": "100"}, "items": items})

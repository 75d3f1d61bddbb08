"""A fake API server whose objects change while it runs: lists give what is there now, watches stream what happens."""

import contextlib
import copy
import json
import threading
import urllib.parse

from servers import FakeApi, response, status_object

HEAD = b"HTTP/1.1 200 X\r\nContent-Type: application/json;stream=watch\r\nTransfer-Encoding: chunked\r\n\r\n"


class LiveApi(FakeApi):
    """put and delete change `objects` and tell the watches; `drop` breaks every connection; `gone` makes the next watches answer 410."""

    def __init__(self, objects=None):
        super().__init__({k: [copy.deepcopy(o) for o in v] for k, v in (objects or {}).items()})
        self.lock = threading.RLock()
        self.version, self.gone, self.down = 100, 0, False
        self.watches, self.lists, self.history = {}, {}, []
        self._watch.__func__.wants_path = True
        self.on("/", self._watch)

    def _watch(self, conn, server, path):
        url = urllib.parse.urlparse(path)
        plural = url.path.split("/")[-1]
        query = urllib.parse.parse_qs(url.query)
        if self.down:
            return False
        if "watch" not in query:
            with self.lock:
                self.lists[url.path] = self.lists.get(url.path, 0) + 1
            return None
        with self.lock:
            if self.gone:
                self.gone -= 1
                conn.sendall(response(status=410, body=status_object(410, "Expired", "too old resource version")))
                return True
            conn.sendall(HEAD)
            since = int(query["resourceVersion"][0])
            for version, of, line in self.history:
                if of == plural and version > since:
                    self._send(conn, line)
            self.watches.setdefault(plural, []).append(conn)
        server.stopped.wait(120)
        return False

    @staticmethod
    def _send(conn, line):
        with contextlib.suppress(OSError):
            conn.sendall(b"%x\r\n%s\r\n" % (len(line), line))

    def _list(self, parts):
        with self.lock:
            answer = super()._list(parts)
            return answer.replace(b'"resourceVersion": "100"', b'"resourceVersion": "%d"' % self.version, 1)

    def _good(self, path, headers):
        answer = super()._good(path, headers)
        if b'"items"' not in answer:
            return answer
        return response(body=json.loads(answer.partition(b"\r\n\r\n")[2]))  # the length may have changed

    def _tell(self, plural, kind, obj):
        self.version += 1
        obj["metadata"]["resourceVersion"] = str(self.version)
        line = json.dumps({"type": kind, "object": obj}).encode() + b"\n"
        self.history.append((self.version, plural, line))
        for conn in self.watches.get(plural, []):
            self._send(conn, line)

    @staticmethod
    def _same(a, b):
        return all(a["metadata"].get(k) == b["metadata"].get(k) for k in ("namespace", "name"))

    def put(self, plural, obj):
        obj = copy.deepcopy(obj)
        with self.lock:
            there = self.objects.setdefault(plural, [])
            known = any(self._same(o, obj) for o in there)
            there[:] = [o for o in there if not self._same(o, obj)] + [obj]
            self._tell(plural, "MODIFIED" if known else "ADDED", obj)

    def delete(self, plural, obj):
        with self.lock:
            there = self.objects.get(plural, [])
            there[:] = [o for o in there if not self._same(o, obj)]
            self._tell(plural, "DELETED", copy.deepcopy(obj))

    def drop(self):
        import socket

        with self.lock:
            for conns in self.watches.values():
                for conn in conns:
                    with contextlib.suppress(OSError):
                        conn.shutdown(socket.SHUT_RDWR)
            self.watches = {}

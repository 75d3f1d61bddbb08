"""What stands in for the world outside the cluster: a registry on 127.0.0.1:5000 that has no image, and a name server on 127.0.0.53 that knows
no name. The registry answers 404, or 401 for the repositories listed, one a line, in FOLDER/denied: image pulls fail as they do in life."""

import http.server
import socket
import sys
import threading

denied_file = sys.argv[1] + "/denied"


class Registry(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        repository = self.path.removeprefix("/v2/").split("/manifests/")[0].split("/blobs/")[0]
        try:
            with open(denied_file) as f:
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


def name_server():
    """Answers every question with NXDOMAIN."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.53", 53))
    while True:
        question, peer = server.recvfrom(4096)
        if len(question) < 17:
            continue
        end = question.index(b"\0", 12) + 5  # the name's closing zero, then type and class
        server.sendto(question[:2] + b"\x81\x83" + b"\0\1\0\0\0\0\0\0" + question[12:end], peer)


threading.Thread(target=name_server, daemon=True).start()
http.server.ThreadingHTTPServer(("127.0.0.1", 5000), Registry).serve_forever()

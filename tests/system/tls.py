"""Certificates, made with the openssl program, and the fake API server behind TLS."""

import contextlib
import ssl
import subprocess

from servers import FakeApi


class Authority:
    """A certificate authority in a folder; its certificates are files there."""

    def __init__(self, folder, name="ca"):
        self.folder, self.name = folder, name
        self.certificate, self.key = folder / f"{name}.crt", folder / f"{name}.key"
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
                      "-subj", f"/CN={name}", "-keyout", self.key, "-out", self.certificate)  # fmt: skip

    @staticmethod
    def _openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)

    def issue(self, name, alternative="IP:127.0.0.1", start=None, end=None):
        """(certificate, key) files. start and end: "20200101000000Z"."""
        key, request, certificate = (self.folder / f"{name}.{s}" for s in ("key", "csr", "crt"))
        extensions = self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={alternative}\n" if alternative else "keyUsage=digitalSignature\n")
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}/O=testers",
                      "-keyout", key, "-out", request)  # fmt: skip
        if start is None:
            self._openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial", "-days", "10",
                          "-extfile", extensions, "-out", certificate)  # fmt: skip
        else:
            self._issue_at(request, certificate, extensions, start, end)
        return certificate, key

    def _issue_at(self, request, certificate, extensions, start, end):
        """openssl x509 cannot choose the first day; openssl ca can."""
        (self.folder / "index.txt").write_text("")
        (self.folder / "serial").write_text("1000\n")
        config = self.folder / "ca.conf"
        config.write_text(
            f"[ca]\ndefault_ca=d\n[d]\ndatabase={self.folder}/index.txt\nserial={self.folder}/serial\nnew_certs_dir={self.folder}\n"
            f"default_md=sha256\npolicy=p\nunique_subject=no\n[p]\ncommonName=supplied\norganizationName=optional\n"
        )
        self._openssl("ca", "-batch", "-config", config, "-cert", self.certificate, "-keyfile", self.key, "-in", request, "-out", certificate,
                      "-startdate", start, "-enddate", end, "-extfile", extensions, "-notext")  # fmt: skip


class TlsApi(FakeApi):
    """The fake API server over TLS. `names` are the server names clients asked for, `subjects` the client certificates they showed."""

    def __init__(self, objects, certificate, key, client_authority=None, client_required=False):
        self.names, self.subjects = [], []
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.context.sni_callback = lambda _socket, name, _context: self.names.append(name)
        if client_authority:
            self.context.load_verify_locations(client_authority)
            self.context.verify_mode = ssl.CERT_REQUIRED if client_required else ssl.CERT_OPTIONAL
        super().__init__(objects)
        self.port = self.listener.getsockname()[1]
        self.url = f"https://127.0.0.1:{self.port}"

    def _serve(self, conn):
        # What a client thinks of our certificate is its business: it says so by ending the handshake.
        with contextlib.suppress(OSError), self.context.wrap_socket(conn, server_side=True) as secure:
            certificate = secure.getpeercert()
            if certificate:
                self.subjects.append(dict(part[0] for part in certificate["subject"])["commonName"])
            super()._serve(secure)

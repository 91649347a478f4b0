"""A server on loopback that speaks to the real clients of the hosts of models."""

import contextlib
import hashlib
import http.server
import io
import json
import ssl
import subprocess
import tarfile
import threading
from urllib.parse import urlsplit

COMMIT = "1f" * 20


def serve(models, certificate=None):
    """Serves folders until the block ends, as the hosts of models do.

    Args:
        models: dict of a model's name on every host (`owner/name`) to the folder with its files.
        certificate: path or None, as for `serving`.

    Returns:
        context manager of str: the server's address.
    """
    return serving(type("Handler", (_Handler,), {"models": models}), certificate)


@contextlib.contextmanager
def serving(handler, certificate=None):
    """Serves until the block ends.

    Args:
        handler: class of `http.server`.
        certificate: path. What `make_certificate` wrote, to serve `https://`; None for `http://`.

    Yields:
        str: the server's address.
    """
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http{'s' if certificate else ''}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def make_certificate(folder):
    """Returns a file with a certificate of 127.0.0.1 and its key; SSL_CERT_FILE has it trusted."""
    path = folder / "certificate.pem"
    subject = ("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1")
    kind = ("-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    files = ("-keyout", folder / "key.pem", "-out", path)
    subprocess.run(["openssl", "req", *kind, *subject, *files], check=True, capture_output=True)
    path.write_text(path.read_text() + (folder / "key.pem").read_text())
    return path


class _Handler(http.server.BaseHTTPRequestHandler):
    models: dict

    def do_GET(self):
        address = urlsplit(self.path)
        parts = address.path.strip("/").split("/")
        if parts[:2] == ["api", "models"] and "/".join(parts[2:4]) in self.models:
            files = self._files("/".join(parts[2:4]))
            self._answer_huggingface(parts[4], files)
        elif parts[2:3] == ["resolve"] and "/".join(parts[:2]) in self.models:
            self._send(self._files("/".join(parts[:2]))["/".join(parts[4:])])
        elif address.query == "tf-hub-format=compressed" and "/".join(parts) in self.models:
            self._send(_packed(self._files("/".join(parts))))
        else:
            self.send_error(404)

    do_HEAD = do_GET

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        files = self._files(f"{request['ownerSlug']}/{request['modelSlug']}")
        method = self.path.rsplit("/", 1)[1]
        if not files:
            self.send_error(404)
        elif method == "GetModelInstance":
            self._send_json({"versionNumber": 3})
        elif method == "ListModelInstanceVersionFiles":
            self._send_json({"files": [{"name": name} for name in files]})
        else:
            self._send(files[request["path"]])

    def _files(self, name):
        folder = self.models.get(name)
        paths = [] if folder is None else sorted(folder.rglob("*"))
        return {
            str(path.relative_to(folder)): path.read_bytes() for path in paths if path.is_file()
        }

    def _answer_huggingface(self, question, files):
        if question == "revision":
            siblings = [{"rfilename": name} for name in files]
            self._send_json({"id": "owner/name", "sha": COMMIT, "siblings": siblings})
        else:
            self._send_json(
                [
                    {"type": "file", "path": name, "size": len(content), "oid": _digest(content)}
                    for name, content in files.items()
                ]
            )

    def _send_json(self, values):
        self._send(json.dumps(values).encode(), "application/json")

    def _send(self, content, kind="application/octet-stream"):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", f'"{_digest(content)}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_):
        """Says nothing: the clients report what goes wrong."""


def _digest(content):
    return hashlib.sha1(content).hexdigest()


def _packed(files):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(f"./{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()

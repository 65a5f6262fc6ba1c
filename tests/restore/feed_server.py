"""A NuGet v3 server on this machine, made of a folder of packages, that can be told to misbehave."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from server.restore.nuspec import read_nuspec


@dataclass(frozen=True, slots=True)
class Response:
    """What the server answers; `declared_bytes` is a false Content-Length."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    declared_bytes: int | None = None


@dataclass(slots=True)
class FeedServer:
    """A running server. `misbehave` may answer a path in its own way; None lets the server answer."""

    packages: dict[str, dict[str, bytes]] = field(repr=False)
    credentials: str = ""
    with_registrations_only: bool = False
    misbehave: Callable[[str], Response | None] = lambda path: None
    requests: list[str] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    url: str = ""

    @property
    def index(self) -> str:
        """The URL of the service index."""
        return f"{self.url}/v3/index.json"

    def respond(self, path: str, authorization: str, etag: str) -> Response:
        """The answer to GET `path`."""
        own = self.misbehave(path)
        if own is not None:
            return own
        if self.credentials and authorization != "Basic " + base64.b64encode(self.credentials.encode()).decode():
            return Response(401, b"", (("WWW-Authenticate", 'Basic realm="feed"'),))
        found = self._content(path)
        if found is None:
            return Response(404)
        tag = f'"{hashlib.sha256(found).hexdigest()[:16]}"'
        return Response(304, b"", (("ETag", tag),)) if tag == etag else Response(200, found, (("ETag", tag),))

    def _content(self, path: str) -> bytes | None:
        if path == "/v3/index.json":
            return json.dumps(self._service_index()).encode()
        if match := re.fullmatch(r"/flat/([^/]+)/index\.json", path):
            versions = self.packages.get(match[1])
            return json.dumps({"versions": list(versions)}).encode() if versions else None
        if match := re.fullmatch(r"/(?:flat|other)/([^/]+)/([^/]+)/\1\.\2\.nupkg", path):
            return self.packages.get(match[1], {}).get(match[2])
        if match := re.fullmatch(r"/reg/([^/]+)/index\.json", path):
            return self._registration(match[1])
        return None

    def _service_index(self) -> object:
        resources: list[object] = [{"@id": f"{self.url}/reg/", "@type": "RegistrationsBaseUrl/3.6.0"}]
        if not self.with_registrations_only:
            resources.append({"@id": f"{self.url}/flat/", "@type": ["PackageBaseAddress/3.0.0"]})
        return {"version": "3.0.0", "resources": resources}

    def _registration(self, package_id: str) -> bytes | None:
        versions = self.packages.get(package_id)
        if not versions:
            return None
        leaves = [
            {
                "catalogEntry": {"id": package_id, "version": version, "listed": False},
                "packageContent": f"{self.url}/other/{package_id}/{version}/{package_id}.{version}.nupkg",
            }
            for version in versions
        ]
        return json.dumps({"items": [{"@id": "#page", "items": leaves}]}).encode()


def packages_in(folder: Path) -> dict[str, dict[str, bytes]]:
    """id in lower case -> version in lower case -> archive, of all .nupkg files in a folder."""
    found: dict[str, dict[str, bytes]] = {}
    for path in sorted(folder.glob("*.nupkg")):
        with zipfile.ZipFile(path) as archive:
            name = next(name for name in archive.namelist() if name.endswith(".nuspec"))
            nuspec = read_nuspec(archive.read(name), name)
        found.setdefault(nuspec.id.lower(), {})[path.name[len(nuspec.id) + 1 : -len(".nupkg")].lower()] = path.read_bytes()
    return found


@contextmanager
def running(feed: FeedServer) -> Iterator[FeedServer]:
    """The server on a free port of this machine, until the block ends."""
    lock = threading.Lock()

    class Requests(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            response = feed.respond(self.path, self.headers.get("Authorization", ""), self.headers.get("If-None-Match", ""))
            with lock:
                feed.requests.append(self.path)
                feed.answers.append(response.status)
            self.send_response(response.status)
            for name, value in response.headers:
                self.send_header(name, value)
            declared = len(response.body) if response.declared_bytes is None else response.declared_bytes
            if response.status != 304:
                self.send_header("Content-Length", str(declared))
            self.end_headers()
            self.wfile.write(response.body)
            if declared > len(response.body):
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            if not isinstance(sys.exc_info()[1], ConnectionError):  # a client that was killed
                super().handle_error(request, client_address)  # type: ignore[arg-type]  # handed on as they came

    server = Server(("127.0.0.1", 0), Requests)
    server.daemon_threads = True
    feed.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield feed
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

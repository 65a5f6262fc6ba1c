"""Requests to one source's servers: retried, timed out, through the proxy that is set, with credentials where they belong.

Credentials go to the host that the source names, and over TLS to the hosts that its service index names, and only after such a
host asked for them; a redirect to another host gets none. Nothing logged or raised here holds a password or a query.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatch
from threading import Lock
from typing import TypeVar
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

import urllib3

from server.restore.errors import SourceError
from server.restore.settings import PackageSource, Proxy

Taken = TypeVar("Taken")
_LOGGER = logging.getLogger(__name__)
_MAX_REDIRECTS = 10
_RETRIED_STATUS = frozenset({408, 429, 500, 502, 503, 504})
_CHUNK_BYTES = 1 << 16
_LONGEST_WAIT_SECONDS = 30.0
_WAYS_DOWN = {("https", "http")}


@dataclass(frozen=True, slots=True)
class HttpOptions:
    """How patient the client is. NuGet's numbers; a test has less patience."""

    tries: int = 3
    connect_seconds: float = 100.0
    read_seconds: float = 60.0
    pause_seconds: float = 0.2
    connections: int = 16
    may_wait_for_connection: bool = False


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A whole answer. The body is empty for 304 and 404."""

    status: int
    body: bytes
    etag: str


class _Interrupted(Exception):
    """An answer that did not arrive whole or asks for another try."""

    def __init__(self, reason: str, wait_seconds: float = 0.0) -> None:
        super().__init__(reason)
        self.wait_seconds = wait_seconds


@dataclass(slots=True)
class HttpClient:
    """Connections to a source's servers. May be used from several threads."""

    source: PackageSource
    proxy: Proxy | None
    environment: Mapping[str, str]
    options: HttpOptions = HttpOptions()
    trusted_hosts: set[str] = field(default_factory=set)
    _asked_for_credentials: set[str] = field(default_factory=set)
    _pools: dict[str, urllib3.PoolManager] = field(default_factory=dict, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def get(self, url: str, limit_bytes: int, etag: str = "") -> HttpAnswer:
        """The answer to GET; 404 and, with `etag`, 304 are answers. Raises SourceError for anything else that is not 200."""
        headers = {"Accept": "application/json", **({"If-None-Match": etag} if etag else {})}
        body = bytearray()

        def take(response: urllib3.BaseHTTPResponse) -> HttpAnswer:
            body.clear()
            for chunk in _chunks(response):
                body.extend(chunk)
                if len(body) > limit_bytes:
                    raise SourceError(self.source.source, f"The answer of '{shown(url)}' is larger than {limit_bytes} bytes")
            return HttpAnswer(response.status, bytes(body), response.headers.get("ETag", ""))

        return self._tried(url, headers, take)

    def download(self, url: str, write: Callable[[Iterator[bytes]], None]) -> bool:
        """Gives the body to `write`, anew for each try; False for 404. Raises SourceError."""

        def take(response: urllib3.BaseHTTPResponse) -> bool:
            if response.status == 404:
                return False
            write(_chunks(response))
            return True

        return self._tried(url, {"Accept-Encoding": "identity"}, take)

    def _tried(self, url: str, headers: Mapping[str, str], take: Callable[[urllib3.BaseHTTPResponse], Taken]) -> Taken:
        failure: Exception | None = None
        for attempt in range(1, self.options.tries + 1):
            try:
                with self._response(url, headers) as response:
                    return take(response)
            except (_Interrupted, urllib3.exceptions.HTTPError) as error:
                failure = error
                _LOGGER.info("request failed url=%s attempt=%d reason=%s", shown(url), attempt, type(error).__name__)
                if attempt < self.options.tries:
                    asked = error.wait_seconds if isinstance(error, _Interrupted) else 0.0
                    time.sleep(min(max(asked, self.options.pause_seconds * attempt), _LONGEST_WAIT_SECONDS))
        raise SourceError(self.source.source, _reason(failure)) from failure

    @contextmanager
    def _response(self, url: str, headers: Mapping[str, str]) -> Iterator[urllib3.BaseHTTPResponse]:
        response = self._followed(url, headers)
        try:
            if response.status in _RETRIED_STATUS:
                raise _Interrupted(_status_text(response), _retry_after(response))
            if response.status not in (200, 304, 404):
                raise SourceError(self.source.source, _status_text(response))
            yield response
        finally:
            _finish(response)

    def _followed(self, url: str, headers: Mapping[str, str]) -> urllib3.BaseHTTPResponse:
        for _ in range(_MAX_REDIRECTS):
            response = self._sent(url, headers)
            location = response.headers.get("Location", "") if response.status in (301, 302, 303, 307, 308) else ""
            if not location:
                return response
            _finish(response)
            target = urljoin(url, location)
            if (urlsplit(url).scheme, urlsplit(target).scheme) in _WAYS_DOWN or urlsplit(target).scheme not in ("http", "https"):
                raise SourceError(self.source.source, f"'{shown(url)}' redirects to '{shown(target)}', which is not encrypted")
            url = target
        raise SourceError(self.source.source, f"'{shown(url)}' is redirected more than {_MAX_REDIRECTS} times")

    def _sent(self, url: str, headers: Mapping[str, str]) -> urllib3.BaseHTTPResponse:
        host = urlsplit(url).netloc
        response = self._sent_with(url, headers, with_credentials=host in self._asked_for_credentials)
        if response.status == 401 and host not in self._asked_for_credentials and self._may_have_credentials(urlsplit(url)):
            _finish(response)
            with self._lock:
                self._asked_for_credentials.add(host)
            response = self._sent_with(url, headers, with_credentials=True)
        return response

    def _sent_with(self, url: str, headers: Mapping[str, str], *, with_credentials: bool) -> urllib3.BaseHTTPResponse:
        credentials = self.source.credentials
        added = urllib3.make_headers(basic_auth=f"{credentials.user}:{credentials.password}") if with_credentials and credentials else {}
        timeout = urllib3.Timeout(connect=self.options.connect_seconds, read=self.options.read_seconds)
        return self._pool(url).request(
            "GET", url, headers={**headers, **added}, timeout=timeout, retries=False, redirect=False, preload_content=False
        )

    def _may_have_credentials(self, url: SplitResult) -> bool:
        credentials = self.source.credentials
        if credentials is None or (credentials.authentication_types and "basic" not in credentials.authentication_types):
            return False
        same = (url.scheme, url.netloc) == urlsplit(self.source.source)[:2]
        return same or (url.scheme == "https" and url.netloc in self.trusted_hosts)

    def _pool(self, url: str) -> urllib3.PoolManager:
        proxy = proxy_for(urlsplit(url), self.proxy, self.environment)
        with self._lock:
            if proxy not in self._pools:
                self._pools[proxy] = self._new_pool(proxy)
            return self._pools[proxy]

    def _new_pool(self, proxy: str) -> urllib3.PoolManager:
        verification = "CERT_NONE" if self.source.skips_certificate_validation else "CERT_REQUIRED"
        if not proxy:
            return urllib3.PoolManager(maxsize=self.options.connections, block=self.options.may_wait_for_connection, cert_reqs=verification)
        parts = urlsplit(proxy)
        address = f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
        credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username else None
        headers = urllib3.make_headers(proxy_basic_auth=credentials)
        return urllib3.ProxyManager(
            address,
            maxsize=self.options.connections,
            block=self.options.may_wait_for_connection,
            proxy_headers=headers,
            cert_reqs=verification,
        )


def proxy_for(url: SplitResult, configured: Proxy | None, environment: Mapping[str, str]) -> str:
    """The proxy's URL for a request, "" when it goes straight there. The configuration goes before the environment."""
    if configured is not None:
        found, bypassed = configured.url, configured.bypassed
    else:
        names = ("http_proxy", f"{url.scheme}_proxy", f"{url.scheme.upper()}_PROXY", "all_proxy", "ALL_PROXY")
        found = next((environment[name] for name in names if environment.get(name)), "")
        text = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
        bypassed = tuple(part.strip() for part in text.split(",") if part.strip())
    if not found or is_bypassed(url.hostname or "", bypassed):
        return ""
    return found if "://" in found else f"http://{found}"


def is_bypassed(host: str, patterns: tuple[str, ...]) -> bool:
    """Whether requests to `host` do not go through a proxy: this machine never does."""
    host = host.lower()
    if host in ("localhost", "::1") or host.startswith("127."):
        return True
    for pattern in patterns:
        bare = pattern.lower().removeprefix("*").removeprefix(".")
        if pattern == "*" or host == bare or (bare and host.endswith(f".{bare}")) or fnmatch(host, pattern.lower()):
            return True
    return False


def shown(url: str) -> str:
    """`url` without user, password and query: what may be logged."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"


def _finish(response: urllib3.BaseHTTPResponse) -> None:
    """Gives the connection back. A short rest of the answer is read for that; with a longer one the connection ends."""
    length = response.headers.get("Content-Length", "")
    if length.isascii() and length.isdigit() and int(length) <= _CHUNK_BYTES:
        response.drain_conn()
        response.release_conn()
    else:
        response.close()


def _chunks(response: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    yield from response.stream(_CHUNK_BYTES, decode_content=True)


def _retry_after(response: urllib3.BaseHTTPResponse) -> float:
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdigit() else 0.0


def _status_text(response: urllib3.BaseHTTPResponse) -> str:
    return f"Response status code does not indicate success: {response.status} ({response.reason})."


def _reason(error: Exception | None) -> str:
    match error:
        case _Interrupted():
            return str(error)
        case urllib3.exceptions.TimeoutError():
            return "The request timed out."
        case urllib3.exceptions.SSLError():
            return "The SSL connection could not be established."
        case urllib3.exceptions.NameResolutionError():
            return "The name of the server cannot be resolved."
        case urllib3.exceptions.NewConnectionError() | urllib3.exceptions.ProxyError():
            return "The connection to the server or its proxy was refused."
        case _:
            return "The answer ended early or was damaged."

"""A NuGet v3 server as a source: its service index, the versions of a package, the packages themselves.

Packages come from PackageBaseAddress, or by the registrations where a server has only those. As in NuGet both name unlisted
versions too: what is unlisted is only not shown in searches. A package is downloaded once, into the HTTP cache, and is judged there
before anybody sees it. Version 2 servers are refused by name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote, urljoin, urlsplit

from server.restore.answers import Answers
from server.restore.errors import BROKEN_ARCHIVE, PackageError, SourceError
from server.restore.http_cache import LIST_SECONDS, SERVICE_INDEX_SECONDS, HttpCache
from server.restore.http_client import HttpClient, shown
from server.restore.nuspec import Nuspec
from server.restore.package_archive import ArchiveLimits, open_package
from server.restore.versions import NuGetVersion, parse_version

_JSON_BYTES = 64 << 20
_NUPKG_SECONDS = LIST_SECONDS
_PACKAGE_BASE = ("PackageBaseAddress/Versioned", "PackageBaseAddress/3.0.0")
_REGISTRATIONS = tuple(f"RegistrationsBaseUrl{version}" for version in ("/Versioned", "/3.6.0", "/3.4.0", "/3.0.0-rc", "/3.0.0-beta", ""))
_MAX_PAGES = 4096

JsonObject = dict[str, object]


@dataclass(slots=True)
class HttpFeed:
    """A v3 server. Answers are kept for the life of this object, and in `cache` longer."""

    client: HttpClient
    cache: HttpCache
    limits: ArchiveLimits = ArchiveLimits()
    download_bytes: int = 8 << 30
    _resources: Answers[str, dict[str, tuple[str, ...]]] = field(default_factory=Answers)
    _versions: Answers[str, dict[NuGetVersion, str]] = field(default_factory=Answers)
    _archives: Answers[tuple[str, NuGetVersion], tuple[Path, Nuspec]] = field(default_factory=Answers)

    is_http = True

    @property
    def source(self) -> str:
        """The URL of the service index, as configured."""
        return self.client.source.source

    def versions(self, package_id: str) -> tuple[NuGetVersion, ...]:
        """All versions of a package, ascending. Raises SourceError."""
        return tuple(sorted(self._by_version(package_id)))

    def nuspec(self, package_id: str, version: NuGetVersion) -> Nuspec:
        """The manifest of a version that `versions` named; its package is downloaded. Raises SourceError and PackageError."""
        return self._archive(package_id, version)[1]

    def open(self, package_id: str, version: NuGetVersion) -> BinaryIO:
        """The archive of a version that `versions` named. Raises SourceError and PackageError."""
        return self._archive(package_id, version)[0].open("rb")

    def resources(self, *types: str) -> tuple[str, ...]:
        """The URLs of the first of `types` that the service index has. Raises SourceError."""
        index = self._resources.get("", self._service_index)
        return next((index[wanted] for wanted in types if wanted in index), ())

    def json(self, url: str, key: str, seconds: float) -> JsonObject | list[object] | None:
        """The parsed answer of `url`, from the cache while it counts; None for 404. Raises SourceError."""
        fresh = self.cache.fresh(key, seconds)
        if fresh is not None:
            kept = _parsed(fresh.read_bytes())
            if kept is not None:
                return kept
        answer = self.client.get(url, _JSON_BYTES, self.cache.etag(key))
        if answer.status == 404:
            return None
        if answer.status == 304:
            self.cache.renew(key)
            body = self.cache.path(key).read_bytes()
        else:
            body = answer.body
        parsed = _parsed(body)
        if parsed is None:
            raise SourceError(self.source, f"The content at '{shown(url)}' is not a valid JSON object.")
        if answer.status == 200:
            self.cache.keep(key, body, answer.etag)
        return parsed

    def _service_index(self) -> dict[str, tuple[str, ...]]:
        url = self.source
        if self.client.source.protocol_version != 3 and not urlsplit(url).path.lower().endswith(".json"):
            message = f"The source '{shown(url)}' is a NuGet version 2 feed, which is not supported."
            raise SourceError(
                url, f"{message} Use the server's version 3 service index (its URL ends with 'index.json') or set protocolVersion."
            )
        try:
            index = self.json(url, "service_index", SERVICE_INDEX_SECONDS)
        except SourceError as error:
            raise self._no_service_index(error.message) from error
        if index is None:
            raise self._no_service_index("Response status code does not indicate success: 404 (Not Found).")
        return self._resources_of(index)

    def _no_service_index(self, reason: str) -> SourceError:
        return SourceError(self.source, f"Unable to load the service index for source {shown(self.source)}.\n  {reason}")

    def _resources_of(self, index: JsonObject | list[object]) -> dict[str, tuple[str, ...]]:
        version = parse_version(str(index.get("version", ""))) if isinstance(index, dict) else None
        if not isinstance(index, dict) or version is None or version.numbers[0] != 3:
            raise SourceError(
                self.source, f"Unable to load the service index for source {shown(self.source)}.\n  {_version_problem(index)}"
            )
        found: dict[str, tuple[str, ...]] = {}
        for resource in _objects(index.get("resources")):
            address, types = resource.get("@id"), resource.get("@type")
            if isinstance(address, str):
                url = urljoin(self.source, address)
                self.client.trusted_hosts.add(urlsplit(url).netloc)
                for kind in types if isinstance(types, list) else [types]:
                    found[str(kind)] = (*found.get(str(kind), ()), url)
        return found

    def _by_version(self, package_id: str) -> dict[NuGetVersion, str]:
        """Version -> URL of its archive."""
        key = package_id.lower()
        return self._versions.get(key, lambda: self._find_versions(key))

    def _find_versions(self, key: str) -> dict[NuGetVersion, str]:
        bases = self.resources(*_PACKAGE_BASE)
        registrations = self.resources(*_REGISTRATIONS)
        if not bases and not registrations:
            raise SourceError(self.source, f"The source '{shown(self.source)}' has neither PackageBaseAddress nor RegistrationsBaseUrl.")
        failure: SourceError | None = None
        for base in (bases or registrations)[:3]:
            base = base if base.endswith("/") else f"{base}/"
            try:
                return self._flat_versions(base, key) if bases else self._registered_versions(base, key)
            except SourceError as error:
                failure = error
        assert failure is not None, "there is at least one base"
        url = f"{(bases or registrations)[0].rstrip('/')}/{key}/index.json"
        message = f"Failed to retrieve information about '{key}' from remote source '{shown(url)}'.\n  {failure.message}"
        raise SourceError(self.source, message) from failure

    def _flat_versions(self, base: str, key: str) -> dict[NuGetVersion, str]:
        index = self.json(f"{base}{quote(key, safe='')}/index.json", f"list_{key}", LIST_SECONDS)
        listed = index.get("versions") if isinstance(index, dict) else None
        found: dict[NuGetVersion, str] = {}
        for text in listed if isinstance(listed, list) else []:
            version = parse_version(str(text))
            if version is None:
                raise SourceError(self.source, f"'{text}' is not a valid version string.")
            name = version.normalized.lower()
            found.setdefault(
                version, f"{base}{quote(key, safe='')}/{quote(name, safe='')}/{quote(key, safe='')}.{quote(name, safe='')}.nupkg"
            )
        return found

    def _registered_versions(self, base: str, key: str) -> dict[NuGetVersion, str]:
        index = self.json(f"{base}{quote(key, safe='')}/index.json", f"list_{key}_index", LIST_SECONDS)
        found: dict[NuGetVersion, str] = {}
        for leaf in self._leaves(index, key):
            entry, content = leaf.get("catalogEntry"), leaf.get("packageContent")
            version = parse_version(str(entry.get("version", ""))) if isinstance(entry, dict) else None
            if version is not None and isinstance(content, str):
                found.setdefault(version, urljoin(base, content))
        return found

    def _leaves(self, index: JsonObject | list[object] | None, key: str) -> Iterator[JsonObject]:
        pages = _objects(index.get("items")) if isinstance(index, dict) else []
        for page in pages[:_MAX_PAGES]:
            whole: JsonObject | list[object] | None = page
            if "items" not in page and isinstance(page.get("@id"), str):
                bounds = f"{page.get('lower', '')}-{page.get('upper', '')}"
                whole = self.json(str(page["@id"]), f"list_{key}_range_{bounds}", LIST_SECONDS)
            yield from _objects(whole.get("items")) if isinstance(whole, dict) else []

    def _archive(self, package_id: str, version: NuGetVersion) -> tuple[Path, Nuspec]:
        key = package_id.lower()
        return self._archives.get((key, version), lambda: self._find_archive(key, version))

    def _find_archive(self, key: str, version: NuGetVersion) -> tuple[Path, Nuspec]:
        name = f"nupkg_{key}.{version.normalized}"
        kept = self.cache.fresh(name, _NUPKG_SECONDS)
        if kept is not None:
            try:
                return kept, self._judged(kept, f"{key} {version}")
            except PackageError:
                kept.unlink(missing_ok=True)  # damaged since: it is downloaded anew
        url = self._by_version(key)[version]
        path = self.cache.path(name)
        with self.cache.new_file(path) as temporary:
            self._download(url, temporary, key, version)
            nuspec = self._judged(temporary, f"{key} {version}")
        return path, nuspec

    def _judged(self, path: Path, name: str) -> Nuspec:
        with path.open("rb") as file, open_package(file, name, self.limits) as package:
            return package.nuspec()

    def _download(self, url: str, target: Path, key: str, version: NuGetVersion) -> None:
        def write(chunks: Iterator[bytes]) -> None:
            with target.open("wb") as file:
                for chunk in chunks:
                    file.write(chunk)
                    if file.tell() > self.download_bytes:
                        raise PackageError(BROKEN_ARCHIVE, f"The package at '{shown(url)}' is larger than {self.download_bytes} bytes")

        try:
            there = self.client.download(url, write)
        except SourceError as error:
            message = f"Failed to download package '{key}.{version}' from '{shown(url)}'.\n  {error.message}"
            raise SourceError(self.source, message) from error
        if not there:
            message = (
                f"The feed '{shown(self.source)}' lists package '{key}.{version}' but multiple attempts to download the nupkg have failed. "
                "The feed is either invalid or required packages were removed while the current operation was in progress. "
                "Verify the package exists on the feed and try again."
            )
            raise SourceError(self.source, message)


def _parsed(body: bytes) -> JsonObject | list[object] | None:
    try:
        parsed = json.loads(body.removeprefix(b"\xef\xbb\xbf"))
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict | list) else None


def _objects(value: object) -> list[JsonObject]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _version_problem(index: JsonObject | list[object]) -> str:
    version = index.get("version") if isinstance(index, dict) else None
    if isinstance(version, str):
        return f"The source version is not supported: '{version}'."
    return "The source does not have the 'version' property."

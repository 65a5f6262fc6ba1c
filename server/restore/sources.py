"""The sources, the packages folder and the fallback folders of a restore as one place to find packages, read and install them.

How several sources become one answer is NuGet's: what is installed counts first, an exact hit on the lower bound ends the search,
folders are asked before servers, ties go to the source that comes first. All answers are kept, so that a question costs once; all
methods may be called from several threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import BinaryIO, Protocol

from server.restore.answers import Answers
from server.restore.errors import RestoreError, SourceError
from server.restore.nuspec import Nuspec
from server.restore.packages_folder import InstalledPackage, PackagesFolder, check_hash, is_folder_name
from server.restore.versions import NuGetVersion, VersionRange
from server.restore.vulnerabilities import KnownVulnerabilities

_PARALLEL_REQUESTS = 16


class Feed(Protocol):
    """What a source can be asked. All methods raise SourceError when it cannot answer."""

    @property
    def source(self) -> str:
        """The path or URL, as configured."""

    @property
    def is_http(self) -> bool:
        """Whether it is a server: folders are asked before servers."""

    def versions(self, package_id: str) -> tuple[NuGetVersion, ...]:
        """All versions of a package, ascending; none when there is no such package."""

    def nuspec(self, package_id: str, version: NuGetVersion) -> Nuspec:
        """The manifest of a version that is among `versions`. Raises PackageError."""

    def open(self, package_id: str, version: NuGetVersion) -> BinaryIO:
        """The archive of a version that is among `versions`."""


@dataclass(frozen=True, slots=True)
class NamedFeed:
    """A feed under its key in the configuration."""

    name: str
    feed: Feed


@dataclass(frozen=True, slots=True)
class Auditor:
    """A source that may know of vulnerable packages; `is_audit_source` when it is configured for that alone."""

    name: str
    is_audit_source: bool
    ask: Callable[[], KnownVulnerabilities | None]


@dataclass(frozen=True, slots=True)
class Match:
    """A version that was found: in a packages folder (`installed`) or on a feed."""

    id: str
    version: NuGetVersion
    feed: NamedFeed | None
    installed: InstalledPackage | None


@dataclass(frozen=True, slots=True)
class SourceVersions:
    """What one source has of a package."""

    source: str
    versions: tuple[NuGetVersion, ...]


@dataclass(slots=True)
class PackageSources:
    """Where a project's packages come from.

    `considers` says which feeds may serve an id (package source mapping). With `ignore_failed_sources` a source that cannot be
    asked has nothing, and `failures` gets the id and the error; without, the error is raised. `insecure` are the URLs of servers
    without encryption that the configuration does not allow.
    """

    feeds: Sequence[NamedFeed]
    packages: PackagesFolder
    fallbacks: Sequence[PackagesFolder] = ()
    considers: Callable[[str], Sequence[str]] | None = None
    ignore_failed_sources: bool = False
    auditors: Sequence[Auditor] = ()
    insecure: Sequence[str] = ()
    failures: list[tuple[str, SourceError]] = field(default_factory=list)
    _matches: Answers[tuple[str, VersionRange], Match | None] = field(default_factory=Answers)
    _nuspecs: Answers[tuple[str, NuGetVersion], Nuspec] = field(default_factory=Answers)
    _pools: list[ThreadPoolExecutor] = field(default_factory=list)  # one, made when it is needed first
    _lock: Lock = field(default_factory=Lock)

    def feeds_for(self, package_id: str) -> tuple[NamedFeed, ...]:
        """The feeds that may serve the package, in the order of the configuration."""
        if self.considers is None:
            return tuple(self.feeds)
        names = {name.lower() for name in self.considers(package_id)}
        return tuple(feed for feed in self.feeds if feed.name.lower() in names)

    def find(self, package_id: str, wanted: VersionRange) -> Match | None:
        """The package that NuGet would take for the range; none for an id that no package may have. Raises SourceError."""
        if not is_folder_name(package_id):
            return None
        return self._matches.get((package_id.lower(), wanted), lambda: self._find(package_id, wanted))

    def versions(self, package_id: str) -> tuple[NuGetVersion, ...]:
        """All versions on all feeds that may serve the package, ascending. Raises SourceError."""
        return tuple(sorted({version for one in self.versions_by_source(package_id) for version in one.versions}))

    def versions_by_source(self, package_id: str) -> tuple[SourceVersions, ...]:
        """What each feed that may serve the package has of it. Raises SourceError."""
        asked = self.feeds_for(package_id)
        found = self._all_versions(asked, package_id) if is_folder_name(package_id) else [()] * len(asked)
        return tuple(SourceVersions(feed.name, versions) for feed, versions in zip(asked, found, strict=True))

    def nuspec(self, match: Match) -> Nuspec:
        """The manifest of what `find` found. Raises SourceError and PackageError."""
        return self._nuspecs.get((match.id.lower(), match.version), lambda: self._nuspec(match))

    def install(self, match: Match, expected_hash: str | None = None) -> InstalledPackage:
        """What `find` found, in a packages folder from here on. `expected_hash` is the lock file's content hash.

        Raises PackageError, and nothing of the package is left then; SourceError; OSError.
        """
        if match.installed is not None:
            check_hash(match.installed, expected_hash)
            return match.installed
        assert match.feed is not None, "a match is installed or on a feed"
        feed = match.feed.feed
        with feed.open(match.id, match.version) as archive:
            return self.packages.install(match.id, match.version, archive, feed.source, expected_hash)

    def install_all(self, wanted: Iterable[tuple[Match, str | None]]) -> list[InstalledPackage]:
        """`install` of all, several at once, results in their order. After an error nothing new is begun, and the first is raised."""
        pool = ThreadPoolExecutor(_PARALLEL_REQUESTS, "install")
        try:
            running = [pool.submit(self.install, match, expected_hash) for match, expected_hash in wanted]
            return [future.result() for future in running]
        finally:
            pool.shutdown(cancel_futures=True)

    def prefetch(self, wanted: Iterable[tuple[str, VersionRange]]) -> None:
        """Begins to ask servers for packages and their manifests, several at once; `find` and `nuspec` wait for what is under way."""
        if any(feed.feed.is_http for feed in self.feeds):
            for package_id, versions in wanted:
                if is_folder_name(package_id) and (package_id.lower(), versions) not in self._matches:
                    self._begin(package_id, versions)

    def stop_prefetching(self) -> None:
        """What `prefetch` has not begun yet is left; what is under way ends by itself."""
        with self._lock:
            for pool in self._pools:
                pool.shutdown(wait=False, cancel_futures=True)
            self._pools.clear()

    def _begin(self, package_id: str, versions: VersionRange) -> None:
        with self._lock:
            if not self._pools:
                self._pools.append(ThreadPoolExecutor(_PARALLEL_REQUESTS, "prefetch"))
            self._pools[0].submit(self._prefetch, (package_id, versions))

    def _prefetch(self, wanted: tuple[str, VersionRange]) -> None:
        try:
            match = self.find(*wanted)
            if match is not None:
                self.nuspec(match)
        except RestoreError:
            return  # kept, and raised to whoever asks the same

    def _find(self, package_id: str, wanted: VersionRange) -> Match | None:
        if wanted.is_floating:
            remote = self._find_remote(package_id, wanted)
            return self._as_installed(remote) if remote is not None else None
        local = self._find_installed(package_id, wanted)
        if local is not None and local.version == wanted.minimum:
            return local
        remote = self._find_remote(package_id, wanted)
        if remote is None or (local is not None and wanted.best_of((local.version, remote.version)) == local.version):
            return local
        return self._as_installed(remote)

    def _as_installed(self, match: Match) -> Match:
        installed = self._installed(match.id, match.version)
        return Match(match.id, match.version, match.feed, installed) if installed is not None else match

    def _installed(self, package_id: str, version: NuGetVersion) -> InstalledPackage | None:
        for folder in (self.packages, *self.fallbacks):
            installed = folder.find(package_id, version)
            if installed is not None:
                return installed
        return None

    def _find_installed(self, package_id: str, wanted: VersionRange) -> Match | None:
        """The best of what lies in the packages folder and the fallback folders."""
        for folder in self.fallbacks:
            if not folder.root.is_dir():
                self._failed(package_id, SourceError(str(folder.root), f"The local source '{folder.root}' doesn't exist."))
        if wanted.minimum is not None and wanted.satisfies(wanted.minimum):
            exact = self._installed(package_id, wanted.minimum)
            if exact is not None:
                return Match(package_id, wanted.minimum, None, exact)
        versions = {version for folder in (self.packages, *self.fallbacks) for version in folder.versions(package_id)}
        best = wanted.best_of(sorted(versions))
        installed = self._installed(package_id, best) if best is not None else None
        return Match(package_id, best, None, installed) if best is not None and installed is not None else None

    def _find_remote(self, package_id: str, wanted: VersionRange) -> Match | None:
        feeds = self.feeds_for(package_id)
        if wanted.is_floating:
            return self._best_on(feeds, package_id, wanted)
        in_folder = self._best_on([feed for feed in feeds if not feed.feed.is_http], package_id, wanted)
        if in_folder is not None and in_folder.version == wanted.minimum:
            return in_folder
        on_server = self._best_on([feed for feed in feeds if feed.feed.is_http], package_id, wanted)
        if in_folder is None or on_server is None:
            return in_folder or on_server
        return in_folder if wanted.best_of((in_folder.version, on_server.version)) == in_folder.version else on_server

    def _best_on(self, feeds: Sequence[NamedFeed], package_id: str, wanted: VersionRange) -> Match | None:
        """The best that the feeds have. All are asked, also when one has it exactly: one that cannot answer must not go unnoticed."""
        best: Match | None = None
        for feed, versions in zip(feeds, self._all_versions(feeds, package_id), strict=True):
            version = wanted.best_of(versions)
            if version is not None and (best is None or wanted.best_of((best.version, version)) != best.version):
                best = Match(package_id, version, feed, None)
        return best

    def _all_versions(self, feeds: Sequence[NamedFeed], package_id: str) -> list[tuple[NuGetVersion, ...]]:
        """What each feed has; servers are asked at the same time."""
        if len(feeds) < 2 or not feeds[0].feed.is_http:
            return [self._feed_versions(feed, package_id) for feed in feeds]
        with ThreadPoolExecutor(min(len(feeds), _PARALLEL_REQUESTS), "versions") as pool:
            return list(pool.map(lambda feed: self._feed_versions(feed, package_id), feeds))

    def _feed_versions(self, feed: NamedFeed, package_id: str) -> tuple[NuGetVersion, ...]:
        try:
            return feed.feed.versions(package_id)
        except SourceError as error:
            self._failed(package_id, error)
            return ()

    def _failed(self, package_id: str, error: SourceError) -> None:
        if not self.ignore_failed_sources:
            raise error
        self.failures.append((package_id, error))

    def _nuspec(self, match: Match) -> Nuspec:
        if match.installed is not None:
            return match.installed.nuspec()
        assert match.feed is not None, "a match is installed or on a feed"
        return match.feed.feed.nuspec(match.id, match.version)

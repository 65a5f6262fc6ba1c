"""The settings of a restore to its opened sources: a folder is read as a folder, a server is asked over HTTP."""

from __future__ import annotations

import getpass
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

from server.restore.errors import ConfigError
from server.restore.folder_feed import FolderFeed
from server.restore.http_cache import HttpCache, cache_folder, temporary_cache
from server.restore.http_client import HttpClient, HttpOptions
from server.restore.http_feed import HttpFeed
from server.restore.packages_folder import PackagesFolder, nuget_scratch
from server.restore.restore_settings import RestoreSettings
from server.restore.settings import NuGetSettings, PackageSource, configured_proxy, http_cache_folder, package_sources
from server.restore.sources import Auditor, Feed, NamedFeed, PackageSources
from server.restore.vulnerabilities import known_vulnerabilities
from server.whole_numbers import is_number, magnitude

if sys.platform != "win32":
    import pwd

# A pool keeps a place for each connection that it may open, and no restore opens as many as this.
_MOST_CONNECTIONS = 1024


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """How sources are used: RestoreIgnoreFailedSources, RestoreNoCache or RestoreNoHttpCache, and how patiently servers are asked."""

    ignores_failed_sources: bool = False
    keeps_answers: bool = True
    http: HttpOptions = HttpOptions()


def open_sources(settings: RestoreSettings, environment: Mapping[str, str], options: SourceOptions) -> PackageSources:
    """The sources, packages folder and fallback folders that `settings` name. Nothing is asked yet. Raises ConfigError."""
    if (settings.settings.config_value("signatureValidationMode") or "").lower() == "require":
        raise ConfigError("signatureValidationMode is set to require, but whom a signature comes from cannot be verified here.")
    scratch = nuget_scratch(environment, Path(environment.get("TMPDIR") or tempfile.gettempdir()), _user())
    mapping = settings.mapping
    opened = {source: _open_feed(source, settings, environment, options, scratch) for source in settings.sources}
    return PackageSources(
        feeds=tuple(NamedFeed(source.name, feed) for source, feed in opened.items()),
        packages=PackagesFolder(Path(settings.packages_path), scratch / "lock"),
        fallbacks=tuple(PackagesFolder(Path(folder), scratch / "lock") for folder in settings.fallback_folders),
        considers=mapping.sources_for if mapping is not None else None,
        ignore_failed_sources=options.ignores_failed_sources,
        insecure=tuple(source.source for source in settings.sources if source.is_insecure),
        auditors=_auditors(settings, opened, lambda source: _open_feed(source, settings, environment, options, scratch)),
    )


def _auditors(
    settings: RestoreSettings, opened: Mapping[PackageSource, Feed], open_feed: Callable[[PackageSource], Feed]
) -> tuple[Auditor, ...]:
    """The servers to ask about vulnerable packages: the configuration's audit sources when it has some, else its package sources."""
    of_audit = package_sources(settings.settings, "auditSources")
    feeds = {source: opened.get(source) or open_feed(source) for source in of_audit or settings.sources}
    return tuple(
        Auditor(source.name, bool(of_audit), cache(partial(known_vulnerabilities, feed, source.name)))
        for source, feed in feeds.items()
        if isinstance(feed, HttpFeed)
    )


def _open_feed(
    source: PackageSource, settings: RestoreSettings, environment: Mapping[str, str], options: SourceOptions, scratch: Path
) -> Feed:
    if not source.is_http:
        return FolderFeed(source.source, Path(source.source))
    _refuse_client_certificates(source, settings.settings)
    most = settings.settings.config_value("maxHttpRequestsPerSource") or ""
    n_connections = min(magnitude(most), _MOST_CONNECTIONS) if is_number(most) else 0
    http = replace(options.http, connections=n_connections, may_wait_for_connection=True) if n_connections else options.http
    client = HttpClient(source, configured_proxy(settings.settings), environment, http)
    if options.keeps_answers:
        return HttpFeed(client, HttpCache(cache_folder(http_cache_folder(environment), source.source)))
    return HttpFeed(client, temporary_cache(scratch))


def _refuse_client_certificates(source: PackageSource, settings: NuGetSettings) -> None:
    for item in settings.sections.get("clientCertificates", ()):
        if item.attributes.get("packageSource", "").lower() == source.name.lower():
            raise ConfigError(f"A client certificate is configured for the package source '{source.name}', which is not supported.")


def _user() -> str:
    """The user's name as .NET has it, which is part of the path of NuGet's locks."""
    if sys.platform == "win32":
        return getpass.getuser()
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())

"""The settings of a restore to its opened sources: a folder is read as a folder, a server is asked over HTTP."""

from __future__ import annotations

import getpass
import tempfile
from collections.abc import Mapping
from pathlib import Path

from server.restore.errors import SourceError
from server.restore.folder_feed import FolderFeed
from server.restore.packages_folder import PackagesFolder, nuget_scratch
from server.restore.restore_settings import RestoreSettings
from server.restore.settings import PackageSource
from server.restore.sources import Feed, NamedFeed, PackageSources


def open_sources(settings: RestoreSettings, environment: Mapping[str, str], *, ignore_failed_sources: bool) -> PackageSources:
    """The sources, packages folder and fallback folders that `settings` name. Nothing is read or asked yet."""
    temporary = Path(environment.get("TMPDIR") or tempfile.gettempdir())
    locks = nuget_scratch(environment, temporary, getpass.getuser()) / "lock"
    mapping = settings.mapping
    return PackageSources(
        feeds=tuple(NamedFeed(source.name, open_feed(source)) for source in settings.sources),
        packages=PackagesFolder(Path(settings.packages_path), locks),
        fallbacks=tuple(PackagesFolder(Path(folder), locks) for folder in settings.fallback_folders),
        considers=mapping.sources_for if mapping is not None else None,
        ignore_failed_sources=ignore_failed_sources,
    )


def open_feed(source: PackageSource) -> Feed:
    """The feed behind a source."""
    if source.is_http:
        raise SourceError(source.source, f"Unable to load the service index for source {source.source}.")
    return FolderFeed(source.source, Path(source.source))

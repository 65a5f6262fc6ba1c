"""What a project, the command line and NuGet.Config say about sources and folders to the sources and folders that a restore uses.

A property given on the command line is relative to the folder in which the command was started, one of the project to the
project's folder, and either takes the place of what the configuration says. Additional sources come on top, sorted.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from compiler.diagnostics import Location
from server.restore.errors import ConfigError
from server.restore.settings import (
    NuGetSettings,
    PackageSource,
    fallback_folders,
    global_packages_folder,
    load_settings,
    local_path,
    mapped_patterns,
    package_sources,
    settings_from_files,
)
from server.restore.source_mapping import SourceMapping, source_mapping

_CLEAR = "clear"


@dataclass(frozen=True, slots=True)
class SourceProperties:
    """Properties that NuGet reads, each split at semicolons and trimmed; empty when not set."""

    sources: tuple[str, ...] = ()
    packages_path: str = ""
    fallback_folders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RestoreInputs:
    """What is known of a project before its packages are looked for.

    `project` has the properties as evaluated, `command_line` those that are global properties. The additional ones are of
    all target frameworks together.
    """

    project_file: Path
    startup_folder: Path
    config_file: str = ""
    config_root: str = ""
    project: SourceProperties = SourceProperties()
    command_line: SourceProperties = SourceProperties()
    additional_sources: tuple[str, ...] = ()
    additional_fallback_folders: tuple[str, ...] = ()
    excluded_fallback_folders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RestoreSettings:
    """What the assets file tells as `sources`, `packagesPath`, `fallbackFolders` and `configFilePaths`, and what stands behind it."""

    sources: tuple[PackageSource, ...]
    packages_path: str
    fallback_folders: tuple[str, ...]
    config_files: tuple[Path, ...]
    mapping: SourceMapping | None
    settings: NuGetSettings


def restore_settings(inputs: RestoreInputs, environment: Mapping[str, str]) -> RestoreSettings:
    """The sources and folders for a project. Raises ConfigError."""
    folder = inputs.project_file.parent
    for values in (inputs.project.sources, inputs.project.fallback_folders):
        if _clears(values) and any(value.lower() != _CLEAR for value in values):
            text = "'CLEAR' cannot be used in conjunction with other values."
            raise ConfigError(text, "NU1002", Location(str(inputs.project_file)))
    config_file = Path(absolute_path(inputs.startup_folder, inputs.config_file)) if inputs.config_file else None
    root = Path(absolute_path(folder, inputs.config_root)) if inputs.config_root else folder
    settings = load_settings(root, config_file, environment)
    configured = package_sources(settings)
    return RestoreSettings(
        sources=_as_configured(_source_texts(inputs, configured), configured),
        packages_path=_packages_path(inputs, settings),
        fallback_folders=_fallback_folders(inputs, settings),
        config_files=settings.files,
        mapping=source_mapping(mapped_patterns(settings)),
        settings=settings,
    )


def settings_of_project(
    config_files: Sequence[Path], sources: Sequence[str], packages_path: str, folders: Sequence[str], environment: Mapping[str, str]
) -> RestoreSettings:
    """What stands behind the sources and folders that are known of a project already. Raises ConfigError."""
    settings = settings_from_files(config_files, environment)
    return RestoreSettings(
        sources=_as_configured(sources, package_sources(settings)),
        packages_path=packages_path,
        fallback_folders=tuple(folders),
        config_files=settings.files,
        mapping=source_mapping(mapped_patterns(settings)),
        settings=settings,
    )


def _source_texts(inputs: RestoreInputs, configured: Sequence[PackageSource]) -> list[str]:
    folder = inputs.project_file.parent
    if inputs.command_line.sources:
        chosen = [absolute_path(inputs.startup_folder, _repaired(text)) for text in inputs.command_line.sources]
    elif _clears(inputs.project.sources):
        chosen = []
    elif inputs.project.sources:
        chosen = [absolute_path(folder, _repaired(text)) for text in inputs.project.sources]
    else:
        chosen = [source.source for source in configured]
    return chosen + [absolute_path(folder, _repaired(text)) for text in sorted(set(inputs.additional_sources))]


def _as_configured(texts: Sequence[str], configured: Sequence[PackageSource]) -> tuple[PackageSource, ...]:
    """Each source once; one that the configuration knows has its name and credentials from there."""
    known = {source.source: source for source in configured}
    return tuple(known.get(text, PackageSource(text, text)) for text in dict.fromkeys(texts))


def _packages_path(inputs: RestoreInputs, settings: NuGetSettings) -> str:
    if inputs.command_line.packages_path:
        return absolute_path(inputs.startup_folder, inputs.command_line.packages_path)
    if inputs.project.packages_path:
        return absolute_path(inputs.project_file.parent, inputs.project.packages_path)
    return global_packages_folder(settings)


def _fallback_folders(inputs: RestoreInputs, settings: NuGetSettings) -> tuple[str, ...]:
    folder = inputs.project_file.parent
    if inputs.command_line.fallback_folders:
        chosen = [absolute_path(inputs.startup_folder, text) for text in inputs.command_line.fallback_folders]
    elif _clears(inputs.project.fallback_folders):
        chosen = []
    elif inputs.project.fallback_folders:
        chosen = [absolute_path(folder, text) for text in inputs.project.fallback_folders]
    else:
        chosen = list(fallback_folders(settings))
    additional = sorted(set(inputs.additional_fallback_folders) - set(inputs.excluded_fallback_folders))
    return tuple(chosen + [absolute_path(folder, text) for text in additional])


def _clears(values: Sequence[str]) -> bool:
    return any(value.lower() == _CLEAR for value in values)


def _repaired(source: str) -> str:
    """`source` with both slashes behind its scheme: MSBuild takes one away from what looks like a path."""
    for scheme, slashes in (("http:", "//"), ("https:", "//"), ("file:", "///")):
        if source.lower().startswith(f"{scheme}/") and "//" not in source:
            return source[: len(scheme)] + slashes + source[len(scheme) + 1 :]
    return source


def absolute_path(folder: Path, text: str) -> str:
    """`text` as an absolute path, relative to `folder`; the URL of a server stays, that of a file becomes a path."""
    text = local_path(text)
    if urlsplit(text).scheme.lower() in ("http", "https"):
        return text
    return os.path.normpath(os.path.join(folder, text))

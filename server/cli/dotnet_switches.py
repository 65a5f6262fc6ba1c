"""The switches of `dotnet build` and its kin -> those of MSBuild. What is not theirs is passed on as it is."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

# Spelling -> the property that it sets.
_PROPERTIES = {
    "-c": "Configuration",
    "--configuration": "Configuration",
    "-f": "TargetFramework",
    "--framework": "TargetFramework",
    "-r": "RuntimeIdentifier",
    "--runtime": "RuntimeIdentifier",
    "--version-suffix": "VersionSuffix",
    "--manifest": "TargetManifestFiles",
}
_OUTPUT = ("-o", "--output")
_ARTIFACTS = ("--artifacts-path",)
_PLATFORM = {"-a": "arch", "--arch": "arch", "--os": "os"}
_VERBOSITY = ("-v", "--verbosity")
_WITH_VALUE = frozenset({*_PROPERTIES, *_OUTPUT, *_ARTIFACTS, *_PLATFORM, *_VERBOSITY, "-p", "--property"})
_SELF_CONTAINED = ("--self-contained", "--sc")
_FLAGS = {
    "--no-dependencies": ("-p:BuildProjectReferences=false",),
    "--no-incremental": ("-t:Rebuild",),
    "--no-self-contained": ("-p:SelfContained=false", "-p:_CommandLineDefinedSelfContained=true"),
    "--nologo": ("-nologo",),
    "--no-build": ("-p:NoBuild=true",),
    "--use-current-runtime": ("-p:UseCurrentRuntimeIdentifier=True",),
    "--ucr": ("-p:UseCurrentRuntimeIdentifier=True",),
    "--disable-build-servers": ("-p:UseRazorBuildServer=false", "-p:UseSharedCompilation=false", "-nr:false"),
    "--interactive": ("-p:NuGetInteractive=true",),
    "--force": ("-p:RestoreForce=true",),
}
# Switches of a restore, which builds take for the restore before them -> the property that gets all of their values.
RESTORE_VALUES = {
    "-s": "RestoreSources",
    "--source": "RestoreSources",
    "--packages": "RestorePackagesPath",
    "--configfile": "RestoreConfigFile",
    "--lock-file-path": "NuGetLockFilePath",
}
RESTORE_FLAGS = {
    "--force": "RestoreForce=true",
    "--force-evaluate": "RestoreForceEvaluate=true",
    "--locked-mode": "RestoreLockedMode=true",
    "--use-lock-file": "RestorePackagesWithLockFile=true",
    "--no-cache": "RestoreNoCache=true",
    "--no-http-cache": "RestoreNoHttpCache=true",
    "--ignore-failed-sources": "RestoreIgnoreFailedSources=true",
    "--disable-parallel": "RestoreDisableParallel=true",
}


@dataclass(slots=True)
class _Gathered:
    """What a command line asks for besides the words that are passed on."""

    words: list[str] = field(default_factory=list)
    platform: dict[str, str] = field(default_factory=dict)
    restore_values: dict[str, list[str]] = field(default_factory=dict)
    restores: bool = True


def msbuild_arguments(
    args: Sequence[str], directory: Path, target: str, *, restores: bool, output: str = "OutputPath", verbosity: str = "m"
) -> list[str]:
    """MSBuild's arguments for a verb that builds `target`; a restore comes first unless `--no-restore` or `--no-build` is among `args`.

    An output folder is relative to `directory`, whatever project it is for, and becomes the property `output`. `verbosity` is that of a
    command line without one.
    """
    gathered = _Gathered(restores=restores)
    rest = list(args)
    while rest:
        _take(gathered, rest, directory, output)
    found = gathered.words
    if gathered.platform:
        system, _, architecture = host_rid().rpartition("-")
        found.append(f"-p:RuntimeIdentifier={gathered.platform.get('os', system)}-{gathered.platform.get('arch', architecture)}")
    found += restore_properties(gathered.restore_values, directory)
    asks_targets = any(arg.lower().startswith(("-t:", "-target:", "/t:", "/target:", "--target:")) for arg in found)
    head = [f"-v:{verbosity}", *(["-restore"] if gathered.restores else [])]
    return [*head, *([] if asks_targets or not target else [f"-t:{target}"]), *found]


def host_rid() -> str:
    """The portable runtime identifier of this machine."""
    system = {"Linux": "linux", "Darwin": "osx", "Windows": "win"}.get(platform.system(), platform.system().lower())
    machine = platform.machine().lower()
    architecture = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "i686": "x86", "armv7l": "arm"}.get(machine, machine)
    return f"{system}-{architecture}"


def restore_properties(values: Mapping[str, list[str]], directory: Path) -> list[str]:
    """The switches that set the properties of a restore; values with semicolons stay one property."""
    shown = {name: list(listed) for name, listed in values.items()}
    if "RestoreConfigFile" in shown:
        shown["RestoreConfigFile"] = [str(directory / shown["RestoreConfigFile"][-1])]
    return [f"-p:{name}={'%3B'.join(listed)}" for name, listed in shown.items()]


def _take(gathered: _Gathered, rest: list[str], directory: Path, output: str) -> None:
    """Takes the first word of `rest`, and the second where it is its value."""
    arg = rest.pop(0)
    name, separator, value = arg.partition(":") if arg.startswith("-") else (arg, "", "")
    if not separator and "=" in arg and arg.startswith("--"):
        name, separator, value = arg.partition("=")
    flag = arg.lower()
    if name in _SELF_CONTAINED:
        if not separator:
            value = rest.pop(0) if rest and rest[0].lower() in ("true", "false") else "true"
        gathered.words += [f"-p:SelfContained={value.lower()}", "-p:_CommandLineDefinedSelfContained=true"]
    elif name in _WITH_VALUE or name in RESTORE_VALUES:
        if not separator:
            value = rest.pop(0) if rest and not rest[0].startswith("-") else ""
        _set(gathered, name, value, directory, output)
    elif flag in ("--no-restore", "--no-build"):
        gathered.restores = False
        gathered.words += _FLAGS.get(flag, ())
    elif flag in RESTORE_FLAGS and flag not in _FLAGS:
        gathered.words.append(f"-p:{RESTORE_FLAGS[flag]}")
    else:
        gathered.words += _FLAGS.get(flag, (arg,))


def _set(gathered: _Gathered, name: str, value: str, directory: Path, output: str) -> None:
    if name in _PLATFORM:
        gathered.platform[_PLATFORM[name]] = value
    elif name in RESTORE_VALUES:
        gathered.restore_values.setdefault(RESTORE_VALUES[name], []).append(value)
    elif name in _OUTPUT:
        gathered.words += [f"-p:{output}={_full(directory, value)}/", "-p:_CommandLineDefinedOutputPath=true"]
    elif name in _ARTIFACTS:
        gathered.words.append(f"-p:ArtifactsPath={_full(directory, value)}")
    elif name in _PROPERTIES:
        gathered.words.append(f"-p:{_PROPERTIES[name]}={value}")
        if _PROPERTIES[name] == "RuntimeIdentifier":
            gathered.words.append("-p:_CommandLineDefinedRuntimeIdentifier=true")
    else:
        gathered.words.append(f"{'-v' if name in _VERBOSITY else '-p'}:{value}")


def _full(directory: Path, value: str) -> str:
    return os.path.normpath(directory / value)

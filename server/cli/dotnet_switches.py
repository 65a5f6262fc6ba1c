"""The switches of `dotnet build` and its kin -> those of MSBuild. What is not theirs is passed on as it is."""

from __future__ import annotations

from collections.abc import Sequence
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
}
_OUTPUT = ("-o", "--output")
_VERBOSITY = ("-v", "--verbosity")
_FLAGS = {
    "--no-dependencies": "-p:BuildProjectReferences=false",
    "--no-incremental": "-t:Rebuild",
    "--self-contained": "-p:SelfContained=true",
    "--sc": "-p:SelfContained=true",
    "--no-self-contained": "-p:SelfContained=false",
    "--nologo": "-nologo",
    "--no-build": "-p:NoBuild=true",
}


def msbuild_arguments(
    args: Sequence[str], directory: Path, target: str, *, restores: bool, output: str = "OutputPath", verbosity: str = "m"
) -> list[str]:
    """MSBuild's arguments for a verb that builds `target`; a restore comes first unless `--no-restore` is among `args`.

    An output folder is relative to `directory`, whatever project it is for, and becomes the property `output`. `verbosity` is that of a
    command line without one.
    """
    found: list[str] = []
    rest = list(args)
    while rest:
        arg = rest.pop(0)
        name, separator, value = arg.partition(":") if arg.startswith("-") else (arg, "", "")
        if not separator and "=" in arg and arg.startswith("--"):
            name, separator, value = arg.partition("=")
        if arg.lower() == "--no-restore":
            restores = False
        elif name in _PROPERTIES or name in _OUTPUT or name in _VERBOSITY or arg in ("-p", "--property"):
            if not separator:
                value = rest.pop(0) if rest and not rest[0].startswith("-") else ""
            found += _translated(name, value, directory, output)
        else:
            found.append(_FLAGS.get(arg.lower(), arg))
    asks_targets = any(arg.lower().startswith(("-t:", "-target:", "/t:", "/target:", "--target:")) for arg in found)
    head = [f"-v:{verbosity}", *(["-restore"] if restores else [])]
    return [*head, *([] if asks_targets or not target else [f"-t:{target}"]), *found]


def _translated(name: str, value: str, directory: Path, output: str) -> list[str]:
    if name in _PROPERTIES:
        return [f"-p:{_PROPERTIES[name]}={value}"]
    if name in _OUTPUT:
        return [f"-p:{output}={directory / value}/", "-p:_CommandLineDefinedOutputPath=true"]
    return [f"{'-v' if name in _VERBOSITY else '-p'}:{value}"]

"""A call of ResolveAssemblyReference -> files of references, what they depend on, what is copied; and the names of assemblies."""

from __future__ import annotations

import os
from collections.abc import Iterable

from server.build.assembly_identity import AssemblyReader
from server.build.assembly_resolution import Reference, ResolutionRequest, resolve
from server.build.events import Importance
from server.build.tasks.task import OutputItem, TaskCall
from server.msbuild import paths
from server.msbuild.conditions import to_boolean
from server.msbuild.escaping import unescape

_READER = AssemblyReader()
_EXTENSIONS = (".winmd", ".dll", ".exe")
_RELATED = (".pdb", ".xml", ".pri", ".dll.config", ".exe.config")


def run(call: TaskCall) -> bool:
    """Resolves the references of the call and reports what is wrong with them."""
    extensions = tuple(text.lower() for text in call.texts("AllowedAssemblyExtensions")) or _EXTENSIONS
    request = ResolutionRequest(
        references=tuple(call.items("Assemblies")),
        files=tuple(call.items("AssemblyFiles")),
        search_paths=tuple(call.texts("SearchPaths")),
        framework_folders=tuple(call.path(text).rstrip("/") for text in call.texts("TargetFrameworkDirectories")),
        candidates=tuple(call.path(text) for text in call.texts("CandidateAssemblyFiles")),
        extensions=extensions,
        directory=call.instance.directory,
        finds_dependencies=call.flag("FindDependencies", default=True),
    )
    references = resolve(request, _READER)
    if not call.flag("Silent"):
        _report(call, references)
    chosen = [reference for reference in references if reference.path and reference.victor is None]
    items = {reference: _item(reference) for reference in chosen}
    primary = [items[reference] for reference in chosen if reference.is_primary]
    dependencies = [items[reference] for reference in chosen if not reference.is_primary]
    related = [one for reference in chosen for one in _related(call, reference, items[reference])]
    satellites = [one for reference in chosen for one in _satellites(call, reference, items[reference])]
    copied = [one for one in (*primary, *dependencies, *related, *satellites) if one.metadata["CopyLocal"] == "true"]
    call.set_items("ResolvedFiles", primary)
    call.set_items("ResolvedDependencyFiles", dependencies)
    call.set_items("RelatedFiles", related)
    call.set_items("SatelliteFiles", satellites)
    call.set_items("CopyLocalFiles", copied)
    for name in ("SerializationAssemblyFiles", "ScatterFiles", "SuggestedRedirects", "FilesWritten", "UnresolvedAssemblyConflicts"):
        call.set_items(name, [])
    used = {reference.identity.key for reference in references if not reference.is_framework or not reference.is_primary}
    call.set_value("DependsOnSystemRuntime", "true" if "system.runtime" in used else "false")
    call.set_value("DependsOnNETStandard", "true" if "netstandard" in used else "false")
    return not call.logged_error


def run_identities(call: TaskCall) -> bool:
    """The names of assemblies (GetAssemblyIdentity)."""
    found: list[OutputItem] = []
    for item in call.items("AssemblyFiles"):
        path = item.full_path()
        facts = _READER.read(path)
        if facts is None:
            why = "Bad IL format." if os.path.isfile(path) else f"Could not find file '{path}'."
            call.error("MSB3441", f'Cannot get assembly name for "{item.identity}". {why}')
            continue
        identity = facts.identity
        metadata = {name: unescape(value) for name, value in item.all_metadata().values()}
        metadata |= {"Name": identity.name, "Version": ".".join(map(str, identity.version or ())), "Culture": identity.culture}
        metadata["PublicKeyToken"] = identity.token.upper()
        found.append(OutputItem(identity.full_name, metadata))
    call.set_items("Assemblies", found)
    return not call.logged_error


def _item(reference: Reference) -> OutputItem:
    source = reference.item or (reference.sources[0] if reference.sources else None)
    metadata: dict[str, str] = {}
    for item in [reference.item] if reference.item is not None else reference.sources:
        for name, value in item.all_metadata().values():
            metadata.setdefault(name, unescape(value))
        metadata.setdefault("OriginalItemSpec", item.identity)
    metadata["ResolvedFrom"] = reference.found_at
    metadata["CopyLocal"] = "true" if _is_copied(reference) else "false"
    if reference.is_framework:
        metadata["FrameworkFile"] = "true"
    if reference.runtime:
        metadata["ImageRuntime"] = reference.runtime
    metadata["Version"] = ".".join(map(str, reference.identity.version)) if reference.identity.version is not None else ""
    metadata["FusionName"] = reference.identity.full_name
    if source is not None:
        metadata.setdefault("ReferenceSourceTarget", "ResolveAssemblyReference")
    return OutputItem(reference.path, metadata)


def _is_copied(reference: Reference) -> bool:
    """Private decides where the project says it; what belongs to the framework stays where it is."""
    if _READER.read(reference.path) is None:
        return False
    if reference.item is not None and to_boolean(reference.item.value("EmbedInteropTypes")) is True:
        return False
    said = [to_boolean(item.value("Private")) for item in ([reference.item] if reference.item is not None else reference.sources)]
    if True in said and reference.is_primary:
        return True
    if False in said and True not in said:
        return False
    return not reference.is_framework


def _related(call: TaskCall, reference: Reference, item: OutputItem) -> Iterable[OutputItem]:
    if not call.flag("FindRelatedFiles", default=True) or reference.is_framework:
        return
    stem = os.path.splitext(reference.path)[0]
    for extension in call.texts("AllowedRelatedFileExtensions") or _RELATED:
        path = stem + extension
        if os.path.isfile(path):
            yield OutputItem(path, _beside(item))


def _satellites(call: TaskCall, reference: Reference, item: OutputItem) -> Iterable[OutputItem]:
    """`<culture>/<name>.resources.dll` in the folders beside the reference."""
    if not call.flag("FindSatellites", default=True) or reference.is_framework:
        return
    folder = os.path.dirname(reference.path)
    name = f"{paths.file_name_without_extension(reference.path)}.resources.dll"
    try:
        cultures = sorted(entry.name for entry in os.scandir(folder) if entry.is_dir())
    except OSError:
        return
    for culture in cultures:
        path = os.path.join(folder, culture, name)
        if os.path.isfile(path):
            yield OutputItem(path, {**_beside(item), "DestinationSubDirectory": f"{culture}/"})


def _beside(item: OutputItem) -> dict[str, str]:
    """Metadata of a file that goes with a reference: what describes the assembly itself is left out."""
    own = {"imageruntime", "fusionname", "version", "resolvedfrom", "targetpath"}
    return {name: value for name, value in item.metadata.items() if name.lower() not in own}


def _report(call: TaskCall, references: list[Reference]) -> None:
    for reference in references:
        if reference.is_primary and not reference.path:
            assert reference.item is not None
            name = reference.item.identity
            text = (
                f'Could not resolve this reference. Could not locate the assembly "{name}". Check to make sure the assembly exists on '
                "disk. If this reference is required by your code, you may get compilation errors."
            )
            call.warning("MSB3245", text)
    for reference in references:
        if reference.victor is not None:
            _report_conflict(call, reference, reference.victor)


def _report_conflict(call: TaskCall, victim: Reference, victor: Reference) -> None:
    won, lost = victor.identity.full_name, victim.identity.full_name
    lines = [f'There was a conflict between "{won}" and "{lost}".']
    if victor.is_primary and not victim.is_primary:
        lines.append(f'    "{won}" was chosen because it was primary and "{lost}" was not.')
    elif not victor.is_primary:
        lines.append(f'    "{won}" was chosen because it had a higher version.')
    elif victor.identity != victim.identity:
        text = f'No way to resolve conflict between "{won}" and "{lost}". Choosing "{won}" arbitrarily.'
        call.warning("MSB3243", text)
    needs_more = (victim.identity.version or (0,)) > (victor.identity.version or (0,))
    details = [*_dependees(victor, "depend on"), *_dependees(victim, "depend on or have been unified to")]
    if needs_more and not victim.is_primary and not victor.is_framework:
        head = f'Found conflicts between different versions of "{victim.identity.name}" that could not be resolved.'
        call.warning("MSB3277", "\n".join([head, *lines, *details]))
    else:
        call.message("\n".join(lines), Importance.LOW)
        call.message("\n".join(details), Importance.LOW)


def _dependees(reference: Reference, how: str) -> list[str]:
    lines = [f'    References which {how} "{reference.identity.full_name}" [{reference.path}].']
    if reference.is_primary and not reference.path:
        assert reference.item is not None
        lines.append(f'        Unresolved primary reference with an item include of "{reference.item.identity}".')
    for dependee in ([reference] if reference.is_primary and reference.path else []) + reference.dependees:
        lines.append(f"        {dependee.path}")
        lines.append(f'          Project file item includes which caused reference "{dependee.path}".')
        lines += [f"            {item.identity}" for item in dependee.sources]
    return lines

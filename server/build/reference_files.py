"""A call of ResolveAssemblyReference -> files of references, what they depend on, what is copied; and the names of assemblies."""

from __future__ import annotations

import os
from collections.abc import Iterable

from server.build.assembly_identity import AssemblyReader
from server.build.assembly_resolution import Reference, ResolutionRequest, Versions, highest_versions, is_highest, resolve
from server.build.events import Importance
from server.build.tasks.assign_culture import is_culture
from server.build.tasks.task import OutputItem, TaskCall
from server.msbuild import paths
from server.msbuild.conditions import to_boolean
from server.msbuild.escaping import unescape
from server.whole_numbers import is_number, magnitude

_READER = AssemblyReader()
_EXTENSIONS = (".winmd", ".dll", ".exe")
_NO_NAME = (
    "is either a path which could not be found or it is a full assembly name which is badly formed. If it is a full assembly name it may "
    "contain characters that need to be escaped with backslash(\\). Those characters are Equals(=), Comma(,), Quote(\"), Apostrophe('), "
    "Backslash(\\)."
)
_FIRST_TO_EMBED = 4
_RELATED = (".pdb", ".xml", ".pri")


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
        finds_external_dependencies=call.flag("FindDependenciesOfExternallyResolvedReferences"),
        unifies=call.flag("AutoUnify"),
    )
    references, unified = resolve(request, _READER)
    if not call.flag("Silent"):
        _report(call, references)
    chosen = [reference for reference in references if reference.path and not _is_bad_image(reference)]
    major = call.text("TargetFrameworkVersion").lstrip("vV").partition(".")[0]
    embeds = is_number(major) and magnitude(major) >= _FIRST_TO_EMBED
    items = {reference: _item(reference, embeds=embeds) for reference in chosen}
    primary = _ordered(items[reference] for reference in chosen if reference.is_primary)
    dependencies = [items[reference] for reference in chosen if not reference.is_primary]
    related = [one for reference in chosen for one in _related(call, reference, items[reference])]
    satellites = [one for reference in chosen for one in _satellites(call, reference, items[reference])]
    copied = [one for one in (*primary, *dependencies, *related, *satellites) if one.metadata["CopyLocal"] == "true"]
    call.set_items("ResolvedFiles", primary)
    call.set_items("ResolvedDependencyFiles", dependencies)
    call.set_items("RelatedFiles", related)
    call.set_items("SatelliteFiles", satellites)
    call.set_items("CopyLocalFiles", copied)
    for name in ("SerializationAssemblyFiles", "ScatterFiles", "FilesWritten", "UnresolvedAssemblyConflicts"):
        call.set_items(name, [])
    call.set_items("SuggestedRedirects", _redirects(call, references, unified))
    used = {reference.identity.key for reference in references} | _direct_uses(references, request)
    call.set_value("DependsOnSystemRuntime", str("system.runtime" in used))
    call.set_value("DependsOnNETStandard", str("netstandard" in used))
    return not call.logged_error


def _is_bad_image(reference: Reference) -> bool:
    """Was a file found that is no assembly?"""
    return bool(reference.path) and not reference.is_taken and _READER.read(reference.path) is None


def _ordered(items: Iterable[OutputItem]) -> list[OutputItem]:
    """By the names of the files, then by their folders."""
    return sorted(items, key=lambda item: (os.path.basename(item.include).upper(), item.include.upper()))


def _redirects(call: TaskCall, references: list[Reference], unified: Versions) -> list[OutputItem]:
    """What a configuration file would have to say: for each strong name the highest version."""
    if not call.flag("FindDependencies", default=True):
        return []
    versions = unified if call.flag("AutoUnify") else highest_versions(references)
    found: list[OutputItem] = []
    for (name, culture, token), version in versions.items():
        shown = next((one.identity.name for one in references if one.identity.key == name), name)
        include = f"{shown}, Culture={culture or 'neutral'}, PublicKeyToken={token}"
        found.append(OutputItem(include, {"MaxVersion": ".".join(map(str, version))}))
    return found


def _direct_uses(references: list[Reference], request: ResolutionRequest) -> set[str]:
    """What references ask for whose dependencies were not looked for."""
    used: set[str] = set()
    for reference in references:
        facts = _READER.read(reference.path) if reference.path and (reference.is_outside or not request.finds_dependencies) else None
        used |= {one.key for one in facts.references} if facts is not None else set()
    return used


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


def _item(reference: Reference, *, embeds: bool) -> OutputItem:
    """The file with what is known of it. `embeds` says that the target framework knows embedded interop types."""
    source = reference.item or (reference.sources[0] if reference.sources else None)
    metadata: dict[str, str] = {}
    for item in [reference.item] if reference.item is not None else reference.sources:
        for name, value in item.all_metadata().values():
            metadata.setdefault(name, unescape(value))
        metadata.setdefault("OriginalItemSpec", item.identity)
    metadata["ResolvedFrom"] = reference.found_at
    metadata["CopyLocal"] = "true" if _is_copied(reference, embeds=embeds) else "false"
    if reference.is_framework:
        metadata["FrameworkFile"] = "true"
    if reference.runtime:
        metadata["ImageRuntime"] = reference.runtime
    metadata["Version"] = ".".join(map(str, reference.identity.version)) if reference.identity.version is not None else ""
    metadata["FusionName"] = reference.identity.full_name
    if source is not None:
        metadata.setdefault("ReferenceSourceTarget", "ResolveAssemblyReference")
    return OutputItem(reference.path, metadata)


def _is_copied(reference: Reference, *, embeds: bool) -> bool:
    """Private decides where the project says it; what belongs to the framework stays where it is."""
    if reference.victor is not None:
        return False
    if embeds and reference.item is not None and to_boolean(reference.item.value("EmbedInteropTypes")) is True:
        return False
    said = [to_boolean(item.value("Private")) for item in ([reference.item] if reference.item is not None else reference.sources)]
    if True in said and reference.is_primary:
        return True
    if False in said and True not in said:
        return False
    return not reference.is_framework


def _related(call: TaskCall, reference: Reference, item: OutputItem) -> Iterable[OutputItem]:
    if not call.flag("FindRelatedFiles", default=True) or reference.is_framework or reference.is_outside:
        return
    stem = os.path.splitext(reference.path)[0]
    for extension in call.texts("AllowedRelatedFileExtensions") or _RELATED:
        path = stem + extension
        if os.path.isfile(path):
            yield OutputItem(path, _beside(item))


def _satellites(call: TaskCall, reference: Reference, item: OutputItem) -> Iterable[OutputItem]:
    """`<culture>/<name>.resources.dll` in the folders beside the reference."""
    if not call.flag("FindSatellites", default=True) or reference.is_framework or reference.is_outside:
        return
    folder = os.path.dirname(reference.path)
    name = f"{paths.file_name_without_extension(reference.path)}.resources.dll"
    try:
        cultures = sorted(entry.name for entry in os.scandir(folder) if entry.is_dir() and is_culture(entry.name))
    except OSError:
        return
    for culture in cultures:
        path = os.path.join(folder, culture, name)
        if os.path.isfile(path):
            yield OutputItem(path, {**_beside(item), "DestinationSubDirectory": f"{culture}/"})


def _beside(item: OutputItem) -> dict[str, str]:
    """Metadata of a file that goes with a reference: what describes the assembly itself is left out."""
    own = {"imageruntime", "fusionname", "targetpath"}
    kept = {name: value for name, value in item.metadata.items() if name.lower() not in own}
    return {**kept, "OriginalItemSpec": item.include}


def _report(call: TaskCall, references: list[Reference]) -> None:
    for reference in references:
        if reference.is_primary and not reference.path and reference.is_named:
            assert reference.item is not None
            name = reference.item.identity
            text = (
                f'Could not resolve this reference. Could not locate the assembly "{name}". Check to make sure the assembly exists on '
                "disk. If this reference is required by your code, you may get compilation errors."
            )
            call.warning("MSB3245", text)
        if _is_bad_image(reference):
            why = f"Assembly file '{reference.path}' could not be opened -- PE image doesn't contain managed metadata."
            call.warning("MSB3246", f"Resolved file has a bad image, no metadata, or is otherwise inaccessible. {why}")
    highest = highest_versions(references)
    for reference in references:
        if reference.victor is not None:
            # A conflict that is told: what was chosen is older than what is needed.
            is_told = is_highest(reference, highest) and all(other.victor is not reference for other in references)
            _report_conflict(call, reference, reference.victor, is_told=is_told)
    for reference in references:
        if reference.item is not None and not reference.is_named:
            call.warning("MSB3106", f'Assembly strong name "{reference.item.identity}" {_NO_NAME}')


def _report_conflict(call: TaskCall, victim: Reference, victor: Reference, *, is_told: bool) -> None:
    won, lost = victor.shown, victim.shown
    lines = [f'There was a conflict between "{won}" and "{lost}".']
    if victim.is_arbitrary:
        text = f'No way to resolve conflict between "{won}" and "{lost}". Choosing "{won}" arbitrarily.'
        lines.append(f"    {text}")
        if victim.is_primary:
            call.warning("MSB3243", text)
    elif victor.is_primary and not victim.is_primary:
        lines.append(f'    "{won}" was chosen because it was primary and "{lost}" was not.')
    else:
        lines.append(f'    "{won}" was chosen because it had a higher version.')
    details = [*_dependees(victor, "depend on"), *_dependees(victim, "depend on or have been unified to")]
    if is_told:
        head = f'Found conflicts between different versions of "{victim.identity.name}" that could not be resolved.'
        call.warning("MSB3277", "\n".join([head, *lines, *details]))
    else:
        call.message("\n".join(lines), Importance.LOW)
        call.message("\n".join(details), Importance.LOW)


def _dependees(reference: Reference, how: str) -> list[str]:
    lines = [f'    References which {how} "{reference.shown}" [{reference.path}].']
    if reference.is_primary and not reference.path:
        assert reference.item is not None
        lines.append(f'        Unresolved primary reference with an item include of "{reference.item.identity}".')
    for dependee in ([reference] if reference.is_primary and reference.path else []) + reference.dependees:
        lines.append(f"        {dependee.path}")
        lines.append(f'          Project file item includes which caused reference "{dependee.path}".')
        lines += [f"            {item.identity}" for item in dependee.sources]
    return lines

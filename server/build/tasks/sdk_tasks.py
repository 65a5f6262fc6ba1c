"""The tasks behind our own SDK's targets: class library, references, generated sources and the files beside an assembly.

Their names start with Aotd; projects do not call them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from compiler.diagnostics import InputError, Location
from server.build.atomic_files import replace_file
from server.build.generated_sources import AUTO_GENERATED, assembly_versions, generated_sources, literal
from server.build.referenced_framework import fitting_framework, offered_frameworks, unfitting_text
from server.build.target_framework import NO_FRAMEWORK, choose_framework
from server.build.tasks.io_errors import exception_text
from server.build.tasks.task import Kind, OutputItem, Parameter, TaskCall, TaskDefinition
from server.msbuild.items import Item

_ASP_NET = "microsoft.aspnetcore.app"
_ANY_VERSION = "/1.0.0"


def _resolve_framework(call: TaskCall) -> bool:
    """The assemblies of the class library that the project is compiled against."""
    try:
        frameworks = call.services.frameworks()
        framework, warnings = choose_framework(call.instance, frameworks)
    except InputError as error:
        call.error(error.code, error.message, location=error.location)
        return False
    for warning in warnings:
        call.warning(warning.code, warning.message, location=warning.location)
    folders = [framework.reference_dir]
    if any(item.identity.lower() == _ASP_NET for item in call.items("FrameworkReferences")):
        web = [other for other in frameworks if other.name.lower() == _ASP_NET and other.version == framework.version]
        if not web:
            message = f"the class library 'Microsoft.AspNetCore.App' {framework.version} is not on this machine"
            call.error(NO_FRAMEWORK, message, location=Location(call.instance.path))
            return False
        folders += [web[0].reference_dir]
    assemblies = [path for folder in folders for path in sorted(folder.glob("*.dll"))]
    metadata = {"FrameworkFile": "true", "Private": "false"}
    call.set_items("References", [OutputItem(str(path), metadata) for path in assemblies])
    call.set_value("Version", framework.version)
    return True


def _nearest(call: TaskCall) -> bool:
    """Gives each referenced project the target framework that fits best: SetTargetFramework, or none when it has only one."""
    mine = call.text("TargetFramework")
    outputs: list[OutputItem] = []
    for item in call.items("Projects"):
        offered = offered_frameworks(item.value("TargetFrameworks"))
        metadata = {"UndefineProperties": "TargetFramework"}
        if len(offered) > 1 or (offered and item.value("HasSingleTargetFramework").lower() == "false"):
            chosen = fitting_framework(mine, offered)
            if chosen is None:
                call.error("NU1201", unfitting_text(item.identity, item.value("TargetFrameworks"), mine))
                return False
            metadata = {"SetTargetFramework": f"TargetFramework={chosen}"}
        outputs.append(OutputItem(item.identity, metadata, item))
    call.set_items("Annotated", outputs)
    return True


def _generate_sources(call: TaskCall) -> bool:
    """Writes the sources that the build generates, those that changed."""
    folder = Path(call.path(call.text("Folder")))
    written: list[OutputItem] = []
    for name, text in generated_sources(call.instance).items():
        path = folder / name
        if not _write(call, path, text):
            return False
        written.append(OutputItem(f"{call.text('Folder')}{name}"))
    call.set_items("Sources", written)
    return True


def _write_satellite_source(call: TaskCall) -> bool:
    """The source of an assembly that has the resources of one culture: its culture and the version of the assembly that it belongs to."""
    versions = assembly_versions(call.instance)
    names = {"Culture": call.text("Culture"), "Version": versions["AssemblyVersion"], "FileVersion": versions["FileVersion"]}
    names["InformationalVersion"] = versions["InformationalVersion"]
    lines = [f"[assembly: System.Reflection.Assembly{name}Attribute({literal(value)})]\n" for name, value in names.items()]
    return _write(call, Path(call.path(call.text("File"))), AUTO_GENERATED + "".join(lines))


def _write_editor_config(call: TaskCall) -> bool:
    """The file that tells analyzers and generators of properties and metadata."""
    lines = ["is_global = true"]
    for item in call.items("Properties"):
        lines.append(f"build_property.{item.identity} = {' '.join(call.instance.property(item.identity).split(chr(10)))}")
    sections: dict[str, list[str]] = {}
    for visible in call.items("ItemMetadata"):
        name = visible.value("MetadataName")
        for item in call.instance.items_of(visible.identity):
            section = sections.setdefault(item.full_path(), [])
            if name:
                section.append(f"build_metadata.{visible.identity}.{name} = {item.value(name)}")
    for path, section in sections.items():
        lines += ["", f"[{path}]", *section]
    return _write(call, Path(call.path(call.text("File"))), "\n".join(lines) + "\n")


def _write(call: TaskCall, path: Path, text: str) -> bool:
    content = text.encode()
    try:
        if path.is_file() and path.read_bytes() == content:
            return True
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, content)
    except OSError as error:
        call.error("MSB3491", f'Could not write lines to file "{path}". {exception_text(error, str(path))}')
        return False
    return True


def _write_runtime_configuration(call: TaskCall) -> bool:
    """`<name>.runtimeconfig.json`: the class library to run on and the switches handed to it."""
    properties: dict[str, object] = {}
    for item in call.items("Options"):
        value = item.value("Value")
        number = int(value) if value.lstrip("-").isdigit() else value
        properties[item.identity] = {"true": True, "false": False}.get(value.lower(), number)
    names = ["Microsoft.NETCore.App"]
    names += ["Microsoft.AspNetCore.App" for item in call.items("FrameworkReferences") if item.identity.lower() == _ASP_NET]
    frameworks = [{"name": name, "version": call.text("FrameworkVersion")} for name in dict.fromkeys(names)]
    options: dict[str, object] = {"tfm": call.text("TargetFramework")}
    if call.text("RollForward"):
        options["rollForward"] = call.text("RollForward")
    if len(frameworks) == 1:
        options["framework"] = frameworks[0]
    else:
        options["frameworks"] = frameworks
    if properties:
        options["configProperties"] = properties
    return _write(call, Path(call.path(call.text("File"))), _json({"runtimeOptions": options}))


def _write_dependencies(call: TaskCall) -> bool:
    """`<name>.deps.json`: the assembly and those that are copied beside it, or below runtimes/ for the host to choose from."""
    target = call.text("TargetFrameworkMoniker")
    own = f"{call.text('AssemblyName')}/{call.text('Version')}"
    parts = _copied_parts(call.items("Assemblies"))
    entry: dict[str, object] = {}
    if parts:
        entry["dependencies"] = {key.removesuffix(_ANY_VERSION): "1.0.0" for key in parts}
    entry["runtime"] = {f"{call.text('AssemblyName')}.dll": {}}
    cultures = {item.value("Culture"): f"{item.value('Culture')}/{Path(item.identity).name}" for item in call.items("Satellites")}
    if cultures:
        entry["resources"] = {path: {"locale": culture} for culture, path in sorted(cultures.items())}
    library = {"type": "project", "serviceable": False, "sha512": ""}
    content = {
        "runtimeTarget": {"name": target, "signature": ""},
        "compilationOptions": {},
        "targets": {target: {own: entry, **parts}},
        "libraries": {own: library, **dict.fromkeys(parts, library)},
    }
    return _write(call, Path(call.path(call.text("File"))), _json(content))


def _copied_parts(items: Sequence[Item]) -> dict[str, dict[str, dict[str, object]]]:
    """The entries of what is copied: library -> kind of asset -> file. A library for each assembly, with the assembly's variants for
    runtime identifiers in it, which take its place; one for the native files of a package."""
    parts: dict[str, dict[str, dict[str, object]]] = {}
    for item in items:
        path, kind, rid = Path(item.identity), item.value("AssetType"), item.value("RuntimeIdentifier")
        if item.value("Culture") or not (kind or path.suffix.lower() == ".dll"):
            continue
        name = item.value("NuGetPackageId") if kind == "native" else path.stem
        part = parts.setdefault(f"{name}{_ANY_VERSION}", {})
        if rid:
            part.setdefault("runtimeTargets", {})[item.value("PathInPackage")] = {"rid": rid, "assetType": kind}
        else:
            part.setdefault(kind or "runtime", {})[path.name] = {}
    return parts


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _task(name: str, texts: Sequence[str], items: Sequence[str], outputs: Sequence[str], run: object) -> TaskDefinition:
    parameters = (*(Parameter(text, Kind.TEXT) for text in texts), *(Parameter(item, Kind.ITEMS) for item in items))
    assert callable(run)
    return TaskDefinition(name, parameters, tuple(outputs), run)


TASKS = (
    _task("AotdResolveFramework", (), ("FrameworkReferences",), ("References", "Version"), _resolve_framework),
    _task("AotdNearestTargetFramework", ("TargetFramework",), ("Projects",), ("Annotated",), _nearest),
    _task("AotdGenerateSources", ("Folder",), (), ("Sources",), _generate_sources),
    _task("AotdWriteSatelliteSource", ("File", "Culture"), (), (), _write_satellite_source),
    _task("AotdWriteEditorConfig", ("File",), ("Properties", "ItemMetadata"), (), _write_editor_config),
    _task(
        "AotdWriteRuntimeConfiguration",
        ("File", "TargetFramework", "FrameworkVersion", "RollForward"),
        ("Options", "FrameworkReferences"),
        (),
        _write_runtime_configuration,
    ),
    _task(
        "AotdWriteDependencies",
        ("File", "TargetFrameworkMoniker", "AssemblyName", "Version"),
        ("Assemblies", "Satellites"),
        (),
        _write_dependencies,
    ),
)

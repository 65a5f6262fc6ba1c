"""Evaluated project -> the options of the C# compiler: what the Csc task makes of the same properties and items.

Sources and references are not among them. Paths are absolute.
"""

from __future__ import annotations

from pathlib import Path

from compiler.csharp.options import CSharpOptions, CSharpResource, DebugKind, OutputKind
from compiler.diagnostics import InputError
from server.build.project_values import EvaluatedProject, is_false, is_true, words
from server.whole_numbers import is_number, magnitude

# Switch -> property whose value is passed on as it is when it is not empty.
FURTHER_SWITCHES = (
    ("filealign", "FileAlignment"),
    ("codepage", "CodePage"),
    ("subsystemversion", "SubsystemVersion"),
    ("checksumalgorithm", "ChecksumAlgorithm"),
    ("runtimemetadataversion", "RuntimeMetadataVersion"),
)

OUTPUT_KINDS = {"exe": OutputKind.EXE, "winexe": OutputKind.WINEXE, "library": OutputKind.LIBRARY, "module": OutputKind.MODULE}
DEBUG_KINDS = {"none": DebugKind.NONE, "embedded": DebugKind.EMBEDDED}

# What CoreCompile itself adds to NoWarn for .NET (Core).
ALWAYS_SILENT = ("1701", "1702", "8002")


# The waves of warnings have numbers of one digit; csc takes any level of 32 bits.
_HIGHEST_WARNING_LEVEL = 0x7FFFFFFF


def csharp_options(project: EvaluatedProject) -> CSharpOptions:
    """The options of `project`. Raises InputError for an OutputType or a WarningLevel that csc does not know."""
    level = project.property("WarningLevel").strip()
    if level and not is_number(level):
        raise InputError("CS1900", f"Warning level must be zero or greater, not '{level}'")
    return CSharpOptions(
        output_kind=output_kind(project),
        lang_version=project.property("LangVersion"),
        nullable=project.property("Nullable"),
        define_constants=tuple(words(project.property("DefineConstants").replace(",", ";"))),
        optimize=is_true(project, "Optimize"),
        allow_unsafe=is_true(project, "AllowUnsafeBlocks"),
        check_overflow=is_true(project, "CheckForOverflowUnderflow"),
        deterministic=not is_false(project, "Deterministic"),
        debug=DEBUG_KINDS.get(project.property("DebugType").lower(), DebugKind.PORTABLE),
        platform=project.property("PlatformTarget"),
        main_type=project.property("StartupObject"),
        warning_level=min(magnitude(level), _HIGHEST_WARNING_LEVEL) if level else None,
        treat_warnings_as_errors=is_true(project, "TreatWarningsAsErrors"),
        no_warn=tuple(dict.fromkeys([*codes(project.property("NoWarn")), *ALWAYS_SILENT])),
        warnings_as_errors=codes(project.property("WarningsAsErrors")),
        warnings_not_as_errors=codes(project.property("WarningsNotAsErrors")),
        path_map=path_map(project.property("PathMap")),
        resources=tuple(resources(project)),
        key_file=key_file(project),
        public_sign=is_true(project, "PublicSign"),
        delay_sign=is_true(project, "DelaySign"),
        switches=tuple(further_switches(project)),
    )


def output_kind(project: EvaluatedProject) -> OutputKind:
    """What is compiled; a library where the project does not say. Raises InputError for a word that is none of csc's."""
    written = project.property("OutputType")
    if not written:
        return OutputKind.LIBRARY
    kind = OUTPUT_KINDS.get(written.lower())
    if kind is None:
        known = "'exe', 'winexe', 'library', or 'module'"
        raise InputError("CS2019", f"Invalid target type for /target: must specify {known}, not '{written}'")
    return kind


def codes(text: str) -> tuple[str, ...]:
    """Warning codes of a list property, which `;`, `,` or blanks separate; each once."""
    return tuple(dict.fromkeys(text.replace(",", " ").replace(";", " ").split()))


def path_map(text: str) -> tuple[tuple[str, str], ...]:
    """The pairs of `PathMap`: `from=to`, separated by commas."""
    pairs = (pair.partition("=") for pair in text.split(",") if "=" in pair)
    return tuple((old.strip(), new.strip()) for old, _, new in pairs)


def key_file(project: EvaluatedProject) -> str:
    """The file of the strong name key; "" when the assembly is not signed."""
    written = project.property("AssemblyOriginatorKeyFile")
    return rooted(project, written) if written and is_true(project, "SignAssembly") else ""


def further_switches(project: EvaluatedProject) -> list[str]:
    """The switches for what `CSharpOptions` has no field for."""
    switches = [f"/{switch}:{value}" for switch, name in FURTHER_SWITCHES if (value := project.property(name))]
    switches += [f"/features:{feature}" for feature in words(project.property("Features"))]
    if is_true(project, "HighEntropyVA") or is_false(project, "HighEntropyVA"):
        switches.append(f"/highentropyva{'+' if is_true(project, 'HighEntropyVA') else '-'}")
    if written := project.property("DocumentationFile"):
        switches.append(f"/doc:{rooted(project, written)}")
    return switches


def resources(project: EvaluatedProject) -> list[CSharpResource]:
    """The EmbeddedResource items that are embedded as they are; .resx files have to be compiled first."""
    return [
        CSharpResource(item.full_path(), item.value("LogicalName") or manifest_name(project, item.identity, item.value("Link")))
        for item in project.items_of("EmbeddedResource")
        if not item.identity.lower().endswith(".resx")
    ]


def manifest_name(project: EvaluatedProject, include: str, link: str) -> str:
    """The name of a resource without a LogicalName: the root namespace and the path, its parts joined by dots.

    As in MSBuild's CreateCSharpManifestResourceName, a folder's name is made an identifier and the file's is kept.
    """
    parts = (link or include).replace("\\", "/").split("/")
    folders = [identifier(part) for part in parts[:-1] if part not in ("", ".", "..")]
    return ".".join([*filter(None, [project.property("RootNamespace")]), *folders, parts[-1]])


def identifier(folder: str) -> str:
    """The folder's name with what cannot stand in an identifier replaced by `_`."""
    text = "".join(character if character.isalnum() or character in "._" else "_" for character in folder)
    return "_" + text if text[:1].isdigit() else text


def rooted(project: EvaluatedProject, written: str) -> str:
    """The absolute path of a file that the project names."""
    return str(Path(project.directory) / written.replace("\\", "/"))

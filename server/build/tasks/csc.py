"""The Csc task: compiles C# with the warm compiler of the build."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from compiler.csharp.client import CSharpReference, CSharpRequest, CSharpResult, CSharpSource
from compiler.csharp.error_log import CompilationLog, LoggedResult
from compiler.diagnostics import Diagnostic, InputError, Location, Severity
from server.build.atomic_files import replace_file
from server.build.csharp_build import read_source_file
from server.build.csharp_error_log import error_log_file, error_log_text
from server.build.csharp_response_files import ResponseArguments, read_response_files
from server.build.events import Importance
from server.build.tasks.task import Kind, Parameter, TaskCall, TaskDefinition
from server.msbuild import paths

# Switches with a value, and the text parameter that gives it.
_TEXTS = (
    ("target", "TargetType"),
    ("langversion", "LangVersion"),
    ("nullable", "Nullable"),
    ("platform", "Platform"),
    ("main", "MainEntryPoint"),
    ("keyfile", "KeyFile"),
    ("pathmap", "PathMap"),
    ("subsystemversion", "SubsystemVersion"),
    ("runtimemetadataversion", "RuntimeMetadataVersion"),
    ("checksumalgorithm", "ChecksumAlgorithm"),
    ("moduleassemblyname", "ModuleAssemblyName"),
    ("keycontainer", "KeyContainer"),
    ("baseaddress", "BaseAddress"),
    ("appconfig", "ApplicationConfiguration"),
    ("ruleset", "CodeAnalysisRuleSet"),
    ("win32icon", "Win32Icon"),
    ("win32manifest", "Win32Manifest"),
    ("win32res", "Win32Resource"),
    ("sourcelink", "SourceLink"),
    ("generatedfilesout", "GeneratedFilesOutputPath"),
)
_NUMBERS = (("filealign", "FileAlignment"), ("codepage", "CodePage"), ("warn", "WarningLevel"))
_FLAGS = (
    ("unsafe", "AllowUnsafeBlocks"),
    ("checked", "CheckForOverflowUnderflow"),
    ("optimize", "Optimize"),
    ("deterministic", "Deterministic"),
    ("publicsign", "PublicSign"),
    ("delaysign", "DelaySign"),
    ("highentropyva", "HighEntropyVA"),
    ("warnaserror", "TreatWarningsAsErrors"),
    ("nowin32manifest", "NoWin32Manifest"),
    ("reportanalyzer", "ReportAnalyzer"),
    ("skipanalyzers", "SkipAnalyzers"),
    ("refonly", "RefOnly"),
    ("embed", "EmbedAllSources"),
)
# Flags whose switch has no form that turns it off.
_PLAIN_FLAGS = frozenset({"nowin32manifest", "reportanalyzer", "refonly", "embed"})
_CODES = (("warnaserror+", "WarningsAsErrors"), ("warnaserror-", "WarningsNotAsErrors"), ("nowarn", "DisabledWarnings"))
_ANALYZER = re.compile(r"[-/]a(nalyzer)?:", re.IGNORECASE)
_IGNORED_TEXTS = (
    "CompilerType",
    "ErrorReport",
    "Instrument",
    "PreferredUILang",
    "ProjectName",
    "SharedCompilationId",
    "TargetFramework",
    "ToolExe",
    "ToolPath",
    "VsSessionGuid",
)
_IGNORED_FLAGS = (
    "DisableSdkPath",
    "ErrorEndLocation",
    "GenerateFullPaths",
    "NoConfig",
    "NoLogo",
    "NoStandardLib",
    "Prefer32Bit",
    "ProvideCommandLineArgs",
    "ReportIVTs",
    "SkipCompilerExecution",
    "UseHostCompilerIfAvailable",
    "UseSharedCompilation",
    "Utf8Output",
)


def _run(call: TaskCall) -> bool:
    if call.flag("SkipCompilerExecution"):
        return True
    request = compile_request(call)
    if request is None:
        return False
    try:
        result = call.services.compile(request)
    except InputError as error:
        call.error(error.code, error.message, location=error.location)
        return False
    for diagnostic in result.diagnostics:
        _report(call, diagnostic)
    for line in result.analyzer_times:
        call.message(line, Importance.LOW)
    if call.text("ErrorLog"):
        _write_error_log(call, result)
    if not _write_all(call, [(Path(path), content) for path, content in result.generated]):
        return False
    if call.logged_error or result.pe is None:
        return False
    return _write(call, result, _output(call))


def _output(call: TaskCall) -> Path:
    return Path(call.path(call.text("OutputAssembly") or "a.dll"))


def compile_request(call: TaskCall) -> CSharpRequest | None:
    """What the compiler is asked; None when a source or a response file cannot be read, which has been reported."""
    try:
        further = read_response_files([call.path(item.identity) for item in call.items("ResponseFiles")], Path(call.instance.directory))
    except InputError as error:
        call.error(error.code, error.message, location=error.location)
        return None
    switches = [*_switches(call, _output(call).name), *further.switches]
    if call.services.is_restricted:
        switches = [switch for switch in switches if not _ANALYZER.match(switch)]
    written = [*(item.identity for item in call.items("Sources")), *further.sources]
    sources = [source for include in written if (source := _source(call, include)) is not None]
    if call.logged_error:
        return None
    configurations = [source for item in call.items("AnalyzerConfigFiles") if (source := _source(call, item.identity)) is not None]
    output = str(_output(call))
    return CSharpRequest(
        project=call.instance.path if not output.endswith(".resources.dll") else output,
        directory=call.instance.directory,
        switches=tuple(switches),
        sources=tuple(sources),
        references=tuple(_references(call, further)),
        analyzer_configs=tuple(configurations),
        as_csc=True,
    )


def _references(call: TaskCall, further: ResponseArguments) -> Iterator[CSharpReference]:
    """What is compiled against; what is not in the project's folder is looked for in the folders that are given for that."""
    folders = [call.path(folder) for folder in (*call.texts("AdditionalLibPaths"), *further.folders)]
    own = [
        CSharpReference(
            item.identity,
            tuple(alias.strip() for alias in item.value("Aliases").split(",") if alias.strip()),
            embed_interop_types=item.value("EmbedInteropTypes").lower() == "true",
        )
        for item in call.items("References")
    ]
    for reference in (*own, *further.references):
        path = call.path(reference.path)
        if folders and not os.path.isfile(path):
            elsewhere = (paths.full_path(reference.path.replace("\\", "/"), folder) for folder in folders)
            path = next(filter(os.path.isfile, elsewhere), path)
        yield replace(reference, path=path)


def _write_error_log(call: TaskCall, result: CSharpResult) -> None:
    try:
        path = error_log_file(call.text("ErrorLog"), Path(call.instance.directory))
        log = result.log or CompilationLog(tuple(map(LoggedResult, result.diagnostics)))
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, error_log_text(log).encode("utf-8", "surrogatepass"))
    except InputError as error:
        call.error(error.code, error.message, location=error.location)
    except OSError as error:
        call.error("CS0016", f"Could not write to output file '{call.text('ErrorLog')}' -- '{error.strerror}'", location=Location("CSC"))


def _report(call: TaskCall, diagnostic: Diagnostic) -> None:
    found = diagnostic.location or Location("CSC")
    # csc prints where a diagnostic begins, not where it ends; and of what it prints, the first line is read as a diagnostic.
    place = Location(found.file, found.line, found.column)
    first, *others = diagnostic.message.splitlines() or [""]
    if diagnostic.severity is Severity.ERROR:
        call.error(diagnostic.code, first, location=place)
    elif diagnostic.severity is Severity.WARNING:
        call.warning(diagnostic.code, first, location=place)
    elif diagnostic.severity is Severity.INFO:
        call.message(f"{place.file}({place.line},{place.column}): info {diagnostic.code}: {first}", Importance.LOW)
    for line in others:
        call.message(line, Importance.LOW)


def _write(call: TaskCall, result: CSharpResult, output: Path) -> bool:
    symbols = call.text("PdbFile")
    documentation = [item.identity for item in call.items("DocumentationFile")]
    reference = call.text("OutputRefAssembly")
    parts = [
        (output, result.pe),
        (Path(call.path(symbols)) if symbols else output.with_suffix(".pdb"), result.pdb),
        (Path(call.path(reference)) if reference else None, result.reference_pe),
        (Path(call.path(documentation[0])) if documentation else None, result.documentation),
    ]
    return _write_all(call, [(path, content) for path, content in parts if path is not None and content is not None])


def _write_all(call: TaskCall, files: Sequence[tuple[Path, bytes]]) -> bool:
    for path, content in files:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, content)
            # Newer than what it was made of, also when it is what it was: by its time a target that compiles knows that it has run.
            os.utime(path)
        except OSError as error:
            call.error("CS0016", f"Could not write to output file '{path}' -- '{error.strerror}'", location=Location("CSC"))
            return False
    return True


def _source(call: TaskCall, include: str) -> CSharpSource | None:
    path = call.path(include)
    try:
        return CSharpSource(path, read_source_file(Path(path)))
    except FileNotFoundError:
        call.error("CS2001", f"Source file '{path}' could not be found.", location=Location("CSC"))
    except OSError as error:
        call.error("CS1504", f"Source file '{path}' could not be opened -- {error.strerror}", location=Location("CSC"))
    return None


def _switches(call: TaskCall, name: str) -> Iterator[str]:
    yield f"/out:{name}"
    yield from ("/nostdlib+", "/nosdkpath")
    for switch, parameter in _FLAGS:
        if switch in _PLAIN_FLAGS:
            yield from [f"/{switch}"] if call.flag(parameter) else []
        elif call.has(parameter):
            yield f"/{switch}{'+' if call.flag(parameter) else '-'}"
    for switch, parameter in _TEXTS:
        if call.text(parameter):
            yield f"/{switch}:{call.text(parameter).lower() if switch == 'target' else call.text(parameter)}"
    for switch, parameter in _NUMBERS:
        if call.has(parameter):
            yield f"/{switch}:{call.number(parameter, 0)}"
    for switch, parameter in _CODES:
        codes = call.text(parameter).replace(",", ";").replace(" ", ";").split(";")
        if any(codes):
            yield f"/{switch}:{','.join(dict.fromkeys(filter(None, codes)))}"
    constants = [word for word in call.text("DefineConstants").replace(",", ";").replace(" ", ";").split(";") if word]
    if constants:
        yield f"/define:{';'.join(constants)}"
    yield from _symbols(call)
    for feature in [word for word in call.text("Features").replace(",", ";").split(";") if word.strip()]:
        yield f"/features:{feature.strip()}"
    for names in (call.text("InterceptorsNamespaces"), call.text("InterceptorsPreviewNamespaces")):
        if names.strip(";"):
            yield f"/features:InterceptorsNamespaces={names}"
    for switch, parameter in (("resource", "Resources"), ("linkresource", "LinkResources")):
        for item in call.items(parameter):
            logical = item.value("LogicalName") or Path(item.identity).name
            access = "private" if item.value("Access").lower() == "private" else "public"
            yield f'/{switch}:"{call.path(item.identity)}","{logical}",{access}'
    yield from (f"/analyzer:{call.path(item.identity)}" for item in call.items("Analyzers"))
    if call.text("ErrorLog"):
        yield f"/errorlog:{call.text('ErrorLog').replace(';', ',')}"
    for switch, parameter in (("additionalfile", "AdditionalFiles"), ("addmodule", "AddModules"), ("embed", "EmbeddedFiles")):
        yield from (f"/{switch}:{call.path(item.identity)}" for item in call.items(parameter))
    for item in call.items("DocumentationFile"):
        yield f"/doc:{call.path(item.identity)}"
    if call.text("OutputRefAssembly"):
        yield f"/refout:{call.path(call.text('OutputRefAssembly'))}"


def _symbols(call: TaskCall) -> Iterator[str]:
    kind = call.text("DebugType").lower()
    if kind == "none" or (call.has("EmitDebugInformation") and not call.flag("EmitDebugInformation") and not kind):
        yield "/debug-"
    elif kind == "embedded":
        yield "/debug:embedded"
    else:
        yield "/debug:portable"


TASK = TaskDefinition(
    "Csc",
    (
        Parameter("Sources", Kind.ITEMS),
        Parameter("References", Kind.ITEMS),
        Parameter("Resources", Kind.ITEMS),
        Parameter("LinkResources", Kind.ITEMS),
        Parameter("Analyzers", Kind.ITEMS),
        Parameter("AdditionalFiles", Kind.ITEMS),
        Parameter("AnalyzerConfigFiles", Kind.ITEMS),
        Parameter("AddModules", Kind.ITEMS),
        Parameter("EmbeddedFiles", Kind.ITEMS),
        Parameter("ResponseFiles", Kind.ITEMS),
        Parameter("DocumentationFile", Kind.ITEMS),
        Parameter("OutputAssembly", Kind.ITEM),
        Parameter("OutputRefAssembly", Kind.ITEM),
        Parameter("EmitDebugInformation", Kind.BOOL),
        Parameter("AdditionalLibPaths", Kind.TEXTS),
        Parameter("EnvironmentVariables", Kind.TEXTS),
        *(
            Parameter(name, Kind.TEXT)
            for name in ("DebugType", "PdbFile", "DefineConstants", "Features", "InterceptorsNamespaces", "InterceptorsPreviewNamespaces")
        ),
        *(Parameter(name, Kind.TEXT) for _, name in (*_TEXTS, *_CODES)),
        *(Parameter(name, Kind.INT) for _, name in _NUMBERS),
        *(Parameter(name, Kind.BOOL) for _, name in _FLAGS),
        Parameter("ErrorLog", Kind.TEXT),
        *(Parameter(name, Kind.TEXT) for name in _IGNORED_TEXTS),
        *(Parameter(name, Kind.BOOL) for name in _IGNORED_FLAGS),
    ),
    ("CommandLineArgs", "OutputAssembly", "OutputRefAssembly"),
    _run,
)

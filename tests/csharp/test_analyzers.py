"""Diagnostic analyzers, compiled here by the worker itself: what they report is what csc would say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from compiler.csharp.client import CSharpReference, CSharpRequest, CSharpSource, CSharpWorker
from compiler.csharp.options import CSharpOptions, OutputKind
from compiler.csharp.toolchain import Toolchain
from compiler.diagnostics import Severity
from compiler.render import canonical_line
from tests.csharp.conftest import Programs

LIBRARY = CSharpOptions(output_kind=OutputKind.LIBRARY)
FOLDER = Path(__file__).parent


@pytest.fixture(scope="module")
def analyzers(worker: CSharpWorker, programs: Programs, toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The assemblies of the C# files beside this one, by name."""
    folder = tmp_path_factory.mktemp("analyzers")
    built: dict[str, Path] = {}
    for name in ("SampleAnalyzers", "UnfitAnalyzers"):
        built[name] = folder / f"{name}.dll"
        built[name].write_bytes(compiled(worker, programs, toolchain, name, (FOLDER / f"{name}.cs").read_text(encoding="utf-8")))
    return built


def compiled(worker: CSharpWorker, programs: Programs, toolchain: Toolchain, name: str, text: str) -> bytes:
    """An assembly against Roslyn's."""
    request = programs.request(name, text, options=replace(LIBRARY, switches=(f"/out:{name}.dll",)))
    roslyn = tuple(CSharpReference(str(toolchain.roslyn_dir / f"Microsoft.CodeAnalysis{part}.dll")) for part in ("", ".CSharp"))
    result = worker.compile(replace(request, references=(*request.references, *roslyn)))
    assert result.pe is not None, result.diagnostics
    return result.pe


def build(
    programs: Programs, analyzer: Path, text: str, *switches: str, options: CSharpOptions = LIBRARY, config: str = ""
) -> CSharpRequest:
    """A request of a build with one analyzer."""
    request = programs.request(str(analyzer), text, options=replace(options, switches=(f"/analyzer:{analyzer}", *switches)))
    configs = (CSharpSource("/src/.globalconfig", config),) if config else ()
    return replace(request, analyzer_configs=configs, as_csc=True)


NAMES = "class A_ { } class Info_ { } class Off_ { }"
UNUSED = "class C { void M() { int quiet; int loud; } }"
A_LINE = "/src/0.cs(1,7): warning X001: 'A_' of X001"
OFF_LINE = "/src/0.cs(1,36): {} X003: 'Off_' of X003"
LOUD_LINE = "/src/0.cs(1,37): warning CS0168: The variable 'loud' is declared but never used"
CASES = {
    "defaults": (NAMES, (), LIBRARY, "", [A_LINE]),
    "nowarn": (NAMES, (), replace(LIBRARY, no_warn=("X001",)), "", []),
    "as an error": (NAMES, (), replace(LIBRARY, warnings_as_errors=("X001",)), "", [A_LINE.replace("warning", "error")]),
    "all as errors": (NAMES, (), replace(LIBRARY, treat_warnings_as_errors=True), "", [A_LINE.replace("warning", "error")]),
    "turned on": (NAMES, (), LIBRARY, "is_global = true\ndotnet_diagnostic.X003.severity = error\n", [A_LINE, OFF_LINE.format("error")]),
    "turned off": (NAMES, (), LIBRARY, "is_global = true\ndotnet_diagnostic.X001.severity = none\n", []),
    "by category": (
        NAMES,
        (),
        LIBRARY,
        "is_global = true\ndotnet_analyzer_diagnostic.category-Naming.severity = error\n",
        [A_LINE.replace("warning", "error"), "/src/0.cs(1,20): error X002: 'Info_' of X002"],
    ),
    "an error": ("class Error_ { }", (), LIBRARY, "", ["/src/0.cs(1,7): error X004: 'Error_' of X004"]),
    "in the source": ("#pragma warning disable X001\nclass A_ { }", (), LIBRARY, "", []),
    "suppressors": (UNUSED + " class Quiet_ { }", (), LIBRARY, "", [LOUD_LINE]),
    "suppressed as an error": (
        "class C { void M() { int quiet; } }",
        (),
        replace(LIBRARY, treat_warnings_as_errors=True),
        "",
        [],
    ),
    "skipped": (UNUSED + " class A_ { }", ("/skipanalyzers+",), LIBRARY, "", [LOUD_LINE]),
    "options": (
        "class C { }",
        (),
        LIBRARY,
        "is_global = true\nbuild_property.Loud = heard\n",
        ["aotd: warning X001: 'heard' of X001"],
    ),
    "an exception": (
        "class Throw { } class A_ { }",
        (),
        LIBRARY,
        "",
        [
            "/src/0.cs(1,23): warning X001: 'A_' of X001",
            "aotd: warning AD0001: Analyzer 'Names' threw an exception of type 'System.InvalidOperationException' with message 'oh'.",
        ],
    ),
    "errors in bodies": (
        "class A_ { int M() => nowhere; }",
        (),
        LIBRARY,
        "",
        ["/src/0.cs(1,23): error CS0103: The name 'nowhere' does not exist in the current context", A_LINE],
    ),
    "errors in declarations": (
        "class A_ { Nowhere M() => nowhere; }",
        (),
        LIBRARY,
        "",
        [
            "/src/0.cs(1,12): error CS0246: The type or namespace name 'Nowhere' could not be found "
            "(are you missing a using directive or an assembly reference?)"
        ],
    ),
    "errors of the grammar": ("class A_ { Nowhere M() }", (), LIBRARY, "", ["/src/0.cs(1,24): error CS1002: ; expected"]),
}


@pytest.mark.parametrize("name", CASES)
def test_reported(worker: CSharpWorker, programs: Programs, analyzers: dict[str, Path], name: str) -> None:
    text, switches, options, config, expected = CASES[name]
    result = worker.compile(build(programs, analyzers["SampleAnalyzers"], text, *switches, options=options, config=config))
    assert [canonical_line(replace(item, message=item.message.splitlines()[0])) for item in result.diagnostics] == expected
    assert (result.pe is None) == any(": error " in line for line in expected)


def test_unfit_analyzers(worker: CSharpWorker, programs: Programs, analyzers: dict[str, Path]) -> None:
    path = analyzers["UnfitAnalyzers"]
    result = worker.compile(build(programs, path, "class C { }"))
    [found] = result.diagnostics
    assert result.pe is not None and found.message.startswith(f"An instance of analyzer CannotBeMade cannot be created from {path} : ")
    assert worker.compile(build(programs, path, "class C { }", options=replace(LIBRARY, no_warn=("CS8032",)))).diagnostics == ()
    strict = worker.compile(build(programs, path, "class A { int x = y; }", options=replace(LIBRARY, treat_warnings_as_errors=True)))
    assert [(item.code, item.severity) for item in strict.diagnostics] == [("CS8032", Severity.ERROR)] and strict.pe is None


def test_additional_files_and_a_new_version(
    worker: CSharpWorker, programs: Programs, toolchain: Toolchain, analyzers: dict[str, Path], tmp_path: Path
) -> None:
    path, extra = tmp_path / "own.dll", tmp_path / "extra.txt"
    path.write_bytes(analyzers["SampleAnalyzers"].read_bytes())
    extra.write_text("words", encoding="utf-8")
    request = build(programs, path, "class A_ { }", f"/additionalfile:{extra}")
    found = worker.compile(request).diagnostics
    assert [canonical_line(item) for item in found] == [f"{extra}(1,1): warning X001: 'words' of X001", A_LINE]
    # Each run has instances of its own, also when nothing changed, and a new file is loaded anew.
    assert worker.compile(request).diagnostics == found
    text = (FOLDER / "SampleAnalyzers.cs").read_text(encoding="utf-8").replace("' of \" + id", "' in \" + id")
    path.write_bytes(compiled(worker, programs, toolchain, "SampleAnalyzers", text))
    assert [item.message for item in worker.compile(request).diagnostics] == ["'words' in X001", "'A_' in X001"]


def test_error_log_and_times(worker: CSharpWorker, programs: Programs, analyzers: dict[str, Path]) -> None:
    text = '[System.Diagnostics.CodeAnalysis.SuppressMessage("Naming", "X001", Justification = "old")] class A_ { }\nclass Info_ { }'
    switches = ("/errorlog:x,version=2.1", "/reportanalyzer")
    result = worker.compile(build(programs, analyzers["SampleAnalyzers"], text, *switches))
    assert result.log is not None and [item.code for item in result.diagnostics] == ["X002"]
    logged = {item.diagnostic.code: item for item in result.log.results}
    assert (logged["X001"].suppression, logged["X001"].justification) == ("SuppressMessageAttribute", "old")
    assert logged["X002"].properties == (("key", "value"),) and logged["X002"].suppression == ""
    rules = {rule.code: rule for rule in result.log.rules}
    assert {"X001", "X002", "X003", "X004"} <= rules.keys() and rules["X003"].help_link == "help:X003" and not rules["X003"].is_enabled
    assert result.analyzer_times[1].startswith("Total analyzer execution time: ")
    assert any(line.endswith("   Names") for line in result.analyzer_times)

"""Source generators, compiled here by the worker itself: run, replaced on disk, failing, missing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from compiler.csharp.client import CSharpReference, CSharpSource, CSharpWorker
from compiler.csharp.options import CSharpOptions, OutputKind
from compiler.csharp.toolchain import Toolchain
from compiler.render import canonical_line
from tests.csharp.conftest import Programs

LIBRARY = CSharpOptions(output_kind=OutputKind.LIBRARY)
GENERATOR = """
using System.Linq;
using Microsoft.CodeAnalysis;
[Generator]
public class Constants : IIncrementalGenerator
{
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        var suffix = context.AnalyzerConfigOptionsProvider.Select((options, _) =>
            options.GlobalOptions.TryGetValue("build_property.Suffix", out var value) ? value : "None");
        context.RegisterSourceOutput(suffix, (output, value) =>
            output.AddSource("Constants.g.cs",
                $"static class Constants {{ public const int $NAME$ = 1; public const int {value} = 2; }}"));
        context.RegisterSourceOutput(context.AdditionalTextsProvider, (output, file) =>
            output.AddSource(System.IO.Path.GetFileName(file.Path), $"static class File {{ public const int {file.GetText()} = 3; }}"));
    }
}
"""


def generator(worker: CSharpWorker, programs: Programs, toolchain: Toolchain, text: str) -> bytes:
    """A generator's assembly."""
    request = programs.request("the generator", text, options=replace(LIBRARY, switches=("/out:generator.dll",)))
    roslyn = tuple(CSharpReference(str(path)) for path in sorted(toolchain.roslyn_dir.glob("Microsoft.CodeAnalysis*.dll")))
    result = worker.compile(replace(request, references=(*request.references, *roslyn)))
    assert result.pe is not None, result.diagnostics
    return result.pe


def test_a_generator_runs_and_is_replaced(worker: CSharpWorker, programs: Programs, toolchain: Toolchain, tmp_path: Path) -> None:
    file = tmp_path / "generator.dll"
    file.write_bytes(generator(worker, programs, toolchain, GENERATOR.replace("$NAME$", "One")))
    (tmp_path / "Extra.txt").write_text("Three", encoding="utf-8")
    switches = (f"/analyzer:{file}", f"/additionalfile:{tmp_path / 'Extra.txt'}")
    config = CSharpSource("/src/.globalconfig", "is_global = true\nbuild_property.Suffix = Two\n")
    text = "class C { public int x = Constants.One + Constants.Two + File.Three; }"
    request = replace(programs.request("generated", text, options=replace(LIBRARY, switches=switches)), analyzer_configs=(config,))
    assert worker.compile(request).diagnostics == ()
    file.write_bytes(generator(worker, programs, toolchain, GENERATOR.replace("$NAME$", "Uno")))
    assert [item.message for item in worker.compile(request).diagnostics] == ["'Constants' does not contain a definition for 'One'"]
    (tmp_path / "Extra.txt").write_text("Drei", encoding="utf-8")
    assert len(worker.compile(request).diagnostics) == 2


def test_a_throwing_generator_is_a_warning(worker: CSharpWorker, programs: Programs, toolchain: Toolchain, tmp_path: Path) -> None:
    file = tmp_path / "generator.dll"
    start = "public void Initialize(IncrementalGeneratorInitializationContext context)\n    {"
    file.write_bytes(generator(worker, programs, toolchain, GENERATOR.replace(start, start + ' throw new System.Exception("oh");')))
    result = worker.compile(programs.request("throwing", "class C { }", options=replace(LIBRARY, switches=(f"/analyzer:{file}",))))
    assert result.pe is not None
    assert [item.code for item in result.diagnostics] == ["CS8784"] and "'oh'" in result.diagnostics[0].message


def test_generators_that_cannot_be_loaded(worker: CSharpWorker, programs: Programs, tmp_path: Path) -> None:
    (tmp_path / "not.dll").write_bytes(b"not an assembly")
    switches = (f"/analyzer:{tmp_path / 'not.dll'}", f"/analyzer:{tmp_path / 'absent.dll'}")
    result = worker.compile(programs.request("unloadable", "class C { }", options=replace(LIBRARY, switches=switches)))
    assert sorted((item.code, item.severity.value) for item in result.diagnostics) == [("CS0006", "error"), ("CS8034", "warning")]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            'using System.Text.RegularExpressions; partial class C { [GeneratedRegex("a")] public static partial Regex R(); }',
            "'C.R()' is completed by the source generator of GeneratedRegex",
        ),
        (
            'partial class C { [System.Runtime.InteropServices.LibraryImport("x")] public static partial int F(); }',
            "'C.F()' is completed by the source generator of LibraryImport",
        ),
        (
            "using System.Text.Json.Serialization; [JsonSerializable(typeof(int))] partial class J : JsonSerializerContext { }",
            "'J' is completed by the source generator of System.Text.Json",
        ),
    ],
)
def test_a_missing_generator_is_named(worker: CSharpWorker, programs: Programs, text: str, line: str) -> None:
    result = worker.compile(programs.request("missing", text, options=LIBRARY))
    assert any(item.severity.value == "error" for item in result.diagnostics)
    ours = [canonical_line(item) for item in result.diagnostics if item.code == "AOTD0114"]
    assert len(ours) == 1 and line in ours[0] and ours[0].startswith("/src/0.cs(1,")


def test_generated_sources_are_handed_out(worker: CSharpWorker, programs: Programs, toolchain: Toolchain, tmp_path: Path) -> None:
    """With /generatedfilesout, also of a compilation that has errors."""
    file = tmp_path / "generator.dll"
    file.write_bytes(generator(worker, programs, toolchain, GENERATOR.replace("$NAME$", "One")))
    switches = (f"/analyzer:{file}", "/generatedfilesout:made")
    request = programs.request("generated files", "class C { int x = Constants.No; }", options=replace(LIBRARY, switches=switches))
    result = worker.compile(replace(request, directory="/src", as_csc=True))
    assert result.pe is None and [item.code for item in result.diagnostics] == ["CS0117"]
    [(path, content)] = result.generated
    assert path == "/src/made/generator/Constants/Constants.g.cs"
    assert content.decode("utf-8-sig").startswith("static class Constants {")
    assert (
        worker.compile(replace(request, switches=tuple(one for one in request.switches if "made" not in one), as_csc=True)).generated == ()
    )

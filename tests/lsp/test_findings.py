"""What the editor shows for real projects: C# errors and findings, while typing, after changes on disk, while code is broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lsp.editor import Editor

PROJECT = """<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net9.0</TargetFramework>
    <ImplicitUsings>enable</ImplicitUsings>
    <Nullable>enable</Nullable>
    <PublishAot>true</PublishAot>
  </PropertyGroup>
</Project>
"""
PROGRAM = """Console.WriteLine("start");
Other.Run();
"""
OTHER = """static class Other
{
    public static void Run() => Console.WriteLine("run");
}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "app.csproj").write_text(PROJECT)
    (folder / "Program.cs").write_text(PROGRAM)
    (folder / "Other.cs").write_text(OTHER)
    return folder


def none(codes: list[str]) -> bool:
    return not codes


def test_error_comes_and_goes_while_typing(folder: Path) -> None:
    program = folder / "Program.cs"
    with Editor(folder) as editor:
        editor.open(program)
        editor.edit(program, 2, ((1, 0), (1, 0), "Missing();\n"))
        [error] = editor.diagnostics_of(program, lambda codes: codes == ["CS0103"])
        assert error["range"] == {"start": {"line": 1, "character": 0}, "end": {"line": 1, "character": 7}}
        assert (error["severity"], error["source"]) == (1, "aotd")
        assert error["codeDescription"]["href"] == "https://learn.microsoft.com/dotnet/csharp/misc/cs0103"
        assert error["message"] == "The name 'Missing' does not exist in the current context"
        since = len(editor.messages)
        editor.edit(program, 3, ((1, 0), (2, 0), ""))
        editor.diagnostics_of(program, none, since)


def test_columns_count_utf16_units(folder: Path) -> None:
    program = folder / "Program.cs"
    with Editor(folder) as editor:
        editor.open(program)
        editor.edit(program, 2, ((0, 0), (0, 0), '_ = "\U0001f600" + Missing;\n'), ((0, 5), (0, 7), "ä\U0001f600"))
        [error] = editor.diagnostics_of(program, lambda codes: codes == ["CS0103"])
        assert error["range"] == {"start": {"line": 0, "character": 12}, "end": {"line": 0, "character": 19}}


def test_file_that_is_not_open_is_checked_and_followed_on_disk(folder: Path) -> None:
    other = folder / "Other.cs"
    other.write_text(OTHER.replace("Run()", "Walk()"))
    with Editor(folder) as editor:
        editor.diagnostics_of(folder / "Program.cs", lambda codes: codes == ["CS0117"])
        since = len(editor.messages)
        other.write_text(OTHER)
        editor.diagnostics_of(folder / "Program.cs", none, since)
        since = len(editor.messages)
        other.unlink()
        editor.diagnostics_of(folder / "Program.cs", lambda codes: codes == ["CS0103"], since)
        since = len(editor.messages)
        (folder / "Again.cs").write_text(OTHER)
        editor.diagnostics_of(folder / "Program.cs", none, since)


def test_unsaved_text_is_dropped_when_the_document_closes(folder: Path) -> None:
    program = folder / "Program.cs"
    with Editor(folder) as editor:
        editor.open(program, PROGRAM + "Missing();\n")
        editor.diagnostics_of(program, lambda codes: codes == ["CS0103"])
        since = len(editor.messages)
        editor.notify("textDocument/didClose", {"textDocument": {"uri": program.as_uri()}})
        editor.diagnostics_of(program, none, since)


def test_error_of_a_project_file_stands_on_it(folder: Path) -> None:
    project = folder / "app.csproj"
    with Editor(folder) as editor:
        editor.open(project)
        editor.edit(project, 2, ((8, 0), (8, 10), "</Projec>"))
        [error] = editor.diagnostics_of(project, lambda codes: codes == ["MSB4025"])
        assert error["range"]["start"]["line"] == 8
        since = len(editor.messages)
        editor.edit(project, 3, ((8, 0), (8, 9), "</Project>"))
        editor.diagnostics_of(project, none, since)


def test_property_of_the_project_file_counts_without_saving(folder: Path) -> None:
    project, program = folder / "app.csproj", folder / "Program.cs"
    with Editor(folder) as editor:
        editor.open(project)
        editor.edit(project, 2, ((4, 20), (4, 26), "disable"))
        codes = [d["code"] for d in editor.diagnostics_of(program, lambda codes: len(codes) > 0)]
        assert codes == ["CS0103"]


def test_folders_come_and_go(folder: Path, tmp_path: Path) -> None:
    program = folder / "Program.cs"
    program.write_text("Missing();\n")
    with Editor() as editor:
        folders = [{"uri": folder.as_uri(), "name": "app"}]
        editor.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": folders, "removed": []}})
        editor.diagnostics_of(program, lambda codes: codes == ["CS0103"])
        since = len(editor.messages)
        editor.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": [], "removed": folders}})
        editor.diagnostics_of(program, none, since)


def test_commands_know_the_programs_and_the_tools(folder: Path) -> None:
    with Editor(folder) as editor:
        projects = editor.request("workspace/executeCommand", {"command": "aotd.projects", "arguments": []})["result"]
        assert projects == [{"name": "app", "path": str(folder / "app.csproj"), "folder": str(folder)}]
        doctor = editor.request("workspace/executeCommand", {"command": "aotd.doctor", "arguments": []})["result"]
        assert "npm" in doctor


def test_nothing_is_computed_again_when_a_known_text_is_saved(folder: Path) -> None:
    program = folder / "Program.cs"
    with Editor(folder) as editor:
        editor.open(program)
        editor.request("workspace/executeCommand", {"command": "aotd.projects"})
        program.write_text(PROGRAM)
        editor.notify("textDocument/didSave", {"textDocument": {"uri": program.as_uri()}})
        editor.request("workspace/executeCommand", {"command": "aotd.projects"})
        asked = [line.rpartition("asked=")[2].strip() for line in editor.log if "event=analyzed" in line]
        assert asked[-1] == "(1, 1, 1)"


FINDING = """using System.Diagnostics.CodeAnalysis;

Console.WriteLine(Plugins.Load("A"));

static class Plugins
{
    [RequiresUnreferencedCode("by name")]
    public static object? Load(string name) => name;

    public static void First()
    {
        Load("first");
    }

    public static void Second()
    {
        Load("second");
    }
}
"""


def lines_of(diagnostics: list[dict[str, object]]) -> list[tuple[str, int]]:
    return sorted((str(d["code"]), d["range"]["start"]["line"]) for d in diagnostics)  # type: ignore[index]


def test_findings_come_while_typing_and_survive_broken_code(folder: Path) -> None:
    program = folder / "Program.cs"
    program.write_text(FINDING)
    with Editor(folder) as editor:
        editor.open(program)
        found = editor.diagnostics_of(program, lambda codes: codes == ["IL2026"] * 3)
        assert lines_of(found) == [("IL2026", 2), ("IL2026", 11), ("IL2026", 16)]
        assert found[0]["codeDescription"]["href"].endswith("/trim-warnings/il2026")
        assert found[0]["message"].startswith("Using member 'Plugins.Load(String)' which has 'RequiresUnreferencedCodeAttribute'")
        # `Second` does not compile any more: its finding stays where it is, that of `First` moves down with its line.
        since = len(editor.messages)
        editor.edit(program, 2, ((16, 23), (16, 23), " int broken = ;"), ((8, 0), (8, 0), "\n"))
        found = editor.diagnostics_of(program, lambda codes: "CS1525" in codes, since)
        assert lines_of([d for d in found if d["code"] == "IL2026"]) == [("IL2026", 2), ("IL2026", 12)]
        since = len(editor.messages)
        editor.edit(program, 3, ((18, 0), (18, 0), "int alsoBroken = ;\n"), ((17, 23), (17, 38), ""))
        found = editor.diagnostics_of(program, lambda codes: codes.count("IL2026") == 3, since)
        assert lines_of([d for d in found if d["code"] == "IL2026"]) == [("IL2026", 2), ("IL2026", 12), ("IL2026", 17)]
        since = len(editor.messages)
        editor.edit(program, 4, ((18, 0), (19, 0), ""), ((12, 0), (12, 25), ""))
        found = editor.diagnostics_of(program, lambda codes: codes == ["IL2026"] * 2, since)
        assert lines_of(found) == [("IL2026", 2), ("IL2026", 17)]


def test_pragma_and_nowarn_silence_a_finding(folder: Path) -> None:
    program, project = folder / "Program.cs", folder / "app.csproj"
    program.write_text(FINDING)
    # Publishing a native program would not heed the pragma, so this one is only said to be fit for it.
    only_compatible = PROJECT.replace("PublishAot", "IsAotCompatible")
    project.write_text(only_compatible)
    with Editor(folder) as editor:
        editor.open(program)
        editor.diagnostics_of(program, lambda codes: len(codes) == 3)
        since = len(editor.messages)
        editor.edit(program, 2, ((11, 0), (11, 0), "#pragma warning disable IL2026\n"))
        editor.diagnostics_of(program, lambda codes: len(codes) == 1, since)
        since = len(editor.messages)
        project.write_text(only_compatible.replace("<Nullable>", "<NoWarn>$(NoWarn);IL2026</NoWarn><Nullable>"))
        editor.diagnostics_of(program, none, since)


LIBRARY = """using System.Diagnostics.CodeAnalysis;

namespace Library;

public static class Shapes
{
    [RequiresDynamicCode("made at run time")]
    public static int Area() => 1;
}
"""


def test_project_that_is_referred_to_counts_as_it_is_typed(folder: Path, tmp_path: Path) -> None:
    library = tmp_path / "library"
    library.mkdir()
    (library / "library.csproj").write_text(PROJECT.replace("<OutputType>Exe</OutputType>", ""))
    (library / "Shapes.cs").write_text(LIBRARY)
    project, program, shapes = folder / "app.csproj", folder / "Program.cs", library / "Shapes.cs"
    reference = '  <ItemGroup><ProjectReference Include="../library/library.csproj" /></ItemGroup>\n</Project>'
    project.write_text(PROJECT.replace("</Project>", reference))
    program.write_text("Console.WriteLine(Library.Shapes.Area());\n")
    with Editor(tmp_path) as editor:
        editor.diagnostics_of(program, lambda codes: codes == ["IL3050"])
        editor.open(shapes)
        since = len(editor.messages)
        editor.edit(shapes, 2, ((6, 0), (6, 0), "//"))
        editor.diagnostics_of(program, none, since)
        since = len(editor.messages)
        editor.edit(shapes, 3, ((7, 22), (7, 26), "Size"))
        editor.diagnostics_of(program, lambda codes: codes == ["CS0117"], since)
        programs = editor.request("workspace/executeCommand", {"command": "aotd.projects"})["result"]
        assert [program["name"] for program in programs] == ["app"]


def test_directory_build_props_and_editorconfig_are_seen_when_they_come(folder: Path, tmp_path: Path) -> None:
    program = folder / "Program.cs"
    program.write_text(FINDING)
    with Editor(tmp_path) as editor:
        editor.diagnostics_of(program, lambda codes: len(codes) == 3)
        since = len(editor.messages)
        props = tmp_path / "Directory.Build.props"
        props.write_text("<Project><PropertyGroup><NoWarn>IL2026</NoWarn></PropertyGroup></Project>")
        editor.diagnostics_of(program, none, since)
        since = len(editor.messages)
        props.unlink()
        editor.diagnostics_of(program, lambda codes: len(codes) == 3, since)
        since = len(editor.messages)
        (tmp_path / ".editorconfig").write_text("root = true\n[*.cs]\ndotnet_diagnostic.IL2026.severity = error\n")
        found = editor.diagnostics_of(program, lambda codes: len(codes) == 3, since)
        assert [diagnostic["severity"] for diagnostic in found] == [1, 1, 1]


def test_broken_project_does_not_silence_the_others(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "other.csproj").write_text("<Project>\n  <PropertyGroup>\n</Project>\n")
    (folder / "Program.cs").write_text(FINDING)
    with Editor(tmp_path) as editor:
        editor.diagnostics_of(folder / "Program.cs", lambda codes: len(codes) == 3)
        [error] = editor.diagnostics_of(other / "other.csproj", lambda codes: len(codes) == 1)
        assert error["code"] == "MSB4025"

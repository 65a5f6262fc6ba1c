"""Hovers, code actions and related places of findings, over the protocol; the edits are applied and the findings are gone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.conftest import RunAotd
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
PROGRAM = """using System.Diagnostics.CodeAnalysis;

Users.First(typeof(string));

static class Plugins
{
    [RequiresUnreferencedCode("by name")]
    public static void Load(string name) => Console.WriteLine(name);
}

static class Users
{
    public static void First(Type type)
    {
        Plugins.Load("first");
        Console.WriteLine(type.GetMethods().Length);
        Console.WriteLine(type.GetFields().Length);
        Other.Make(type);
        Console.WriteLine(System.Reflection.Assembly.GetExecutingAssembly().Location);
    }
}
"""
OTHER = """static class Other
{
    /// <summary>Makes an array.</summary>
    public static object Make(Type type)
    {
        Array.CreateInstance(type, 1);
        return type.MakeArrayType();
    }
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


def is_finding(codes: list[str]) -> bool:
    return any(code.startswith("IL") for code in codes)


def actions_at(editor: Editor, path: Path, line: int, only: list[str] | None = None) -> dict[str, dict[str, Any]]:
    """What is offered on a line (counted from 0), by title."""
    context = {"diagnostics": [], **({"only": only} if only is not None else {})}
    place = {"start": {"line": line, "character": 0}, "end": {"line": line, "character": 200}}
    params = {"textDocument": {"uri": path.as_uri()}, "range": place, "context": context}
    return {action["title"]: action for action in editor.request("textDocument/codeAction", params)["result"]}


def applied(action: dict[str, Any], texts: dict[Path, str]) -> dict[Path, str]:
    """The texts after the edits of an action, which an editor applies from the last to the first."""
    result = dict(texts)
    for document in action["edit"]["documentChanges"]:
        path = next(path for path in texts if path.as_uri() == document["textDocument"]["uri"])
        lines = result[path].split("\n")
        for edit in sorted(document["edits"], key=lambda e: (e["range"]["start"]["line"], e["range"]["start"]["character"]), reverse=True):
            start, end = edit["range"]["start"], edit["range"]["end"]
            head, tail = lines[start["line"]][: start["character"]], lines[end["line"]][end["character"] :]
            lines[start["line"] : end["line"] + 1] = (head + edit["newText"] + tail).split("\n")
        result[path] = "\n".join(lines)
    return result


def test_hover_explains_and_related_places_say_what_asks(folder: Path) -> None:
    program = folder / "Program.cs"
    with Editor(folder) as editor:
        editor.open(program)
        found = editor.diagnostics_of(program, is_finding)
        load = next(each for each in found if each["code"] == "IL2026")
        [related] = load["relatedInformation"]
        assert related["location"]["range"]["start"] == {"line": 6, "character": 5}
        assert related["message"] == "'Plugins.Load(String)' of app is declared with [RequiresUnreferencedCode(\"by name\")]"
        hover = editor.request(
            "textDocument/hover", {"textDocument": {"uri": program.as_uri()}, "position": {"line": 14, "character": 12}}
        )["result"]
        text = hover["contents"]["value"]
        assert hover["range"] == load["range"] and hover["contents"]["kind"] == "markdown"
        assert "1. `Program.<Main>$(String[])` is the entry point" in text
        assert f"2. `Users.First(Type)` ← calls it ([Program.cs:3]({program.as_uri()}#L3))" in text
        assert "so that its callers are told" in text
        nothing = editor.request("textDocument/hover", {"textDocument": {"uri": program.as_uri()}, "position": {"line": 0, "character": 0}})
        assert nothing["result"] is None


def test_fixes_are_offered_and_carry_out_what_they_say(folder: Path) -> None:
    program, other = folder / "Program.cs", folder / "Other.cs"
    texts = {program: PROGRAM, other: OTHER}
    with Editor(folder) as editor:
        editor.open(program)
        editor.diagnostics_of(program, is_finding)
        load = actions_at(editor, program, 14)
        assert list(load) == [
            "Add [RequiresUnreferencedCode] to 'Users.First(Type)', so that its callers are told",
            "Suppress IL2026 in 'Users.First(Type)', with a justification",
        ]
        required = applied(load["Add [RequiresUnreferencedCode] to 'Users.First(Type)', so that its callers are told"], texts)[program]
        assert '    [RequiresUnreferencedCode("Calls Plugins.Load(String)")]\n    public static void First(Type type)\n' in required
        location = actions_at(editor, program, 18)
        replaced = applied(location["Use 'System.AppContext.BaseDirectory', the folder of the program"], texts)[program]
        assert "        Console.WriteLine(System.AppContext.BaseDirectory);\n" in replaced
        assert location["Use 'System.AppContext.BaseDirectory', the folder of the program"]["isPreferred"] is True
        array = actions_at(editor, other, 5)
        guard = "Run it only if 'System.Runtime.CompilerServices.RuntimeFeature.IsDynamicCodeSupported'"
        guarded = applied(array[guard], texts)[other]
        assert "        if (System.Runtime.CompilerServices.RuntimeFeature.IsDynamicCodeSupported)\n        {\n" in guarded
        assert "            Array.CreateInstance(type, 1);\n        }\n        return type.MakeArrayType();\n" in guarded
        suppressed = applied(array["Suppress IL3050 in 'Other.Make(Type)', with a justification"], texts)[other]
        assert suppressed.startswith("using System.Diagnostics.CodeAnalysis;\n\nstatic class Other\n")
        assert "    /// <summary>Makes an array.</summary>\n    [UnconditionalSuppressMessage(" in suppressed


def test_all_of_a_document_are_fixed_at_once(folder: Path) -> None:
    program, other = folder / "Program.cs", folder / "Other.cs"
    with Editor(folder) as editor:
        editor.open(program)
        editor.diagnostics_of(program, is_finding)
        whole = actions_at(editor, program, 15)["Annotate for every IL2070 of this document"]
        again = actions_at(editor, program, 0, only=["source.fixAll"])["Add all missing annotations"]
        assert again["edit"] == whole["edit"] and again["kind"] == "source.fixAll"
        texts = applied(whole, {program: PROGRAM, other: OTHER})
        flags = "DynamicallyAccessedMemberTypes.PublicMethods | DynamicallyAccessedMemberTypes.PublicFields"
        assert f"First([DynamicallyAccessedMembers({flags})] Type type)" in texts[program]
        [everything] = [each for title, each in actions_at(editor, other, 5).items() if title == "Suppress every IL3050 of this document"]
        texts = applied(everything, texts)
        since = len(editor.messages)
        editor.notify("textDocument/didClose", {"textDocument": {"uri": program.as_uri()}})
        for path, text in texts.items():
            path.write_text(text)
        left = editor.diagnostics_of(program, lambda codes: sorted(codes) == ["IL2026", "IL3000"], since)
        assert len(left) == 2
        editor.diagnostics_of(other, lambda codes: codes == [], since)


def test_an_annotation_that_is_there_is_widened(folder: Path) -> None:
    program = folder / "Program.cs"
    narrow = "[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicFields)] Type type"
    text = PROGRAM.replace("First(Type type)", f"First({narrow})")
    program.write_text(text)
    with Editor(folder) as editor:
        editor.open(program)
        editor.diagnostics_of(program, is_finding)
        title = "Widen [DynamicallyAccessedMembers(PublicMethods | PublicFields)] of parameter 'type'"
        widened = applied(actions_at(editor, program, 15)[title], {program: text})[program]
        flags = "DynamicallyAccessedMemberTypes.PublicMethods | DynamicallyAccessedMemberTypes.PublicFields"
        assert widened == text.replace("(DynamicallyAccessedMemberTypes.PublicFields)", f"({flags})")


def test_findings_in_an_assembly_stand_where_the_project_refers_to_it(aotd: RunAotd, folder: Path, tmp_path: Path) -> None:
    library = tmp_path / "library"
    library.mkdir()
    (library / "Acme.csproj").write_text(PROJECT.replace("<OutputType>Exe</OutputType>", "").replace("PublishAot", "Optimize"))
    (library / "Tools.cs").write_text(
        "public static class Tools { public static object? Make(System.Type type) => System.Activator.CreateInstance(type); }\n"
    )
    assert aotd("build", library / "Acme.csproj", env={"AOTD_NO_DAEMON": "1"}).exit_code == 0
    assembly = next((library / "bin").rglob("Acme.dll"))
    project, program = folder / "app.csproj", folder / "Program.cs"
    reference = f'  <ItemGroup>\n    <Reference Include="Acme"><HintPath>{assembly}</HintPath></Reference>\n  </ItemGroup>\n</Project>'
    project.write_text(PROJECT.replace("</Project>", reference))
    program.write_text("Console.WriteLine(1);\n")
    with Editor(folder) as editor:
        editor.open(program, "Tools.Make(typeof(int));\n")
        [found] = editor.diagnostics_of(project, lambda codes: codes == ["IL2104"])
        assert found["message"].startswith("Assembly 'Acme' produced trim warnings.")
        assert found["range"] == {"start": {"line": 9, "character": 4}, "end": {"line": 9, "character": 30}}
        since = len(editor.messages)
        editor.edit(program, 2, ((0, 0), (0, 0), "Console.WriteLine(1); //"))
        editor.diagnostics_of(project, lambda codes: codes == [], since)

"""Documents as editors treat them: outside of any project, never saved, renamed and deleted on disk, in several folders; tags, progress."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.lsp.editor import Editor
from tests.lsp.test_findings import OTHER, PROGRAM, PROJECT, none

BROKEN = "static class {0} {{ static int N => Missing; }}\n"


def write_app(folder: Path, name: str, program: str = PROGRAM) -> Path:
    """A project of that name with its sources."""
    home = folder / name
    home.mkdir()
    (home / f"{name}.csproj").write_text(PROJECT)
    (home / "Program.cs").write_text(program)
    (home / "Other.cs").write_text(OTHER)
    return home


def place_of(path: Path) -> dict[str, Any]:
    return {"textDocument": {"uri": path.as_uri()}, "position": {"line": 0, "character": 1}}


def test_a_file_outside_of_any_project_is_left_alone(tmp_path: Path) -> None:
    app = write_app(tmp_path, "app", "Missing();\n")
    stray, untitled = tmp_path / "stray.cs", "untitled:Untitled-1"
    stray.write_text(BROKEN.format("Stray"))
    with Editor(app) as editor:
        editor.open(stray)
        document = {"uri": untitled, "languageId": "csharp", "version": 1, "text": "class {"}
        editor.notify("textDocument/didOpen", {"textDocument": document})
        assert editor.request("textDocument/hover", place_of(stray))["result"] is None
        for uri in (stray.as_uri(), untitled):
            span = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 5}}
            asked = {"textDocument": {"uri": uri}, "range": span, "context": {"diagnostics": []}}
            assert editor.request("textDocument/codeAction", asked)["result"] == []
        editor.diagnostics_of(app / "Program.cs", lambda codes: codes == ["CS0103"])
        told = {message["params"]["uri"] for message in editor.messages if message.get("method") == "textDocument/publishDiagnostics"}
        assert told == {(app / "Program.cs").as_uri()}


def test_a_new_document_counts_before_it_is_saved(tmp_path: Path) -> None:
    app = write_app(tmp_path, "app", "Fresh.Run();\n")
    program, fresh = app / "Program.cs", app / "Fresh.cs"
    with Editor(app) as editor:
        editor.diagnostics_of(program, lambda codes: codes == ["CS0103"])
        since = len(editor.messages)
        editor.open(fresh, "static class Fresh { public static void Run() { } }\n")
        editor.diagnostics_of(program, none, since)
        since = len(editor.messages)
        editor.edit(fresh, 2, ((0, 21), (0, 21), BROKEN.format("Inner")))
        editor.diagnostics_of(fresh, lambda codes: codes == ["CS0103"], since)
        since = len(editor.messages)
        editor.notify("textDocument/didClose", {"textDocument": {"uri": fresh.as_uri()}})
        editor.diagnostics_of(program, lambda codes: codes == ["CS0103"], since)
        editor.diagnostics_of(fresh, none, since)


def test_files_renamed_and_deleted_take_their_diagnostics_along(tmp_path: Path) -> None:
    app = write_app(tmp_path, "app")
    first, second = app / "First.cs", app / "Second.cs"
    first.write_text(BROKEN.format("Wrong"))
    with Editor(app) as editor:
        editor.diagnostics_of(first, lambda codes: codes == ["CS0103"])
        since = len(editor.messages)
        first.rename(second)
        editor.diagnostics_of(second, lambda codes: codes == ["CS0103"], since)
        editor.diagnostics_of(first, none, since)
        since = len(editor.messages)
        second.unlink()
        editor.diagnostics_of(second, none, since)


def test_two_folders_are_two_workspaces_of_one_session(tmp_path: Path) -> None:
    one, two = write_app(tmp_path, "one", "Missing();\n"), write_app(tmp_path, "two", "Lost();\n")
    with Editor(one, two) as editor:
        for folder, name in ((one, "Missing"), (two, "Lost")):
            [error] = editor.diagnostics_of(folder / "Program.cs", lambda codes: codes == ["CS0103"])
            assert f"'{name}'" in error["message"]


def test_configuration_counts_as_it_is_typed(tmp_path: Path) -> None:
    app = write_app(tmp_path, "app", "System.Type.GetType(args[0]);\n")
    config = app / ".editorconfig"
    config.write_text("root = true\n")
    with Editor(app) as editor:
        [found] = editor.diagnostics_of(app / "Program.cs", lambda codes: codes == ["IL2057"])
        assert found["severity"] == 2
        editor.open(config)
        since = len(editor.messages)
        editor.edit(config, 2, ((1, 0), (1, 0), "[*.cs]\ndotnet_diagnostic.IL2057.severity = error\n"))
        [found] = editor.diagnostics_of(app / "Program.cs", lambda codes: codes == ["IL2057"], since)
        assert found["severity"] == 1
        project = app / "app.csproj"
        editor.open(project)
        since = len(editor.messages)
        editor.edit(project, 2, ((1, 0), (1, 0), "  <PropertyGroup><NoWarn>IL2057</NoWarn></PropertyGroup>\n"))
        editor.diagnostics_of(app / "Program.cs", none, since)


def test_what_is_needless_or_obsolete_is_tagged(tmp_path: Path) -> None:
    source = "int never = 1;\nOld();\n[System.Obsolete] static void Old() { }\n"
    app = write_app(tmp_path, "app", source)
    with Editor(app) as editor:
        found = editor.diagnostics_of(app / "Program.cs", lambda codes: len(codes) == 2)
        assert {each["code"]: each.get("tags") for each in found} == {"CS0219": [1], "CS0612": [2]}


def test_a_long_analysis_shows_its_progress_and_can_be_given_up(tmp_path: Path) -> None:
    app = write_app(tmp_path, "app")
    program = app / "Program.cs"
    with Editor(app) as editor:
        begun = editor.wait_for(lambda message: message.get("method") == "$/progress" and message["params"]["value"]["kind"] == "begin")
        assert begun["params"]["value"] == {"kind": "begin", "title": "aotd: analyzing", "cancellable": True}
        token = begun["params"]["token"]
        editor.notify("window/workDoneProgress/cancel", {"token": token})
        editor.wait_for(lambda message: message.get("method") == "$/progress" and message["params"]["value"]["kind"] == "end")
        editor.open(program)
        editor.edit(program, 2, ((0, 0), (0, 0), "Missing();\n"))
        editor.diagnostics_of(program, lambda codes: codes == ["CS0103"])

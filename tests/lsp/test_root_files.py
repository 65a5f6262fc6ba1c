"""ILLink's XML files and rd.xml in the editor: what is wrong with them stands in them, as it is typed and when it comes from disk."""

from __future__ import annotations

from pathlib import Path

from tests.lsp.editor import Editor
from tests.lsp.test_findings import PROJECT, none

ITEMS = """<ItemGroup>
  <TrimmerRootDescriptor Include="roots.xml" /><RdXmlFile Include="rd.xml" />
  <EmbeddedResource Include="ILLink.Substitutions.xml" LogicalName="ILLink.Substitutions.xml" />
</ItemGroup></Project>
"""


def test_files_are_read_as_they_are_typed_and_saved(tmp_path: Path) -> None:
    project, roots, rd, substitutions = (tmp_path / name for name in ("app.csproj", "roots.xml", "rd.xml", "ILLink.Substitutions.xml"))
    project.write_text(PROJECT.replace("</Project>", ITEMS))
    (tmp_path / "Program.cs").write_text("Console.WriteLine();\n")
    roots.write_text('<linker>\n  <assembly fullname="app">\n</linker>\n')
    substitutions.write_text('<linker>\n  <type fullname="Nobody" />\n</linker>\n')
    with Editor(tmp_path) as editor:
        [error] = editor.diagnostics_of(roots, lambda codes: codes == ["IL1003"])
        assert error["severity"] == 1 and error["range"]["start"] == {"line": 2, "character": 2}
        [missing] = editor.diagnostics_of(substitutions, lambda codes: codes == ["IL2008"])
        assert missing["range"] == {"start": {"line": 1, "character": 3}, "end": {"line": 1, "character": 7}}
        [gone] = editor.diagnostics_of(project, lambda codes: codes == ["IL1033"])
        assert "rd.xml" in gone["message"]
        # Typed, not saved: the declared encoding is that of the file, not of the text.
        editor.open(roots)
        since = len(editor.messages)
        text = '<?xml version="1.0" encoding="utf-16"?>\n<linker><assembly fullname="app"><type fullname="No" /></assembly></linker>\n'
        editor.edit(roots, 2, ((0, 0), (3, 0), text))
        [unknown] = editor.diagnostics_of(roots, lambda codes: codes == ["IL2008"], since)
        assert unknown["range"]["start"] == {"line": 1, "character": 34}
        since = len(editor.messages)
        rd.write_text('<Directives><Application>\n<Assembly Name="none" /></Application></Directives>')
        editor.diagnostics_of(project, none, since)
        editor.diagnostics_of(rd, lambda codes: codes == ["IL1013"], since)
        since = len(editor.messages)
        substitutions.write_text("<linker />\n")
        editor.diagnostics_of(substitutions, none, since)

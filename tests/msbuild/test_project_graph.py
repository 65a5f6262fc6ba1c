"""Builds of a whole graph and in isolation, as `dotnet msbuild -graph` and `-isolate` were seen to answer: projects in, lines out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from server.build.console_logger import ConsoleLogger
from server.build.events import BuildLog
from server.build.session import BuildSession
from server.msbuild.project import ProjectEvaluator
from server.msbuild.sdks import own_toolset


def say(name: str, text: str = "") -> str:
    """A target that says its name."""
    return f'<Target Name="{name}"><Message Text="{text or name}" Importance="high" /></Target>'


def build(
    folder: Path, projects: Mapping[str, str], *, targets: tuple[str, ...] = (), isolates: bool = False, graph: bool = True
) -> tuple[bool, list[str]]:
    """Did the build of a.proj go well, and its lines."""
    for name, body in projects.items():
        (folder / f"{name}.proj").write_text(f"<Project>\n{body}</Project>", encoding="utf-8")
    lines: list[str] = []
    evaluator = ProjectEvaluator({}, str(folder), toolset=own_toolset())
    session = BuildSession(evaluator, BuildLog([ConsoleLogger(1, lines.append)]), isolates=isolates)
    path = str(folder / "a.proj")
    answer = session.build_graph(path, {"G": "1"}, targets, builds=True) if graph else session.build(path, {}, targets)
    shown = [line.strip().replace(str(folder), "DIR") for text in lines for line in text.splitlines() if line.strip()]
    return answer.succeeded, [line for line in shown if not line.startswith("Static graph loaded")]


def test_references_first_with_the_targets_that_are_asked_for(tmp_path: Path) -> None:
    """Each project once, its targets in the order of asking; nothing is asked of a project for a target without a rule."""
    asks = '<ProjectReferenceTargets Include="A" Targets="X;.default" />'
    projects = {
        "a": f'<ItemGroup><ProjectReference Include="b.proj;c.proj" />{asks}</ItemGroup>' + say("A") + say("Other"),
        "b": '<ItemGroup><ProjectReference Include="c.proj" /><ProjectReferenceTargets Include="X" Targets="Y" /></ItemGroup>'
        + say("D", "b.D")
        + say("X", "b.X"),
        "c": say("D2") + say("Y") + say("X", "c.X"),
    }
    assert build(tmp_path, projects) == (True, ["c.X", "D2", "Y", "b.X", "b.D", "A"])
    assert build(tmp_path, projects, targets=("Other",)) == (True, ["Other"])


def test_properties_of_references_and_failures(tmp_path: Path) -> None:
    """What an item says of properties holds; a project is built though one that it refers to failed."""
    said = 'SetConfiguration="Configuration=Q" Properties="P=2" AdditionalProperties="R=3" GlobalPropertiesToRemove="G"'
    items = f'<ProjectReference Include="b.proj" {said} /><ProjectReferenceTargets Include="A" Targets="X" />'
    projects = {"a": f"<ItemGroup>{items}</ItemGroup>{say('A')}", "b": say("X", "[$(Configuration)] [$(P)] [$(R)] [$(G)]")}
    assert build(tmp_path, projects) == (True, ["[] [2] [3] []", "A"])
    assert build(tmp_path, {**projects, "b": '<Target Name="X"><Error Text="x" /></Target>'}) == (
        False,
        ["DIR/b.proj(2,18): error : x", "A"],
    )


def test_outer_and_inner_builds(tmp_path: Path) -> None:
    """A project that refers to an outer build refers to its inner builds, too; some targets are for outer builds alone."""
    rules = '<ProjectReferenceTargets Include="A" Targets="O" OuterBuild="true" /><ProjectReferenceTargets Include="A" Targets="I" />'
    inner = "<PropertyGroup><InnerBuildProperty>TF</InnerBuildProperty><InnerBuildPropertyValues>TFs</InnerBuildPropertyValues>"
    projects = {
        "a": f'<ItemGroup><ProjectReference Include="b.proj" />{rules}</ItemGroup>{say("A")}',
        "b": f"{inner}<TFs>x;y</TFs></PropertyGroup>" + say("O", "O $(TF)") + say("I", "I $(TF)"),
    }
    assert build(tmp_path, projects) == (True, ["O x", "I x", "O y", "I y", "O", "A"])


def test_circles_and_projects_that_are_not_there(tmp_path: Path) -> None:
    """Both are found before anything is built."""
    refers = '<ItemGroup><ProjectReference Include="{}.proj" /></ItemGroup>' + say("A")
    head = "MSBUILD : error : "
    circle = ["MSB4251: There is a circular dependency involving the following projects:", "DIR/a.proj ->", "DIR/b.proj ->", "DIR/a.proj"]
    assert build(tmp_path, {"a": refers.format("b"), "b": refers.format("a")}) == (False, [head + line for line in circle])
    (tmp_path / "b.proj").unlink()
    succeeded, lines = build(tmp_path, {"a": refers.format("b")})
    assert not succeeded and len(lines) == 1
    assert lines[0].startswith("DIR/b.proj : error MSB4025: The project file could not be loaded. Could not find file 'DIR/b.proj'.")


def test_isolation(tmp_path: Path) -> None:
    """A task asks what its project declares, of projects that were built; a project may ask itself."""
    call = '<Target Name="A"><MSBuild Projects="{}.proj" Targets="{}" Properties="P=1" /></Target>'
    child = {"b": say("X")}
    succeeded, lines = build(tmp_path, {"a": call.format("b", "X"), **child}, isolates=True, graph=False)
    assert not succeeded and lines[0].startswith(
        'DIR/a.proj(2,18): error : MSB4254: The MSBuild task is building project(s) ""DIR/b.proj"" which'
    )
    declared = '<ItemGroup><ProjectReference Include="b.proj" /></ItemGroup>'
    succeeded, lines = build(tmp_path, {"a": declared + call.format("b", "X"), **child}, isolates=True, graph=False)
    assert not succeeded and "with the (X) target(s) but the build result for the built project is not in the engine cache." in lines[4]
    assert build(tmp_path, {"a": call.format("a", "B") + say("B")}, isolates=True, graph=False) == (True, ["B"])

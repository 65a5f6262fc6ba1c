"""An evaluator that remembers gives, after each of many edits, what an evaluator that remembers nothing gives, and redoes only what an edit
can affect."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from server.msbuild.errors import InvalidProjectFile
from server.msbuild.items import Item
from server.msbuild.model import ProjectInstance
from server.msbuild.project import Memories, ProjectEvaluator
from server.msbuild.query import item_values
from server.msbuild.sdks import installed_toolset, own_toolset

SHARED = Path(os.environ.get("AOTD_SHARED", Path(__file__).resolve().parents[3] / "shared"))
SDK_TEXT = SHARED / "dotnet-10.0.401-text"

PROJECT = """<Project Sdk="Microsoft.NET.Sdk" InitialTargets="First">
  <PropertyGroup><TargetFramework>net9.0</TargetFramework>{properties}</PropertyGroup>
  <Import Project="rules/*.props" />
  <Import Project="more.targets" Condition="Exists('more.targets') and '$(NoMore)' != 'true'" />
  <ItemGroup>{items}</ItemGroup>
  <Target Name="First" />
</Project>
"""
RULES = """<Project TreatAsLocalProperty="Local">
  <PropertyGroup><Rule>$(Rule);{value}</Rule><Local>mine</Local></PropertyGroup>
  <PropertyGroup><Both Condition="'$(A)' == 'x' or '$(B)' == 'y' and true">1</Both></PropertyGroup>
  <ItemDefinitionGroup><Thing><Kind>{value}</Kind></Thing></ItemDefinitionGroup>
  <ItemGroup><Thing Include="t-{value}" Note="$(Rule)" /></ItemGroup>
</Project>
"""
MORE = """<Project>
  <ItemGroup><Data Include="data/**/*.txt" Exclude="data/no/**" Size="%(Filename).$(Scale)" /></ItemGroup>
  <ItemGroup>
    <Data Update="@(Data)"><Label Condition="'%(Size)' != ''">%(Size)!%(RecursiveDir)</Label></Data>
    <Data Remove="data/**/b*.txt" Condition="'$(Drop)' == 'true'" />
    <Copy Include="@(Data->'%(Label)')" /><Count Include="@(Data->Count())" />
    <Text Include="$([System.IO.File]::ReadAllText('text.txt'))" Condition="Exists('text.txt')" />
    <Folder Include="@(Compile->'%(RecursiveDir)'->Distinct())" />
  </ItemGroup>
  <Target Name="Last" AfterTargets="First" Returns="@(Data)" />
</Project>
"""


def shown(item: Item) -> dict[str, str]:
    """All metadata but the times of files, which are asked when they are shown."""
    return {name: value for name, value in item_values(item).items() if not name.endswith("edTime")}


def content(instance: ProjectInstance) -> object:
    """All that an evaluation says, as a value."""
    return (
        [(value.name, value.value) for _, value in sorted(instance.properties.values.items())],
        [(kind, [shown(item) for item in found]) for kind, found in sorted(instance.items.lists.items()) if found],
        (instance.imports, instance.diagnostics, instance.initial_targets, instance.default_targets, instance.globs, instance.probed),
        [(target.name, target.location, target.file_has_returns) for target in instance.targets.values()],
        (instance.before_targets, instance.after_targets, instance.item_definitions),
        [(task.task_name, task.assembly_file) for task in instance.using_tasks],
    )


class Workbench:
    """A project, and one evaluator that sees all of its states."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.given: dict[str, str] = {}
        self.remembering = ProjectEvaluator({}, str(folder), toolset=own_toolset(), remembers=True)
        self.write("rules/a.props", RULES.format(value="a"))
        self.write("more.targets", MORE)
        self.project("", "")
        for name in ("a", "b1", "sub/b2", "sub/c", "no/d"):
            self.write(f"data/{name}.txt", name)
        self.write("P.cs", "")

    def write(self, name: str, text: str) -> None:
        """Writes a file."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def project(self, properties: str, items: str) -> None:
        """Writes the project file."""
        self.write("app.csproj", PROJECT.format(properties=properties, items=items))

    def check(self) -> tuple[int, int]:
        """Compares with a fresh evaluation; how many parts were evaluated and how many replayed."""
        path, properties = self.folder / "app.csproj", {"Local": "given", "Configuration": "Release", **self.given}
        now = self.remembering.evaluate(path, properties)
        fresh = ProjectEvaluator({}, str(self.folder), toolset=own_toolset()).evaluate(path, properties)
        assert content(now) == content(fresh)
        assert self.remembering.memories is not None
        [memory] = self.remembering.memories.by_project.values()
        return memory.n_evaluated, memory.n_replayed


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    """A fresh workbench."""
    return Workbench(tmp_path)


def test_nothing_changed(bench: Workbench) -> None:
    """Everything is replayed."""
    bench.check()
    evaluated, replayed = bench.check()
    assert evaluated == 0 and replayed > 10


def test_restores_share_what_does_not_read_their_number(bench: Workbench) -> None:
    """What asks for the number of the restore is evaluated again, nothing else."""
    bench.project("<Number>$(MSBuildRestoreSessionId)</Number>", '<Thing Include="$(MSBuildRestoreSessionId)" />')
    bench.given = {"MSBuildRestoreSessionId": "one"}
    everything = bench.check()[0]
    bench.given = {"MSBuildRestoreSessionId": "two"}
    evaluated, replayed = bench.check()
    assert 0 < evaluated < 4 < everything and replayed > 10


def test_what_no_one_reads(bench: Workbench) -> None:
    """A new property that nobody asks for leaves all but the project's own items as they were."""
    bench.check()
    bench.project("<Unread>1</Unread>", "")
    assert bench.check()[0] == 1


def test_what_one_file_reads(bench: Workbench) -> None:
    """A property that items of one group read redoes that group and its element."""
    bench.check()
    bench.project("<Drop>true</Drop>", "")
    evaluated, replayed = bench.check()
    assert 1 < evaluated <= 5 < replayed


def test_a_file_comes_and_goes(bench: Workbench) -> None:
    """A file that globs see, an import that appears, one that a wildcard names, and texts that functions read."""
    bench.check()
    bench.write("data/sub/b3.txt", "")
    bench.check()
    (bench.folder / "data/a.txt").unlink()
    bench.check()
    bench.write("rules/b.props", RULES.format(value="b"))
    bench.check()
    (bench.folder / "more.targets").unlink()
    bench.check()
    bench.write("more.targets", MORE)
    bench.write("text.txt", "one")
    bench.check()
    bench.write("text.txt", "two")
    bench.check()
    bench.write("Directory.Build.props", "<Project><PropertyGroup><Scale>9</Scale></PropertyGroup></Project>")
    bench.check()


def test_taken_over_items_rest_on_what_they_were_made_with(bench: Workbench) -> None:
    """Items that were taken over twice are made anew when a property that only they read changes."""
    bench.project("<Scale>1</Scale>", "")
    bench.check()
    bench.write("data/sub/n1.txt", "")
    bench.check()
    bench.write("data/sub/n2.txt", "")
    bench.check()
    bench.project("<Scale>2</Scale>", "")
    bench.check()


def test_a_project_that_is_broken_for_a_while(bench: Workbench) -> None:
    """After a fault is mended the project is what it was, however often it was asked in between."""
    bench.check()
    for broken in ("<Project", '<Project><PropertyGroup><A Condition="(">1</A></PropertyGroup></Project>'):
        bench.write("rules/a.props", broken)
        for _ in range(2):
            with pytest.raises(InvalidProjectFile):
                bench.check()
        bench.write("rules/a.props", RULES.format(value="mended"))
        bench.check()


def test_clock_and_identifiers_are_asked_each_time(bench: Workbench) -> None:
    """What has another answer each time is never replayed."""
    bench.write("rules/a.props", "<Project><PropertyGroup><Id>$([System.Guid]::NewGuid())</Id></PropertyGroup></Project>")
    path = bench.folder / "app.csproj"
    first = bench.remembering.evaluate(path, {}).property("Id")
    assert bench.remembering.evaluate(path, {}).property("Id") != first


def edits(bench: Workbench, chance: random.Random) -> list[Callable[[], None]]:
    """What a user may do."""
    value = chance.choice("abcxy")
    files = [bench.folder / "data" / name for name in ("a.txt", "b1.txt", "sub/b2.txt", "new/e.txt", "no/d.txt")]
    chosen = chance.choice(files)
    properties = "".join(
        f"<{name}>{chance.choice(('x', 'y', 'true', ''))}</{name}>" for name in chance.sample(["A", "B", "Drop", "NoMore"], 2)
    )
    items = chance.choice(
        ['<Compile Remove="P.cs" />', '<Data Include="z;%40" />', '<Thing Include="@(Compile)" />', "", '<Thing Update="t-a" Kind="k" />']
    )
    return [
        lambda: bench.project(properties, items),
        lambda: bench.project(f"{properties}<AssemblyName>{value}</AssemblyName>", items),
        lambda: bench.write("rules/a.props", RULES.format(value=value)),
        lambda: bench.write(f"rules/{value}.props", RULES.format(value=value.upper())),
        lambda: bench.write("more.targets", MORE.replace("!%(", f"{value}%(")),
        lambda: chosen.unlink(missing_ok=True),
        lambda: bench.write(str(chosen.relative_to(bench.folder)), ""),
        lambda: bench.write(f"{value}.cs", ""),
    ]


@pytest.mark.parametrize("seed", range(3))
def test_any_edits(bench: Workbench, seed: int) -> None:
    """Random edits, one and several at a time."""
    chance = random.Random(seed)
    for _ in range(15):
        for _ in range(chance.choice((1, 1, 2))):
            chance.choice(edits(bench, chance))()
        bench.check()


def test_edits_over_a_real_sdk(tmp_path: Path) -> None:
    """The same with the text of a real SDK: names, frameworks and item defaults change."""
    toolset = installed_toolset(str(SDK_TEXT), "10.0.401")
    remembering = ProjectEvaluator({}, str(tmp_path), toolset=toolset, remembers=True)
    path = tmp_path / "app.csproj"
    (tmp_path / "P.cs").write_text("")
    for properties in (
        "<TargetFramework>net10.0</TargetFramework>",
        "<TargetFramework>net10.0</TargetFramework><AssemblyName>other</AssemblyName>",
        "<TargetFramework>net10.0</TargetFramework><AssemblyName>other</AssemblyName><ImplicitUsings>enable</ImplicitUsings>",
        "<TargetFrameworks>net8.0;net9.0</TargetFrameworks>",
        "<TargetFramework>net8.0</TargetFramework><PublishAot>true</PublishAot><OutputType>Exe</OutputType>",
    ):
        path.write_text(f'<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup>{properties}</PropertyGroup></Project>')
        fresh = ProjectEvaluator({}, str(tmp_path), toolset=toolset).evaluate(path, {})
        assert content(remembering.evaluate(path, {})) == content(fresh)


def test_environments_share_what_is_remembered(bench: Workbench) -> None:
    """A variable of the environment that changed redoes what reads it, as a property or by a function, and nothing else."""
    read = "$(GREETING)+$([System.Environment]::GetEnvironmentVariable('NAME'))"
    rule = f"<Project><PropertyGroup><FromBoth>{read}</FromBoth></PropertyGroup></Project>"
    bench.write("rules/a.props", rule)
    path, memories = bench.folder / "app.csproj", Memories()
    for greeting, name in (("hello", "one"), ("hello", "two"), ("bye", "two"), ("bye", "")):
        variables = {"GREETING": greeting, "UNREAD": greeting + name} | ({"NAME": name} if name else {})
        kept = bench.remembering
        evaluator = ProjectEvaluator(variables, str(bench.folder), kept.files, own_toolset(), cache=kept.cache, memories=memories)
        now = evaluator.evaluate(path, {})
        assert now.property("FromBoth") == f"{greeting}+{name}"
        assert content(now) == content(ProjectEvaluator(variables, str(bench.folder), toolset=own_toolset()).evaluate(path, {}))
    [memory] = memories.by_project.values()
    assert memory.n_evaluated <= 2 < memory.n_replayed

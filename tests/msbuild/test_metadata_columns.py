"""Metadata that is set by columns is what setting it on one item after another gives, in made-up elements over made-up items."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from server.msbuild import written_metadata
from server.msbuild.errors import InvalidProjectFile
from server.msbuild.item_metadata import WELL_KNOWN_NAMES
from server.msbuild.items import Item, metadata_column
from server.msbuild.project import ProjectEvaluator
from server.msbuild.sdks import own_toolset

NAMES = ("i", "d/i", "./i", "../i", "/r/i", "%41", "i (1)")
KINDS = ('Update="@(Thing)"', 'Update="@(Thing);@(Other)"', 'Include="@(Thing)"', 'Include="src/**/*.cs"')
PROPERTIES = ("abc", "", "p/q", "x;y")
PLAIN_VALUES = (
    "",
    "a",
    "A",
    "nu",
    "ll",
    "x y",
    "1",
    "0x10",
    "1.2.3",
    "true",
    "false",
    "on",
    "d/e",
    "../up",
    "/abs/f.txt",
    "p.q",
    "é",
    "Length",
)
VALUES = (
    *PLAIN_VALUES, "null", " x ", "it's", "a(b)", "$(P)", "%24(P)", "%41", "%4", "1;2", "a,b", "back\\slash", "@(Other)", "%(K)",
    "`q", "[0]", "%3b", "Ends$",
)  # fmt: skip
PLAIN_TEXTS = (
    "%(V)", "%(W)", "x%(V)", "%(V)%(W)", "$(P)/%(V)", "%(Thing.V)", "%(Other.V)", "%(Filename)%(Extension)", "%(RecursiveDir)",
    "constant", "$(P)",
    "$([MSBuild]::ValueOrDefault('%(V)', 'none'))", "$([MSBuild]::EnsureTrailingSlash('%(V)'))", "$(P.Length)%(V)", "%4%(V)",
    "%(V)(%(W))",
    "$([MSBuild]::ValueOrDefault('%(V)', '').StartsWith('a'))", "$([MSBuild]::ValueOrDefault('%(FullPath)', '').StartsWith($([MSBuild]::"
    "EnsureTrailingSlash($(MSBuildProjectDirectory)))))",
    "$([System.String]::Concat('%(V)', $([System.String]::Copy('%(W)').ToUpper())))",
    "$([System.IO.Path]::GetFileName('%(Identity)'))", "$([System.String]::new('%(V)').Trim())",
    "$([System.IO.Path]::Combine('%(V)', '%(W)'))",
    "$([MSBuild]::Escape('%(V)'))", "$([MSBuild]::Unescape('%(V)'))", "$([System.String]::Equals('%(V)', '%(W)'))",
    "$([System.String]::Copy('%(V)').Length)",
    "$([MSBuild]::MakeRelative('$(MSBuildProjectDirectory)', '%(FullPath)'))", "$([System.String]::Copy('%(V)').Contains('%(W)'))",
)  # fmt: skip
TEXTS = (
    *PLAIN_TEXTS, "a\\%(V)", "$([MSBuild]::ValueOrDefault(%(V), none))", "$([MSBuild]::EnsureTrailingSlash(%(V)))",
    "$(P.Replace('%(V)', '%(W)'))",
    "$(P.%(V))", "$(%(V))", "$(P%(V))", "$([System.String]::Copy(%(V)).Substring(%(W)))", "$([MSBuild]::Add(%(V), 1))", "$(%(V)", "%(V))",
    "$([System.Guid]::NewGuid().ToString().Length)%(V)", "$([System.String]::Copy('%(V)').Split(';')[0])",
    "nu$([System.String]::Copy(nu%(V)))",
    "@(Other)%(V)", "@(Other->'%(V)', '%(W)')", "$([Bad]::X('%(V)'))", "$(Undefined.Length)%(V)",
    "$([System.String]::Copy('%(V)').IndexOf('%(W)'))",
    "$([System.Text.RegularExpressions.Regex]::Replace('%(V)', '[a-e]', '%(W)'))", "$([System.String]::Copy('%(V)').get_Chars(0))",
)  # fmt: skip
PLAIN_CONDITIONS = (
    "", "'{0}' == '{1}'", "'{0}' != ''", "'{0}' == '' And '{1}' != 'a'", "'{0}' == '' or '{1}' == 'true'",
    "HasTrailingSlash('%(V)')", "Exists('%(V)')",
    "'{0}' == 'x' and ('{1}' == '' or !Exists('%(V)'))", "!('{0}' == '{1}')", "'{0}' == '1' or '{1}' == '2' and '%(W)' == ''",
    "'%(Extension)' == '.cs'",
    "!$([System.String]::Copy('%(Identity)').Contains('a'))", "!$([MSBuild]::ValueOrDefault('%(V)', '').EndsWith('e')) And '{0}' != ''",
)  # fmt: skip
CONDITIONS = (
    *PLAIN_CONDITIONS, "'%(V)' > '0'", "%(V) == 'a'", "'%(V)'", "$(P.Contains('%(V)')) and '{0}' != 'q'", "'%(V)' == '%(W)' and",
    "Exists('{0}')",
    "'{0}' == '' and $(Undefined) or '{1}' == ''", "'%(V)' == '' or '%(V)'",
)  # fmt: skip


def any_of(chosen: random.Random, plain: tuple[str, ...], everything: tuple[str, ...]) -> str:
    """One text, mostly a plain one."""
    return chosen.choice(plain if chosen.random() < 0.9 else everything)


def element(chosen: random.Random, kind: str) -> str:
    """An item element with metadata that uses what other metadata says."""
    written = ""
    for number in range(chosen.randint(1, 3)):
        name = chosen.choice(["V", "W", "Link", f"M{number}"])
        operands = [any_of(chosen, PLAIN_TEXTS, TEXTS).replace("'", "`") for _ in range(2)]
        condition = any_of(chosen, PLAIN_CONDITIONS, CONDITIONS).format(*operands)
        written += f'<{name} Condition="{attribute(condition)}">{attribute(any_of(chosen, PLAIN_TEXTS, TEXTS))}</{name}>'
    return f"<Thing {kind}>{written}</Thing>"


def attribute(text: str) -> str:
    """`text` inside XML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def project(chosen: random.Random) -> str:
    """A project with items of all sorts and elements that set metadata on them."""
    items = "".join(
        f'<Thing Include="{chosen.choice(NAMES)}{number}.{chosen.choice(["cs", "txt"])}"'
        f' V="{attribute(any_of(chosen, PLAIN_VALUES, VALUES))}"><W>{attribute(any_of(chosen, PLAIN_VALUES, VALUES))}</W></Thing>'
        for number in range(chosen.randint(5, 12))
    )
    sets = "".join(element(chosen, chosen.choice(KINDS)) for _ in range(3))
    return (
        f'<Project><PropertyGroup><P>{chosen.choice(PROPERTIES)}</P></PropertyGroup><ItemGroup><Other Include="i0.cs;o" V="a" W="" />'
        f"{items}{sets}</ItemGroup></Project>"
    )


def result(folder: Path, text: str) -> object:
    """All own metadata of all items, or the error."""
    file = folder / "p.proj"
    file.write_text(text)
    evaluator = ProjectEvaluator({"PATH": "/bin"}, str(folder), toolset=own_toolset())
    try:
        instance = evaluator.evaluate(file, {})
    except InvalidProjectFile as error:
        return str(error), error.code, error.location
    return [(item.include, item.recursive_dir, sorted(item.metadata.items())) for item in instance.items_of("Thing")]


def test_columns_are_what_items_give_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "src/deep").mkdir(parents=True)
    for name in ("a.cs", "b.cs", "deep/c.cs", "deep/it's.cs", "deep/(d).cs", "e f.cs"):
        (tmp_path / "src" / name).touch()
    n_read = 0
    for seed in range(250):
        text = project(random.Random(seed))
        monkeypatch.setattr(written_metadata, "_FEW", 0)
        by_columns = result(tmp_path, text)
        monkeypatch.setattr(written_metadata, "_FEW", 1_000_000)
        assert by_columns == result(tmp_path, text), text
        n_read += isinstance(by_columns, list)
    assert n_read > 100


def test_a_column_of_well_known_metadata_is_that_of_each_item(tmp_path: Path) -> None:
    file = tmp_path / "p.proj"
    names = "a.cs;d/b.cs;./c;../x/y.z;/abs/q.;e//f;g/;%41;h'i;j(k).l;.hidden;m/../n;o/./p;*q%2a;é"
    file.write_text(f'<Project><ItemGroup><Thing Include="{names}" X="1" /></ItemGroup></Project>')
    items: list[Item] = ProjectEvaluator({"PATH": "/bin"}, str(tmp_path), toolset=own_toolset()).evaluate(file, {}).items_of("Thing")
    for name in (*WELL_KNOWN_NAMES, "X", "None"):
        assert metadata_column(items, name) == [item.escaped(name) for item in items]

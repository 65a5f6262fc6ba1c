"""Stage `csharp_build`: properties and items of `input.toml` -> the switches of csc and the generated C# files.

`[properties]` holds strings; `[[items.<Type>]]` tables hold `include` and metadata.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from compiler.csharp.options import csc_switches
from compiler.diagnostics import Diagnostic
from server.build.csharp_options import csharp_options
from server.build.generated_sources import generated_sources
from tests.cases_runner import Case, case_id, cases, check_case


@dataclass(frozen=True, slots=True)
class TableItem:
    """An item from a table of the input."""

    table: Mapping[str, str]

    @property
    def identity(self) -> str:
        return self.table["include"]

    def value(self, name: str) -> str:
        return self.table.get(name, "")

    def full_path(self) -> str:
        return str(Path("/src") / self.identity)


@dataclass(frozen=True, slots=True)
class TableProject:
    """A project from the tables of the input, at /src."""

    properties: Mapping[str, str]
    tables: Mapping[str, Sequence[Mapping[str, str]]]
    directory: str = "/src"
    diagnostics: tuple[Diagnostic, ...] = ()

    def property(self, name: str) -> str:
        return self.properties.get(name, "")

    def items_of(self, item_type: str) -> Sequence[TableItem]:
        return [TableItem(table) for table in self.tables.get(item_type, [])]


@pytest.mark.parametrize("case", cases("csharp_build"), ids=case_id)
def test_csharp_build(case: Case, bless: bool) -> None:
    tables = tomllib.loads(case.text("input.toml"))
    project = TableProject(tables["properties"], tables.get("items", {}))
    outputs = {"expect.switches.txt": "\n".join(csc_switches(project.property("AssemblyName"), csharp_options(project))) + "\n"}
    for name, text in generated_sources(project).items():
        outputs[f"expect.{name}"] = text
    check_case(case, outputs, bless=bless)

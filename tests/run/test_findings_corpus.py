"""`aotd check` on the corpus of findings: how much of what .NET's own tools reported is found, and what else."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import RunAotd

ENVIRONMENT = {"AOTD_NO_DAEMON": "1"}
# What the SDK's source generators complete, and what needs a newer compiler.
EXCLUDED = ("Lib/NewLang14.cs", "Lib/JsonSourceGen.cs", "Lib/LibraryImports.cs", "Lib/BclMisc.cs", "App/JsonMetadata.cs")
OWN_MEMBERS = ("App.", "LibXml", "<Module>")
Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Shares:
    """Percentages of what is expected."""

    found: float
    extra: float
    equal_messages: float


@pytest.fixture(scope="module")
def corpus(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the corpus without the files that are left out here."""
    copy = tmp_path_factory.mktemp("findings") / "corpus"
    shutil.copytree(shared / "corpus" / "analyzers", copy)
    for name in EXCLUDED:
        (copy / name).unlink(missing_ok=True)
    return copy


def test_publish(aotd: RunAotd, corpus: Path) -> None:
    shares = measure(expected(corpus, "publish"), found(aotd, corpus, "publish"), with_span=False)
    assert shares.found >= 99 and shares.extra <= 1 and shares.equal_messages >= 95, shares


def test_build(aotd: RunAotd, corpus: Path) -> None:
    wanted, rows = expected(corpus, "build"), found(aotd, corpus, "build")
    lines, spans = measure(wanted, rows, with_span=False), measure(wanted, rows, with_span=True)
    assert lines.found >= 97 and lines.extra <= 2 and lines.equal_messages >= 95, lines
    assert spans.found >= 95, spans


def expected(corpus: Path, reporter: str) -> list[dict[str, Any]]:
    """The recorded findings in the corpus's own code, as `aotd check` writes them."""
    rows = []
    # Findings without a file are recorded for sources that are not in the folder, too.
    present = tuple(f"Corpus.{path.stem}." for path in (corpus / "Lib").glob("*.cs"))
    for row in json.loads((corpus / f"expected.net9.0.{reporter}.json").read_text()):
        file, member = row["file"], row.get("member", "")
        namespace = file.rpartition("/")[2].removesuffix(".cs")
        if file in EXCLUDED or file.startswith("/_/"):
            continue
        if file == "ILC" and not (member.startswith((*present, *OWN_MEMBERS)) or member == "Lib"):
            continue
        if namespace.endswith("csproj"):
            continue
        place = (row.get("start_line", row.get("line")), row.get("start_col"), row.get("end_line"), row.get("end_col"))
        rows.append(
            {"id": row["code"], "file": None if file == "ILC" else file, "place": place, "member": member, "message": row["message"]}
        )
    return rows


def found(aotd: RunAotd, corpus: Path, reporter: str) -> list[dict[str, Any]]:
    """What `aotd check` finds."""
    result = aotd("check", corpus / "App", "-c", "Release", "--reporter", reporter, "--format", "json", env=ENVIRONMENT)
    assert result.exit_code == 0, result.output[-2000:]
    rows = []
    for row in json.loads(result.stdout)["findings"]:
        file = row["file"]
        if file is not None and file.endswith(".cs"):
            file = os.path.normpath(f"App/{file}")
        place = (row["line"], row["column"], row["endLine"], row["endColumn"])
        rows.append({"id": row["id"], "file": file, "place": place, "member": row["member"], "message": row["message"]})
    return rows


def measure(wanted: list[dict[str, Any]], rows: list[dict[str, Any]], *, with_span: bool) -> Shares:
    """Compares by id, file and line, or span; by member where there is no file."""

    def key(row: dict[str, Any]) -> Key:
        if row["file"] is None:
            return (row["id"], row["member"])
        return (row["id"], row["file"], *(row["place"] if with_span else row["place"][:1]))

    want, have = {key(row) for row in wanted}, {key(row) for row in rows}
    messages = {(key(row), row["message"]) for row in rows}
    different = {key(row) for row in wanted if (key(row), row["message"]) not in messages}
    common = want & have
    return Shares(100 * len(common) / len(want), 100 * len(have - want) / len(want), 100 * len(common - different) / len(common))

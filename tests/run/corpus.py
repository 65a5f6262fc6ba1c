"""The corpus of programs as values: source, how it is run, and what CoreCLR made of it.

Reads `programs/<area>/<Name>.cs` and `expected/<area>/<Name>.json` of the corpus folder; its README says how a program is run and
how a result is compared. Compiles and runs nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

# What the corpus takes for granted of every program, beside what its own `config` says.
CONFIG: Mapping[str, object] = {
    "System.Globalization.Invariant": True,
    "System.Runtime.Serialization.EnableUnsafeBinaryFormatterSerialization": False,
}
SYMBOLS = (
    "TRACE",
    "RELEASE",
    "NET",
    "NET9_0",
    "NETCOREAPP",
    *(f"NET{n}_0_OR_GREATER" for n in range(5, 10)),
    *(f"NETCOREAPP{v}_OR_GREATER" for v in ("1_0", "1_1", "2_0", "2_1", "2_2", "3_0", "3_1")),
)
ATTRIBUTES = (
    '[assembly: global::System.Runtime.Versioning.TargetFramework(".NETCoreApp,Version=v9.0", FrameworkDisplayName = ".NET 9.0")]\n'
)


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a run must give. `stderr_contains` are texts that must occur."""

    exit_code: int
    stdout: str
    stderr_contains: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CorpusProgram:
    """One program. `name` is the assembly's name; `references` are third-party assemblies that it needs."""

    area: str
    name: str
    source: Path
    args: tuple[str, ...]
    stdin: str
    environment: Mapping[str, str]
    config: Mapping[str, object]
    references: tuple[str, ...]
    needs: tuple[str, ...]
    expected: Expectation

    @property
    def id(self) -> str:
        """`area/Name`, as in the corpus's own lists."""
        return f"{self.area}/{self.name}"


def read_list(corpus: Path, name: str) -> list[str]:
    """Ids (`area/Name`) of `programs/<name>.txt`, in the order of the file."""
    ids = []
    for line in (corpus / "programs" / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        entry = line.partition("#")[0].strip()
        if entry:
            ids.append(entry.removeprefix("programs/").removesuffix(".cs"))
    return ids


def load_program(corpus: Path, program_id: str) -> CorpusProgram:
    """The program `area/Name` with its recorded result."""
    area, name = program_id.split("/")
    folder = corpus / area if area == "real" else corpus / "programs" / area
    recorded = json.loads((corpus / "expected" / area / f"{name}.json").read_text(encoding="utf-8"))
    return CorpusProgram(
        area=area,
        name=name,
        source=folder / f"{name}.cs",
        args=tuple(recorded.get("args", ())),
        stdin=recorded.get("stdin", ""),
        environment=cast(Mapping[str, str], recorded.get("env", {})),
        config={**CONFIG, **recorded.get("config", {})},
        references=tuple(recorded.get("refs", ())),
        needs=tuple(recorded.get("needs", ())),
        expected=Expectation(recorded["exit_code"], recorded["stdout"], tuple(recorded.get("stderr_contains", ()))),
    )

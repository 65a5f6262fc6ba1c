"""Every AOTD code in the source belongs to a range of ARCHITECTURE.md and is raised where that range says."""

from __future__ import annotations

import re
from pathlib import Path

ROW = re.compile(r"^\| AOTD([0-9]{2})xx \| [^|]+ \| ([^|]+) \|$", re.MULTILINE)
CODE = re.compile(r'"AOTD([0-9]{2})([0-9]{2})"')


def test_codes_are_in_their_ranges(repository: Path) -> None:
    rows = {prefix: tuple(place.strip() + "/" for place in places.split(",")) for prefix, places in ROW.findall(architecture(repository))}
    assert rows
    stray = [
        f"{name}: AOTD{prefix}{rest}"
        for package in ("compiler", "analyzers", "server")
        for file in sorted((repository / package).rglob("*.py"))
        for name in [file.relative_to(repository).as_posix()]
        for prefix, rest in CODE.findall(file.read_text(encoding="utf-8"))
        if not name.startswith(rows.get(prefix, ("nowhere",)))
    ]
    assert stray == []


def architecture(repository: Path) -> str:
    """The text of ARCHITECTURE.md."""
    return (repository / "ARCHITECTURE.md").read_text(encoding="utf-8")

"""Findings in assemblies that nobody edits, kept in the user's cache folder: by what was read, for all programs that use them.

An entry is named by the assembly's bytes, the options and the text of the analyzers; it says which other assemblies the analysis asked
for and what these were. It counts while those are the same. An entry that is cut short or malformed counts as none.
"""

from __future__ import annotations

import gzip
import json
import logging
from collections.abc import Callable
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path

import analyzers
import compiler
from analyzers.finding import Finding
from analyzers.finding_rows import from_row, to_row
from analyzers.run import AnalysisRequest, AnalysisSession
from compiler.diagnostic_rows import MalformedRow
from compiler.types.interned import AssemblyFinder
from server.build.atomic_files import replace_file
from server.build.value_text import text_of

_FORMAT = 1
_MISSING = ""
_logger = logging.getLogger(__name__)


class KeptFindings:
    """Findings by assembly, in `folder`. What two processes keep under one name is the same, so the later one wins."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._program = _program_text()
        self._hashes: dict[tuple[str, int, int], str] = {}

    def findings(self, request: AnalysisRequest, finder: AssemblyFinder, proceed: Callable[[], None]) -> tuple[Finding, ...]:
        """The findings of the request, which has neither sources nor places. Raises as `AnalysisSession.findings`."""
        file = self._folder / f"{self._name(request)}.json.gz"
        kept = self._read(file, finder)
        if kept is not None:
            return kept
        asked: dict[str, str] = {}

        def find(name: str) -> tuple[str, bytes] | None:
            found = finder(name)
            asked[name] = self._hash(found)
            return found

        findings = AnalysisSession(find).findings(request, proceed)
        self._write(file, asked, findings)
        return findings

    def _name(self, request: AnalysisRequest) -> str:
        digest = blake2b(digest_size=20)
        plain = replace(request, image=b"", pdb=b"")
        for part in (self._program.encode(), request.image, request.pdb, text_of(plain).encode()):
            digest.update(len(part).to_bytes(8, "little"))
            digest.update(part)
        return digest.hexdigest()

    def _hash(self, found: tuple[str, bytes] | None) -> str:
        return blake2b(found[1], digest_size=16).hexdigest() if found is not None else _MISSING

    def _read(self, file: Path, finder: AssemblyFinder) -> tuple[Finding, ...] | None:
        try:
            version, asked, rows = json.loads(gzip.decompress(file.read_bytes()))
            if version != _FORMAT or any(self._hash(finder(name)) != hash_ for name, hash_ in asked.items()):
                return None
            return tuple(from_row(row) for row in rows)
        except FileNotFoundError:
            return None
        except (OSError, EOFError, ValueError, TypeError, AttributeError, MalformedRow) as error:
            _logger.warning("event=malformed_findings file=%s error=%s", file, error)
            return None

    def _write(self, file: Path, asked: dict[str, str], findings: tuple[Finding, ...]) -> None:
        text = json.dumps([_FORMAT, asked, [to_row(each) for each in findings]], ensure_ascii=True, separators=(",", ":"))
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            replace_file(file, gzip.compress(text.encode(), 5, mtime=0))
        except OSError as error:
            # A full disk, or a folder that cannot be written to: the next one analyses again.
            _logger.warning("event=findings_not_kept file=%s error=%s", file, error)


def _program_text() -> str:
    """A hash of the text of the program that analyses."""
    digest = blake2b(digest_size=16)
    for package in (analyzers, compiler):
        for root in package.__path__:
            for file in sorted(Path(root).rglob("*.py")):
                digest.update(f"{file.relative_to(root)}\0".encode())
                digest.update(file.read_bytes())
    return digest.hexdigest()

"""What is kept beside a built assembly: what it was made from, what was written, and the warnings that came with it.

A later build with the same inputs shows the same warnings without compiling. A stamp that cannot be read counts as none.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from compiler.diagnostics import Diagnostic, Location, Severity
from server.build.atomic_files import replace_file


@dataclass(frozen=True, slots=True)
class Stamp:
    """`key` hashes the inputs, `files` has a hash per output file name. `warnings` have no related places."""

    key: str
    files: Mapping[str, str]
    warnings: tuple[Diagnostic, ...]


def output_hashes(*files: Path | None) -> dict[str, str]:
    """Name -> hash of the content of each file that is there."""
    present = [file for file in files if file is not None and file.is_file()]
    return {file.name: hashlib.blake2b(file.read_bytes(), digest_size=20).hexdigest() for file in present}


def write_stamp(file: Path, stamp: Stamp) -> None:
    """Writes the stamp. Raises OSError."""
    rows = [
        {"code": warning.code, "message": warning.message, "location": asdict(warning.location) if warning.location else None}
        for warning in stamp.warnings
    ]
    replace_file(file, json.dumps({"key": stamp.key, "files": dict(stamp.files), "warnings": rows}).encode())


def read_stamp(file: Path) -> Stamp | None:
    """The stamp, or None when there is none that can be read."""
    try:
        content = json.loads(file.read_bytes())
        warnings = tuple(
            Diagnostic(row["code"], Severity.WARNING, row["message"], Location(**row["location"]) if row["location"] else None)
            for row in content["warnings"]
        )
        return Stamp(content["key"], content["files"], warnings)
    except (OSError, ValueError, KeyError, TypeError):
        return None

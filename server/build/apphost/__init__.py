"""Target -> the program that starts a built program beside it, compiled once per user and target from `apphost.c`."""

from __future__ import annotations

import os
from hashlib import blake2b
from pathlib import Path

from compiler.link.toolset import run_zig
from compiler.link.triples import Target

SOURCE = Path(__file__).resolve().parent / "apphost.c"
_FLAGS = ("-std=gnu11", "-O2", "-g0", "-s", "-fno-sanitize=all")


def apphost(target: Target, cache_dir: Path) -> Path:
    """The program for `target`, in the cache folder. Raises InputError when it cannot be compiled, OSError when it cannot be written."""
    digest = blake2b(SOURCE.read_bytes() + repr((target, _FLAGS)).encode(), digest_size=16).hexdigest()
    program = cache_dir / "apphost" / f"{target.rid}-{digest}"
    if not program.is_file():
        program.parent.mkdir(parents=True, exist_ok=True)
        temporary = program.with_name(f".{program.name}.{os.getpid()}")
        run_zig(["cc", "-target", target.zig_target, *_FLAGS, str(SOURCE), "-ldl", "-o", str(temporary)], cache_dir, "compiling the host")
        temporary.replace(program)
    return program

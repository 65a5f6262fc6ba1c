"""Objects + runtime -> program and symbols file, by zig's linker. Writes under temporary names and renames."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from compiler.diagnostics import InputError
from compiler.link.runtime_library import LIBRARIES
from compiler.link.toolset import run_zig
from compiler.link.triples import Target


def link_program(objects: Sequence[Path], target: Target, output: Path, symbols: Path | None, cache_dir: Path, *, strip: bool) -> None:
    """Links `objects` to `output`; `symbols` becomes the same program with its symbols. Raises InputError; then nothing was written.

    Both carry one build id, by which debuggers pair them.
    """
    work = output.with_name(f".{output.name}.{os.getpid()}")
    response = work.with_name(work.name + ".rsp")
    debug = work.with_name(work.name + ".dbg")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        response.write_text("\n".join(f'"{path}"' for path in objects), encoding="utf-8")
        build_id = hashlib.blake2b("\n".join(path.name for path in objects).encode(), digest_size=20).hexdigest()
        common = ["cc", "-target", target.zig_target, f"@{response}", *LIBRARIES, "-Wl,--gc-sections", f"-Wl,--build-id=0x{build_id}"]
        if strip and symbols is not None:
            run_zig([*common, "-o", str(debug)], cache_dir, "linking the symbols file")
        run_zig([*common, *(["-Wl,-s"] if strip else []), "-o", str(work)], cache_dir, "linking")
        if debug.exists() and symbols is not None:
            debug.chmod(0o644)
            debug.replace(symbols)
        work.replace(output)
    except OSError as error:
        raise InputError("AOTD2105", f"'{output}' cannot be written: {error.strerror}") from None
    finally:
        for path in (work, response, debug):
            path.unlink(missing_ok=True)

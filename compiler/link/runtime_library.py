"""The C runtime -> object files, compiled once per target and content, kept in the cache."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from compiler.link.toolset import run_zig
from compiler.link.triples import Target

LIBRARIES = ("-lunwind", "-lm", "-lpthread", "-ldl")
RUNTIME = Path(__file__).resolve().parent.parent / "runtime"
_FLAGS = (
    "-std=c11", "-D_GNU_SOURCE", "-O2", "-g0", "-DNDEBUG", "-fPIC", "-fexceptions", "-funwind-tables", "-ffunction-sections",
    "-fdata-sections", "-fno-sanitize=all",
)


def runtime_objects(target: Target, cache_dir: Path, n_workers: int) -> list[Path]:
    """The runtime's objects for `target`. Raises InputError when the C compiler fails."""
    sources = sorted((*RUNTIME.glob("*.c"), *RUNTIME.glob("native/*.c"), *RUNTIME.glob("crypto/*.c")))
    digest = hashlib.blake2b(repr((target, _FLAGS)).encode(), digest_size=16)
    for path in sorted((*sources, *RUNTIME.glob("*.h"), *RUNTIME.glob("native/*.h"), *RUNTIME.glob("crypto/*.h"))):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    folder = cache_dir / "runtime" / f"{target.rid}-{digest.hexdigest()}"
    objects = [folder / f"{object_stem(source)}.o" for source in sources]
    if not folder.is_dir():
        with ThreadPoolExecutor(1) as warm:
            # The first link for a target makes zig build that target's C library: done meanwhile.
            ready = warm.submit(_warm_linker, target, cache_dir)
            compile_sources(sources, folder, target, cache_dir, n_workers)
            ready.result()
    return objects


def _warm_linker(target: Target, cache_dir: Path) -> None:
    cache_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache_dir) as folder:
        source = Path(folder, "empty.c")
        source.write_text("int main(void) { return 0; }\n", encoding="utf-8")
        run_zig(["cc", "-target", target.zig_target, str(source), *LIBRARIES, "-o", str(source.with_suffix(""))], cache_dir, "linking")


def compile_sources(
    sources: Sequence[Path], folder: Path, target: Target, cache_dir: Path, n_workers: int, flags: Sequence[str] = ()
) -> None:
    """Compiles C sources to objects of their names in `folder`, which appears whole. Raises InputError when the C compiler fails."""
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)

    def compile_one(source: Path) -> None:
        options = ["cc", "-target", target.zig_target, *_FLAGS, f"-I{RUNTIME}", *flags]
        output = temporary / f"{object_stem(source)}.o"
        run_zig([*options, "-c", str(source), "-o", str(output)], cache_dir, f"compiling the runtime's {source.name}")

    try:
        with ThreadPoolExecutor(n_workers) as pool:
            for _ in pool.map(compile_one, sources):
                pass
        if folder.is_dir():
            return
        temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def object_stem(source: Path) -> str:
    """The name of the object of a C source: two folders of the runtime may have a file of one name."""
    return f"{source.parent.name}-{source.stem}"

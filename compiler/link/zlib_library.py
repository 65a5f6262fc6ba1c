"""zlib's published C source and our calls into it -> object files, fetched and compiled once per target for programs that compress."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

from compiler.csharp.errors import ToolchainCode, ToolchainError
from compiler.csharp.npm_packages import NpmPackage, extract_files, open_package
from compiler.link.runtime_library import RUNTIME, compile_sources, object_stem
from compiler.link.triples import Target

# The smallest npm package that carries zlib's source as it was released (1.3.1).
_ZLIB = NpmPackage(
    "zlib-sync@0.1.10",
    347_364,
    "sha512-t7/pYg5tLBznL1RuhmbAt8rNp5tbhr+TSrJFnMkRtrGIaPJZ6Dc0uR4u3OoQI2d6cGlVI62E3Gy6gwkxyIqr/w==",
)
_SOURCES = ("adler32.c", "crc32.c", "deflate.c", "inffast.c", "inflate.c", "inftrees.c", "trees.c", "zutil.c")
_HEADERS = (
    "crc32.h", "deflate.h", "gzguts.h", "inffast.h", "inffixed.h", "inflate.h", "inftrees.h", "trees.h", "zconf.h", "zlib.h", "zutil.h"
)  # fmt: skip
_PREFIX = "CompressionNative_"


def needs_zlib(native_names: list[str]) -> bool:
    """Whether a program that makes these native calls needs zlib."""
    return any(name.startswith(_PREFIX) for name in native_names)


def zlib_objects(target: Target, cache_dir: Path, npm: Path | None, n_workers: int) -> list[Path]:
    """Objects of zlib and of the calls that `System.IO.Compression` makes.

    Raises ToolchainError when the source cannot be fetched, InputError when the C compiler fails.
    """
    calls = sorted((RUNTIME / "compression").glob("*.c"))
    digest = hashlib.blake2b(repr((target, _ZLIB)).encode(), digest_size=16)
    for path in calls:
        digest.update(path.read_bytes())
    folder = cache_dir / "runtime" / f"zlib-{target.rid}-{digest.hexdigest()}"
    stems = [*(object_stem(Path("zlib", name)) for name in _SOURCES), *map(object_stem, calls)]
    if not folder.is_dir():
        if npm is None:
            raise ToolchainError(ToolchainCode.NO_NPM, "npm is not on PATH; it fetches zlib's source: install Node.js with npm")
        (cache_dir / "runtime").mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache_dir / "runtime", prefix="fetch-") as staging:
            source = Path(staging, "zlib")
            with open_package(_ZLIB, Path(staging), npm, lambda _done: None) as archive:
                extract_files(archive, "package/deps/zlib/", (*_SOURCES, *_HEADERS), source)
            compile_sources([*(source / name for name in _SOURCES), *calls], folder, target, cache_dir, n_workers, (f"-I{source}",))
    return [folder / f"{stem}.o" for stem in stems]

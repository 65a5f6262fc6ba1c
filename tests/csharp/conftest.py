"""What the tests of the C# front end share: one tool chain, fetched for real when it is not there, and one warm worker."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from compiler.csharp.client import CSharpReference, CSharpRequest, CSharpSource, CSharpWorker
from compiler.csharp.embedded import fetch_embedded
from compiler.csharp.options import CSharpOptions, OutputKind, csc_switches
from compiler.csharp.toolchain import Toolchain, find_toolchain, require_npm
from compiler.user_cache import cache_directory


@pytest.fixture(scope="session")
def cache_dir() -> Path:
    """The cache folder of the user who runs the tests; the tool chain is fetched into it once."""
    return cache_directory(os.environ)


@pytest.fixture(scope="session")
def toolchain(cache_dir: Path) -> Toolchain:
    """The tool chain that a project in the repository gets."""
    found = find_toolchain(os.environ, Path(__file__).parent)
    return found or fetch_embedded(cache_dir, require_npm(os.environ), lambda _done, _total: None)


@pytest.fixture(scope="session")
def references(toolchain: Toolchain) -> tuple[CSharpReference, ...]:
    """The class library."""
    return tuple(CSharpReference(str(path)) for path in sorted(toolchain.reference_dir.glob("*.dll")))


@pytest.fixture(scope="session")
def worker(toolchain: Toolchain, cache_dir: Path) -> Iterator[CSharpWorker]:
    """A worker that the tests of the session share."""
    shared = CSharpWorker(toolchain, cache_dir, os.environ)
    yield shared
    shared.close()


class Programs:
    """Makes requests for small programs: text in, request out."""

    def __init__(self, references: tuple[CSharpReference, ...]) -> None:
        self._references = references

    def request(self, project: str, *texts: str, options: CSharpOptions | None = None, despite_errors: bool = False) -> CSharpRequest:
        """A request with the files `0.cs`, `1.cs`... in /src; a console program unless `options` say otherwise."""
        chosen = options or CSharpOptions(output_kind=OutputKind.EXE, lang_version="12")
        sources = tuple(CSharpSource(f"/src/{index}.cs", text) for index, text in enumerate(texts))
        return CSharpRequest(project, "/src", csc_switches("program", chosen), sources, self._references, (), despite_errors)


@pytest.fixture(scope="session")
def programs(references: tuple[CSharpReference, ...]) -> Programs:
    """Maker of requests against the class library."""
    return Programs(references)

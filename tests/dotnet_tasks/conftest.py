"""What the tests of .NET tasks share: the tool chain, warm tools, the sample tasks compiled, and projects that use them."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from compiler.csharp.client import CSharpReference, CSharpRequest, CSharpSource
from compiler.csharp.embedded import fetch_embedded
from compiler.csharp.frameworks import Toolchain
from compiler.csharp.options import CSharpOptions, OutputKind, csc_switches
from compiler.csharp.toolchain import cache_directory, find_toolchain, require_npm
from server.build.compilers import WarmCompilers
from server.build.warm import WarmTools
from server.cli import msbuild
from server.cli.caller import Caller, Channel, serving

SAMPLE = Path(__file__).with_name("SampleTasks.cs")
NAMES = "Types Needs Logs Silent Boom Dies Sleeps Hangs Builds Counts Echo Unmade BadConstructor NoSuch".split()


@pytest.fixture(scope="session")
def toolchain() -> Toolchain:
    """The tool chain that a project in the repository gets."""
    found = find_toolchain(os.environ, Path(__file__).parent)
    return found or fetch_embedded(cache_directory(os.environ), require_npm(os.environ), lambda _done, _total: None)


@pytest.fixture(scope="session")
def tools() -> Iterator[WarmTools]:
    """Warm tools that the tests share."""
    shared = WarmTools()
    yield shared
    shared.close()


def compile_tasks(toolchain: Toolchain, tools: WarmTools, text: str, path: Path, *others: Path) -> None:
    """Writes the assembly of some tasks to `path`; `others` are assemblies that they use."""
    folders = tools.kept(WarmCompilers).task_hosts(toolchain, os.environ).program.folders
    names = ("Microsoft.Build.Framework.dll", "Microsoft.Build.Utilities.Core.dll")
    of_msbuild = [next(folder / name for folder in folders if (folder / name).is_file()) for name in names]
    references = [*sorted(toolchain.reference_dir.glob("*.dll")), *of_msbuild, *others]
    request = CSharpRequest(
        f"tasks {path}",
        str(path.parent),
        csc_switches(path.stem, CSharpOptions(output_kind=OutputKind.LIBRARY)),
        (CSharpSource(path.with_suffix(".cs").name, text),),
        tuple(CSharpReference(str(reference)) for reference in references),
    )
    result = tools.kept(WarmCompilers).compiler(toolchain, os.environ).compile(request)
    assert result.pe is not None, result.diagnostics
    path.write_bytes(result.pe)


@pytest.fixture(scope="session")
def assembly(toolchain: Toolchain, tools: WarmTools, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample tasks, compiled."""
    path = tmp_path_factory.mktemp("tasks") / "Sample.Tasks.dll"
    compile_tasks(toolchain, tools, SAMPLE.read_text(encoding="utf-8"), path)
    return path


class Project:
    """A project in a folder that uses the sample tasks."""

    def __init__(self, folder: Path, assembly: Path, tools: WarmTools) -> None:
        self.folder = folder
        self.assembly = assembly
        self.tools = tools
        self.code = 0

    def run(
        self,
        body: str,
        *args: str,
        is_cancelled: Callable[[], bool] = lambda: False,
        environment: Mapping[str, str] | None = None,
    ) -> list[str]:
        """Lines that the build of `<Project>body</Project>` prints, with the folder's names left out; `code` is its exit code."""
        declared = "".join(f'<UsingTask TaskName="Sample.Tasks.{name}" AssemblyFile="{self.assembly}" />' for name in NAMES)
        (self.folder / "a.proj").write_text(f'<Project DefaultTargets="T">{declared}{body}</Project>', encoding="utf-8")
        return self.build("a.proj", *args, is_cancelled=is_cancelled, environment=environment)

    def build(
        self,
        file: str,
        *args: str,
        is_cancelled: Callable[[], bool] = lambda: False,
        environment: Mapping[str, str] | None = None,
    ) -> list[str]:
        """Lines that the build of a file of the folder prints."""
        out, err = io.StringIO(), io.StringIO()
        channels = Channel(out, False, False), Channel(err, False, False)
        variables = {**os.environ, **(environment or {})}
        caller = Caller(*channels, lambda: 80, self.folder, variables, is_cancelled, self.tools)
        with serving(caller):
            self.code = msbuild.run([file, "-nologo", "-v:minimal", *args])
        text = out.getvalue() + err.getvalue()
        return text.replace(f"{self.folder}/", "").replace(str(self.assembly), "{ASSEMBLY}").splitlines()

    def target(self, body: str, *args: str) -> list[str]:
        """Like `run`, for one target."""
        return self.run(f'<Target Name="T">{body}</Target>', *args)


@pytest.fixture
def project(tmp_path: Path, assembly: Path, tools: WarmTools) -> Project:
    """A project in a new folder."""
    return Project(tmp_path, assembly, tools)

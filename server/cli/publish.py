"""`aotd publish`: command line -> published programs, through the Publish target of the projects; a line for each."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Sequence
from pathlib import Path

from compiler.csharp.toolchain import find_npm
from compiler.link.triples import TARGETS
from compiler.user_cache import cache_directory
from server.build.graph import BuildFailed, BuildProgress
from server.cli import console
from server.cli.caller import caller
from server.cli.dotnet_switches import msbuild_arguments
from server.cli.msbuild import run_msbuild
from server.cli.native_publishing import summary
from server.cli.project_tools import build_tools
from server.cli.switches import ProjectSwitches, Verbosity, parse_project_switches
from server.msbuild.files import DiskFiles
from server.msbuild.toolsets import find_toolset
from server.publish.publish import Published, PublishTools, publish_project
from server.publish.request import CompilerPlace
from server.publish.resident import ResidentCompiler

USAGE = """Usage: aotd publish [PROJECT | SOLUTION] [SWITCHES]

Builds a project and what it refers to, and compiles a program to a native one in bin/<Configuration>/<framework>/<runtime>/publish/.
Libraries are published as they are, programs with PublishAot=false too. Without PROJECT it is the one of the current folder.

  -r RID            runtime identifier, e.g. linux-x64 (this machine's unless given)
  -c CONFIGURATION  Debug (quick code generation) or Release (the default)
  -f FRAMEWORK      target framework, for projects that have several
  -o FOLDER         where the program is put
  --no-restore      does not restore first
  --no-build        publishes what was built before
  -p:NAME=VALUE     an MSBuild property; may be repeated
  -v:LEVEL          q[uiet], m[inimal] (the default), n[ormal], d[etailed] or diag[nostic]

All other switches are MSBuild's: see `aotd msbuild -help`.
"""

_PROPERTY_SWITCHES = ("-p:", "-property:", "/p:", "/property:", "--property:")


def run(args: Sequence[str]) -> int:
    """Exit code 0 when all was published, 1 after an error."""
    whom = caller()
    if find_toolset(whom.environment, str(whom.directory), DiskFiles()).is_own:
        return run_msbuild(publish_arguments(args, whom.directory), as_verb=False)
    return _publish_over_sdk(args)


def publish_arguments(args: Sequence[str], directory: Path) -> list[str]:
    """MSBuild's arguments for the Publish target: Release unless something else is said, as `dotnet publish` does it."""
    arguments = msbuild_arguments(args, directory, "Publish", restores=True, output="PublishDir")
    names = [arg.partition(":")[2].partition("=")[0].lower() for arg in arguments if arg.lower().startswith(_PROPERTY_SWITCHES)]
    configuration = [] if "configuration" in names else ["-p:Configuration=Release"]
    return ["-nologo", *configuration, "-p:_IsPublishing=true", *arguments]


def _publish_over_sdk(args: Sequence[str]) -> int:
    """With an SDK installed, whose Publish target asks for another compiler: it evaluates the project, which is built and compiled here."""
    start = time.monotonic()
    switches = parse_project_switches(args, caller().directory)
    with console.Progress(quiet=switches.verbosity is Verbosity.QUIET) as progress:
        tools = publish_tools(switches.project, progress)
        try:
            published = publish_project(switches.project, publish_properties(switches), tools, progress)
        except BuildFailed:
            return 1
    line = summary(published, time.monotonic() - start)
    console.result(program=str(published.program), symbols=str(published.symbols or ""), summary=line)
    if switches.verbosity.value >= Verbosity.NORMAL.value:
        _tell_unsupported(published, switches.verbosity)
    if switches.verbosity is not Verbosity.QUIET:
        console.write(line + "\n")
    return 0


def _tell_unsupported(published: Published, verbosity: Verbosity) -> None:
    """What the program can reach and what throws there: how many at normal verbosity, each by name at detailed."""
    if verbosity.value >= Verbosity.DETAILED.value:
        for message in published.unsupported:
            console.write(f"  {message}\n")
    elif published.unsupported:
        count = len(published.unsupported)
        console.write(f"  {count} runtime calls that the program can reach are not supported yet and throw; -v:d names them\n")


def publish_tools(project: Path, progress: BuildProgress) -> PublishTools:
    """Tools that publish the caller's project, on all processors that this process may use."""
    place = CompilerPlace(cache_directory(caller().environment), n_workers=len(os.sched_getaffinity(0)), npm=find_npm(caller().environment))
    compiler = caller().tools.kept(ResidentCompiler)
    return PublishTools(build_tools(project, progress), compiler.compile_program, place, host_rid(), tuple(TARGETS))


def host_rid() -> str:
    """The portable runtime identifier of this machine."""
    system = {"Linux": "linux", "Darwin": "osx", "Windows": "win"}.get(platform.system(), platform.system().lower())
    machine = platform.machine().lower()
    architecture = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "i686": "x86", "armv7l": "arm"}.get(machine, machine)
    return f"{system}-{architecture}"


def publish_properties(switches: ProjectSwitches) -> dict[str, str]:
    """The properties of the command line; `-o` is the property PublishDir, with a slash at its end."""
    properties = dict(switches.properties)
    if switches.output is not None:
        properties["PublishDir"] = f"{switches.output}/"
    return properties

"""`aotd publish`: command line -> published program, progress, and one line that sums it up."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Sequence
from pathlib import Path

from compiler.link.triples import TARGETS
from compiler.user_cache import cache_directory
from server.build.graph import BuildFailed, BuildProgress
from server.cli import console
from server.cli.caller import caller
from server.cli.project_tools import build_tools
from server.cli.switches import ProjectSwitches, Verbosity, parse_project_switches
from server.publish.publish import Published, PublishTools, publish_project
from server.publish.request import CompilerPlace
from server.publish.resident import ResidentCompiler

USAGE = """Usage: aotd publish [PROJECT] [SWITCHES]

Builds a C# project and compiles it to a native program in bin/<Configuration>/<framework>/<runtime>/publish/.
PROJECT is a project file or a folder that contains one; without it the current folder.

  -r RID            runtime identifier, e.g. linux-x64 (this machine's unless given)
  -c CONFIGURATION  Debug (quick code generation) or Release (the default)
  -f FRAMEWORK      target framework, for projects that have several
  -o FOLDER         where the program is put
  -p:NAME=VALUE     an MSBuild property; may be repeated
  -v:LEVEL          q[uiet], m[inimal] (the default), n[ormal], d[etailed] or diag[nostic]
"""


def run(args: Sequence[str]) -> int:
    """Exit code 0 with a published program, 1 after an error."""
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
    place = CompilerPlace(cache_directory(caller().environment), n_workers=len(os.sched_getaffinity(0)))
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


def summary(published: Published, seconds: float) -> str:
    """One line: the program, its size, its methods, the time."""
    methods = f"{published.n_methods:,} methods: {published.n_generated:,} compiled, {published.n_reused:,} reused"
    return f"{published.name} -> {published.program} ({published.size_bytes / 1e6:.2f} MB, {methods}, {seconds:.1f} s)"

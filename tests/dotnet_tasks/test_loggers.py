"""Loggers of .NET assemblies hear a build, or a log that is replayed, through MSBuild's own reader."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.csharp.frameworks import Toolchain
from server.build.warm import WarmTools
from tests.dotnet_tasks.conftest import Project, compile_tasks

SOURCE = """
using System;
using System.IO;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

namespace Sample.Loggers
{
    public class Counting : INodeLogger
    {
        private int targets, nodes;
        public string Parameters { get; set; }
        public LoggerVerbosity Verbosity { get; set; }
        public void Initialize(IEventSource source, int count) { nodes = count; Initialize(source); }
        public void Initialize(IEventSource source)
        {
            source.TargetStarted += (_, e) => targets++;
            source.MessageRaised += (_, e) => { if (e.Importance == MessageImportance.High) Console.WriteLine("heard " + e.Message); };
            source.ErrorRaised += (_, e) => Console.WriteLine($"heard {e.Code} at {Path.GetFileName(e.File)}({e.LineNumber}): {e.Message}");
        }
        public void Shutdown() => Console.WriteLine($"{targets} targets, {nodes} nodes, {Verbosity}, '{Parameters}'");
    }

    public class Refusing : ILogger
    {
        public string Parameters { get; set; }
        public LoggerVerbosity Verbosity { get; set; }
        public void Initialize(IEventSource source) => throw new LoggerException("no such server", null, "SRV01", null);
        public void Shutdown() { }
    }

    public class Crashing : ILogger
    {
        public string Parameters { get; set; }
        public LoggerVerbosity Verbosity { get; set; }
        public void Initialize(IEventSource source) => source.BuildFinished += (_, e) => throw new InvalidOperationException("oops");
        public void Shutdown() { }
    }
}
"""
MESSAGES = '<Message Text="hi" Importance="high" /><Message Text="low" Importance="low" />'
BODY = f'<Target Name="T">{MESSAGES}<Error Code="E1" Text="bad" /></Target>'
HEARD = ["heard hi", "heard E1 at a.proj(1): bad"]


@pytest.fixture(scope="session")
def loggers(toolchain: Toolchain, tools: WarmTools, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("loggers") / "Sample.Loggers.dll"
    compile_tasks(toolchain, tools, SOURCE, path)
    return path


@pytest.fixture
def project(tmp_path: Path, assembly: Path, tools: WarmTools) -> Project:
    return Project(tmp_path, assembly, tools)


def test_logger_hears_the_build(project: Project, loggers: Path) -> None:
    lines = project.run(BODY, f'-l:Counting,{loggers};to="a b";x', "-m:3", "-noconlog", "-v:n")
    assert lines == [*HEARD, "1 targets, 3 nodes, Normal, 'to=a b;x'"]
    assert project.code == 1


def test_distributed_logger_is_its_central_part(project: Project, loggers: Path) -> None:
    lines = project.run(BODY, f"-dl:Sample.Loggers.Counting,{loggers}*Forwarding,{loggers}", "-m:1")
    assert lines[0] == "  hi" and lines[-3:] == [*HEARD, "1 targets, 1 nodes, Minimal, ''"]


def test_logger_hears_a_log_that_is_replayed(project: Project, loggers: Path) -> None:
    project.run(BODY, "-bl:x.binlog", "-noconlog")
    assert project.build("x.binlog", f"-l:Counting,{loggers}", "-m:1", "-noconlog") == [*HEARD, "1 targets, 1 nodes, Minimal, ''"]
    assert project.code == 0


def test_wrong_loggers_are_said_before_the_build(project: Project, loggers: Path) -> None:
    found = {name: project.run(BODY, f"-l:{name}") for name in (f"None,{loggers}", "Counting,none.dll", "Counting,No.Such")}
    first, second, third = found.values()
    assert first[0].startswith("MSBUILD : error MSB1020: The logger was not found.") and first[1] == f"Switch: None,{loggers}"
    unusable = "MSBUILD : error MSB1021: Cannot create an instance of the logger Counting."
    assert second[0].startswith(f"{unusable} Could not load file or assembly") and third[0].startswith(unusable)
    assert project.code == 1 and not any("hi" in line.split() for lines in found.values() for line in lines)


def test_loggers_that_fail(project: Project, loggers: Path) -> None:
    quiet = '<Target Name="T" />'
    assert project.run(quiet, f"-l:Refusing,{loggers}") == ["MSBUILD : Logger error SRV01: no such server"]
    assert project.code == 1
    lines = project.run(quiet, f"-l:Crashing,{loggers}")
    assert lines[0] == "MSBUILD : error MSB1028: The logger failed unexpectedly." and "oops" in "".join(lines)


def test_restricted(project: Project, loggers: Path) -> None:
    lines = project.run(BODY, f"-l:Counting,{loggers}", environment={"AOTD_RESTRICTED": "1"})
    assert lines[0].endswith("Cannot create an instance of the logger Counting. In restricted mode nothing of the workspace is run.")

"""`aotd build`, `rebuild` and `clean`: their switches are those of dotnet, their end is MSBuild's summary."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.diagnostics import Diagnostic, Location, Severity
from server.build.summary import BuildSummary
from server.cli.dotnet_switches import msbuild_arguments


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ([], ["-v:m", "-restore", "-t:Build"]),
        (["a.csproj", "--no-restore"], ["-v:m", "-t:Build", "a.csproj"]),
        (["-c", "Release", "-f:net9.0"], ["-v:m", "-restore", "-t:Build", "-p:Configuration=Release", "-p:TargetFramework=net9.0"]),
        (["--configuration=Release", "-t:X"], ["-v:m", "-restore", "-p:Configuration=Release", "-t:X"]),
        (["-o", "out"], ["-v:m", "-restore", "-t:Build", "-p:OutputPath=/w/out/", "-p:_CommandLineDefinedOutputPath=true"]),
        (["-p", "A=1", "-p:B=2", "-v", "n"], ["-v:m", "-restore", "-t:Build", "-p:A=1", "-p:B=2", "-v:n"]),
        (["--no-incremental"], ["-v:m", "-restore", "-t:Rebuild"]),
    ],
)
def test_switches(args: list[str], expected: list[str]) -> None:
    """What MSBuild gets."""
    assert msbuild_arguments(args, Path("/w"), "Build", restores=True) == expected


def test_summary() -> None:
    """Findings once each, warnings first, then the numbers."""
    summary = BuildSummary()
    assert summary.text(succeeded=True, seconds=3661.239) == (
        "\nBuild succeeded.\n    0 Warning(s)\n    0 Error(s)\n\nTime Elapsed 01:01:01.24\n"
    )
    place = Location("/p/a.cs", 1, 2)
    for severity in (Severity.ERROR, Severity.WARNING, Severity.WARNING):
        summary(Diagnostic("X1", severity, "text", place))
    assert summary.text(succeeded=False, seconds=0.5) == (
        "\nBuild FAILED.\n\n/p/a.cs(1,2): warning X1: text\n/p/a.cs(1,2): error X1: text\n"
        "    1 Warning(s)\n    1 Error(s)\n\nTime Elapsed 00:00:00.50\n"
    )

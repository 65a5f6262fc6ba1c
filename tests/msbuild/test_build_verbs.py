"""`aotd build`, `rebuild` and `clean`: their switches are those of dotnet, their end is MSBuild's summary."""

from __future__ import annotations

from pathlib import Path

import pytest

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

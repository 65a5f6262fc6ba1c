"""`aotd build`, `rebuild` and `clean`: their switches are those of dotnet, their end is MSBuild's summary."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.cli.dotnet_switches import msbuild_arguments

OWN_RUNTIME = "-p:_CommandLineDefinedSelfContained=true"
RID = "-p:_CommandLineDefinedRuntimeIdentifier=true"


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
        (["--no-build"], ["-v:m", "-t:Build", "-p:NoBuild=true"]),
        (["--sc", "false", "x"], ["-v:m", "-restore", "-t:Build", "-p:SelfContained=false", OWN_RUNTIME, "x"]),
        (["--self-contained", "x"], ["-v:m", "-restore", "-t:Build", "-p:SelfContained=true", OWN_RUNTIME, "x"]),
        (["--arch=arm64", "--os", "osx"], ["-v:m", "-restore", "-t:Build", "-p:RuntimeIdentifier=osx-arm64"]),
        (["-r", "linux-x64"], ["-v:m", "-restore", "-t:Build", "-p:RuntimeIdentifier=linux-x64", RID]),
        (["--artifacts-path", "out"], ["-v:m", "-restore", "-t:Build", "-p:ArtifactsPath=/w/out"]),
        (["-s", "a", "--source", "b"], ["-v:m", "-restore", "-t:Build", "-p:RestoreSources=a%3Bb"]),
        (["--no-cache", "--force"], ["-v:m", "-restore", "-t:Build", "-p:RestoreNoCache=true", "-p:RestoreForce=true"]),
        (["--configfile", "n.config"], ["-v:m", "-restore", "-t:Build", "-p:RestoreConfigFile=/w/n.config"]),
    ],
)
def test_switches(args: list[str], expected: list[str]) -> None:
    """What MSBuild gets."""
    assert msbuild_arguments(args, Path("/w"), "Build", restores=True) == expected

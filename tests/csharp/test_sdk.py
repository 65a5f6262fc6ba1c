"""Which installed .NET SDK is taken: places, global.json, incomplete ones; and that a found one compiles and runs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from compiler.csharp.client import CSharpReference, CSharpWorker
from compiler.csharp.coreclr import run_program, write_runtimeconfig
from compiler.csharp.errors import ToolchainError
from compiler.csharp.frameworks import ToolchainKind
from compiler.csharp.sdk import search_sdk
from compiler.csharp.toolchain import Toolchain, examine, find_toolchain
from tests.csharp.conftest import Programs


def make_root(root: Path, sdks: Sequence[str], runtimes: Sequence[str] = ("8.0.11", "9.0.0", "10.0.0")) -> Path:
    """A dotnet root with empty files in the places that count."""
    for sdk in sdks:
        file = root / "sdk" / sdk / "Roslyn" / "bincore" / "Microsoft.CodeAnalysis.CSharp.dll"
        file.parent.mkdir(parents=True)
        file.touch()
    for runtime in runtimes:
        (root / "shared" / "Microsoft.NETCore.App" / runtime).mkdir(parents=True)
    hostfxr = root / "host" / "fxr" / "9.0.0" / "libhostfxr.so"
    hostfxr.parent.mkdir(parents=True)
    hostfxr.touch()
    return root


def chosen(root: Path, start_dir: Path) -> str:
    """The SDK version that is taken for a folder; empty when none."""
    toolchain = search_sdk({"DOTNET_ROOT": str(root), "PATH": "/nonexistent"}, start_dir).toolchain
    return toolchain.sdk_version if toolchain is not None else ""


INSTALLED = ["8.0.105", "8.0.111", "8.0.204", "8.0.303", "9.0.100", "9.0.205", "10.0.100-rc.1.25451.107"]


@pytest.mark.parametrize(
    ("version", "policy", "expected"),
    [
        ("8.0.105", "disable", "8.0.105"),
        ("8.0.106", "disable", ""),
        ("8.0.105", "patch", "8.0.105"),
        ("8.0.106", "patch", "8.0.111"),
        ("8.0.112", "patch", ""),
        ("8.0.112", "feature", "8.0.204"),
        ("8.0.106", "feature", "8.0.111"),
        ("8.0.400", "feature", ""),
        ("8.0.400", "minor", ""),
        ("8.0.400", "major", "9.0.100"),
        ("8.0.105", "latestPatch", "8.0.111"),
        ("8.0.105", "", "8.0.111"),
        ("8.0.105", "latestFeature", "8.0.303"),
        ("8.0.105", "latestMinor", "8.0.303"),
        ("8.0.105", "latestMajor", "10.0.100-rc.1.25451.107"),
        ("10.0.100", "latestMajor", ""),
        ("10.0.100-preview.7.25380.108", "latestPatch", "10.0.100-rc.1.25451.107"),
        ("9.0.206", "latestPatch", ""),
    ],
)
def test_roll_forward(tmp_path: Path, version: str, policy: str, expected: str) -> None:
    root = make_root(tmp_path / "dotnet", INSTALLED)
    sdk = {"version": version, **({"rollForward": policy} if policy else {})}
    (tmp_path / "global.json").write_text("// SDK\n" + json.dumps({"sdk": sdk}), encoding="utf-8")
    inner = tmp_path / "src" / "app"
    inner.mkdir(parents=True)
    assert chosen(root, inner) == expected


def test_without_global_json_the_newest(tmp_path: Path) -> None:
    assert chosen(make_root(tmp_path / "dotnet", INSTALLED), tmp_path) == "10.0.100-rc.1.25451.107"


def test_prereleases_can_be_refused(tmp_path: Path) -> None:
    (tmp_path / "global.json").write_text('{"sdk": {"allowPrerelease": false}}', encoding="utf-8")
    assert chosen(make_root(tmp_path / "dotnet", INSTALLED), tmp_path) == "9.0.205"


def test_an_sdk_without_compiler_or_runtime_is_passed_over(tmp_path: Path) -> None:
    root = make_root(tmp_path / "dotnet", ["8.0.105"], runtimes=("9.0.0",))
    assert chosen(root, tmp_path) == ""
    (root / "sdk" / "9.0.100").mkdir()
    assert chosen(root, tmp_path) == ""


def test_the_next_place_is_tried(tmp_path: Path) -> None:
    (tmp_path / "global.json").write_text('{"sdk": {"version": "9.0.100"}}', encoding="utf-8")
    make_root(tmp_path / "first", ["8.0.105"])
    second = make_root(tmp_path / "home" / ".dotnet", ["9.0.103"])
    environment = {"DOTNET_ROOT": str(tmp_path / "first"), "HOME": str(tmp_path / "home"), "PATH": "/nonexistent"}
    toolchain = search_sdk(environment, tmp_path).toolchain
    assert toolchain is not None and toolchain.dotnet_root == second


def test_what_global_json_forbids_is_said(tmp_path: Path) -> None:
    file = tmp_path / "global.json"
    file.write_text('{"sdk": {"version": "9.0.300"}}', encoding="utf-8")
    root = make_root(tmp_path / "dotnet", ["8.0.105", "9.0.205"])
    environment = {"DOTNET_ROOT": str(root), "PATH": "/nonexistent", "AOTD_CACHE_DIR": str(tmp_path / "cache")}
    row = examine(environment, tmp_path)[0]
    assert (row.state, row.fix) == (
        f"{file} wants 9.0.300 (latestPatch); installed: 9.0.205, 8.0.105",
        f"install SDK 9.0.300 or loosen rollForward in {file}",
    )


def test_an_sdk_that_is_too_old(tmp_path: Path) -> None:
    root = make_root(tmp_path / "dotnet", ["3.1.102", "7.0.400"])
    environment = {"DOTNET_ROOT": str(root), "PATH": "/nonexistent", "AOTD_CACHE_DIR": str(tmp_path / "cache")}
    assert examine(environment, tmp_path)[0].state == f"7.0.400 in {root} is too old: SDK 8 or later is needed"
    with pytest.raises(ToolchainError) as caught:
        find_toolchain(environment, tmp_path)
    assert caught.value.code == "AOTD0108"
    assert caught.value.message.startswith(f"the .NET SDK 7.0.400 in {root} is too old: SDK 8 or later is needed;")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"sdk": 1}', '{"sdk": {"version": "x"}}'])
def test_a_global_json_that_says_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "global.json").write_text(text, encoding="utf-8")
    assert chosen(make_root(tmp_path / "dotnet", ["9.0.100"]), tmp_path) == "9.0.100"


def test_frameworks_and_reference_packs(tmp_path: Path) -> None:
    root = make_root(tmp_path / "dotnet", ["9.0.100"])
    (root / "shared" / "Microsoft.AspNetCore.App" / "9.0.0").mkdir(parents=True)
    for pack in ("9.0.0", "9.0.1", "7.0.20"):
        (root / "packs" / "Microsoft.NETCore.App.Ref" / pack / "ref" / f"net{pack[:3]}").mkdir(parents=True)
    generators = root / "packs" / "Microsoft.NETCore.App.Ref" / "9.0.1" / "analyzers" / "dotnet" / "cs"
    generators.mkdir(parents=True)
    (generators / "System.Text.Json.SourceGeneration.dll").touch()
    toolchain = search_sdk({"DOTNET_ROOT": str(root), "PATH": "/nonexistent"}, tmp_path).toolchain
    assert toolchain is not None
    assert [(item.name, item.version, item.framework_dir is not None) for item in toolchain.frameworks] == [
        ("Microsoft.NETCore.App", "10.0.0", True),
        ("Microsoft.NETCore.App", "9.0.0", True),
        ("Microsoft.AspNetCore.App", "9.0.0", True),
        ("Microsoft.NETCore.App", "8.0.11", True),
        ("Microsoft.NETCore.App", "7.0.20", False),
    ]
    assert toolchain.version == "9.0.0"
    assert toolchain.reference_dir == root / "packs" / "Microsoft.NETCore.App.Ref" / "9.0.1" / "ref" / "net9.0"
    assert [path.name for path in toolchain.source_generators] == ["System.Text.Json.SourceGeneration.dll"]


def test_a_found_sdk_compiles_and_runs(toolchain: Toolchain, cache_dir: Path, programs: Programs, tmp_path: Path) -> None:
    root = tmp_path / "dotnet"
    links = {
        "sdk/9.0.100/Roslyn/bincore": toolchain.roslyn_dir,
        f"shared/Microsoft.NETCore.App/{toolchain.version}": toolchain.framework_dir,
        f"host/fxr/{toolchain.version}": toolchain.hostfxr.parent,
        f"packs/Microsoft.NETCore.App.Ref/{toolchain.version}/ref/net9.0": toolchain.reference_dir,
    }
    for name, target in links.items():
        (root / name).parent.mkdir(parents=True)
        (root / name).symlink_to(target)
    environment = {"DOTNET_ROOT": str(root), "PATH": "/nonexistent", "AOTD_CACHE_DIR": str(cache_dir)}
    found = find_toolchain(environment, tmp_path)
    assert found is not None and found.kind is ToolchainKind.SDK and found.reference_dir.is_relative_to(root / "packs")
    worker = CSharpWorker(found, cache_dir, environment)
    try:
        request = programs.request("sdk", 'System.Console.WriteLine("compiled by an SDK");')
        assert all(isinstance(reference, CSharpReference) for reference in request.references)
        result = worker.compile(request)
    finally:
        worker.close()
    assert result.pe is not None, result.diagnostics
    application = tmp_path / "program.dll"
    application.write_bytes(result.pe)
    write_runtimeconfig(found, application, {})
    assert run_program(found, application, [], environment).stdout == b"compiled by an SDK\n"

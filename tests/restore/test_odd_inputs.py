"""Restores that meet damaged files and odd packages: an answer or an error, never a failure of our own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.msbuild.test_build_with_own_sdk import Build
from tests.restore.raw_zip import RawEntry, raw_zip
from tests.restore.test_own_sdk import CONFIG, project

LOCKED = "<RestorePackagesWithLockFile>true</RestorePackagesWithLockFile>"
FOR_RUNTIME = "<RuntimeIdentifier>linux-x64</RuntimeIdentifier>"


def put(build: Build, name: str, dependencies: str = "", **files: str) -> None:
    manifest = f"<package><metadata><id>{name}</id><version>1.0.0</version>{dependencies}</metadata></package>"
    entries = [RawEntry(f"{name}.nuspec".encode(), manifest.encode()), RawEntry(b"lib/netstandard2.0/a.dll", b"library")]
    entries += [RawEntry(file.replace("_", ".").encode(), text.encode()) for file, text in files.items()]
    path = build.folder / "feed" / f"{name}.1.0.0.nupkg"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(raw_zip(entries))


@pytest.fixture
def build(tmp_path: Path) -> Build:
    found = Build(tmp_path)
    found.write("NuGet.Config", CONFIG)
    put(found, "A")
    put(found, "BadVersion", '<dependencies><dependency id="A" version="nonsense" /></dependencies>')
    put(found, "Floats", '<dependencies><dependency id="A" version="1.*" /></dependencies>')
    put(found, "NoName", '<dependencies><dependency version="1.0" /></dependencies>')
    put(found, "Itself", '<dependencies><dependency id="Itself" version="1.0.0" /></dependencies>')
    put(found, "BadRuntime", runtime_json="{oops")
    put(found, "OddRuntime", runtime_json="[1, 2]")
    put(found, "BadNumber", runtime_json='{"runtimes": {"linux-x64": {"A": {"B": 5}}, "other": 3}}')
    return found


def restored(build: Build, package: str, properties: str = "") -> tuple[bool, str]:
    plain = project("net9.0", f'<PackageReference Include="{package}" Version="1.0.0" />')
    text = plain.replace("</TargetFramework>", f"</TargetFramework>{properties}")
    build.write("App/App.csproj", text)
    succeeded = build.run("App/App.csproj", "Restore")
    return succeeded, "\n".join(build.lines)


@pytest.mark.parametrize("text", ["{oops", "[]", '{"version": 99, "dependencies": {"net9.0": {"A": {"type": "Odd", "resolved": "zz"}}}}'])
def test_a_damaged_lock_file_is_made_anew(build: Build, text: str) -> None:
    build.write("App/packages.lock.json", text)
    assert restored(build, "A", LOCKED)[0]
    assert '"resolved": "1.0.0"' in (build.folder / "App" / "packages.lock.json").read_text()


@pytest.mark.parametrize("text", ["{oops", "[1]", ""])
def test_a_damaged_record_of_the_last_restore_counts_as_none(build: Build, text: str) -> None:
    build.write("App/obj/project.nuget.cache", text)
    succeeded, told = restored(build, "A")
    assert succeeded and "Restored " in told


@pytest.mark.parametrize(
    ("package", "code"), [("BadVersion", "warning NU1602"), ("Floats", ""), ("NoName", "error NU1101"), ("Itself", "error NU1108")]
)
def test_odd_dependencies(build: Build, package: str, code: str) -> None:
    succeeded, told = restored(build, package)
    assert succeeded == (not code.startswith("error"))
    assert code in told


@pytest.mark.parametrize(("package", "succeeds"), [("BadRuntime", False), ("OddRuntime", True), ("BadNumber", False)])
def test_a_damaged_runtime_json_ends_the_restore_once_there_is_a_runtime(build: Build, package: str, succeeds: bool) -> None:
    assert restored(build, package)[0]
    assert restored(build, package, FOR_RUNTIME)[0] == succeeds

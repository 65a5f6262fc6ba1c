"""Files of restored packages in a build: compiled against, copied, published; by framework and runtime identifier."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.msbuild.test_build_with_own_sdk import LIBRARY, PROGRAM, Build, empty_assembly

PACKAGE = '<ItemGroup><PackageReference Include="Good" Version="1.2.0" /></ItemGroup>'
RUNTIME_TARGETS = {
    "runtimes/linux/lib/net8.0/Good.dll": {"assetType": "runtime", "rid": "linux"},
    "runtimes/linux-x64/native/libgood.so": {"assetType": "native", "rid": "linux-x64"},
    "runtimes/win-x64/native/good.dll": {"assetType": "native", "rid": "win-x64"},
}
ENTRY = {
    "type": "package",
    "compile": {"ref/net8.0/Good.dll": {}, "ref/net8.0/System.Runtime.dll": {}},
    "runtime": {"lib/net8.0/Good.dll": {}},
    "resource": {"lib/net8.0/de/Good.resources.dll": {"locale": "de"}},
    "runtimeTargets": RUNTIME_TARGETS,
    "contentFiles": {
        "contentFiles/cs/any/Extra.cs": {"buildAction": "Compile", "codeLanguage": "cs", "copyToOutput": False},
        "contentFiles/vb/any/Extra.vb": {"buildAction": "Compile", "codeLanguage": "vb", "copyToOutput": False},
    },
}
FILES = [
    "analyzers/dotnet/cs/Good.Analyzer.dll",
    "analyzers/dotnet/vb/Good.Analyzer.dll",
    "analyzers/dotnet/cs/de/Good.Analyzer.resources.dll",
]


def restored(build: Build, project: str) -> Path:
    """Writes the package and the assets file as a restore would."""
    folder = build.folder / "packages/good/1.2.0"
    paths = [path for group in ("compile", "runtime", "resource", "runtimeTargets", "contentFiles") for path in ENTRY[group]]
    for path in [*paths, *FILES]:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        # What is compiled with has to be an assembly.
        (folder / path).write_bytes(empty_assembly(Path(path).stem) if path.startswith("ref/") else path.encode())
    assets = {
        "version": 3,
        "targets": {"net9.0": {"Good/1.2.0": ENTRY}},
        "libraries": {"Good/1.2.0": {"type": "package", "path": "good/1.2.0", "files": [*paths, *FILES]}},
        "packageFolders": {f"{build.folder}/packages/": {}},
        "project": {"frameworks": {"net9.0": {"targetAlias": "net9.0"}}},
    }
    build.write(f"{project}/obj/project.assets.json", json.dumps(assets))
    return folder


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """An empty folder."""
    return Build(tmp_path)


def test_program_is_compiled_with_a_package_and_copies_it(build: Build) -> None:
    """References, analyzers and sources of the package; the framework's own assembly wins over the package's."""
    folder = restored(build, "app")
    build.write("app/app.csproj", PROGRAM.format(PACKAGE))
    assert build.run("app/app.csproj"), build.lines
    [request] = build.machine.requests
    names = [Path(reference.path).name for reference in request.references]
    assert sorted(names) == ["Good.dll", "System.Runtime.dll"]
    assert str(folder / "ref/net8.0/Good.dll") in [reference.path for reference in request.references]
    assert [switch for switch in request.switches if switch.startswith("/analyzer:")] == [f"/analyzer:{folder}/{FILES[0]}"]
    assert "Extra.cs" in [Path(source.path).name for source in request.sources]
    output = build.folder / "app/bin/Debug/net9.0"
    assert (output / "Good.dll").read_text() == "lib/net8.0/Good.dll"
    assert (output / "de/Good.resources.dll").is_file()
    # Without a runtime identifier the host chooses among the files for all of them.
    assert all((output / path).read_text() == path for path in RUNTIME_TARGETS)
    library = json.loads((output / "app.deps.json").read_text())["targets"][".NETCoreApp,Version=v9.0"]["Good/1.0.0"]
    assert library == {"runtime": {"Good.dll": {}}, "runtimeTargets": RUNTIME_TARGETS}


def test_files_for_a_runtime_identifier(build: Build) -> None:
    """The assembly of the nearest identifier, and the native library of it."""
    restored(build, "app")
    build.write("app/app.csproj", PROGRAM.format(PACKAGE))
    assert build.run("app/app.csproj", properties={"RuntimeIdentifier": "linux-x64"}), build.lines
    output = build.folder / "app/bin/Debug/net9.0/linux-x64"
    assert (output / "Good.dll").read_text() == "runtimes/linux/lib/net8.0/Good.dll"
    assert (output / "libgood.so").is_file() and not (output / "good.dll").exists() and not (output / "runtimes").exists()
    [target] = json.loads((output / "app.deps.json").read_text())["targets"].values()
    assert target["Good/1.0.0"] == {"runtime": {"Good.dll": {}}, "native": {"libgood.so": {}}}


def test_library_does_not_copy_packages(build: Build) -> None:
    """Those who run it do."""
    restored(build, "lib")
    build.write("lib/lib.csproj", LIBRARY.format(PACKAGE))
    assert build.run("lib/lib.csproj"), build.lines
    assert "Debug/net9.0/Good.dll" not in build.files("lib/bin")
    assert build.run("lib/lib.csproj", "Publish"), build.lines
    assert build.files("lib/bin/Debug/net9.0/publish") == ["lib.deps.json", "lib.dll", "lib.pdb"]


def test_without_a_restore(build: Build) -> None:
    """A project with packages says what is missing; one without needs no assets file."""
    build.write("app/app.csproj", PROGRAM.format(PACKAGE))
    assert not build.run("app/app.csproj")
    assert [line for line in build.lines if "error NETSDK1004" in line]


def test_a_newer_assembly_of_a_package_replaces_the_frameworks(build: Build) -> None:
    """The framework of the test has a file of that name that is no assembly: any assembly is newer."""
    folder = restored(build, "app")
    (folder / "ref/net8.0/System.Runtime.dll").write_bytes(empty_assembly("System.Runtime"))
    build.write("app/app.csproj", PROGRAM.format(PACKAGE))
    assert build.run("app/app.csproj"), build.lines
    references = [Path(reference.path) for reference in build.machine.requests[0].references]
    assert [path for path in references if path.name == "System.Runtime.dll"] == [folder / "ref/net8.0/System.Runtime.dll"]

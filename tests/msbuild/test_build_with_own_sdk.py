"""Build, Rebuild and Clean of our own SDK: what is compiled with what, what is written where, and what a second build leaves alone."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from compiler.csharp.bootstrap_image import VOID, Image
from compiler.csharp.client import CSharpReference, CSharpRequest, CSharpResult
from compiler.csharp.frameworks import NETCORE_APP, Framework
from compiler.diagnostics import Diagnostic, Location, Severity
from compiler.link.triples import Target
from server.build.console_logger import ConsoleLogger
from server.build.events import BuildLog
from server.build.services import NoServices
from server.build.session import BuildSession
from server.msbuild.project import ProjectEvaluator
from server.msbuild.sdks import own_toolset

LIBRARY = '<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><TargetFramework>net9.0</TargetFramework></PropertyGroup>{}</Project>'
PROGRAM = (
    '<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><TargetFramework>net9.0</TargetFramework><OutputType>Exe</OutputType></PropertyGroup>'
    "{}</Project>"
)


def empty_assembly(name: str) -> bytes:
    """An assembly of that name with one method."""
    image = Image(name)
    return image.to_bytes(image.define_method("Main", VOID, [], b"\x2a", 8))


class Machine(NoServices):
    """A class library with one assembly, and a compiler that notes what it is asked and answers with an empty assembly of its name."""

    def __init__(self, folder: Path) -> None:
        references = folder / "ref"
        references.mkdir()
        (references / "System.Runtime.dll").write_bytes(b"")
        self.library = Framework(NETCORE_APP, "9.0.5", folder, references, None)
        self.requests: list[CSharpRequest] = []
        self.findings: tuple[Diagnostic, ...] = ()
        self.varies = True

    def frameworks(self) -> Sequence[Framework]:
        """The one library."""
        return [self.library]

    def app_host(self, target: Target) -> Path:
        """A program that is none."""
        host = self.library.reference_dir.parent / f"host-{target.rid}"
        host.write_text("host")
        return host

    def compile(self, request: CSharpRequest) -> CSharpResult:
        """An assembly with nothing in it."""
        self.requests.append(request)
        failed = any(finding.severity is Severity.ERROR for finding in self.findings)
        part = None if failed else empty_assembly(Path(request.project).stem) + bytes([len(self.requests) if self.varies else 0])
        return CSharpResult(part, part, self.findings, reference_pe=part)


class Build:
    """A folder of projects and the machine that builds them."""

    def __init__(self, folder: Path) -> None:
        self.machine = Machine(folder)
        self.folder = folder / "work"
        self.folder.mkdir()
        self.lines: list[str] = []

    def write(self, name: str, text: str) -> None:
        """A file of the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def run(self, project: str, *targets: str, properties: Mapping[str, str] | None = None) -> bool:
        """Builds; did it succeed? `lines` has what was printed."""
        self.lines.clear()
        log = BuildLog([ConsoleLogger(1, self.lines.append)])
        evaluator = ProjectEvaluator({}, str(self.folder), toolset=own_toolset())
        session = BuildSession(evaluator, log, self.machine)
        return session.build(str(self.folder / project), properties or {}, targets).succeeded and not log.has_errors

    def files(self, under: str) -> list[str]:
        """Files below a folder, relative to it."""
        root = self.folder / under
        return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """An empty folder."""
    return Build(tmp_path)


def test_program(build: Build) -> None:
    """A program with its files; a second build compiles nothing; Clean leaves the folders."""
    build.write("app.csproj", PROGRAM.format(""))
    build.write("P.cs", "// text")
    assert build.run("app.csproj")
    assert build.lines == [f"  app -> {build.folder}/bin/Debug/net9.0/app.dll\n"]
    parts = ("app", "app.deps.json", "app.dll", "app.pdb", "app.runtimeconfig.json")
    assert build.files("bin") == [f"Debug/net9.0/{part}" for part in parts]
    assert os.access(build.folder / "bin/Debug/net9.0/app", os.X_OK)
    configuration = json.loads((build.folder / "bin/Debug/net9.0/app.runtimeconfig.json").read_text(encoding="utf-8"))
    assert configuration["runtimeOptions"]["framework"] == {"name": "Microsoft.NETCore.App", "version": "9.0.0"}
    request = build.machine.requests[0]
    assert [Path(source.path).name for source in request.sources][:1] == ["P.cs"]
    assert {"/target:exe", "/out:app.dll", "/debug:portable", "/optimize-"} <= set(request.switches)
    assert [Path(reference.path).name for reference in request.references] == ["System.Runtime.dll"]
    assert build.run("app.csproj")
    assert len(build.machine.requests) == 1
    assert build.run("app.csproj", "Clean")
    assert build.files("bin") == []
    assert build.run("app.csproj", "Rebuild")
    assert len(build.machine.requests) == 2


def test_references_are_built_first_and_copied(build: Build) -> None:
    """Direct and indirect references are compiled against and copied; content follows."""
    build.write("base/base.csproj", LIBRARY.format('<ItemGroup><Content Include="t.txt" CopyToOutputDirectory="Always" /></ItemGroup>'))
    build.write("base/t.txt", "text")
    build.write("lib/lib.csproj", LIBRARY.format('<ItemGroup><ProjectReference Include="../base/base.csproj" /></ItemGroup>'))
    build.write("app/app.csproj", PROGRAM.format('<ItemGroup><ProjectReference Include="../lib/lib.csproj" /></ItemGroup>'))
    assert build.run("app/app.csproj", properties={"Configuration": "Release"}), build.lines
    assert [Path(request.project).stem for request in build.machine.requests] == ["base", "lib", "app"]
    assert [Path(reference.path).name for reference in build.machine.requests[2].references] == [
        "System.Runtime.dll",
        "base.dll",
        "lib.dll",
    ]
    assert {"base.dll", "lib.dll", "app.dll", "t.txt", "lib.pdb"} <= set(build.files("app/bin/Release/net9.0"))
    dependencies = json.loads((build.folder / "app/bin/Release/net9.0/app.deps.json").read_text(encoding="utf-8"))
    assert set(dependencies["libraries"]) == {"app/1.0.0", "lib/1.0.0", "base/1.0.0"}


def test_several_frameworks(build: Build) -> None:
    """A library for several frameworks is built for each; who refers to it gets the one that fits."""
    build.write("lib/lib.csproj", LIBRARY.replace("Framework>", "Frameworks>").replace("net9.0", "netstandard2.0;net9.0").format(""))
    build.write("app/app.csproj", PROGRAM.format('<ItemGroup><ProjectReference Include="../lib/lib.csproj" /></ItemGroup>'))
    assert build.run("app/app.csproj")
    assert build.files("lib/bin") == [f"Debug/net9.0/lib.{kind}" for kind in ("deps.json", "dll", "pdb")]
    assert build.run("lib/lib.csproj")
    assert "Debug/netstandard2.0/lib.dll" in build.files("lib/bin")


def test_hooks_of_projects(build: Build) -> None:
    """Targets before and after ours run, and what they add is compiled; build events run."""
    hooks = (
        "<PropertyGroup><PreBuildEvent>echo before &gt; before.txt</PreBuildEvent></PropertyGroup>"
        '<Target Name="Make" BeforeTargets="BeforeCompile"><WriteLinesToFile File="obj/G.cs" Lines="class G" />'
        '<ItemGroup><Compile Include="obj/G.cs" /></ItemGroup></Target>'
        '<Target Name="Tell" AfterTargets="Build"><Message Importance="high" Text="@(IntermediateAssembly)" /></Target>'
    )
    build.write("app.csproj", PROGRAM.format(hooks))
    assert build.run("app.csproj")
    assert build.lines[-1] == "  obj/Debug/net9.0/app.dll\n"
    assert "G.cs" in [Path(source.path).name for source in build.machine.requests[0].sources]
    assert "before.txt" in build.files("bin/Debug/net9.0")


def test_findings_of_the_compiler(build: Build) -> None:
    """Errors end the build with the project named; nothing is copied."""
    build.write("app.csproj", PROGRAM.format(""))
    place = Location(str(build.folder / "P.cs"), 1, 2)
    build.machine.findings = (Diagnostic("CS1513", Severity.ERROR, "} expected", place),)
    assert not build.run("app.csproj")
    assert build.lines == [f"{build.folder}/P.cs(1,2): error CS1513: }} expected [{build.folder}/app.csproj]\n"]
    assert build.files("bin") == []


def test_missing_source_and_framework(build: Build) -> None:
    """One line each."""
    build.write("app.csproj", PROGRAM.format('<ItemGroup><Compile Include="none.cs" /></ItemGroup>'))
    assert not build.run("app.csproj")
    assert build.lines == [f"CSC : error CS2001: Source file '{build.folder}/none.cs' could not be found. [{build.folder}/app.csproj]\n"]
    assert not build.run("app.csproj", properties={"TargetFramework": "net99.0", "AotdAllowFrameworkFallback": "false"})
    assert build.lines[0].startswith(f"{build.folder}/app.csproj : error AOTD0302: ")


def test_a_deleted_output_comes_back(build: Build) -> None:
    """Up to date means that the outputs are there."""
    build.write("app.csproj", PROGRAM.format(""))
    assert build.run("app.csproj")
    os.unlink(build.folder / "obj/Debug/net9.0/app.dll")
    assert build.run("app.csproj")
    assert len(build.machine.requests) == 2


def test_a_compilation_that_changes_nothing_is_not_repeated(build: Build) -> None:
    """What was compiled is newer than its sources also when it is what it was before."""
    build.machine.varies = False
    build.write("app.csproj", PROGRAM.format(""))
    build.write("P.cs", "// text")
    assert build.run("app.csproj")
    build.write("P.cs", "// another")
    assert build.run("app.csproj")
    assert build.run("app.csproj")
    assert len(build.machine.requests) == 2


@pytest.mark.parametrize(("name", "content"), [("Web", ["a.json", "wwwroot/s.css"]), ("Worker", ["a.json"])])
def test_web_and_worker(build: Build, name: str, content: list[str]) -> None:
    """Programs with configuration files that are copied; a web project needs a class library that is not here."""
    build.write("app.csproj", LIBRARY.replace("NET.Sdk", f"NET.Sdk.{name}").format(""))
    for file in ("a.json", "wwwroot/s.css", "Properties/launchSettings.json"):
        build.write(file, "{}")
    evaluator = ProjectEvaluator({}, str(build.folder), toolset=own_toolset())
    instance = evaluator.evaluate(build.folder / "app.csproj", {})
    assert instance.property("OutputType") == "Exe"
    assert sorted(item.identity for item in instance.items_of("Content")) == content
    assert build.run("app.csproj") == (name == "Worker")
    if name == "Worker":
        assert "Debug/net9.0/a.json" in build.files("bin")
    else:
        assert "Microsoft.AspNetCore.App" in build.lines[0]


def test_missing_project_reference(build: Build) -> None:
    """A warning, and the build goes on without it."""
    build.write("app.csproj", PROGRAM.format('<ItemGroup><ProjectReference Include="none.csproj" /></ItemGroup>'))
    assert build.run("app.csproj")
    assert "warning MSB9008: The referenced project none.csproj does not exist." in build.lines[0]


def test_resx_is_embedded(build: Build) -> None:
    """Under the name that ResourceManager looks for; changed texts are compiled anew."""
    build.write("app.csproj", PROGRAM.format(""))
    build.write("Texts/Words.resx", '<root><data name="a"><value>b</value></data></root>')
    assert build.run("app.csproj")
    switch = next(switch for switch in build.machine.requests[0].switches if switch.startswith("/resource:"))
    assert switch.endswith(',"app.Texts.Words.resources",public')
    assert (build.folder / "obj/Debug/net9.0/app.Texts.Words.resources").is_file()
    build.write("Texts/Words.resx", '<root><data name="a"><value>c</value></data></root>')
    assert build.run("app.csproj")
    assert len(build.machine.requests) == 2


def test_response_files(build: Build) -> None:
    """What they say joins what the project says: switches, sources, references and where these are looked for."""
    properties = "<CompilerResponseFile>a.rsp</CompilerResponseFile><AdditionalLibPaths>lib</AdditionalLibPaths>"
    items = '<Compile Remove="more/**" /><LinkResource Include="notes.txt" LogicalName="n" />'
    build.write("app.csproj", PROGRAM.format(f"<PropertyGroup>{properties}</PropertyGroup><ItemGroup>{items}</ItemGroup>"))
    build.write("P.cs", "")
    build.write("more/a b.cs", "")
    build.write("more/sub/c.cs", "")
    build.write("lib/x.dll", "")
    build.write("a.rsp", '# a comment\n-d:A "more/a b.cs" # another\n@b.rsp')
    build.write("b.rsp", "/r:other=x.dll /l:y.dll\n/recurse:more/sub/*.cs")
    assert build.run("app.csproj"), build.lines
    [request] = build.machine.requests
    assert {"a b.cs", "c.cs"} <= {Path(source.path).name for source in request.sources}
    assert request.switches[-1] == "-d:A" and f'/linkresource:"{build.folder}/notes.txt","n",public' in request.switches
    assert request.references[-2:] == (
        CSharpReference(f"{build.folder}/lib/x.dll", ("other",)),
        CSharpReference(f"{build.folder}/y.dll", embed_interop_types=True),
    )
    build.write("b.rsp", "@a.rsp")
    build.write("P.cs", "// changed")
    assert not build.run("app.csproj")
    assert f"error CS2011: Error opening response file '{build.folder}/a.rsp'" in "".join(build.lines)


def test_parameters_of_the_compiler(build: Build) -> None:
    """Properties that only the compiler knows reach it."""
    given = "EmbedAllSources=true SourceLink=s.json ApplicationIcon=a.ico ApplicationManifest=a.manifest EmitCompilerGeneratedFiles=true"
    properties = "".join("<{0}>{1}</{0}>".format(*one.split("=")) for one in given.split())
    build.write("app.csproj", PROGRAM.format(f"<PropertyGroup>{properties}</PropertyGroup>"))
    build.write("P.cs", "")
    assert build.run("app.csproj"), build.lines
    generated = "/generatedfilesout:obj/Debug/net9.0/generated"
    wanted = {"/embed", "/sourcelink:s.json", "/win32icon:a.ico", "/win32manifest:a.manifest", generated}
    assert wanted <= set(build.machine.requests[0].switches)

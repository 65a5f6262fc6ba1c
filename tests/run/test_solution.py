"""A whole solution built and published: program, two libraries, tests, properties for all, an inline task, a command before the build."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

import pytest

from compiler.csharp.toolchain import Toolchain
from tests.conftest import RunAotd
from tests.run.projects import write_project

ALONE = {"AOTD_NO_DAEMON": "1"}
FILES = {
    "Directory.Build.props": """<Project>
  <PropertyGroup>
    <TargetFramework>net9.0</TargetFramework><Nullable>enable</Nullable><ImplicitUsings>enable</ImplicitUsings>
    <Company>Acme</Company><Version>2.3.4</Version><InvariantGlobalization>true</InvariantGlobalization>
  </PropertyGroup>
</Project>""",
    "Directory.Build.targets": """<Project>
  <Target Name="Note" AfterTargets="Publish" Condition="'$(OutputType)' == 'Exe'">
    <WriteLinesToFile File="$(PublishDir)note.txt" Lines="published $(AssemblyName) $(Version)" Overwrite="true" />
  </Target>
</Project>""",
    "Directory.Packages.props": """<Project>
  <PropertyGroup><ManagePackageVersionsCentrally>true</ManagePackageVersionsCentrally></PropertyGroup>
  <ItemGroup>
    <PackageVersion Include="Shouter" Version="1.2.0" />
    <PackageVersion Include="Microsoft.NET.Test.Sdk" Version="17.0.0" />
  </ItemGroup>
</Project>""",
    "NuGet.Config": """<configuration>
  <packageSources><clear /><add key="feed" value="feed" /></packageSources>
  <config><add key="globalPackagesFolder" value="packages" /></config>
</configuration>""",
    "app/app.csproj": """<Project Sdk="Microsoft.NET.Sdk">
  <UsingTask TaskName="MakeGreeting" TaskFactory="RoslynCodeTaskFactory" AssemblyFile="$(MSBuildToolsPath)/Microsoft.Build.Tasks.Core.dll">
    <ParameterGroup>
      <Name ParameterType="System.String" Required="true" />
      <File ParameterType="System.String" Required="true" />
    </ParameterGroup>
    <Task>
      <Code Type="Fragment" Language="cs"><![CDATA[
        System.IO.File.WriteAllText(File, "static class Greeting { public const string Text = \\"Hello " + Name + "\\"; }");
      ]]></Code>
    </Task>
  </UsingTask>
  <PropertyGroup><OutputType>Exe</OutputType><PublishAot>true</PublishAot></PropertyGroup>
  <ItemGroup>
    <ProjectReference Include="../core/core.csproj" />
    <None Include="data.json" CopyToOutputDirectory="PreserveNewest" />
  </ItemGroup>
  <Target Name="Before" BeforeTargets="PreBuildEvent">
    <Exec Condition="!Exists('$(IntermediateOutputPath)Greeting.g.cs')"
          Command="echo before &gt;&gt; $(MSBuildProjectDirectory)/obj/before.txt" />
  </Target>
  <Target Name="Generate" BeforeTargets="BeforeCompile" Inputs="$(MSBuildProjectFullPath)" Outputs="$(IntermediateOutputPath)Greeting.g.cs">
    <MakeGreeting Name="World" File="$(IntermediateOutputPath)Greeting.g.cs" />
  </Target>
  <Target Name="AddGenerated" BeforeTargets="BeforeCompile" DependsOnTargets="Generate">
    <ItemGroup><Compile Include="$(IntermediateOutputPath)Greeting.g.cs" /></ItemGroup>
  </Target>
</Project>""",
    "app/Program.cs": "Console.WriteLine(Core.Loud.Say(Greeting.Text));\nConsole.WriteLine(Core.Adder.Add(2, 3));\n",
    "app/data.json": "{}",
    "core/core.csproj": """<Project Sdk="Microsoft.NET.Sdk">
  <ItemGroup>
    <ProjectReference Include="..\\util\\util.csproj" />
    <PackageReference Include="Shouter" />
    <None Include="core.txt" CopyToOutputDirectory="Always" />
  </ItemGroup>
</Project>""",
    "core/Adder.cs": "namespace Core;\npublic static class Adder { public static int Add(int a, int b) => Util.Ops.Sum(a, b); }\n"
    "public static class Loud { public static string Say(string text) => Shouter.Voice.Shout(text); }\n",
    "core/core.txt": "core",
    "core/Texts.resx": '<root><data name="Title" xml:space="preserve"><value>A title</value></data></root>',
    "util/util.csproj": '<Project Sdk="Microsoft.NET.Sdk" />',
    "util/Ops.cs": "namespace Util;\npublic static class Ops { public static int Sum(int a, int b) => a + b; }\n",
    "tests/tests.csproj": """<Project Sdk="Microsoft.NET.Sdk">
  <ItemGroup>
    <PackageReference Include="Microsoft.NET.Test.Sdk" />
    <ProjectReference Include="../app/../core/core.csproj" />
  </ItemGroup>
</Project>""",
    "tests/Tests.cs": "public class Tests { public bool Adds() => Core.Adder.Add(1, 1) == 2; }\n",
    "all.slnx": "<Solution>"
    + "".join(f'<Project Path="{name}/{name}.csproj" />' for name in ("app", "core", "util", "tests"))
    + "</Solution>",
}


def put_package(feed: Path, name: str, version: str, files: dict[str, bytes]) -> None:
    """A package in a folder that serves as a feed."""
    manifest = f"<package><metadata><id>{name}</id><version>{version}</version><authors>a</authors><description>d</description>"
    entries = {f"{name}.nuspec": f"{manifest}</metadata></package>".encode(), **files}
    feed.mkdir(exist_ok=True)
    with zipfile.ZipFile(feed / f"{name}.{version}.nupkg", "w") as archive:
        for path, content in entries.items():
            archive.writestr(path, content)


@pytest.fixture
def solution(tmp_path: Path, aotd: RunAotd, toolchain: Toolchain) -> Path:
    """The solution file, with a feed of two packages beside it."""
    source = "namespace Shouter;\npublic static class Voice { public static string Shout(string text) => text.ToUpperInvariant(); }\n"
    library = write_project(tmp_path / "package/work", name="Shouter", source=source)
    built = aotd("build", library, "-p:OutputType=Library", "-p:PublishAot=false", env=ALONE, timeout=600)
    assert built.exit_code == 0, built.output
    assembly = (library.parent / "bin/Debug/net9.0/Shouter.dll").read_bytes()
    put_package(tmp_path / "feed", "Shouter", "1.2.0", {"lib/net8.0/Shouter.dll": assembly})
    props = b"<Project><PropertyGroup><IsTestProject>true</IsTestProject></PropertyGroup></Project>"
    put_package(tmp_path / "feed", "Microsoft.NET.Test.Sdk", "17.0.0", {"build/net8.0/Microsoft.NET.Test.Sdk.props": props})
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "all.slnx"


def times(folder: Path) -> dict[str, int]:
    """When each file of the outputs was written."""
    return {
        path.relative_to(folder).as_posix(): path.stat().st_mtime_ns
        for part in ("bin", "obj")
        for path in sorted(folder.glob(f"*/{part}/**/*"))
        if path.is_file()
    }


@pytest.mark.run
def test_built_and_published(aotd: RunAotd, toolchain: Toolchain, solution: Path) -> None:
    folder = solution.parent
    built = aotd("build", solution, "-c", "Release", env=ALONE, timeout=600)
    assert built.exit_code == 0, built.output
    assert "    0 Warning(s)\n    0 Error(s)\n" in built.output
    output = {path.name for path in (folder / "app/bin/Release/net9.0").iterdir()}
    assert output >= {
        "app.dll",
        "app.pdb",
        "app.deps.json",
        "app.runtimeconfig.json",
        "core.dll",
        "util.dll",
        "data.json",
        "core.txt",
        "Shouter.dll",
        "app",
    }
    assert b"core.Texts.resources" in (folder / "core/bin/Release/net9.0/core.dll").read_bytes()
    assert (folder / "app/obj/before.txt").read_text() == "before\n"
    written = times(folder)
    again = aotd("build", solution, "-c", "Release", env=ALONE, timeout=600)
    assert again.exit_code == 0, again.output
    assert times(folder) == written, "the second build wrote something"
    assert (folder / "app/obj/before.txt").read_text() == "before\n"

    published = aotd("publish", solution, env=ALONE, timeout=600)
    assert published.exit_code == 0, published.output
    place = folder / "app/bin/Release/net9.0/linux-x64/publish"
    assert {path.name for path in place.iterdir()} == {"app", "app.dbg", "data.json", "core.txt", "note.txt"}
    assert (place / "note.txt").read_text() == "published app 2.3.4\n"
    assert subprocess.run([place / "app"], capture_output=True, text=True, check=True).stdout == "HELLO WORLD\n5\n"
    assert {path.name for path in (folder / "core/bin/Release/net9.0/publish").glob("*.dll")} == {"core.dll", "util.dll"}
    assert not (folder / "tests/bin/Release/net9.0/publish").exists()
    written = times(folder)
    again = aotd("publish", solution, env=ALONE, timeout=600)
    assert again.exit_code == 0 and " 0 compiled" in again.output, again.output
    changed = [name for name, time in times(folder).items() if written.get(name) != time]
    assert all("/publish/" in name for name in changed), changed


@pytest.mark.run
def test_built_program_starts_by_its_host(aotd: RunAotd, toolchain: Toolchain, tmp_path: Path) -> None:
    """The file beside the assembly finds .NET, hands over arguments and exit code, and says what is missing."""
    project = write_project(tmp_path, source='Console.WriteLine(string.Join("|", args));\nreturn 7;\n')
    built = aotd("build", project, env=ALONE, timeout=600)
    assert built.exit_code == 0, built.output
    host = tmp_path / "bin/Debug/net9.0/app"
    environment = {"DOTNET_ROOT": str(toolchain.dotnet_root), "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}
    done = subprocess.run([host, "a b", "c"], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (7, "a b|c\n")
    done = subprocess.run([host], env={}, capture_output=True, text=True, check=False)
    assert done.returncode == 0x83 and done.stderr.startswith("You must install .NET to run this application.\n")
    host.with_suffix(".dll").unlink()
    done = subprocess.run([host], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0x81, f"The application to execute does not exist: '{host}.dll'.\n")

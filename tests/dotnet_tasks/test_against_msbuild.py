"""Tasks and declarations beside the real MSBuild engine that the tool chain holds: both build the same projects and print the same.

What the two are known to differ in is left out of the comparison: the frames of the engines themselves, the name of the project behind a
line, and the indentation, which belong to the logger.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from compiler.csharp.client import CSharpReference, CSharpRequest, CSharpSource
from compiler.csharp.coreclr import run_program, write_runtimeconfig
from compiler.csharp.frameworks import Toolchain
from compiler.csharp.options import CSharpOptions, OutputKind, csc_switches
from server.build.compilers import WarmCompilers
from server.build.warm import WarmTools
from tests.dotnet_tasks.conftest import Project

ENGINE = Path(__file__).with_name("RealEngine.cs")
OUTPUTS = "Strings Empty Null Real Date Letter Colours Single NullItem WithNull Concretes Meta".split()
TAKEN = "".join(f'<Output TaskParameter="{n}" PropertyName="P{n}" /><Output TaskParameter="{n}" ItemName="I{n}" />' for n in OUTPUTS)
SHOWN = "".join(f'<Message Text="{n} [$(P{n})] [@(I{n})] @(I{n}->Count())" />' for n in OUTPUTS)
ITEMS = '<ItemDefinitionGroup><I><Def>d%3bef</Def></I></ItemDefinitionGroup><ItemGroup><I Include="a/b%3bc.txt" M="1%3b2" /></ItemGroup>'
# Name -> what stands in the project, or the content of the target when it is no whole project.
CASES = {
    "outputs": f"<Outs>{TAKEN}</Outs>{SHOWN}<Message Text=\"@(IMeta->'%(Identity) %(A) %(B) %(C) %(D)')\" />",
    "bad_output": '<Outs><Output TaskParameter="BadType" PropertyName="X" /></Outs><Message Text="after" />',
    "throwing_output": '<Types><Output TaskParameter="Throws" PropertyName="X" /></Types><Message Text="after" />',
    "skipped_output": '<Types><Output TaskParameter="Throws" PropertyName="X" Condition="false" /></Types><Message Text="after" />',
    "items": f'{ITEMS}<Target Name="T"><Items In="@(I);lit\\eral.x;@(I->\'%(Filename)\')" /></Target>',
    "raw_events": '<Raw ContinueOnError="true" /><Raw />',
    "number": '<Types Number="x" />',
    "empty": '<Types Number="$(None)" Flag="$(None)" Item="" Items="" Texts="" /><Message Text="ok" />',
    "flag": '<Types Flag="maybe" />',
    "numbers": '<Types Numbers="1;x" />',
    "real": '<Types Real="1,5" />',
    "letter": '<Types Letter="xy" />',
    "two_items": '<Types Item="a;b" />',
    "throwing_input": '<Needs What="1" Bad="1" />',
    "read_only": '<Types Throws="x" />',
    "missing_input": "<Needs />",
    "empty_input": '<Needs What="" />',
    "silent": '<Silent /><Message Text="no" />',
    "silent_allowed": '<Silent IsAllowed="true" /><Message Text="no" />',
    "silent_warning": '<Silent ContinueOnError="true" /><Message Text="$(MSBuildLastTaskResult)" />',
    "unmarked": '<Types><Output TaskParameter="Flag" ItemName="X" /></Types>',
    "no_such_output": '<Types><Output TaskParameter="Nope" ItemName="X" /></Types>',
    "abstract": "<Sample.Tasks.Unmade />",
    "constructor": "<BadConstructor />",
    "unsupported": '<Types Unsupported="a" />',
    "unknown": '<Types Nope="a" />',
    "other_case": '<Types NUMBER="5"><Output TaskParameter="TEXT" PropertyName="x" /></Types><Message Text="$(x)" />',
    "exception": '<Boom /><Message Text="no" />',
    "exception_warning": '<Boom ContinueOnError="true" /><Message Text="[$(MSBuildLastTaskResult)]" />',
    "exception_continued": '<Boom ContinueOnError="ErrorAndContinue" /><Message Text="yes" />',
    "part_of_a_name": "<Tasks.Counts /><counts /><COUNTS />",
    "tool": '<Echo Say="hi" /><Echo Say="x" Exit="3" ContinueOnError="ErrorAndContinue">'
    '<Output TaskParameter="ExitCode" PropertyName="C" /></Echo>'
    '<Message Text="$(C)" />',
    "children": '<Target Name="A" Returns="@(R)"><ItemGroup><R Include="r1;r2" K="v$(From)" /></ItemGroup></Target>'
    '<Target Name="T"><Builds Project="children.proj" Target="A"><Output TaskParameter="Results" ItemName="O" /></Builds>'
    '<Message Text="@(O->\'%(Identity) %(K)\')" /><Builds Project="children.proj" Target="Nope" /></Target>',
    "no_assembly": '<UsingTask TaskName="X" AssemblyFile="no/such.dll" /><Target Name="T"><X /></Target>',
    "first_declaration": '<UsingTask TaskName="Counts" AssemblyFile="gone.dll" /><Target Name="T"><Counts /></Target>',
    "override": '<UsingTask TaskName="Counts" AssemblyFile="gone.dll" /><UsingTask TaskName="Sample.Tasks.Counts" Override="true" '
    'AssemblyFile="{ASSEMBLY}" /><Target Name="T"><Counts /></Target>',
    "no_factory": '<UsingTask TaskName="X" TaskFactory="Nope" AssemblyFile="{ASSEMBLY}"><Task>x</Task></UsingTask>'
    '<Target Name="T"><X /></Target>',
    "factory_nowhere": '<UsingTask TaskName="X" TaskFactory="Nope" AssemblyFile="gone.dll"><Task>x</Task></UsingTask>'
    '<Target Name="T"><X /></Target>',
    "body_without_factory": '<UsingTask TaskName="X" AssemblyFile="gone.dll"><Task>x</Task></UsingTask><Target Name="T" />',
    "no_name": '<UsingTask TaskName="$(No)" AssemblyFile="gone.dll" /><Target Name="T" />',
    "no_file": '<UsingTask TaskName="X" AssemblyFile="$(No)" /><Target Name="T" />',
}
GROUPS = {
    "no_type": '<P ParameterType="No.Such" />',
    "short_type": '<P ParameterType="string" />',
    "object": '<P ParameterType="System.Object" />',
    "version": '<P ParameterType="System.Version" />',
    "enum": '<P ParameterType="System.DayOfWeek" />',
    "output": '<P Output="maybe" />',
    "required": '<P Required="maybe" />',
}
# Name -> what else the declaration of a task and its call say.
IDENTITIES = {
    "any": ('Runtime="*" Architecture="*"', ""),
    "own": ('Runtime="NET"', 'MSBuildRuntime="CurrentRuntime" MSBuildArchitecture="CurrentArchitecture"'),
    "unknown": ('Runtime="blah"', ""),
    "unknown_machine": ('Architecture="blah"', ""),
    "other": ('Runtime="NET"', 'MSBuildRuntime="CLR4"'),
}
for _name, (_declared, _called) in IDENTITIES.items():
    CASES[f"identity_{_name}"] = (
        f'<UsingTask TaskName="Sample.Tasks.Logs" AssemblyFile="{{ASSEMBLY}}" {_declared} /><Target Name="T"><Logs {_called} /></Target>'
    )
for _name, _group in GROUPS.items():
    CASES[f"group_{_name}"] = (
        f'<UsingTask TaskName="X" TaskFactory="Nope" AssemblyFile="gone.dll"><ParameterGroup>{_group}</ParameterGroup><Task>x</Task>'
        '</UsingTask><Target Name="T" />'
    )
# Lines that belong to the loggers or to the engines' own code.
_LEFT_OUT = re.compile(
    r"_{10}|Project \"|Done building|MSBUILD : warning MSB4(010|196)|/bin/sh -c|tool --switch|printed|.*   at Microsoft\.Build\."
)
TASKS = "Types Needs Silent Boom Builds Counts Echo Unmade BadConstructor Message Outs Items Raw".split()


def project_text(name: str, assembly: Path) -> str:
    """The project file of a case; its own declarations come first."""
    body = CASES[name].replace("{ASSEMBLY}", str(assembly))
    whole = body if "<Target" in body else f'<Target Name="T">{body}</Target>'
    declared = "".join(f'<UsingTask TaskName="Sample.Tasks.{task}" AssemblyFile="{assembly}" />\n' for task in TASKS)
    own, target, rest = whole.partition("<Target")
    return f"<Project>\n{own}\n{declared}{target}{rest}\n</Project>\n"


@pytest.fixture(scope="module")
def real(
    toolchain: Toolchain, tools: WarmTools, assembly: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, list[str]]]:
    """The folder of the projects, and by name what the real engine prints."""
    folder = tmp_path_factory.mktemp("real")
    compilers = tools.kept(WarmCompilers)
    folders = compilers.task_hosts(toolchain, os.environ).program.folders
    references = [*sorted(toolchain.reference_dir.glob("*.dll")), *sorted(toolchain.msbuild_dir.glob("Microsoft.Build*.dll"))]
    request = CSharpRequest(
        "real engine",
        str(folder),
        csc_switches("engine", CSharpOptions(output_kind=OutputKind.EXE)),
        (CSharpSource(ENGINE.name, ENGINE.read_text(encoding="utf-8")),),
        tuple(CSharpReference(str(path)) for path in references),
    )
    result = compilers.compiler(toolchain, os.environ).compile(request)
    assert result.pe is not None, result.diagnostics
    program = folder / "engine.dll"
    program.write_bytes(result.pe)
    write_runtimeconfig(toolchain, program, {})
    (folder / "MSBuild.dll").touch()
    for kind in ("tasks", "overridetasks"):
        (folder / f"Microsoft.Common.{kind}").write_text("<Project />")
    for name in CASES:
        (folder / f"{name}.proj").write_text(project_text(name, assembly), encoding="utf-8")
    environment = {**os.environ, "MSBUILD_EXE_PATH": str(folder / "MSBuild.dll")}
    arguments = [":".join(map(str, folders)), *(str(folder / f"{name}.proj") for name in CASES)]
    ran = run_program(toolchain, program, arguments, environment, working_dir=folder, timeout_seconds=120)
    printed: dict[str, list[str]] = {}
    for part in ran.stdout.decode().split("BEGIN ")[1:]:
        head, _, rest = part.partition("\n")
        printed[head.removesuffix(".proj")] = rest.splitlines()
    return folder, printed


def plain(lines: list[str], folder: Path) -> list[str]:
    """Lines without what is left out of the comparison."""
    kept = (re.sub(rf" \[({re.escape(str(folder))}/)?[^\]/]*\.proj\]$", "", line.rstrip()).strip() for line in lines)
    return [line for line in kept if line and not _LEFT_OUT.match(line)]


@pytest.mark.parametrize("name", CASES)
def test_as_the_real_engine(real: tuple[Path, dict[str, list[str]]], project: Project, name: str) -> None:
    folder, printed = real
    *expected, result = plain(printed[name], folder)
    project.folder = folder
    found = plain([line.replace("{ASSEMBLY}", str(project.assembly)) for line in project.build(f"{name}.proj", "-t:T")], folder)
    assert found == [line.replace(f"{folder}/", "") for line in expected]
    assert ("END Success" if project.code == 0 else "END Failure") == result

"""Tasks of a compiled assembly through `aotd msbuild`: parameters, outputs, events, builds of other projects, failures and their codes."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from compiler.csharp.frameworks import Toolchain
from server.build.warm import WarmTools
from tests.conftest import RunAotd
from tests.dotnet_tasks.conftest import Project, compile_tasks

SHOW = '<Message Importance="high" Text='


def test_parameters_of_every_type(project: Project) -> None:
    lines = project.run(
        '<ItemGroup><I Include="a;b%3bc" Colour="r%3bd" /></ItemGroup><Target Name="T">'
        '<Types Flag="on" Number="0042" Real="1.5" Letter="x" Colour="green" Texts="p;q%3br" Numbers="1;2" Flags="yes;!true"'
        ' Item="dir/one.txt" Items="@(I)">'
        '<Output TaskParameter="Text" PropertyName="Text" /><Output TaskParameter="Doubled" ItemName="D" />'
        '<Output TaskParameter="IsFlag" PropertyName="Is" /><Output TaskParameter="Copies" ItemName="C" />'
        '<Output TaskParameter="Nothing" PropertyName="Nothing" /></Types>'
        f"{SHOW}\"$(Text) @(D) $(Is) @(C->'%(Identity) %(Colour)') [$(Nothing)]\" /></Target>"
    )
    assert lines == ["  item dir/one.txt  one", "  True 42 1.5 x Green [p|q;r] 2;4 True a r;d;b;c r;d []"]


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        (
            '<Types Number="x" />',
            'error MSB4030: "x" is an invalid value for the "Number" parameter of the "Types" task. '
            'The "Number" parameter is of type "System.Int32".',
        ),
        (
            '<Types Colour="blue" />',
            'error MSB4030: "blue" is an invalid value for the "Colour" parameter of the "Types" task. '
            'The "Colour" parameter is of type "Sample.Tasks.Colour".',
        ),
        (
            '<Types Item="a;b" />',
            'error MSB4094: "a;b" is an invalid value for the "Item" parameter of the "Types" task. '
            'Multiple items cannot be passed into a parameter of type "Microsoft.Build.Framework.ITaskItem".',
        ),
        (
            '<Needs What="1" Bad="1" />',
            'error MSB4018: The "Needs" task failed unexpectedly.',
        ),
        ("<Needs />", 'error MSB4044: The "Needs" task was not given a value for the required parameter "What".'),
        ('<Needs What="" />', 'error MSB4044: The "Needs" task was not given a value for the required parameter "What".'),
        ("<Silent />", 'error MSB4181: The "Silent" task returned false but did not log an error.'),
        (
            '<Types><Output TaskParameter="Flag" ItemName="X" /></Types>',
            'error MSB4065: The "Flag" parameter is not marked for output by the "Types" task.',
        ),
        (
            '<Types><Output TaskParameter="Nope" ItemName="X" /></Types>',
            'error MSB4131: The "Nope" parameter is not supported by the "Types" task. '
            "Verify the parameter exists on the task, and it is a gettable public instance property.",
        ),
        (
            "<Sample.Tasks.Unmade />",
            'error MSB4062: The "Sample.Tasks.Unmade" task could not be loaded from the assembly {ASSEMBLY}.  Confirm that the <UsingTask> '
            "declaration is correct, that the assembly and all its dependencies are available, and that the task contains a public class "
            "that implements Microsoft.Build.Framework.ITask.",
        ),
        ("<BadConstructor />", 'error MSB4061: The "BadConstructor" task could not be instantiated from "{ASSEMBLY}". '),
        ("<Other />", 'error MSB4036: The "Other" task was not found. Check the following: 1.)'),
    ],
)
def test_errors_of_tasks_have_the_codes_of_msbuild(project: Project, task: str, expected: str) -> None:
    lines = project.target(task)
    assert any(expected in line for line in lines), lines
    assert project.code == 1


def test_an_unsupported_type_and_an_unknown_parameter(project: Project) -> None:
    lines = project.target('<Types Unsupported="a" />')
    assert [line.split(": ")[1] for line in lines] == ["error MSB4069", "error MSB4026", "error MSB4063"]
    lines = project.target('<Types Nope="a" />')
    assert (
        "loaded from assembly: Sample.Tasks, Version=0.0.0.0, Culture=neutral, PublicKeyToken=null from the path: {ASSEMBLY}." in lines[0]
    )
    assert [line.split(": ")[1] for line in lines] == ["error MSB4064", "error MSB4063"]


def test_a_missing_assembly(project: Project) -> None:
    lines = project.run('<UsingTask TaskName="X" AssemblyFile="no/such.dll" /><Target Name="T"><X /></Target>')
    assert lines[0].endswith(
        'error MSB4062: The "X" task could not be loaded from the assembly no/such.dll. '
        "Could not load file or assembly 'no/such.dll'. The system cannot find the file specified."
    )
    assert lines[1].startswith("a.proj(1,") and "Confirm that the <UsingTask> declaration is correct" in lines[1]
    lines = project.run('<UsingTask TaskName="X" AssemblyName="Nope" /><Target Name="T"><X /></Target>')
    assert "Could not load file or assembly 'Nope, Culture=neutral, PublicKeyToken=null'. The system cannot find the file" in lines[0]


def test_a_missing_assembly_needs_no_tool_chain_to_be_told(project: Project, tmp_path: Path) -> None:
    nothing = {"AOTD_CACHE_DIR": str(tmp_path / "cache"), "PATH": "", "DOTNET_ROOT": ""}
    body = '<UsingTask TaskName="X" AssemblyFile="no/such.dll" /><Target Name="T"><X /></Target>'
    assert "error MSB4062" in project.run(body, environment=nothing)[0]


def test_events_have_their_places(project: Project) -> None:
    lines = [line.strip().removeprefix("1>") for line in project.target("<Logs />", "-v:normal")]
    start = lines.index("high")
    assert lines[start : start + 7] == [
        "high",
        "normal",
        "tool --switch",
        "file.txt(1,2,3,4): sub warning W1: warned [a.proj]",
        "file.txt(5,6): error E1: failed [a.proj]",
        "other.cs(7,8): error X9: from text [a.proj]",
        "printed",
    ]


def test_continue_on_error_softens_what_a_task_logs(project: Project) -> None:
    lines = project.target(f'<Logs ContinueOnError="true" /><Boom ContinueOnError="true" />{SHOW}"after $(MSBuildLastTaskResult)" />')
    assert "file.txt(5,6): warning E1: failed [a.proj]" in lines
    assert any(line.endswith('warning MSB4018: The "Boom" task failed unexpectedly.') for line in lines)
    assert lines[-1] == "  after false"
    assert project.code == 0


def test_a_failure_without_an_error_can_be_allowed(project: Project) -> None:
    assert project.target('<Silent IsAllowed="true" />') == []
    assert project.code == 1


def test_an_exception_shows_where_it_was_thrown(project: Project) -> None:
    lines = project.target("<Boom />")
    assert lines[1].endswith("System.InvalidOperationException: boom")
    assert "at Sample.Tasks.Boom.Execute()" in lines[2]
    assert "TaskHost" not in "".join(lines)


def test_a_task_that_takes_its_process_down_fails_alone(project: Project) -> None:
    lines = project.target(f'<Dies ContinueOnError="true" /><Counts />{SHOW}"after" />')
    assert "warning AOTD0321: " in lines[0] and "gone" in lines[0]
    assert lines[1:] == ["  count 1 globals  host True", "  after"]


def test_a_task_that_hangs_is_stopped(project: Project) -> None:
    lines = project.target("<Hangs />", "-p:AotdTaskTimeout=300")
    assert lines[0].endswith('error AOTD0322: The "Hangs" task failed: the task did not end within 0.3 s and was stopped')


def test_a_cancelled_build_cancels_its_task(project: Project) -> None:
    cancelled = threading.Event()
    threading.Timer(0.5, cancelled.set).start()
    with pytest.raises(KeyboardInterrupt):
        project.run('<Target Name="T"><Sleeps /></Target>', is_cancelled=cancelled.is_set)


def test_a_task_builds_other_projects_and_this_one(project: Project) -> None:
    (project.folder / "sub").mkdir()
    (project.folder / "sub" / "b.proj").write_text(
        f'<Project><UsingTask TaskName="Sample.Tasks.Counts" AssemblyFile="{project.assembly}" />'
        '<Target Name="Give" Returns="@(R)"><Counts /><ItemGroup><R Include="one" From="$(From)" /></ItemGroup></Target></Project>'
    )
    lines = project.target(
        '<Builds Project="sub/b.proj" Target="Give"><Output TaskParameter="Results" ItemName="R" /></Builds>'
        f"{SHOW}\"@(R->'%(Identity) %(From)')\" />"
    )
    assert lines == ["  count 1 globals From=task host True", f"  child True in {project.folder.name}", "  one task"]
    lines = project.target('<Builds Project="sub/b.proj" Target="Nope" />')
    assert [line.partition("error ")[2][:7] for line in lines if "error" in line] == ["MSB4057"]


def test_objects_live_as_long_as_the_build(project: Project) -> None:
    body = "<Counts /><Counts />"
    assert project.target(body, "-p:A=1") == ["  count 1 globals A=1 host True", "  count 2 globals A=1 host True"]
    assert project.target(body) == ["  count 1 globals  host True", "  count 2 globals  host True"]


def test_a_task_that_runs_a_tool(project: Project) -> None:
    failing = '<Echo Say="\'x.c(1): error T1: wrong\'" Exit="3" ContinueOnError="ErrorAndContinue">'
    lines = project.target(f'<Echo Say="hello" />{failing}<Output TaskParameter="ExitCode" PropertyName="Code" /></Echo>{SHOW}"$(Code)" />')
    assert lines[0] == "  hello"
    assert "x.c(1): error T1: wrong [a.proj]" in lines
    assert lines[-1] == "  3"


@pytest.mark.parametrize(
    "body",
    [
        '<Target Name="T"><Counts /></Target>',
        '<Target Name="T"><Exec Command="echo ran" /></Target>',
        '<Target Name="T"><DownloadFile SourceUrl="x" DestinationFolder="y" /></Target>',
        '<UsingTask TaskName="Inline" TaskFactory="RoslynCodeTaskFactory" AssemblyFile="x.dll"><Task><Code>Console.Write(1);</Code></Task>'
        '</UsingTask><Target Name="T"><Inline /></Target>',
    ],
)
def test_restricted_builds_refuse_tasks_by_name(project: Project, body: str) -> None:
    name = body.partition('Name="T"><')[2].partition(" ")[0]
    lines = project.run(body, environment={"AOTD_RESTRICTED": "1"})
    assert [line.partition(": ")[2] for line in lines] == [
        f'error AOTD0323: The "{name}" task is refused: in restricted mode nothing of the workspace is run. '
        "Trust the workspace to run it. [a.proj]".removesuffix(" [a.proj]")
    ]


def test_the_switch_of_the_command_line_restricts(tmp_path: Path, aotd: RunAotd) -> None:
    (tmp_path / "a.proj").write_text(
        '<Project><Target Name="T"><Message Importance="high" Text="safe" /><Exec Command="x" /></Target></Project>'
    )
    done = aotd("--restricted", "msbuild", "a.proj", "-nologo", cwd=tmp_path)
    assert done.exit_code == 1
    assert done.stdout.splitlines()[0].strip() == "safe" and "AOTD0323" in done.stdout


def test_a_command_ends_with_its_time_and_with_the_build(project: Project, tmp_path: Path) -> None:
    lines = project.target('<Exec Command="echo on; sleep 30" Timeout="300" />')
    assert lines[0] == "  on"
    assert 'warning MSB5002: Terminating the task executable "sh" because it did not finish within the specified limit of 300' in lines[1]
    assert 'error MSB4181: The "Exec" task returned false but did not log an error.' in lines[2]
    cancelled = threading.Event()
    threading.Timer(0.3, cancelled.set).start()
    with pytest.raises(KeyboardInterrupt):
        project.run('<Target Name="T"><Exec Command="sleep 1; touch late" /></Target>', is_cancelled=cancelled.is_set)
    threading.Event().wait(1.2)
    assert not (tmp_path / "late").exists()


def test_a_tool_that_takes_too_long(project: Project) -> None:
    lines = project.target('<Echo Say="\'on\'; sleep 30" Timeout="300" />')
    assert lines[0] == "  on"
    assert "warning MSB5002: Terminating the task executable" in lines[1] and "limit of 300 milliseconds" in lines[1]


def test_an_assembly_that_was_built_anew_is_loaded_anew(project: Project, toolchain: Toolchain, tools: WarmTools) -> None:
    text = (
        'public class Says : Microsoft.Build.Utilities.Task {{ public override bool Execute() {{ Log.LogWarning("{}"); return true; }} }}'
    )
    body = '<UsingTask TaskName="Says" AssemblyFile="Says.dll" /><Target Name="T"><Says /></Target>'
    for word in ("one", "two"):
        compile_tasks(toolchain, tools, text.format(word), project.folder / "Says.dll")
        assert project.run(body)[0].endswith(f"warning : {word}")


def test_a_task_is_told_that_the_build_only_asks(project: Project, toolchain: Toolchain, tools: WarmTools) -> None:
    text = """using Microsoft.Build.Framework;
        public class Asks : Microsoft.Build.Utilities.Task, IIncrementalTask
        {
            public bool FailIfNotIncremental { get; set; }
            public override bool Execute() { Log.LogWarning("asks " + FailIfNotIncremental); return true; }
        }"""
    compile_tasks(toolchain, tools, text, project.folder / "Asks.dll")
    body = '<UsingTask TaskName="Asks" AssemblyFile="Asks.dll" /><Target Name="T"><Asks /></Target>'
    assert project.run(body)[0].endswith("warning : asks False")
    assert project.run(body, "-question")[0].endswith("warning : asks True")


def test_a_dependency_beside_the_task_is_found(project: Project, toolchain: Toolchain, tools: WarmTools) -> None:
    folder = project.folder / "lib"
    folder.mkdir()
    compile_tasks(toolchain, tools, 'public static class Part { public static string Text => "part"; }', folder / "Part.dll")
    text = (
        "public class Uses : Microsoft.Build.Utilities.Task { public override bool Execute() { Log.LogWarning(Part.Text); return true; } }"
    )
    compile_tasks(toolchain, tools, text, folder / "Uses.dll", folder / "Part.dll")
    body = '<UsingTask TaskName="Uses" AssemblyFile="lib\\Uses.dll" /><Target Name="T"><Uses /></Target>'
    assert project.run(body)[0].endswith("warning : part")
    (folder / "Part.dll").unlink()
    lines = project.run(body.replace("<Uses />", "<Uses /> "))
    assert any("MSB4018" in line and "Could not load file or assembly 'Part" in "".join(lines) for line in lines)

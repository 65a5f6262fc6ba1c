"""Tasks of a compiled assembly through `aotd msbuild`: parameters, outputs, events, builds of other projects, failures and their codes."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from compiler.csharp.client import CSharpReference, CSharpRequest, CSharpSource
from compiler.csharp.embedded import fetch_embedded
from compiler.csharp.frameworks import Toolchain
from compiler.csharp.options import CSharpOptions, OutputKind, csc_switches
from compiler.csharp.toolchain import cache_directory, find_toolchain, require_npm
from server.build.compilers import WarmCompilers
from server.build.warm import WarmTools
from server.cli import msbuild
from server.cli.caller import Caller, Channel, serving

SAMPLE = Path(__file__).with_name("SampleTasks.cs")


@pytest.fixture(scope="module")
def toolchain() -> Toolchain:
    """The tool chain that a project in the repository gets."""
    found = find_toolchain(os.environ, Path(__file__).parent)
    return found or fetch_embedded(cache_directory(os.environ), require_npm(os.environ), lambda _done, _total: None)


@pytest.fixture(scope="module")
def tools() -> Iterator[WarmTools]:
    """Warm tools that the tests share."""
    shared = WarmTools()
    yield shared
    shared.close()


@pytest.fixture(scope="module")
def assembly(toolchain: Toolchain, tools: WarmTools, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample tasks, compiled."""
    folders = tools.kept(WarmCompilers).task_hosts(toolchain, os.environ).program.folders
    names = ("Microsoft.Build.Framework.dll", "Microsoft.Build.Utilities.Core.dll")
    msbuild_assemblies = [next(folder / name for folder in folders if (folder / name).is_file()) for name in names]
    references = [*sorted(toolchain.reference_dir.glob("*.dll")), *msbuild_assemblies]
    request = CSharpRequest(
        "sample tasks",
        str(SAMPLE.parent),
        csc_switches("Sample.Tasks", CSharpOptions(output_kind=OutputKind.LIBRARY)),
        (CSharpSource(str(SAMPLE), SAMPLE.read_text(encoding="utf-8")),),
        tuple(CSharpReference(str(path)) for path in references),
    )
    result = tools.kept(WarmCompilers).compiler(toolchain, os.environ).compile(request)
    assert result.pe is not None, result.diagnostics
    path = tmp_path_factory.mktemp("tasks") / "Sample.Tasks.dll"
    path.write_bytes(result.pe)
    return path


class Project:
    """A project in a folder that uses the sample tasks."""

    def __init__(self, folder: Path, assembly: Path, tools: WarmTools) -> None:
        self.folder = folder
        self.assembly = assembly
        self.tools = tools
        self.code = 0

    def run(
        self,
        body: str,
        *args: str,
        is_cancelled: Callable[[], bool] = lambda: False,
        environment: Mapping[str, str] | None = None,
        using: str = "Sample.Tasks.*",
    ) -> list[str]:
        """Lines that the build of `<Project>body</Project>` prints, with the folder's names left out; `code` is its exit code."""
        names = "Types Needs Logs Silent Boom Dies Sleeps Hangs Builds Counts Echo Unmade BadConstructor NoSuch".split()
        declared = "".join(f'<UsingTask TaskName="Sample.Tasks.{name}" AssemblyFile="{self.assembly}" />' for name in names)
        (self.folder / "a.proj").write_text(f'<Project DefaultTargets="T">{declared if using else ""}{body}</Project>', encoding="utf-8")
        out, err = io.StringIO(), io.StringIO()
        channels = Channel(out, False, False), Channel(err, False, False)
        variables = {**os.environ, **(environment or {})}
        caller = Caller(*channels, lambda: 80, self.folder, variables, is_cancelled, self.tools)
        with serving(caller):
            self.code = msbuild.run(["a.proj", "-nologo", "-v:minimal", *args])
        text = out.getvalue() + err.getvalue()
        return text.replace(f"{self.folder}/", "").replace(str(self.assembly), "{ASSEMBLY}").splitlines()

    def target(self, body: str, *args: str, **options: Callable[[], bool]) -> list[str]:
        """Like `run`, for one target."""
        return self.run(f'<Target Name="T">{body}</Target>', *args, **options)  # type: ignore[arg-type]


@pytest.fixture
def project(tmp_path: Path, assembly: Path, tools: WarmTools) -> Project:
    """A project in a new folder."""
    return Project(tmp_path, assembly, tools)


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


def test_events_have_their_places(project: Project) -> None:
    lines = project.target("<Logs />", "-v:normal")
    assert lines[:7] == [
        "  high",
        "  normal",
        "  tool --switch",
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
        project.target("<Sleeps />", is_cancelled=cancelled.is_set)


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
    assert lines[1] == "  hello"
    assert "x.c(1): error T1: wrong [a.proj]" in lines
    assert lines[-1] == "  3"


def test_restricted_builds_refuse_tasks_by_name(project: Project) -> None:
    lines = project.run('<Target Name="T"><Counts /></Target>', environment={"AOTD_RESTRICTED": "1"})
    assert 'error AOTD0323: The "Counts" task is refused' in lines[0]
    lines = project.run('<Target Name="T"><Exec Command="echo x" /></Target>', environment={"AOTD_RESTRICTED": "1"})
    assert 'error AOTD0323: The "Exec" task is refused' in lines[0]

"""Inline tasks of RoslynCodeTaskFactory through `aotd msbuild`: kinds of code, references, what is wrong with a declaration."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from compiler.csharp.frameworks import Toolchain
from compiler.csharp.toolchain import cache_directory
from server.build.warm import WarmTools
from tests.dotnet_tasks.conftest import Project, compile_tasks

FACTORY = 'TaskFactory="RoslynCodeTaskFactory" AssemblyFile="$(MSBuildToolsPath)\\Microsoft.Build.Tasks.Core.dll"'
SHOW = '<Message Importance="high" Text='


def declared(body: str, parameters: str = "", name: str = "X") -> str:
    """A declaration with the XML inside <Task>."""
    group = f"<ParameterGroup>{parameters}</ParameterGroup>" if parameters else ""
    return f'<UsingTask TaskName="{name}" {FACTORY}>{group}<Task>{body}</Task></UsingTask>'


def code(text: str, attributes: str = "") -> str:
    """A <Code> element."""
    return f"<Code {attributes}><![CDATA[{text}]]></Code>"


HELLO = 'Log.LogMessage(MessageImportance.High, "hello");'


def test_a_fragment_with_parameters(project: Project) -> None:
    parameters = (
        '<In Required="true" /><Count ParameterType="System.Int32" /><Files ParameterType="Microsoft.Build.Framework.ITaskItem[]" />'
        '<Out Output="true" /><Made ParameterType="Microsoft.Build.Framework.ITaskItem[]" Output="true" />'
    )
    text = 'Out = In + Count; Made = Files.Select(f => (ITaskItem)new TaskItem(f.ItemSpec + ".x")).ToArray(); Success = Count == 2;'
    body = declared(code(text, 'Type="Fragment" Language="cs"'), parameters)
    call = '<X In="a" Count="2" Files="p;q"><Output TaskParameter="Out" PropertyName="P" /><Output TaskParameter="Made" ItemName="I" /></X>'
    assert project.run(f'{body}<Target Name="T">{call}{SHOW}"$(P) @(I)" /></Target>') == ["  a2 p.x;q.x"]
    lines = project.run(f'{body}<Target Name="T"><X In="a" Count="3" Files="p" /></Target>')
    assert lines[0].endswith('error MSB4181: The "X" task returned false but did not log an error.')
    lines = project.run(f'{body}<Target Name="T"><X Count="3" /></Target>')
    assert lines[0].endswith('error MSB4044: The "X" task was not given a value for the required parameter "In".')


def test_a_method_and_a_using(project: Project) -> None:
    text = 'public override bool Execute() { Log.LogMessage(MessageImportance.High, "" + Regex.Replace(P, "a+", "b")); return true; }'
    using = '<Using Namespace="System.Text.RegularExpressions" />'
    body = declared(using + code(text, 'Type="Method"'), "<P />")
    assert project.run(f'{body}<Target Name="T"><X P="caat" /></Target>') == ["  cbt"]


CLASS = """
using Microsoft.Build.Framework; using Microsoft.Build.Utilities;
namespace Own { public class X : Task {
    [Required] public string Given { get; set; }
    [Output] public string Taken { get; set; }
    public override bool Execute() { Taken = Given.ToUpperInvariant(); return true; } } }
"""


def test_a_class_has_the_parameters_of_its_properties(project: Project) -> None:
    call = '<X Given="a"><Output TaskParameter="Taken" PropertyName="P" /></X>'
    lines = project.run(f'{declared(code(CLASS, "Type=" + chr(34) + "Class" + chr(34)))}<Target Name="T">{call}{SHOW}"$(P)" /></Target>')
    assert lines == ["  A"]


def test_code_in_a_file(project: Project) -> None:
    (project.folder / "code").mkdir()
    (project.folder / "code" / "x.cs").write_text(CLASS)
    call = '<X Given="b"><Output TaskParameter="Taken" PropertyName="P" /></X>'
    body = declared('<Code Source="code\\x.cs" />')
    assert project.run(f'{body}<Target Name="T">{call}{SHOW}"$(P)" /></Target>') == ["  B"]


def test_a_reference_is_found_at_run_time_too(project: Project, toolchain: Toolchain, tools: WarmTools) -> None:
    compile_tasks(toolchain, tools, 'public static class Helper { public static string Text => "helped"; }', project.folder / "Helper.dll")
    body = declared('<Reference Include="Helper.dll" />' + code("Log.LogMessage(MessageImportance.High, Helper.Text);"))
    assert project.run(f'{body}<Target Name="T"><X /></Target>') == ["  helped"]
    lines = project.run(declared('<Reference Include="No.Such" />' + code(HELLO)) + '<Target Name="T"><X /></Target>')
    assert 'error MSB3755: Could not find reference "No.Such". If this reference is required by your code' in lines[0]


def test_properties_are_expanded_in_the_code_unless_told_not_to(project: Project) -> None:
    text = code('Log.LogMessage(MessageImportance.High, "$(Name)");')
    name = "<PropertyGroup><Name>value</Name></PropertyGroup>"
    assert project.run(name + declared(text) + '<Target Name="T"><X /></Target>') == ["  value"]
    plain = declared(text).replace("<Task>", '<Task Evaluate="false">')
    assert project.run(name + plain + '<Target Name="T"><X /></Target>') == ["  $(Name)"]


def test_the_same_code_is_compiled_once(project: Project) -> None:
    folder = cache_directory(os.environ) / "inline-tasks"
    body = declared(code(f"{HELLO} // {os.getpid()}"))
    before = set(folder.glob("*.dll")) if folder.is_dir() else set()
    for _ in range(2):
        assert project.run(body + '<Target Name="T"><X /></Target>') == ["  hello"]
    assert len(set(folder.glob("*.dll")) - before) == 1


def test_errors_of_the_compiler_name_the_line_of_the_generated_file(project: Project) -> None:
    lines = project.run(declared(code("\n  int x = nope;")) + '<Target Name="T"><X /></Target>')
    assert "(36,11): error CS0103: The name 'nope' does not exist in the current context" in lines[0]
    assert "The source file for this compilation can be found at: " in lines[1]
    source = Path(lines[1].partition('at: "')[2].partition('"')[0])
    assert source.read_text().splitlines()[35] == "  int x = nope;"
    source.unlink()
    assert "error MSB4036" in lines[2]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", 'MSB3751: The <Code> element is missing for the "X" task. This element is required.'),
        (code(HELLO) + code(HELLO), "MSB3757: Only one <Code> element can be specified."),
        ("<Cod />", "MSB3756: The element <Cod> is not a valid child of the <Task> element.  Valid child elements are <Code>, "),
        (
            '<Reference Include=" " />',
            'MSB3752: The "Include" attribute of the <Reference> element in the task "X" has been set but is empty.',
        ),
        ('<Using Namespace="" />', 'MSB3752: The "Namespace" attribute of the <Using> element has been set but is empty.'),
        (code(HELLO, 'Type=""'), 'MSB3752: The "Type" attribute of the <Code> element has been set but is empty.'),
        (
            code(HELLO, 'Type="Blah"'),
            'MSB3759: The specified code type "Blah" is invalid.  The supported code types are "Fragment, Method, Class".',
        ),
        (
            code(HELLO, 'Language="java"'),
            'MSB3759: The specified code language "java" is invalid.  The supported code languages are "CS, VB".',
        ),
        (code(HELLO, 'Colour="red"'), 'MSB3756: The attribute "Colour" is not valid for the <Code> element.'),
        (code(" "), "MSB3760: You must specify source code within the Code element or a path to a file containing source code."),
    ],
)
def test_a_wrong_body_is_told_and_then_there_is_no_task(project: Project, body: str, expected: str) -> None:
    lines = project.run(declared(body) + '<Target Name="T"><X /></Target>')
    assert f"error {expected}" in lines[0]
    assert 'error MSB4036: The "X" task was not found.' in lines[1]


def test_the_factory_of_net_framework_is_refused_by_name(project: Project) -> None:
    body = declared(code(HELLO)).replace("RoslynCodeTaskFactory", "CodeTaskFactory")
    lines = project.run(body + '<Target Name="T"><X /></Target>')
    assert 'error MSB4801: The task factory "CodeTaskFactory" is not supported on the .NET Core version of MSBuild.' in lines[0]
    assert "error MSB4036" in lines[1]


@pytest.mark.parametrize(
    ("parameter", "expected"),
    [
        (
            '<P ParameterType="No.Such" />',
            'MSB4022: The result "No.Such" of evaluating the value "No.Such" of the "ParameterType" attribute in element <Parameter> ',
        ),
        (
            '<P Output="maybe" />',
            'MSB4022: The result "maybe" of evaluating the value "maybe" of the "Output" attribute in element <Parameter>',
        ),
        ('<P ParameterType="System.Object" />', 'MSB4069: The "System.Object" type of the "System.Object" parameter of the "P" task'),
    ],
)
def test_a_wrong_parameter_fails_the_evaluation(project: Project, parameter: str, expected: str) -> None:
    lines = project.run(declared(code(HELLO), parameter) + '<Target Name="T" />')
    assert f"error {expected}" in lines[0]


def test_a_factory_of_an_assembly(project: Project, toolchain: Toolchain, tools: WarmTools) -> None:
    factory = """
    using System; using System.Collections.Generic; using Microsoft.Build.Framework; using Microsoft.Build.Utilities;
    public class Made : Task, IGeneratedTask {
        public string Text; public string Shown;
        public object GetPropertyValue(TaskPropertyInfo p) => Shown;
        public void SetPropertyValue(TaskPropertyInfo p, object v) => Shown = Text + ":" + v;
        public override bool Execute() { Log.LogMessage(MessageImportance.High, Shown); return true; }
    }
    public class Maker : ITaskFactory {
        private string text; private IDictionary<string, TaskPropertyInfo> group;
        public string FactoryName => "Maker";
        public Type TaskType => typeof(Made);
        public bool Initialize(string name, IDictionary<string, TaskPropertyInfo> group, string body, IBuildEngine host) {
            this.group = group; text = body.Trim();
            if (text == "no") { new TaskLoggingHelper(host, name).LogError("will not"); return false; }
            return true; }
        public TaskPropertyInfo[] GetTaskParameters() => new List<TaskPropertyInfo>(group.Values).ToArray();
        public ITask CreateTask(IBuildEngine host) => new Made { Text = text };
        public void CleanupTask(ITask task) { Console.WriteLine("clean"); }
    }"""
    compile_tasks(toolchain, tools, factory, project.folder / "Maker.dll")
    declaration = (
        '<UsingTask TaskName="X" TaskFactory="Maker" AssemblyFile="Maker.dll">'
        '<ParameterGroup><P Output="true" /></ParameterGroup><Task>{}</Task></UsingTask>'
    )
    call = '<X P="1"><Output TaskParameter="P" PropertyName="R" /></X>'
    lines = project.run(declaration.format("body") + f'<Target Name="T">{call}{SHOW}"$(R)" /></Target>')
    assert lines == ["  body:1", "clean", "  body:1"]
    lines = project.run(declaration.format("no") + f'<Target Name="T">{call}</Target>')
    assert lines[0].endswith(": error : will not") and "error MSB4036" in lines[1]
    lines = project.run(declaration.format("x").replace('"Maker"', '"Mikado"') + f'<Target Name="T">{call}</Target>')
    assert lines[0].endswith('error MSB4174: The task factory "Mikado" could not be found in the assembly "Maker.dll".')

"""ILLink's XML files and rd.xml over a compiled program: what is wrong with them, at its place, and what they keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from analyzers.options import AnalysisOptions
from analyzers.run import AnalysisRequest, AnalysisSession
from analyzers.why import Kept, ProgramPart, ProgramReasons
from compiler.csharp.client import CSharpWorker
from compiler.csharp.options import CSharpOptions, OutputKind
from compiler.csharp.toolchain import Toolchain
from compiler.flow.reader_kind import ReaderKind
from compiler.flow.root_files import EmbeddedFile, RootFile, RootFileKind
from tests.csharp.conftest import Programs, cache_dir, programs, references, toolchain, worker
from tests.stages.test_findings import IMPLICIT_USINGS, find_in

__all__ = ["cache_dir", "programs", "references", "toolchain", "worker"]

SOURCE = (
    IMPLICIT_USINGS
    + """
class P { static void Main() { } }
class Base { public int Inherited { get; set; } int Hidden { get; set; } public event Action Happened; }
class Kept<T> : Base
{
    int _field; T _open;
    int ReadOnly => 1; int WriteOnly { set { } }
    void One(int[,] a, Kept<string>.Inner b) { }
    void Two(T a) { }
    void Two<U>(U a) { }
    public class Inner { public bool Flag() => true; void Many() { } void Many(string text) { } void Generic<U>(List<U> a) { } }
}
class Static { static int Number; static void None() { } }
"""
)


def linker(*lines: str) -> str:
    """A document whose third line is the first of `lines`, within the program's assembly."""
    return "\n".join(["<linker>", ' <assembly fullname="program">', *lines, " </assembly>", "</linker>"])


@pytest.fixture(scope="module")
def image(worker: CSharpWorker, programs: Programs) -> bytes:
    options = CSharpOptions(output_kind=OutputKind.EXE, lang_version="12")
    compiled = worker.compile(programs.request("root-files", SOURCE, options=options))
    assert compiled.pe is not None
    return compiled.pe


def found(image: bytes, toolchain: Toolchain, files: Sequence[RootFile], embedded: Mapping[str, str | bytes] | None = None) -> list[str]:
    """`line,column id text` of each finding that is no warning about code."""
    request = AnalysisRequest(
        "program",
        image,
        b"",
        AnalysisOptions(),
        reader=ReaderKind.PUBLISH,
        root_files=tuple(files),
        embedded_files=tuple(EmbeddedFile(name, f"/src/{name}", content) for name, content in (embedded or {}).items()),
    )
    session = AnalysisSession(lambda name: find_in(toolchain.reference_dir, name))
    places = [(each.location, each) for each in session.findings(request)]
    return [f"{place.line},{place.column} {each.id} {each.message}" for place, each in places if place is not None]


def descriptor(text: str | bytes) -> RootFile:
    return RootFile("/src/roots.xml", RootFileKind.DESCRIPTOR, "/src/app.csproj", text)


def directives(text: str) -> RootFile:
    return RootFile("/src/rd.xml", RootFileKind.DIRECTIVES, "/src/app.csproj", text)


DESCRIBED = {
    '<type fullname="Kept`1/Inner"><method signature="System.Boolean Flag()" /></type>': "",
    '<type fullname="Kept`1"><field signature="System.Int32 _field" /><field signature=" _open" name="_field" /></type>': "",
    '<type fullname="Kept`1"><method signature="System.Void One(System.Int32[,],Kept`1/Inner&lt;System.String&gt;)" /></type>': "",
    '<type fullname="Kept`1"><method signature="System.Void Two(T)" /></type>': (
        "28 IL2009 Could not find method 'System.Void Two(T)' on type 'Kept`1'."
    ),
    '<type fullname="Kept`1"><property name="Inherited" /><event name="Happened" /></type>': "",
    '<type fullname="Kept`1"><property name="Hidden" /></type>': "28 IL2017 Could not find property 'Hidden' on type 'Kept`1'.",
    '<type fullname="Kept`1"><property signature="System.Int32 ReadOnly" accessors="set" /></type>': (
        "28 IL2019 Could not find the set accessor of property 'ReadOnly' on type 'Kept`1'."
    ),
    '<type fullname="Kept`1"><property signature="System.Int32 WriteOnly" accessors="get;set" /></type>': (
        "28 IL2018 Could not find the get accessor of property 'WriteOnly' on type 'Kept`1'."
    ),
    '<type fullname="Kept`1"><property signature="System.Int32 ReadOnly" accessors="all;set" /></type>': "",
    '<type fullname="ner*"><method name="No" /></type>': "26 IL2009 Could not find method 'No' on type 'Kept`1.Inner'.",
    '<namespace fullname="No.Where" />': "4 IL2044 Could not find any type in namespace 'No.Where'.",
    '<type fullname="Static" preserve="methods" /><type fullname="Nobody" preserve="all" />': (
        "49 IL2008 Could not resolve type 'Nobody'."
    ),
}


@pytest.mark.parametrize("element", DESCRIBED)
def test_descriptors(image: bytes, toolchain: Toolchain, element: str) -> None:
    expected = DESCRIBED[element]
    assert found(image, toolchain, [descriptor(linker(f"  {element}"))]) == ([f"3,{expected}"] if expected else [])


def test_an_assembly_that_is_kept_whole_is_not_looked_into(image: bytes, toolchain: Toolchain) -> None:
    text = '<linker><assembly fullname="program" preserve="all"><type fullname="Nobody" /></assembly></linker>'
    assert found(image, toolchain, [descriptor(text)]) == []
    assert found(image, toolchain, [descriptor(text.replace("linker", "other"))]) == []


def test_embedded_files_stand_where_they_came_from(image: bytes, toolchain: Toolchain) -> None:
    substitutions = linker(
        '<type fullname="Static"><method signature="System.Void None()" body="stop" /></type>',
        '<type fullname="Kept`1" feature="F"><method signature="System.Void Two`1()" body="remove" /></type>',
        '<type fullname="Kept`1"><method signature="System.Void Two`1()" body="remove" /></type>',
        '<resource action="remove" /><resource name="a.txt" action="stay" /><resource name="a.txt" action="remove" />',
    )
    attributes = (
        '<linker><type fullname="Static"><attribute internal="Nonsense" />\n'
        '<method name="None"><attribute internal="RemoveAttributeInstances" /></method></type></linker>'
    )
    embedded = {"Substitutions": substitutions, "LinkAttributes": attributes, "Descriptors": "<"}
    assert found(image, toolchain, [], {f"ILLink.{name}.xml": text for name, text in embedded.items()}) == [
        "1,1 IL1003 Error processing 'ILLink.Descriptors.xml': the document ends within a tag, a comment or an attribute.",
        "1,34 IL2049 The internal attribute name 'Nonsense' being used in the xml is not supported by ILLink, check the spelling and the "
        "supported internal attributes.",
        "2,22 IL2048 Internal attribute 'RemoveAttributeInstancesAttribute' can only be used on attribute types.",
        "3,26 IL2011 Unknown body modification 'stop' for 'Static.None()'.",
        "4,2 IL1001 Failed to process 'ILLink.Substitutions.xml'. Feature 'F' does not specify a \"featurevalue\" attribute.",
        "6,2 IL2038 Missing 'name' attribute for resource.",
        "6,30 IL2039 Invalid value 'stay' for attribute 'action' for resource 'a.txt'.",
        "6,69 IL2040 Could not find embedded resource 'a.txt' to remove in assembly 'program'.",
    ]


REFUSED = {
    "<Directives><Application></Directives>": "1,28 IL1003",
    "<Directives />": "1,2 IL1013 there is one element, Library or Application, below <Directives>, and not 0",
    "<Directives><Namespace /></Directives>": "1,14 IL1013 <Namespace> stands where Library or Application is expected",
    "<Directives><Library Name='x' /></Directives>": "1,14 IL1013 <Library> takes no attributes",
    "<Assembly />": "1,2 IL1013 <Assembly> needs the attribute 'Name'",
    "<Assembly Name='nowhere' />": "1,2 IL1013 there is no assembly 'nowhere'",
    "<Assembly Name='program' Dynamic='Required' />": "'Required' is not supported as Dynamic of <Assembly>; only 'Required All' is",
    "<Assembly Name='program'><Type Name='Nobody' /></Assembly>": "there is no type 'Nobody' in 'program'",
    "<Assembly Name='program'><Type Name='Static'><Field Name='Number' /></Type></Assembly>": "<Field> is not supported in <Type>",
    "<Assembly Name='program'><Type Name='Static'><Method Name='No' /></Type></Assembly>": "there is no method 'Static.No'",
    "<Assembly Name='program'><Type Name='Kept`1+Inner'><Method Name='Generic' /></Type></Assembly>": "there is no method",
}


@pytest.mark.parametrize("text", REFUSED)
def test_refused_directives(image: bytes, toolchain: Toolchain, text: str) -> None:
    whole = text if text.startswith("<Directives") else f"<Directives xmlns='urn:x'><Application>\n{text}</Application></Directives>"
    rows = found(image, toolchain, [directives(whole)])
    place, _, reason = REFUSED[text].rpartition(" IL1013 ")
    assert len(rows) == 1 and (reason in rows[0] or rows[0].startswith(reason)), rows
    assert not place or rows[0].startswith(place if text.startswith("<Directives") else "2,2"), rows


KEPT = {
    "directives: <Assembly Name='program'><Type Name='Static' Dynamic='Required All' /></Assembly>": {"Static.None"},
    "directives: <Assembly Name='program'><Type Name='Kept`1+Inner'><Method Name='Many' /></Type></Assembly>": {"Kept`1.Inner.Many"},
    "directives: <Assembly Name='program'><Type Name='Kept`1+Inner'><Method Name='Many'><Parameter Name='System.String' /></Method>"
    "</Type></Assembly>": {"Kept`1.Inner.Many"},
    "directives: <Assembly Name='program'><Type Name='Kept`1+Inner'><Method Name='Generic'><GenericArgument Name='System.Int32' />"
    "</Method></Type></Assembly>": {"Kept`1.Inner.Generic``1"},
    "<type fullname='Static'><method name='None' /></type>": {"Static.None"},
    "<type fullname='Kept`1' preserve='methods' />": {"Kept`1.One", "Kept`1.Two", "Kept`1.Two``1", "Kept`1.get_ReadOnly"},
    "<type fullname='Kept`1' preserve='fields' />": set(),
    "<type fullname='Kept`1'><property name='Inherited' /></type>": {"Base.get_Inherited", "Base.set_Inherited"},
    "<namespace fullname='' />": {"Static.None", "Kept`1.One", "Base.get_Inherited", "Kept`1.Inner.Many"},
    "<type fullname='*nner' feature='F' featurevalue='true' />": {"Kept`1.Inner.Flag"},
    "<type fullname='*nner' feature='F' featurevalue='false' />": set(),
}


@pytest.mark.parametrize("text", KEPT)
def test_kept_members_are_reached(image: bytes, toolchain: Toolchain, text: str) -> None:
    is_directives = text.startswith("directives: ")
    body = text.removeprefix("directives: ")
    file = directives(f"<Directives><Application>{body}</Application></Directives>") if is_directives else descriptor(linker(body))
    part = ProgramPart("program", image, b"")
    reasons = ProgramReasons([part], lambda name: find_in(toolchain.reference_dir, name), Kept([file], {"F": True}))
    names = {each[1].removeprefix("M:").partition("(")[0] for each in reasons.matching("") if reasons.chain("program", each[1])}
    assert names >= KEPT[text] | {"P.Main"}
    assert KEPT[text] or names == {"P.Main"}


def test_two_assemblies_of_one_name(image: bytes, toolchain: Toolchain) -> None:
    """The first of them counts, and the program itself before all others."""
    parts = [ProgramPart(name, image, b"") for name in ("Other", "program", "other", "program")]
    reasons = ProgramReasons(parts, lambda name: find_in(toolchain.reference_dir, name), Kept())
    assert reasons.is_reached("program", "M:P.Main") and not reasons.is_reached("other", "M:P.Main")


def test_files_that_cannot_be_read(image: bytes, toolchain: Toolchain, tmp_path: Path) -> None:
    gone = RootFile("/src/gone.xml", RootFileKind.DESCRIPTOR, "/src/app.csproj", b"", "it does not exist", is_missing=True)
    locked = RootFile("/src/locked.xml", RootFileKind.DIRECTIVES, "/src/app.csproj", b"", "Permission denied")
    assert found(image, toolchain, [gone, locked]) == [
        "0,0 IL1013 Error processing '/src/locked.xml': Permission denied.",
        "0,0 IL1033 XML descriptor file '/src/gone.xml' could not be found.",
    ]

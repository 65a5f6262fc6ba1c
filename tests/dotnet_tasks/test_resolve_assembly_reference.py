"""ResolveAssemblyReference over assemblies that refer to each other: search paths, dependencies, copies, cultures, conflicts."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest

from compiler.csharp.client import CSharpReference, CSharpRequest, CSharpSource
from compiler.csharp.frameworks import Toolchain
from compiler.csharp.options import CSharpOptions, DebugKind, OutputKind, csc_switches
from server.build.assembly_identity import AssemblyIdentity, AssemblyReader, parse_identity
from server.build.compilers import WarmCompilers
from server.build.warm import WarmTools
from tests.dotnet_tasks.conftest import Project


@pytest.fixture(scope="module")
def library(toolchain: Toolchain, tools: WarmTools, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """base 1 and 2 in folders of their own; `user` and `other` beside base 2 refer to it; `old` beside base 1 refers to that.

    `strong`, `needs1` and `needs2` are the same with strong names.
    """
    folder = tmp_path_factory.mktemp("library")
    blob = bytes([6, 2, 0, 0, 0, 0x24, 0, 0]) + b"RSA1" + struct.pack("<II", 1024, 65537) + bytes(range(1, 128)) + b"\xff"
    (folder / "key.snk").write_bytes(struct.pack("<III", 0x2400, 0x8004, len(blob)) + blob)
    compiler = tools.kept(WarmCompilers).compiler(toolchain, os.environ)
    framework = [CSharpReference(str(path)) for path in sorted(toolchain.reference_dir.glob("*.dll"))]

    def make(path: str, version: str, text: str, *references: str, is_strong: bool = False) -> None:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        source = f'[assembly: System.Reflection.AssemblyVersion("{version}")]\n{text}'
        request = CSharpRequest(
            str(target),
            str(folder),
            csc_switches(target.stem, options(is_strong)),
            (CSharpSource("a.cs", source),),
            (*framework, *(CSharpReference(str(folder / reference)) for reference in references)),
        )
        result = compiler.compile(request)
        assert result.pe is not None, result.diagnostics
        target.write_bytes(result.pe)

    def options(is_strong: bool) -> CSharpOptions:  # noqa: FBT001
        key = str(folder / "key.snk") if is_strong else ""
        return CSharpOptions(output_kind=OutputKind.LIBRARY, debug=DebugKind.NONE, key_file=key, public_sign=is_strong)

    for version in ("1", "2"):
        make(f"v{version}/strong.dll", f"{version}.0.0.0", "public class Strong { }", is_strong=True)
        make(f"v{version}/needs{version}.dll", "1.0.0.0", "public class Needs : Strong { }", f"v{version}/strong.dll", is_strong=True)
        make(f"v{version}/base.dll", f"{version}.0.0.0", "public class Base { }")
    make("v2/user.dll", "1.0.0.0", "public class User : Base { }", "v2/base.dll")
    make("v2/other.dll", "1.0.0.0", "public class Other : User { }", "v2/base.dll", "v2/user.dll")
    make("v1/old.dll", "1.0.0.0", "public class Old : Base { }", "v1/base.dll")
    make("v2/de/user.resources.dll", "1.0.0.0", "")
    (folder / "v2" / "user.xml").write_text("<doc />")
    return folder


def show(items: str, *, arguments: str = "", search: str = "{HintPathFromItem};{TargetFrameworkDirectory};{RawFileName}") -> str:
    """A target that resolves @(R) and prints what comes out."""
    outputs = "ResolvedFiles ResolvedDependencyFiles RelatedFiles SatelliteFiles CopyLocalFiles".split()
    taken = "".join(f'<Output TaskParameter="{name}" ItemName="{name}" />' for name in outputs)
    shown = "@({0}->'%(Filename)%(Extension)=%(CopyLocal)', ' ')"
    message = '<Message Importance="high" Text="{0} ' + shown + "\" Condition=\"'@({0})' != ''\" />"
    printed = "".join(message.format(name) for name in outputs)
    task = f'<ResolveAssemblyReference Assemblies="@(R)" SearchPaths="{search}" {arguments}>{taken}</ResolveAssemblyReference>'
    return f'<ItemGroup>{items}</ItemGroup><Target Name="T">{task}{printed}</Target>'


def test_dependencies_related_files_and_satellites(project: Project, library: Path) -> None:
    lines = project.run(show(f'<R Include="other"><HintPath>{library}/v2/other.dll</HintPath></R>'))
    assert lines == [
        "  ResolvedFiles other.dll=true",
        "  ResolvedDependencyFiles user.dll=true base.dll=true",
        "  RelatedFiles user.xml=true",
        "  SatelliteFiles user.resources.dll=true",
        "  CopyLocalFiles other.dll=true user.dll=true base.dll=true user.xml=true user.resources.dll=true",
    ]


def test_private_decides_for_dependencies_too(project: Project, library: Path) -> None:
    lines = project.run(show(f'<R Include="{library}/v2/user.dll" Private="false" />'))
    assert lines[:2] == ["  ResolvedFiles user.dll=false", "  ResolvedDependencyFiles base.dll=false"]
    assert not any("CopyLocalFiles" in line for line in lines)


def test_assemblies_of_the_framework_stay_where_they_are(project: Project, library: Path, toolchain: Toolchain) -> None:
    framework = f'TargetFrameworkDirectories="{toolchain.reference_dir}"'
    lines = project.run(show(f'<R Include="System.Collections" /><R Include="{library}/v1/base.dll" />', arguments=framework))
    assert lines[0] == "  ResolvedFiles base.dll=true System.Collections.dll=false"
    assert lines[-1] == "  CopyLocalFiles base.dll=true"


def test_a_reference_that_is_nowhere(project: Project) -> None:
    lines = project.run(show('<R Include="No.Such, Version=1.0.0.0" />'))
    column = (project.folder / "a.proj").read_text().index("<ResolveAssemblyReference") + 1
    text = (
        'Could not resolve this reference. Could not locate the assembly "No.Such, Version=1.0.0.0". Check to make sure the assembly '
        "exists on disk. If this reference is required by your code, you may get compilation errors."
    )
    assert lines == [f"a.proj(1,{column}): warning MSB3245: {text}"]


@pytest.mark.parametrize(("version", "folder"), [("2.0.0.0", "v2"), ("1.0.0.0", "v1")])
def test_a_version_is_kept_to(project: Project, library: Path, version: str, folder: str) -> None:
    search = f"{library}/v1;{library}/v2"
    task = show(f'<R Include="base, Version={version}" />', search=search)
    body = task.replace("</Target>", '<Message Importance="high" Text="@(ResolvedFiles)" /></Target>')
    assert project.run(body)[-1] == f"  {library}/{folder}/base.dll"
    any_version = task.replace(" />", ' SpecificVersion="false" />', 1)
    body = any_version.replace("</Target>", '<Message Importance="high" Text="@(ResolvedFiles)" /></Target>')
    assert project.run(body)[-1] == f"  {library}/v1/base.dll"


def test_the_higher_version_of_two_dependencies_wins(project: Project, library: Path) -> None:
    lines = project.run(show(f'<R Include="{library}/v1/old.dll" /><R Include="{library}/v2/user.dll" />'))
    assert lines[1] == "  ResolvedDependencyFiles base.dll=false base.dll=true"
    assert lines[0] == "  ResolvedFiles old.dll=true user.dll=true"


def test_dependents_are_unified_to_the_highest_version(project: Project, library: Path) -> None:
    items = f'<R Include="{library}/v1/needs1.dll" /><R Include="{library}/v2/needs2.dll" />'
    redirects = '<Output TaskParameter="SuggestedRedirects" ItemName="S" />'
    shown = "<Message Importance=\"high\" Text=\"@(S->'%(Filename) %(MaxVersion)')\" />"
    end = "</ResolveAssemblyReference>"
    body = show(items, arguments='AutoUnify="true"').replace(end, f"{redirects}{end}{shown}")
    lines = project.run(body)
    assert any(line.startswith("  strong, Culture=neutral") and line.endswith(" 2.0.0.0") for line in lines)
    assert "  ResolvedDependencyFiles strong.dll=true" in lines


def test_a_reference_older_than_what_is_needed_is_a_conflict(project: Project, library: Path) -> None:
    lines = project.run(show(f'<R Include="{library}/v1/strong.dll" /><R Include="{library}/v2/needs2.dll" />'))
    identity = AssemblyReader().read(str(library / "v1" / "strong.dll"))
    assert identity is not None
    token = identity.identity.token
    old, new = (f"strong, Version={version}.0.0.0, Culture=neutral, PublicKeyToken={token}" for version in "12")
    texts = [line.partition("warning MSB3277: ")[2] for line in lines if "MSB3277" in line]
    v1, v2 = library / "v1", library / "v2"
    assert texts == [
        'Found conflicts between different versions of "strong" that could not be resolved.',
        f'There was a conflict between "{old}" and "{new}".',
        f'    "{old}" was chosen because it was primary and "{new}" was not.',
        f'    References which depend on "{old}" [{v1}/strong.dll].',
        f"        {v1}/strong.dll",
        f'          Project file item includes which caused reference "{v1}/strong.dll".',
        f"            {v1}/strong.dll",
        f'    References which depend on or have been unified to "{new}" [{v2}/strong.dll].',
        f"        {v2}/needs2.dll",
        f'          Project file item includes which caused reference "{v2}/needs2.dll".',
        f"            {v2}/needs2.dll",
    ]
    # Names without a token stand for each other: of them nothing is told.
    lines = project.run(show(f'<R Include="{library}/v1/base.dll" /><R Include="{library}/v2/user.dll" />'))
    assert not any("MSB3277" in line for line in lines) and lines[-1].startswith("  CopyLocalFiles base.dll=true user.dll=true")


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ('<R Include="{}/v1/nowhere.dll" />', "MSB3106"),
        ('<R Include="{}/key.snk" />', "MSB3246"),
        ('<R Include="Base" SpecificVersion="true" HintPath="{}/v1/base.dll" />', "MSB3245"),
        ('<R Include="any" HintPath="{}/v1/base.dll" />', "ResolvedFiles base.dll=true"),
        ('<R Include="base, Version=2.0.0.0" HintPath="{}/v1/base.dll" />', "MSB3245"),
        ('<R Include="base, Culture=neutral" HintPath="{}/v1/base.dll" />', "ResolvedFiles base.dll=true"),
    ],
)
def test_what_a_name_fits(project: Project, library: Path, item: str, expected: str) -> None:
    assert any(expected in line for line in project.run(show(item.format(library))))


def test_names_of_assemblies(library: Path) -> None:
    facts = AssemblyReader().read(str(library / "v2" / "user.dll"))
    assert facts is not None and facts.identity == AssemblyIdentity("user", (1, 0, 0, 0)) and facts.runtime == "v4.0.30319"
    assert AssemblyIdentity("base", (2, 0, 0, 0)) in facts.references
    text = "System.Xml, Version=4.0.0.0, Culture=neutral, PublicKeyToken=b77a5c561934e089"
    parsed = parse_identity(text)
    assert parsed is not None and parsed.full_name == text
    assert parse_identity("lib/a.dll") is None and parse_identity("a, Version=x") is None
    assert AssemblyReader().read(__file__) is None


def test_identities_of_files(project: Project, library: Path) -> None:
    task = f'<GetAssemblyIdentity AssemblyFiles="{library}/v2/base.dll;a.proj;none.dll" ContinueOnError="true">'
    output = '<Output TaskParameter="Assemblies" ItemName="A" /></GetAssemblyIdentity>'
    lines = project.target(f'{task}{output}<Message Importance="high" Text="@(A->\'%(Identity)|%(Name)|%(Version)\')" />')
    assert lines[-1] == "  base, Version=2.0.0.0, Culture=neutral, PublicKeyToken=null|base|2.0.0.0"
    assert [line.partition("warning ")[2][:7] for line in lines[:2]] == ["MSB3441", "MSB3441"]

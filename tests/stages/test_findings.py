"""Stage `findings`: C# source -> the findings of the analyzers as canonical lines."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from analyzers.finding import Finding
from analyzers.options import AnalysisOptions
from analyzers.reference_checks import check_references
from analyzers.run import AnalysisRequest, AnalysisSession
from compiler.csharp.client import CSharpWorker
from compiler.csharp.options import CSharpOptions, OutputKind
from compiler.csharp.places import PlaceFinder
from compiler.csharp.toolchain import Toolchain
from compiler.diagnostics import InputError, Location
from compiler.flow.reader_kind import ReaderKind
from compiler.render import canonical_line
from tests.cases_runner import Case, case_id, cases, check_case
from tests.csharp.conftest import Programs, cache_dir, programs, references, toolchain, worker

N_MUTATIONS = 300

__all__ = ["cache_dir", "programs", "references", "toolchain", "worker"]


@pytest.mark.parametrize("case", cases("findings"), ids=case_id)
def test_findings(case: Case, bless: bool, worker: CSharpWorker, programs: Programs, toolchain: Toolchain) -> None:
    source = case.text("input.cs")
    options = CSharpOptions(output_kind=OutputKind.EXE, lang_version="12", allow_unsafe=True)
    project = f"findings-{case.folder.name}"
    result = worker.compile(programs.request(project, IMPLICIT_USINGS + source, options=options))
    assert result.pe is not None and result.pdb is not None, [canonical_line(d) for d in result.diagnostics]
    places = PlaceFinder(lambda paths: worker.ask_places(programs.request(project, "").project, paths))
    sources = {"/src/0.cs": IMPLICIT_USINGS + source}
    outputs = {}
    session = AnalysisSession(lambda name: find_in(toolchain.reference_dir, name))
    for name, reader, major in VIEWS:
        if f"expect{name}.txt" not in wanted_views(case):
            continue
        seen = places if reader is ReaderKind.BUILD else None
        options_of_version = AnalysisOptions(major_version=major)
        request = AnalysisRequest("program", result.pe, result.pdb, options_of_version, reader, sources=sources, places=seen)
        lines = (canonical_line(each.to_diagnostic()) + "\n" for each in session.findings(request))
        outputs[f"expect{name}.txt"] = "".join(lines)
    check_case(case, outputs, bless=bless)


VIEWS = (
    ("", ReaderKind.BUILD, 9),
    (".publish", ReaderKind.PUBLISH, 9),
    (".10", ReaderKind.BUILD, 10),
    (".10.publish", ReaderKind.PUBLISH, 10),
)


def wanted_views(case: Case) -> set[str]:
    """What a case compares: the build's findings, and what `views` in its case.toml names."""
    views = case.settings().get("views", [])
    assert isinstance(views, list)
    return {"expect.txt", *(f"expect.{view}.txt" for view in views)}


IMPLICIT_USINGS = (
    "global using System; global using System.Collections.Generic; global using System.IO; global using System.Threading.Tasks; "
)


def find_in(folder: Path, name: str) -> tuple[str, bytes] | None:
    """The assembly `name` of the class library, as the analyzers ask for it."""
    path = folder / f"{name}.dll"
    return (str(path), path.read_bytes()) if path.is_file() else None


RECURSION = """
class Node<T> { public Node<Node<T>> Next; public List<Node<T>> All; }
class Chain<T> { public static void M() => Chain<T[]>.M(); public static void Plain() => Chain<T>.Plain(); }
static class Mutual { public static void A<T>() => B<List<T>>(); public static void B<T>() => A<T>(); }
static class Bounded { public static int Q<T>(T t) => 1; public static int R<T>(T t) => Q(new List<T>()); }
abstract class Base { public abstract void G<T>(int n); }
class Derived : Base { public override void G<T>(int n) => G<List<T>>(n - 1); }
"""


def test_generic_code_that_expands_without_end(worker: CSharpWorker, programs: Programs, toolchain: Toolchain) -> None:
    options = CSharpOptions(output_kind=OutputKind.LIBRARY, lang_version="12")
    result = worker.compile(programs.request("findings-recursion", IMPLICIT_USINGS + RECURSION, options=options))
    assert result.pe is not None and result.pdb is not None, [canonical_line(d) for d in result.diagnostics]
    request = AnalysisRequest("program", result.pe, result.pdb, AnalysisOptions(), reader=ReaderKind.PUBLISH)
    found = AnalysisSession(lambda name: find_in(toolchain.reference_dir, name)).findings(request)
    assert sorted((each.id, each.member) for each in found) == [
        ("IL3054", "Chain`1<__Canon>.M()"),
        ("IL3054", "Derived.G<__Canon>(Int32)"),
        ("IL3054", "Mutual.A<__Canon>()"),
        ("IL3054", "Node`1<Node`1<Node`1<Node`1<Node`1<__Canon>>>>>"),
    ]


BASES = """
using System.Diagnostics.CodeAnalysis;
[RequiresUnreferencedCode("all of it")] class Old { }
class Young : Old { }
static class Use {
    [RequiresUnreferencedCode("a method")] static int M(int n) => n;
    static int N() => M(1);
    [RequiresUnreferencedCode("the program")] static void Main() { }
}
"""
AT_9 = ["4,7 4,12 IL2109", "7,23 7,27 IL2026"]
AT_10 = ["4,7 4,12 IL2026", "7,23 7,24 IL2026", "8,59 8,63 IL2123"]


@pytest.mark.parametrize(("major", "expected"), [(8, AT_9), (9, AT_9), (10, AT_10), (11, AT_10)])
def test_rules_of_versions(major: int, expected: list[str], worker: CSharpWorker, programs: Programs, toolchain: Toolchain) -> None:
    options = CSharpOptions(output_kind=OutputKind.EXE, lang_version="12")
    result = worker.compile(programs.request("findings-versions", BASES, options=options))
    assert result.pe is not None and result.pdb is not None, [canonical_line(d) for d in result.diagnostics]
    places = PlaceFinder(lambda paths: worker.ask_places(programs.request("findings-versions", "").project, paths))
    request = AnalysisRequest(
        "program", result.pe, result.pdb, AnalysisOptions(major_version=major), sources={"/src/0.cs": BASES}, places=places
    )
    found = AnalysisSession(lambda name: find_in(toolchain.reference_dir, name)).findings(request)
    places_of = [(each.location, each.id) for each in found if each.location is not None]
    assert [f"{at.line},{at.column} {at.end_line},{at.end_column} {id_}" for at, id_ in places_of] == expected


def test_references_that_are_not_compatible(worker: CSharpWorker, programs: Programs, toolchain: Toolchain, tmp_path: Path) -> None:
    options = CSharpOptions(output_kind=OutputKind.LIBRARY, lang_version="12")
    for name, mark in (("trimmable", '[assembly: System.Reflection.AssemblyMetadata("IsTrimmable", "True")]'), ("plain", "")):
        result = worker.compile(programs.request(f"findings-{name}", mark, options=options))
        assert result.pe is not None, [canonical_line(d) for d in result.diagnostics]
        (tmp_path / f"{name}.dll").write_bytes(result.pe)
    found: list[Finding] = []
    for major in (9, 10):
        asked = {"IL2125": "true", "IL3058": "True" if major == 10 else ""}
        wanted = AnalysisOptions(major_version=major)
        names = ["trimmable", "plain", "missing"]
        found += check_references(names, lambda name: find_in(tmp_path, name) or find_in(toolchain.reference_dir, name), wanted, asked, "P")
    assert [(each.id, each.message.split("'")[1], each.location) for each in found] == [
        ("IL3058", "trimmable", Location("P")),
        ("IL2125", "plain", Location("P")),
        ("IL3058", "plain", Location("P")),
    ]


def test_mutated_assemblies_give_findings_or_a_typed_error(worker: CSharpWorker, programs: Programs, toolchain: Toolchain) -> None:
    case = next(each for each in cases("findings") if each.folder.name == "samples")
    options = CSharpOptions(output_kind=OutputKind.EXE, lang_version="12")
    result = worker.compile(programs.request("findings-mutated", IMPLICIT_USINGS + case.text("input.cs"), options=options))
    assert result.pe is not None and result.pdb is not None
    random = Random(1)
    outcomes = set()
    session = AnalysisSession(lambda name: find_in(toolchain.reference_dir, name))
    for number in range(N_MUTATIONS):
        image, symbols = bytearray(result.pe), bytearray(result.pdb)
        for _ in range(random.choice((1, 4, 16))):
            target = image if random.random() < 0.8 else symbols
            target[random.randrange(len(target))] = random.randrange(256)
        reader = ReaderKind.BUILD if number % 2 else ReaderKind.PUBLISH
        try:
            session.findings(AnalysisRequest("program", bytes(image), bytes(symbols), AnalysisOptions(), reader=reader))
            outcomes.add("findings")
        except InputError:
            outcomes.add("error")
    assert outcomes == {"findings", "error"}


REDUNDANT = """
using System.Diagnostics.CodeAnalysis;
[assembly: UnconditionalSuppressMessage("Trimming", "IL2026", Scope = "member", Target = "~M:Used.Targeted")]
[assembly: UnconditionalSuppressMessage("Trimming", "IL2026", Scope = "member", Target = "M:Used.Nowhere")]
class Used {
    [RequiresUnreferencedCode("all of it")] public static void M() { }
    [UnconditionalSuppressMessage("Trimming", "IL2026:Members", Justification = "kept")] public static void Silenced() => M();
    [UnconditionalSuppressMessage("Trimming", "IL2070")] public static void Idle() { }
    public static void Targeted() => M();
    [UnconditionalSuppressMessage("Trimming", "IL2072")] public int Property { get; set; }
}
[UnconditionalSuppressMessage("Trimming", "IL2026")] class Outer { class Inner { static void N() => Used.M(); } }
[UnconditionalSuppressMessage("Trimming", "IL3050")] class Quiet { int field; }
"""


def test_suppressions_that_silence_nothing(worker: CSharpWorker, programs: Programs, toolchain: Toolchain) -> None:
    """IL2121 comes when it is asked for: at what holds the attribute, and for targets that silence nothing."""
    options = CSharpOptions(output_kind=OutputKind.LIBRARY, lang_version="12")
    result = worker.compile(programs.request("findings-redundant", REDUNDANT, options=options))
    assert result.pe is not None and result.pdb is not None, [canonical_line(d) for d in result.diagnostics]
    request = AnalysisRequest("program", result.pe, result.pdb, AnalysisOptions(), reader=ReaderKind.PUBLISH)
    session = AnalysisSession(lambda name: find_in(toolchain.reference_dir, name))
    asked = replace(request, options=AnalysisOptions(shows_redundant_suppressions=True))
    for _ in range(2):
        assert "IL2121" not in {each.id for each in session.findings(request)}
        found = [(each.member, each.message.split("'")[3]) for each in session.findings(asked) if each.id == "IL2121"]
        assert sorted(found) == [
            ("<Module>", "IL2026"),
            ("Quiet", "IL3050"),
            ("Used.Idle()", "IL2070"),
            ("Used.Property", "IL2072"),
        ]


BROKEN = """
using System.Diagnostics.CodeAnalysis;
class Held(Missing missing, Type type) { void Use() => Api.Events(type); Missing Get() => missing; }
struct Value(int n, Missing missing) { public int N => n + missing.Count; }
record Row(Missing A, Type B) { void Use() => Api.Events(B); }
class Made { Made(Missing missing, Type type) : this(missing) { Api.Events(type); } Made(Missing missing) { Api.Events(missing); } }
static class Shared { public Shared(Type type) { Api.Events(type); } }
static class Api {
    public static void Events([DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicEvents)] Type type) { }
    static void Use(Type type) { Events(type); var held = new Held(null, type); }
    static void Other(Missing a, Type b) => Events(b);
}
"""


def test_code_with_errors(worker: CSharpWorker, programs: Programs, toolchain: Toolchain) -> None:
    """What does not compile, declarations too, takes nothing from what does."""
    options = CSharpOptions(output_kind=OutputKind.LIBRARY, lang_version="12")
    text = IMPLICIT_USINGS + BROKEN
    result = worker.compile(programs.request("findings-broken", text, options=options, despite_errors=True))
    assert result.pe is not None and result.pdb is not None
    places = PlaceFinder(lambda paths: worker.ask_places(programs.request("findings-broken", "").project, paths))
    request = AnalysisRequest("program", result.pe, result.pdb, AnalysisOptions(), sources={"/src/0.cs": text}, places=places)
    found = AnalysisSession(lambda name: find_in(toolchain.reference_dir, name)).findings(request)
    assert (10, "IL2067") in {(each.location.line, each.id) for each in found if each.location is not None}

"""Code with errors is still emitted: each case names what is broken, and what of the program still runs."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from compiler.csharp.client import CSharpWorker
from compiler.csharp.coreclr import run_program, write_runtimeconfig
from compiler.csharp.options import CSharpOptions, OutputKind
from compiler.csharp.toolchain import Toolchain
from compiler.diagnostics import Severity
from tests.csharp.conftest import Programs

# Each program prints what works; `Broken` is reported where the broken part was called and threw.
MAIN = """using System;
static class Program
{
    static void Main()
    {
        Console.WriteLine(new C().Good());
        try { Console.WriteLine(C.Bad()); }
        catch (NullReferenceException) { Console.WriteLine("Broken"); }
    }
}
"""
CASES = {
    "unknown name in a body": ("class C { public int Good() => 1; public static int Bad() { return nothing; } }", "1\nBroken\n"),
    "missing return": ("class C { public int Good() => 2; public static int Bad() { } }", "2\nBroken\n"),
    "expression body": ("class C { public int Good() => 3; public static int Bad() => nothing; }", "3\nBroken\n"),
    "syntax error in a body": ("class C { public int Good() { return 4; }\n public static int Bad() { return (1 +; } }", "4\nBroken\n"),
    "half a call": ("class C { public int Good() { return 5; }\n public static int Bad() { Console. \n return 1; } }", "5\nBroken\n"),
    "lambda": (
        "class C { public int Good() => 6; public static int Bad() { System.Func<int> f = () => nope; return f(); } }",
        "6\nBroken\n",
    ),
    "getter": ("class C { public int Good() => 7; static int P { get { return nope; } } public static int Bad() => P; }", "7\nBroken\n"),
    "field initialiser": ("class C { int f = nope; public int Good() => f + 8; public static int Bad() => 0; }", "8\n0\n"),
    "unknown attribute": ("[Nope] class C { [Nope] public int Good() => 9; public static int Bad() => 0; }", "9\n0\n"),
    "unknown using": ("using Nope; class C { public int Good() => 10; public static int Bad() => 0; }", "10\n0\n"),
    "unknown field type": ("class C { Nope f; public int Good() => 11; public static int Bad() { return f.X; } }", "11\nBroken\n"),
    "unknown parameter type": ("class C { void M(Nope n) {} public int Good() => 12; public static int Bad() => 0; }", "12\n0\n"),
    "interface not implemented": ("class C : System.IDisposable { public int Good() => 13; public static int Bad() => 0; }", "13\n0\n"),
    "one of two bases unknown": (
        "interface I {} class C : I, Nope { public int Good() => this is I ? 14 : 0; public static int Bad() => 0; }",
        "14\n0\n",
    ),
    "abstract member not overridden": (
        "abstract class A { public abstract void M(); } class C : A { public int Good() => 15; public static int Bad() => 0; }",
        "15\n0\n",
    ),
    "half a member": ("class C { public int Good() => 16; public static int Bad() => 0; public int }", "16\n0\n"),
    "missing brace at the end": ("class C { public int Good() => 17; public static int Bad() => 0;", "17\n0\n"),
    "constructor initialiser": (
        "class C { public C(int x) : this(nope, 1) {} public C() {} public int Good() => 18; public static int Bad() => 0; }",
        "18\n0\n",
    ),
    "duplicate member": ("class C { public int Good() => 19; public static int Bad() => 0; int D() => 1; int D() => 2; }", "19\n0\n"),
}


@pytest.mark.parametrize("name", CASES)
def test_the_rest_runs(worker: CSharpWorker, toolchain: Toolchain, programs: Programs, tmp_path: Path, name: str) -> None:
    text, expected = CASES[name]
    result = worker.compile(programs.request("despite", MAIN, text, despite_errors=True))
    assert any(diagnostic.severity.value == "error" for diagnostic in result.diagnostics)
    assert result.pe is not None, [diagnostic.message for diagnostic in result.diagnostics]
    application = tmp_path / "program.dll"
    application.write_bytes(result.pe)
    write_runtimeconfig(toolchain, application, {})
    run = run_program(toolchain, application, [], os.environ)
    assert (run.stdout.decode(), run.exit_code) == (expected, 0), run.stderr.decode()


def test_replaced_code_has_its_place(worker: CSharpWorker, programs: Programs) -> None:
    text = "class C\n{\n    static void Main() { }\n    int Bad()\n    {\n        return nope;\n    }\n}\n"
    result = worker.compile(programs.request("place", text, despite_errors=True))
    assert [(place.file, place.line, place.column, place.end_line, place.end_column) for place in result.replaced] == [
        ("/src/0.cs", 5, 5, 7, 6)
    ]
    assert result.pe is not None and result.pdb is not None


def test_top_level_statements_throw(worker: CSharpWorker, toolchain: Toolchain, programs: Programs, tmp_path: Path) -> None:
    result = worker.compile(
        programs.request("top", "using System;\nvar x = nope;\nConsole.WriteLine(x);\nclass D {}\n", despite_errors=True)
    )
    assert result.pe is not None
    application = tmp_path / "program.dll"
    application.write_bytes(result.pe)
    write_runtimeconfig(toolchain, application, {})
    run = run_program(toolchain, application, [], os.environ)
    assert run.exit_code == 134 and b"NullReferenceException" in run.stderr


def test_without_an_entry_point(worker: CSharpWorker, programs: Programs) -> None:
    result = worker.compile(programs.request("no-main", "class C { }", despite_errors=True))
    assert [diagnostic.code for diagnostic in result.diagnostics] == ["CS5001"]
    assert result.pe is not None


def test_without_the_flag_nothing_is_emitted(worker: CSharpWorker, programs: Programs) -> None:
    assert worker.compile(programs.request("strict", "class C { int M() => nope; }")).pe is None


FRAGMENTS = ["foo.", "(", "{", "}", "x y ", ";", '"', "class ", "public int ", "=>", "[A]", "return ", "<", "#if", "/*", "\n"]


def edited(text: str, choice: random.Random) -> str:
    """The text as it is in the middle of an edit: something inserted, or something taken away."""
    place = choice.randrange(len(text))
    if choice.random() < 0.5:
        return text[:place] + choice.choice(FRAGMENTS) + text[place:]
    return text[:place] + text[place + choice.choice([1, 3, 10, 40]) :]


@pytest.mark.run
def test_almost_every_edit_can_be_emitted(worker: CSharpWorker, programs: Programs, shared: Path) -> None:
    choice = random.Random(2)
    texts = [path.read_text(encoding="utf-8") for path in sorted((shared / "corpus" / "programs" / "language").glob("*.cs"))]
    options = CSharpOptions(output_kind=OutputKind.EXE, lang_version="12", allow_unsafe=True)
    before = worker.process_id
    n_broken = n_emitted = 0
    for _ in range(150):
        result = worker.compile(programs.request("edits", edited(choice.choice(texts), choice), options=options, despite_errors=True))
        assert not any(diagnostic.code.startswith("AOTD") for diagnostic in result.diagnostics), result.diagnostics
        if any(diagnostic.severity is Severity.ERROR for diagnostic in result.diagnostics):
            n_broken += 1
            n_emitted += result.pe is not None
    assert worker.process_id == before or before is None
    assert n_broken > 50 and n_emitted >= 0.9 * n_broken

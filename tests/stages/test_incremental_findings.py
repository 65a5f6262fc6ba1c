"""After every edit the findings of the session that saw all edits are those of a clean analysis; seeded, see tools/edits."""

from __future__ import annotations

import pytest

from compiler.csharp.client import CSharpWorker
from compiler.csharp.toolchain import Toolchain
from tests.csharp.conftest import cache_dir, toolchain, worker
from tools.edits.compiling import Compiler
from tools.edits.equality import compare, run_sequence

N_EDITS = 7
# What stands in a method: code from which a compiler makes methods, fields and types, with all that may be said of these.
BODIES = (
    "",
    "Action<Type> f = t => t.GetMethods(); f(null!);",
    "Action<Type> f = u => u.GetMethods(); f(null!);",
    "Action<Type> f = ([DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicFields)] t) => t.GetMethods(); f(null!);",
    "void F(Type t) => t.GetMethods(); F(typeof(string));",
    '[RequiresUnreferencedCode("x")] void F(Type t) => t.GetMethods(); F(typeof(string));',
    '[RequiresUnreferencedCode("y")] void F(Type t) => t.GetMethods(); F(typeof(string));',
    "static void F<T>(T t) => t!.GetType().GetMethods(); F(1);",
    "static void F<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicFields)] T>(Needy<T> t) { } F<int>(new());",
    "static Needy<T>? F<T>() => null; F<int>();",
    "Func<Needy<string>?> f = () => null; f();",
    '[DynamicDependency("Nobody")] static void F() { } F();',
    "[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.All)] static int F() => 1; F();",
    "async Task F(Type t) { await Task.Yield(); t.GetMethods(); } _ = F(typeof(int));",
    "IEnumerable<Type> F(Type t) { yield return t; t.GetMethods(); } F(typeof(int)).ToList();",
    "foreach (var t in new[] { typeof(int) }) { Action f = () => { Action g = () => t.GetFields(); g(); }; f(); }",
)
PROGRAM = """using System; using System.Collections.Generic; using System.Diagnostics.CodeAnalysis;
using System.Linq; using System.Threading.Tasks;
class Needy<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicMethods)] T> { }
class Other<T>
{
    public static Action<Type> Kept = t => t.GetEvents();
    public virtual void N() { Action a = () => typeof(T).GetMethods(); a(); }
}
class Program
{
    static void Main() { new Program().Method(); new Other<int>().N(); Other<int>.Kept(typeof(int)); }
    void Method() { BODY }
    void After() { Action<Type> f = t => t.GetMembers(); f(typeof(int)); }
}
"""

__all__ = ["cache_dir", "toolchain", "worker"]


@pytest.mark.parametrize("seed", (0, 1, 5373))
def test_incremental_equals_clean(seed: int, worker: CSharpWorker, toolchain: Toolchain) -> None:
    steps = list(run_sequence(Compiler(toolchain, worker), seed, N_EDITS))
    assert [(step.number, step.edit, step.differences) for step in steps if step.differences] == []
    # What is read again is a part of what there is.
    assert steps[0].n_read > 2 * max((step.n_read for step in steps[1:] if step.edit == "edit_body"), default=0)


def test_what_is_made_of_bodies(worker: CSharpWorker, toolchain: Toolchain) -> None:
    compiler = Compiler(toolchain, worker)
    session = compiler.session()
    order = [*range(len(BODIES)), *(number for pair in zip(range(0, 16, 2), range(15, 0, -2), strict=True) for number in pair)]
    for number in order:
        request = compiler.compile("made-of-bodies", {"/src/Program.cs": PROGRAM.replace("BODY", BODIES[number])})
        assert request is not None, BODIES[number]
        assert compare(compiler, session, request, 0, number, BODIES[number]).differences == ()
    worker.close_project("made-of-bodies")

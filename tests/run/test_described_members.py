"""Descriptors and rd.xml files: what they name is found by names that nobody knows before the program runs, all else is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from compiler.csharp.client import CSharpWorker
from compiler.csharp.toolchain import Toolchain
from compiler.flow.root_files import RootFile, RootFileKind
from compiler.library_memory import LibraryMemory
from compiler.request import Optimization
from tests.run.compiling import NativeCompiler, compile_native
from tests.run.corpus import CONFIG, CorpusProgram, Expectation
from tests.run.executing import compile_il, run_command

SOURCE = """
using System;
using System.Reflection;
namespace N {
  public class Kept {
    public int Field = 3; public int Property { get; set; } = 4; public string Method(int x) => "m" + x; public Kept() { }
  }
  public class Part { public int A() => 1; public int B() => 2; public int C; public class Inner { public int D() => 9; } }
  public class Box<T> { public string Name() => typeof(T).Name; public static string Of<U>() => typeof(U).Name; }
  public class Other { public int A() => 1; }
}
static class Program {
  const BindingFlags All =
    BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
  static void Main(string[] args) {
    foreach (var name in args) {
      var type = Type.GetType(name);
      if (type == null) { Console.WriteLine(name + " -"); continue; }
      var text = name;
      foreach (var member in type.GetMembers(All)) text += " " + member.Name;
      Console.WriteLine(text);
      var run = type.GetMethod("Method") ?? type.GetMethod("Name");
      if (run == null) continue;
      var given = run.GetParameters().Length == 0 ? null : new object[] { 5 };
      Console.WriteLine(run.Invoke(Activator.CreateInstance(type), given));
    }
  }
}
"""
NAMES = ("N.Kept", "N.Part", "N.Box`1[System.Int32]", "N.Other")
DESCRIPTOR = b"""<linker><assembly fullname="Described">
  <type fullname="N.Kept" preserve="all" />
  <type fullname="N.Part"><method name="B" /><field name="C" /></type>
  <type fullname="N.Other" feature="Switch" featurevalue="true" />
</assembly></linker>"""
DIRECTIVES = b"""<Directives><Application><Assembly Name="Described">
  <Type Name="N.Box`1[[System.Int32, System.Private.CoreLib]]" Dynamic="Required All" />
  <Type Name="N.Part"><Method Name="A" /></Type>
</Assembly></Application></Directives>"""


@pytest.fixture(scope="module")
def compiler(toolchain: Toolchain, cache_dir: Path) -> NativeCompiler:
    """One for all programs, so that the class library is read once."""
    return NativeCompiler(toolchain, cache_dir, LibraryMemory())


def _printed(worker: CSharpWorker, compiler: NativeCompiler, folder: Path, files: tuple[RootFile, ...]) -> str:
    source = folder / "Described.cs"
    source.write_text(SOURCE, encoding="utf-8")
    program = CorpusProgram("described", "Described", source, NAMES, "", {}, CONFIG, (), (), Expectation(0, ""))
    assembly = compile_il(program, worker, compiler.toolchain, folder)
    native = compile_native(replace(compiler, root_files=files), program, assembly, Optimization.DEBUG, folder / "native")
    return run_command([str(native)], program, {}).stdout


@pytest.mark.run
def test_a_descriptor_keeps_members(worker: CSharpWorker, compiler: NativeCompiler, tmp_path: Path) -> None:
    printed = _printed(worker, compiler, tmp_path, (RootFile("roots.xml", RootFileKind.DESCRIPTOR, "", DESCRIPTOR),))
    kept = "N.Kept get_Property set_Property Method .ctor Property Field <Property>k__BackingField\nm5"
    assert printed == f"{kept}\nN.Part B C\nN.Box`1[System.Int32] -\nN.Other -\n"


@pytest.mark.run
def test_runtime_directives_keep_members_of_instances(worker: CSharpWorker, compiler: NativeCompiler, tmp_path: Path) -> None:
    printed = _printed(worker, compiler, tmp_path, (RootFile("rd.xml", RootFileKind.DIRECTIVES, "", DIRECTIVES),))
    assert printed == "N.Kept -\nN.Part A\nN.Box`1[System.Int32] Name Of .ctor\nInt32\nN.Other -\n"

"""P/Invokes that have no conversion are told by name when a program is compiled, and throw when it calls them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from compiler.csharp.client import CSharpWorker
from compiler.csharp.toolchain import Toolchain
from compiler.driver import compile_with_memory
from compiler.library_memory import LibraryMemory
from tests.run.compiling import SilentProgress
from tests.run.executing import fixed_environment
from tests.run.test_resident import assembly, request

FORMS = {
    "void Bstr([MarshalAs(UnmanagedType.BStr)] string text)": "System.String",
    "void WideBstr([MarshalAs(UnmanagedType.BStr)] string text)": "System.String",
    "void Texts([Out] string[] texts)": "System.String[]",
    "void Time(System.DateTime time)": "System.DateTime",
    "void Flags(Flagged flags)": "Flagged",
    "void Any(object any)": "System.Object",
    "void Text(ref string text)": "System.String&",
}


@pytest.mark.run
def test_forms_without_conversion(worker: CSharpWorker, toolchain: Toolchain, cache_dir: Path, tmp_path: Path) -> None:
    declared = "".join(
        f'    [DllImport("libc"{", CharSet = CharSet.Unicode" if "Wide" in form else ""})] public static extern {form};\n' for form in FORMS
    )
    calls = 'C.Bstr(""); C.WideBstr(""); C.Texts(null); C.Time(default); C.Flags(default); C.Any(null); string s = ""; C.Text(ref s);'
    text = (
        f"try {{ {calls} }} catch (Exception e) {{ Console.WriteLine(e.GetType().Name); }}\n"
        f"struct Flagged {{ public bool Flag; }}\nstatic class C\n{{\n{declared}}}\n"
    )
    app = assembly(worker, toolchain, tmp_path / "app", "using System.Runtime.InteropServices;\n" + text)
    result = compile_with_memory(request(app, toolchain, cache_dir, tmp_path / "program"), SilentProgress(), LibraryMemory())
    told = [diagnostic.message for diagnostic in result.diagnostics if diagnostic.code == "AOTD2004"]
    for form, shown in FORMS.items():
        name = form.split("(")[0].split()[1]
        assert any(f"marshalling of '{shown}' in P/Invoke 'libc!{name}'" in message for message in told), (name, told)
    assert result.output is not None
    done = subprocess.run([result.output], env=fixed_environment(), capture_output=True, text=True, check=False)
    assert done.stdout == "PlatformNotSupportedException\n", done

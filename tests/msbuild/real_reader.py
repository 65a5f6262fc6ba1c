"""MSBuild's own reader of binary logs: the program `replay.cs`, compiled by our C# worker against the Microsoft.Build.dll beside Roslyn."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from compiler.csharp.client import CSharpReference, CSharpRequest, CSharpSource, CSharpWorker
from compiler.csharp.coreclr import run_program, write_runtimeconfig
from compiler.csharp.options import CSharpOptions, OutputKind, csc_switches
from compiler.csharp.toolchain import Toolchain
from compiler.diagnostics import Severity
from compiler.render import canonical_line

ASSEMBLIES = ("Microsoft.Build.dll", "Microsoft.Build.Framework.dll", "Microsoft.NET.StringTools.dll")
SUPPORT = ("System.Configuration.ConfigurationManager.dll", "System.Reflection.MetadataLoadContext.dll")


class RealReader:
    """The program, ready to run in a folder of its own."""

    def __init__(self, worker: CSharpWorker, toolchain: Toolchain, msbuild: Path, folder: Path) -> None:
        self.toolchain = toolchain
        self.application = folder / "replay.dll"
        references = [CSharpReference(str(path)) for path in sorted(toolchain.reference_dir.glob("*.dll"))]
        references += [CSharpReference(str(msbuild / name)) for name in ASSEMBLIES]
        options = CSharpOptions(output_kind=OutputKind.EXE, lang_version="12", nullable="enable")
        source = CSharpSource("/src/replay.cs", Path(__file__).with_name("replay.cs").read_text(encoding="utf-8"))
        result = worker.compile(CSharpRequest("replay", "/src", csc_switches("replay", options), (source,), tuple(references)))
        errors = [canonical_line(one) for one in result.diagnostics if one.severity is Severity.ERROR]
        assert result.pe is not None and not errors, "\n".join(errors)
        self.application.write_bytes(result.pe)
        write_runtimeconfig(toolchain, self.application, {})
        for name in (*ASSEMBLIES, *SUPPORT):
            if (msbuild / name).is_file():
                shutil.copy(msbuild / name, folder / name)

    def run(self, log: Path, *arguments: str) -> str:
        """What it prints for a log."""
        done = run_program(self.toolchain, self.application, [str(log), *arguments], {**os.environ, "TZ": "UTC"})
        assert done.exit_code == 0, done.stderr.decode()
        return done.stdout.decode()

"""MSBuild's own engine: C# programs of this folder, compiled against the Microsoft.Build.dll beside Roslyn and run on CoreCLR."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from compiler.csharp.client import CSharpReference, CSharpRequest, CSharpSource, CSharpWorker
from compiler.csharp.coreclr import run_program, write_runtimeconfig
from compiler.csharp.options import CSharpOptions, OutputKind, csc_switches
from compiler.csharp.toolchain import Toolchain
from compiler.diagnostics import Severity
from compiler.render import canonical_line

ASSEMBLIES = ("Microsoft.Build.dll", "Microsoft.Build.Framework.dll", "Microsoft.NET.StringTools.dll")
SUPPORT = ("System.Configuration.ConfigurationManager.dll", "System.Reflection.MetadataLoadContext.dll")


class RealProgram:
    """The program `<name>.cs`, ready to run in a folder of its own."""

    def __init__(self, name: str, worker: CSharpWorker, toolchain: Toolchain, msbuild: Path, folder: Path) -> None:
        self.toolchain = toolchain
        self.application = folder / f"{name}.dll"
        references = [CSharpReference(str(path)) for path in sorted(toolchain.reference_dir.glob("*.dll"))]
        references += [CSharpReference(str(msbuild / name)) for name in ASSEMBLIES]
        options = CSharpOptions(output_kind=OutputKind.EXE, lang_version="12", nullable="enable")
        source = CSharpSource(f"/src/{name}.cs", Path(__file__).with_name(f"{name}.cs").read_text(encoding="utf-8"))
        result = worker.compile(CSharpRequest(name, "/src", csc_switches(name, options), (source,), tuple(references)))
        errors = [canonical_line(one) for one in result.diagnostics if one.severity is Severity.ERROR]
        assert result.pe is not None and not errors, "\n".join(errors)
        self.application.write_bytes(result.pe)
        write_runtimeconfig(toolchain, self.application, {})
        for assembly in (*ASSEMBLIES, *SUPPORT):
            if (msbuild / assembly).is_file():
                shutil.copy(msbuild / assembly, folder / assembly)

    def run(self, *arguments: str, environment: Mapping[str, str] | None = None) -> str:
        """What it prints."""
        variables = {**os.environ, "TZ": "UTC"} if environment is None else environment
        done = run_program(self.toolchain, self.application, list(arguments), variables)
        assert done.exit_code == 0, done.stderr.decode()
        return done.stdout.decode()

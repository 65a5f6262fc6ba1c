"""IL assemblies of corpus programs to native programs, through the compiler's own entry point."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from compiler.csharp.toolchain import Toolchain, find_npm
from compiler.diagnostics import Severity
from compiler.driver import compile_with_memory
from compiler.flow.root_files import RootFile
from compiler.library_memory import LibraryMemory
from compiler.render import canonical_line
from compiler.request import CompileRequest, Optimization
from server.build.feature_switches import AOT_SWITCHES
from tests.run.corpus import CorpusProgram

# What PublishAot, PublishTrimmed and InvariantGlobalization of an SDK project fold into the code.
SWITCHES = {
    **AOT_SWITCHES,
    "System.Diagnostics.Debugger.IsSupported": False,
    "System.Diagnostics.Tracing.EventSource.IsSupported": False,
    "System.Globalization.Invariant": True,
    "System.Globalization.PredefinedCulturesOnly": True,
    "System.Resources.ResourceManager.AllowCustomResourceTypes": False,
    "System.Runtime.InteropServices.BuiltInComInterop.IsSupported": False,
    "System.Runtime.Serialization.EnableUnsafeBinaryFormatterSerialization": False,
    "System.StartupHookProvider.IsSupported": False,
    "System.Text.Encoding.EnableUnsafeUTF7Encoding": False,
}


class SilentProgress:
    """Says nothing."""

    def step(self, text: str) -> None:
        """Ignored."""

    def count(self, done: int, total: int) -> None:
        """Ignored."""


@dataclass(frozen=True, slots=True)
class NativeCompiler:
    """What programs are compiled with; `memory` keeps the class library between them, as the daemon does."""

    toolchain: Toolchain
    cache_dir: Path
    memory: LibraryMemory
    root_files: tuple[RootFile, ...] = ()


def compile_native(compiler: NativeCompiler, program: CorpusProgram, assembly: Path, optimization: Optimization, output: Path) -> Path:
    """The native program at `output`; fails the test with the compiler's errors."""
    folded = {name: value for name, value in program.config.items() if isinstance(value, bool)}
    switches = {**SWITCHES, **folded}
    request = CompileRequest(
        app=assembly,
        references=(),
        framework_dir=compiler.toolchain.framework_dir,
        rid="linux-x64",
        optimization=optimization,
        feature_switches=switches,
        runtime_knobs={
            **{name: str(value) for name, value in program.config.items()},
            **{name: "true" if value else "false" for name, value in switches.items()},
            "RUNTIME_IDENTIFIER": "linux-x64",
        },
        output=output,
        symbols=None,
        strip=True,
        cache_dir=compiler.cache_dir,
        n_workers=len(os.sched_getaffinity(0)),
        root_files=compiler.root_files,
        npm=find_npm(os.environ),
    )
    result = compile_with_memory(request, SilentProgress(), compiler.memory)
    errors = [canonical_line(diagnostic) for diagnostic in result.diagnostics if diagnostic.severity is Severity.ERROR]
    assert result.output is not None and not errors, "\n".join(errors)
    return result.output

"""Switches of csc: warnings, language version, nullable, defines, resources, analyzer configs, determinism."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from compiler.csharp.client import CSharpSource, CSharpWorker
from compiler.csharp.options import CSharpOptions, CSharpResource, DebugKind, OutputKind, csc_switches
from compiler.render import canonical_line
from tests.csharp.conftest import Programs

LIBRARY = CSharpOptions(output_kind=OutputKind.LIBRARY)
UNUSED = "class C { void M() { int unused; } }"
NULLABLE = "class C { string s = null; }"
CASES = {
    "warning": (LIBRARY, UNUSED, ["/src/0.cs(1,26): warning CS0168: The variable 'unused' is declared but never used"]),
    "nowarn": (replace(LIBRARY, no_warn=("CS0168",)), UNUSED, []),
    "warning level 0": (replace(LIBRARY, warning_level=0), UNUSED, []),
    "all as errors": (
        replace(LIBRARY, treat_warnings_as_errors=True),
        UNUSED,
        ["/src/0.cs(1,26): error CS0168: The variable 'unused' is declared but never used"],
    ),
    "one as error": (
        replace(LIBRARY, warnings_as_errors=("168",)),
        UNUSED,
        ["/src/0.cs(1,26): error CS0168: The variable 'unused' is declared but never used"],
    ),
    "all but one as errors": (
        replace(LIBRARY, treat_warnings_as_errors=True, warnings_not_as_errors=("CS0168",)),
        UNUSED,
        ["/src/0.cs(1,26): warning CS0168: The variable 'unused' is declared but never used"],
    ),
    "nullable off": (LIBRARY, "class C { public string s = null; }", []),
    "nullable on": (
        replace(LIBRARY, nullable="enable"),
        "class C { public string s = null; }",
        ["/src/0.cs(1,29): warning CS8625: Cannot convert null literal to non-nullable reference type."],
    ),
    "nullable as errors": (
        replace(LIBRARY, nullable="enable", warnings_as_errors=("nullable",)),
        "class C { public string s = null; }",
        ["/src/0.cs(1,29): error CS8625: Cannot convert null literal to non-nullable reference type."],
    ),
    "defines": (
        replace(LIBRARY, define_constants=("A", "B")),
        "#if A && B\n#error both\n#endif",
        ["/src/0.cs(2,8): error CS1029: #error: 'both'"],
    ),
    "unsafe forbidden": (
        LIBRARY,
        "unsafe class C { }",
        ["/src/0.cs(1,14): error CS0227: Unsafe code may only appear if compiling with /unsafe"],
    ),
    "unsafe allowed": (replace(LIBRARY, allow_unsafe=True), "unsafe class C { }", []),
    "old language": (
        replace(LIBRARY, lang_version="7.3"),
        "namespace N;",
        [
            "/src/0.cs(1,1): error CS8370: Feature 'file-scoped namespace' is not available in C# 7.3. "
            "Please use language version 10.0 or greater."
        ],
    ),
    "language too new": (
        replace(LIBRARY, lang_version="99"),
        "",
        ["aotd: error CS1617: Invalid option '99' for /langversion. Use '/langversion:?' to list supported values."],
    ),
    "line directive": (
        LIBRARY,
        '#line 7 "other.cs"\nclass C { void M() { int unused; } }',
        ["other.cs(7,26): warning CS0168: The variable 'unused' is declared but never used"],
    ),
    "no sources": (LIBRARY, None, ["aotd: warning CS2008: No source files specified."]),
    "missing resource": (
        replace(LIBRARY, resources=(CSharpResource("/nowhere/r.txt", "r"),)),
        "",
        ["aotd: error CS1566: Error reading resource 'r' -- 'Could not find a part of the path '/nowhere/r.txt'.'"],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_diagnostics_under_options(worker: CSharpWorker, programs: Programs, name: str) -> None:
    options, text, expected = CASES[name]
    result = worker.compile(programs.request(f"options {name}", *([text] if text is not None else []), options=options))
    assert [canonical_line(diagnostic) for diagnostic in result.diagnostics] == expected
    assert (result.pe is None) == any(": error " in line for line in expected)


def test_analyzer_config_severities(worker: CSharpWorker, programs: Programs) -> None:
    request = programs.request("editorconfig", UNUSED, options=LIBRARY)
    config = CSharpSource("/src/.editorconfig", "root = true\n[*.cs]\ndotnet_diagnostic.CS0168.severity = error\n")
    with_config = worker.compile(replace(request, analyzer_configs=(config,)))
    assert [(item.code, item.severity.value) for item in with_config.diagnostics] == [("CS0168", "error")]
    silent = replace(config, text=config.text.replace("error", "none"))
    assert worker.compile(replace(request, analyzer_configs=(silent,))).diagnostics == ()
    assert [item.severity.value for item in worker.compile(request).diagnostics] == ["warning"]


def test_resources_are_in_the_image(worker: CSharpWorker, programs: Programs, tmp_path: Path) -> None:
    file = tmp_path / "with space, and comma.txt"
    file.write_text("the content of the resource", encoding="utf-8")
    options = replace(LIBRARY, resources=(CSharpResource(str(file), "My.Name"),))
    result = worker.compile(programs.request("resources", "", options=options))
    assert result.pe is not None, result.diagnostics
    assert b"the content of the resource" in result.pe and b"My.Name\0" in result.pe


def test_same_input_same_bytes(worker: CSharpWorker, programs: Programs) -> None:
    options = replace(LIBRARY, path_map=(("/src/", "/_/"),))
    first = worker.compile(programs.request("deterministic a", "class C { }", "class D { }", options=options))
    second = worker.compile(programs.request("deterministic b", "class C { }", "class D { }", options=options))
    assert first.pe is not None and first.pdb is not None
    assert (first.pe, first.pdb) == (second.pe, second.pdb)
    assert b"/src/" not in first.pe + first.pdb


@pytest.mark.parametrize(
    "text", ["class C { void M() { } }", "\ufeffclass C { void M() { } }", "// \u00e4\u20ac\U0001f600\nclass C { void M() { } }"]
)
def test_symbols_have_the_hash_of_the_file(worker: CSharpWorker, programs: Programs, text: str) -> None:
    result = worker.compile(programs.request("hash", text, options=LIBRARY))
    assert result.pdb is not None
    assert hashlib.sha256(text.encode()).digest() in result.pdb


@pytest.mark.parametrize(("debug", "has_pdb"), [(DebugKind.PORTABLE, True), (DebugKind.EMBEDDED, False), (DebugKind.NONE, False)])
def test_symbols_go_where_asked(worker: CSharpWorker, programs: Programs, debug: DebugKind, has_pdb: bool) -> None:
    result = worker.compile(programs.request("debug", "class C { void M() { } }", options=replace(LIBRARY, debug=debug)))
    assert result.pe is not None and (result.pdb is not None) == has_pdb
    assert (b"MPDB" in result.pe) == (debug is DebugKind.EMBEDDED)


def test_documentation_and_reference_assembly(worker: CSharpWorker, programs: Programs) -> None:
    options = replace(LIBRARY, switches=("/doc:out.xml", "/refout:ref/out.dll"))
    text = "/// <summary>What it is.</summary>\npublic class C { /// <summary>m</summary>\n public int M() { return 12345678; } }"
    result = worker.compile(programs.request("documentation", text, options=options))
    assert result.documentation is not None and b"What it is." in result.documentation
    assert result.pe is not None and result.reference_pe is not None
    body = (12345678).to_bytes(4, "little")
    assert body in result.pe and body not in result.reference_pe


def test_switches_are_quoted_for_csc() -> None:
    options = CSharpOptions(resources=(CSharpResource("/a b/c,d.txt", "n"),), path_map=(("/a=b", "/c,d"),))
    switches = csc_switches("x", options)
    assert '/resource:"/a b/c,d.txt","n",public' in switches
    assert "/pathmap:/a==b=/c,,d" in switches

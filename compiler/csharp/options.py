"""Typed C# compiler options -> the switches of csc, which Roslyn's own parser then reads.

Going through the switches gives warnings lists, language versions and their errors exactly csc's meaning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum


class OutputKind(Enum):
    """What is compiled; `value` is csc's word."""

    EXE = "exe"
    WINEXE = "winexe"
    LIBRARY = "library"
    MODULE = "module"


class DebugKind(Enum):
    """Where symbols go; `value` is csc's word. NONE emits none."""

    PORTABLE = "portable"
    EMBEDDED = "embedded"
    NONE = ""


@dataclass(frozen=True, slots=True)
class CSharpResource:
    """A file that becomes a manifest resource."""

    path: str
    logical_name: str
    is_public: bool = True


@dataclass(frozen=True, slots=True)
class CSharpOptions:
    """Options of one compilation. Names are those of the MSBuild properties; empty text means csc's default.

    Lists of warnings are codes (`CS1591` or `1591`) or `nullable`. `switches` are further csc switches, verbatim.
    """

    output_kind: OutputKind = OutputKind.LIBRARY
    lang_version: str = ""
    nullable: str = ""
    define_constants: tuple[str, ...] = ()
    optimize: bool = False
    allow_unsafe: bool = False
    check_overflow: bool = False
    deterministic: bool = True
    debug: DebugKind = DebugKind.PORTABLE
    platform: str = ""
    main_type: str = ""
    warning_level: int | None = None
    treat_warnings_as_errors: bool = False
    no_warn: tuple[str, ...] = ()
    warnings_as_errors: tuple[str, ...] = ()
    warnings_not_as_errors: tuple[str, ...] = ()
    path_map: tuple[tuple[str, str], ...] = ()
    pdb_path: str = ""
    resources: tuple[CSharpResource, ...] = ()
    key_file: str = ""
    public_sign: bool = False
    delay_sign: bool = False
    switches: tuple[str, ...] = ()


def csc_switches(assembly_name: str, options: CSharpOptions) -> tuple[str, ...]:
    """The switches, without sources and references."""
    extension = {OutputKind.LIBRARY: ".dll", OutputKind.MODULE: ".netmodule"}.get(options.output_kind, ".dll")
    switches = [
        f"/target:{options.output_kind.value}",
        f"/out:{assembly_name}{extension}",
        f"/deterministic{_sign(options.deterministic)}",
        f"/optimize{_sign(options.optimize)}",
        f"/unsafe{_sign(options.allow_unsafe)}",
        f"/checked{_sign(options.check_overflow)}",
        f"/debug:{options.debug.value}" if options.debug is not DebugKind.NONE else "/debug-",
        "/nostdlib+",
        "/nosdkpath",
    ]
    if options.treat_warnings_as_errors:
        switches.append("/warnaserror+")
    if options.warning_level is not None:
        switches.append(f"/warn:{options.warning_level}")
    switches += _joined("/warnaserror+", options.warnings_as_errors)
    switches += _joined("/warnaserror-", options.warnings_not_as_errors)
    switches += _joined("/nowarn", options.no_warn)
    switches += _joined("/define", options.define_constants)
    texts = {
        "/langversion": options.lang_version,
        "/nullable": options.nullable,
        "/platform": options.platform,
        "/main": options.main_type,
        "/pdb": options.pdb_path,
        "/keyfile": options.key_file,
    }
    switches += [f"{name}:{text}" for name, text in texts.items() if text]
    switches += [f"/pathmap:{_escaped(old)}={_escaped(new)}" for old, new in options.path_map]
    switches += [_resource(resource) for resource in options.resources]
    switches += ["/publicsign+"] if options.public_sign else []
    switches += ["/delaysign+"] if options.delay_sign else []
    return (*switches, *options.switches)


def _sign(value: bool) -> str:
    return "+" if value else "-"


def _joined(switch: str, values: Sequence[str]) -> list[str]:
    return [f"{switch}:{','.join(values)}"] if values else []


def _escaped(path: str) -> str:
    """`,` and `=` are doubled inside /pathmap."""
    return path.replace("=", "==").replace(",", ",,")


def _resource(resource: CSharpResource) -> str:
    access = "public" if resource.is_public else "private"
    return f'/resource:"{resource.path}","{resource.logical_name}",{access}'

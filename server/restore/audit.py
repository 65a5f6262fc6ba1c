"""Resolved graphs and what servers know of vulnerable packages to NU1900 to NU1905, by a project's NuGetAudit properties."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from server.restore.graph import TargetGraph
from server.restore.library import LibraryKind
from server.restore.package_spec import AuditProperties, PackageSpec
from server.restore.restore_log import LogMessage, error, warning
from server.restore.sources import PackageSources
from server.restore.versions import NuGetVersion
from server.restore.vulnerabilities import UNKNOWN_SEVERITY, Advisories, Advisory

_LEVELS = ("low", "moderate", "high", "critical")
_ON = ("", "true", "enable", "default")
_OFF = ("false", "disable")
_CODES = {
    UNKNOWN_SEVERITY: ("unknown", "NU1900"),
    0: ("low", "NU1901"),
    1: ("moderate", "NU1902"),
    2: ("high", "NU1903"),
    3: ("critical", "NU1904"),
}

Package = tuple[str, NuGetVersion]


def audit(spec: PackageSpec, graphs: Sequence[TargetGraph], sources: PackageSources) -> Iterator[LogMessage]:
    """The messages of an audit; only those about wrong properties when it is off or there are no packages."""
    properties = spec.restore.audit
    if properties.enabled.lower() in _OFF:
        return
    if properties.enabled.lower() not in _ON:
        yield error("NU1014", f"Invalid NuGetAudit value '{properties.enabled}'. Valid values: true, false")
    yield from _wrong_properties(properties)
    if not any(item.library.kind is LibraryKind.PACKAGE for graph in graphs for item in graph.flattened):
        return
    pages: list[Advisories] = []
    for auditor in sources.auditors:
        known = auditor.ask()
        if auditor.is_audit_source and (known is None or not known.pages):
            yield warning("NU1905", f"Audit source '{auditor.name}' did not provide any vulnerability data.")
        if known is not None:
            pages += known.pages or ()
            for problem in known.problems:
                yield warning("NU1900", f"Error occurred while getting package vulnerability data: {problem}")
    yield from _warnings(properties, graphs, pages)


def _wrong_properties(properties: AuditProperties) -> Iterator[LogMessage]:
    if properties.level and properties.level.strip().lower() not in _LEVELS:
        yield error("NU1014", f"Invalid NuGetAuditLevel value '{properties.level.strip()}'. Valid values: low, moderate, high, critical")
    if properties.mode and properties.mode.strip().lower() not in ("direct", "all"):
        yield error("NU1014", f"Invalid NuGetAuditMode value '{properties.mode.strip()}'. Valid values: direct, all")


def _warnings(properties: AuditProperties, graphs: Sequence[TargetGraph], pages: Sequence[Advisories]) -> Iterator[LogMessage]:
    found: dict[Package, dict[Advisory, list[str]]] = {}
    direct: set[Package] = set()
    for graph in graphs:
        referenced = {dependency.name.lower() for dependency in graph.target.dependencies}
        for item in graph.flattened:
            version = item.library.version
            if item.library.kind is not LibraryKind.PACKAGE or version is None:
                continue
            package = (item.library.name, version)
            for advisory in _relevant(properties, package, pages):
                names = found.setdefault(package, {}).setdefault(advisory, [])
                names += [graph.name] if graph.name not in names else []
                if package[0].lower() in referenced:
                    direct.add(package)
    audits_all = properties.mode.strip().lower() == "all"
    for package in sorted(found, key=lambda package: package[0].lower()):
        for advisory in sorted(found[package], key=lambda advisory: advisory.url) if audits_all or package in direct else ():
            label, code = _CODES[advisory.severity]
            text = f"Package '{package[0]}' {package[1].normalized} has a known {label} severity vulnerability, {advisory.url}"
            yield warning(code, text, package[0], sorted(found[package][advisory]))


def _relevant(properties: AuditProperties, package: Package, pages: Sequence[Advisories]) -> list[Advisory]:
    """The advisories about a package that its project wants to hear of, each once."""
    level = properties.level.strip().lower()
    least = _LEVELS.index(level) if level in _LEVELS else 0
    listed = dict.fromkeys(advisory for page in pages for advisory in page.get(package[0].lower(), ()))
    return [
        advisory
        for advisory in listed
        if advisory.versions.satisfies(package[1])
        and (advisory.severity >= least or advisory.severity == UNKNOWN_SEVERITY)
        and advisory.url not in properties.suppressed
    ]

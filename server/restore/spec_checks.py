"""A project's input -> what is wrong with it before anything is looked for: versions, central package management, platforms, pruning."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from server.restore.frameworks import NO_VERSION
from server.restore.library import Dependency
from server.restore.package_spec import PackageSpec, TargetFramework
from server.restore.pruning import is_prunable
from server.restore.restore_log import RestoreLog, error, warning

_GETTING_STARTED = "For more information, visit https://aka.ms/nuget/cpm/gettingstarted"


def check_spec(spec: PackageSpec, log: RestoreLog) -> None:
    """Reports what is wrong; errors end the restore of this project."""
    if not spec.frameworks:
        text = f"The project {spec.name} does not specify any target frameworks in {spec.restore.project_path}."
        log.add(error("NU1001", text))
    if spec.restore.central.enabled:
        _check_central(spec, log)
    else:
        missing = _names(spec, lambda target, one: one.range.versions is None)
        if missing:
            log.add(error("NU1015", f"The following PackageReference item(s) do not have a version specified: {', '.join(missing)}"))
    without = [str(one.framework) for one in spec.frameworks if one.framework.platform and one.framework.platform_version == NO_VERSION]
    if without:
        text = "Platform version is not present for one or more target frameworks, even though they have specified a platform: "
        log.add(error("NU1012", text + ", ".join(without)))
    _check_pruned(spec, log)


def _names(spec: PackageSpec, wanted: Callable[[TargetFramework, Dependency], bool]) -> list[str]:
    """Names of the dependencies that are wanted, each once, as they come."""
    found: Iterable[str] = (one.name for target in spec.frameworks for one in target.dependencies if wanted(target, one))
    return list({name.lower(): name for name in found}.values())


def _check_central(spec: PackageSpec, log: RestoreLog) -> None:
    central = spec.restore.central
    overrides = _names(spec, lambda target, one: not one.auto_referenced and one.version_override is not None)
    if central.override_disabled and overrides:
        text = (
            f"The following PackageReference items cannot specify a value for VersionOverride: {', '.join(overrides)}.  Projects using "
            "Central Package Management are currently configured to disable this functionality. "
            "For more information, visit https://aka.ms/nuget/cpm/versionoverride"
        )
        log.add(error("NU1013", text))
    own = _names(
        spec,
        lambda target, one: (
            not one.centrally_managed and not one.auto_referenced and one.version_override is None and one.range.versions is not None
        ),
    )
    if own:
        text = (
            f"The following PackageReference items cannot define a value for Version: {', '.join(own)}. Projects using Central Package "
            f"Management must define a Version value on a PackageVersion item. {_GETTING_STARTED}"
        )
        log.add(error("NU1008", text))
    implicit = _names(spec, lambda target, one: one.auto_referenced and one.name.lower() in _central_names(target))
    if implicit:
        text = (
            f"The following PackageReference items are implicitly defined and cannot define a PackageVersion item: {', '.join(implicit)}. "
            "Projects using Central Package Management require that implicit package versions be specified by the PackageReference item. "
            "For more information, visit https://aka.ms/sdkimplicitrefs"
        )
        log.add(error("NU1009", text))
    missing = _names(spec, lambda target, one: one.range.versions is None)
    if missing:
        text = (
            f"The following PackageReference items do not define a corresponding PackageVersion item: {', '.join(missing)}. Projects using "
            f"Central Package Management must declare PackageReference and PackageVersion items with matching names. {_GETTING_STARTED}"
        )
        log.add(error("NU1010", text))
    _check_floating(spec, log)


def _central_names(target: TargetFramework) -> set[str]:
    return {name.lower() for name in target.central_versions}


def _check_floating(spec: PackageSpec, log: RestoreLog) -> None:
    if spec.restore.central.floating:
        return
    names = {
        name.lower(): name
        for target in spec.frameworks
        for name, versions in sorted(target.central_versions.items(), key=lambda pair: pair[0].lower())
        if versions.is_floating
    }
    if names:
        text = (
            f"The following PackageVersion items cannot specify a floating version: {', '.join(names.values())}. For more information on "
            "how to enable this functionality for projects using Central Package Management, visit https://aka.ms/nu1011"
        )
        log.add(error("NU1011", text))


def _check_pruned(spec: PackageSpec, log: RestoreLog) -> None:
    """NU1510: a reference that every framework of the project that has it brings itself."""
    references: dict[str, list[tuple[TargetFramework, Dependency]]] = {}
    for target in spec.frameworks:
        for dependency in target.dependencies:
            references.setdefault(dependency.name.lower(), []).append((target, dependency))
    for uses in references.values():
        if all(is_prunable(dependency, target) for target, dependency in uses):
            name = uses[0][1].name
            text = (
                f"PackageReference {name} will not be pruned. This package is automatically available and does not need to be referenced "
                "explicitly. Remove the PackageReference item."
            )
            log.add(warning("NU1510", text, name, [target.alias for target, _ in uses]))

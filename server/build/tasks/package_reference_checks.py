"""The tasks of the .NET SDK that look over PackageReference items before a restore, and those that report with a code of the SDK.

They stand for those of Microsoft.NET.Build.Tasks where an SDK's targets are there without its assemblies.
"""

from __future__ import annotations

from collections.abc import Callable

from server.build.tasks.task import Kind, OutputItem, Parameter, TaskCall, TaskDefinition, output_item
from server.msbuild.items import Item

# Names of the SDK's messages -> code and what is said; the arguments take the places of braces.
_MESSAGES = {
    "CannotInferTargetFrameworkIdentifierAndVersion": ("NETSDK1013", "The TargetFramework value '{0}' was not recognized."),
    "TargetFrameworkWithSemicolon": ("NETSDK1046", "The TargetFramework value '{0}' is not valid; use TargetFrameworks for several."),
    "UnsupportedTargetFrameworkVersion": ("NETSDK1045", "The SDK does not support targeting {0} {1}; target {0} {2} or lower."),
    "UnsupportedTargetPlatformIdentifier": ("NETSDK1139", "The target platform identifier {0} was not recognized."),
    "UnsupportedTargetPlatformIdentifierWithWorkloadsDisabled": (
        "NETSDK1208",
        "The target platform identifier {0} needs a workload, and workloads are disabled.",
    ),
    "TargetFrameworkIsNotRecommended": (
        "NETSDK1215",
        "Targeting .NET Standard prior to 2.0 is no longer recommended. See {0} for more details.",
    ),
    "AspNetCoreAllNotSupported": ("NETSDK1079", "The package Microsoft.AspNetCore.All is not for .NET Core 3.0 or higher."),
    "AspNetCoreUsesFrameworkReference": (
        "NETSDK1080",
        "A PackageReference to Microsoft.AspNetCore.App is not necessary when targeting .NET Core 3.0 or higher.",
    ),
    "ProjectContainsObsoleteDotNetCliTool": ("NETSDK1059", "The tool '{0}' is now included in the .NET SDK."),
    "CannotHaveSupportedOSPlatformVersionHigherThanTargetPlatformVersion": (
        "NETSDK1135",
        "SupportedOSPlatformVersion {0} cannot be higher than TargetPlatformVersion {1}.",
    ),
    "CppRequiresTFMVersion31": ("NETSDK1116", "C++/CLI projects need .NET Core 3.1 or higher."),
}


def _message(call: TaskCall) -> tuple[str, str]:
    name = call.text("ResourceName")
    code, text = _MESSAGES.get(name, ("", f"{name}: {{0}}"))
    for index, argument in enumerate(call.text("FormatArguments").split(";")):
        text = text.replace(f"{{{index}}}", argument)
    return code, text


def _sdk_error(call: TaskCall) -> bool:
    call.error(*_message(call))
    return False


def _sdk_warning(call: TaskCall) -> bool:
    call.warning(*_message(call))
    return True


def _sdk_information(call: TaskCall) -> bool:
    call.message(_message(call)[1])
    return True


def _nothing(call: TaskCall) -> bool:
    """What the SDK's usage reporting is: nothing is reported here."""
    del call
    return True


def _grouped(items: list[Item]) -> list[list[Item]]:
    groups: dict[str, list[Item]] = {}
    for item in items:
        groups.setdefault(item.identity.lower(), []).append(item)
    return list(groups.values())


def _is_implicit(item: Item) -> bool:
    return item.value("IsImplicitlyDefined").lower() == "true"


def _implicit_overrides(call: TaskCall) -> bool:
    """Implicit references give way to those that the project itself has."""
    removed: list[OutputItem] = []
    added: list[OutputItem] = []
    for group in _grouped(call.items("PackageReferenceItems")):
        explicit = [item for item in group if not _is_implicit(item)]
        if len(group) > 1 and explicit and len(explicit) < len(group):
            text = f"A PackageReference for '{group[0].identity}' was included in your project."
            call.warning(
                "NETSDK1023",
                f"{text} It is implicitly referenced by the .NET SDK. For more information, see {call.text('MoreInformationLink')}",
            )
            removed += [output_item(item) for item in group]
            added += [output_item(item) for item in explicit]
    call.set_items("ItemsToRemove", removed)
    call.set_items("ItemsToAdd", added)
    return True


def _duplicate_frameworks(call: TaskCall) -> bool:
    removed: list[OutputItem] = []
    added: list[OutputItem] = []
    for group in _grouped(call.items("FrameworkReferences")):
        if len(group) == 1:
            continue
        explicit = [item for item in group if not _is_implicit(item)]
        if len(explicit) > 1:
            call.error("NETSDK1087", f"Multiple FrameworkReference items for '{group[0].identity}' were included in the project.")
            continue
        text = f"A FrameworkReference for '{group[0].identity}' was included in the project. It is implicitly referenced by the .NET SDK."
        call.warning("NETSDK1086", f"{text} For more information, see {call.text('MoreInformationLink')}")
        removed += [output_item(item) for item in group]
        added += [output_item(item) for item in explicit[:1] or group[:1]]
    call.set_items("ItemsToRemove", removed)
    call.set_items("ItemsToAdd", added)
    return not call.logged_error


def _should_be_framework_reference(call: TaskCall) -> bool:
    """A package that became a shared framework: whether a project still refers to the package."""
    package, framework = call.text("PackageReferenceToReplace").lower(), call.text("FrameworkReferenceToUse").lower()
    is_used = any(item.identity.lower() == package for item in call.items("PackageReferences"))
    has_framework = any(item.identity.lower() == framework for item in call.items("FrameworkReferences"))
    call.set_value("ShouldRemovePackageReference", value=is_used)
    call.set_value("ShouldAddFrameworkReference", value=is_used and not has_framework)
    return True


def _implicit_versions(call: TaskCall) -> bool:
    """Versions of the packages whose version the framework decides, where the project gives none."""
    known = {(item.identity.lower(), item.value("TargetFrameworkVersion")): item for item in call.items("ImplicitPackageReferenceVersions")}
    updated = []
    for item in call.items("PackageReferences"):
        version = known.get((item.identity.lower(), call.text("TargetFrameworkVersion")))
        if version is not None and not item.value("Version"):
            latest = call.text("TargetLatestRuntimePatch").lower() == "true"
            text = version.value("LatestVersion" if latest else "DefaultVersion")
            updated.append(OutputItem(item.identity, {"Version": text}, item))
    call.set_items("PackageReferencesToUpdate", updated)
    call.set_items("SdkBuildWarnings", [])
    return True


def _no_windows_sdk(call: TaskCall) -> bool:
    """The projections of the Windows SDK need Windows 10: for older ones there is nothing to know."""
    call.set_items("KnownFrameworkReferences", [])
    return True


def _task(name: str, texts: str, items: str, outputs: str, run: Callable[[TaskCall], bool]) -> TaskDefinition:
    parameters = (
        *(Parameter(text, Kind.TEXT) for text in texts.split()),
        *(Parameter(item, Kind.ITEMS) for item in items.split()),
    )
    return TaskDefinition(name, parameters, tuple(outputs.split()), run)


_REPORT = "ResourceName FormatArguments"

TASKS = (
    _task("NETSdkError", _REPORT, "", "", _sdk_error),
    _task("NETSdkWarning", _REPORT, "", "", _sdk_warning),
    _task("NETSdkInformation", _REPORT, "", "", _sdk_information),
    _task("AllowEmptyTelemetry", "EventName", "EventData", "", _nothing),
    _task(
        "CheckForImplicitPackageReferenceOverrides",
        "MoreInformationLink",
        "PackageReferenceItems",
        "ItemsToRemove ItemsToAdd",
        _implicit_overrides,
    ),
    _task(
        "CheckForDuplicateFrameworkReferences",
        "MoreInformationLink",
        "FrameworkReferences",
        "ItemsToRemove ItemsToAdd",
        _duplicate_frameworks,
    ),
    _task(
        "CheckIfPackageReferenceShouldBeFrameworkReference",
        "PackageReferenceToReplace FrameworkReferenceToUse",
        "PackageReferences FrameworkReferences",
        "ShouldRemovePackageReference ShouldAddFrameworkReference",
        _should_be_framework_reference,
    ),
    _task(
        "ApplyImplicitVersions",
        "TargetFrameworkVersion TargetLatestRuntimePatch",
        "PackageReferences ImplicitPackageReferenceVersions",
        "PackageReferencesToUpdate SdkBuildWarnings",
        _implicit_versions,
    ),
    _task(
        "CreateWindowsSdkKnownFrameworkReferences",
        "UseWindowsSDKPreview WindowsSdkPackageVersion WindowsSdkPackageMinimumRevision TargetFrameworkIdentifier TargetFrameworkVersion "
        "TargetPlatformIdentifier TargetPlatformVersion",
        "WindowsSdkSupportedTargetPlatformVersions",
        "KnownFrameworkReferences",
        _no_windows_sdk,
    ),
)

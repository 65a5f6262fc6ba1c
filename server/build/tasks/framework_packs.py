"""The tasks of the .NET SDK that say which packs a project needs (targeting and runtime packs, hosts, compilers), what a framework holds.

They stand for those of Microsoft.NET.Build.Tasks where an SDK's targets are there without its assemblies. Packs that are not in the packs
folder become packages to download.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from server.build.tasks.prune_lists import framework_packages
from server.build.tasks.task import Kind, OutputItem, Parameter, TaskCall, TaskDefinition
from server.msbuild.items import Item
from server.restore.frameworks import NuGetFramework, parse_framework, parse_version4
from server.restore.runtime_graph import InvalidRuntimeGraph, RuntimeGraph, parse_runtime_graph
from server.restore.versions import parse_version

_RID_MARK = "**RID**"
_NET_CORE_APP = "Microsoft.NETCore.App"


@dataclass(slots=True)
class _Packs:
    """What a call has found so far."""

    call: TaskCall
    framework: NuGetFramework
    runtimes: RuntimeGraph
    downloads: dict[tuple[str, str], OutputItem] = field(default_factory=dict)
    implicit: list[OutputItem] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)

    def download(self, name: str, version: str) -> None:
        """Asks for a package, once."""
        self.downloads.setdefault((name.lower(), version), OutputItem(name, {"Version": version}))

    def applicable(self, items: Iterable[Item]) -> list[Item]:
        """Those that are for the project's framework."""
        return [item for item in items if _is_for(item, self.framework)]

    def best_rid(self, rid: str, offered: str) -> str:
        """The offered runtime nearest to `rid`, "" when none serves."""
        available = {one for one in offered.split(";") if one}
        return next((one for one in self.runtimes.expand(rid) if one in available), "")

    def report_unknown(self, rid: str) -> bool:
        """Whether no graph of the SDK has the runtime, which is an error, told once."""
        if rid in self.runtimes.runtimes:
            return False
        if rid not in self.unknown:
            self.unknown.add(rid)
            text = f"The specified RuntimeIdentifier '{rid}' is not recognized. See https://aka.ms/netsdk1083 for more information."
            self.call.error("NETSDK1083", text)
        return True

    def is_bundled(self, name: str, version: str) -> bool:
        """Whether the SDK brings the pack: it is in the packs folder, or is the host of the SDK's own runtime and version."""
        root = self.call.text("TargetingPackRoot") or self.call.text("NetCoreTargetingPackRoot")
        if root and (Path(root) / name / version).is_dir():
            return True
        own = self.call.instance.property("NETCoreSdkPortableRuntimeIdentifier")
        bundled = self.call.instance.property("BundledNETCoreAppPackageVersion")
        return name == f"{_NET_CORE_APP}.Host.{own}" and version == bundled


def _is_for(item: Item, framework: NuGetFramework) -> bool:
    own = parse_framework(item.value("TargetFramework"))
    if (own.identifier, own.version) != (framework.identifier, framework.version):
        return False
    return not own.platform or (own.platform.lower() == framework.platform.lower() and own.platform_version <= framework.platform_version)


def _packs(call: TaskCall) -> _Packs | None:
    version = parse_version4(call.text("TargetFrameworkVersion"))
    if version is None:
        return None
    platform = parse_version4(call.text("TargetPlatformVersion")) or (0, 0, 0, 0)
    framework = NuGetFramework(call.text("TargetFrameworkIdentifier"), version, "", call.text("TargetPlatformIdentifier"), platform)
    path = call.text("RuntimeGraphPath")
    try:
        runtimes = parse_runtime_graph(Path(path).read_text(encoding="utf-8-sig")) if path and Path(path).is_file() else RuntimeGraph()
    except InvalidRuntimeGraph as failure:
        call.error("", failure.message)
        return None
    return _Packs(call, framework, runtimes)


def _is_set(call: TaskCall, name: str) -> bool:
    return call.text(name).strip().lower() == "true"


def _process_framework_references(call: TaskCall) -> bool:
    packs = _packs(call)
    if packs is None:
        return not call.logged_error
    references = {item.identity.lower(): item for item in call.items("FrameworkReferences")}
    known = packs.applicable(call.items("KnownFrameworkReferences"))
    runtime_packs = [item for item in packs.applicable(call.items("KnownRuntimePacks")) if not item.value("RuntimePackLabels")]
    targeting: list[OutputItem] = []
    runtime: list[OutputItem] = []
    frameworks: list[OutputItem] = []
    for item in known:
        reference = references.get(item.identity.lower())
        if _is_set_on(item, "IsWindowsOnly") and os.name != "nt" and not _is_set(call, "EnableWindowsTargeting"):
            if reference is not None:
                call.error("NETSDK1100", "To build a project for Windows on this system, set the property EnableWindowsTargeting to true.")
            continue
        if reference is None and _is_set(call, "DisableTransitiveFrameworkReferenceDownloads"):
            continue
        if references:
            targeting.append(_targeting_pack(packs, item, reference))
            _add_runtime_packs(packs, item, runtime_packs, runtime)
        if reference is not None:
            metadata = {"Version": _runtime_version(call, item), "FrameworkName": item.identity, "Profile": item.value("Profile")}
            frameworks.append(OutputItem(item.value("RuntimeFrameworkName"), {name: text for name, text in metadata.items() if text}))
    compilers = _add_tool_packs(packs)
    call.set_items("TargetingPacks", targeting)
    call.set_items("RuntimePacks", runtime)
    call.set_items("RuntimeFrameworks", frameworks)
    call.set_items("HostILCompilerPacks", compilers)
    call.set_items("PackagesToDownload", list(packs.downloads.values()))
    call.set_items("ImplicitPackageReferences", packs.implicit)
    return not call.logged_error


def _is_set_on(item: Item, name: str) -> bool:
    return item.value(name).strip().lower() == "true"


def _targeting_pack(packs: _Packs, item: Item, reference: Item | None) -> OutputItem:
    name = item.value("TargetingPackName")
    version = (reference.value("TargetingPackVersion") if reference is not None else "") or item.value("TargetingPackVersion")
    metadata = {
        "NuGetPackageId": name,
        "NuGetPackageVersion": version,
        "TargetingPackFormat": item.value("TargetingPackFormat"),
        "TargetFramework": item.value("TargetFramework"),
        "RuntimeFrameworkName": item.value("RuntimeFrameworkName"),
        "RuntimePackRuntimeIdentifiers": item.value("RuntimePackRuntimeIdentifiers"),
        "Profile": item.value("Profile"),
    }
    root = packs.call.text("TargetingPackRoot")
    if packs.is_bundled(name, version):
        metadata["PackageDirectory"] = metadata["Path"] = str(Path(root) / name / version)
    elif _is_set(packs.call, "EnableTargetingPackDownload"):
        packs.download(name, version)
    return OutputItem(item.identity, {key: text for key, text in metadata.items() if text})


def _runtime_version(call: TaskCall, item: Item) -> str:
    """The version of the shared framework to run on."""
    if call.text("RuntimeFrameworkVersion"):
        return call.text("RuntimeFrameworkVersion")
    latest = _is_set(call, "TargetLatestRuntimePatch")
    return item.value("LatestRuntimeFrameworkVersion" if latest else "DefaultRuntimeFrameworkVersion")


def _add_runtime_packs(packs: _Packs, item: Item, others: Sequence[Item], found: list[OutputItem]) -> None:
    call = packs.call
    pack = next((one for one in others if one.identity.lower() == item.identity.lower()), item)
    if item.identity.lower() != item.value("RuntimeFrameworkName").lower() or not pack.value("RuntimePackNamePatterns"):
        return
    version = call.text("RuntimeFrameworkVersion") or pack.value("LatestRuntimeFrameworkVersion")
    own = call.text("RuntimeIdentifier")
    always = _is_set_on(pack, "RuntimePackAlwaysCopyLocal")
    needed = ["any"] if always else []
    if own and not always and any(_is_set(call, name) for name in ("SelfContained", "ReadyToRunEnabled", "PublishAot")):
        needed.append(own)
    others_only = [rid.strip() for rid in call.text("RuntimeIdentifiers").split(";") if rid.strip() and rid.strip() not in needed]
    for rid in [*needed, *others_only]:
        best = packs.best_rid(rid, pack.value("RuntimePackRuntimeIdentifiers"))
        if not best:
            packs.report_unknown(rid)
            continue
        for pattern in pack.value("RuntimePackNamePatterns").split(";"):
            name = pattern.replace(_RID_MARK, best)
            if not packs.is_bundled(name, version) and _is_set(call, "EnableRuntimePackDownload"):
                packs.download(name, version)
            if rid in needed:
                metadata = {"NuGetPackageId": name, "NuGetPackageVersion": version, "FrameworkName": item.identity}
                found.append(OutputItem(name, metadata | {"RuntimeIdentifier": best}))


def _add_tool_packs(packs: _Packs) -> list[OutputItem]:
    """Compilers and linkers that the project's way to publish needs; those of the native compiler are given back."""
    call = packs.call
    compilers: list[OutputItem] = []
    if _is_set(call, "ReadyToRunEnabled") and _is_set(call, "ReadyToRunUseCrossgen2"):
        _add_host_pack(packs, "KnownCrossgen2Packs", "Crossgen2")
    if _is_set(call, "PublishAot"):
        compilers = _add_host_pack(packs, "KnownILCompilerPacks", "ILCompiler")
        for item in packs.applicable(call.items("KnownILCompilerPacks")):
            packs.implicit.append(OutputItem(item.identity, {"Version": _tool_version(call, item, "ILCompilerPackVersion")}))
    rows = (
        (_is_set(call, "RequiresILLinkPack"), "KnownILLinkPacks", "ILLinkPackVersion"),
        (_is_set(call, "UsingMicrosoftNETSdkWebAssembly"), "KnownWebAssemblySdkPacks", "WebAssemblySdkPackVersion"),
        (_is_set(call, "RequiresAspNetWebAssets"), "KnownAspNetCorePacks", "AspNetCorePackVersion"),
    )
    for wanted, parameter, version in rows:
        for item in packs.applicable(call.items(parameter)) if wanted else ():
            packs.implicit.append(OutputItem(item.identity, {"Version": _tool_version(call, item, version)}))
    return compilers


def _tool_version(call: TaskCall, item: Item, name: str) -> str:
    return call.text("RuntimeFrameworkVersion") or item.value(name)


def _add_host_pack(packs: _Packs, parameter: str, prefix: str) -> list[OutputItem]:
    """The pack that runs on this machine, and the one for the runtime published for where that differs."""
    call, found = packs.call, []
    for item in packs.applicable(call.items(parameter)):
        version = _tool_version(call, item, f"{prefix}PackVersion")
        offered = item.value(f"{prefix}RuntimeIdentifiers")
        for rid in dict.fromkeys((call.text("NETCoreSdkRuntimeIdentifier"), call.text("RuntimeIdentifier"))):
            best = packs.best_rid(rid, offered) if rid else ""
            if best:
                name = item.value(f"{prefix}PackNamePattern").replace(_RID_MARK, best)
                packs.download(name, version)
                found.append(OutputItem(name, {"NuGetPackageId": name, "NuGetPackageVersion": version}))
    return found[:1]


def _resolve_app_hosts(call: TaskCall) -> bool:
    packs = _packs(call)
    if packs is None:
        return not call.logged_error
    hosts: list[OutputItem] = []
    for item in packs.applicable(call.items("KnownAppHostPacks")):
        version = call.text("RuntimeFrameworkVersion") or item.value("AppHostPackVersion")
        own = call.text("AppHostRuntimeIdentifier")
        others = [rid for rid in call.text("OtherRuntimeIdentifiers").split(";") if rid]
        shims = [shim.identity for shim in call.items("PackAsToolShimRuntimeIdentifiers")]
        for rid in dict.fromkeys([*([own] if own else []), *others, *shims]):
            best = packs.best_rid(rid, item.value("AppHostRuntimeIdentifiers"))
            if not best:
                if rid == own and not packs.report_unknown(rid):
                    text = f"There is no application host available for the specified RuntimeIdentifier '{rid}'."
                    call.error("NETSDK1084", text)
                continue
            name = item.value("AppHostPackNamePattern").replace(_RID_MARK, best)
            if not packs.is_bundled(name, version) and call.text("EnableAppHostPackDownload").lower() != "false":
                packs.download(name, version)
            if rid == own:
                executable = call.text("DotNetAppHostExecutableNameWithoutExtension") + (".exe" if best.startswith("win") else "")
                metadata = {
                    "NuGetPackageId": name,
                    "NuGetPackageVersion": version,
                    "PathInPackage": f"runtimes/{best}/native/{executable}",
                    "RuntimeIdentifier": best,
                }
                hosts.append(OutputItem("AppHost", metadata))
    call.set_items("AppHost", hosts)
    call.set_items("PackagesToDownload", list(packs.downloads.values()))
    return not call.logged_error


def _packages_to_prune(call: TaskCall) -> bool:
    """The packages that the project's framework holds, each with the highest version that is in it."""
    packs = {item.identity.lower(): item.value("RuntimeFrameworkName") for item in call.items("TargetingPacks")}
    references = [item.identity.lower() for item in call.items("FrameworkReferences")]
    # .NET Standard has a pack, too, but no framework to run on.
    frameworks = list(dict.fromkeys(packs[name] for name in references if name in packs))
    identifier, version = call.text("TargetFrameworkIdentifier"), call.text("TargetFrameworkVersion")
    is_core = identifier.lower() == ".netcoreapp"
    if is_core and not frameworks and (parse_version4(version) or (0,))[0] >= 3:
        call.set_items("PackagesToPrune", [])
        return True
    roots = [Path(root) for root in call.text("TargetingPackRoots").split(";") if root]
    found: dict[str, str] = {}
    for name in frameworks or [""]:
        listed = framework_packages(identifier, version, name, Path(call.text("PrunePackageDataRoot")), roots)
        for package, text in listed.items():
            # A package that moved from one framework to another is in both lists: the higher version counts.
            known = parse_version(found.get(package, ""))
            if known is None or known < (parse_version(text) or known):
                found[package] = text
    call.set_items("PackagesToPrune", [OutputItem(name, {"Version": _highest(text, is_core)}) for name, text in found.items()])
    return True


def _highest(text: str, is_core: bool) -> str:  # noqa: FBT001
    """Patches of a package in .NET come as patches of the framework: any patch is in it."""
    version = parse_version(text)
    if version is None or not is_core or version.is_prerelease:
        return text
    return f"{version.numbers[0]}.{version.numbers[1]}.32767"


def _task(name: str, texts: str, items: str, outputs: str, run: Callable[[TaskCall], bool]) -> TaskDefinition:
    parameters = (
        *(Parameter(text, Kind.TEXT) for text in texts.split()),
        *(Parameter(item, Kind.ITEMS) for item in items.split()),
    )
    return TaskDefinition(name, parameters, tuple(outputs.split()), run)


TASKS = (
    _task(
        "ProcessFrameworkReferences",
        "TargetFrameworkIdentifier TargetFrameworkVersion TargetPlatformIdentifier TargetPlatformVersion TargetingPackRoot "
        "RuntimeGraphPath SelfContained ReadyToRunEnabled ReadyToRunUseCrossgen2 PublishAot RequiresILLinkPack IsAotCompatible "
        "SilenceIsAotCompatibleUnsupportedWarning MinNonEolTargetFrameworkForAot EnableAotAnalyzer "
        "FirstTargetFrameworkVersionToSupportAotAnalyzer PublishTrimmed IsTrimmable FirstTargetFrameworkVersionToSupportTrimAnalyzer "
        "SilenceIsTrimmableUnsupportedWarning MinNonEolTargetFrameworkForTrimming EnableTrimAnalyzer EnableSingleFileAnalyzer "
        "FirstTargetFrameworkVersionToSupportSingleFileAnalyzer SilenceEnableSingleFileAnalyzerUnsupportedWarning "
        "MinNonEolTargetFrameworkForSingleFile AotUseKnownRuntimePackForTarget RuntimeIdentifier RuntimeIdentifiers "
        "RuntimeFrameworkVersion TargetLatestRuntimePatch TargetLatestRuntimePatchIsDefault EnableTargetingPackDownload "
        "EnableRuntimePackDownload EnableWindowsTargeting DisableTransitiveFrameworkReferenceDownloads UsingMicrosoftNETSdkWebAssembly "
        "RequiresAspNetWebAssets NETCoreSdkRuntimeIdentifier NETCoreSdkPortableRuntimeIdentifier NetCoreRoot NETCoreSdkVersion",
        "FrameworkReferences KnownFrameworkReferences KnownRuntimePacks KnownCrossgen2Packs KnownILCompilerPacks KnownILLinkPacks "
        "KnownWebAssemblySdkPacks KnownAspNetCorePacks",
        "PackagesToDownload RuntimeFrameworks TargetingPacks RuntimePacks Crossgen2Packs HostILCompilerPacks TargetILCompilerPacks "
        "UnavailableRuntimePacks ImplicitPackageReferences KnownRuntimeIdentifierPlatforms",
        _process_framework_references,
    ),
    _task(
        "ResolveAppHosts",
        "TargetFrameworkIdentifier TargetFrameworkVersion TargetingPackRoot AppHostRuntimeIdentifier OtherRuntimeIdentifiers "
        "RuntimeFrameworkVersion DotNetAppHostExecutableNameWithoutExtension DotNetSingleFileHostExecutableNameWithoutExtension "
        "DotNetComHostLibraryNameWithoutExtension DotNetIjwHostLibraryNameWithoutExtension RuntimeGraphPath NuGetRestoreSupported "
        "EnableAppHostPackDownload NetCoreTargetingPackRoot",
        "PackAsToolShimRuntimeIdentifiers KnownAppHostPacks",
        "PackagesToDownload AppHost SingleFileHost ComHost IjwHost PackAsToolShimAppHostPacks",
        _resolve_app_hosts,
    ),
    _task(
        "GetPackagesToPrune",
        "TargetFrameworkIdentifier TargetFrameworkVersion TargetingPackRoots PrunePackageDataRoot AllowMissingPrunePackageData",
        "FrameworkReferences TargetingPacks",
        "PackagesToPrune",
        _packages_to_prune,
    ),
)

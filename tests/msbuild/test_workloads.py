"""Workload manifests of a made-up SDK: which targets every project imports, what becomes of a pack that is not installed."""

from __future__ import annotations

import os
from pathlib import Path

from server.msbuild.model import ProjectInstance
from server.msbuild.project import ProjectEvaluator
from server.msbuild.sdks import installed_toolset

LOCATORS = (
    '<Import Project="AutoImport.props" Sdk="Microsoft.NET.SDK.WorkloadAutoImportPropsLocator" />'
    '<Import Project="WorkloadManifest.targets" Sdk="Microsoft.NET.SDK.WorkloadManifestTargetsLocator" />'
)


def written(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def sdk(root: Path) -> None:
    """The SDK 10.0.401 with a manifest of its own band, one of an earlier band, one that is outdated and packs for this machine or not."""
    name = "<Project><PropertyGroup><Seen>$(Seen)%s;</Seen></PropertyGroup></Project>"
    written(
        root,
        {
            "sdk/10.0.401/Sdks/Microsoft.NET.Sdk/Sdk/Sdk.props": "<Project />",
            "sdk/10.0.401/KnownWorkloadManifests.txt": "second\nfirst\n",
            "sdk/10.0.401/NETCoreSdkRuntimeIdentifierChain.txt": "linux-x64\nlinux\nany",
            "sdk-manifests/10.0.400/first/1.9.0/WorkloadManifest.json": "{}",
            "sdk-manifests/10.0.400/first/1.10.0-beta.2/WorkloadManifest.json": "{}",
            "sdk-manifests/10.0.400/first/1.10.0/WorkloadManifest.json": (
                '{ // packs\n "packs": {"Own": {"kind": "sdk", "version": "3.0"},} }'
            ),
            "sdk-manifests/10.0.400/first/1.10.0/WorkloadManifest.targets": name % "first",
            "sdk-manifests/10.0.400/first/1.9.0/WorkloadManifest.targets": name % "old",
            "sdk-manifests/10.0.400/other/WorkloadManifest.json": "{}",
            "sdk-manifests/10.0.400/other/WorkloadManifest.targets": name % "other",
            "sdk-manifests/10.0.400/microsoft.net.workload.ios/WorkloadManifest.json": "{}",
            "sdk-manifests/10.0.400/microsoft.net.workload.ios/WorkloadManifest.targets": name % "outdated",
            "sdk-manifests/10.0.100/second/2.0.0/WorkloadManifest.json": (
                '{"packs": {"Aliased": {"kind": "sdk", "version": "7", "alias-to": {"linux-x64": "Real.Linux"}},'
                ' "Mac": {"kind": "sdk", "version": "7", "alias-to": {"osx-x64": "Real.Mac"}}}}'
            ),
            "sdk-manifests/10.0.100/second/2.0.0/WorkloadManifest.targets": name % "second",
            "sdk-manifests/10.0.100/other/WorkloadManifest.json": "{}",
        },
    )


def evaluated(root: Path, text: str) -> ProjectInstance:
    project = root / "app" / "a.proj"
    written(root, {"app/a.proj": f"<Project>{text}</Project>"})
    return ProjectEvaluator({"HOME": "/none"}, str(project.parent), toolset=installed_toolset(str(root), "10.0.401")).evaluate(project, {})


def test_targets_of_manifests(tmp_path: Path) -> None:
    """Known manifests in their order, then the others; the newest version of each; earlier bands stand in for known ones alone."""
    sdk(tmp_path)
    assert evaluated(tmp_path, LOCATORS).property("Seen") == "second;first;other;"


def test_packs(tmp_path: Path) -> None:
    """A pack that is not installed leaves an item, one for another system is no SDK, one that is there is imported, and by itself."""
    sdk(tmp_path)
    project = evaluated(tmp_path, '<Import Project="Sdk.targets" Sdk="Aliased" /><Import Project="Sdk.targets" Sdk="own" />')
    assert [(item.identity, item.value("Version")) for item in project.items_of("MissingWorkloadPack")] == [
        ("Aliased", "7"),
        ("own", "3.0"),
    ]
    pack = "packs/Real.Linux/7/Sdk"
    written(
        tmp_path,
        {
            f"{pack}/Sdk.targets": "<Project><PropertyGroup><Pack>$(MSBuildThisFileDirectory)</Pack></PropertyGroup></Project>",
            f"{pack}/AutoImport.props": "<Project><PropertyGroup><Auto>yes</Auto></PropertyGroup></Project>",
        },
    )
    project = evaluated(tmp_path, LOCATORS + '<Import Project="Sdk.targets" Sdk="Aliased" />')
    assert (project.property("Pack"), project.property("Auto")) == (f"{tmp_path}/{pack}/", "yes")
    assert project.items_of("MissingWorkloadPack") == []


def test_newest_of_all_projects(tmp_path: Path) -> None:
    """MSBuildAllProjects is the file that was changed last, before what the project says."""
    sdk(tmp_path)
    written(tmp_path, {"app/p.props": "<Project><PropertyGroup><MSBuildAllProjects>x;y</MSBuildAllProjects></PropertyGroup></Project>"})
    text = '<Import Project="p.props" /><PropertyGroup><Early>$(MSBuildAllProjects)</Early></PropertyGroup>'
    project = evaluated(tmp_path, text)
    os.utime(tmp_path / "app" / "a.proj", (2_000_000_000, 2_000_000_000))
    os.utime(tmp_path / "app" / "p.props", (1_900_000_000, 1_900_000_000))
    evaluator = ProjectEvaluator({}, str(tmp_path), toolset=installed_toolset(str(tmp_path), "10.0.401"), remembers=True)
    project = evaluator.evaluate(tmp_path / "app" / "a.proj", {})
    assert (project.property("MSBuildAllProjects"), project.property("Early")) == (f"{tmp_path}/app/a.proj;x;y", "x;y")
    os.utime(tmp_path / "app" / "p.props", (2_100_000_000, 2_100_000_000))
    assert evaluator.evaluate(tmp_path / "app" / "a.proj", {}).property("MSBuildAllProjects") == f"{tmp_path}/app/p.props;x;y"

"""NuGet.Config and properties: what the corpus recorded as sources and folders, and what a wrong file is told."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.restore.errors import ConfigError
from server.restore.restore_settings import RestoreInputs, SourceProperties, restore_settings
from server.restore.settings import load_settings, mapped_patterns, package_sources
from server.restore.source_mapping import source_mapping
from tests.conftest import ROOT

CORPUS = Path(os.environ.get("AOTD_SHARED", ROOT.parent / "shared")) / "corpus" / "restore"


def corpus_projects() -> Iterator[tuple[str, str]]:
    for case in sorted(CORPUS.glob("cfg-*")):
        for expected in sorted(case.glob("expected.*.assets.json")):
            yield case.name, expected.name.split(".")[1]


@pytest.mark.parametrize(("case", "project"), list(corpus_projects()))
def test_sources_and_folders_of_the_corpus(case: str, project: str, tmp_path: Path) -> None:
    root = tmp_path / "case"
    shutil.copytree(CORPUS / case, root)
    user_config = tmp_path / "home" / ".nuget" / "NuGet" / "NuGet.Config"
    user_config.parent.mkdir(parents=True)
    user_config.write_text("<configuration><packageSources /></configuration>")
    arguments = [text.replace("{WORK}", str(tmp_path)) for text in json.loads((root / "case.json").read_text()).get("args", [])]
    switches = dict(zip(arguments[::2], arguments[1::2], strict=True))

    found = restore_settings(inputs_of(next(root.rglob(f"{project}.csproj")), root, switches), {"HOME": str(tmp_path / "home")})

    marks = {
        "{ROOT}": str(root),
        "{WORK}": str(tmp_path),
        "{PACKAGES}": str(tmp_path / "home/.nuget/packages"),
        "{HOME}": str(tmp_path / "home"),
    }
    text = (CORPUS / case / f"expected.{project}.assets.json").read_text()
    for mark, path in marks.items():
        text = text.replace(mark, path)
    wanted = json.loads(text)["project"]["restore"]
    assert sorted(source.source for source in found.sources) == sorted(wanted.get("sources", {}))
    assert found.packages_path == wanted["packagesPath"]
    assert list(found.fallback_folders) == wanted.get("fallbackFolders", [])
    assert [str(path) for path in found.config_files] == wanted["configFilePaths"]


def inputs_of(project: Path, root: Path, switches: dict[str, str]) -> RestoreInputs:
    text = project.read_text()

    def value(name: str) -> str:
        match = re.search(f"<{name}>(.*?)</{name}>", text)
        return match[1].replace("$(MSBuildThisFileDirectory)", f"{project.parent}/") if match else ""

    def values(name: str) -> tuple[str, ...]:
        return tuple(part for part in value(name).split(";") if part)

    return RestoreInputs(
        project_file=project,
        startup_folder=root,
        config_file=value("RestoreConfigFile"),
        project=SourceProperties(values("RestoreSources"), value("RestorePackagesPath"), values("RestoreFallbackFolders")),
        command_line=SourceProperties((switches["--source"],) if "--source" in switches else (), switches.get("--packages", "")),
        additional_sources=values("RestoreAdditionalProjectSources"),
    )


INVALID = {
    "<configuration><packageSources><add key='feed' /></packageSources></configuration>": (
        "Unable to parse config file because: Missing required attribute 'value' in element 'add'. Path: '{path}'."
    ),
    "<configuration><packageSources><add key='' value='x' /></packageSources></configuration>": (
        "Unable to parse config file because: The attribute 'key' has an unallowed value '' in element 'add'. Path: '{path}'."
    ),
    "<configuration><config><clear now='1'/></config></configuration>": (
        "Unable to parse config file because: The clear item should not have any attributes and it was found with 1. Path: '{path}'."
    ),
    "<configuration><packageSources><add key='a' value='b'><x/></add></packageSources></configuration>": (
        "Error parsing NuGet.Config. Element 'add' cannot have descendant elements. Path: '{path}'."
    ),
    "<settings/>": "NuGet.Config does not contain the expected root element: 'configuration'. Path: '{path}'.",
    "<configuration>": "NuGet.Config is not valid XML. Path: '{path}'.",
    "<configuration><packageSourceMapping><packageSource key='a'/></packageSourceMapping></configuration>": (
        "Package source 'a' must have at least one package pattern. Path: '{path}'"
    ),
    "<configuration><packageSourceMapping><packageSource key='a'><package/></packageSource></packageSourceMapping></configuration>": (
        "Unable to parse config file because: Missing required attribute 'pattern' in element 'package'. Path: '{path}'."
    ),
    "<configuration><packageSourceCredentials><a><add key='Username' value='u'/></a></packageSourceCredentials></configuration>": (
        "Unable to parse config file because: Credentials item must have username and password. Path: '{path}'."
    ),
}


@pytest.mark.parametrize("content", INVALID)
def test_an_invalid_file_is_told_as_nuget_tells_it(content: str, tmp_path: Path) -> None:
    path = tmp_path / "NuGet.Config"
    path.write_text(content)
    with pytest.raises(ConfigError) as raised:
        load_settings(tmp_path, None, {"HOME": str(tmp_path / "none")})
    assert raised.value.message == INVALID[content].format(path=path)


def test_credentials_come_from_the_environment_first_and_are_never_shown(tmp_path: Path) -> None:
    (tmp_path / "nuget.config").write_text(
        """<configuration>
             <packageSources>
               <add key="My Feed" value="https://feed.example/%NAME%/index.json" protocolVersion="3" />
               <add key="other" value="%UNKNOWN%/x" />
             </packageSources>
             <packageSourceCredentials>
               <My_x0020_Feed><add key="Username" value="u" /><add key="ClearTextPassword" value="%SECRET%" /></My_x0020_Feed>
               <other><add key="Username" value="v" /><add key="ClearTextPassword" value="in-config" /></other>
             </packageSourceCredentials>
           </configuration>"""
    )
    environment = {
        "HOME": str(tmp_path / "none"),
        "NAME": "v3",
        "SECRET": "s3cret",
        "NuGetPackageSourceCredentials_other": "Username=w;Password=from;environment;ValidAuthenticationTypes=basic, negotiate",
    }
    feed, other = package_sources(settings := load_settings(tmp_path, None, environment))
    assert feed.source == "https://feed.example/v3/index.json"
    assert feed.credentials is not None and feed.credentials.password == "s3cret"
    assert other.source == str(tmp_path / "%UNKNOWN%/x")
    assert other.credentials is not None
    assert (other.credentials.user, other.credentials.password) == ("w", "from;environment")
    assert other.credentials.authentication_types == ("basic", "negotiate")
    assert not re.search("s3cret|from;env|in-config", f"{feed} {other} {settings.sections}")


def test_nearer_files_clear_disable_and_replace(tmp_path: Path) -> None:
    (tmp_path / "NuGet.Config").write_text(
        """<configuration><packageSources><add key="a" value="far-a"/><add key="b" value="far-b"/>
        <add key="c" value="far-c"/></packageSources>
        <packageSources><add key="ignored" value="x"/></packageSources></configuration>"""
    )
    near = tmp_path / "sub"
    near.mkdir()
    (near / "nuget.config").write_text(
        """<configuration><packageSources><add key="b" value="near-b"/><add key="A" value="near-A"/></packageSources>
        <disabledPackageSources><add key="c" value="false"/></disabledPackageSources></configuration>"""
    )
    found = package_sources(load_settings(near, None, {"HOME": str(tmp_path / "none")}))
    assert [(source.name, Path(source.source).name) for source in found] == [("b", "near-b"), ("A", "near-A")]


def test_the_longest_pattern_decides(tmp_path: Path) -> None:
    (tmp_path / "NuGet.Config").write_text(
        """<configuration><packageSourceMapping>
          <packageSource key="all"><package pattern="*" /></packageSource>
          <packageSource key="ms"><package pattern="Microsoft.*" /><package pattern="Exact" /></packageSource>
          <packageSource key="ext"><package pattern="microsoft.extensions.*" /></packageSource>
        </packageSourceMapping></configuration>"""
    )
    mapping = source_mapping(mapped_patterns(load_settings(tmp_path, None, {"HOME": str(tmp_path / "none")})))
    assert mapping is not None
    asked = ("Other", "Microsoft.Net", "MICROSOFT.EXTENSIONS.Logging", "exact", "Exact.More")
    assert [mapping.sources_for(package_id) for package_id in asked] == [("all",), ("ms",), ("ext",), ("ms",), ("all",)]

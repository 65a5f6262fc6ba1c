"""Vulnerable packages, servers without encryption, ignored sources: the messages of a whole project over a real server."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from server.restore.feeds import SourceOptions, open_sources
from server.restore.http_client import HttpOptions
from server.restore.library_finder import Projects
from server.restore.package_spec import AuditProperties, PackageSpec, RestoreMetadata
from server.restore.project_restore import RestoredProject, begin_project, finish_project
from server.restore.restore_settings import RestoreInputs, restore_settings
from server.restore.spec_json import Json, spec_from_json
from tests.restore.feed_server import FeedServer, Response, packages_in, running

AUDIT = AuditProperties("true", "low", "all")


@pytest.fixture(scope="module")
def packages(corpus_feed: Path) -> dict[str, dict[str, bytes]]:
    return packages_in(corpus_feed)


def project(work: Path, audit: AuditProperties, level: str) -> PackageSpec:
    """A project for net10.0 that references Corpus.A 1.0.0, which needs Corpus.X 1.0.0."""
    values: Json = {
        "version": "1.0.0",
        "restore": {"projectUniqueName": str(work / "App.csproj"), "projectPath": str(work / "App.csproj"), "projectName": "App"},
        "frameworks": {
            "net10.0": {
                "framework": "net10.0",
                "targetAlias": "net10.0",
                "dependencies": {"Corpus.A": {"target": "Package", "version": "[1.0.0, )"}},
            }
        },
    }
    spec = spec_from_json(values)
    restore: RestoreMetadata = replace(spec.restore, packages_path=str(work / "packages"), audit=audit, analysis_level=level)
    return replace(spec, restore=restore)


def restored(
    feed: FeedServer,
    work: Path,
    audit: AuditProperties = AUDIT,
    attribute: str = "",
    more: str = "",
    *,
    ignores: bool = False,
    level: str = "10.0.400",
) -> RestoredProject:
    attribute = attribute or 'allowInsecureConnections="true"'
    (work / "NuGet.Config").write_text(
        f"""<configuration><packageSources><add key="feed" value="{feed.index}" {attribute} /></packageSources>
          <config><add key="globalPackagesFolder" value="packages" /></config>{more}</configuration>"""
    )
    environment = {"HOME": str(work / "home"), "NUGET_SCRATCH": str(work / "scratch")}
    spec = project(work, audit, level)
    settings = restore_settings(RestoreInputs(work / "App.csproj", work), environment)
    options = SourceOptions(ignores, keeps_answers=False, http=HttpOptions(1, 2, 2, 0.01))
    sources = open_sources(settings, environment, options)
    return finish_project(begin_project(spec, Projects({spec.restore.project_path: spec}), sources, force_evaluate=False))


def told(found: RestoredProject) -> list[tuple[str, str]]:
    return [(message.code, message.text) for message in found.messages]


def knows(feed: FeedServer, pages: dict[str, object]) -> None:
    """The server has a VulnerabilityInfo resource with these pages."""
    index = [{"@name": name, "@id": f"{feed.url}/vuln/{name}.json"} for name in pages]
    resources = [
        {"@id": f"{feed.url}/flat/", "@type": "PackageBaseAddress/3.0.0"},
        {"@id": "../vuln.json", "@type": "VulnerabilityInfo/6.7.0"},
    ]
    answers: dict[str, object] = {"/v3/index.json": {"version": "3.0.0", "resources": resources}, "/vuln.json": index}
    answers |= {f"/vuln/{name}.json": page for name, page in pages.items()}
    feed.misbehave = lambda path: Response(200, json.dumps(answers[path]).encode()) if path in answers else None


ABOUT_A = {"severity": 3, "url": "https://advisory.example/a", "versions": "(, 1.5.0)"}
ABOUT_X = {"severity": 0, "url": "https://advisory.example/x", "versions": "[1.0.0]"}
OTHER = {"severity": 2, "url": "https://advisory.example/other", "versions": "(2.0.0, )"}
ODD = {"severity": 9, "url": "https://advisory.example/odd", "versions": "[1.0.0, 2.0.0]"}
CRITICAL_A = ("NU1904", "Package 'Corpus.A' 1.0.0 has a known critical severity vulnerability, https://advisory.example/a")
LOW_X = ("NU1901", "Package 'Corpus.X' 1.0.0 has a known low severity vulnerability, https://advisory.example/x")
UNKNOWN_X = ("NU1900", "Package 'Corpus.X' 1.0.0 has a known unknown severity vulnerability, https://advisory.example/odd")


@pytest.mark.parametrize(
    ("audit", "wanted"),
    [
        (AUDIT, [CRITICAL_A, UNKNOWN_X, LOW_X]),
        (AuditProperties("enable", "moderate", "all"), [CRITICAL_A, UNKNOWN_X]),
        (AuditProperties("", "", "direct"), [CRITICAL_A]),
        (AuditProperties("true", "low", "all", ("https://advisory.example/a",)), [UNKNOWN_X, LOW_X]),
        (AuditProperties("false", "low", "all"), []),
        (
            AuditProperties("true", "severe", "direct"),
            [("NU1014", "Invalid NuGetAuditLevel value 'severe'. Valid values: low, moderate, high, critical"), CRITICAL_A],
        ),
    ],
)
def test_known_vulnerabilities(
    audit: AuditProperties, wanted: list[tuple[str, str]], packages: dict[str, dict[str, bytes]], tmp_path: Path
) -> None:
    with running(FeedServer(packages)) as feed:
        knows(feed, {"base": {"corpus.a": [ABOUT_A, OTHER], "Corpus.X": [ABOUT_X, OTHER]}, "update": {"corpus.x": [ABOUT_X, ODD]}})
        assert told(restored(feed, tmp_path, audit)) == wanted


def test_pages_that_cannot_be_had_are_told(packages: dict[str, dict[str, bytes]], tmp_path: Path) -> None:
    with running(FeedServer(packages)) as feed:
        knows(feed, {"base": {"corpus.a": [ABOUT_A]}, "broken": [1], "../evil": {}})
        found = told(restored(feed, tmp_path))
    prefix = "Error occurred while getting package vulnerability data: "
    assert found == [
        ("NU1900", f"{prefix}Vulnerability page index 2 contains invalid characters (Source: 'feed')"),
        (
            "NU1900",
            f"{prefix}Package source 'feed' vulnerability data index '{feed.url}/vuln/broken.json' could not be loaded. "
            "This indicates a problem with the JSON file contents returned from the server.",
        ),
        CRITICAL_A,
    ]


def test_an_audit_source_without_knowledge_is_nu1905(packages: dict[str, dict[str, bytes]], tmp_path: Path) -> None:
    with running(FeedServer(packages)) as feed:
        more = f'<auditSources><add key="audit" value="{feed.index}" /></auditSources>'
        assert told(restored(feed, tmp_path, more=more)) == [("NU1905", "Audit source 'audit' did not provide any vulnerability data.")]


def test_a_server_without_encryption_is_refused_unless_allowed(packages: dict[str, dict[str, bytes]], tmp_path: Path) -> None:
    with running(FeedServer(packages)) as feed:
        found = restored(feed, tmp_path, attribute='protocolVersion="3"')
        assert [code for code, _ in told(found)] == ["NU1302"] and not found.success
        found = restored(feed, tmp_path, attribute='protocolVersion="3"', level="8.0.100")
        assert [code for code, _ in told(found)] == ["NU1803"] and found.success


def test_an_ignored_source_is_nu1801(packages: dict[str, dict[str, bytes]], tmp_path: Path) -> None:
    with running(FeedServer(packages, misbehave=lambda path: Response(500))) as feed:
        found = told(restored(feed, tmp_path, ignores=True))
        assert [code for code, _ in found] == ["NU1101", "NU1801"]
        assert [code for code, _ in told(restored(feed, tmp_path))][0] == "NU1301"

"""A v3 server as a source: what is asked, what is kept, what is tried again, who gets credentials, what failures say."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from server.restore.errors import PackageError, SourceError
from server.restore.feeds import SourceOptions, open_sources
from server.restore.http_client import HttpOptions, is_bypassed, proxy_for
from server.restore.packages_folder import InstalledPackage
from server.restore.restore_settings import RestoreInputs, restore_settings
from server.restore.settings import Proxy
from server.restore.sources import PackageSources
from server.restore.versions import VersionRange, parse_range
from tests.restore.feed_server import FeedServer, Response, packages_in, running

IMPATIENT = SourceOptions(http=HttpOptions(tries=3, connect_seconds=2, read_seconds=2, pause_seconds=0.01))


def sources_for(feed: FeedServer, work: Path, options: SourceOptions = IMPATIENT, more: str = "", source: str = "") -> PackageSources:
    (work / "NuGet.Config").write_text(
        f"""<configuration><packageSources><clear/>
          <add key="feed" value="{source or feed.index}" allowInsecureConnections="true" />
        </packageSources>{more}</configuration>"""
    )
    environment = {"HOME": str(work / "home"), "NUGET_SCRATCH": str(work / "scratch")}
    settings = restore_settings(RestoreInputs(project_file=work / "App.csproj", startup_folder=work), environment)
    return open_sources(settings, environment, options)


def wanted(text: str) -> VersionRange:
    found = parse_range(text)
    assert found is not None
    return found


def installed(sources: PackageSources, package_id: str, versions: str) -> InstalledPackage:
    match = sources.find(package_id, wanted(versions))
    assert match is not None
    return sources.install(match)


@pytest.fixture(scope="module")
def packages(corpus_feed: Path) -> dict[str, dict[str, bytes]]:
    return packages_in(corpus_feed)


def test_a_package_is_found_read_and_installed_with_three_requests(packages: dict[str, dict[str, bytes]], tmp_path: Path) -> None:
    with running(FeedServer(packages)) as feed:
        sources = sources_for(feed, tmp_path)
        match = sources.find("Corpus.A", wanted("1.0.0"))
        assert match is not None
        assert [group.dependencies[0].id for group in sources.nuspec(match).dependency_groups] == ["Corpus.X"]
        package = sources.install(match)
    assert feed.requests == ["/v3/index.json", "/flat/corpus.a/index.json", "/flat/corpus.a/1.0.0/corpus.a.1.0.0.nupkg"]
    assert package.folder == tmp_path / "home/.nuget/packages/corpus.a/1.0.0"
    assert package.files() == ("corpus.a.nuspec", "lib/netstandard2.0/Corpus.A.dll")
    assert f'"source": "{feed.index}"' in (package.folder / ".nupkg.metadata").read_text()


def test_answers_are_kept_and_asked_again_by_their_etag(packages: dict[str, dict[str, bytes]], tmp_path: Path) -> None:
    with running(FeedServer(packages)) as feed:
        assert len(sources_for(feed, tmp_path).versions("corpus.ver")) == 9
        assert len(sources_for(feed, tmp_path).versions("Corpus.Ver")) == 9
        assert len(feed.requests) == 2
        for kept in tmp_path.rglob("*.dat"):
            os.utime(kept, (time.time() - 4000, time.time() - 4000))
        assert len(sources_for(feed, tmp_path).versions("corpus.ver")) == 9
        assert feed.answers[2:] == [304, 304]
        assert len(sources_for(feed, tmp_path, replace(IMPATIENT, keeps_answers=False)).versions("corpus.ver")) == 9
        assert feed.answers[4:] == [200, 200]


def test_registrations_serve_where_there_is_no_base_address(packages: dict[str, dict[str, bytes]], tmp_path: Path) -> None:
    with running(FeedServer(packages, with_registrations_only=True)) as feed:
        assert installed(sources_for(feed, tmp_path), "Corpus.Pre", "1.0.0-*").version.normalized == "1.0.0-rc.1.final"


def test_what_fails_for_a_moment_is_tried_again(packages: dict[str, dict[str, bytes]], tmp_path: Path) -> None:
    archive = packages["corpus.leaf"]["1.0.0"]
    troubles = {
        "/v3/index.json": [Response(503, b"", (("Retry-After", "0"),)), Response(500)],
        "/flat/corpus.leaf/index.json": [Response(429)],
        "/flat/corpus.leaf/1.0.0/corpus.leaf.1.0.0.nupkg": [Response(200, archive[:100], (), len(archive))] * 2,
    }
    with running(FeedServer(packages, misbehave=lambda path: troubles[path].pop() if troubles.get(path) else None)) as feed:
        package = installed(sources_for(feed, tmp_path), "Corpus.Leaf", "1.0.0")
    assert package.archive.read_bytes() == archive
    assert feed.answers == [500, 503, 200, 429, 200, 200, 200, 200]


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (Response(500), "Response status code does not indicate success: 500 (Internal Server Error)."),
        (Response(401), "Response status code does not indicate success: 401 (Unauthorized)."),
        (Response(404), "Response status code does not indicate success: 404 (Not Found)."),
        (Response(200, b"<feed/>"), "The content at '{index}' is not a valid JSON object."),
        (Response(200, b"{}"), "The source does not have the 'version' property."),
        (Response(200, b'{"version": "4.0.0"}'), "The source version is not supported: '4.0.0'."),
        (Response(302, b"", (("Location", "/v3/index.json"),)), "'{index}' is redirected more than 10 times"),
    ],
)
def test_a_server_that_has_no_index_is_nu1301(response: Response, reason: str, tmp_path: Path) -> None:
    with running(FeedServer({}, misbehave=lambda path: response)) as feed:
        with pytest.raises(SourceError) as raised:
            sources_for(feed, tmp_path).find("a", wanted("1.0.0"))
    assert raised.value.code == "NU1301"
    assert raised.value.message == f"Unable to load the service index for source {feed.index}.\n  {reason.format(index=feed.index)}"


def test_a_failed_source_may_be_ignored(packages: dict[str, dict[str, bytes]], tmp_path: Path) -> None:
    with running(FeedServer(packages, misbehave=lambda path: Response(500))) as feed:
        sources = sources_for(feed, tmp_path, replace(IMPATIENT, ignores_failed_sources=True))
        assert sources.find("Corpus.A", wanted("1.0.0")) is None
    assert [(package_id, error.code) for package_id, error in sources.failures] == [("Corpus.A", "NU1301")]


def test_a_version_2_feed_is_refused_by_name(packages: dict[str, dict[str, bytes]], tmp_path: Path) -> None:
    with running(FeedServer(packages)) as feed:
        with pytest.raises(SourceError, match="is a NuGet version 2 feed, which is not supported"):
            sources_for(feed, tmp_path, source=f"{feed.url}/api/v2").find("a", wanted("1.0.0"))
    assert feed.requests == []


def test_credentials_go_only_where_they_are_asked_for(packages: dict[str, dict[str, bytes]], tmp_path: Path) -> None:
    credentials = """<packageSourceCredentials><feed>
      <add key="Username" value="me" /><add key="ClearTextPassword" value="s3cret" /></feed></packageSourceCredentials>"""
    with running(FeedServer(packages, credentials="me:s3cret")) as feed:
        assert installed(sources_for(feed, tmp_path, more=credentials), "Corpus.A", "1.0.0").version.normalized == "1.0.0"
        assert feed.answers == [401, 200, 200, 200]
        with pytest.raises(SourceError) as raised:
            sources_for(feed, tmp_path, replace(IMPATIENT, keeps_answers=False)).find("a", wanted("1"))
        assert "401" in raised.value.message
    seen: list[str] = []
    other = FeedServer({}, credentials="other:one")
    with running(other), running(FeedServer(packages)) as feed:
        feed.misbehave = lambda path: Response(302, b"", (("Location", other.index),)) if path == "/v3/index.json" else None
        other.misbehave = lambda path: seen.append(path)
        with pytest.raises(SourceError, match="401"):
            sources_for(feed, tmp_path, replace(IMPATIENT, keeps_answers=False), credentials).find("a", wanted("1"))
    assert seen == ["/v3/index.json"]


def test_a_package_that_is_not_the_one_asked_for_is_refused(packages: dict[str, dict[str, bytes]], tmp_path: Path) -> None:
    false = {"corpus.leaf": {"1.0.0": packages["corpus.a"]["1.0.0"], "3.0.0": packages["corpus.leaf"]["2.0.0"], "4.0.0": b"no archive"}}
    with running(FeedServer(false)) as feed:
        sources = sources_for(feed, tmp_path)
        codes = []
        for version in ("1.0.0", "3.0.0", "4.0.0"):
            with pytest.raises(PackageError) as raised:
                installed(sources, "Corpus.Leaf", f"[{version}]")
            codes.append(raised.value.code)
    assert codes == ["AOTD0401", "AOTD0401", "AOTD0403"]
    assert not list((tmp_path / "home/.nuget/packages").rglob("*.nupkg"))


def test_many_packages_at_once(packages: dict[str, dict[str, bytes]], tmp_path: Path) -> None:
    ids = sorted(packages)[:100]
    with running(FeedServer(packages)) as feed:
        sources = sources_for(feed, tmp_path)
        sources.prefetch((package_id, wanted("*-*")) for package_id in ids)
        matches = [sources.find(package_id, wanted("*-*")) for package_id in ids]
        found = sources.install_all((match, None) for match in matches if match is not None)
    assert len(found) == 100
    assert len(feed.requests) == 201


def test_proxies_come_from_the_configuration_and_the_environment() -> None:
    url = urlsplit("https://feed.example/v3/index.json")
    assert proxy_for(url, Proxy("http://configured:1", ()), {"http_proxy": "http://other:2"}) == "http://configured:1"
    assert proxy_for(url, None, {"https_proxy": "proxy:3128"}) == "http://proxy:3128"
    assert proxy_for(url, None, {"https_proxy": "proxy:3128", "no_proxy": "x, .example"}) == ""
    assert proxy_for(urlsplit("http://127.0.0.1:5000/"), Proxy("http://configured:1", ()), {}) == ""
    assert not is_bypassed("feed.example", ("ample",))


def test_requests_go_through_a_proxy(packages: dict[str, dict[str, bytes]], tmp_path: Path) -> None:
    """The server itself plays the proxy: it then gets absolute URLs."""
    with running(FeedServer(packages)) as feed:
        feed.misbehave = lambda path: feed.respond(path.removeprefix("http://feed.example"), "", "") if path.startswith("http:") else None
        more = f'<config><add key="http_proxy" value="{feed.url}" /></config>'
        sources = sources_for(feed, tmp_path, more=more, source="http://feed.example/v3/index.json")
        assert sources.find("No.Such", wanted("1.0.0")) is None
    # The resources are on 127.0.0.1, which is never asked through a proxy.
    assert feed.requests == ["http://feed.example/v3/index.json", "/flat/no.such/index.json"]

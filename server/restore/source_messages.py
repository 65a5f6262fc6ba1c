"""Messages about the sources of a restore: servers without encryption, and sources that could not be asked but may be missing."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from server.restore.package_spec import PackageSpec
from server.restore.restore_log import LogMessage, error, warning
from server.restore.sources import PackageSources
from server.restore.versions import parse_version

_HTTP_IS_ERROR_FROM = parse_version("9.0.100")


def insecure_sources(spec: PackageSpec, sources: PackageSources) -> Iterator[LogMessage]:
    """NU1302 for each server without encryption that the configuration does not allow; NU1803 at an SDK analysis level below 9.0.100."""
    level = parse_version(spec.restore.analysis_level)
    is_error = not spec.restore.uses_sdk if level is None else _HTTP_IS_ERROR_FROM is not None and level >= _HTTP_IS_ERROR_FROM
    for url in sources.insecure:
        if is_error:
            yield error(
                "NU1302",
                f"You are running the 'restore' operation with an 'HTTP' source: {url}. NuGet requires HTTPS sources. "
                "To use an HTTP source, you must explicitly set 'allowInsecureConnections' to true in your NuGet.Config file. "
                "Refer to https://aka.ms/nuget-https-everywhere for more information.",
            )
        else:
            yield warning(
                "NU1803",
                f"You are running the 'restore' operation with an 'HTTP' source, '{url}'. "
                "Non-HTTPS access will be removed in a future version. Consider migrating to an 'HTTPS' source.",
            )


def unmapped_sources(spec: PackageSpec, sources: PackageSources) -> Iterator[LogMessage]:
    """NU1507 when central package management meets several servers and nothing says which package is from which."""
    servers = [one.name for one in sources.feeds if one.feed.is_http]
    if spec.restore.central.enabled and sources.considers is None and len(servers) > 1:
        yield warning(
            "NU1507",
            f"There are {len(servers)} package sources defined in your configuration. When using central package management, please map "
            "your package sources with package source mapping (https://aka.ms/nuget-package-source-mapping) or specify a "
            f"single package source. The following sources are defined: {', '.join(servers)}",
        )


def failed_sources(asked: Collection[str], sources: PackageSources) -> Iterator[LogMessage]:
    """NU1801 for each package that an ignored source could not be asked for, among those that a project asked for.

    `asked` are names in lower case: projects with the same sources share them, and what became of them.
    """
    for package_id, message in dict.fromkeys((package_id, failure.message) for package_id, failure in sources.failures):
        if package_id.lower() in asked:
            yield warning("NU1801", message, package_id)

"""What a server knows of vulnerable packages: the pages of its VulnerabilityInfo resource to advisories by package.

A page that cannot be had is a problem that is told, not an error: the others still count.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from server.restore.errors import SourceError
from server.restore.http_cache import LIST_SECONDS
from server.restore.http_feed import HttpFeed
from server.restore.versions import ALL_VERSIONS, VersionRange, parse_range

_RESOURCE = "VulnerabilityInfo/6.7.0"
_MAX_PAGES = 16
_LONGEST_NAME = 32
_NAME = re.compile(r"[A-Za-z0-9_-]+")
UNKNOWN_SEVERITY = -1
_HIGHEST_SEVERITY = 3


@dataclass(frozen=True, slots=True)
class Advisory:
    """A known vulnerability of some versions of a package. Severity counts from 0 (low) to 3 (critical), -1 when unknown."""

    url: str
    severity: int
    versions: VersionRange


# Package id in lower case -> its advisories.
Advisories = Mapping[str, tuple[Advisory, ...]]


@dataclass(frozen=True, slots=True)
class KnownVulnerabilities:
    """What a server told: its pages, None when there was no index to be had, and what went wrong."""

    pages: tuple[Advisories, ...] | None
    problems: tuple[str, ...] = ()


def known_vulnerabilities(feed: HttpFeed, name: str) -> KnownVulnerabilities | None:
    """What the server named `name` knows; None when it has no such resource."""
    problems: list[str] = []
    try:
        indexes = feed.resources(_RESOURCE)
        if not indexes:
            return None
        listed = feed.json(indexes[0], "vuln_index", LIST_SECONDS)
    except SourceError as error:
        return KnownVulnerabilities(None, (error.message,))
    if not isinstance(listed, list):
        return KnownVulnerabilities(None, (_not_loaded(name, indexes[0]),))
    if len(listed) > _MAX_PAGES:
        problems.append(f"Package source '{name}' has {len(listed)} vulnerability data pages. Using the first {_MAX_PAGES}.")
    pages = []
    for key, url in _valid_pages(listed[:_MAX_PAGES], indexes[0], name, problems):
        try:
            pages.append(_page(feed, key, url, name))
        except SourceError as error:
            problems.append(error.message)
    return KnownVulnerabilities(tuple(pages), tuple(problems))


def _valid_pages(listed: Sequence[object], base: str, name: str, problems: list[str]) -> list[tuple[str, str]]:
    """Name and URL of the pages that can be asked for; what is wrong with the others goes to `problems`."""
    found: dict[str, tuple[str, str]] = {}
    for number, entry in enumerate(listed):
        key, url = (entry.get("@name"), entry.get("@id")) if isinstance(entry, dict) else (None, None)
        if not isinstance(key, str) or not key.strip():
            problems.append(f"Vulnerability page index {number} does not contain a name (Source: '{name}')")
        elif len(key) > _LONGEST_NAME:
            problems.append(f"Vulnerability page index {number} name is longer than {_LONGEST_NAME} characters (Source: '{name}')")
        elif not _NAME.fullmatch(key):
            problems.append(f"Vulnerability page index {number} contains invalid characters (Source: '{name}')")
        elif not isinstance(url, str):
            problems.append(f"Vulnerability page '{key}' does not contain a URL (Source: '{name}')")
        elif urlsplit(urljoin(base, url)).scheme not in ("http", "https"):
            problems.append(f"Vulnerability page '{key}' contains URL that is not http(s) (Source: '{name}')")
        elif key.lower() in found:
            problems.append(f"Vulnerability page name '{key}' is not unique. Only using the first (Source: '{name}')")
        else:
            found[key.lower()] = (key, urljoin(base, url))
    return list(found.values())


def _page(feed: HttpFeed, key: str, url: str, name: str) -> Advisories:
    values = feed.json(url, f"vuln_data_{key}", LIST_SECONDS)
    if not isinstance(values, dict):
        raise SourceError(feed.source, _not_loaded(name, url))
    return {package_id.lower(): _advisories(feed, listed, name, url) for package_id, listed in values.items()}


def _advisories(feed: HttpFeed, listed: object, name: str, url: str) -> tuple[Advisory, ...]:
    found = []
    for entry in listed if isinstance(listed, list) else [None]:
        about = entry.get("url") if isinstance(entry, dict) else None
        if not isinstance(entry, dict) or not isinstance(about, str):
            raise SourceError(feed.source, _not_loaded(name, url))
        severity, text = entry.get("severity"), entry.get("versions")
        known = isinstance(severity, int) and 0 <= severity <= _HIGHEST_SEVERITY
        versions = parse_range(text) if isinstance(text, str) else ALL_VERSIONS
        if versions is None:
            raise SourceError(feed.source, _not_loaded(name, url))
        found.append(Advisory(about, severity if known and isinstance(severity, int) else UNKNOWN_SEVERITY, versions))
    return tuple(found)


def _not_loaded(name: str, url: str) -> str:
    return (
        f"Package source '{name}' vulnerability data index '{url}' could not be loaded. "
        "This indicates a problem with the JSON file contents returned from the server."
    )

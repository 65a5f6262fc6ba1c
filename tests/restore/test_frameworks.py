"""Target frameworks: names, what is compatible with what, which of several is nearest."""

from __future__ import annotations

import pytest

from server.restore.framework_compatibility import is_compatible, nearest
from server.restore.frameworks import parse_framework


@pytest.mark.parametrize(
    ("text", "full", "short"),
    [
        ("net8.0", ".NETCoreApp,Version=v8.0", "net8.0"),
        (".NETCoreApp,Version=v8.0", ".NETCoreApp,Version=v8.0", "net8.0"),
        ("net472", ".NETFramework,Version=v4.7.2", "net472"),
        ("net4.7.2", ".NETFramework,Version=v4.7.2", "net472"),
        ("net10", ".NETFramework,Version=v1.0", "net10"),
        ("netstandard2.0", ".NETStandard,Version=v2.0", "netstandard2.0"),
        ("netcoreapp3.1", ".NETCoreApp,Version=v3.1", "netcoreapp3.1"),
        ("portable-net45+win8", ".NETPortable,Version=v0.0,Profile=Profile7", "portable-net45+win8"),
        (".NETFramework,Version=v4.5,Profile=Client", ".NETFramework,Version=v4.5,Profile=Client", "net45-client"),
        ("bogus", "Unsupported,Version=v0.0", "unsupported"),
    ],
)
def test_names(text: str, full: str, short: str) -> None:
    assert (parse_framework(text).full_name, parse_framework(text).short_name) == (full, short)


@pytest.mark.parametrize(
    ("project", "fits", "others"),
    [
        ("net8.0", "net8.0 net6.0 netcoreapp3.1 netstandard2.1 netstandard1.0", "net9.0 net472 net8.0-windows uap10.0"),
        ("net8.0-windows", "net8.0 net8.0-windows net6.0-windows netstandard2.0", "net8.0-android"),
        ("net472", "net45 net472 netstandard2.0 portable-net45+win8", "netstandard2.1 net48 net6.0"),
        ("netstandard2.0", "netstandard1.6 netstandard2.0", "netstandard2.1 net461 netcoreapp2.0"),
        ("netcoreapp2.1", "netstandard2.0 netcoreapp1.0", "netstandard2.1"),
    ],
)
def test_compatible(project: str, fits: str, others: str) -> None:
    wanted = parse_framework(project)
    assert [name for name in fits.split() if not is_compatible(wanted, parse_framework(name))] == []
    assert [name for name in others.split() if is_compatible(wanted, parse_framework(name))] == []


@pytest.mark.parametrize(
    ("project", "offered", "best"),
    [
        ("net10.0", "net8.0 netstandard2.0 net462", "net8.0"),
        ("net10.0", "netstandard2.1 netcoreapp1.0", "netcoreapp1.0"),
        ("net48", "net45 netstandard2.0 net472", "net472"),
        ("net461", "netstandard2.0 net40", "net40"),
        ("net8.0-windows10.0.19041", "net8.0 net6.0-windows", "net8.0"),
        ("net8.0", "net461 net472", None),
        ("net8.0", "net461 any", "any"),
    ],
)
def test_the_nearest(project: str, offered: str, best: str | None) -> None:
    found = nearest(parse_framework(project), [parse_framework(name) for name in offered.split()])
    assert (found.short_name if found is not None else None) == best


def test_fallbacks_count_when_nothing_fits() -> None:
    offered = [parse_framework("net461")]
    fallbacks = (parse_framework("net462"),)
    assert nearest(parse_framework("net8.0"), offered, fallbacks) == offered[0]

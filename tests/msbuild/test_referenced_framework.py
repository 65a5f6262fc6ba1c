"""Which target framework of a referenced project a project gets."""

from __future__ import annotations

import pytest

from server.build.referenced_framework import fitting_framework, offered_frameworks


@pytest.mark.parametrize(
    ("mine", "offered", "expected"),
    [
        ("net9.0", "net8.0;netstandard2.0", "net8.0"),
        ("net9.0", "netstandard2.1; net10.0 ;netstandard2.0", "netstandard2.1"),
        ("net8.0", "netstandard2.0;NET8.0", "NET8.0"),
        ("netcoreapp3.1", "netcoreapp3.1;netstandard2.1", "netcoreapp3.1"),
        ("netstandard2.0", "net8.0;netcoreapp3.1", None),
        ("net8.0", "net48;net6.0-windows", None),
    ],
)
def test_fitting(mine: str, offered: str, expected: str | None) -> None:
    assert fitting_framework(mine, offered_frameworks(offered)) == expected

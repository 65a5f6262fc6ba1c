"""Numbers of a million digits wherever a project, a package or a resource can hold one: an answer of the reader's own, and at once."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from server.build.resource_values import primitive_value
from server.msbuild.conditions import to_number, to_version
from server.msbuild.functions.formatting import format_text
from server.msbuild.functions.frameworks import parse_framework
from server.msbuild.functions.number_texts import fitted_decimal, read_decimal, read_double, read_integer
from server.msbuild.functions.regexes import compile_pattern
from server.msbuild.functions.time_spans import parse_span
from server.msbuild.functions.values import ClrError, parse_version
from server.restore.versions import parse_version as parse_package_version
from server.whole_numbers import TOO_LARGE, magnitude, signed_number

MANY = "123456789" * 111_112
MOST_SECONDS = 2.0


def refused_decimal(text: str) -> bool:
    value = read_decimal(text, exponent=True)
    return value is None or fitted_decimal(value) is None


ANSWERS: dict[str, Callable[[], bool]] = {
    "magnitude": lambda: magnitude(MANY) == TOO_LARGE and magnitude(MANY, 16) == TOO_LARGE,
    "zeros": lambda: magnitude("0" * 1_000_000 + "7") == 7,
    "signed": lambda: signed_number(f"-{MANY}") == -TOO_LARGE,
    "integer": lambda: read_integer(f" {MANY} ") == TOO_LARGE,
    "double": lambda: read_double(MANY) == float("inf") and read_double(f"0.{MANY}") == 0.12345678912345678,
    "decimal": lambda: refused_decimal(MANY) and refused_decimal("1e999999999") and not refused_decimal(f"0.{MANY}"),
    "condition": lambda: to_number(MANY) is None and to_version(f"1.{MANY}") is None,
    "package version": lambda: parse_package_version(f"1.{MANY}") is None and parse_package_version(f"1.0.0-{MANY}") is not None,
    "framework": lambda: parse_framework(f"net5.{MANY}").identifier == "Unsupported",
}
REFUSED: dict[str, Callable[[], object]] = {
    "version": lambda: parse_version(f"1.{MANY}"),
    "span": lambda: parse_span(f"{MANY}.00:00:00"),
    "format": lambda: format_text(f"{{{MANY}}}", "a"),
    "quantifier": lambda: compile_pattern(f"b{{{MANY}}}"),
}
RESOURCES = ("Int32", "Byte", "UInt64", "Decimal", "TimeSpan")


@pytest.mark.parametrize("name", ANSWERS)
def test_answers(name: str) -> None:
    began = time.process_time()
    assert ANSWERS[name]()
    assert time.process_time() - began < MOST_SECONDS


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    began = time.process_time()
    with pytest.raises(ClrError) as refused:
        REFUSED[name]()
    assert "4300" not in refused.value.message
    assert time.process_time() - began < MOST_SECONDS


@pytest.mark.parametrize("name", RESOURCES)
def test_resource_values(name: str) -> None:
    with pytest.raises(ValueError, match="is not a valid value for"):
        primitive_value(f"System.{name}", MANY)

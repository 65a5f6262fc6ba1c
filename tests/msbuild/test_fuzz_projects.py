"""Mutated project files: no exception, no hang, and every failure says where. The long run is `dev.py bench fuzz-projects`."""

from __future__ import annotations

import pytest

from tests.msbuild.test_corpus import CORPUS
from tools.bench.fuzz_projects import Fuzzer
from tools.bench.project_mutants import Case, mutant, read_cases

NUMBERS = range(1_000_000, 1_001_500)


def test_mutants_are_evaluated_or_rejected() -> None:
    fuzzer = Fuzzer(CORPUS)
    verdicts = {number: fuzzer.try_number(number) for number in NUMBERS}
    assert {number: verdict for number, verdict in verdicts.items() if verdict.is_bad} == {}
    kinds = {verdict.kind for verdict in verdicts.values()}
    assert kinds == {"fine", "rejected"}


def test_mutants_are_the_same_each_time() -> None:
    cases = read_cases(CORPUS)
    assert [mutant(cases, number) for number in range(50)] == [mutant(cases, number) for number in range(50)]


@pytest.mark.parametrize(
    "value",
    [
        "$([System.Text.RegularExpressions.Regex]::Replace('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!', '(a+)+$', ''))",
        "$([System.Uri]::new('http://[x').Host)",
        "$([System.Uri]::new('http://a:99999999/').Port)",
    ],
)
def test_what_mutants_found(value: str) -> None:
    """Each of these once was a traceback or a hang."""
    text = f'<Project><PropertyGroup><A>{value}</A></PropertyGroup><Target Name="T" /></Project>'
    assert not Fuzzer(CORPUS).try_case(Case("own", {"case.proj": text}, "case.proj")).is_bad

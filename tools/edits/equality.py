"""Random edits of made-up projects: after each, what the session of all edits says must be what a session of its own says."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

from analyzers.finding import Finding
from analyzers.run import AnalysisRequest, AnalysisSession
from compiler.flow.reader_kind import ReaderKind
from compiler.render import canonical_line
from tools.edits.compiling import Compiler
from tools.edits.generator import edit, make_project

N_FILES, N_MEMBERS, N_STATEMENTS = 6, 5, 4


@dataclass(frozen=True, slots=True)
class Step:
    """One edit: what was done, how many findings and units there were to read, and what differs from a clean analysis."""

    seed: int
    number: int
    edit: str
    n_findings: int
    n_read: int
    differences: tuple[str, ...]


def run_sequence(compiler: Compiler, seed: int, n_edits: int) -> Iterator[Step]:
    """One project and its edits, compared with a clean analysis after each. Edits that do not compile are taken back."""
    for session, request, number, done in _versions(compiler, seed, n_edits):
        yield compare(compiler, session, request, seed, number, done)
    compiler.worker.close_project(_name(seed))


def run_to_end(compiler: Compiler, seed: int, n_edits: int) -> Step:
    """The same, compared after the last edit only."""
    last: tuple[AnalysisSession, AnalysisRequest, int, str] | None = None
    for session, request, number, done in _versions(compiler, seed, n_edits):
        for reader in ReaderKind:
            session.findings(replace(request, reader=reader, with_suppressed=True))
        last = (session, request, number, done)
    assert last is not None, "the project compiles before it is edited"
    session, request, number, done = last
    # An edit that did not compile is what the compiler knows now.
    compiler.compile(_name(seed), request.sources)
    step = compare(compiler, session, request, seed, number, done)
    compiler.worker.close_project(_name(seed))
    return step


def _name(seed: int) -> str:
    return f"edits-{seed}"


def _versions(compiler: Compiler, seed: int, n_edits: int) -> Iterator[tuple[AnalysisSession, AnalysisRequest, int, str]]:
    """The session of all edits, and what is asked of it after each, with what was done."""
    random = Random(seed)
    project = make_project(random, N_FILES, N_MEMBERS, N_STATEMENTS)
    session = compiler.session()
    done = "start"
    for number in range(n_edits + 1):
        request = compiler.compile(_name(seed), project.texts())
        if request is not None:
            before = copy.deepcopy(project)
            yield session, request, number, done
        else:
            project = copy.deepcopy(before)
        for _ in range(random.choice((1, 1, 1, 3))):
            done = edit(random, project)


def compare(compiler: Compiler, session: AnalysisSession, request: AnalysisRequest, seed: int, number: int, done: str) -> Step:
    """Analyses by both readers, in the session and clean."""
    differences: list[str] = []
    n_findings = n_read = 0
    clean = compiler.session()
    for reader in (ReaderKind.BUILD, ReaderKind.PUBLISH):
        asked = replace(request, reader=reader, with_suppressed=True)
        known = session.n_read(reader)
        mine, theirs = session.findings(asked), clean.findings(asked)
        n_read += session.n_read(reader) - known
        n_findings += len(mine)
        differences += [f"{reader.value} only incremental: {_line(each)}" for each in mine if each not in theirs]
        differences += [f"{reader.value} only clean: {_line(each)}" for each in theirs if each not in mine]
    return Step(seed, number, done, n_findings, n_read, tuple(differences))


def _line(finding: Finding) -> str:
    return f"{canonical_line(finding.to_diagnostic())} in {finding.member} {finding.suppression}"

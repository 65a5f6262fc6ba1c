"""`dev.py bench fuzz-projects [--count N] [--from N] [--corpus FOLDER] [--log FILE]`: evaluates and builds mutated project files.

A mutant must be evaluated, and its targets run, without an exception that is no diagnostic, within two seconds, and every failure must
say where it is. Targets run with tasks that touch nothing. Files are in memory. With `--log` the numbers of bad mutants are appended to
a file, and a run that was stopped goes on where it stood.
"""

from __future__ import annotations

import argparse
import json
import resource
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from unittest.mock import patch

from compiler.diagnostics import Diagnostic, Location, Severity
from server.build.events import BuildLog, Importance, Record
from server.build.services import BuildServices
from server.build.session import BuildSession
from server.build.tasks.registry import find_task
from server.build.tasks.task import TaskDefinition
from server.msbuild.expand import Expander
from server.msbuild.model import ProjectInstance
from server.msbuild.project import ProjectEvaluator
from server.msbuild.sdks import OWN_SDK_FOLDER
from server.msbuild.xml import XmlElement
from tools.bench.memory_files import MemoryFiles
from tools.bench.project_mutants import Case, mutant, read_cases

# Of the processor: a machine that is busy with other things makes nothing hang.
HANG_SECONDS = 2.0
_FOLDER = "/work/case"
_VARIABLES = {"HOME": "/home/me", "PATH": "/bin"}
_MEMORY_BYTES = 4 << 30
_FRAMES = 3
# Tasks that read and write nothing outside of the build.
_HARMLESS = frozenset(
    "message warning error createitem createproperty calltarget msbuild assignculture assigntargetpath removeduplicates findunderpath "
    "findinlist converttoabsolutepath hash telemetry combinepath combinetargetframeworkinfoproperties formatversion formaturl".split()
)


class _Hang(BaseException):
    """Raised into a mutant that takes too long; no handler of the program catches it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a mutant went. `kind` is "fine", "rejected", "traceback", "hang" or "no position"; `text` says what and where."""

    kind: str
    text: str = ""

    @property
    def is_bad(self) -> bool:
        """Is it a fault of ours?"""
        return self.kind in ("traceback", "hang", "no position")


class Fuzzer:
    """Tries mutants. Invariant: between two mutants nothing of the first is left but parsed files that did not change."""

    def __init__(self, corpus: Path) -> None:
        self.cases = read_cases(corpus)
        self.files = MemoryFiles(OWN_SDK_FOLDER)
        self.evaluator = ProjectEvaluator(_VARIABLES, _FOLDER, self.files)

    def try_number(self, number: int) -> Verdict:
        """The verdict on the mutant of that number."""
        return self.try_case(mutant(self.cases, number))

    def try_case(self, case: Case) -> Verdict:
        """The verdict on one set of files."""
        self.files.replace({f"{_FOLDER}/{path}": text for path, text in case.files.items()})
        errors: list[Diagnostic] = []

        def listen(record: Record) -> None:
            if isinstance(record.event, Diagnostic) and record.event.severity is Severity.ERROR:
                errors.append(record.event)

        log = BuildLog([listen], least=Importance.LOW)
        try:
            with _time_limit(), patch("server.build.task_execution.find_definition", _find_harmless):
                answer = BuildSession(self.evaluator, log).build(f"{_FOLDER}/{case.entry}", {}, [])
        except _Hang as hang:
            return Verdict("hang", _innermost(hang))
        except Exception as error:  # noqa: BLE001  # whatever it is, it is what is looked for
            return Verdict("traceback", _innermost(error))
        unplaced = [error for error in errors if not _has_position(error.location)]
        if unplaced:
            return Verdict("no position", f"{unplaced[0].code}: {unplaced[0].message[:100]}")
        if not answer.succeeded and not errors:
            return Verdict("no position", "failed without an error")
        return Verdict("fine" if answer.succeeded else "rejected")


def _has_position(place: Location | None) -> bool:
    """A line, or at least the file where there is no line to name."""
    return place is not None and bool(place.file)


def _innermost(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "/server/" in frame.filename][-_FRAMES:]
    places = " < ".join(f"{Path(frame.filename).name}({frame.lineno}) {frame.name}" for frame in reversed(ours))
    return f"{type(error).__name__}: {str(error)[:100]} in {places}"


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise _Hang


@contextmanager
def _time_limit() -> Iterator[None]:
    before = signal.signal(signal.SIGPROF, _interrupt)
    signal.setitimer(signal.ITIMER_PROF, HANG_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _find_harmless(
    _instance: ProjectInstance, _log: BuildLog, _services: BuildServices, element: XmlElement, _expander: Expander
) -> TaskDefinition | None:
    found = find_task(element.name)
    return found if found is not None and found.name.lower() in _HARMLESS else None


def fuzz(fuzzer: Fuzzer, numbers: Sequence[int], log: Path | None) -> Counter[str]:
    """Tries mutants and counts verdicts; progress and faults go to stderr."""
    counts: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    start = time.monotonic()
    for done, number in enumerate(numbers, start=1):
        verdict = fuzzer.try_number(number)
        counts[verdict.kind] += 1
        if verdict.is_bad:
            seen[verdict.text] += 1
            if seen[verdict.text] == 1:
                sys.stderr.write(f"{number}: {verdict.kind}: {verdict.text}\n")
        if log is not None and (verdict.is_bad or done % 1000 == 0):
            with log.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps({"number": number, "kind": verdict.kind, "text": verdict.text}) + "\n")
        if done % 5000 == 0:
            sys.stderr.write(f"{done} mutants, {done / (time.monotonic() - start):.0f} a second, {dict(counts)}\n")
    return counts


def _resumed(log: Path | None, first: int) -> int:
    """The number after the last one that was noted."""
    if log is None or not log.is_file():
        return first
    numbers = [int(json.loads(line)["number"]) for line in log.read_text(encoding="utf-8").splitlines() if line.strip()]
    return max([first - 1, *numbers]) + 1


def run(root: Path, arguments: list[str]) -> int:
    """Exit code 1 when a mutant showed a fault."""
    parser = argparse.ArgumentParser(prog="dev.py bench fuzz-projects")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--from", type=int, default=0, dest="first")
    parser.add_argument("--corpus", type=Path, default=root.parent / "shared" / "corpus" / "msbuild")
    parser.add_argument("--log", type=Path)
    options = parser.parse_args(arguments)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    first = _resumed(options.log, options.first)
    start = time.monotonic()
    counts = fuzz(Fuzzer(options.corpus), range(first, options.first + options.count), options.log)
    total = sum(counts.values())
    sys.stdout.write(f"{total} mutants in {time.monotonic() - start:.0f} s: {dict(sorted(counts.items()))}\n")
    return 1 if any(counts[kind] for kind in ("traceback", "hang", "no position")) else 0

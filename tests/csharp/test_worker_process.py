"""The worker process dies, hangs or chokes: the request says so, and the next one works."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from compiler.csharp.client import CSharpResult, CSharpWorker
from compiler.csharp.errors import ToolchainError
from compiler.csharp.options import CSharpOptions, OutputKind
from compiler.csharp.process import RequestCancelled
from compiler.csharp.toolchain import Toolchain
from tests.conftest import ROOT
from tests.csharp.conftest import Programs

pytestmark = pytest.mark.run
LIBRARY = CSharpOptions(output_kind=OutputKind.LIBRARY)
GOOD = "class C { public int M() => 1; }"


@pytest.fixture
def own_worker(toolchain: Toolchain, cache_dir: Path) -> Iterator[CSharpWorker]:
    """A worker for one test, to be ill-treated; it answers within 20 s or is given up."""
    worker = CSharpWorker(toolchain, cache_dir, os.environ, timeout_seconds=20)
    yield worker
    worker.close()


def codes(result: CSharpResult) -> list[str]:
    """Codes of the diagnostics."""
    return [diagnostic.code for diagnostic in result.diagnostics]


def process_id(worker: CSharpWorker) -> int:
    """The process that runs now."""
    assert worker.process_id is not None
    return worker.process_id


def kill(worker: CSharpWorker) -> int:
    """Kills the process and waits until that is known; the process id that it had."""
    victim = process_id(worker)
    os.kill(victim, signal.SIGKILL)
    while worker.process_id is not None:
        time.sleep(0.005)
    return victim


def test_a_worker_killed_between_requests_is_replaced(own_worker: CSharpWorker, programs: Programs) -> None:
    request = programs.request("p", GOOD, options=LIBRARY)
    first = own_worker.compile(request)
    for _ in range(3):
        before = kill(own_worker)
        assert own_worker.compile(request) == first
        assert process_id(own_worker) != before


def test_a_worker_killed_during_a_request_fails_that_request(own_worker: CSharpWorker, programs: Programs) -> None:
    request = programs.request("p", GOOD, options=LIBRARY)
    own_worker.compile(request)
    victim = process_id(own_worker)
    os.kill(victim, signal.SIGSTOP)
    threading.Timer(0.3, os.kill, (victim, signal.SIGKILL)).start()
    result = own_worker.compile(request)
    assert (result.pe, codes(result)) == (None, ["AOTD0111"])
    assert "signal 9" in result.diagnostics[0].message
    assert own_worker.compile(request).pe is not None


def test_a_hanging_worker_is_given_up(toolchain: Toolchain, cache_dir: Path, programs: Programs) -> None:
    worker = CSharpWorker(toolchain, cache_dir, os.environ, timeout_seconds=20)
    request = programs.request("p", GOOD, options=LIBRARY)
    worker.compile(request)
    impatient = CSharpWorker(toolchain, cache_dir, os.environ, timeout_seconds=4)
    try:
        impatient.request("describe", {})
        hung = process_id(impatient)
        os.kill(hung, signal.SIGSTOP)
        result = impatient.compile(request)
        assert (result.pe, codes(result)) == (None, ["AOTD0112"])
        assert impatient.request("describe", {}).body["process"] != hung
    finally:
        impatient.close()
        worker.close()


def test_only_what_changed_is_sent_and_a_new_process_gets_all(own_worker: CSharpWorker, programs: Programs) -> None:
    texts = ["class A { public const int X = 1; }", "class B { int Y = A.X; }", "class D { int Z = A.X; }"]
    assert own_worker.compile(programs.request("p", *texts, options=LIBRARY)).pe is not None
    texts[0] = "class A { public const int Q = 1; }"
    changed = own_worker.compile(programs.request("p", *texts, options=LIBRARY))
    assert [(item.code, item.location and item.location.file) for item in changed.diagnostics] == [
        ("CS0117", "/src/1.cs"),
        ("CS0117", "/src/2.cs"),
    ]
    kill(own_worker)
    assert own_worker.compile(programs.request("p", *texts, options=LIBRARY)).diagnostics == changed.diagnostics
    shorter = own_worker.compile(programs.request("p", texts[0], options=LIBRARY))
    assert shorter.diagnostics == () and shorter.pe is not None


def test_requests_of_many_threads(own_worker: CSharpWorker, programs: Programs) -> None:
    results: dict[int, list[CSharpResult]] = {}

    def work(number: int) -> None:
        results[number] = [
            own_worker.compile(programs.request(f"p{number % 4}", f"class C{number} {{ int x = {step}; }}", options=LIBRARY))
            for step in range(5)
        ]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in range(8):
        for result in results[number]:
            assert result.pe is not None and f"C{number}\0".encode() in result.pe


@pytest.mark.parametrize(
    "text",
    [
        "class C { int x = " + "(" * 3_000 + "1" + ")" * 3_000 + "; }",
        "class C { int x = " + "1 + " * 50_000 + "1; }",
        "class C { void M() " + "{" * 20_000 + "}" * 20_000 + " }",
        "class C { object x = " + "new object[] {" * 5_000 + "}" * 5_000 + "; }",
        "class C { int M(int a) => " + "a is 1 or " * 20_000 + "a is 2 ? 1 : 0; }",
        "\0\0\0",
        'class C { string s = "\ud800"; }',
    ],
    ids=["parentheses", "sum", "blocks", "arrays", "patterns", "nul", "surrogate"],
)
def test_monstrous_sources_leave_the_worker_alive(own_worker: CSharpWorker, programs: Programs, text: str) -> None:
    own_worker.compile(programs.request("p", GOOD, options=LIBRARY))
    own_worker.compile(programs.request("p", text, options=LIBRARY))
    assert own_worker.compile(programs.request("p", GOOD, options=LIBRARY)).pe is not None


def test_an_unknown_verb_is_an_answer(own_worker: CSharpWorker) -> None:
    with pytest.raises(ToolchainError) as error:
        own_worker.request("dance", {})
    assert error.value.code == "AOTD0113" and "unknown verb dance" in error.value.message


def test_the_worker_ends_with_its_parent(toolchain: Toolchain, cache_dir: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path\n"
        "from compiler.csharp.client import CSharpWorker\n"
        "from compiler.csharp.toolchain import find_toolchain\n"
        "worker = CSharpWorker(find_toolchain(os.environ, Path.cwd()), Path(sys.argv[1]), os.environ)\n"
        "print(worker.request('describe', {}).body['process'], flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(cache_dir)], cwd=ROOT, capture_output=True, text=True, check=False)
    orphan = Path("/proc") / done.stdout.strip()
    deadline = time.monotonic() + 10
    while orphan.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not orphan.exists()


def test_a_cache_that_cannot_be_written_is_said(toolchain: Toolchain, programs: Programs, tmp_path: Path) -> None:
    blocked = tmp_path / "cache"
    blocked.write_text("a file where the folder should be", encoding="utf-8")
    worker = CSharpWorker(toolchain, blocked, os.environ)
    result = worker.compile(programs.request("p", GOOD, options=LIBRARY))
    assert codes(result) == ["AOTD0105"] and str(blocked) in result.diagnostics[0].message


def test_a_compilation_can_be_given_up(own_worker: CSharpWorker, programs: Programs) -> None:
    body = "".join(f"int M{number}(int a) {{ var b = new int[a]; return b.Select(x => x + {number}).Sum(); }}\n" for number in range(40))
    texts = [f"using System.Linq; class C{number} {{ {body} }}" for number in range(60)]
    request = programs.request("p", *texts, options=LIBRARY)
    failures: list[str] = []

    def work() -> None:
        try:
            own_worker.compile(request)
        except RequestCancelled:
            failures.append("cancelled")

    thread = threading.Thread(target=work)
    thread.start()
    while thread.is_alive():
        own_worker.cancel("p")
        time.sleep(0.01)
    assert failures == ["cancelled"]
    before = process_id(own_worker)
    assert own_worker.compile(programs.request("p", GOOD, *texts[:2], options=LIBRARY)).pe is not None
    assert process_id(own_worker) == before
    own_worker.cancel("p")
    own_worker.cancel("nobody")


def test_settings_for_other_programs_do_not_reach_the_worker(toolchain: Toolchain, cache_dir: Path, programs: Programs) -> None:
    hostile = {"DOTNET_STARTUP_HOOKS": "/nonexistent/hook.dll", "CORECLR_ENABLE_PROFILING": "1", "DOTNET_gcServer": "1"}
    worker = CSharpWorker(toolchain, cache_dir, {**os.environ, **hostile})
    try:
        assert worker.compile(programs.request("p", GOOD, options=LIBRARY)).pe is not None
    finally:
        worker.close()

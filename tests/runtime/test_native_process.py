"""Pipes, waiting, mappings, watches and child processes: the shim against the class library's own."""

from __future__ import annotations

import ctypes
import fcntl
import os
import select
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.runtime.conftest import Compare
from tests.runtime.native_library import NativeLibrary, Trace

O_CLOEXEC = 0x10
POLL_EVENT = struct.Struct("<ihh")


def test_pipes(compare: Compare) -> None:
    def scenario(library: NativeLibrary, folder: Path) -> Trace:
        trace: Trace = []
        for flags in (0, O_CLOEXEC, 1):
            ends = (ctypes.c_int32 * 2)()
            trace.append(library.outcome("Pipe", ends, flags))
            if trace[-1][0] != 0:
                continue
            reader, writer = ends
            trace += [os.get_inheritable(reader), os.get_inheritable(writer), library.outcome("FcntlGetFD", reader)]
            trace += [library.outcome("FcntlSetFD", writer, 0), os.get_inheritable(writer)]
            trace += [library.outcome("FcntlSetFD", writer, 1), os.get_inheritable(writer)]
            trace += [library.outcome("FcntlGetPipeSz", reader), library.outcome("FcntlSetPipeSz", reader, 8192)]
            trace += [library.outcome("FcntlGetPipeSz", writer), library.outcome("FcntlSetPipeSz", reader, -1)]
            blocking = ctypes.c_int32(9)
            for value in (1, 0, 5):
                trace.append(library.outcome("FcntlSetIsNonBlocking", reader, value))
                trace += [library.outcome("FcntlGetIsNonBlocking", reader, blocking), blocking.value]
            trace.append(library.outcome("Read", reader, ctypes.create_string_buffer(1), 1))
            copy = library.call("Dup", writer)
            trace += [os.get_inheritable(copy), library.outcome("Write", copy, b"text", 4), library.outcome("Close", copy)]
            trace += [library.outcome("Close", fd) for fd in (reader, writer)]
        bad = ctypes.c_int32(9)
        trace += [library.outcome("FcntlGetIsNonBlocking", -1, bad), bad.value, library.outcome("FcntlSetIsNonBlocking", -1, 1)]
        return [*trace, library.outcome("Dup", -1), library.outcome("FcntlGetFD", -1), library.call("FcntlCanGetSetPipeSz")]

    compare(scenario)


def test_close_on_exec_is_set_when_asked_for(ours: NativeLibrary) -> None:
    reader, writer = os.pipe()
    os.set_inheritable(reader, True)
    assert ours.call("FcntlSetFD", reader, O_CLOEXEC) == 0
    assert fcntl.fcntl(reader, fcntl.F_GETFD) == fcntl.FD_CLOEXEC
    os.close(reader)
    os.close(writer)


def test_poll(compare: Compare) -> None:
    def scenario(library: NativeLibrary, folder: Path) -> Trace:
        reader, writer = os.pipe()
        trace: Trace = []

        def poll(*events: tuple[int, int], timeout: int = 0) -> None:
            raw = b"".join(POLL_EVENT.pack(fd, wanted, -1) for fd, wanted in events)
            block, triggered = ctypes.create_string_buffer(raw, len(raw)), ctypes.c_uint32(99)
            result = library.call("Poll", block, len(events), timeout, triggered)
            trace.append((result, triggered.value, [event[1:] for event in POLL_EVENT.iter_unpack(block.raw)]))

        poll((reader, 1), (writer, 4))
        os.write(writer, b"x")
        poll((reader, 1 | 2), (writer, 4), (9999, 1), (-1, 1), timeout=1000)
        os.close(writer)
        poll((reader, 1), (reader, 0), timeout=-1)
        poll((reader, 1), timeout=-2)
        poll()
        trace += [library.call("Poll", None, 1, 0, ctypes.c_uint32()), library.call("Poll", ctypes.c_int64(), 1, 0, None)]
        os.close(reader)
        poll((reader, 1))
        poll(*[(9999, 1)] * 600)
        return trace

    compare(scenario)


def test_mappings(compare: Compare) -> None:
    def scenario(library: NativeLibrary, folder: Path) -> Trace:
        file = folder / "f"
        file.write_bytes(b"a" * 8192)
        trace: Trace = []
        with file.open("rb+") as stream:
            address = library.call("MMap", 0, 8192, 3, 1, stream.fileno(), 0)
            ctypes.memmove(address, b"shared", 6)
            trace += [library.outcome("MSync", address, 8192, flags) for flags in (0x02, 0x12, 0x01, 0x03, 0x20)]
            trace += [file.read_bytes()[:8], library.outcome("MAdvise", address, 8192, 1), library.outcome("MAdvise", address, 8192, 2)]
            trace += [library.outcome("MUnmap", address, 8192), library.outcome("MUnmap", address + 1, 8192)]
            address = library.call("MMap", 0, 4096, 3, 2, stream.fileno(), 4096)
            ctypes.memmove(address, b"private", 7)
            trace += [file.read_bytes()[4096:4104], library.outcome("MUnmap", address, 4096)]
            for protection, flags, offset in ((8, 1, 0), (1, 4, 0), (1, 0, 0), (1, 1, 1), (1, 1, 1 << 40)):
                trace.append(library.outcome("MMap", 0, 4096, protection, flags, stream.fileno(), offset)[1] if flags else None)
        anonymous = library.call("MMap", 0, 4096, 3, 0x12, -1, 0)
        trace += [ctypes.string_at(anonymous, 16), library.outcome("MUnmap", anonymous, 4096)]
        return [*trace, library.outcome("MMap", 0, 0, 1, 0x12, -1, 0)]

    compare(scenario)


def test_shared_memory(compare: Compare) -> None:
    def scenario(library: NativeLibrary, folder: Path) -> Trace:
        name = f"/aotd-test-{os.getpid()}"
        create = 0x20 | 0x40 | 2
        fd = library.call("ShmOpen", name, create, 0o600)
        trace: Trace = [os.get_inheritable(fd), library.outcome("ShmOpen", name, create, 0o600), library.outcome("FTruncate", fd, 100)]
        again = library.call("ShmOpen", name, 0, 0)
        trace += [os.fstat(again).st_size, oct(os.fstat(again).st_mode), library.outcome("ShmUnlink", name)]
        trace += [library.outcome("ShmUnlink", name), library.outcome("ShmOpen", name, 0, 0)]
        trace += [library.outcome("ShmOpen", wrong, create, 0o600) for wrong in ("/", "/a/b", "/" + "n" * 256)]
        trace += [library.outcome("ShmUnlink", wrong) for wrong in ("/", "/a/b", "/" + "n" * 256)]
        os.close(fd)
        os.close(again)
        return trace

    compare(scenario)


def test_watches(compare: Compare) -> None:
    def scenario(library: NativeLibrary, folder: Path) -> Trace:
        fd = library.call("INotifyInit")
        watch = library.call("INotifyAddWatch", fd, folder, 0x100 | 0x2 | 0x200 | 0x01000000)
        (folder / "new").write_bytes(b"x")
        (folder / "new").unlink()
        buffer = ctypes.create_string_buffer(4096)
        length = library.call("Read", fd, buffer, 4096)
        trace: Trace = [os.get_inheritable(fd), watch, buffer.raw[:length]]
        trace += [library.outcome("INotifyRemoveWatch", fd, watch), library.outcome("INotifyRemoveWatch", fd, watch)]
        trace += [library.outcome("INotifyAddWatch", fd, folder / "none", 2), library.outcome("INotifyAddWatch", fd, folder, 0)]
        os.close(fd)
        return trace

    compare(scenario)


class Spawn:
    """One call of ForkAndExecProcess and what came of it."""

    def __init__(
        self, library: NativeLibrary, line: Sequence[str], *, cwd: Path | None = None, redirect: str = "ioe", credentials: bool = False
    ) -> None:
        self._library = library
        arguments = (ctypes.c_char_p * (len(line) + 1))(*(part.encode() for part in line), None)
        environment = (ctypes.c_char_p * 3)(b"PATH=/usr/bin:/bin", b"WORD=spoken", None)
        self._out = [ctypes.c_int32(-7) for _ in range(4)]
        wanted = [int(letter in redirect) for letter in "ioe"]
        user = (1, os.getuid(), os.getgid()) if credentials else (0, 0, 0)
        groups = (ctypes.c_uint32 * 1)(os.getgid())
        self.outcome = library.outcome(
            "ForkAndExecProcess", line[0], arguments, environment, cwd, *wanted, *user, groups, int(credentials), *self._out
        )
        self.pid, self.stdin, self.stdout, self.stderr = (value.value for value in self._out)

    def finish(self, text: bytes = b"") -> Trace:
        """Writes `text` to the child, reads what it says and reaps it."""
        trace: Trace = [self.outcome]
        if self.stdin >= 0:
            os.write(self.stdin, text)
            os.close(self.stdin)
        for fd in (self.stdout, self.stderr):
            if fd >= 0:
                with os.fdopen(fd, "rb") as stream:
                    trace.append(stream.read())
        exit_code = ctypes.c_int32(-7)
        if self.pid > 0:
            while (reaped := self._library.call("WaitPidExitedNoHang", self.pid, exit_code)) == 0:
                time.sleep(0.002)
            trace.append((reaped == self.pid, exit_code.value))
            trace += [self._library.outcome("WaitPidExitedNoHang", self.pid, exit_code), exit_code.value]
        return trace


def test_start_and_streams(compare: Compare) -> None:
    def scenario(library: NativeLibrary, folder: Path) -> Trace:
        script = 'read line; echo "got $line $WORD in $(cat here)"; echo oops >&2; exit 7'
        (folder / "here").write_text("the folder")
        trace = Spawn(library, ["/bin/sh", "-c", script], cwd=folder).finish(b"it\n")
        trace += Spawn(library, ["/bin/sh", "-c", "kill -9 $$"]).finish()
        trace += Spawn(library, ["/bin/sh", "-c", "exit 0"], redirect="").finish()
        trace += Spawn(library, ["/bin/sh", "-c", "id -u; exit 3"], credentials=True).finish()
        partial = Spawn(library, ["/bin/sleep", "60"], redirect="o")
        trace += [partial.stdin, partial.stdout >= 0, partial.stderr]
        library.call("Kill", partial.pid, int(signal.SIGKILL))
        return [*trace, *partial.finish()]

    compare(scenario)


def test_start_that_fails(compare: Compare) -> None:
    def scenario(library: NativeLibrary, folder: Path) -> Trace:
        not_executable, no_program = folder / "text", folder / "empty"
        not_executable.write_text("x")
        no_program.write_bytes(b"\0\1\2")
        no_program.chmod(0o755)
        trace: Trace = []
        descriptors = len(os.listdir("/proc/self/fd"))
        for line, cwd in (
            (["/none"], None),
            ([str(not_executable)], None),
            ([str(no_program)], None),
            (["/bin/true"], folder / "none"),
            ([str(folder)], None),
        ):
            spawn = Spawn(library, line, cwd=cwd)
            trace += [spawn.outcome, spawn.pid, spawn.stdin, spawn.stdout, spawn.stderr]
        return [*trace, len(os.listdir("/proc/self/fd")) - descriptors]

    compare(scenario)


def test_child_has_only_its_streams_and_default_signals(compare: Compare) -> None:
    def scenario(library: NativeLibrary, folder: Path) -> Trace:
        before = signal.signal(signal.SIGUSR1, lambda number, frame: None)
        ignored = signal.signal(signal.SIGUSR2, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])
        try:
            return Spawn(library, ["/bin/sh", "-c", "grep -E 'Sig(Blk|Ign|Cgt)' /proc/self/status; ls /proc/self/fd"]).finish()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGHUP])
            signal.signal(signal.SIGUSR1, before)
            signal.signal(signal.SIGUSR2, ignored)

    compare(scenario)


def test_waiting_for_any_child(compare: Compare) -> None:
    def scenario(library: NativeLibrary, folder: Path) -> Trace:
        trace: Trace = [library.outcome("WaitIdAnyExitedNoHangNoWait")]
        child = subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE)
        exit_code = ctypes.c_int32(-7)
        trace += [
            library.outcome("WaitIdAnyExitedNoHangNoWait"),
            library.outcome("WaitPidExitedNoHang", child.pid, exit_code),
            exit_code.value,
        ]
        assert child.stdin is not None
        child.stdin.close()
        while (found := library.call("WaitIdAnyExitedNoHangNoWait")) == 0:
            time.sleep(0.002)
        trace += [found == child.pid, library.call("WaitIdAnyExitedNoHangNoWait") == child.pid]
        return [*trace, child.wait(), library.outcome("Kill", child.pid, 0), library.outcome("Kill", os.getpid(), 0)]

    compare(scenario)


def test_priority_and_affinity(compare: Compare) -> None:
    def scenario(library: NativeLibrary, folder: Path) -> Trace:
        child = subprocess.Popen(["/bin/sleep", "60"])
        mask = ctypes.c_ssize_t(-1)
        trace: Trace = []
        for which, who in ((0, child.pid), (0, -1), (9, 0)):
            trace.append((library.call("GetPriority", which, who), ctypes.get_errno()))
            trace.append(library.outcome("SetPriority", which, who, 3))
        trace += [library.call("GetPriority", 0, child.pid), ctypes.get_errno()]
        trace += [library.outcome("SchedGetAffinity", child.pid, mask), mask.value]
        trace += [library.outcome("SchedSetAffinity", child.pid, ctypes.c_ssize_t(value)) for value in (1, 0, 1 << 40)]
        trace += [
            library.outcome("SchedGetAffinity", child.pid, mask),
            mask.value,
            library.outcome("SchedGetAffinity", -5, mask),
            mask.value,
        ]
        child.kill()
        child.wait()
        return trace

    compare(scenario)


@pytest.mark.parametrize("name", ["Read", "Poll", "LowLevelMonitor_TimedWait", "Open"])
def test_interrupted_calls_go_on(shim: Path, name: str) -> None:
    """A process that gets signals all the time while it waits sees no EINTR."""
    program = f"""
import ctypes, os, signal, sys, threading, time
library = ctypes.CDLL({str(shim)!r}, use_errno=True)
signal.signal(signal.SIGALRM, lambda *_: None)
signal.siginterrupt(signal.SIGALRM, True)
signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
reader, writer = os.pipe()
name = {name!r}
if name == "Read":
    threading.Timer(0.3, lambda: os.write(writer, b"x")).start()
    print(library.SystemNative_Read(ctypes.c_ssize_t(reader), ctypes.create_string_buffer(4), 4))
elif name == "Poll":
    threading.Timer(0.3, lambda: os.write(writer, b"x")).start()
    event, triggered = (ctypes.c_int32 * 2)(reader, 1), ctypes.c_uint32()
    print(library.SystemNative_Poll(event, 1, 60000, ctypes.byref(triggered)) + triggered.value)
elif name == "Open":
    os.mkfifo("fifo")
    threading.Timer(0.3, lambda: open("fifo", "w").close()).start()
    print(int(library.SystemNative_Open(b"fifo", 0, 0) > 0))
else:
    library.SystemNative_LowLevelMonitor_Create.restype = ctypes.c_void_p
    monitor = ctypes.c_void_p(library.SystemNative_LowLevelMonitor_Create())
    library.SystemNative_LowLevelMonitor_Acquire(monitor)
    start = time.monotonic()
    print(1 + library.SystemNative_LowLevelMonitor_TimedWait(monitor, 300) if time.monotonic() - start > 0.25 else 1)
"""
    with_signals = subprocess.run([sys.executable, "-c", program], cwd=shim.parent, capture_output=True, text=True, timeout=60, check=False)
    (shim.parent / "fifo").unlink(missing_ok=True)
    assert (with_signals.stdout.strip(), with_signals.stderr) == ("1", "")


def test_select_is_left_to_poll(compare: Compare) -> None:
    assert hasattr(select, "poll")
    compare(lambda library, folder: [library.call("Select", None, 0, None, 0, None, 0, 0, 0, ctypes.c_int32())])

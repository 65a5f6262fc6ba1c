"""errno, memory, clocks, randomness, users, the machine and synchronisation: the shim against the class library's own."""

from __future__ import annotations

import ctypes
import os
import re
import struct
import threading
import time
from pathlib import Path

import pytest

from tests.runtime.conftest import Compare
from tests.runtime.native_library import NativeLibrary, Trace


def test_every_errno_both_ways(compare: Compare) -> None:
    def scenario(library: NativeLibrary, folder: Path) -> Trace:
        platform = [*range(-3, 200), -0x20001, -0x20002, 1 << 20]
        pal = [*range(0x10000, 0x10080), 0, 1, -1, 0x20000, 0x20001, 0x20002, 0x20003, 0x1FFFF]
        trace: Trace = [(error, library.call("ConvertErrorPlatformToPal", error)) for error in platform]
        return [*trace, *((error, library.call("ConvertErrorPalToPlatform", error)) for error in pal)]

    compare(scenario)


@pytest.mark.parametrize("length", [1024, 30, 9, 1, 0, -1])
def test_error_texts(compare: Compare, length: int) -> None:
    def scenario(library: NativeLibrary, folder: Path) -> Trace:
        trace: Trace = []
        for error in [*range(0, 140), -0x20001, -0x20002, -1, 9999]:
            buffer = ctypes.create_string_buffer(1024)
            address = library.call("StrErrorR", error, buffer, length)
            trace.append((error, ctypes.string_at(address) if address else None))
        return trace

    compare(scenario)


def test_errno_is_kept(ours: NativeLibrary) -> None:
    ours.call("SetErrNo", 42)
    assert ctypes.get_errno() == 42
    ctypes.set_errno(17)
    library = ours._library  # a call through the class would clear errno first
    assert library.SystemNative_GetErrNo() == 17


def test_memory(compare: Compare) -> None:
    def scenario(library: NativeLibrary, folder: Path) -> Trace:
        block = library.call("Malloc", 100)
        ctypes.memset(block, 7, 100)
        block = library.call("Realloc", block, 100_000)
        trace: Trace = [ctypes.string_at(block, 100)]
        library.call("Free", block)
        zeroed = library.call("Calloc", 10, 100)
        trace.append(ctypes.string_at(zeroed, 1000))
        library.call("Free", zeroed)
        trace += [library.call("Calloc", 1 << 62, 1 << 62), library.call("Malloc", (1 << 63) - 1)]
        for alignment in (16, 64, 4096):
            aligned = library.call("AlignedAlloc", alignment, alignment * 2)
            ctypes.memset(aligned, 9, alignment * 2)
            grown = library.call("AlignedRealloc", aligned, alignment * 2, alignment * 8)
            trace += [aligned % alignment, grown % (alignment * 2), ctypes.string_at(grown, alignment * 2)]
            library.call("AlignedFree", grown)
        shrunk = library.call("AlignedRealloc", library.call("AlignedAlloc", 64, 256), 64, 64)
        library.call("AlignedFree", shrunk)
        fresh = library.call("AlignedRealloc", None, 64, 64)
        trace.append(fresh % 64)
        library.call("AlignedFree", fresh)
        library.call("AlignedFree", None)
        return trace

    compare(scenario)


def test_clocks(ours: NativeLibrary, peer: NativeLibrary) -> None:
    before, ticks, after = time.time_ns(), ours.call("GetSystemTimeAsTicks"), time.time_ns()
    assert before // 100 <= ticks <= after // 100
    stamps = [library.call("GetTimestamp") for library in (peer, ours, peer, ours)]
    assert stamps == sorted(stamps)
    assert abs(ours.call("GetBootTimeTicks") - peer.call("GetBootTimeTicks")) < 10_000_000


def test_cpu_utilization(ours: NativeLibrary) -> None:
    previous = ctypes.create_string_buffer(24)
    ours.call("GetCpuUtilization", previous)
    end = time.monotonic() + 0.2
    while time.monotonic() < end:
        pass
    used = ours.call("GetCpuUtilization", previous)
    wall, kernel, user = struct.unpack("<QQQ", previous.raw)
    assert 20 < used < 250
    assert abs(wall - time.monotonic_ns()) < 10**9
    assert 0 < user + kernel <= int(sum(os.times()[:2]) * 1e9) + 10**8


@pytest.mark.parametrize("name", ["GetCryptographicallySecureRandomBytes", "GetNonCryptographicallySecureRandomBytes"])
def test_random(ours: NativeLibrary, name: str) -> None:
    blocks = set()
    for _ in range(8):
        buffer = ctypes.create_string_buffer(100_003)
        assert ours.call(name, buffer, 100_000) in (0, None)
        assert buffer.raw[100_000:] == bytes(3)
        assert len(set(buffer.raw[:100_000])) == 256
        blocks.add(buffer.raw)
    assert len(blocks) == 8
    assert ours.call(name, ctypes.create_string_buffer(1), 0) in (0, None)


class Passwd(ctypes.Structure):
    """Interop.Sys.Passwd."""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("password", ctypes.c_char_p),
        ("uid", ctypes.c_uint32),
        ("gid", ctypes.c_uint32),
        ("user_info", ctypes.c_char_p),
        ("home_directory", ctypes.c_char_p),
        ("shell", ctypes.c_char_p),
    ]

    def values(self) -> Trace:
        """All fields."""
        return [getattr(self, name) for name, *_ in self._fields_]


def test_users_and_groups(compare: Compare) -> None:
    def scenario(library: NativeLibrary, folder: Path) -> Trace:
        trace: Trace = [library.call("GetEUid"), library.call("GetEGid"), library.outcome("SetEUid", library.call("GetEUid"))]
        for length in (4096, 8, 0, -1):
            buffer, entry = ctypes.create_string_buffer(4096), Passwd()
            for user in (0, 1, 65534, 4_000_000):
                trace += [library.call("GetPwUidR", user, entry, buffer, length), entry.values()]
            for name in ("root", "daemon", "nobody at all"):
                trace += [library.call("GetPwNamR", name, entry, buffer, length), entry.values()]
        for capacity in (0, 1, 64):
            groups, count = (ctypes.c_uint32 * 64)(), ctypes.c_int32(capacity)
            for name in ("root", "nobody at all"):
                trace += [library.call("GetGroupList", name, 12345, groups, count), count.value, list(groups)]
        groups = (ctypes.c_uint32 * 64)()
        trace += [library.outcome("GetGroups", 0, groups), library.outcome("GetGroups", 64, groups), list(groups)]
        return [*trace, library.outcome("GetGroups", -1, groups), library.text("GetGroupName", 0), library.text("GetGroupName", 4_000_000)]

    compare(scenario)


def test_machine(compare: Compare) -> None:
    def scenario(library: NativeLibrary, folder: Path) -> Trace:
        trace: Trace = [library.outcome("SysConf", name) for name in (0, 1, 2, 3, -1)]
        trace += [library.text("GetUnixRelease"), library.call("GetOSArchitecture"), library.text("GetProcessPath"), library.call("GetPid")]
        for length in (512, 4):
            version, capacity = ctypes.create_string_buffer(512), ctypes.c_int32(length)
            trace += [library.call("GetUnixVersion", version, capacity), version.value, capacity.value]
        for name in ("GetHostName", "GetDomainName"):
            buffer = ctypes.create_string_buffer(256)
            trace += [library.outcome(name, buffer, 255), buffer.value]
        trace.append(library.call("GetDefaultSearchOrderPseudoHandle") == library.call("GetDefaultSearchOrderPseudoHandle"))
        trace += [library.call("TryGetUInt32OSThreadId") == threading.get_native_id(), library.outcome("GetSid", 0)]
        return trace

    compare(scenario)


def test_processor_number(ours: NativeLibrary) -> None:
    assert ours.call("SchedGetCpu") in range(os.cpu_count() or 1)


def test_environment(compare: Compare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AOTD_TEST_VARIABLE", "wert=ü")
    compare(lambda library, folder: [library.call("GetEnv", "AOTD_TEST_VARIABLE"), library.call("GetEnv", "AOTD_NO_SUCH_VARIABLE")])


MountPointFound = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_char_p)


def test_mounts(compare: Compare) -> None:
    def scenario(library: NativeLibrary, folder: Path) -> Trace:
        found: Trace = []
        on_found = MountPointFound(lambda context, name: found.append((context, name)))
        result = library.outcome("GetAllMountPoints", on_found, 0x1234)
        trace: Trace = [result, found]
        for path in (b"/", b"/proc", b"/none"):
            format_name, format_type = ctypes.create_string_buffer(b"x" * 31), ctypes.c_int64(7)
            trace.append(library.outcome("GetFormatInfoForMountPoint", path, format_name, 32, format_type))
            trace += [format_name.value, format_type.value]
        space = ctypes.create_string_buffer(b"\xa5" * 24, 24)
        trace += [library.outcome("GetSpaceInfoForMountPoint", b"/proc", space), space.raw]
        return [*trace, library.outcome("GetSpaceInfoForMountPoint", b"/none", space), space.raw]

    compare(scenario)


def test_free_space(ours: NativeLibrary) -> None:
    space = ctypes.create_string_buffer(24)
    assert ours.call("GetSpaceInfoForMountPoint", b"/", space) == 0
    available, free, total = struct.unpack("<QQQ", space.raw)
    expected = os.statvfs("/")
    assert total == expected.f_bsize * expected.f_blocks
    assert available <= free <= total
    assert abs(free - expected.f_bsize * expected.f_bfree) < 1 << 30


@pytest.mark.parametrize("length", [64, 5, 1, 0, -1])
def test_formatting(compare: Compare, length: int) -> None:
    def scenario(library: NativeLibrary, folder: Path) -> Trace:
        buffer = ctypes.create_string_buffer(64)
        trace: Trace = [library.outcome("SNPrintF_1S", buffer, length, b"<%s>", b"text"), buffer.value]
        return [*trace, library.outcome("SNPrintF_1I", buffer, length, b"\x1b[%dm", 1234), buffer.value]

    compare(scenario)


def test_monitor(ours: NativeLibrary) -> None:
    monitor = ours.call("LowLevelMonitor_Create")
    turns: list[str] = []

    def wait() -> None:
        ours.call("LowLevelMonitor_Acquire", monitor)
        turns.append("waiting")
        while "set" not in turns:
            ours.call("LowLevelMonitor_Wait", monitor)
        turns.append("woken")
        ours.call("LowLevelMonitor_Release", monitor)

    waiter = threading.Thread(target=wait)
    waiter.start()
    while "waiting" not in turns:
        time.sleep(0.001)
    ours.call("LowLevelMonitor_Acquire", monitor)
    turns.append("set")
    ours.call("LowLevelMonitor_Signal_Release", monitor)
    waiter.join(10)
    assert turns == ["waiting", "set", "woken"]
    ours.call("LowLevelMonitor_Acquire", monitor)
    start = time.monotonic()
    assert ours.call("LowLevelMonitor_TimedWait", monitor, 1050) == 0
    assert 1.0 < time.monotonic() - start < 5
    ours.call("LowLevelMonitor_Release", monitor)
    ours.call("LowLevelMonitor_Destroy", monitor)


def test_log_goes_to_the_standard_streams(ours: NativeLibrary, capfd: pytest.CaptureFixture[str]) -> None:
    ours.call("Log", b"to stdout\n", 10)
    ours.call("LogError", b"to stderr\n", 10)
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("to stdout\n", "to stderr\n")


def test_names_of_signals(compare: Compare) -> None:
    compare(lambda library, folder: [library.call("GetPlatformSignalNumber", signal) for signal in range(-12, 70)])


def test_version_text_is_uname(ours: NativeLibrary) -> None:
    version, capacity = ctypes.create_string_buffer(512), ctypes.c_int32(512)
    ours.call("GetUnixVersion", version, capacity)
    assert re.match(rb"Linux \d+\.\d+", version.value)

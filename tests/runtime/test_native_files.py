"""Files, directories and names: the shim against the class library's own."""

from __future__ import annotations

import ctypes
import os
import struct
from pathlib import Path

import pytest

from tests.runtime.conftest import Compare
from tests.runtime.native_library import NativeLibrary, Trace

O_RDONLY, O_WRONLY, O_RDWR = 0, 1, 2
O_CLOEXEC, O_CREAT, O_EXCL, O_TRUNC, O_SYNC, O_NOFOLLOW = 0x10, 0x20, 0x40, 0x80, 0x100, 0x200
FILE_STATUS = struct.Struct("<iiIIqqqqqqqqqqqqI4x")
TIME_SPECS = struct.Struct("<qqqq")


def status(library: NativeLibrary, name: str, subject: object) -> Trace:
    """What a stat call says, without what differs between two files: inode and times of change."""
    buffer = ctypes.create_string_buffer(b"\xa5" * FILE_STATUS.size, FILE_STATUS.size)
    outcome = library.outcome(name, subject, buffer)
    if outcome[0] != 0:
        return [outcome, buffer.raw]
    flags, mode, uid, gid, size, at, at_ns, mt, mt_ns, _, _, bt, bt_ns, dev, rdev, _, user = FILE_STATUS.unpack(buffer.raw)
    return [outcome, flags, oct(mode), uid, gid, size, at, at_ns, mt, mt_ns, bt, bt_ns, dev, rdev, user]


def set_times(path: Path) -> None:
    """Fixed times, so that traces can hold them."""
    os.utime(path, ns=(1_000_000_000_123_456_789, 1_100_000_000_987_654_321), follow_symlinks=False)


def test_stat(compare: Compare) -> None:
    def scenario(library: NativeLibrary, folder: Path) -> Trace:
        file, directory, link, fifo, missing = (folder / name for name in ("file", "dir", "link", "fifo", "missing"))
        file.write_bytes(b"x" * 4097)
        file.chmod(0o4751)
        directory.mkdir(0o2750)
        link.symlink_to(file)
        os.mkfifo(fifo, 0o640)
        for path in (file, fifo, link, directory):
            set_times(path)
        trace: Trace = []
        subjects = [file, directory, link, fifo, missing, file / "below", Path("/dev/zero"), folder / ("n" * 300)]
        for path in subjects:  # Stat comes second: following a link is an access to it
            trace += [status(library, "LStat", path), status(library, "Stat", path)]
        with file.open() as stream:
            trace.append(status(library, "FStat", stream.fileno()))
        trace.append(status(library, "FStat", -1))
        return trace

    compare(scenario)


def test_inode_device_and_change_time_are_the_file_s(ours: NativeLibrary, tmp_path: Path) -> None:
    buffer = ctypes.create_string_buffer(FILE_STATUS.size)
    assert ours.call("Stat", tmp_path, buffer) == 0
    fields = FILE_STATUS.unpack(buffer.raw)
    expected = tmp_path.stat()
    assert (fields[9] * 10**9 + fields[10], fields[13], fields[15]) == (expected.st_ctime_ns, expected.st_dev, expected.st_ino)


def test_open_flags(compare: Compare) -> None:
    def scenario(library: NativeLibrary, folder: Path) -> Trace:
        (folder / "there").write_bytes(b"content")
        (folder / "link").symlink_to("there")
        trace: Trace = []
        for access in (O_RDONLY, O_WRONLY, O_RDWR):
            for flags in (0, O_CREAT, O_CREAT | O_EXCL, O_TRUNC, O_SYNC | O_CLOEXEC, O_NOFOLLOW, O_CREAT | O_CLOEXEC):
                for name in ("there", "link", "new", ".", "none/x"):
                    fd, error = library.outcome("Open", folder / name, access | flags, 0o606)
                    trace.append((access, flags, name, fd >= 0, error))
                    if fd >= 0:
                        trace.append((os.get_inheritable(fd), os.fstat(fd).st_size, oct(os.fstat(fd).st_mode)))
                        trace.append(library.outcome("Close", fd))
                (folder / "new").unlink(missing_ok=True)
        return trace

    compare(scenario)


@pytest.mark.parametrize("flags", [3, 15, 0x400, 0x1000, -1])
def test_unknown_open_flags_are_invalid(compare: Compare, flags: int) -> None:
    compare(lambda library, folder: [library.outcome("Open", folder, flags, 0)])


def test_read_write_seek(compare: Compare) -> None:
    def scenario(library: NativeLibrary, folder: Path) -> Trace:
        fd = library.call("Open", folder / "f", O_RDWR | O_CREAT, 0o600)
        buffer = ctypes.create_string_buffer(64)
        trace: Trace = [library.outcome("Write", fd, b"hello world", 11), library.outcome("LSeek", fd, 0, 1)]
        trace += [library.outcome("LSeek", fd, offset, whence) for whence in (0, 1, 2, 3, 9) for offset in (0, 3, -2, -100, 1 << 40)]
        trace += [library.outcome("LSeek", fd, 6, 0), library.outcome("Read", fd, buffer, 64), buffer.raw]
        trace += [library.outcome("PRead", fd, buffer, 5, 2), buffer.raw, library.outcome("PRead", fd, buffer, 5, -1)]
        trace += [library.outcome("PWrite", fd, b"HE", 2, 0), library.outcome("PWrite", fd, b"!", 1, 4096)]
        trace += [library.outcome("Read", fd, buffer, -1), library.outcome("Write", fd, buffer, -1), library.outcome("Read", -1, buffer, 1)]
        trace += [library.outcome("FTruncate", fd, 5), library.outcome("FTruncate", fd, -5), library.outcome("FSync", fd)]
        trace += [library.outcome("Close", fd), library.outcome("Close", fd), (folder / "f").read_bytes()]
        return trace

    compare(scenario)


def test_vectors(compare: Compare) -> None:
    def scenario(library: NativeLibrary, folder: Path) -> Trace:
        fd = library.call("Open", folder / "f", O_RDWR | O_CREAT, 0o600)
        parts = [ctypes.create_string_buffer(part, len(part)) for part in (b"one", b"", b"three", b"4")]
        vectors = struct.pack("@" + "PN" * len(parts), *(x for part in parts for x in (ctypes.addressof(part), len(part))))
        block = ctypes.create_string_buffer(vectors, len(vectors))
        trace: Trace = [library.outcome("PWriteV", fd, block, 4, 10)]
        for part in parts:
            ctypes.memset(part, 0, len(part))
        trace += [library.outcome("PReadV", fd, block, 4, 9), [part.raw for part in parts]]
        trace += [library.outcome("PReadV", fd, block, 4, 16), library.outcome("PReadV", fd, block, 4, -1)]
        trace += [library.outcome("PReadV", fd, block, 0, 0), library.outcome("PReadV", -1, block, 1, 0), library.outcome("Close", fd)]
        return trace

    compare(scenario)


def test_space_and_hints(compare: Compare) -> None:
    def scenario(library: NativeLibrary, folder: Path) -> Trace:
        fd = library.call("Open", folder / "f", O_RDWR | O_CREAT, 0o600)
        trace: Trace = [library.outcome("FAllocate", fd, 0, 1 << 16), os.fstat(fd).st_size, os.fstat(fd).st_blocks > 0]
        trace += [library.outcome("FAllocate", fd, 0, 1 << 62), library.outcome("FAllocate", -1, 0, 1)]
        trace += [library.call("PosixFAdvise", fd, 0, 0, advice) for advice in (-1, 0, 1, 2, 3, 4, 5, 6)]
        trace += [library.call("PosixFAdvise", -1, 0, 0, 1), library.call("GetFileSystemType", fd), library.call("GetFileSystemType", -1)]
        return [*trace, library.outcome("Close", fd)]

    compare(scenario)


def test_locks(compare: Compare) -> None:
    def scenario(library: NativeLibrary, folder: Path) -> Trace:
        first, second = (library.call("Open", folder / "f", O_RDWR | O_CREAT, 0o600) for _ in range(2))
        shared, exclusive, no_wait, unlock = 1, 2, 4, 8
        trace: Trace = [library.outcome("FLock", first, exclusive | no_wait), library.outcome("FLock", second, shared | no_wait)]
        trace += [
            library.outcome("FLock", first, unlock),
            library.outcome("FLock", second, shared | no_wait),
            library.outcome("FLock", 99, 1),
        ]
        regions = [(0, 10, 0), (0, 10, 1), (5, 0, 2), (-1, 10, 1), (0, -1, 1), (0, 10, 2), (0, 10, 7)]
        trace += [library.outcome("LockFileRegion", first, *region) for region in regions]
        return [*trace, library.outcome("Close", first), library.outcome("Close", second)]

    compare(scenario)


def test_names(compare: Compare) -> None:
    def scenario(library: NativeLibrary, folder: Path) -> Trace:
        file, directory = folder / "file", folder / "dir"
        file.write_bytes(b"x")
        trace: Trace = [
            library.outcome("MkDir", directory, 0o751),
            library.outcome("MkDir", directory, 0o751),
            oct(directory.stat().st_mode),
        ]
        trace += [library.outcome("Link", file, folder / "hard"), library.outcome("Link", folder / "no", folder / "hard2")]
        trace += [library.outcome("SymLink", "some/target", folder / "soft"), library.outcome("SymLink", "x", folder / "soft")]
        for length in (0, 3, 11, 64, -1):
            buffer = ctypes.create_string_buffer(64)
            trace += [library.outcome("ReadLink", folder / "soft", buffer, length), buffer.raw]
        trace += [library.outcome("ReadLink", file, buffer, 64), library.outcome("Rename", file, directory)]
        trace += [library.outcome("Rename", file, directory / "moved"), library.outcome("RmDir", directory), library.outcome("RmDir", file)]
        trace += [library.outcome("Unlink", directory / "moved"), library.outcome("Unlink", directory), library.outcome("RmDir", directory)]
        trace += [library.outcome("MkFifo", folder / "fifo", 0o640), library.outcome("MkFifo", folder / "fifo", 0o640)]
        trace += [library.outcome("MkNod", folder / "node", 0o100600, 0, 0), library.outcome("MkNod", folder / "no/node", 0o10600, 0, 0)]
        return [*trace, sorted(os.listdir(folder))]

    compare(scenario)


def test_temporary_names(compare: Compare) -> None:
    def scenario(library: NativeLibrary, folder: Path) -> Trace:
        trace: Trace = []
        for template, suffix in (("tXXXXXX", 0), ("tXXXXXX.tmp", 4), ("tXXX", 0), ("no/tXXXXXX", 0), ("tXXXXXX.tmp", 99)):
            name = ctypes.create_string_buffer(os.fsencode(folder / template))
            fd, error = library.outcome("MksTemps", name, suffix)
            made = Path(os.fsdecode(name.value))
            trace.append((fd >= 0, error, made.name[-suffix:] if fd >= 0 and suffix else "", len(made.name)))
            if fd >= 0:
                trace += [oct(made.stat().st_mode), library.outcome("Close", fd)]
            name = ctypes.create_string_buffer(os.fsencode(folder / template))
            address, error = library.outcome("MkdTemp", name)
            trace.append((address == ctypes.addressof(name) if address else address, error))
        return trace

    compare(scenario)


def test_modes_and_times(compare: Compare) -> None:
    def scenario(library: NativeLibrary, folder: Path) -> Trace:
        file = folder / "file"
        file.write_bytes(b"x")
        (folder / "link").symlink_to("file")
        times = ctypes.create_string_buffer(TIME_SPECS.pack(1_234_567_890, 111, 987_654_321, 999_999_999))
        omit = ctypes.create_string_buffer(TIME_SPECS.pack(5, 6, 0, (1 << 30) - 2))
        wrong = ctypes.create_string_buffer(TIME_SPECS.pack(0, 1 << 31, 0, 0))
        trace: Trace = []
        for path in (file, folder / "link", folder / "none"):
            for value in (times, omit, wrong):
                trace.append(library.outcome("UTimensat", path, value))
        trace += [status(library, "LStat", file), status(library, "LStat", folder / "link")]
        with file.open("rb+") as stream:
            trace += [library.outcome("FUTimens", stream.fileno(), times), library.outcome("FChMod", stream.fileno(), 0o612)]
            trace += [library.outcome("FChflags", stream.fileno(), 0x8000), library.outcome("FChMod", -1, 0)]
            trace.append(status(library, "FStat", stream.fileno()))
        trace += [library.outcome("ChMod", file, 0o444), library.outcome("ChMod", folder / "none", 0o444), oct(file.stat().st_mode)]
        trace += [library.outcome("LChflags", file, 0x8000), library.call("CanGetHiddenFlag"), library.call("LChflagsCanSetHiddenFlag")]
        trace += [library.outcome("Access", path, mode) for path in (file, folder / "none", "/proc/self/mem") for mode in range(9)]
        return trace

    compare(scenario)


def test_device_numbers(compare: Compare) -> None:
    def scenario(library: NativeLibrary, folder: Path) -> Trace:
        major, minor = ctypes.c_uint32(), ctypes.c_uint32()
        trace: Trace = []
        for device in (0, 0x0801, os.makedev(4095, 1048575), os.makedev(70000, 3), (1 << 64) - 1):
            library.call("GetDeviceIdentifiers", device, major, minor)
            trace.append((device, major.value, minor.value))
        return trace

    compare(scenario)


@pytest.mark.parametrize("size", [0, 1, 100_000, 3_000_000])
def test_copy(compare: Compare, size: int) -> None:
    def scenario(library: NativeLibrary, folder: Path) -> Trace:
        source, target = folder / "source", folder / "target"
        content = bytes(range(251)) * (size // 251 + 1)
        source.write_bytes(content[:size])
        source.chmod(0o640)
        set_times(source)
        with source.open("rb") as reader, target.open("wb") as writer:
            trace: Trace = [library.outcome("CopyFile", reader.fileno(), writer.fileno(), size)]
        copied, original = target.stat(), source.stat()
        trace += [copied.st_mtime_ns, copied.st_atime_ns == original.st_atime_ns, oct(copied.st_mode)]
        return [*trace, target.read_bytes() == content[:size]]

    compare(scenario)


def test_copy_of_files_that_do_not_know_their_size(compare: Compare) -> None:
    def scenario(library: NativeLibrary, folder: Path) -> Trace:
        with Path("/proc/version").open("rb") as reader, (folder / "t").open("wb") as writer:
            trace: Trace = [library.outcome("CopyFile", reader.fileno(), writer.fileno(), 0)]
        trace.append((folder / "t").read_bytes() == Path("/proc/version").read_bytes())
        (folder / "short").write_bytes(b"short")
        with (folder / "short").open("rb") as reader, (folder / "t").open("wb") as writer:
            trace.append(library.outcome("CopyFile", reader.fileno(), writer.fileno(), 1 << 20))
            trace.append(library.outcome("CopyFile", writer.fileno(), reader.fileno(), 5))
            trace.append(library.outcome("CopyFile", -1, writer.fileno(), 5))
        return [*trace, (folder / "t").read_bytes()]

    compare(scenario)


class DirectoryEntry(ctypes.Structure):
    """Interop.Sys.DirectoryEntry."""

    _fields_ = [("name", ctypes.c_char_p), ("name_length", ctypes.c_int32), ("inode_type", ctypes.c_int32)]


def test_directories(compare: Compare) -> None:
    def scenario(library: NativeLibrary, folder: Path) -> Trace:
        names = ["a", "ü" * 100, "n" * 255, "z z", "sub"]
        for name in names[:-1]:
            (folder / name).write_bytes(b"")
        (folder / "sub").mkdir()
        (folder / "link").symlink_to("a")
        os.mkfifo(folder / "fifo")
        trace: Trace = [library.outcome("OpenDir", folder / "none"), library.outcome("OpenDir", folder / "a")]
        buffer = ctypes.create_string_buffer(library.call("GetReadDirRBufferSize") + 1)
        entry = DirectoryEntry()
        stream = library.call("OpenDir", folder)
        found = []
        while library.call("ReadDirR", stream, buffer, len(buffer) - 1, entry) == 0:
            found.append((entry.name, entry.name_length, entry.inode_type))
        trace += [library.call("ReadDirR", stream, buffer, len(buffer) - 1, entry), bytes(entry)]
        return [*trace, library.outcome("CloseDir", stream), sorted(found)]

    compare(scenario)


def test_current_directory_and_real_path(compare: Compare) -> None:
    def scenario(library: NativeLibrary, folder: Path) -> Trace:
        before = Path.cwd()
        (folder / "sub").mkdir()
        (folder / "link").symlink_to("sub/../sub")
        buffer = ctypes.create_string_buffer(4096)
        trace: Trace = [library.outcome("ChDir", folder / "sub"), library.outcome("ChDir", "none")]
        try:
            address = library.call("GetCwd", buffer, 4096)
            trace += [address == ctypes.addressof(buffer), Path(os.fsdecode(buffer.value)).name]
            trace += [library.outcome("GetCwd", buffer, length) for length in (0, 1, -1)]
        finally:
            os.chdir(before)
        resolved = library.text("RealPath", folder / "link")
        return [*trace, resolved == os.fsencode((folder / "sub").resolve()), library.text("RealPath", folder / "none")]

    compare(scenario)

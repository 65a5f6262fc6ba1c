"""Name resolution, network interfaces and their changes: the shim against the class library's own."""

from __future__ import annotations

import ctypes
import os
import socket
import struct
from pathlib import Path

from tests.runtime.conftest import Compare
from tests.runtime.native_library import NativeLibrary, Trace

UNIX, INET, INET6 = 1, 2, 23


class HostEntry(ctypes.Structure):
    """Interop.Sys.HostEntry."""

    _fields_ = [
        ("canonical_name", ctypes.c_char_p),
        ("aliases", ctypes.c_void_p),
        ("addresses", ctypes.c_void_p),
        ("n_addresses", ctypes.c_int32),
    ]


def test_host_entries(compare: Compare) -> None:
    def scenario(library: NativeLibrary, folder: Path) -> Trace:
        trace: Trace = []
        for name in ("localhost", "127.0.0.1", "::1", "fe80::1%lo", socket.gethostname(), "no.such.name.invalid"):
            for family in (0, INET, INET6, UNIX, 99):
                entry = HostEntry()
                result = library.call("GetHostEntryForName", name, family, entry)
                if name.endswith("invalid"):
                    trace.append(result != 0)
                    continue
                trace.append((name, family, result, entry.canonical_name, entry.aliases, entry.n_addresses))
                if result == 0:
                    trace.append(ctypes.string_at(entry.addresses, 24 * entry.n_addresses))
                    library.call("FreeHostEntry", entry)
                    trace.append(bytes(entry)[:8] + bytes(entry)[16:28])
        return [*trace, library.call("GetHostEntryForName", None, 0, HostEntry()), library.call("FreeHostEntry", None)]

    compare(scenario)


def test_names_of_addresses(compare: Compare) -> None:
    def scenario(library: NativeLibrary, folder: Path) -> Trace:
        trace: Trace = []
        for address, is_ipv6 in ((socket.inet_aton("127.0.0.1"), 0), (bytes(15) + b"\1", 1), (socket.inet_aton("192.0.2.1"), 0)):
            for flags in (0, 1, 2) if address[0] != 192 else (2,):
                for length in (256, 4):
                    host, service = ctypes.create_string_buffer(256), ctypes.create_string_buffer(256)
                    result = library.call("GetNameInfo", address, len(address), is_ipv6, host, length, service, 256, flags)
                    trace.append((flags, length, result, host.value if result == 0 else b"", service.value if result == 0 else b""))
        return [*trace, library.call("InterfaceNameToIndex", "lo"), library.call("InterfaceNameToIndex", "none")]

    compare(scenario)


def test_interfaces(compare: Compare) -> None:
    def scenario(library: NativeLibrary, folder: Path) -> Trace:
        counts, lists = [ctypes.c_int32(), ctypes.c_int32()], [ctypes.c_void_p(), ctypes.c_void_p()]
        trace: Trace = [library.call("GetNetworkInterfaces", counts[0], lists[0], counts[1], lists[1]), counts[0].value, counts[1].value]
        for i in range(counts[0].value):
            raw = ctypes.string_at((lists[0].value or 0) + 48 * i, 48)
            speed, *rest = struct.unpack_from("=qiiHBB8sB", raw, 16)
            unknown = 0xFFFFFFFF * 1_000_000  # the peer takes ethtool's "unknown" for a number of megabits
            trace += [raw[:16].split(b"\0")[0], -1 if speed == unknown else speed, rest]
        trace += [ctypes.string_at((lists[1].value or 0) + 24 * i, 24) for i in range(counts[1].value)]
        library.call("Free", lists[0].value)
        found: Trace = []
        ipv4 = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)
        ipv6 = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p, ctypes.POINTER(ctypes.c_uint32))
        on_ipv4 = ipv4(lambda context, name, info: found.append((context, name, ctypes.string_at(info, 24))))
        on_ipv6 = ipv6(lambda context, name, info, scope: found.append((context, name, ctypes.string_at(info, 24), scope.contents.value)))
        on_link = ipv4(lambda context, name, info: found.append((context, name, ctypes.string_at(info, 16))))
        trace += [library.outcome("EnumerateInterfaceAddresses", 0x77, on_ipv4, on_ipv6, on_link), found[:]]
        found.clear()
        trace += [library.outcome("EnumerateInterfaceAddresses", None, on_ipv4, None, None), found[:]]
        return [*trace, [library.call("MapTcpState", state) for state in range(-2, 20)]]

    compare(scenario)


def test_network_changes(ours: NativeLibrary) -> None:
    listener = ctypes.c_ssize_t()
    assert ours.call("CreateNetworkChangeListenerSocket", listener) == 0
    assert ours.call("FcntlSetIsNonBlocking", listener.value, 1) == 0
    on_change = ctypes.CFUNCTYPE(None, ctypes.c_ssize_t, ctypes.c_int32)(lambda fd, kind: None)
    assert ours.call("ReadEvents", listener.value, on_change) == 0x10006
    os.close(listener.value)
    assert ours.call("ReadEvents", -1, on_change) == 0x10008

"""Sockets: the shim against the class library's own."""

from __future__ import annotations

import ctypes
import os
import socket
import struct
from pathlib import Path

import pytest

from tests.runtime.conftest import Compare
from tests.runtime.native_library import NativeLibrary, Trace

UNIX, INET, INET6, PACKET, CAN = 1, 2, 23, 65536, 65537
STREAM, DATAGRAM = 1, 2
TCP, UDP = 6, 17
ADDRESS_BYTES = 128


def int_block(value: int = 0) -> ctypes.c_int32:
    """An int32 to be passed by address."""
    return ctypes.c_int32(value)


def loopback(library: NativeLibrary, port: int = 0, family: int = INET) -> ctypes.Array[ctypes.c_char]:
    """A socket address on the loopback interface, made with the library's own setters."""
    address = ctypes.create_string_buffer(16 if family == INET else 28)
    assert library.call("SetAddressFamily", address, len(address), family) == 0
    assert library.call("SetPort", address, len(address), port) == 0
    if family == INET:
        assert library.call("SetIPv4Address", address, 16, struct.unpack("=I", socket.inet_aton("127.0.0.1"))[0]) == 0
    else:
        assert library.call("SetIPv6Address", address, 28, ctypes.create_string_buffer(bytes(15) + b"\1", 16), 16, 0) == 0
    return address


def new_socket(library: NativeLibrary, family: int = INET, kind: int = STREAM, protocol: int = TCP) -> int:
    """A socket of the library's."""
    created = ctypes.c_ssize_t()
    assert library.call("Socket", family, kind, protocol, created) == 0
    return created.value


def port_of(library: NativeLibrary, fd: int) -> int:
    """The local port of a bound socket."""
    address, length, port = ctypes.create_string_buffer(ADDRESS_BYTES), int_block(ADDRESS_BYTES), ctypes.c_uint16()
    assert library.call("GetSockName", fd, address, length) == 0
    assert library.call("GetPort", address, length.value, port) == 0
    return port.value


def connected(library: NativeLibrary) -> tuple[int, int, int]:
    """A listening socket, a client and the server's end."""
    listener, client = new_socket(library), new_socket(library)
    assert library.call("Bind", listener, TCP, loopback(library), 16) == 0
    assert library.call("Listen", listener, 5) == 0
    assert library.call("Connect", client, loopback(library, port_of(library, listener)), 16) == 0
    accepted, address, length = ctypes.c_ssize_t(), ctypes.create_string_buffer(ADDRESS_BYTES), int_block(ADDRESS_BYTES)
    assert library.call("Accept", listener, address, length, accepted) == 0
    assert length.value == 16
    return listener, client, accepted.value


def close_all(*fds: int) -> None:
    """Closes sockets."""
    for fd in fds:
        os.close(fd)


def test_address_sizes(compare: Compare) -> None:
    def scenario(library: NativeLibrary, folder: Path) -> Trace:
        sizes = [int_block() for _ in range(7)]
        trace: Trace = [library.call("GetSocketAddressSizes", *sizes[:4]), library.call("GetMaximumAddressSize")]
        library.call("GetDomainSocketSizes", *sizes[4:])
        trace.append([size.value for size in sizes])
        trace += [library.call("GetControlMessageBufferSize", four, six) for four in (0, 1) for six in (0, 1)]
        trace.append(library.call("PlatformSupportsDualModeIPv4PacketInfo"))
        return [*trace, library.call("GetSocketAddressSizes", None, *sizes[:3])]

    compare(scenario)


@pytest.mark.parametrize("length", [0, 1, 2, 4, 15, 16, 27, 28, 128, -1])
def test_addresses_with_bounds(compare: Compare, length: int) -> None:
    def scenario(library: NativeLibrary, folder: Path) -> Trace:
        trace: Trace = []
        for family in (0, UNIX, INET, INET6, PACKET, CAN, 5, -1):
            address = ctypes.create_string_buffer(b"\7" * ADDRESS_BYTES, ADDRESS_BYTES)
            trace.append(library.call("SetAddressFamily", address, length, family))
            if trace[-1] != 0:
                ctypes.memset(address, 0, 2)  # what failing left behind is nobody's business
            found, port, ip, scope = int_block(77), ctypes.c_uint16(77), ctypes.c_uint32(77), ctypes.c_uint32(77)
            bytes16 = ctypes.create_string_buffer(bytes(range(16)), 16)
            trace += [library.call("GetAddressFamily", address, length, found), found.value]
            trace += [library.call("GetPort", address, length, port), port.value]
            trace += [library.call("SetPort", address, length, 0x1234), address.raw]
            trace += [library.call("SetIPv4Address", address, length, 0x01020304), address.raw]
            trace += [library.call("GetIPv4Address", address, length, ip), ip.value]
            trace += [library.call("SetIPv6Address", address, length, bytes16, size, 9) for size in (15, 16)]
            trace += [address.raw, library.call("GetIPv6Address", address, length, bytes16, 15, scope)]
            trace += [library.call("GetIPv6Address", address, length, bytes16, 16, scope), bytes16.raw, scope.value]
        return [*trace, library.call("GetAddressFamily", None, 16, int_block()), library.call("SetPort", None, 16, 1)]

    compare(scenario)


def test_socket_creation(compare: Compare) -> None:
    def scenario(library: NativeLibrary, folder: Path) -> Trace:
        trace: Trace = []
        for family in (0, UNIX, INET, INET6, PACKET, CAN, 7, -1):
            for kind in (STREAM, DATAGRAM, 3, 4, 5, 0, 6, -1):
                for protocol in (0, 1, 2, TCP, UDP, 41, 43, 44, 58, 59, 60, 255, -1, 1000):
                    created = ctypes.c_ssize_t(-9)
                    result = library.call("Socket", family, kind, protocol, created)
                    trace.append((family, kind, protocol, result, created.value >= 0))
                    if created.value >= 0:
                        found = [int_block(-9) for _ in range(4)]
                        trace += [library.call("GetSocketType", created.value, *found), [value.value for value in found]]
                        trace.append(os.get_inheritable(created.value))
                        os.close(created.value)
        found = [int_block(-9) for _ in range(4)]
        return [*trace, library.call("GetSocketType", -1, *found), [value.value for value in found], library.call("Socket", 2, 1, 6, None)]

    compare(scenario)


def test_stream(compare: Compare) -> None:
    def scenario(library: NativeLibrary, folder: Path) -> Trace:
        listener, client, server = connected(library)
        found = [int_block(-9) for _ in range(4)]
        library.call("GetSocketType", listener, *found)
        trace: Trace = [[value.value for value in found], os.get_inheritable(server)]
        count, available, mark = int_block(77), int_block(77), int_block(77)
        buffer = ctypes.create_string_buffer(64)
        trace += [library.call("Send", client, b"hello world", 11, 0, count), count.value]
        while library.call("GetBytesAvailable", server, available) == 0 and available.value < 11:
            pass
        trace += [library.call("Receive", server, buffer, 5, 2, count), count.value, buffer.raw]
        trace += [library.call("Receive", server, buffer, 64, 0, count), count.value, buffer.raw]
        trace += [library.call("Receive", server, buffer, 64, 0x1000, count), count.value]
        trace += [library.call("Receive", server, buffer, 64, flags, count) for flags in (0x400, 0x8000, 8, -1)]
        trace += [library.call("Send", client, b"!", 1, 1, count), library.call("GetAtOutOfBandMark", server, mark), mark.value]
        trace += [library.call("Receive", server, buffer, 64, 1, count), count.value, buffer.raw]
        trace += [library.call("Shutdown", client, how) for how in (3, -1, 1)]
        trace += [library.call("Receive", server, buffer, 64, 0, count), count.value]
        trace += [library.call("Shutdown", listener, 2), library.call("Send", client, b"x", 1, 0x4000, count)]
        address, length, port = ctypes.create_string_buffer(ADDRESS_BYTES), int_block(ADDRESS_BYTES), ctypes.c_uint16()
        trace += [library.call("GetPeerName", client, address, length), length.value, library.call("GetPort", address, 16, port)]
        library.call("GetSockName", server, address, length)
        trace += [
            address.raw[:2],
            address.raw[4:16],
            library.call("GetPeerName", listener, address, length),
            library.call("Disconnect", client),
        ]
        close_all(listener, client, server)
        trace += [library.call("Receive", -1, buffer, 1, 0, count), library.call("Send", -1, buffer, 1, 0, count)]
        trace += [library.call("Receive", 0, None, 1, 0, count), library.call("GetBytesAvailable", -1, available), available.value]
        return [*trace, library.call("Accept", -1, address, length, ctypes.c_ssize_t()), library.call("Bind", 0, 0, None, 0)]

    compare(scenario)


def test_connections_that_fail(compare: Compare) -> None:
    def scenario(library: NativeLibrary, folder: Path) -> Trace:
        client, unused = new_socket(library), new_socket(library)
        library.call("Bind", unused, 0, loopback(library), 16)
        free = port_of(library, unused)
        os.close(unused)
        sent, error = int_block(77), int_block(77)
        trace: Trace = [library.call("Connect", client, loopback(library, free), 16), library.call("Connect", client, b"", 0)]
        trace += [
            library.call("Connectx", client, loopback(library, free), 16, None, 0, 0, sent),
            library.call("Connect", client, None, 16),
        ]
        trace += [library.call("GetSocketErrorOption", client, error), error.value, library.call("Listen", -1, 1)]
        trace += [library.call("GetSocketErrorOption", -1, error), library.call("Disconnect", -1), library.call("Shutdown", client, 2)]
        os.close(client)
        return trace

    compare(scenario)


class MessageHeader(ctypes.Structure):
    """Interop.Sys.MessageHeader."""

    _fields_ = [
        ("socket_address", ctypes.c_void_p),
        ("vectors", ctypes.c_void_p),
        ("control_buffer", ctypes.c_void_p),
        ("socket_address_length", ctypes.c_int32),
        ("n_vectors", ctypes.c_int32),
        ("control_buffer_length", ctypes.c_int32),
        ("flags", ctypes.c_int32),
    ]


@pytest.mark.parametrize("family", [INET, INET6])
def test_datagrams_with_packet_information(compare: Compare, family: int) -> None:
    def scenario(library: NativeLibrary, folder: Path) -> Trace:
        size, is_ipv4 = (16, 1) if family == INET else (28, 0)
        receiver, sender = (new_socket(library, family, DATAGRAM, UDP) for _ in range(2))
        trace: Trace = [library.call("Bind", receiver, UDP, loopback(library, 0, family), size)]
        on, count = int_block(1), ctypes.c_int64(77)
        trace.append(library.call("SetSockOpt", receiver, 0 if is_ipv4 else 41, 19, on, 4))
        target = loopback(library, port_of(library, receiver), family)
        parts = [ctypes.create_string_buffer(b"one"), ctypes.create_string_buffer(b"two")]
        vectors = (ctypes.c_size_t * 4)(ctypes.addressof(parts[0]), 3, ctypes.addressof(parts[1]), 3)
        header = MessageHeader(ctypes.addressof(target), ctypes.addressof(vectors), None, size, 2, 0, 0)
        trace += [library.call("SendMessage", sender, header, 0, count), count.value]
        got, source = ctypes.create_string_buffer(4), ctypes.create_string_buffer(ADDRESS_BYTES)
        vectors = (ctypes.c_size_t * 2)(ctypes.addressof(got), 4)
        control = ctypes.create_string_buffer(library.call("GetControlMessageBufferSize", is_ipv4, 1 - is_ipv4))
        header = MessageHeader(
            ctypes.addressof(source), ctypes.addressof(vectors), ctypes.addressof(control), ADDRESS_BYTES, 1, len(control), -1
        )
        trace += [library.call("ReceiveMessage", receiver, header, 0, count), count.value, got.raw, header.socket_address_length]
        trace += [header.control_buffer_length, header.flags, header.n_vectors, source.raw[:2], source.raw[4:size]]
        information = ctypes.create_string_buffer(b"\7" * 32, 32)
        trace += [library.call("TryGetIPPacketInformation", header, flag, information) for flag in (1 - is_ipv4, is_ipv4)]
        trace += [information.raw, library.call("ReceiveMessage", receiver, header, 0x1000, count), count.value]
        header.n_vectors = -1
        trace += [library.call("ReceiveMessage", receiver, header, 0, count), library.call("SendMessage", sender, header, 0, count)]
        trace.append(library.call("ReceiveMessage", receiver, MessageHeader(), 0x400, count))
        close_all(receiver, sender)
        return trace

    compare(scenario)


def test_error_queue(compare: Compare) -> None:
    def scenario(library: NativeLibrary, folder: Path) -> Trace:
        sender = new_socket(library, INET, DATAGRAM, UDP)
        closed = new_socket(library, INET, DATAGRAM, UDP)
        library.call("Bind", closed, UDP, loopback(library), 16)
        target = loopback(library, port_of(library, closed))
        os.close(closed)
        address = ctypes.create_string_buffer(ADDRESS_BYTES)
        header = MessageHeader(ctypes.addressof(address), None, None, ADDRESS_BYTES, 0, 0, 0)
        trace: Trace = [library.call("ReceiveSocketError", sender, header), header.socket_address_length]
        on, count = int_block(1), int_block()
        trace += [library.call("SetRawSockOpt", sender, socket.IPPROTO_IP, 11, on, 4), library.call("Connect", sender, target, 16)]
        trace.append(library.call("Send", sender, b"x", 1, 0, count))
        header.socket_address_length = 16
        while (result := library.call("ReceiveSocketError", sender, header)) == 0x10006:
            header.socket_address_length = 16
        trace += [result, header.socket_address_length, address.raw[:2], address.raw[4:8]]
        os.close(sender)
        return trace

    compare(scenario)


def test_socket_options(compare: Compare) -> None:
    def scenario(library: NativeLibrary, folder: Path) -> Trace:
        trace: Trace = []
        for family, kind, protocol in (
            (INET, STREAM, TCP),
            (INET6, STREAM, TCP),
            (INET, DATAGRAM, UDP),
            (INET6, DATAGRAM, UDP),
            (UNIX, 1, 0),
        ):
            fd = new_socket(library, family, kind, protocol)
            for level in (0, TCP, UDP, 41, 0xFFFF, 5):
                names = [*range(-6, 30), -129, 0x80, 0x100, *range(0x1000, 0x100A), 0x3007, 0x7FFFFFFF]
                for name in [*names, 0x20, 0x10, 0x40]:
                    for set_value in (None, 1, 0, 7):
                        value, length = ctypes.create_string_buffer(b"\5" * 16, 16), int_block(4)
                        if set_value is not None:
                            ctypes.memmove(value, struct.pack("=i", set_value), 4)
                            trace.append((level, name, set_value, library.call("SetSockOpt", fd, level, name, value, 4)))
                        result = library.call("GetSockOpt", fd, level, name, value, length)
                        trace.append((level, name, set_value, result, length.value, value.raw if result == 0 else b""))
            for length_in in (1, 2, 8, 0, -1):
                value, length = ctypes.create_string_buffer(b"\1" * 16, 16), int_block(length_in)
                for level, name in ((0xFFFF, 4), (0xFFFF, 0x1002), (0, 14), (0xFFFF, 0x1008)):
                    trace.append(library.call("SetSockOpt", fd, level, name, value, length_in))
                    trace.append((library.call("GetSockOpt", fd, level, name, value, length), length.value))
                    trace.append(value.raw[: length.value] if trace[-1][0] == 0 else b"")
            os.close(fd)
        return [*trace, library.call("GetSockOpt", 0, 0, 0, None, None), library.call("SetSockOpt", 0, 0, 0, None, 4)]

    compare(scenario)


def test_raw_options_linger_and_timeouts(compare: Compare) -> None:
    def scenario(library: NativeLibrary, folder: Path) -> Trace:
        fd = new_socket(library)
        value, length, linger = int_block(1), int_block(4), (ctypes.c_int32 * 2)()
        trace: Trace = [library.call("SetRawSockOpt", fd, socket.SOL_SOCKET, socket.SO_KEEPALIVE, value, 4)]
        trace += [library.call("GetRawSockOpt", fd, socket.SOL_SOCKET, socket.SO_KEEPALIVE, value, length), value.value, length.value]
        trace += [library.call("GetRawSockOpt", fd, 9999, 1, value, length), library.call("SetRawSockOpt", -1, 1, 1, value, 4)]
        for setting in ((1, 30), (0, 5), (1, 65535), (1, 65536), (1, -1), (0, -1)):
            trace.append(library.call("SetLingerOption", fd, (ctypes.c_int32 * 2)(*setting)))
            trace += [library.call("GetLingerOption", fd, linger), list(linger)]
        for timeout in (0, 1, 1500, 2**31 - 1, -1):
            trace += [library.call("SetReceiveTimeout", fd, timeout), library.call("SetSendTimeout", fd, timeout)]
            trace.append(socket.socket(fileno=os.dup(fd)).getsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, 16))
        trace += [
            library.call("SetLingerOption", -1, linger),
            library.call("GetLingerOption", -1, linger),
            library.call("SetSendTimeout", -1, 1),
        ]
        os.close(fd)
        return trace

    compare(scenario)


def test_multicast(compare: Compare) -> None:
    def scenario(library: NativeLibrary, folder: Path) -> Trace:
        trace: Trace = []
        group = struct.unpack("=I", socket.inet_aton("239.1.2.3"))[0]
        local = struct.unpack("=I", socket.inet_aton("127.0.0.1"))[0]
        fd = new_socket(library, INET, DATAGRAM, UDP)
        for name in (0, 2, 1, 1, 3, -1):
            option = ctypes.create_string_buffer(struct.pack("=IIii", group, local, 1, 0), 16)
            trace.append((name, library.call("SetIPv4MulticastOption", fd, name, option)))
            result = library.call("GetIPv4MulticastOption", fd, name, option)
            trace.append((result, option.raw[:4] if result == 0 else b""))
        os.close(fd)
        fd = new_socket(library, INET6, DATAGRAM, UDP)
        for name in (0, 1, 1, 3, -1):
            option = ctypes.create_string_buffer(socket.inet_pton(socket.AF_INET6, "ff02::1234") + struct.pack("=IIii", 1, 0, 1, 0), 32)
            trace.append((name, library.call("SetIPv6MulticastOption", fd, name, option)))
        trace += [library.call("SetIPv4MulticastOption", fd, 0, None), library.call("GetIPv6MulticastOption", fd, 0, None)]
        os.close(fd)
        return trace

    compare(scenario)


def test_event_port(compare: Compare) -> None:
    def scenario(library: NativeLibrary, folder: Path) -> Trace:
        listener, client, server = connected(library)
        port, events = ctypes.c_ssize_t(), ctypes.c_void_p()
        trace: Trace = [library.call("CreateSocketEventPort", port), os.get_inheritable(port.value)]
        trace.append(library.call("CreateSocketEventBuffer", 8, events))
        everything = 1 | 2 | 4

        def wait() -> None:
            count = int_block(8)
            result = library.call("WaitForSocketEvents", port.value, events.value, count)
            raw = ctypes.string_at(events.value or 0, 16 * count.value)
            trace.append((result, count.value, [struct.unpack_from("=QiI", raw, 16 * i) for i in range(count.value)]))

        change = "TryChangeSocketEventRegistration"
        trace += [
            library.call(change, port.value, server, 0, everything, 0x1234_5678_9ABC),
            library.call(change, port.value, server, 0, 1, 1),
        ]
        wait()
        os.write(client, b"x")
        wait()
        trace += [library.call(change, port.value, server, everything, 1, 42), library.call(change, port.value, client, 1, 2, 0)]
        trace += [library.call(change, port.value, server, 1, 1, 0), library.call(change, port.value, server, 0x20, 1, 0)]
        os.close(client)
        wait()
        trace += [library.call(change, port.value, server, 1, 0, 0), library.call(change, port.value, server, 1, 0, 0)]
        trace += [
            library.call("WaitForSocketEvents", port.value, events.value, int_block(-1)),
            library.call("WaitForSocketEvents", -1, events.value, int_block(1)),
        ]
        trace += [library.call("CloseSocketEventPort", port.value), library.call("FreeSocketEventBuffer", events.value)]
        trace += [library.call("CreateSocketEventBuffer", -1, events), library.call("CloseSocketEventPort", -1)]
        close_all(listener, server)
        return trace

    compare(scenario)


def test_files_over_sockets(compare: Compare) -> None:
    def scenario(library: NativeLibrary, folder: Path) -> Trace:
        listener, client, server = connected(library)
        (folder / "f").write_bytes(b"0123456789")
        sent, count, buffer = ctypes.c_int64(77), int_block(), ctypes.create_string_buffer(16)
        with (folder / "f").open("rb") as stream:
            trace: Trace = [library.call("SendFile", client, stream.fileno(), 3, 5, sent), sent.value, stream.tell()]
            trace += [library.call("Receive", server, buffer, 16, 0, count), buffer.raw]
            trace += [library.call("SendFile", client, stream.fileno(), 100, 5, sent), sent.value]
            trace += [library.call("SendFile", -1, stream.fileno(), 0, 5, sent), sent.value]
        close_all(listener, client, server)
        return trace

    compare(scenario)


def test_unix_domain_peer(compare: Compare) -> None:
    def scenario(library: NativeLibrary, folder: Path) -> Trace:
        left, right = socket.socketpair()
        uid = ctypes.c_uint32(77)
        with left, right:
            trace: Trace = [library.outcome("GetPeerID", left.fileno(), uid), uid.value]
        return [*trace, library.outcome("GetPeerID", -1, uid), uid.value]

    compare(scenario)

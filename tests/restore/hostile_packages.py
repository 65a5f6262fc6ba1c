"""Packages that no restore may accept, made by code: kinds of attack and of damage, each in many variants."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from server.restore.package_archive import ArchiveLimits
from tests.restore.raw_zip import RawEntry, raw_zip

ID, VERSION = "Hostile.Package", "1.2.3"
_MANIFEST = "<package><metadata><id>{}</id><version>{}</version></metadata></package>"
NUSPEC = RawEntry(f"{ID}.nuspec".encode(), _MANIFEST.format(ID, VERSION).encode())
LIBRARY = RawEntry(b"lib/net8.0/Hostile.dll", b"not really a library\n" * 20, deflated=True)


@dataclass(frozen=True, slots=True)
class HostilePackage:
    """An archive to be refused with one of `codes`. `expected_hash` is what the lock file would say."""

    kind: str
    variant: str
    archive: bytes
    codes: tuple[str, ...]
    expected_hash: str | None = None
    limits: ArchiveLimits = ArchiveLimits()


def good_package() -> bytes:
    """What all others are variants of, and which is accepted."""
    return raw_zip([NUSPEC, LIBRARY])


def hostile_packages() -> list[HostilePackage]:
    """All of them, in a fixed order."""
    return [
        *escapes(),
        *links(),
        *duplicates(),
        *case_collisions(),
        *bombs(),
        *wrong_identities(),
        *wrong_hashes(),
        *damaged(),
        *manifests(),
        *signatures(),
    ]


_ESCAPES = (
    b"../evil", b"../../evil", b"..\\evil", b"..\\..\\evil", b"lib/../../evil", b"lib\\..\\..\\evil", b"lib/..\\../evil",
    b"lib/net8.0/../../../evil",
    b"./../evil", b"lib/./../../evil", b"lib//..//../evil", b"..", b"lib/..", b"../", b"lib/../../", b"/evil",
    b"/etc/cron.d/evil", b"//server/share/evil",
    b"\\evil", b"\\\\server\\share\\evil", b"\\\\?\\C:\\evil", b"C:\\evil", b"C:/evil", b"c:evil", b"lib/C:/evil",
    b"lib/evil.dll:stream", b"lib/evil:$DATA",
    b"%2e%2e/evil", b"%2E%2E%2Fevil", b"..%2fevil", b"..%5cevil", b"lib/%2e%2e/%2e%2e/evil", b"%2fetc/evil", b"%5Cevil",
    b"%43%3A/evil", b"lib/%2e./../evil",
    b".. /evil", b"... /evil", b"lib/.. ./evil", b"lib/. ./evil", b"lib/evil\x00.txt", b"\x00", b"%00evil", b"lib/\nevil",
    b"lib/\x7fevil", b"lib/\xc2\x85evil",
    b"lib/%0aevil", b"lib/%ff%feevil", b"lib/" + b"a" * 300, b"lib/" + "ä".encode() * 150,
)  # fmt: skip


def escapes() -> Iterator[HostilePackage]:
    """Paths that lead out of the folder, on some system, or cannot be written."""
    for name in _ESCAPES:
        archive = raw_zip([NUSPEC, LIBRARY, RawEntry(name, b"evil")])
        yield HostilePackage("escape", repr(name), archive, ("NU1402", "AOTD0403"))


def links() -> Iterator[HostilePackage]:
    """Symbolic links and other things that are no files, by the mode of Unix."""
    for kind, mode in (("link", 0o120777), ("pipe", 0o010644), ("socket", 0o140755), ("terminal", 0o020666), ("disk", 0o060660)):
        for name, target in (
            (b"lib/net8.0/a.dll", b"/etc/passwd"),
            (b"evil", b"../.."),
            (b"lib", b"/"),
            (b"build/Hostile.Package.props", b"x"),
        ):
            entry = RawEntry(name, target, external_attributes=mode << 16)
            yield HostilePackage("link", f"{kind} {name!r}", raw_zip([NUSPEC, entry]), ("NU1402",))


def duplicates() -> Iterator[HostilePackage]:
    """One path twice."""
    again = RawEntry(LIBRARY.name, b"another")
    yield HostilePackage("duplicate", "same content", raw_zip([NUSPEC, LIBRARY, LIBRARY]), ("NU1402",))
    yield HostilePackage("duplicate", "other content", raw_zip([NUSPEC, LIBRARY, again]), ("NU1402",))
    yield HostilePackage("duplicate", "before", raw_zip([again, NUSPEC, LIBRARY]), ("NU1402",))
    yield HostilePackage("duplicate", "manifest", raw_zip([NUSPEC, NUSPEC]), ("NU1402",))
    other_manifest = RawEntry(NUSPEC.name, _MANIFEST.format("Other", "1.0.0").encode())
    yield HostilePackage("duplicate", "other manifest first", raw_zip([other_manifest, NUSPEC]), ("NU1402",))
    yield HostilePackage("duplicate", "other manifest last", raw_zip([NUSPEC, other_manifest]), ("NU1402",))
    for first, second in (
        (b"lib/a b.dll", b"lib/a%20b.dll"),
        (b"lib/a.dll", b"./lib/a.dll"),
        (b"lib/a.dll", b"lib//a.dll"),
        (b"lib/a.dll", b"lib\\a.dll"),
        (b"lib/a.dll", b"lib/%61.dll"),
        (b"tools", b"tools/run.sh"),
        (b"lib/net8.0/a.dll/b.dll", b"lib/net8.0/a.dll"),
        (b"LIB", b"lib/a.dll"),
    ):
        entries = [NUSPEC, RawEntry(first, b"1"), RawEntry(second, b"2")]
        yield HostilePackage("duplicate", f"{first!r} {second!r}", raw_zip(entries), ("NU1402",))


def case_collisions() -> Iterator[HostilePackage]:
    """Paths that are one on systems where case, Unicode form or the end of a name do not count."""
    for first, second in (
        ("lib/a.dll", "lib/A.dll"),
        ("lib/a.dll", "LIB/A.DLL"),
        ("lib/net8.0/a.dll", "lib/NET8.0/a.dll"),
        ("Build/x.props", "build/X.props"),
        ("readme.md", "README.md"),
        ("lib/ä.dll", "lib/Ä.dll"),
        ("lib/\u00e4.dll", "lib/a\u0308.dll"),
        ("lib/\u00c4.dll", "lib/a\u0308.dll"),
        ("lib/stra\u00dfe.dll", "lib/STRASSE.dll"),
        ("lib/\u03c3.dll", "lib/\u03c2.dll"),
        ("lib/a.dll", "lib/a.dll."),
        ("lib/a.dll", "lib/a.dll "),
        ("lib./a.dll", "lib/a.dll"),
        ("hostile.package.nuspec", f"{ID}.nuspec"),
    ):
        entries = [RawEntry(first.encode(), b"1"), RawEntry(second.encode(), b"2")]
        yield HostilePackage("case", f"{first} {second}", raw_zip([NUSPEC, *entries]), ("NU1402",))


def _zeros(size_bytes: int) -> RawEntry:
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed, crc, chunk = bytearray(), 0, bytes(1 << 20)
    for _ in range(size_bytes >> 20):
        packed += compressor.compress(chunk)
        crc = zlib.crc32(chunk, crc)
    packed += compressor.flush()
    return RawEntry(b"lib/zeros.bin", method=8, crc=crc, size=size_bytes, packed=bytes(packed))


def bombs() -> Iterator[HostilePackage]:
    """Archives that unpack to far more than they are, or to something else than they say."""
    zeros = _zeros(32 << 20)
    yield HostilePackage("bomb", "zeros", raw_zip([NUSPEC, zeros]), ("AOTD0402",))
    many = [RawEntry(b"lib/%d.bin" % number, method=8, crc=zeros.crc, size=zeros.size, packed=zeros.packed) for number in range(8)]
    yield HostilePackage("bomb", "zeros eight times", raw_zip([NUSPEC, *many]), ("AOTD0402",))
    for copies in (2, 100, 5000):
        shared = [
            RawEntry(b"lib/%d.dll" % number, LIBRARY.data, deflated=True, local_name=LIBRARY.name, shares_file_of=1)
            for number in range(copies)
        ]
        yield HostilePackage("bomb", f"one file {copies} times", raw_zip([NUSPEC, LIBRARY, *shared]), ("AOTD0403",))
    small = ArchiveLimits(entries=50, total_bytes=100_000, ratio=10, ratio_from_bytes=10_000)
    files = [RawEntry(b"lib/%d.txt" % number, b"x") for number in range(60)]
    yield HostilePackage("bomb", "too many files", raw_zip([NUSPEC, *files]), ("AOTD0402",), limits=small)
    large = RawEntry(b"lib/large.bin", bytes(range(256)) * 400)
    yield HostilePackage("bomb", "too large", raw_zip([NUSPEC, large]), ("AOTD0402",), limits=small)
    ratio = RawEntry(b"lib/ratio.bin", b"\0" * 50_000, deflated=True)
    yield HostilePackage("bomb", "ratio", raw_zip([NUSPEC, ratio]), ("AOTD0402",), limits=small)
    for declared in (0, 1, 100, 10_000):
        liar = RawEntry(b"lib/liar.bin", b"\0" * 50_000, deflated=True, size=declared)
        yield HostilePackage("bomb", f"says {declared} bytes", raw_zip([NUSPEC, liar]), ("AOTD0403",))
    boast = RawEntry(b"lib/boast.bin", b"\0" * 1000, deflated=True, size=2000)
    yield HostilePackage("bomb", "says more than it has", raw_zip([NUSPEC, boast]), ("AOTD0403",))
    endless = RawEntry(b"lib/endless.bin", b"", method=8, size=0xFFFFFFF0, packed=zeros.packed)
    yield HostilePackage("bomb", "says four GiB", raw_zip([NUSPEC, endless]), ("AOTD0402",))
    manifest = RawEntry(NUSPEC.name, NUSPEC.data + b" " * (17 << 20), deflated=True)
    yield HostilePackage("bomb", "manifest", raw_zip([manifest]), ("AOTD0402",))


def wrong_identities() -> Iterator[HostilePackage]:
    """Manifests that name another package than the one asked for."""
    for package_id in (
        "Other",
        "Hostile.Packag",
        "Hostile.Package.More",
        "Hostile_Package",
        "Hostile Package",
        "Hostile.Paсkage",
        "",
        "../evil",
    ):
        archive = raw_zip([RawEntry(NUSPEC.name, _MANIFEST.format(package_id, VERSION).encode()), LIBRARY])
        yield HostilePackage("wrong id", package_id, archive, ("AOTD0401",))
    for version in ("1.2.4", "1.2.3.1", "1.2.3-beta", "2.0.0", "1.2", "", "newest", "1.2.3; 1.2.4", "01.2.3x", "*"):
        archive = raw_zip([RawEntry(NUSPEC.name, _MANIFEST.format(ID, version).encode()), LIBRARY])
        yield HostilePackage("wrong version", version, archive, ("AOTD0401",))


def wrong_hashes() -> Iterator[HostilePackage]:
    """A good package that is not the one that the lock file knows."""
    good = hashlib.sha512(good_package()).digest()
    flipped = bytes([good[0] ^ 1]) + good[1:]
    texts = {
        "another": hashlib.sha512(b"another").digest(),
        "one bit": flipped,
        "sha256": hashlib.sha256(good_package()).digest(),
        "cut": good[:-1],
    }
    for variant, digest in texts.items():
        yield HostilePackage("wrong hash", variant, good_package(), ("NU1403",), base64.b64encode(digest).decode())
    yield HostilePackage("wrong hash", "hex", good_package(), ("NU1403",), good.hex())
    yield HostilePackage("wrong hash", "empty", good_package(), ("NU1403",), "")


def damaged() -> Iterator[HostilePackage]:
    """Archives that are cut off, changed, put together from two, or in a form that is not read."""
    good = good_package()
    for percent in (0, 1, 5, 10, 25, 40, 50, 60, 75, 90, 95, 99):
        yield HostilePackage("cut", f"{percent} %", good[: len(good) * percent // 100], ("AOTD0403",))
    yield HostilePackage("cut", "one byte", good[:-1], ("AOTD0403",))
    broken = ("AOTD0403", "NU1402", "NU5037", "NU5000")
    start = good.index(LIBRARY.packed_data)
    for offset in (0, 3, 9, 15, 20):
        changed = bytearray(good)
        changed[start + offset] ^= 0x55
        yield HostilePackage("changed", f"data {offset}", bytes(changed), ("AOTD0403",))
    end = good.rindex(b"PK\x05\x06")
    for offset in (4, 6, 10, 12, 13, 16, 17, 20):
        changed = bytearray(good)
        changed[end + offset] ^= 0x3
        yield HostilePackage("changed", f"end record {offset}", bytes(changed), broken)
    yield HostilePackage("damaged", "prefix", raw_zip([NUSPEC, LIBRARY], prefix=b"#!/bin/sh\n"), ("AOTD0403",))
    yield HostilePackage("damaged", "suffix", raw_zip([NUSPEC, LIBRARY], suffix=b"more"), ("AOTD0403",))
    yield HostilePackage("damaged", "two archives", good + raw_zip([RawEntry(b"x")]), ("AOTD0403", "NU5037"))
    hidden = raw_zip([RawEntry(NUSPEC.name, b"<package/>")])
    yield HostilePackage("damaged", "archive in the comment", raw_zip([NUSPEC, LIBRARY], comment=hidden), ("AOTD0403",))
    yield HostilePackage("damaged", "checksum", raw_zip([NUSPEC, RawEntry(b"lib/a", b"data", crc=1)]), ("AOTD0403",))
    yield HostilePackage("damaged", "local name", raw_zip([NUSPEC, RawEntry(b"lib/a", b"1", local_name=b"lib/b")]), ("AOTD0403",))
    yield HostilePackage("damaged", "encrypted", raw_zip([NUSPEC, RawEntry(b"lib/a", b"1" * 20, flags=0x801)]), ("AOTD0403",))
    for method in (1, 9, 12, 14, 93, 98):
        yield HostilePackage("damaged", f"method {method}", raw_zip([NUSPEC, RawEntry(b"lib/a", b"1", method=method)]), ("AOTD0403",))
    yield HostilePackage("damaged", "name that is not UTF-8", raw_zip([NUSPEC, RawEntry(b"lib/\xff\xfe")]), ("AOTD0403", "NU1402"))
    yield HostilePackage("damaged", "text", b"this is no archive", ("AOTD0403",))
    yield HostilePackage("damaged", "no entries", raw_zip([]), ("NU5037", "AOTD0403"))


def manifests() -> Iterator[HostilePackage]:
    """Manifests that are missing, twice, or attack the reader of XML."""
    yield HostilePackage("manifest", "none", raw_zip([LIBRARY]), ("NU5037",))
    yield HostilePackage("manifest", "in a folder", raw_zip([RawEntry(b"sub/" + NUSPEC.name, NUSPEC.data)]), ("NU5037",))
    yield HostilePackage("manifest", "two", raw_zip([NUSPEC, RawEntry(b"Other.nuspec", NUSPEC.data)]), ("NU5000",))
    laughs = '<!DOCTYPE p [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    texts = {
        "empty": "",
        "no XML": "id: Hostile.Package",
        "cut": _MANIFEST.format(ID, VERSION)[:40],
        "no metadata": "<package/>",
        "entities": laughs + _MANIFEST.format("&b;", VERSION),
        "file": '<!DOCTYPE p [<!ENTITY f SYSTEM "file:///etc/passwd">]>' + _MANIFEST.format("&f;", VERSION),
        "network": '<!DOCTYPE p SYSTEM "http://127.0.0.1:9/x.dtd">' + _MANIFEST.format(ID, VERSION),
        "deep": "<package>" * 5000 + "</package>" * 5000,
        "content files": "<package><metadata><id>Hostile.Package</id><version>1.2.3</version>"
        "<contentFiles><files/></contentFiles></metadata></package>",
    }
    for variant, text in texts.items():
        yield HostilePackage("manifest", variant, raw_zip([RawEntry(NUSPEC.name, text.encode()), LIBRARY]), ("NU5000", "NU5037"))


def der(tag: int, content: bytes) -> bytes:
    """One DER element."""
    length = len(content)
    size = (length.bit_length() + 7) // 8
    return bytes([tag]) + (bytes([length]) if length < 0x80 else bytes([0x80 + size]) + length.to_bytes(size, "big")) + content


def signature_over(content: bytes) -> bytes:
    """A CMS message with the signed text that NuGet puts into one; nobody signed it."""
    text = f"Version:1\n\n2.16.840.1.101.3.4.2.1-Hash:{base64.b64encode(hashlib.sha256(content).digest()).decode()}\n\n".encode()
    data, signed_data = bytes.fromhex("06092a864886f70d010701"), bytes.fromhex("06092a864886f70d010702")
    encapsulated = der(0x30, data + der(0xA0, der(0x04, text)))
    return der(0x30, signed_data + der(0xA0, der(0x30, der(0x02, b"\x01") + der(0x31, b"") + encapsulated)))


def signed(entries: list[RawEntry], signature: bytes | None = None, at: int | None = None, deflated: bool = False) -> bytes:
    """The package with its signature as entry number `at`, the last when None."""
    content = signature if signature is not None else signature_over(raw_zip(entries))
    file = RawEntry(b".signature.p7s", content, deflated=deflated, flags=0, external_attributes=0)
    at = len(entries) if at is None else at
    return raw_zip([*entries[:at], file, *entries[at:]])


def signatures() -> Iterator[HostilePackage]:
    """Packages that were changed after they were signed, or whose signature is none."""
    over_good = signature_over(good_package())
    added = [NUSPEC, LIBRARY, RawEntry(b"lib/added.dll", b"added")]
    yield HostilePackage("signature", "file added", signed(added, over_good), ("NU3008",))
    yield HostilePackage("signature", "file taken away", signed([NUSPEC], over_good), ("NU3008",))
    changed = RawEntry(LIBRARY.name, LIBRARY.data + b"!", deflated=True)
    yield HostilePackage("signature", "file changed", signed([NUSPEC, changed], over_good), ("NU3008",))
    yield HostilePackage("signature", "order changed", signed([LIBRARY, NUSPEC], over_good), ("NU3008",))
    yield HostilePackage("signature", "compressed", signed([NUSPEC, LIBRARY], deflated=True), ("NU3005",))
    yield HostilePackage("signature", "empty", signed([NUSPEC, LIBRARY], b""), ("NU3005",))
    yield HostilePackage("signature", "text", signed([NUSPEC, LIBRARY], b"signed, honestly"), ("NU3005",))
    yield HostilePackage("signature", "cut", signed([NUSPEC, LIBRARY], over_good[:-10]), ("NU3005",))
    yield HostilePackage("signature", "no hash", signed([NUSPEC, LIBRARY], over_good.replace(b"-Hash:", b"-Mash:")), ("NU3005",))
    unknown = over_good.replace(b"2.16.840.1.101.3.4.2.1", b"1.16.840.1.101.3.4.2.1")
    yield HostilePackage("signature", "unknown hash", signed([NUSPEC, LIBRARY], unknown), ("NU3005",))

"""Changed bytes in packages, manifests and configuration files: an answer or a typed error, never anything else."""

from __future__ import annotations

import io
import random
from pathlib import Path

from server.restore.errors import RestoreError
from server.restore.nuspec import read_nuspec
from server.restore.package_archive import ArchiveLimits, extract_entry, open_package
from server.restore.package_signature import content_hash
from server.restore.settings import (
    configured_proxy,
    fallback_folders,
    global_packages_folder,
    load_settings,
    mapped_patterns,
    package_sources,
)
from server.restore.source_mapping import source_mapping
from tests.restore.hostile_packages import LIBRARY, NUSPEC, good_package, signature_over, signed

TIMES = 400

CONFIG = b"""<?xml version="1.0"?><configuration><packageSources><clear/><add key="a" value="../x" protocolVersion="3"/></packageSources>
<disabledPackageSources><add key="a" value="true"/></disabledPackageSources>
<packageSourceMapping><packageSource key="a"><package pattern="A.*"/></packageSource></packageSourceMapping>
<packageSourceCredentials><a><add key="Username" value="u"/><add key="ClearTextPassword" value="p"/></a></packageSourceCredentials>
<config><add key="globalPackagesFolder" value="%HOME%/p"/></config><fallbackPackageFolders><add key="f" value="f"/></fallbackPackageFolders>
</configuration>"""

MANIFEST = b"""<?xml version="1.0"?><package xmlns="u"><metadata minClientVersion="2.0"><id>a</id><version>1.0</version><dependencies>
<group targetFramework="net8.0"><dependency id="b" version="[1,2)" include="All" exclude="Build,Native"/></group></dependencies>
<frameworkAssemblies><frameworkAssembly assemblyName="S" targetFramework="net45, net46"/></frameworkAssemblies>
<contentFiles><files include="**/*" copyToOutput="true" flatten="false"/></contentFiles><references><group><reference file="a.dll"/></group>
</references><packageTypes><packageType name="T"/></packageTypes></metadata></package>"""


def mutated(content: bytes, chance: random.Random) -> bytes:
    """`content` with one to three bytes changed, sometimes with some inserted or taken away."""
    changed = bytearray(content)
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(changed))
        match chance.randrange(12):
            case 0:
                del changed[at : at + chance.randrange(1, 9)]
            case 1:
                changed[at:at] = chance.randbytes(chance.randrange(1, 9))
            case 2 | 3 | 4:
                changed[at] = chance.randrange(256)
            case _:
                changed[at] ^= 1 << chance.randrange(8)
    return bytes(changed)


def test_packages(tmp_path: Path) -> None:
    chance = random.Random(1)
    originals = [good_package(), signed([NUSPEC, LIBRARY], signature_over(good_package()))]
    refused = 0
    for number in range(TIMES):
        try:
            with open_package(io.BytesIO(mutated(chance.choice(originals), chance)), "package", ArchiveLimits()) as package:
                package.nuspec()
                content_hash(package)
                for entry in package.entries:
                    extract_entry(package, entry, tmp_path / str(number) / entry.path)
        except RestoreError as error:
            assert error.code
            refused += 1
    assert 0 < refused < TIMES


def test_configuration_files(tmp_path: Path) -> None:
    chance = random.Random(2)
    path = tmp_path / "NuGet.Config"
    refused = 0
    for _ in range(TIMES):
        path.write_bytes(mutated(CONFIG, chance))
        try:
            settings = load_settings(tmp_path, path, {})
            package_sources(settings)
            fallback_folders(settings)
            global_packages_folder(settings)
            configured_proxy(settings)
            source_mapping(mapped_patterns(settings))
        except RestoreError:
            refused += 1
    assert 0 < refused < TIMES


def test_manifests() -> None:
    chance = random.Random(3)
    refused = 0
    for _ in range(TIMES):
        try:
            read_nuspec(mutated(MANIFEST, chance), "manifest")
        except RestoreError as error:
            assert error.code == "NU5000"
            refused += 1
    assert 0 < refused < TIMES

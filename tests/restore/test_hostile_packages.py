"""No package of the hostile set gets in, and none leaves anything behind."""

from __future__ import annotations

import hashlib
import io
from base64 import b64encode
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from server.restore.errors import PackageError
from server.restore.folder_feed import FolderFeed
from server.restore.packages_folder import PackagesFolder
from server.restore.sources import NamedFeed, PackageSources
from server.restore.versions import ALL_VERSIONS, parse_version
from tests.restore.hostile_packages import (
    ID,
    LIBRARY,
    NUSPEC,
    VERSION,
    HostilePackage,
    good_package,
    hostile_packages,
    signature_over,
    signed,
)
from tests.restore.raw_zip import RawEntry, raw_zip

PACKAGES = hostile_packages()


def install(package: HostilePackage, root: Path) -> str:
    version = parse_version(VERSION)
    assert version is not None
    folder = PackagesFolder(root / "packages", root / "locks", package.limits)
    return folder.install(ID, version, io.BytesIO(package.archive), "feed", package.expected_hash).content_hash


def files_below(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_there_are_two_hundred_of_them() -> None:
    assert len(PACKAGES) >= 200
    assert len({(package.kind, package.variant) for package in PACKAGES}) == len(PACKAGES)


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: f"{package.kind} {package.variant}")
def test_it_is_refused_and_leaves_nothing(package: HostilePackage, tmp_path: Path) -> None:
    with pytest.raises(PackageError) as raised:
        install(package, tmp_path)
    assert raised.value.code in package.codes
    assert raised.value.message.isprintable()
    assert [name for name in files_below(tmp_path) if not name.startswith("locks")] == ["packages"]


def test_the_good_package_that_they_are_made_from_is_accepted(tmp_path: Path) -> None:
    good = HostilePackage("good", "", good_package(), ())
    assert install(good, tmp_path) == b64encode(hashlib.sha512(good_package()).digest()).decode()
    assert (tmp_path / "packages/hostile.package/1.2.3" / LIBRARY.name.decode()).read_bytes() == LIBRARY.data


@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_signature_does_not_change_the_content_hash(at: int, tmp_path: Path) -> None:
    archive = signed([NUSPEC, LIBRARY], signature_over(good_package()), at)
    assert install(HostilePackage("signed", "", archive, ()), tmp_path) == b64encode(hashlib.sha512(good_package()).digest()).decode()
    archive_hash = (tmp_path / "packages/hostile.package/1.2.3/hostile.package.1.2.3.nupkg.sha512").read_text()
    assert archive_hash == b64encode(hashlib.sha512(archive).digest()).decode()


@pytest.mark.parametrize("package_id", ["../evil", "..", "a/b", "a\\b", "C:evil", "evil.", " evil", "a\0b", "%2e%2e", "x" * 101, ""])
def test_an_id_that_leads_elsewhere_is_no_package(package_id: str, tmp_path: Path) -> None:
    """A manifest may ask for any id, and a feed may serve a package that says it has it."""
    manifest = f"<package><metadata><id>{escape(package_id)}</id><version>{VERSION}</version></metadata></package>".replace("\0", "")
    (tmp_path / "feed").mkdir()
    archive = tmp_path / "feed" / "evil.1.2.3.nupkg"
    archive.write_bytes(raw_zip([RawEntry(b"evil.nuspec", manifest.encode())]))
    folder = PackagesFolder(tmp_path / "packages", tmp_path / "locks")
    sources = PackageSources([NamedFeed("feed", FolderFeed("feed", tmp_path / "feed"))], folder)
    assert sources.find(package_id, ALL_VERSIONS) is None
    version = parse_version(VERSION)
    assert version is not None
    with archive.open("rb") as file, pytest.raises(PackageError, match="is not a valid package ID"):
        folder.install(package_id, version, file, "feed", None)
    assert files_below(tmp_path) == ["feed", "feed/evil.1.2.3.nupkg"]

"""A signed package to the hash of its content without the signature: what lock files and `.nupkg.metadata` have for it."""

from __future__ import annotations

from server.restore.package_archive import PackageArchive

SIGNATURE_FILE = ".signature.p7s"


def content_hash(package: PackageArchive) -> str | None:
    """Base64 of the SHA-512; None for a package without a signature, whose hash is that of the whole archive."""
    return None

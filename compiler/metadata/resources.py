"""Manifest resources embedded in an image (ECMA-335 II.22.24, II.24.2.1): name -> bytes."""

from __future__ import annotations

from compiler.metadata.bad_image import BadImage
from compiler.metadata.image import Image
from compiler.metadata.tokens import TableId


def resource_names(image: Image) -> list[str]:
    """The names of the embedded resources, in order of their rows."""
    implementations = image.column(TableId.MANIFEST_RESOURCE, "Implementation")
    names = image.column(TableId.MANIFEST_RESOURCE, "Name")
    return [image.string(name) for name, implementation in zip(names, implementations, strict=True) if not implementation >> 2]


def embedded_resource(image: Image, name: str) -> bytes | None:
    """The content of the embedded resource `name`, or None. Raises BadImage when it leaves the file."""
    names = image.column(TableId.MANIFEST_RESOURCE, "Name")
    offsets = image.column(TableId.MANIFEST_RESOURCE, "Offset")
    implementations = image.column(TableId.MANIFEST_RESOURCE, "Implementation")
    for row, offset in enumerate(offsets):
        if implementations[row] >> 2 or image.string(names[row]) != name:
            continue
        start = image.file_offset(image.resources[0] + offset)
        length = int.from_bytes(image.data[start : start + 4], "little")
        if start + 4 + length > len(image.data):
            raise BadImage(image.file, f"resource '{name}' leaves the file")
        return image.data[start + 4 : start + 4 + length]
    return None

"""Hash, GetFileHash and VerifyFileHash."""

from __future__ import annotations

import base64
import hashlib

from server.build.tasks.task import Kind, OutputItem, Parameter, TaskCall, TaskDefinition

_ALGORITHMS = {"sha256": hashlib.sha256, "sha384": hashlib.sha384, "sha512": hashlib.sha512}
_SEPARATOR = "\u2028"


def _hash(call: TaskCall) -> bool:
    items = call.items("ItemsToHash")
    if items:
        text = "".join(item.identity + _SEPARATOR for item in items)
        if call.flag("IgnoreCase"):
            text = text.upper()
        call.set_value("HashResult", hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest())
    return True


def _file_hash(call: TaskCall, path: str, shown: str) -> bytes | None:
    """The hash of one file by the call's Algorithm; None after an error."""
    name = call.text("Algorithm") or "SHA256"
    algorithm = _ALGORITHMS.get(name.lower())
    if algorithm is None:
        call.error("MSB3953", f"Unrecognized hash algorithm name '{name}'. Allowed algorithms are 'SHA256', 'SHA384', and 'SHA512'.")
        return None
    digest = algorithm()
    try:
        with open(path, "rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    except OSError:
        call.error("MSB3954", f"Failed to compute hash for file '{shown}' because it does not exist or is inaccessible.")
        return None
    return digest.digest()


def _encoded(call: TaskCall, digest: bytes) -> str | None:
    encoding = call.text("HashEncoding") or "hex"
    if encoding.lower() == "hex":
        return digest.hex().upper()
    if encoding.lower() == "base64":
        return base64.b64encode(digest).decode()
    call.error("MSB3951", f"Unrecognized hash encoding '{encoding}'. Allowed encodings are 'hex' and 'base64'.")
    return None


def _get_file_hash(call: TaskCall) -> bool:
    found: list[OutputItem] = []
    first = ""
    for file in call.items("Files"):
        digest = _file_hash(call, call.path(file.identity), file.identity)
        text = _encoded(call, digest) if digest is not None else None
        if text is None:
            return False
        first = first or text
        name = call.text("MetadataName") or "FileHash"
        found.append(OutputItem(file.identity, {"FileHashAlgorithm": call.text("Algorithm") or "SHA256", name: text}, file))
    call.set_items("Items", found)
    if len(found) == 1:
        call.set_value("Hash", first)
    return True


def _verify_file_hash(call: TaskCall) -> bool:
    shown = call.text("File")
    digest = _file_hash(call, call.path(shown), shown)
    actual = _encoded(call, digest) if digest is not None else None
    if actual is None:
        return False
    same = actual == call.text("Hash") if call.text("HashEncoding").lower() == "base64" else actual.lower() == call.text("Hash").lower()
    if not same:
        algorithm = call.text("Algorithm") or "SHA256"
        call.error(
            "MSB3952", f"File hash mismatch. Expected {shown} to have a {algorithm} file hash of {call.text('Hash')}, but it was {actual}."
        )
    return same


TASKS = (
    TaskDefinition("Hash", (Parameter("ItemsToHash", Kind.ITEMS), Parameter("IgnoreCase", Kind.BOOL)), ("HashResult",), _hash),
    TaskDefinition(
        "GetFileHash",
        (
            Parameter("Files", Kind.ITEMS, required=True),
            Parameter("Algorithm", Kind.TEXT),
            Parameter("MetadataName", Kind.TEXT),
            Parameter("HashEncoding", Kind.TEXT),
        ),
        ("Hash", "Items"),
        _get_file_hash,
    ),
    TaskDefinition(
        "VerifyFileHash",
        (
            Parameter("File", Kind.TEXT, required=True),
            Parameter("Hash", Kind.TEXT, required=True),
            Parameter("Algorithm", Kind.TEXT),
            Parameter("HashEncoding", Kind.TEXT),
        ),
        (),
        _verify_file_hash,
    ),
)

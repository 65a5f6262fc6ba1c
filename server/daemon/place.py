"""Environment to the daemon's place: a folder that only its user may enter, with the socket, the lock and the log.

Every use checks the folder's owner and mode, so that nobody else can put a socket of his own there.
"""

from __future__ import annotations

import os
import platform
import socket
import stat
import struct
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600

# sun_path of sockaddr_un: 104 bytes on macOS, 108 on Linux, the final 0 included.
LONGEST_SOCKET_BYTES = 103


class UnsafePlace(Exception):
    """No socket can be made there, or it could be replaced by somebody else."""


@dataclass(frozen=True, slots=True)
class DaemonPlace:
    """Where one user's daemon is found."""

    folder: Path

    @property
    def socket(self) -> Path:
        """The Unix socket."""
        return self.folder / "daemon.sock"

    @property
    def lock(self) -> Path:
        """The file that the running daemon holds locked."""
        return self.folder / "daemon.lock"

    @property
    def log(self) -> Path:
        """Where a daemon in the background writes its log."""
        return self.folder / "daemon.log"


def daemon_place(environment: Mapping[str, str]) -> DaemonPlace:
    """The place for this user: AOTD_RUNTIME_DIR, else `aotd` in XDG_RUNTIME_DIR, else a folder of the user in the temporary one."""
    if environment.get("AOTD_RUNTIME_DIR"):
        return DaemonPlace(Path(environment["AOTD_RUNTIME_DIR"]))
    if environment.get("XDG_RUNTIME_DIR"):
        return DaemonPlace(Path(environment["XDG_RUNTIME_DIR"]) / "aotd")
    return DaemonPlace(Path(tempfile.gettempdir()) / f"aotd-{os.getuid()}")


def make_private(place: DaemonPlace) -> None:
    """Creates the folder when it is missing. Raises UnsafePlace when it is not this user's alone, or too long for a socket."""
    if len(os.fsencode(place.socket)) > LONGEST_SOCKET_BYTES:
        raise UnsafePlace(f"'{place.socket}' is too long a path for a socket; set AOTD_RUNTIME_DIR to a shorter one")
    place.folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    check_private(place)


def check_private(place: DaemonPlace) -> None:
    """Raises UnsafePlace when the folder is not this user's alone, FileNotFoundError when there is none."""
    status = os.lstat(place.folder)
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise UnsafePlace(f"'{place.folder}' must be a folder of user {os.getuid()} with mode 0700")


def peer_uid(connection: socket.socket) -> int | None:
    """User id of the process at the other end of a Unix socket; None where the system does not tell."""
    if platform.system() == "Linux":
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        uid: int = struct.unpack("3i", credentials)[1]
        return uid
    if platform.system() == "Darwin":
        # struct xucred of <sys/ucred.h>: version, uid, number of groups, groups; level SOL_LOCAL, option LOCAL_PEERCRED.
        version, uid = struct.unpack("Ii", connection.getsockopt(0, 1, 76)[:8])
        return uid if version == 0 else None
    return None

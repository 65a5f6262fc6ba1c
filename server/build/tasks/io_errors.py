"""An error of the operating system -> the text of .NET's exception for it (Interop.GetExceptionForIoErrno)."""

from __future__ import annotations

import errno
import os
import stat

_DENIED = frozenset({errno.EACCES, errno.EPERM, errno.EBADF, errno.EISDIR})


def exception_text(error: OSError, path: str) -> str:
    """What .NET says of `error` at the full path `path`."""
    code = error.errno
    if code in (errno.ENOENT, errno.ENOTDIR):
        if os.path.isdir(os.path.dirname(path)):
            return f"Could not find file '{path}'."
        return f"Could not find a part of the path '{path}'."
    if code in _DENIED:
        return f"Access to the path '{path}' is denied."
    if code == errno.EEXIST:
        return f"The file '{path}' already exists."
    if code == errno.ENAMETOOLONG:
        return f"The path '{path}' is too long, or a component of the specified path is too long."
    if code == errno.EAGAIN:
        return f"The process cannot access the file '{path}' because it is being used by another process."
    return f"{error.strerror or error} : '{path}'"


def is_read_only(path: str) -> bool:
    """Whether the file has .NET's read-only attribute: by the bits of its mode that hold for the caller, whoever that is."""
    try:
        status = os.stat(path)
    except OSError:
        return False
    if status.st_uid == os.geteuid():
        return not status.st_mode & stat.S_IWUSR
    if status.st_gid in (os.getegid(), *os.getgroups()):
        return not status.st_mode & stat.S_IWGRP
    return not status.st_mode & stat.S_IWOTH


def make_writable(path: str) -> None:
    """Takes the read-only attribute away. Raises OSError."""
    if is_read_only(path):
        os.chmod(path, os.stat(path).st_mode | stat.S_IWUSR)

"""An error of the operating system -> the text of .NET's exception for it (Interop.GetExceptionForIoErrno)."""

from __future__ import annotations

import errno
import os

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

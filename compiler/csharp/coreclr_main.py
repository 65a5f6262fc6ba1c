"""One managed program -> its exit code: this process becomes a CoreCLR host.

Run as a script, `python -I coreclr_main.py LIBHOSTFXR DOTNET_ROOT APP.dll [ARGUMENT...]`; it imports nothing of the
project, so that the interpreter is ready in milliseconds. Standard streams and signals are the program's own.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

if sys.platform == "win32":
    Text = ctypes.c_wchar_p

    def encode(argument: str) -> str:
        """The argument as hostfxr's char_t of this system."""
        return argument
else:
    Text = ctypes.c_char_p

    def encode(argument: str) -> bytes:
        """The argument as hostfxr's char_t of this system."""
        return os.fsencode(argument)


def main(arguments: list[str]) -> int:
    """Exit code of the program, or hostfxr's own (above 0x80008000) when it could not be started."""
    hostfxr, dotnet_root, application = arguments[:3]
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    host = os.path.join(dotnet_root, "dotnet")
    argv = [encode(argument) for argument in (host, *arguments[3:])]
    run = ctypes.CDLL(hostfxr).hostfxr_main_startupinfo
    run.restype = ctypes.c_int32
    run.argtypes = [ctypes.c_int32, ctypes.POINTER(Text), Text, Text, Text]
    code: int = run(len(argv), (Text * len(argv))(*argv), encode(host), encode(dotnet_root), encode(application))
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

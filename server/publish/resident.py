"""Native compilations of one process, each with what the last one learned about the class library."""

from __future__ import annotations

import threading

from compiler.driver import compile_with_memory
from compiler.library_memory import LibraryMemory
from compiler.request import CompileRequest, CompileResult, Progress


class ResidentCompiler:
    """The memory of a process and the lock that keeps it to one compilation at a time; any thread may compile."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._memory = LibraryMemory()

    def close(self) -> None:
        """Frees the memory, unless a compilation is using it."""
        if self._lock.acquire(blocking=False):
            self._memory.forget()
            self._lock.release()

    def compile_program(self, request: CompileRequest, progress: Progress) -> CompileResult:
        """The program of `request`; while another is compiled, without memory."""
        if not self._lock.acquire(blocking=False):
            return compile_with_memory(request, progress, LibraryMemory())
        is_whole = False
        try:
            result = compile_with_memory(request, progress, self._memory)
            is_whole = True
            return result
        finally:
            if not is_whole:
                # What was begun is not known to be whole.
                self._memory.forget()
            self._lock.release()

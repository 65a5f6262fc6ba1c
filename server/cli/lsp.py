"""`aotd lsp`: the language server on standard input and output, for editors."""

from __future__ import annotations

import io
import logging
import os
import sys
from collections.abc import Sequence

from compiler.diagnostics import InputError
from server.build.restricted import VARIABLE, is_restricted
from server.cli.caller import caller
from server.cli.switches import reject_arguments
from server.cli.version import version_line
from server.ide.engine import ProjectEngine
from server.lsp.server import serve
from server.workspace.queries import WorkspaceQueries

USAGE = """Usage: aotd lsp [--stdio]

Speaks the Language Server Protocol on standard input and output, for an editor that starts it.
It shows C# errors and the trim, single-file and Native AOT findings of every project of the workspace while you type.

The log goes to standard error; AOTD_LOG=debug|info|warning|error says how much (warning).
"""

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def run(args: Sequence[str]) -> int:
    """Serves until the editor ends the session."""
    # Editors name the transport, of which there is one.
    reject_arguments("lsp", [argument for argument in args if argument != "--stdio"])
    environment = caller().environment
    word = environment.get("AOTD_LOG") or "warning"
    if word not in LEVELS:
        raise InputError("AOTD0002", f"AOTD_LOG is '{word}'; use debug, info, warning or error.")
    logging.basicConfig(level=LEVELS[word], stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    # pygls writes whole messages to its log, texts of documents included.
    logging.getLogger("pygls").setLevel(max(LEVELS[word], logging.WARNING))
    if is_restricted(environment):
        # What the session starts, publishes among it, is restricted as well.
        os.environ[VARIABLE] = "1"
    engine = ProjectEngine(environment, caller().tools)
    # A thread may still read when the session ends, and closing a buffered stream waits for its reader: so it reads the bare one.
    stdin = io.FileIO(os.dup(sys.stdin.fileno()), closefd=False)
    return serve(stdin, sys.stdout.buffer, version_line().partition(" ")[2], WorkspaceQueries(engine))

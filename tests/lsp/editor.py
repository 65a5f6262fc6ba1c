"""An editor for tests: starts the real server process and speaks LSP to it over its pipes, as plain JSON.

A thread reads what the server sends; `diagnostics_of` and `wait_for` wait for it, with a limit.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

from tests.conftest import ROOT

PATIENCE_SECONDS = 60.0
CAPABILITIES: dict[str, Any] = {
    "workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}, "workspaceFolders": True},
    "textDocument": {"publishDiagnostics": {"versionSupport": True, "codeDescriptionSupport": True, "relatedInformation": True}},
    "window": {"workDoneProgress": True},
    "general": {"positionEncodings": ["utf-8", "utf-16"]},
}


class Editor:
    """One session with one server. A context manager that shuts the server down; its exit code is then in `exit_code`."""

    def __init__(self, *folders: Path, environment: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "server.cli.main", "lsp"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT), "AOTD_LOG": "info", **(environment or {})},
        )
        assert self._process.stdin is not None and self._process.stdout is not None and self._process.stderr is not None
        self._changed = threading.Condition()
        self.messages: list[dict[str, Any]] = []
        self.log: list[str] = []
        self.exit_code: int | None = None
        self._next_id = 1
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=self._read_log, daemon=True).start()
        self.folders = folders

    def __enter__(self) -> Self:
        self.initialize()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self.request("shutdown", None)
            self.notify("exit", None)
        self.exit_code = self._process.wait(timeout=PATIENCE_SECONDS)

    def initialize(self) -> dict[str, Any]:
        """The server's answer to `initialize`, after which it is told that the editor is ready."""
        folders = [{"uri": folder.as_uri(), "name": folder.name} for folder in self.folders]
        params = {"processId": os.getpid(), "rootUri": None, "capabilities": CAPABILITIES, "workspaceFolders": folders}
        answer = self.request("initialize", params)
        self.notify("initialized", {})
        result: dict[str, Any] = answer["result"]
        return result

    def send_bytes(self, data: bytes) -> None:
        """Sends anything at all."""
        assert self._process.stdin is not None
        self._process.stdin.write(data)
        self._process.stdin.flush()

    def send(self, message: object) -> None:
        """Sends one well-formed frame."""
        body = json.dumps(message).encode()
        self.send_bytes(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    def notify(self, method: str, params: object) -> None:
        """Sends a notification."""
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def start_request(self, method: str, params: object) -> int:
        """Sends a request; its id."""
        request_id = self._next_id
        self._next_id += 1
        self.send({"jsonrpc": "2.0", "id": request_id, "method": method, "params": params})
        return request_id

    def response(self, request_id: int | None) -> dict[str, Any]:
        """The response to a request."""
        return self.wait_for(lambda message: "method" not in message and message.get("id") == request_id)

    def request(self, method: str, params: object) -> dict[str, Any]:
        """The response to a request that is sent now."""
        return self.response(self.start_request(method, params))

    def open(self, path: Path, text: str | None = None, version: int = 1) -> None:
        """Opens a document, with the text on disk unless another is given."""
        document = {
            "uri": path.as_uri(),
            "languageId": "csharp",
            "version": version,
            "text": path.read_text() if text is None else text,
        }
        self.notify("textDocument/didOpen", {"textDocument": document})

    def edit(self, path: Path, version: int, *changes: tuple[tuple[int, int], tuple[int, int], str]) -> None:
        """Edits an open document: each change is start, end (line and UTF-16 unit, from 0) and new text."""
        content = [
            {"range": {"start": {"line": a, "character": b}, "end": {"line": c, "character": d}}, "text": text}
            for (a, b), (c, d), text in changes
        ]
        document = {"uri": path.as_uri(), "version": version}
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": content})

    def diagnostics_of(self, path: Path, expect: Callable[[list[str]], bool], since: int = 0) -> list[dict[str, Any]]:
        """The first diagnostics published for `path`, after message `since`, whose codes satisfy `expect`."""
        uri = path.as_uri()

        def fits(message: dict[str, Any]) -> bool:
            if message.get("method") != "textDocument/publishDiagnostics" or message["params"]["uri"] != uri:
                return False
            return expect([str(diagnostic["code"]) for diagnostic in message["params"]["diagnostics"]])

        found: list[dict[str, Any]] = self.wait_for(fits, since)["params"]["diagnostics"]
        return found

    def wait_for(self, fits: Callable[[dict[str, Any]], bool], since: int = 0) -> dict[str, Any]:
        """The first message from number `since` on that fits; fails with everything that came when none does in time."""
        end = time.monotonic() + PATIENCE_SECONDS
        seen = since
        with self._changed:
            while True:
                while seen < len(self.messages):
                    if fits(self.messages[seen]):
                        return self.messages[seen]
                    seen += 1
                if not self._changed.wait(end - time.monotonic()) and time.monotonic() >= end:
                    came = "\n".join(json.dumps(message)[:500] for message in self.messages)
                    raise AssertionError(f"no such message; came:\n{came}\nlog:\n{''.join(self.log)[-5000:]}")

    def _read(self) -> None:
        assert self._process.stdout is not None
        stream = self._process.stdout
        while header := stream.readline():
            length = int(header.split(b":")[1])
            while stream.readline().strip():
                pass
            message = json.loads(stream.read(length))
            if "method" in message and "id" in message:
                self.send({"jsonrpc": "2.0", "id": message["id"], "result": None})
            with self._changed:
                self.messages.append(message)
                self._changed.notify_all()

    def _read_log(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.log.append(line.decode(errors="replace"))

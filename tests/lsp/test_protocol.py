"""The server against a peer that makes mistakes: every request is answered, and nothing ends the session but its end."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from server.lsp.transport import Malformed, read_frames
from tests.lsp.editor import Editor


def test_initialize_says_what_the_server_can_do(tmp_path: Path) -> None:
    editor = Editor(tmp_path)
    result = editor.initialize()
    capabilities = result["capabilities"]
    assert capabilities["positionEncoding"] == "utf-16"
    assert capabilities["textDocumentSync"]["change"] == 2
    assert sorted(capabilities["executeCommandProvider"]["commands"]) == ["aotd.doctor", "aotd.projects", "aotd.publish"]
    assert result["serverInfo"]["name"] == "aotd"
    registered = editor.wait_for(lambda message: message.get("method") == "client/registerCapability")
    assert registered["params"]["registrations"][0]["method"] == "workspace/didChangeWatchedFiles"
    editor.__exit__()
    assert editor.exit_code == 0


def test_exit_without_shutdown_is_1_and_so_is_the_end_of_input(tmp_path: Path) -> None:
    editor = Editor(tmp_path)
    editor.initialize()
    editor.notify("exit", None)
    assert editor._process.wait(timeout=20) == 1
    silent = Editor(tmp_path)
    assert silent._process.stdin is not None
    silent._process.stdin.close()
    assert silent._process.wait(timeout=20) == 1


MALFORMED: list[tuple[bytes, int]] = [
    (b"Content-Length: 9\r\n\r\nnot json!", -32700),
    (b"Content-Length: 7\r\n\r\n[1,2,3]", -32600),
    (b"Content-Length: 4\r\n\r\nnull", -32600),
    (b"Content-Length: 200000\r\n\r\n" + b"[" * 200000, -32700),
    (b'Content-Length: 29\r\n\r\n{"jsonrpc":"2.0","method":42}', -32600),
    (b'Content-Length: 2\r\n\r\n{"', -32700),
    (b"{this is no header}\r\n", -32700),
    (b"Content-Length: 999999999999\r\n\r\n", -32700),
    (b"\xff\xfe\x00garbage\r\n", -32700),
]


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Editor:
    editor = Editor(tmp_path_factory.mktemp("empty"))
    editor.initialize()
    return editor


@pytest.mark.parametrize(("data", "code"), MALFORMED)
def test_malformed_messages_are_answered_and_the_next_one_works(editor: Editor, data: bytes, code: int) -> None:
    since = len(editor.messages)
    editor.send_bytes(data)
    answer = editor.wait_for(lambda message: "error" in message, since)
    assert (answer["id"], answer["error"]["code"]) == (None, code)
    assert editor.request("workspace/executeCommand", {"command": "aotd.projects"})["result"] == []


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("no/suchMethod", {}, -32601),
        ("workspace/executeCommand", {"command": 17, "arguments": "x"}, -32602),
        ("workspace/executeCommand", [1, 2], -32602),
        ("workspace/executeCommand", {"command": "aotd.frobnicate"}, -32602),
        ("workspace/executeCommand", {"command": "aotd.publish", "arguments": [{"project": 3}]}, -32602),
        ("workspace/executeCommand", {"command": "aotd.publish"}, -32602),
    ],
)
def test_requests_that_cannot_be_served_get_an_error(editor: Editor, method: str, params: object, code: int) -> None:
    assert editor.request(method, params)["error"]["code"] == code


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("textDocument/didOpen", {"textDocument": {"uri": 3}}),
        ("textDocument/didChange", {"textDocument": {"uri": "file:///not/open.cs", "version": 2}, "contentChanges": [{"text": "x"}]}),
        ("textDocument/didClose", {"textDocument": {"uri": "file:///not/open.cs"}}),
        ("textDocument/didOpen", {"textDocument": {"uri": "untitled:Untitled-1", "languageId": "csharp", "version": 1, "text": ""}}),
        ("$/cancelRequest", {"id": "unknown"}),
        ("$/setTrace", {}),
        ("workspace/didChangeWorkspaceFolders", {}),
        ("window/workDoneProgress/cancel", {"token": "unknown"}),
        ("no/suchNotification", [1]),
    ],
)
def test_notifications_that_make_no_sense_change_nothing(editor: Editor, method: str, params: object) -> None:
    editor.notify(method, params)
    assert editor.request("workspace/executeCommand", {"command": "aotd.projects"})["result"] == []


def test_response_to_a_request_that_was_never_sent_is_ignored(editor: Editor) -> None:
    editor.send({"jsonrpc": "2.0", "id": "nobody", "result": 1})
    editor.send({"jsonrpc": "2.0", "id": "nobody", "error": {"code": 1, "message": "x"}})
    assert editor.request("workspace/executeCommand", {"command": "aotd.projects"})["result"] == []


def test_frames_are_found_again_after_garbage() -> None:
    stream = io.BytesIO(b"junk\r\nContent-Length: 2\r\nContent-Type: x\r\n\r\nabContent-Length: 1\r\n\r\nc\r\n\r\ncontent-length:1\n\nd")
    frames = list(read_frames(stream))
    assert isinstance(frames[0], Malformed)
    assert frames[1:] == [b"ab", b"c", b"d"]
    assert list(read_frames(io.BytesIO(b"Content-Length: 5\r\n\r\nab"))) == []

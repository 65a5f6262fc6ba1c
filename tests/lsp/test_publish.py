"""`aotd.publish` of the editor: progress, a program that runs, errors, cancel; by a daemon of its own and without one."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from server.daemon.client import daemon_state, stop_daemon
from server.daemon.place import DaemonPlace
from tests.conftest import ROOT
from tests.lsp.editor import Editor

pytestmark = pytest.mark.run


@pytest.fixture
def place(tmp_path: Path) -> Iterator[DaemonPlace]:
    place = DaemonPlace(tmp_path / "run")
    yield place
    stop_daemon(place)


@pytest.fixture
def hello(tmp_path: Path) -> Path:
    folder = tmp_path / "hello"
    shutil.copytree(ROOT / "samples/hello", folder, ignore=shutil.ignore_patterns("bin", "obj"))
    return folder


def publish(editor: Editor, project: Path) -> int:
    arguments = [{"project": str(project), "configuration": "Debug", "rid": ""}]
    return editor.start_request("workspace/executeCommand", {"command": "aotd.publish", "arguments": arguments})


def progress(editor: Editor, kind: str) -> list[dict[str, Any]]:
    """The values of that kind in the progress of publishes; analyses have one of their own."""
    told = [message["params"] for message in editor.messages if message.get("method") == "$/progress"]
    publishes = {each["token"] for each in told if each["value"].get("title", "").startswith("Publishing")}
    return [each["value"] for each in told if each["token"] in publishes and each["value"]["kind"] == kind]


@pytest.mark.parametrize("by_daemon", [True, False])
def test_program_is_made_and_runs(hello: Path, place: DaemonPlace, by_daemon: bool) -> None:
    environment = {"AOTD_RUNTIME_DIR": str(place.folder), "AOTD_NO_DAEMON": "" if by_daemon else "1"}
    with Editor(hello, environment=environment) as editor:
        answer = editor.response(publish(editor, hello / "hello.csproj"))["result"]
        assert (answer["succeeded"], answer["cancelled"]) == (True, False), answer
        program = Path(answer["path"])
        assert program == hello / "bin/Debug/net9.0/linux-x64/publish/hello"
        assert answer["message"].startswith(f"hello -> {program} (")
        [begun] = progress(editor, "begin")
        assert (begun["title"], begun["cancellable"]) == ("Publishing hello", True)
        assert "Linking" in [value["message"] for value in progress(editor, "report")]
        assert len(progress(editor, "end")) == 1
    assert (daemon_state(place) is not None) == by_daemon
    assert subprocess.run([program], capture_output=True, text=True, check=True).stdout == "Hello from native .NET!\n"


def test_what_stops_a_publish_is_told_in_one_line(hello: Path, place: DaemonPlace) -> None:
    (hello / "Program.cs").write_text("Console.WriteLine(Missing);\n")
    with Editor(hello, environment={"AOTD_RUNTIME_DIR": str(place.folder)}) as editor:
        answer = editor.response(publish(editor, hello / "hello.csproj"))["result"]
        assert answer == {
            "succeeded": False,
            "cancelled": False,
            "message": "CS0103: The name 'Missing' does not exist in the current context",
        }
        answer = editor.response(publish(editor, hello / "none.csproj"))["result"]
        assert "MSB1009" in answer["message"]


@pytest.mark.parametrize("button", [True, False])
def test_cancel_ends_it_and_leaves_nothing(hello: Path, place: DaemonPlace, button: bool) -> None:
    environment = {"AOTD_RUNTIME_DIR": str(place.folder), "AOTD_CACHE_DIR": os.environ.get("AOTD_CACHE_DIR", "")}
    with Editor(hello, environment=environment) as editor:
        request = publish(editor, hello / "hello.csproj")
        reported = editor.wait_for(
            lambda m: m.get("method") == "$/progress" and m["params"]["value"].get("message", "").startswith("Finding")
        )
        if button:
            editor.notify("window/workDoneProgress/cancel", {"token": reported["params"]["token"]})
            assert editor.response(request)["result"] == {"succeeded": False, "cancelled": True, "message": "cancelled"}
        else:
            editor.notify("$/cancelRequest", {"id": request})
            assert editor.response(request)["error"]["code"] == -32800
        end = time.monotonic() + 20
        while (state := daemon_state(place)) is not None and state.n_running:
            assert time.monotonic() < end
            time.sleep(0.05)
        assert not (hello / "bin/Debug/net9.0/linux-x64/publish/hello").exists()


def test_session_that_ends_takes_its_publish_along(hello: Path, place: DaemonPlace) -> None:
    with Editor(hello, environment={"AOTD_RUNTIME_DIR": str(place.folder)}) as editor:
        publish(editor, hello / "hello.csproj")
        editor.wait_for(lambda m: m.get("method") == "$/progress" and m["params"]["value"].get("message", "").startswith("Finding"))
    assert editor.exit_code == 0
    end = time.monotonic() + 30
    while (state := daemon_state(place)) is not None and state.n_running:
        assert time.monotonic() < end
        time.sleep(0.05)
    assert not (hello / "bin/Debug/net9.0/linux-x64/publish/hello").exists()

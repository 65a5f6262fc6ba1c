"""A VS Code server on a free port with the extension installed: what the browser of the editor test opens.

From the packaged extension, a folder to open and machine settings to a running server and its address. The server gets
a data folder of its own, so that nothing of the developer's editor is read or changed.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.editor.install import Installed, InstallError, run_step

REPOSITORY = Path(__file__).resolve().parents[2]
EXTENSION = REPOSITORY / "vscode-extension"


def build_extension() -> Path:
    """The packaged extension, built from the sources as they are."""
    lock = EXTENSION / "package-lock.json"
    installed_lock = EXTENSION / "node_modules/.package-lock.json"
    if not installed_lock.is_file() or installed_lock.stat().st_mtime < lock.stat().st_mtime:
        run_step("install the extension's packages", ["npm", "ci", "--ignore-scripts"], EXTENSION)
    run_step("package the extension", ["npm", "run", "package"], EXTENSION)
    return EXTENSION / "aotd.vsix"


@contextmanager
def serve(installed: Installed, vsix: Path, data: Path, settings: Mapping[str, object], env: Mapping[str, str]) -> Iterator[str]:
    """Address of a running VS Code server; it and all that it started end with the block."""
    machine = data / "data/Machine"
    machine.mkdir(parents=True)
    (machine / "settings.json").write_text(json.dumps(settings))
    base = ["node", str(installed.server_main), "--server-data-dir", str(data), "--extensions-dir", str(data / "extensions")]
    environment = {**os.environ, **env}
    run_step("install the extension", [*base, "--install-extension", str(vsix), "--accept-server-license-terms"], env=environment)
    log = data / "server.log"
    with log.open("w") as sink:
        server = subprocess.Popen(
            [*base, "--host", "127.0.0.1", "--port", "0", "--without-connection-token", "--accept-server-license-terms",
             "--telemetry-level", "off"],
            stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT, env=environment, start_new_session=True,
        )  # fmt: skip
        try:
            yield f"http://127.0.0.1:{_port(server, log)}"
        finally:
            server.terminate()
            server.wait(timeout=20)


def _port(server: subprocess.Popen[bytes], log: Path) -> int:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        found = re.search(r"Extension host agent listening on (\d+)|Server bound to 127\.0\.0\.1:(\d+)", log.read_text())
        if found:
            return int(found.group(1) or found.group(2))
        if server.poll() is not None:
            break
        time.sleep(0.2)
    raise InstallError(f"the VS Code server did not start:\n{log.read_text()[-3000:]}")

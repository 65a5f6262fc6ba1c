"""Installs a real VS Code (server and workbench), a browser and a driver for it, once, into the test cache folder.

From an empty cache to a folder with `server-main.js`, native modules that load, and `playwright-core`. Everything comes
from the package managers as installed: Debian's for the browser, npm for the rest. The folder is built aside and renamed
when it is complete, so a killed install leaves nothing half done.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

CODE_SERVER = "4.100.3"
PLAYWRIGHT = "1.52.0"

# Raised when an install that is there must be made again.
LAYOUT = 2
NATIVE_MODULES = ("@vscode/spdlog", "native-watchdog", "@parcel/watcher", "kerberos", "node-pty")

# Debian package -> what proves that it is there.
DEBIAN_PACKAGES = {
    "chromium": Path("/usr/bin/chromium"),
    "ripgrep": Path("/usr/bin/rg"),
    "g++": Path("/usr/bin/g++"),
    "make": Path("/usr/bin/make"),
    "libkrb5-dev": Path("/usr/include/gssapi/gssapi.h"),
    "fonts-dejavu-core": Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"),
}


class InstallError(RuntimeError):
    """The editor could not be installed; the message says which step failed and how to mend it."""


@dataclass(frozen=True, slots=True)
class Installed:
    """Where the parts are."""

    root: Path
    server_main: Path
    browser: Path
    node_modules: Path


def test_cache() -> Path:
    """The folder that keeps installs between test runs."""
    override = os.environ.get("AOTD_TEST_CACHE")
    if override:
        return Path(override)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "aotd-tests"


def ensure_installed() -> Installed:
    """The installed editor; installs it first when the cache does not hold this version.

    Raises InstallError naming the failed step.
    """
    _ensure_debian_packages()
    root = test_cache() / f"vscode-{CODE_SERVER}-{PLAYWRIGHT}-{LAYOUT}"
    if not root.is_dir():
        _install(root)
    node_modules = root / "node_modules"
    return Installed(
        root=root,
        server_main=node_modules / "code-server/lib/vscode/out/server-main.js",
        browser=DEBIAN_PACKAGES["chromium"],
        node_modules=node_modules,
    )


def run_step(step: str, command: list[str], cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    """Output of `command`; raises InstallError with the end of its output when it fails."""
    try:
        done = subprocess.run(
            command, cwd=cwd, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, timeout=1500
        )
    except FileNotFoundError as error:
        raise InstallError(f"{step}: `{command[0]}` is not installed") from error
    except subprocess.TimeoutExpired as error:
        raise InstallError(f"{step}: no end after {error.timeout:.0f} s: {' '.join(command)}") from error
    if done.returncode != 0:
        raise InstallError(f"{step}: `{' '.join(command)}` exited {done.returncode}:\n{done.stdout[-3000:]}")
    return done.stdout


def _ensure_debian_packages() -> None:
    missing = [name for name, proof in DEBIAN_PACKAGES.items() if not proof.exists()]
    if not missing:
        return
    names = " ".join(missing)
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise InstallError(f"the editor test needs {names}; install them, on Debian as root: apt-get install {names}")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run_step("apt-get update", ["apt-get", "update", "-q"], env=env)
    run_step("apt-get install", ["apt-get", "install", "-q", "-y", "--no-install-recommends", *missing], env=env)


def _headers() -> list[str]:
    """npm's switch for the headers that stand beside node: without it they are fetched."""
    node = shutil.which("node")
    prefix = Path(node).resolve().parent.parent if node is not None else Path("/")
    return [f"--nodedir={prefix}"] if (prefix / "include/node/node_version.h").is_file() else []


def _install(root: Path) -> None:
    building = root.with_name(f"{root.name}.{os.getpid()}.partial")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    (building / "package.json").write_text('{"private": true}\n')
    npm = ["npm", "--no-audit", "--no-fund", "--loglevel=error"]
    packages = [f"code-server@{CODE_SERVER}", f"playwright-core@{PLAYWRIGHT}"]
    run_step("install code-server", [*npm, "install", "--ignore-scripts", *packages], building)
    vscode = building / "node_modules/code-server/lib/vscode"
    run_step("install the VS Code server's packages", [*npm, "install", "--omit=dev", "--ignore-scripts"], vscode)
    # The scripts that follow a build may fail without the module being broken, so what counts is that each module loads.
    rebuild = [*npm, "rebuild", *_headers(), *NATIVE_MODULES]
    subprocess.run(rebuild, cwd=vscode, stdin=subprocess.DEVNULL, capture_output=True, timeout=1500, check=False)
    for module in NATIVE_MODULES:
        run_step(f"build the native module {module}", ["node", "-e", f"require({module!r})"], vscode)
    ripgrep = vscode / "node_modules/@vscode/ripgrep/bin/rg"
    ripgrep.parent.mkdir(parents=True, exist_ok=True)
    ripgrep.unlink(missing_ok=True)
    ripgrep.symlink_to(DEBIAN_PACKAGES["ripgrep"])
    building.rename(root)


if __name__ == "__main__":
    sys.stdout.write(f"{ensure_installed().root}\n")

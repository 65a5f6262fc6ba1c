"""`dev.py setup`: a fresh checkout to one that can run every test.

Makes `.venv` with the project (editable) and its `test` and `dev` extras, and installs the system packages that the tests need
and that are not there. Runs under the system's Python, so it uses the standard library only. Running it again is quick.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

# Debian package -> the command that shows it is there. `gcc` builds the C programs that benchmarks and tests compare with.
SYSTEM_PACKAGES = {"gcc": "gcc", "binutils": "readelf", "git": "git", "npm": "npm"}


class SetupError(Exception):
    """A step that cannot be done; the message says what to do instead."""


def run(root: Path, arguments: list[str]) -> int:
    """Sets the checkout up; 0 when it is ready."""
    if arguments:
        sys.stderr.write("dev.py setup takes no arguments\n")
        return 2
    try:
        install_system_packages([package for package, tool in SYSTEM_PACKAGES.items() if shutil.which(tool) is None])
        install_python_packages(root)
    except (SetupError, subprocess.CalledProcessError) as error:
        sys.stderr.write(f"dev.py setup: {error}\n")
        return 1
    return 0


def install_python_packages(root: Path) -> None:
    """`.venv` with the project and its extras; nothing is done when pyproject.toml is the one it was made from."""
    venv = root / ".venv"
    python = venv / "bin" / "python"
    stamp = venv / "aotd-setup"
    wanted = hashlib.sha256((root / "pyproject.toml").read_bytes()).hexdigest()
    if python.exists() and stamp.is_file() and stamp.read_text() == wanted:
        return
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", "--editable", f"{root}[test,dev]"], check=True)
    stamp.write_text(wanted)


def install_system_packages(missing: list[str]) -> None:
    """Installs Debian packages, as root or through sudo.

    Raises SetupError with the command to type when neither is possible.
    """
    if not missing:
        return
    prefix = [] if os.geteuid() == 0 else ["sudo"]
    if shutil.which("apt-get") is None or (prefix and shutil.which("sudo") is None):
        raise SetupError(f"these packages are needed: {' '.join(missing)}; install them with the system's package manager")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run([*prefix, "apt-get", "update", "-qq"], check=True, env=environment)
    subprocess.run([*prefix, "apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing], check=True, env=environment)

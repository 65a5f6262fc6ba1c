"""python -m tests.real_sdk.record DOTNET [CASE...]: writes down what the `dotnet` of the package, unchanged, says to the cases.

DOTNET is the command in the unpacked package. It wants libssl 1.1 on LD_LIBRARY_PATH.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.real_sdk.cases import played, read_case

CASES = Path(__file__).with_name("cases")
SETTINGS = {
    "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1",
    "DOTNET_CLI_TELEMETRY_OPTOUT": "1",
    "DOTNET_NOLOGO": "1",
    "DOTNET_SKIP_FIRST_TIME_EXPERIENCE": "1",
    "MSBUILDDISABLENODEREUSE": "1",
}


def main(dotnet: Path, names: Sequence[str]) -> None:
    """Records the named cases, all when none is named."""
    for path in sorted(CASES.glob("*.case")):
        if names and path.stem not in names:
            continue
        with tempfile.TemporaryDirectory() as made:
            folder, home = Path(made) / "case", Path(made) / "home"
            folder.mkdir()
            home.mkdir()
            variables = {**os.environ, **SETTINGS, "HOME": str(home), "DOTNET_ROOT": str(dotnet.parent)}

            def run(words: Sequence[str], where: Path, variables: dict[str, str] = variables) -> tuple[int, str]:
                done = subprocess.run([dotnet, *words], cwd=where, env=variables, capture_output=True, text=True, check=False)
                return done.returncode, done.stdout + done.stderr

            # The first command of a user is greeted.
            run(["msbuild", "-version", "-nologo"], home)
            sdk = dotnet.parent / "sdk" / "3.1.102"
            places = [(str(folder), "{FOLDER}"), (str(home), "{HOME}"), (str(sdk), "{SDK}"), (str(dotnet.parent), "{ROOT}")]
            text = played(read_case(path.read_text(encoding="utf-8")), folder, run, places)
            path.with_suffix(".expect").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])

"""What goes wrong at the user's side: one clear line, exit code 1, no traceback, nothing half-written."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.conftest import CommandResult, RunAotd
from tests.run.projects import write_project

ENVIRONMENT = {"AOTD_NO_DAEMON": "1"}


def assert_one_error(result: CommandResult, code: str, *words: str) -> None:
    """Exactly one error line, with `code` and `words`, and exit code 1."""
    errors = [line for line in result.output.splitlines() if ": error " in line]
    assert len(errors) == 1, result.output
    assert f"error {code}: " in errors[0], errors[0]
    for word in words:
        assert word in errors[0], errors[0]
    assert result.exit_code == 1
    assert "Traceback" not in result.output


def test_broken_project_xml(aotd: RunAotd, tmp_path: Path) -> None:
    project = write_project(tmp_path)
    project.write_text(project.read_text().replace("</PropertyGroup>", "</PropertyGruop>"))
    assert_one_error(aotd("check", project, env=ENVIRONMENT), "MSB4025", "app.csproj")


def test_missing_source(aotd: RunAotd, tmp_path: Path) -> None:
    project = write_project(tmp_path, items='<Compile Include="Missing.cs" />')
    assert_one_error(aotd("check", project, env=ENVIRONMENT), "CS2001", "Missing.cs")


def test_syntax_error(aotd: RunAotd, tmp_path: Path) -> None:
    project = write_project(tmp_path, source='Console.WriteLine("hello")\n')
    result = aotd("check", project, env=ENVIRONMENT)
    assert_one_error(result, "CS1002", "Program.cs(1,27)", "; expected")


def test_truncated_reference(aotd: RunAotd, tmp_path: Path) -> None:
    whole = next(path for path in Path(sys.prefix).rglob("*.so") if path.stat().st_size > 4096)
    (tmp_path / "lib.dll").write_bytes(b"MZ" + whole.read_bytes()[2:700])
    project = write_project(tmp_path, items='<Reference Include="lib"><HintPath>lib.dll</HintPath></Reference>')
    result = aotd("check", project, env=ENVIRONMENT)
    assert_one_error(result, "CS0009", "lib.dll")


def test_missing_reference(aotd: RunAotd, tmp_path: Path) -> None:
    project = write_project(tmp_path, items='<Reference Include="lib"><HintPath>nowhere/lib.dll</HintPath></Reference>')
    assert_one_error(aotd("check", project, env=ENVIRONMENT), "MSB3245", "lib.dll")


def test_circular_references(aotd: RunAotd, tmp_path: Path) -> None:
    write_project(tmp_path / "a", name="a", items='<ProjectReference Include="../b/b.csproj" />')
    write_project(tmp_path / "b", name="b", items='<ProjectReference Include="../a/a.csproj" />')
    assert_one_error(aotd("check", tmp_path / "a", env=ENVIRONMENT), "AOTD0303", "a.csproj -> b.csproj -> a.csproj")


def test_framework_fallback(aotd: RunAotd, tmp_path: Path) -> None:
    project = write_project(tmp_path)
    result = aotd("check", project, "-p:TargetFramework=net10.0", env=ENVIRONMENT)
    warnings = [line for line in result.stdout.splitlines() if "warning AOTD0301" in line]
    assert result.exit_code == 0 and len(warnings) == 1 and "'net10.0'" in warnings[0] and ".NET 9." in warnings[0]
    forbidden = aotd("check", project, "-p:TargetFramework=net10.0", "-p:AotdAllowFrameworkFallback=false", env=ENVIRONMENT)
    assert_one_error(forbidden, "AOTD0302", "net10.0")

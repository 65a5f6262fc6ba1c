"""What property functions may ask of the machine, as values: evaluation itself reads neither environment nor clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from server.msbuild.files import FileSystem


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The machine as one evaluation sees it. `clock` gives seconds since 1970, `random_bytes` so many bytes.

    Directories have no trailing slash. `tool_variables` are those that the `dotnet` command adds to the environment of MSBuild, and so
    of its tasks.
    """

    files: FileSystem
    variables: Mapping[str, str]
    current_directory: str
    tools_directory: str
    sdks_directory: str
    extensions_directory: str
    clock: Callable[[], float]
    random_bytes: Callable[[int], bytes]
    processor_count: int
    machine_name: str
    user_name: str
    architecture: str
    runtime_version: str
    runtime_identifier: str
    command_line: str
    os_description: str
    tool_variables: Mapping[str, str] = field(default_factory=dict)

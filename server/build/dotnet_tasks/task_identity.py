"""What kind of process a task wants, by its declaration and by its call: runtime and architecture, as MSBuild on .NET has them.

There is one kind here: .NET, with the architecture of the machine. What asks for another cannot be run.
"""

from __future__ import annotations

from dataclasses import dataclass

from compiler.diagnostics import Location
from server.msbuild.errors import InvalidProjectFile, invalid
from server.msbuild.functions.surroundings import Surroundings

ANY = "*"
_RUNTIMES = ("CLR2", "CLR4", "CurrentRuntime", ANY)
_ARCHITECTURES = ("x86", "x64", "CurrentArchitecture", ANY)
_ALSO_VALID = ("net", "arm64")
_OWN_RUNTIME = "NET"


@dataclass(frozen=True, slots=True)
class TaskIdentity:
    """Runtime and architecture as written; "" is any."""

    runtime: str = ""
    architecture: str = ""

    def check(self, task: str, names: tuple[str, str], location: Location) -> None:
        """Raises InvalidProjectFile when a value is none that MSBuild knows; `names` are those of the two parameters."""
        for value, name, known in ((self.runtime, names[0], _RUNTIMES), (self.architecture, names[1], _ARCHITECTURES)):
            if value and value.lower() not in [one.lower() for one in known] and value.lower() not in _ALSO_VALID:
                shown = '", "'.join(known[:-1])
                text = f'The "{task}" task could not be loaded. "{value}" is an invalid value for the task host parameter "{name}". '
                text += f'Valid values are:  "{shown}", and "{ANY}"; not specifying a value is also valid.'
                raise invalid("MSB4215", location, text)

    def fits(self, other: TaskIdentity, own_architecture: str) -> bool:
        """Can one process be both? What is not said fits everything."""
        mine, theirs = self._plain(own_architecture), other._plain(own_architecture)
        return all(ANY in pair or pair[0] == pair[1] for pair in zip(mine, theirs, strict=True))

    def merged(self, other: TaskIdentity) -> TaskIdentity:
        """What both ask for together."""
        return TaskIdentity(
            self.runtime if self.runtime not in ("", ANY) else other.runtime,
            self.architecture if self.architecture not in ("", ANY) else other.architecture,
        )

    def _plain(self, own_architecture: str) -> tuple[str, str]:
        runtime = (self.runtime or ANY).lower()
        architecture = (self.architecture or ANY).lower()
        return (
            _OWN_RUNTIME.lower() if runtime == "currentruntime" else runtime,
            own_architecture if architecture == "currentarchitecture" else architecture,
        )


def own_architecture(surroundings: Surroundings) -> str:
    """The architecture of the processes here, as MSBuild names it."""
    return surroundings.architecture.lower()


def mismatch(task: str, declared: TaskIdentity, called: TaskIdentity, location: Location) -> InvalidProjectFile:
    """The error for a task that is declared for another kind of process than its call asks for."""
    text = (
        f'The "{task}" task has been defined, but cannot be used due to the fact that the identity defined in the UsingTask declaration '
        f'(Runtime="{declared.runtime or ANY}", Architecture="{declared.architecture or ANY}") does not match the identity specified by '
        f'the task invocation (MSBuildRuntime="{called.runtime or ANY}", MSBuildArchitecture="{called.architecture or ANY}").'
    )
    return invalid("MSB4214", location, text)


def require_own(task: str, wanted: TaskIdentity, surroundings: Surroundings, location: Location) -> None:
    """Raises InvalidProjectFile when the task wants a kind of process that is not there."""
    if TaskIdentity(_OWN_RUNTIME, own_architecture(surroundings)).fits(wanted, own_architecture(surroundings)):
        return
    name = "MSBuildTaskHost.exe" if wanted.runtime.lower() == "clr2" else "MSBuild.exe"
    runtime, architecture = wanted.runtime or ANY, wanted.architecture or ANY
    text = (
        f'Could not run the "{task}" task because MSBuild could not create or connect to a task host with runtime "{runtime}" '
        f'and architecture "{architecture}".  Please ensure that (1) the requested runtime and/or architecture are available '
        f'on the machine, and (2) that the required executable "{surroundings.tools_directory}/{name}" exists and can be run.'
    )
    raise invalid("MSB4216", location, text)

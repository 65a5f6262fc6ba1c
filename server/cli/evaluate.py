"""`aotd evaluate`: prints properties and items of an evaluated project, as `dotnet msbuild -getProperty -getItem` does."""

from __future__ import annotations

from collections.abc import Sequence

from compiler.diagnostics import InputError, Severity
from server.cli import console
from server.cli.caller import caller
from server.cli.switches import parse_project_switches
from server.msbuild.errors import InvalidProjectFile
from server.msbuild.evaluate import diagnostic_of
from server.msbuild.query import query_text
from server.msbuild.warm import WarmEvaluations

USAGE = """Usage: aotd evaluate [PROJECT] [-getProperty:A,B] [-getItem:Compile] [-p:NAME=VALUE]... [-c CONFIGURATION] [-r RID] [-f TFM]

Evaluates the project without running anything and prints what is asked: one property as its bare value, several properties or
items as JSON. Without -getProperty and -getItem it prints the project's diagnostics only.

  -getProperty:NAMES  properties, separated by commas
  -getItem:TYPES      items with all their metadata, separated by commas
"""


def run(args: Sequence[str]) -> int:
    """Exit code of `aotd evaluate ARGS`: 0, or 1 when the project has an error."""
    properties: list[str] = []
    items: list[str] = []
    rest = [arg for arg in args if not (_take(arg, "getproperty", properties) or _take(arg, "getitem", items))]
    whom = caller()
    switches = parse_project_switches(rest, whom.directory)
    evaluations = whom.tools.kept(WarmEvaluations)
    evaluator = evaluations.evaluator(whom.environment, str(whom.directory), remembers=whom.tools.is_resident)
    try:
        instance = evaluator.evaluate(switches.project, switches.properties)
    except InvalidProjectFile as error:
        console.diagnostic_line(diagnostic_of(error, str(switches.project)))
        return 1
    asked = bool(properties or items)
    for diagnostic in instance.diagnostics:
        if not asked or diagnostic.severity is Severity.ERROR:
            console.diagnostic_line(diagnostic)
    if asked:
        console.write(query_text(instance, properties, items))
    evaluations.save()
    return 1 if any(diagnostic.severity is Severity.ERROR for diagnostic in instance.diagnostics) else 0


def _take(arg: str, switch: str, names: list[str]) -> bool:
    """Is `arg` the switch? Its names are added to `names` then. Raises InputError when it has none."""
    name, separator, value = arg.lstrip("-/").partition(":")
    if not arg.startswith(("-", "/")) or name.lower() != switch:
        return False
    given = [part.strip() for part in value.replace(";", ",").split(",") if part.strip()]
    if not separator or not given:
        raise InputError("MSB1010" if switch == "getproperty" else "MSB1014", f"Specify a name for the switch '{arg}'.")
    names.extend(given)
    return True

"""Text of a .sln or .slnx file -> projects, folders, configurations and dependencies as plain values."""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass, field

from compiler.diagnostics import Location
from server.msbuild import paths
from server.msbuild.errors import InvalidProjectFile, invalid
from server.msbuild.xml import XmlElement, XmlSyntaxError, read_project_xml

_PROJECT = re.compile(r'Project\("(\{[^"]+\})"\)\s*=\s*"([^"]*)"\s*,\s*"([^"]*)"\s*,\s*"(\{[^"]+\})"')
_FOLDER_TYPE = "{2150E333-8FDC-42A3-9474-1A3956D46DE8}"
_HEADER = "Microsoft Visual Studio Solution File, Format Version "


@dataclass(slots=True)
class ConfigurationOfProject:
    """What one solution configuration means for one project."""

    configuration: str
    platform: str
    builds: bool


@dataclass(slots=True)
class SolutionProject:
    """A project of a solution. `path` is absolute; `unique_name` has its folders in front, separated by backslashes."""

    identifier: str
    name: str
    path: str
    unique_name: str = ""
    dependencies: list[str] = field(default_factory=list)
    configurations: dict[str, ConfigurationOfProject] = field(default_factory=dict)


@dataclass(slots=True)
class Solution:
    """A solution. Configurations are `Name|Platform` texts in order; projects are in the order in which they are built."""

    path: str
    configurations: list[str]
    projects: list[SolutionProject]

    def default_configuration(self) -> tuple[str, str]:
        """Configuration and platform that are built when none are named."""
        names = [text.partition("|")[0] for text in self.configurations]
        platforms = [text.partition("|")[2] for text in self.configurations]
        name = next((n for n in names if n.lower() == "debug"), names[0] if names else "Debug")
        for wanted in ("mixed platforms", "any cpu"):
            for platform in platforms:
                if platform.lower() == wanted:
                    return name, platform
        return name, platforms[0] if platforms else "Any CPU"


def is_solution(path: str) -> bool:
    """Is it the name of a solution file, or of a filter over one?"""
    return path.lower().endswith((".sln", ".slnx", ".slnf"))


def read_solution(path: str, text: str) -> Solution:
    """The solution in `text`. Raises InvalidProjectFile."""
    return _read_slnx(path, text) if path.lower().endswith(".slnx") else _read_sln(path, text)


def _bad(path: str, line: int, message: str) -> InvalidProjectFile:
    return invalid("MSB5010", Location(path, line), message)


def _read_sln(path: str, text: str) -> Solution:
    lines = [line.strip() for line in text.replace("\r\n", "\n").split("\n")]
    if not any(line.startswith(_HEADER) for line in lines[:2]):
        raise _bad(path, 0, "No file format header found.")
    solution = Solution(path, [], [])
    nested: dict[str, str] = {}
    folders: dict[str, str] = {}
    current: SolutionProject | None = None
    section = ""
    for line in lines:
        match = _PROJECT.match(line)
        if match is not None:
            kind, name, relative, identifier = match.groups()
            if kind.upper() == _FOLDER_TYPE:
                folders[identifier.upper()] = name
            else:
                full = paths.full_path(relative.replace("\\", "/"), paths.directory_name(path) or "/")
                current = SolutionProject(identifier.upper(), name, full)
                solution.projects.append(current)
        elif line == "EndProject":
            current = None
        elif line.startswith(("GlobalSection(", "ProjectSection(")):
            section = line[line.index("(") + 1 : line.index(")")] if ")" in line else ""
        elif line in ("EndGlobalSection", "EndProjectSection"):
            section = ""
        elif section and "=" in line:
            left, _, right = (part.strip() for part in line.partition("="))
            _take_entry(solution, current, nested, section, left, right)
    _name_projects(solution, folders, nested)
    return solution


def _take_entry(solution: Solution, current: SolutionProject | None, nested: dict[str, str], section: str, left: str, right: str) -> None:
    if section == "SolutionConfigurationPlatforms":
        if left.lower() != "description" and left not in solution.configurations:
            solution.configurations.append(left)
    elif section == "ProjectConfigurationPlatforms":
        identifier, _, rest = left.partition(".")
        project = next((one for one in solution.projects if one.identifier == identifier.upper()), None)
        key, _, what = rest.rpartition(".ActiveCfg")
        if project is None:
            return
        if rest.endswith(".ActiveCfg"):
            configuration, _, platform = right.partition("|")
            project.configurations[key.lower()] = ConfigurationOfProject(configuration, _project_platform(platform), builds=False)
        elif rest.endswith(".Build.0"):
            entry = project.configurations.get(rest.removesuffix(".Build.0").lower())
            if entry is not None:
                entry.builds = True
        del what
    elif section == "NestedProjects":
        nested[left.upper()] = right.upper()
    elif section == "ProjectDependencies" and current is not None:
        current.dependencies.append(right.upper())


def _project_platform(platform: str) -> str:
    return "AnyCPU" if platform == "Any CPU" else platform


def _name_projects(solution: Solution, folders: dict[str, str], nested: dict[str, str]) -> None:
    for project in solution.projects:
        names = [project.name]
        parent = nested.get(project.identifier)
        seen: set[str] = set()
        while parent is not None and parent in folders and parent not in seen:
            seen.add(parent)
            names.append(folders[parent])
            parent = nested.get(parent)
        project.unique_name = "\\".join(reversed(names))


def _read_slnx(path: str, text: str) -> Solution:
    try:
        root = read_project_xml(text, path)
    except XmlSyntaxError as error:
        raise InvalidProjectFile("MSB4025", f"The project file could not be loaded. {error.message}", error.location) from None
    builds, platforms = _slnx_configurations(root)
    solution = Solution(path, [f"{build}|{platform}" for build in builds for platform in platforms], [])
    directory = paths.directory_name(path) or "/"
    for element in root.elements():
        if element.name == "Project":
            solution.projects.append(_slnx_project(solution, element, directory, ""))
    for element in root.elements():
        if element.name == "Folder":
            prefix = element.value("Name").strip("/").replace("/", "\\")
            inside = (child for child in element.elements() if child.name == "Project")
            solution.projects += [_slnx_project(solution, child, directory, prefix) for child in inside]
    by_path = {project.path.lower(): project.identifier for project in solution.projects}
    for project in solution.projects:
        project.dependencies = [by_path[name.lower()] for name in project.dependencies if name.lower() in by_path]
    return solution


def _slnx_configurations(root: XmlElement) -> tuple[list[str], list[str]]:
    builds: list[str] = []
    platforms: list[str] = []
    for group in root.elements():
        if group.name == "Configurations":
            builds += [child.value("Name") for child in group.elements() if child.name == "BuildType"]
            platforms += [child.value("Name") for child in group.elements() if child.name == "Platform"]
    return builds or ["Debug", "Release"], platforms or ["Any CPU"]


def _slnx_project(solution: Solution, element: XmlElement, directory: str, prefix: str) -> SolutionProject:
    full = paths.full_path(element.value("Path").replace("\\", "/"), directory)
    name = element.value("DisplayName") or paths.file_name_without_extension(full)
    project = SolutionProject(full.lower(), name, full, f"{prefix}\\{name}" if prefix else name)
    for child in element.elements():
        if child.name == "BuildDependency":
            project.dependencies.append(paths.full_path(child.value("Project").replace("\\", "/"), directory))
    for text in solution.configurations:
        build, _, platform = text.partition("|")
        entry = ConfigurationOfProject(build, _project_platform(platform), builds=True)
        for child in element.elements():
            if not _slnx_rule_applies(child, text):
                continue
            value = child.value("Project")
            if child.name == "BuildType":
                entry.configuration = value
            elif child.name == "Platform":
                entry.platform = _project_platform(value)
            elif child.name == "Build":
                entry.builds = value.lower() != "false"
        project.configurations[text.lower()] = entry
    return project


def _slnx_rule_applies(rule: XmlElement, configuration: str) -> bool:
    pattern = rule.value("Solution")
    return not pattern or fnmatch.fnmatchcase(configuration.lower(), pattern.lower())

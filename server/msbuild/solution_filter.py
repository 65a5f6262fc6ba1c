"""Text of a .slnf file -> which solution it is about and which of its projects it keeps."""

from __future__ import annotations

import json
from dataclasses import replace

from compiler.diagnostics import Location
from server.msbuild import paths
from server.msbuild.errors import invalid
from server.msbuild.files import FileSystem
from server.msbuild.solution import Solution, read_solution


def is_filter(path: str) -> bool:
    """Is it the name of a solution filter?"""
    return path.lower().endswith(".slnf")


def read_filter(path: str, text: str) -> tuple[str, list[str]]:
    """The absolute path of the solution, and the projects' paths as they are written. Raises InvalidProjectFile."""
    try:
        values = json.loads(text.removeprefix("\ufeff"))
        solution = values["solution"]
        file, projects = solution["path"], solution["projects"]
        if not isinstance(file, str) or not all(isinstance(project, str) for project in projects):
            raise TypeError("the path and the projects are to be texts")
    except (ValueError, KeyError, TypeError, RecursionError) as failure:
        raise invalid("MSB5023", Location(path), f'Error parsing solution filter file at "{path}". {failure}.') from None
    return paths.full_path(file.replace("\\", "/"), paths.directory_name(path) or "/"), projects


def solution_of(file: str, files: FileSystem) -> Solution:
    """The solution in a file, or what a filter keeps of one. Raises InvalidProjectFile."""
    text = _text(file, files)
    if not is_filter(file):
        return read_solution(file, text)
    path, names = read_filter(file, text)
    return keep_projects(read_solution(path, _text(path, files)), names, file)


def _text(file: str, files: FileSystem) -> str:
    try:
        return files.read_text(file)
    except OSError as error:
        raise invalid("MSB5001", Location(file), f"The solution file could not be read. {error.strerror}.") from None


def keep_projects(solution: Solution, names: list[str], path: str) -> Solution:
    """The solution with only the named projects. Raises InvalidProjectFile for one that it does not have."""
    folder = paths.directory_name(solution.path) or "/"
    wanted = {paths.full_path(name.replace("\\", "/"), folder).lower(): name for name in names}
    known = {project.path.lower() for project in solution.projects}
    for file, name in wanted.items():
        if file not in known:
            text = f'Solution filter file at "{path}" includes project "{name}" that is not in the solution file at "{solution.path}".'
            raise invalid("MSB5028", Location(path), text)
    return replace(solution, projects=[project for project in solution.projects if project.path.lower() in wanted])

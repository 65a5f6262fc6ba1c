"""Files and items in which a project names what a publish keeps and replaces: ILLink's XML files, rd.xml (RdXmlFile), whole assemblies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from compiler.flow.root_files import EMBEDDED, EmbeddedFile, RootFile, RootFileKind
from server.build.csharp_options import resources
from server.build.project_values import EvaluatedProject

# (file) -> its bytes, or the text that an editor shows. Raises OSError.
ReadContent = Callable[[Path], "bytes | str"]


def read_content(path: Path) -> bytes:
    """The bytes of a file on disk. Raises OSError."""
    return path.read_bytes()


def root_files(project: EvaluatedProject, read: ReadContent = read_content) -> tuple[RootFile, ...]:
    """The files that the project's items name, each once, also those that cannot be read."""
    named_by = project.property("MSBuildProjectFullPath")
    found: dict[tuple[RootFileKind, str], RootFile] = {}
    for kind in RootFileKind:
        for item in project.items_of(kind.value):
            path = item.full_path()
            if (kind, path) not in found:
                found[kind, path] = _root_file(path, kind, named_by, read)
    return tuple(found.values())


def embedded_files(project: EvaluatedProject, read: ReadContent = read_content) -> tuple[EmbeddedFile, ...]:
    """ILLink's files among the project's resources; those that cannot be read are the C# compiler's to tell of."""
    found: list[EmbeddedFile] = []
    for path, resource in embedded_paths(project):
        try:
            found.append(EmbeddedFile(resource, str(path), read(path)))
        except OSError:
            continue
    return tuple(found)


def embedded_paths(project: EvaluatedProject) -> list[tuple[Path, str]]:
    """ILLink's files among the project's resources, with their names there."""
    return [(Path(each.path), each.logical_name) for each in resources(project) if each.logical_name in EMBEDDED]


def read_paths(project: EvaluatedProject) -> tuple[Path, ...]:
    """All files that the functions above read."""
    named = (Path(item.full_path()) for kind in RootFileKind for item in project.items_of(kind.value))
    return tuple(dict.fromkeys((*named, *(path for path, _ in embedded_paths(project)))))


def assemblies_kept_whole(project: EvaluatedProject) -> frozenset[str]:
    """Lower-case names of the assemblies of which items keep everything."""
    return frozenset(item.identity.partition(",")[0].strip().lower() for item in project.items_of("TrimmerRootAssembly"))


def keeps_untrimmable(project: EvaluatedProject) -> bool:
    """Whether assemblies that are not marked as fit for trimming are kept as a whole."""
    return project.property("TrimMode").strip().lower() == "partial"


def trimmable_assemblies(project: EvaluatedProject) -> frozenset[str]:
    """Lower-case names of the assemblies that count as fit for trimming because the project says so."""
    return frozenset(item.identity.lower() for item in project.items_of("TrimmableAssembly"))


def _root_file(path: str, kind: RootFileKind, named_by: str, read: ReadContent) -> RootFile:
    try:
        return RootFile(path, kind, named_by, read(Path(path)))
    except FileNotFoundError:
        return RootFile(path, kind, named_by, b"", "it does not exist", is_missing=True)
    except OSError as error:
        return RootFile(path, kind, named_by, b"", error.strerror or str(error))

"""XML files of a project that say what a publish keeps and replaces, as values: descriptors, rd.xml, and those that it embeds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

# Names of the resources that are read.
DESCRIPTOR = "ILLink.Descriptors.xml"
SUBSTITUTIONS = "ILLink.Substitutions.xml"
LINK_ATTRIBUTES = "ILLink.LinkAttributes.xml"
EMBEDDED = frozenset((DESCRIPTOR, SUBSTITUTIONS, LINK_ATTRIBUTES))


class RootFileKind(Enum):
    """The format of a file; `value` is the type of the item that names it."""

    DESCRIPTOR = "TrimmerRootDescriptor"
    DIRECTIVES = "RdXmlFile"


@dataclass(frozen=True, slots=True)
class RootFile:
    """A file by its full path, named by the project file `project`; a `content` that is text is an editor's.

    Where it could not be read `failure` says why, and `is_missing` whether there is none.
    """

    path: str
    kind: RootFileKind
    project: str
    content: bytes | str
    failure: str = ""
    is_missing: bool = False


@dataclass(frozen=True, slots=True)
class EmbeddedFile:
    """A file that is embedded as the resource of that name."""

    resource: str
    path: str
    content: bytes | str

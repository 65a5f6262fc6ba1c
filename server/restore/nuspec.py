"""Bytes of a .nuspec to what restore asks of it: identity, dependencies, framework references, content files, package types.

Frameworks and version ranges stay the strings they are: `frameworks.py` and `versions.py` give them meaning. The XML is read
without a document type, entities or network. The metadata element counts under any namespace, its children only under its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from server.restore.errors import INVALID_PACKAGE, MISSING_NUSPEC, PackageError

NUSPEC_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class NuspecDependency:
    """A dependency on a package. `version_range` is None when absent; the flags are split, trimmed and sorted."""

    id: str
    version_range: str | None
    include: tuple[str, ...]
    exclude: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DependencyGroup:
    """Dependencies for one target framework; None stands for any framework."""

    target_framework: str | None
    dependencies: tuple[NuspecDependency, ...]


@dataclass(frozen=True, slots=True)
class FrameworkGroup:
    """Names (framework references or reference files) for one target framework; None stands for any framework."""

    target_framework: str | None
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FrameworkAssembly:
    """An assembly of .NET Framework; `target_frameworks` is empty for any framework."""

    name: str
    target_frameworks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ContentFilesEntry:
    """A `files` element of `contentFiles`. None: the attribute is absent."""

    include: str
    exclude: str | None
    build_action: str | None
    copy_to_output: bool | None
    flatten: bool | None


@dataclass(frozen=True, slots=True)
class PackageType:
    """A package type by name and version; the version is empty when absent."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Nuspec:
    """A manifest. `id` and `version` are as written, trimmed."""

    id: str
    version: str
    min_client_version: str | None
    development_dependency: bool
    serviceable: bool
    language: str
    package_types: tuple[PackageType, ...]
    dependency_groups: tuple[DependencyGroup, ...]
    framework_reference_groups: tuple[FrameworkGroup, ...]
    framework_assemblies: tuple[FrameworkAssembly, ...]
    reference_groups: tuple[FrameworkGroup, ...]
    content_files: tuple[ContentFilesEntry, ...]


def read_nuspec(content: bytes, name: str) -> Nuspec:
    """The manifest in `content`; `name` stands for it in messages. Raises PackageError."""
    metadata = _metadata(content, name)
    return Nuspec(
        id=_child_text(metadata, "id"),
        version=_child_text(metadata, "version"),
        min_client_version=metadata.get("minClientVersion"),
        development_dependency=_child_text(metadata, "developmentDependency").lower() == "true",
        serviceable=_child_text(metadata, "serviceable").lower() == "true",
        language=_child_text(metadata, "language"),
        package_types=tuple(
            PackageType(node.get("name", ""), node.get("version", "")) for node in _path(metadata, "packageTypes", "packageType")
        ),
        dependency_groups=tuple(_dependency_groups(metadata)),
        framework_reference_groups=tuple(
            FrameworkGroup(node.get("targetFramework") or None, _names(node, "frameworkReference", "name"))
            for node in _path(metadata, "frameworkReferences", "group")
        ),
        framework_assemblies=tuple(_framework_assemblies(metadata)),
        reference_groups=tuple(_reference_groups(metadata)),
        content_files=tuple(_content_files(metadata, name)),
    )


def _metadata(content: bytes, name: str) -> etree._Element:
    if len(content) > NUSPEC_BYTES:
        raise PackageError(INVALID_PACKAGE, f"'{name}' is larger than {NUSPEC_BYTES} bytes")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise PackageError(INVALID_PACKAGE, f"'{name}' is not valid XML: {error.msg}") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise PackageError(INVALID_PACKAGE, f"'{name}' has a document type declaration, which a manifest must not have")
    for child in root:
        if isinstance(child.tag, str) and etree.QName(child).localname == "metadata":
            return child
    raise PackageError(MISSING_NUSPEC, f"'{name}' has no element 'metadata'")


def _path(metadata: etree._Element, *names: str) -> Iterator[etree._Element]:
    """The elements under `metadata` along `names`, all in its own namespace."""
    namespace = etree.QName(metadata).namespace
    step = "/".join(f"{{{namespace}}}{name}" if namespace else name for name in names)
    return metadata.iterfind(step)


def _child_text(metadata: etree._Element, name: str) -> str:
    node = next(_path(metadata, name), None)
    return (node.text or "").strip() if node is not None else ""


def _names(group: etree._Element, element: str, attribute: str) -> tuple[str, ...]:
    return tuple(name for node in _path(group, element) if (name := node.get(attribute, "")))


def _dependency_groups(metadata: etree._Element) -> Iterator[DependencyGroup]:
    groups = list(_path(metadata, "dependencies", "group"))
    for group in groups:
        yield DependencyGroup(group.get("targetFramework") or None, _dependencies(_path(group, "dependency")))
    if not groups:  # the flat list of manifests before NuGet 2.0
        flat = _dependencies(_path(metadata, "dependencies", "dependency"))
        if flat:
            yield DependencyGroup(None, flat)


def _dependencies(nodes: Iterator[etree._Element]) -> tuple[NuspecDependency, ...]:
    found: dict[NuspecDependency, None] = {}
    for node in nodes:
        dependency = NuspecDependency(
            node.get("id", "").strip(), node.get("version") or None, _flags(node.get("include")), _flags(node.get("exclude"))
        )
        found.setdefault(dependency)
    return tuple(found)


def _flags(text: str | None) -> tuple[str, ...]:
    flags = {flag.strip().lower(): flag.strip() for flag in reversed((text or "").split(",")) if flag.strip()}
    return tuple(flags[key] for key in sorted(flags))


def _framework_assemblies(metadata: etree._Element) -> Iterator[FrameworkAssembly]:
    for node in _path(metadata, "frameworkAssemblies", "frameworkAssembly"):
        frameworks = tuple(part.strip() for part in (node.get("targetFramework") or "").split(",") if part.strip())
        if node.get("assemblyName"):
            yield FrameworkAssembly(node.get("assemblyName", ""), frameworks)


def _reference_groups(metadata: etree._Element) -> Iterator[FrameworkGroup]:
    groups = list(_path(metadata, "references", "group"))
    for group in groups:
        yield FrameworkGroup(group.get("targetFramework") or None, _names(group, "reference", "file"))
    if not groups:
        flat = tuple(name for node in _path(metadata, "references", "reference") if (name := node.get("file", "")))
        if flat:
            yield FrameworkGroup(None, flat)


def _content_files(metadata: etree._Element, name: str) -> Iterator[ContentFilesEntry]:
    for node in _path(metadata, "contentFiles", "files"):
        include = node.get("include")
        if include is None:
            raise _invalid_entry(node, name)
        copied, flat = _boolean(node, "copyToOutput", name), _boolean(node, "flatten", name)
        yield ContentFilesEntry(include, node.get("exclude") or None, node.get("buildAction"), copied, flat)


def _boolean(node: etree._Element, attribute: str, name: str) -> bool | None:
    text = node.get(attribute)
    if text is None:
        return None
    if text.lower() not in ("true", "false"):
        raise _invalid_entry(node, name)
    return text.lower() == "true"


def _invalid_entry(node: etree._Element, name: str) -> PackageError:
    text = etree.tostring(node, encoding="unicode", with_tail=False).strip()
    return PackageError(INVALID_PACKAGE, f"The nuspec contains an invalid entry '{text}' in package '{name}' .")

"""One NuGet.Config to its sections, checked as NuGet checks it.

Section names count exactly when they are looked up, although NuGet tells them apart by case nowhere else. A second section of a
name is ignored; `clear` drops what stands before it in its section.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from server.restore.errors import ConfigError

MAPPING_SECTION = "packageSourceMapping"
CREDENTIALS_SECTION = "packageSourceCredentials"

# Element name -> attributes that it must have. Names of elements count without case, attributes with it.
_REQUIRED_ATTRIBUTES = {
    "add": ("key", "value"),
    "packagesource": ("key",),
    "package": ("pattern",),
    "author": ("name",),
    "repository": ("name", "serviceIndex"),
    "certificate": ("fingerprint", "hashAlgorithm", "allowUntrustedRoot"),
    "filecert": ("packageSource", "path"),
    "storecert": ("packageSource", "findValue"),
}
_WITHOUT_CHILDREN = ("add", "clear", "package", "certificate", "owners", "filecert", "storecert")


@dataclass(frozen=True, slots=True)
class SettingItem:
    """An element of a section, as written: `%NAME%` is not yet replaced. `origin` is the file it stands in."""

    element: str
    attributes: Mapping[str, str]
    children: tuple[SettingItem, ...]
    origin: Path

    def __repr__(self) -> str:
        # Attributes may be passwords.
        return f"SettingItem({self.element!r}, {str(self.origin)!r})"

    @property
    def identity(self) -> tuple[str, str]:
        """What makes an item of a nearer file replace one of a farther file."""
        if self.element == "add":
            return "add", self.attributes["key"]
        if self.element == "packagesource":
            return "packagesource", self.attributes["key"].lower()
        return self.element, ""


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A NuGet.Config: sections by name, items in order."""

    path: Path
    sections: Mapping[str, tuple[SettingItem, ...]]


def read_config_file(path: Path) -> ConfigFile:
    """The file's sections. Raises ConfigError."""
    root = _root(path)
    if etree.QName(root).localname.lower() != "configuration":
        raise ConfigError(f"NuGet.Config does not contain the expected root element: 'configuration'. Path: '{path}'.")
    sections: dict[str, tuple[SettingItem, ...]] = {}
    seen = set()
    for element in root:
        name = _local_name(element)
        key = (name + "".join(_attributes(element).values())).lower()
        if key not in seen:
            seen.add(key)
            sections.setdefault(name, _section(element, name, path))
    return ConfigFile(path, sections)


def _root(path: Path) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True)
    try:
        return etree.fromstring(path.read_bytes(), parser)
    except etree.XMLSyntaxError as error:
        raise ConfigError(f"NuGet.Config is not valid XML. Path: '{path}'.") from error
    except PermissionError as error:
        raise ConfigError(f"Failed to read NuGet.Config due to unauthorized access. Path: '{path}'.") from error
    except OSError as error:
        raise ConfigError(f"Unexpected failure reading NuGet.Config. Path: '{path}'.") from error


def _local_name(element: etree._Element) -> str:
    return etree.QName(element).localname


def _section(section: etree._Element, name: str, path: Path) -> tuple[SettingItem, ...]:
    is_mapping, is_credentials = name.lower() == MAPPING_SECTION.lower(), name.lower() == CREDENTIALS_SECTION.lower()
    distinct: dict[str, SettingItem] = {}
    for element in section:
        item = _credentials(element, path) if is_credentials else _item(element, path, name)
        key = (item.element + "".join(item.attributes.values())).lower()
        if key in distinct and is_mapping:
            shown = item.attributes.get("key", "")
            message = f"PackageSourceMapping is enabled and there are multiple package sources associated with the same key(s): {shown}."
            raise ConfigError(f"{message} Path: {path}")
        distinct.setdefault(key, item)
    items = list(distinct.values())
    cleared = max((at for at, item in enumerate(items) if item.element == "clear"), default=0)
    return tuple(items[cleared:])


def _item(element: etree._Element, path: Path, parent: str) -> SettingItem:
    name = _local_name(element)
    kind = name.lower()
    known = kind not in ("packagesource", "package") or parent.lower() in (MAPPING_SECTION.lower(), "packagesource")
    if known:
        _check_attributes(element, kind, path)
    if kind in _WITHOUT_CHILDREN and len(element):
        raise ConfigError(f"Error parsing NuGet.Config. Element '{name}' cannot have descendant elements. Path: '{path}'.")
    children = tuple(_item(child, path, kind) for child in element)
    item = SettingItem(kind, _attributes(element), children, path)
    if kind == "packagesource" and parent.lower() == MAPPING_SECTION.lower() and not any(child.element == "package" for child in children):
        raise ConfigError(f"Package source '{item.attributes['key']}' must have at least one package pattern. Path: '{path}'")
    return item


def _attributes(element: etree._Element) -> dict[str, str]:
    return {etree.QName(str(name)).localname: str(value) for name, value in element.attrib.items()}


def _check_attributes(element: etree._Element, kind: str, path: Path) -> None:
    name = _local_name(element)
    if kind == "clear" and element.attrib:
        raise _unparsable(f"The {name} item should not have any attributes and it was found with {len(element.attrib)}.", path)
    for required in _REQUIRED_ATTRIBUTES.get(kind, ()):
        if element.get(required) is None:
            raise _unparsable(f"Missing required attribute '{required}' in element '{name}'.", path)
    if kind == "add" and not element.get("key", "").strip():
        raise _unparsable(f"The attribute 'key' has an unallowed value '' in element '{name}'.", path)


def _credentials(element: etree._Element, path: Path) -> SettingItem:
    """The credentials of one source; the element's name is the source's, escaped where XML does not allow it."""
    children = tuple(_item(child, path, "") for child in element)
    keys = [child.attributes["key"].lower() for child in children if child.element == "add"]
    if keys.count("username") > 1:
        raise _unparsable("A credentials item must have only one Username entry.", path)
    if keys.count("password") + keys.count("cleartextpassword") > 1:
        raise _unparsable("A credentials item must have only one Password or ClearTextPassword entry.", path)
    if keys.count("validauthenticationtypes") > 1:
        raise _unparsable("A credentials item must have only one ValidAuthenticationTypes entry.", path)
    if "username" not in keys or not {"password", "cleartextpassword"} & set(keys):
        raise _unparsable("Credentials item must have username and password.", path)
    return SettingItem(_local_name(element), _attributes(element), children, path)


def _unparsable(reason: str, path: Path) -> ConfigError:
    return ConfigError(f"Unable to parse config file because: {reason} Path: '{path}'.")

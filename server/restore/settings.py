"""Environment and folders to the NuGet.Config files that count, merged, and what they say: sources, folders, proxy, mapping.

Files count from the project's folder upwards, then those of the user, then those of the machine; the nearest says most. Values may
hold `%NAME%` for variables of the environment, and are paths relative to their file where they are paths. Passwords stay inside
`Credentials`, which shows none.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from server.restore.config_file import CREDENTIALS_SECTION, MAPPING_SECTION, ConfigFile, SettingItem, read_config_file
from server.restore.errors import ConfigError
from server.whole_numbers import is_number, magnitude

_FILE_NAMES = ("nuget.config", "NuGet.config", "NuGet.Config")
_VARIABLE = re.compile(r"%([^%]+)%")
_ENVIRONMENT_CREDENTIALS = re.compile(
    r"Username=(?P<user>.*?);\s*Password=(?P<password>.*?)(?:;ValidAuthenticationTypes=(?P<types>.*?))?", re.IGNORECASE
)
_SUPPORTED_PROTOCOL = 3
_DEFAULT_PROTOCOL = 2


@dataclass(frozen=True, slots=True)
class Credentials:
    """User and password of a source or proxy. `authentication_types` is empty when all are allowed."""

    user: str
    password: str = field(repr=False)
    authentication_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PackageSource:
    """A source of packages: a folder's path or a server's URL under the name that the configuration gives it."""

    name: str
    source: str
    protocol_version: int = _DEFAULT_PROTOCOL
    allows_insecure_connections: bool = False
    skips_certificate_validation: bool = False
    credentials: Credentials | None = None

    @property
    def is_http(self) -> bool:
        """Whether it is a server."""
        return urlsplit(self.source).scheme.lower() in ("http", "https")

    @property
    def is_insecure(self) -> bool:
        """Whether it is a server without encryption that is not allowed to be one (NU1302)."""
        return urlsplit(self.source).scheme.lower() == "http" and not self.allows_insecure_connections


@dataclass(frozen=True, slots=True)
class Proxy:
    """The proxy of the configuration; `bypassed` are host patterns that do not go through it."""

    url: str
    bypassed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NuGetSettings:
    """The merged configuration. `files` are nearest first; sections hold items in NuGet's order."""

    files: tuple[Path, ...]
    sections: Mapping[str, tuple[SettingItem, ...]]
    environment: Mapping[str, str]

    def items(self, section: str, element: str = "add") -> Iterator[SettingItem]:
        """The items of a section that are such elements."""
        return (item for item in self.sections.get(section, ()) if item.element == element)

    def value(self, item: SettingItem) -> str:
        """The value of an `add`, its variables replaced; an unknown one stays as it is."""
        return expand(item.attributes["value"], self.environment)

    def path(self, item: SettingItem) -> str:
        """The value of an `add` as an absolute path or a URL."""
        return resolve_path(self.value(item), item.origin.parent)

    def config_value(self, key: str) -> str | None:
        """The value of `key` in section `config`."""
        found = self._config_item(key)
        return self.value(found) if found is not None else None

    def config_path(self, key: str) -> str | None:
        """The value of `key` in section `config`, as a path."""
        found = self._config_item(key)
        return self.path(found) if found is not None else None

    def _config_item(self, key: str) -> SettingItem | None:
        return next((item for item in self.items("config") if item.attributes["key"].lower() == key.lower()), None)

    def nearest_first(self, section: str) -> list[SettingItem]:
        """The `add` items of a section, those of nearer files first."""
        rank = {path: at for at, path in enumerate(self.files)}
        return sorted(self.items(section), key=lambda item: rank.get(item.origin, -1))


def load_settings(folder: Path, config_file: Path | None, environment: Mapping[str, str]) -> NuGetSettings:
    """The settings for a project in `folder`, or those of `config_file` alone. Raises ConfigError."""
    if config_file is not None:
        if not config_file.is_file():
            raise ConfigError(f"File '{config_file}' does not exist.")
        paths = [config_file]
    else:
        paths = [*_files_upwards(folder), *_user_files(environment), *_machine_files(environment)]
    return settings_from_files(paths, environment)


def settings_from_files(paths: Sequence[Path], environment: Mapping[str, str]) -> NuGetSettings:
    """The settings that files say, nearest first. Raises ConfigError."""
    return NuGetSettings(tuple(paths), _merged([read_config_file(path) for path in paths]), environment)


def _files_upwards(folder: Path) -> Iterator[Path]:
    for directory in (folder, *folder.parents):
        found = next((directory / name for name in _FILE_NAMES if (directory / name).is_file()), None)
        if found is not None:
            yield found


def _user_files(environment: Mapping[str, str]) -> Iterator[Path]:
    folder = user_settings_folder(environment)
    if (folder / "NuGet.Config").is_file():
        yield folder / "NuGet.Config"
    yield from _config_files_in(folder / "config")


def _machine_files(environment: Mapping[str, str]) -> Iterator[Path]:
    return _config_files_in(machine_settings_folder(environment) / "Config")


def _config_files_in(folder: Path) -> Iterator[Path]:
    names = sorted(os.listdir(folder)) if folder.is_dir() else []
    return (folder / name for name in names if name.lower().endswith(".config"))


def home_folder(environment: Mapping[str, str]) -> Path:
    """The user's folder as NuGet takes it: DOTNET_CLI_HOME before HOME."""
    return Path(environment.get("DOTNET_CLI_HOME") or environment.get("HOME") or environment.get("USERPROFILE") or os.path.expanduser("~"))


def user_settings_folder(environment: Mapping[str, str]) -> Path:
    """The folder of the user's NuGet.Config."""
    if sys.platform == "win32" and environment.get("APPDATA"):
        return Path(environment["APPDATA"], "NuGet")
    return home_folder(environment) / ".nuget" / "NuGet"


def machine_settings_folder(environment: Mapping[str, str]) -> Path:
    """The folder that holds the machine's configuration."""
    if sys.platform == "win32":
        return Path(environment.get("PROGRAMFILES(X86)") or environment.get("PROGRAMFILES") or "C:\\", "NuGet")
    if sys.platform == "darwin":
        return Path("/Library/Application Support/NuGet")
    return Path(environment.get("NUGET_COMMON_APPLICATION_DATA") or "/etc/opt", "NuGet")


def http_cache_folder(environment: Mapping[str, str]) -> Path:
    """The folder in which answers of servers are kept. Raises ConfigError when NUGET_HTTP_CACHE_PATH is relative."""
    if environment.get("NUGET_HTTP_CACHE_PATH"):
        return Path(_rooted("NUGET_HTTP_CACHE_PATH", environment["NUGET_HTTP_CACHE_PATH"]))
    if sys.platform == "win32":
        return Path(environment.get("LOCALAPPDATA") or home_folder(environment), "NuGet", "v3-cache")
    return Path(environment.get("XDG_DATA_HOME") or home_folder(environment) / ".local" / "share", "NuGet", "http-cache")


def _rooted(variable: str, path: str) -> str:
    if not os.path.isabs(path):
        raise ConfigError(f"'{variable}' must contain an absolute path '{path}'.")
    return os.path.abspath(path)


def _merged(files: list[ConfigFile]) -> dict[str, tuple[SettingItem, ...]]:
    """Sections of all files, farthest first: a nearer item takes the place of a farther one and goes to the end."""
    merged: dict[str, list[SettingItem]] = {}
    for file in reversed(files):
        for name, items in file.sections.items():
            if name not in merged:
                merged[name] = list(items)
                continue
            kept = merged[name]
            for item in items:
                if item.element == "clear":
                    kept.clear()
                same = next((at for at, other in enumerate(kept) if other.identity == item.identity), None)
                if same is not None:
                    del kept[same]
                kept.append(item)
    return {name: tuple(items) for name, items in merged.items()}


def expand(text: str, environment: Mapping[str, str]) -> str:
    """`text` with `%NAME%` replaced where there is such a variable."""
    return _VARIABLE.sub(lambda match: environment.get(match[1], match[0]), text)


def resolve_path(value: str, folder: Path) -> str:
    """`value` as an absolute path, relative to `folder`; a URL stays, but one of a file becomes a path."""
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", value):
        return local_path(value)
    return os.path.normpath(os.path.join(folder, value)) if value else value


def local_path(source: str) -> str:
    """The path of a file URL; anything else as it is."""
    return unquote(urlsplit(source).path) if source.lower().startswith("file://") else source


def package_sources(settings: NuGetSettings, section: str = "packageSources") -> tuple[PackageSource, ...]:
    """The enabled sources of a section, nearest file first. Raises ConfigError for a password that cannot be read here."""
    disabled = {item.attributes["key"] for item in settings.items("disabledPackageSources")}
    found: dict[str, tuple[bool, PackageSource]] = {}
    for item in settings.nearest_first(section):
        source = _package_source(settings, item)
        known = found.get(source.name.lower())
        if known is None or known[1].protocol_version < source.protocol_version <= _SUPPORTED_PROTOCOL:
            found[source.name.lower()] = (item.attributes["key"] not in disabled, source)
    return tuple(source for enabled, source in found.values() if enabled)


def _package_source(settings: NuGetSettings, item: SettingItem) -> PackageSource:
    version = expand(item.attributes.get("protocolVersion", ""), settings.environment).strip()
    return PackageSource(
        name=item.attributes["key"],
        source=settings.path(item),
        protocol_version=magnitude(version) if is_number(version) else _DEFAULT_PROTOCOL,
        allows_insecure_connections=_is_true(settings, item, "allowInsecureConnections"),
        skips_certificate_validation=_is_true(settings, item, "disableTLSCertificateValidation"),
        credentials=_credentials(settings, item.attributes["key"]),
    )


def _is_true(settings: NuGetSettings, item: SettingItem, attribute: str) -> bool:
    return expand(item.attributes.get(attribute, ""), settings.environment).strip().lower() == "true"


def _credentials(settings: NuGetSettings, name: str) -> Credentials | None:
    given = _ENVIRONMENT_CREDENTIALS.fullmatch(settings.environment.get(f"NuGetPackageSourceCredentials_{name}", "").strip())
    if given is not None:
        return Credentials(given["user"], given["password"], _types(given["types"]))
    for item in settings.sections.get(CREDENTIALS_SECTION, ()):
        if _decoded_name(item.element) == name:
            return _configured_credentials(settings, item, name)
    return None


def _configured_credentials(settings: NuGetSettings, item: SettingItem, name: str) -> Credentials:
    values = {child.attributes["key"].lower(): settings.value(child) for child in item.children if child.element == "add"}
    if "cleartextpassword" not in values:
        message = "Password decryption is not supported on .NET Core for this platform. The following feed uses an encrypted password"
        raise ConfigError(f"{message}: '{name}'. You can use a clear text password as a workaround.")
    return Credentials(values["username"], values["cleartextpassword"], _types(values.get("validauthenticationtypes")))


def _types(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip().lower() for part in (text or "").split(",") if part.strip())


def _decoded_name(name: str) -> str:
    """An element's name with XML's escapes (`_x0020_`) replaced."""
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda match: chr(int(match[1], 16)), name)


def fallback_folders(settings: NuGetSettings) -> tuple[str, ...]:
    """The folders of packages that are looked into before packages are installed. Raises ConfigError."""
    given = settings.environment.get("NUGET_FALLBACK_PACKAGES")
    if given:
        return tuple(_rooted("NUGET_FALLBACK_PACKAGES", path) for path in given.split(";") if path)
    return tuple(os.path.abspath(settings.path(item)) for item in settings.nearest_first("fallbackPackageFolders"))


def global_packages_folder(settings: NuGetSettings) -> str:
    """The packages folder: NUGET_PACKAGES, the configured one, else the user's, which ends with a separator. Raises ConfigError."""
    given = settings.environment.get("NUGET_PACKAGES")
    if given:
        return _rooted("NUGET_PACKAGES", given)
    configured = settings.config_path("globalPackagesFolder")
    if configured:
        return os.path.abspath(configured)
    return os.path.join(home_folder(settings.environment), ".nuget", "packages", "")


def configured_proxy(settings: NuGetSettings) -> Proxy | None:
    """The proxy of section `config`, which goes before the environment's."""
    url = settings.config_value("http_proxy")
    if not url:
        return None
    if settings.config_value("http_proxy.password"):
        # NuGet encrypts it, which only Windows can undo; NuGet elsewhere ends with this message too.
        raise ConfigError("Encryption is not supported on non-Windows platforms. Give the proxy's password in the variable http_proxy.")
    return Proxy(url, tuple(part.strip() for part in (settings.config_value("no_proxy") or "").split(",") if part.strip()))


def mapped_patterns(settings: NuGetSettings) -> dict[str, tuple[str, ...]]:
    """Source name -> patterns of package ids, of section `packageSourceMapping`; empty when there is no mapping."""
    return {
        item.attributes["key"]: tuple(child.attributes["pattern"] for child in item.children if child.element == "package")
        for item in settings.items(MAPPING_SECTION, "packagesource")
    }

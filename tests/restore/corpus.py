"""The restore corpus laid out for a test: packages made from their description, a case in a work folder, expected files with its places."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shutil
import zipfile
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha512
from pathlib import Path
from typing import Any

EPOCH = (1980, 1, 1, 0, 0, 0)
SDK_MARK = "{SDK}"


def make_package(described: Path, target: Path) -> None:
    """The archive of one described package, the same bytes everywhere: nuspec first, stored, at the epoch of zip."""
    nuspec = next(described.glob("*.nuspec"))
    lines = (described / "files.txt").read_text(encoding="utf-8").splitlines()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        _add(archive, nuspec.name, nuspec.read_bytes())
        for name in sorted(line.split("\t", 1)[1] for line in lines if line):
            kept = described / "content" / name
            content = kept.read_bytes() if kept.is_file() else f"{name}\n".encode()
            _add(archive, name, b"" if name.endswith("_._") else content)


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.create_system, entry.external_attr, entry.compress_type = 3, 0o644 << 16, zipfile.ZIP_STORED
    archive.writestr(entry, content)


@dataclass(frozen=True)
class Corpus:
    """The corpus and a folder with all of its packages as archives."""

    root: Path
    pool: Path

    def cases(self) -> list[str]:
        """The names of all cases."""
        return sorted(path.parent.name for path in self.root.glob("*/case.json"))

    def package(self, name: str, version: str) -> Path:
        """The archive of a package, made when it is asked for first."""
        target = self.pool / f"{name}.{version}.nupkg"
        if not target.exists():
            make_package(self.root / "feed" / name / version, target)
        return target

    def everything(self) -> Path:
        """A folder with all packages."""
        for name, version in self.described():
            self.package(name, version)
        return self.pool

    def described(self) -> list[tuple[str, str]]:
        """Names and versions of all packages."""
        return [(path.parent.parent.name, path.parent.name) for path in sorted((self.root / "feed").glob("*/*/*.nuspec"))]


@dataclass(frozen=True)
class Place:
    """A case laid out: its files in `case`, feeds beside it, a home of its own. `sdk` stands for the SDK."""

    work: Path
    name: str
    spec: dict[str, Any]
    source: Path
    sdk: Path

    @property
    def case(self) -> Path:
        """The folder of the case's files."""
        return self.work / "case"

    @property
    def home(self) -> Path:
        """The user's home."""
        return self.work / "home"

    @property
    def marks(self) -> list[tuple[str, str]]:
        """Placeholders of expected files and what they stand for, longest place first."""
        home = str(self.home)
        places = [("{PACKAGES}", f"{home}/.nuget/packages"), ("{HOME}", home), ("{ROOT}", str(self.case)), ("{WORK}", str(self.work))]
        return [*places, (SDK_MARK, str(self.sdk)), ("{DOTNET}", str(self.sdk.parent.parent))]

    def real(self, text: str) -> str:
        """Placeholders replaced by places."""
        for mark, place in self.marks:
            text = text.replace(mark, place)
        return text

    def normal(self, text: str) -> str:
        """Places replaced by placeholders."""
        for mark, place in self.marks:
            text = text.replace(place, mark)
        return text

    def environment(self) -> dict[str, str]:
        """The environment in which the case runs."""
        kept = {key: value for key, value in os.environ.items() if not re.match(r"(?i)(nuget|msbuild|dotnet)", key)}
        for key in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
            kept.pop(key, None)
        own = {key: value.replace("{WORK}", str(self.work)) for key, value in self.spec.get("env", {}).items()}
        return kept | {"HOME": str(self.home)} | own

    def expected(self, suffix: str) -> dict[str, str]:
        """Project -> text of its expected file, by the file's ending."""
        found = {}
        for path in sorted(self.source.glob(f"expected.*{suffix}")):
            found[path.name.removeprefix("expected.").removesuffix(suffix)] = path.read_text(encoding="utf-8")
        return found


def lay_case(corpus: Corpus, name: str, work: Path, sdk: Path) -> Place:
    """The case in `work`, ready to run."""
    source = corpus.root / name
    spec = json.loads((source / "case.json").read_text(encoding="utf-8"))
    place = Place(work, name, spec, source, sdk)
    for path in sorted(source.rglob("*")):
        relative = path.relative_to(source)
        if path.is_file() and relative.name != "case.json" and not relative.name.startswith("expected."):
            target = place.case / relative
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    config = place.home / ".nuget" / "NuGet" / "NuGet.Config"
    config.parent.mkdir(parents=True)
    config.write_text('<?xml version="1.0" encoding="utf-8"?>\n<configuration>\n  <packageSources />\n</configuration>\n', encoding="utf-8")
    for feed, globs in spec.get("feeds", {"feed": ["*"]}).items():
        _lay_feed(corpus, work / feed, globs, expanded=feed in spec.get("expanded", []))
    return place


def _lay_feed(corpus: Corpus, feed: Path, globs: list[str], *, expanded: bool) -> None:
    if globs == ["*"] and not expanded:
        feed.symlink_to(corpus.everything(), target_is_directory=True)
        return
    feed.mkdir(parents=True)
    for name, version in corpus.described():
        if any(fnmatch.fnmatch(f"{name}/{version}".lower(), glob.lower()) for glob in globs):
            archive = corpus.package(name, version)
            if expanded:
                _lay_expanded(feed, name, version, archive)
            else:
                os.link(archive, feed / archive.name)


def _lay_expanded(feed: Path, name: str, version: str, archive: Path) -> None:
    folder = feed / name.lower() / version.lower()
    folder.mkdir(parents=True)
    target = folder / f"{name.lower()}.{version.lower()}.nupkg"
    shutil.copy(archive, target)
    digest = b64encode(sha512(archive.read_bytes()).digest()).decode()
    (folder / f"{target.name}.sha512").write_text(digest)
    (folder / ".nupkg.metadata").write_text(json.dumps({"version": 2, "contentHash": digest, "source": str(feed)}))
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder)
    (folder / f"{name}.nuspec").rename(folder / f"{name.lower()}.nuspec")


def comparable_assets(text: str) -> dict[str, Any]:
    """An assets file as it is compared: without signatures, files and messages sorted."""
    values: dict[str, Any] = json.loads(text)
    for library in values.get("libraries", {}).values():
        library["files"] = sorted(name for name in library.get("files", []) if name != ".signature.p7s")
        if not library["files"]:
            del library["files"]
    values["logs"] = sorted(values.get("logs", []), key=lambda log: json.dumps(log, sort_keys=True))
    if not values["logs"]:
        del values["logs"]
    return values

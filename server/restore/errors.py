"""What can go wrong while packages are found and installed, as errors with NuGet's codes where NuGet has one.

`code` is empty where NuGet prints an error without a code (a NuGet.Config that cannot be read). Nothing here holds a password.
"""

from __future__ import annotations

from compiler.diagnostics import InputError, Location


class RestoreError(InputError):
    """A restore cannot go on; the message is NuGet's own where there is one."""


class ConfigError(RestoreError):
    """A NuGet.Config that NuGet would refuse to read."""

    def __init__(self, message: str, code: str = "", location: Location | None = None) -> None:
        super().__init__(code, message, location)


class SourceError(RestoreError):
    """NU1301: a source that cannot be asked. With failed sources ignored it is the warning NU1801."""

    def __init__(self, source: str, message: str, location: Location | None = None) -> None:
        super().__init__("NU1301", message, location)
        self.source = source


class PackageError(RestoreError):
    """A package that is not what it must be; nothing of it is left in the packages folder."""


# Codes of NuGet for packages that it refuses.
UNSAFE_ENTRY = "NU1402"
HASH_MISMATCH = "NU1403"
INVALID_PACKAGE = "NU5000"
MISSING_NUSPEC = "NU5037"
INVALID_SIGNATURE = "NU3005"
PACKAGE_CHANGED_SINCE_SIGNED = "NU3008"

# Of ours, where NuGet has none: it takes such packages, or ends with a message without a code.
WRONG_IDENTITY = "AOTD0401"
TOO_LARGE = "AOTD0402"
BROKEN_ARCHIVE = "AOTD0403"
NO_CLI_TOOLS = "AOTD0404"
NO_SOURCE = "AOTD0405"

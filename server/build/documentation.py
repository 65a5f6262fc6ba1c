"""Codes of diagnostics -> the pages that explain them."""

from __future__ import annotations

import re

_DOCUMENTATION = "https://learn.microsoft.com/dotnet"
_CODE = re.compile(r"(IL|CS|MSB|NETSDK)(\d{3,5})")


def documentation_link(code: str) -> str | None:
    """The page that explains a diagnostic of .NET; None for codes that have no page."""
    found = _CODE.fullmatch(code)
    if found is None:
        return None
    family, number = found.group(1), int(found.group(2))
    name = code.lower()
    match family:
        case "IL" if 3050 <= number <= 3099:
            return f"{_DOCUMENTATION}/core/deploying/native-aot/warnings/{name}"
        case "IL" if 3000 <= number <= 3049:
            return f"{_DOCUMENTATION}/core/deploying/single-file/warnings/{name}"
        case "IL" if number < 3000:
            return f"{_DOCUMENTATION}/core/deploying/trimming/trim-warnings/{name}"
        case "CS":
            return f"{_DOCUMENTATION}/csharp/misc/{name}"
        case "NETSDK":
            return f"{_DOCUMENTATION}/core/tools/sdk-errors/{name}"
        case "MSB":
            return f"https://learn.microsoft.com/visualstudio/msbuild/errors/{name}"
    return None

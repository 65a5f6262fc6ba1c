"""Which of .NET's two readers of trimming attributes is followed where they differ."""

from __future__ import annotations

from enum import Enum


class ReaderKind(Enum):
    """BUILD: the build's analyzers, which see source. PUBLISH: the native compiler, which sees IL.

    Differences that are facts of the two, not of the language:
    - a property of a generic type annotates its backing field for BUILD alone;
    - the return value of another type than Type stays annotated for PUBLISH;
    - RequiresUnreferencedCode without a message counts for PUBLISH alone;
    - a lambda inside an annotated lambda is in its scope for BUILD alone;
    - Activator.CreateInstance by constant names is followed by BUILD alone.
    """

    BUILD = "build"
    PUBLISH = "publish"

"""What an analysis is asked to report."""

from __future__ import annotations

from dataclasses import dataclass, field

from analyzers.rule import Category
from analyzers.rule_versions import DEFAULT_MAJOR
from analyzers.severity import SeverityOptions


@dataclass(frozen=True, slots=True)
class AnalysisOptions:
    """Which families are on, the version of .NET whose rules hold, and what the project says about severities.

    `shows_redundant_suppressions` asks for IL2121, as _TrimmerShowRedundantSuppressions does.
    """

    trim: bool = True
    single_file: bool = True
    aot: bool = True
    major_version: int = DEFAULT_MAJOR
    severities: SeverityOptions = field(default_factory=SeverityOptions)
    shows_redundant_suppressions: bool = False

    def is_on(self, category: Category) -> bool:
        """Whether rules of `category` are reported."""
        return {Category.TRIMMING: self.trim, Category.SINGLE_FILE: self.single_file, Category.AOT: self.aot}[category]

"""What differs between the analyzers of .NET's versions: a table of rules by version. A project has those of its target framework.

What differs by annotations of the class library alone is not here: that follows from the library that a project is compiled against.
"""

from __future__ import annotations

from dataclasses import dataclass

from compiler.flow.reader_kind import FIRST_RULES, FlowRules


@dataclass(frozen=True, slots=True)
class RuleVersion:
    """The rules of one version."""

    places_calls_at_callee: bool = False
    """Uses of Requires members by calls are at `a.Method`, not at `a.Method(arguments)`."""
    reports_implicit_base_calls: bool = False
    """A class without a constructor calls that of its base, at its name. Before, IL2109 is reported for such classes instead."""
    names_constructors_of_arguments: bool = False
    """What `new()` constraints may construct is reported by the constructor's name, not by that of the member that gives the argument."""
    reports_entry_points: bool = False
    """IL2123, IL3005, IL3057, and no use of Main by what calls it."""
    reports_references: bool = False
    """IL2125, IL3058."""
    names_member_kinds: bool = False
    """IL2037 has member kinds by name, not by number."""
    reports_annotated_types: bool = False
    """IL2112-IL2115 in a build, for all annotated types."""
    reports_bases_of_used_types: bool = False
    """A publish reports IL2112-IL2115 for the annotated bases of a type whose object.GetType is called, too."""
    sees_backing_fields: bool = False
    """Fields behind automatic properties count in a build: reached by reflection (IL2110), and stored to by the property's name."""
    flow: FlowRules = FIRST_RULES
    """What the reader of bodies follows."""
    publish_skips_own_methods: bool = False
    """A publish does not report the methods that it makes for annotated delegates."""
    publish_skips_creation_by_name: bool = False
    """A publish does not report objects that are created by the name of their type (IL2032, IL2058)."""
    publish_skips_other_results: bool = False
    """A publish does not report what is returned as an annotated result that can name no type."""


_FIRST = RuleVersion()
_BY_MAJOR = {
    10: RuleVersion(
        places_calls_at_callee=True,
        reports_implicit_base_calls=True,
        names_constructors_of_arguments=True,
        reports_entry_points=True,
        reports_references=True,
        names_member_kinds=True,
        reports_annotated_types=True,
        reports_bases_of_used_types=True,
        sees_backing_fields=True,
        flow=FlowRules(
            resolves_names=True,
            follows_patterns=True,
            follows_property_stores=True,
            checks_enclosing_types=True,
            annotates_captured_parameters=True,
            checks_boxes_and_arrays=True,
            checks_parameter_types=True,
            follows_interfaces=True,
            passes_equal_fields=True,
        ),
        publish_skips_own_methods=True,
        publish_skips_creation_by_name=True,
        publish_skips_other_results=True,
    )
}
DEFAULT_MAJOR = 9


def rules_of(major: int) -> RuleVersion:
    """The rules of .NET `major`: those of the newest version in the table that is not newer."""
    return _BY_MAJOR[max(known)] if (known := [each for each in _BY_MAJOR if each <= major]) else _FIRST

"""The AssignCulture task: files named after a culture (Strings.de.resx) and the rest."""

from __future__ import annotations

import re

from server.build.tasks.task import Kind, OutputItem, Parameter, TaskCall, TaskDefinition, copied_item
from server.msbuild import paths
from server.msbuild.conditions import to_boolean
from server.msbuild.items import Item

_LANGUAGES = frozenset(
    "af am ar arn as az ba be bg bin bn bo br bs ca ceb chr co cs cu cy da de dsb dv dz ee el en eo es et eu fa ff fi fil fo fr fur fy "
    "ga gd "
    "gl gn gsw gu gv ha haw he hi hr hsb ht hu hy ia id ig ii is it iu iv ja jv ka kk kl km kn ko kok kr ks ku kw ky la lb ln lo lt lv "
    "mg mi "
    "mk ml mn mni moh mr ms mt my nb nds ne nl nn no nqo nso oc om or os pa pl prs ps pt qps quc quz rm ro ru rw sa sah sd se si sk sl "
    "sm smn "
    "sn so sq sr ss st su sv sw syr ta te tg th ti tk tn to tr ts tt tzm ug uk ur uz ve vi vo wo xh yi yo zgh zh zu".split()
)
_SCRIPTS = frozenset("arab beng cans cher cyrl deva gujr guru hans hant hmng java knda latn mlym mymr orya taml telu tfng vaii".split())
_CULTURE = re.compile(r"([A-Za-z]{2,3})(?:-([A-Za-z]{4}))?(?:-([A-Za-z]{2}|[0-9]{3}))?\Z")


# Cultures for trying out localization, which systems do not list.
_PSEUDO_LOCALES = frozenset({"qps-ploc", "qps-ploca", "qps-plocm", "qps-latn-x-sh"})


def is_culture(name: str) -> bool:
    """Is it the name of a culture?"""
    if name.lower() in _PSEUDO_LOCALES:
        return True
    match = _CULTURE.match(name)
    if match is None or match[1].lower() not in _LANGUAGES:
        return False
    return match[2] is None or match[2].lower() in _SCRIPTS


def culture_of(path: str) -> str:
    """The culture in a file name: the part before the extension, when it is one."""
    base = paths.file_name_without_extension(path)
    if not paths.extension(path):
        return ""
    culture = paths.extension(base)[1:]
    return culture if culture and is_culture(culture) else ""


def _inferred_culture(item: Item) -> str:
    """The culture that the name says; none when the item opts out or is named like the file it depends on."""
    if to_boolean(item.value("WithCulture")) is False:
        return ""
    parent = paths.file_name_without_extension(item.value("DependentUpon").replace("\\", "/"))
    if parent.lower() == paths.file_name_without_extension(item.identity).lower():
        return ""
    return culture_of(item.identity)


def _run(call: TaskCall) -> bool:
    everything: list[OutputItem] = []
    with_culture: list[OutputItem] = []
    without: list[OutputItem] = []
    neutral: list[OutputItem] = []
    for item in call.items("Files"):
        name, given = item.identity, item.value("Culture")
        if given and call.flag("RespectAlreadyAssignedItemCulture"):
            made = copied_item(item, metadata={"WithCulture": "true"})
            everything.append(made)
            with_culture.append(made)
            neutral.append(made)
            continue
        culture = _inferred_culture(item)
        source = item
        if call.flag("WarnOnCultureOverwritten") and given and given.lower() != culture.lower():
            text = f'Explicitly set culture "{given}" for item "{name}" was overwritten with inferred culture "{culture}", because '
            call.warning("MSB3002", text + "'RespectAlreadyAssignedItemCulture' property was not set.")
            if not culture:
                source = item.clone()
                source.metadata.pop("culture", None)
        metadata = {"Culture": culture, "WithCulture": "true"} if culture else {"WithCulture": "false"}
        made = copied_item(source, name, metadata)
        everything.append(made)
        (with_culture if culture else without).append(made)
        extension = paths.extension(name)
        plain = name[: len(name) - len(extension) - len(culture) - 1] + extension if culture else name
        neutral.append(copied_item(source, plain, metadata))
    call.set_items("AssignedFiles", everything)
    call.set_items("AssignedFilesWithCulture", with_culture)
    call.set_items("AssignedFilesWithNoCulture", without)
    call.set_items("CultureNeutralAssignedFiles", neutral)
    return True


TASK = TaskDefinition(
    "AssignCulture",
    (
        Parameter("Files", Kind.ITEMS, required=True),
        Parameter("RespectAlreadyAssignedItemCulture", Kind.BOOL),
        Parameter("WarnOnCultureOverwritten", Kind.BOOL),
    ),
    ("AssignedFiles", "AssignedFilesWithCulture", "AssignedFilesWithNoCulture", "CultureNeutralAssignedFiles"),
    _run,
)

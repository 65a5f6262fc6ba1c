"""The AssignLinkMetadata task: gives items of other folders a Link below the project that defined them."""

from __future__ import annotations

from server.build.tasks.task import Kind, OutputItem, Parameter, TaskCall, TaskDefinition


def _run(call: TaskCall) -> bool:
    linked: list[OutputItem] = []
    for item in call.items("Items"):
        folder = item.value("DefiningProjectDirectory")
        full = item.full_path()
        if not item.value("Link") and folder and full.lower().startswith(folder.lower()):
            linked.append(OutputItem(item.identity, {"Link": full[len(folder) :]}, item))
    call.set_items("OutputItems", linked)
    return True


TASK = TaskDefinition("AssignLinkMetadata", (Parameter("Items", Kind.ITEMS),), ("OutputItems",), _run)

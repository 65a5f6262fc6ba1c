"""The DownloadFile task; what downloads is loaded when it runs."""

from __future__ import annotations

from server.build.tasks.loading import loaded_on_call
from server.build.tasks.task import Kind, Parameter, TaskDefinition

TASK = TaskDefinition(
    "DownloadFile",
    (
        Parameter("SourceUrl", Kind.TEXT, required=True),
        Parameter("DestinationFolder", Kind.ITEM, required=True),
        Parameter("DestinationFileName", Kind.ITEM),
        Parameter("Retries", Kind.INT),
        Parameter("RetryDelayMilliseconds", Kind.INT),
        Parameter("SkipUnchangedFiles", Kind.BOOL),
        Parameter("Timeout", Kind.INT),
        Parameter("FailIfNotIncremental", Kind.BOOL),
    ),
    ("DownloadedFile",),
    loaded_on_call("server.build.downloads", "run"),
)

"""Times as MSBuild writes them into item metadata."""

from __future__ import annotations

from datetime import UTC, datetime


def format_item_time(seconds: float) -> str:
    """`yyyy-MM-dd HH:mm:ss.fffffff` in local time, as ModifiedTime, CreatedTime and AccessedTime hold it."""
    moment = datetime.fromtimestamp(seconds, UTC).astimezone()
    return f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond:06d}0"

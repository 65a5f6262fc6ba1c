"""The public format of binary logs (.binlog): numbers of records and flags, shared by writer and reader.

A log is a gzip stream: its version as a 32-bit number, records, and a zero byte. Numbers in records are 7 bits a byte. A record is its
kind and its content; strings and name-value lists are records of their own, which precede their first use by index.
From version 18 on the least version of a reader follows the version, and each record says its size in bytes after its kind: later
versions only add kinds, and fields at the end of records.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag

# What is written: every MSBuild since 17.3 reads it, the one of the embedded tool chain included.
WRITTEN_VERSION = 17
# What can be read, and since when records say their size.
OLDEST_VERSION = 14
KNOWN_VERSION = 27
SIZED_RECORDS = 18
# Index 0 is null, 1 the empty string; the others below are reserved.
FIRST_INDEX = 10
NULL_INDEX = 0
EMPTY_INDEX = 1
DEFAULT_SENDER = "MSBuild"


class RecordKind(IntEnum):
    """Kinds of records by their numbers."""

    END_OF_FILE = 0
    BUILD_STARTED = 1
    BUILD_FINISHED = 2
    PROJECT_STARTED = 3
    PROJECT_FINISHED = 4
    TARGET_STARTED = 5
    TARGET_FINISHED = 6
    TASK_STARTED = 7
    TASK_FINISHED = 8
    ERROR = 9
    WARNING = 10
    MESSAGE = 11
    TASK_COMMAND_LINE = 12
    CRITICAL_BUILD_MESSAGE = 13
    PROJECT_EVALUATION_STARTED = 14
    PROJECT_EVALUATION_FINISHED = 15
    PROJECT_IMPORTED = 16
    PROJECT_IMPORT_ARCHIVE = 17
    TARGET_SKIPPED = 18
    PROPERTY_REASSIGNMENT = 19
    UNINITIALIZED_PROPERTY_READ = 20
    ENVIRONMENT_VARIABLE_READ = 21
    PROPERTY_INITIAL_VALUE_SET = 22
    NAME_VALUE_LIST = 23
    STRING = 24
    TASK_PARAMETER = 25
    RESPONSE_FILE_USED = 26
    ASSEMBLY_LOAD = 27
    BUILD_CHECK_MESSAGE = 28
    BUILD_CHECK_WARNING = 29
    BUILD_CHECK_ERROR = 30
    BUILD_CHECK_TRACING = 31
    BUILD_CHECK_ACQUISITION = 32
    BUILD_SUBMISSION_STARTED = 33
    BUILD_CANCELED = 34
    LOGGERS_REGISTERED = 35
    SERVER_LIFECYCLE = 36


class Field(IntFlag):
    """Fields that a record may begin with, in this order but for MESSAGE, which is first."""

    CONTEXT = 1 << 0
    HELP_KEYWORD = 1 << 1
    MESSAGE = 1 << 2
    SENDER = 1 << 3
    THREAD = 1 << 4
    TIMESTAMP = 1 << 5
    SUBCATEGORY = 1 << 6
    CODE = 1 << 7
    FILE = 1 << 8
    PROJECT_FILE = 1 << 9
    LINE = 1 << 10
    COLUMN = 1 << 11
    END_LINE = 1 << 12
    END_COLUMN = 1 << 13
    ARGUMENTS = 1 << 14
    IMPORTANCE = 1 << 15
    EXTENDED = 1 << 16

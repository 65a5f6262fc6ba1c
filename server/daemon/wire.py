"""Messages of the daemon's socket: JSON-RPC 2.0 objects, one a line, to typed values and back.

A request names a verb of the command line and carries everything that the verb may ask of its caller; what the verb writes comes
back as notifications, its exit code as the response. A line that is no such message raises `WireError`, never anything else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from compiler.diagnostics import Diagnostic, Location, Related, Severity

LONGEST_LINE_BYTES = 16 * 1024 * 1024

# The verbs that a client may ask for, besides those of the connection itself.
COMMAND_METHODS = frozenset({"publish", "check", "evaluate", "build", "rebuild", "clean", "msbuild"})
PING = "ping"
SHUTDOWN = "shutdown"
CANCEL = "cancel"
EVENT = "event"

METHOD_NOT_FOUND = -32601
INVALID_REQUEST = -32600
INTERNAL_ERROR = -32603


class WireError(Exception):
    """A line that is no message of this protocol."""


@dataclass(frozen=True, slots=True)
class TerminalFacts:
    """What a verb may know of the caller's terminal."""

    out_is_terminal: bool
    out_shows_colour: bool
    err_is_terminal: bool
    err_shows_colour: bool
    columns: int


@dataclass(frozen=True, slots=True)
class CommandRequest:
    """A verb to run as `args` in `directory` say. A program that `wants_events` gets an `EventNotice` for each thing that happens."""

    request_id: int
    verb: str
    args: tuple[str, ...]
    directory: str
    environment: Mapping[str, str]
    terminal: TerminalFacts
    wants_events: bool = False


@dataclass(frozen=True, slots=True)
class PlainRequest:
    """`ping` or `shutdown`."""

    request_id: int
    method: str


@dataclass(frozen=True, slots=True)
class CancelNotice:
    """The caller does not want the answer of `request_id` any more."""

    request_id: int


@dataclass(frozen=True, slots=True)
class TextNotice:
    """Text that a verb wrote to `channel`, "out" or "err"."""

    request_id: int
    channel: str
    text: str


@dataclass(frozen=True, slots=True)
class StepEvent:
    """A new step began."""

    text: str


@dataclass(frozen=True, slots=True)
class CountEvent:
    """`done` of `total` parts of the present step are ready."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class DiagnosticEvent:
    """A diagnostic became known."""

    diagnostic: Diagnostic


@dataclass(frozen=True, slots=True)
class ResultEvent:
    """What the verb made, by names that it defines."""

    values: Mapping[str, str]


Event = StepEvent | CountEvent | DiagnosticEvent | ResultEvent


@dataclass(frozen=True, slots=True)
class EventNotice:
    """Something happened while a verb ran."""

    request_id: int
    event: Event


@dataclass(frozen=True, slots=True)
class ExitResponse:
    """A verb ended."""

    request_id: int
    exit_code: int


@dataclass(frozen=True, slots=True)
class DaemonState:
    """What `ping` answers. `fingerprint` is that of the program text that the daemon runs."""

    request_id: int
    pid: int
    fingerprint: str
    uptime_seconds: int
    n_running: int


@dataclass(frozen=True, slots=True)
class ErrorResponse:
    """A request that was not carried out; `request_id` is None when the line could not be read so far."""

    request_id: int | None
    code: int
    message: str


ToDaemon = CommandRequest | PlainRequest | CancelNotice
FromDaemon = TextNotice | EventNotice | ExitResponse | DaemonState | ErrorResponse


def encode(message: ToDaemon | FromDaemon) -> bytes:
    """One line, its end included."""
    return json.dumps({"jsonrpc": "2.0", **_body(message)}, separators=(",", ":")).encode() + b"\n"


def _body(message: ToDaemon | FromDaemon) -> dict[str, object]:
    match message:
        case CommandRequest(request_id, verb, args, directory, environment, terminal, wants_events):
            where = {"directory": directory, "environment": dict(environment), "terminal": asdict(terminal)}
            return {"id": request_id, "method": verb, "params": {"args": list(args), **where, "events": wants_events}}
        case PlainRequest(request_id, method):
            return {"id": request_id, "method": method}
        case CancelNotice(request_id):
            return {"method": CANCEL, "params": {"id": request_id}}
        case TextNotice(request_id, channel, text):
            return {"method": channel, "params": {"id": request_id, "text": text}}
        case EventNotice(request_id, event):
            return {"method": EVENT, "params": {"id": request_id, **_event_fields(event)}}
        case ExitResponse(request_id, exit_code):
            return {"id": request_id, "result": {"exit_code": exit_code}}
        case DaemonState(request_id, pid, fingerprint, uptime_seconds, n_running):
            state = {"pid": pid, "fingerprint": fingerprint, "uptime_seconds": uptime_seconds, "n_running": n_running}
            return {"id": request_id, "result": state}
        case ErrorResponse(request_id, code, text):
            return {"id": request_id, "error": {"code": code, "message": text}}


def _event_fields(event: Event) -> dict[str, object]:
    match event:
        case StepEvent(text):
            return {"step": text}
        case CountEvent(done, total):
            return {"done": done, "total": total}
        case ResultEvent(values):
            return {"result": dict(values)}
        case DiagnosticEvent(diagnostic):
            # Explanations are for those who ask for them; the editor has its own analysis.
            plain = asdict(replace(diagnostic, explanation=None))
            return {"diagnostic": {**plain, "severity": diagnostic.severity.value}}


def decode_request(line: bytes) -> ToDaemon | ErrorResponse:
    """What a client sent; an `ErrorResponse` to send back for a request of an unknown method. Raises WireError."""
    fields = _object(line)
    method = _text(fields, "method")
    if method == CANCEL:
        return CancelNotice(_number(_fields(fields, "params"), "id"))
    request_id = _number(fields, "id")
    if method in (PING, SHUTDOWN):
        return PlainRequest(request_id, method)
    if method not in COMMAND_METHODS:
        return ErrorResponse(request_id, METHOD_NOT_FOUND, f"unknown method '{method}'")
    params = _fields(fields, "params")
    args, environment, facts = params.get("args"), _fields(params, "environment"), _fields(params, "terminal")
    if not _are_texts(args) or not _are_texts(list(environment.values())):
        raise WireError("args and environment hold text only")
    terminal = TerminalFacts(
        out_is_terminal=facts.get("out_is_terminal") is True,
        out_shows_colour=facts.get("out_shows_colour") is True,
        err_is_terminal=facts.get("err_is_terminal") is True,
        err_shows_colour=facts.get("err_shows_colour") is True,
        columns=_number(facts, "columns"),
    )
    assert isinstance(args, list)
    texts = {name: str(value) for name, value in environment.items()}
    wants_events = params.get("events") is True
    return CommandRequest(request_id, method, tuple(args), _text(params, "directory"), texts, terminal, wants_events)


def decode_answer(line: bytes) -> FromDaemon:
    """What a daemon sent. Raises WireError."""
    fields = _object(line)
    if "method" in fields:
        params = _fields(fields, "params")
        if fields["method"] == EVENT:
            return EventNotice(_number(params, "id"), _event(params))
        return TextNotice(_number(params, "id"), _text(fields, "method"), _text(params, "text"))
    if "error" in fields:
        error = _fields(fields, "error")
        request_id = fields.get("id")
        return ErrorResponse(request_id if isinstance(request_id, int) else None, _number(error, "code"), _text(error, "message"))
    request_id, result = _number(fields, "id"), _fields(fields, "result")
    if "exit_code" in result:
        return ExitResponse(request_id, _number(result, "exit_code"))
    return DaemonState(
        request_id,
        _number(result, "pid"),
        _text(result, "fingerprint"),
        _number(result, "uptime_seconds"),
        _number(result, "n_running"),
    )


def _event(params: Mapping[str, object]) -> Event:
    if "step" in params:
        return StepEvent(_text(params, "step"))
    if "done" in params:
        return CountEvent(_number(params, "done"), _number(params, "total"))
    if "result" in params:
        return ResultEvent({name: str(value) for name, value in _fields(params, "result").items()})
    return DiagnosticEvent(_diagnostic(_fields(params, "diagnostic")))


def _diagnostic(fields: Mapping[str, object]) -> Diagnostic:
    try:
        severity = Severity(_text(fields, "severity"))
    except ValueError as error:
        raise WireError(str(error)) from error
    related = fields.get("related")
    if not isinstance(related, list) or not all(isinstance(other, dict) for other in related):
        raise WireError("'related' is not a list of objects")
    return Diagnostic(
        code=_text(fields, "code"),
        severity=severity,
        message=_text(fields, "message"),
        location=None if fields.get("location") is None else _location(_fields(fields, "location")),
        subcategory=_text(fields, "subcategory"),
        related=tuple(Related(_text(other, "message"), _location(_fields(other, "location"))) for other in related),
        hint=_text(fields, "hint"),
        project=_text(fields, "project"),
    )


def _location(fields: Mapping[str, object]) -> Location:
    numbers = (_number(fields, name) for name in ("line", "column", "end_line", "end_column"))
    return Location(_text(fields, "file"), *numbers)


def _object(line: bytes) -> Mapping[str, object]:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise WireError(f"not JSON: {error}") from error
    if not isinstance(fields, dict) or fields.get("jsonrpc") != "2.0":
        raise WireError("not a JSON-RPC 2.0 message")
    return fields


def _fields(fields: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = fields.get(name)
    if not isinstance(found, dict):
        raise WireError(f"'{name}' is not an object")
    return found


def _text(fields: Mapping[str, object], name: str) -> str:
    found = fields.get(name)
    if not isinstance(found, str):
        raise WireError(f"'{name}' is not text")
    return found


def _number(fields: Mapping[str, object], name: str) -> int:
    found = fields.get(name)
    if not isinstance(found, int) or isinstance(found, bool):
        raise WireError(f"'{name}' is not a whole number")
    return found


def _are_texts(values: object) -> bool:
    return isinstance(values, Sequence) and not isinstance(values, str) and all(isinstance(value, str) for value in values)

"""A call of DownloadFile: an address of the web -> a file, whole or not at all, again where a retry can help."""

from __future__ import annotations

import email.utils
import http.client
import os
import shutil
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from server.build.events import Importance
from server.build.tasks.task import OutputItem, TaskCall

# How often a wait looks whether the build was cancelled.
_POLL_SECONDS = 0.2
_CHUNK_BYTES = 1 << 16
# Answers that another try may change.
_PASSING = frozenset({408, 500})


class _Failure(Exception):
    """The file cannot be had; `passes` when trying again may help."""

    def __init__(self, message: str, *, passes: bool) -> None:
        super().__init__(message)
        self.message = message
        self.passes = passes


def run(call: TaskCall) -> bool:
    """Downloads the file of the call, or says why not."""
    url = call.text("SourceUrl")
    parts = urllib.parse.urlsplit(url)
    if not parts.scheme or not (parts.netloc or parts.path):
        call.error("MSB3921", f'The specified URL "{url}" is not valid.')
        return False
    delay_ms = call.number("RetryDelayMilliseconds", 5000)
    tries = 0
    while True:
        try:
            _download(call, url, parts.scheme)
            break
        except _Failure as failure:
            if not failure.passes or tries >= call.number("Retries", 0):
                call.error("MSB3923", f'Failed to download file "{url}".  {failure.message}')
                break
            tries += 1
            call.warning("MSB3924", f'Failed to download file "{url}". Beginning retry {tries + 1} in {delay_ms}ms. {failure.message}')
            _wait(call, delay_ms / 1000)
    return not call.logged_error


def _wait(call: TaskCall, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        if call.services.is_cancelled():
            raise KeyboardInterrupt
        time.sleep(min(_POLL_SECONDS, left))


def _download(call: TaskCall, url: str, scheme: str) -> None:
    if scheme not in ("http", "https"):
        raise _Failure(f"The '{scheme}' scheme is not supported.", passes=False)
    request = urllib.request.Request(urllib.parse.quote(url, safe="%/:=&?~#+!$,;'@()*[]"))
    try:
        with urllib.request.urlopen(request, timeout=call.number("Timeout", 100_000) / 1000) as response:
            _take(call, url, response)
    except urllib.error.HTTPError as error:
        text = f"Response status code does not indicate success: {error.code} ({error.reason})."
        raise _Failure(text, passes=error.code in _PASSING) from error
    except urllib.error.URLError as error:
        raise _Failure(str(error.reason), passes=isinstance(error.reason, ConnectionResetError)) from error
    except (http.client.HTTPException, ConnectionError, TimeoutError) as error:
        raise _Failure(f"{error}" or type(error).__name__, passes=True) from error
    except OSError as error:
        raise _Failure(error.strerror or str(error), passes=False) from error


def _take(call: TaskCall, url: str, response: http.client.HTTPResponse) -> None:
    named = [item.identity for item in call.items("DestinationFileName") if item.identity.strip()]
    name = named[0] if named else os.path.basename(urllib.parse.unquote(urllib.parse.urlsplit(url).path))
    if not name.strip():
        text = f'Failed to determine a file name from the URL "{url}".  Please specify a file name with the "DestinationFileName" '
        call.error("MSB3922", text + "parameter.")
        return
    folder = Path(call.path(call.items("DestinationFolder")[0].identity))
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / name
    length = response.length
    if call.flag("SkipUnchangedFiles", default=True) and _is_same(target, length, response.headers.get("Last-Modified")):
        text = f'Did not download file from "{url}" to "{target}" because the "SkipUnchangedFiles" parameter was set to "true" in the '
        call.message(text + "project and the files' sizes match.")
    else:
        shown = f"{length:,}" if length is not None else ""
        comment = f'Downloading from "{url}" to "{target}" ({shown} bytes).'
        if call.must_be_up_to_date:
            call.error("", comment)
            return
        call.message(comment, Importance.HIGH)
        _write(call, response, target, length)
    call.set_items("DownloadedFile", [OutputItem(str(target))])


def _is_same(target: Path, length: int | None, modified: str | None) -> bool:
    if modified is None or length is None or not target.is_file():
        return False
    status = target.stat()
    try:
        return status.st_size == length and status.st_mtime > email.utils.parsedate_to_datetime(modified).timestamp()
    except ValueError:
        return False


def _write(call: TaskCall, response: http.client.HTTPResponse, target: Path, length: int | None) -> None:
    """Writes beside the place and renames, so that what fails in between leaves nothing."""
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            while chunk := response.read(_CHUNK_BYTES):
                if call.services.is_cancelled():
                    raise KeyboardInterrupt
                file.write(chunk)
        if length is not None and temporary.stat().st_size != length:
            raise _Failure("The response ended prematurely.", passes=True)
        shutil.move(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)

"""A text that many items expand -> its value for each of them; what is the same for all of them is read once.

MSBuild puts metadata into a text before it reads property functions in it. Here a text is read once, with a character in place of each
`%(...)`, which is the same reading for every value that has no character of its own meaning there; other values, and texts that are not
of such a form, are expanded one by one.

**Invariant:** a column holds what `expand_escaped` gives for each item, or `NotByColumns` is raised.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from compiler.diagnostics import Location
from server.msbuild import property_functions
from server.msbuild.errors import InvalidProjectFile
from server.msbuild.escaping import escape, unescape
from server.msbuild.expand import Expander, expand_escaped, expand_properties_typed
from server.msbuild.functions import binding
from server.msbuild.functions.binding import MemberUse, MissingMember
from server.msbuild.functions.values import Char, ClrError, ClrValue, to_text
from server.msbuild.items import Item, metadata_column
from server.msbuild.property_functions import Call
from server.msbuild.shredder import MetadataReference, find_metadata

Row = tuple[str, ...]
"""The values of a text's metadata references for one item."""
Others = Callable[[Item, str, str], str]
"""(item, another item type, metadata name) -> escaped value."""

_FIRST_HOLE = 0xE000
_HOLES = re.compile("[\ue000-\ue0ff]")
_MOST_HOLES = 64
# In a text, and inside the arguments of a function: what a value may not hold to be read as what it stands for.
_MEANS_IN_TEXT = re.compile(r"[$@(\\\ue000-\ue0ff]")
_MEANS_IN_ARGUMENT = re.compile(r"[$@%()\[\]'`\"\\,;\ue000-\ue0ff]|\A\s|\s\Z|\A\Z")


class NotByColumns(Exception):
    """The items have to be looked at one by one."""


class _Unreadable(Exception):
    """This value or text has to be expanded as a whole."""


class Volatility:
    """Says whether the clock was read or an identifier made, so that no two items get the same."""

    def __init__(self, expander: Expander) -> None:
        self.noticed = False
        surroundings = expander.surroundings

        def clock() -> float:
            self.noticed = True
            return surroundings.clock()

        def random_bytes(count: int) -> bytes:
            self.noticed = True
            return surroundings.random_bytes(count)

        self.expander = replace(expander, surroundings=replace(surroundings, clock=clock, random_bytes=random_bytes))


class TextColumns:
    """Columns for the items of one element; `expander` has no metadata. What the items' metadata is may change between columns."""

    def __init__(self, expander: Expander, item_type: str, others: Others | None) -> None:
        self._volatility = Volatility(expander)
        self._expander = self._volatility.expander
        self._item_type = item_type.lower()
        self._others = others
        self._read: dict[tuple[str, Location], _RowText | None] = {}

    def column(self, text: str, location: Location, items: Sequence[Item]) -> list[str]:
        """The escaped value of `text` for each item, of which there is one at least. Raises NotByColumns, InvalidProjectFile."""
        references = _distinct_references(text)
        columns = [self._metadata(reference, items) for reference in references]
        if text == _single(references):
            values = columns[0]
            if not _any_means(_MEANS_IN_TEXT, values):
                return values
        key = (text, location)
        if key not in self._read:
            self._read[key] = self._read_text(text, references, location)
        read = self._read[key]
        known: dict[Row, str] = {}
        rows: Iterable[Row] = zip(*columns, strict=True) if columns else [()] * len(items)
        is_plain = read is not None and not any(_any_means(read.means, set(column)) for column in columns)
        result: list[str] = []
        for row in rows:
            value = known.get(row)
            if value is None:
                value = known[row] = self._value(text, references, location, read, row, is_plain=is_plain)
            result.append(value)
        if self._volatility.noticed:
            raise NotByColumns
        return result

    def _value(
        self, text: str, references: list[MetadataReference], location: Location, read: _RowText | None, row: Row, *, is_plain: bool
    ) -> str:
        if read is not None and (is_plain or not any(read.means.search(value) for value in row)):
            try:
                return read.value(row)
            except _Unreadable:
                pass
        values = {(reference.item_type, reference.name): value for reference, value in zip(references, row, strict=True)}
        return expand_escaped(self._expander.with_metadata(lambda item_type, name: values[item_type, name]), text, location)

    def _metadata(self, reference: MetadataReference, items: Sequence[Item]) -> list[str]:
        wanted = reference.item_type
        if wanted is None or wanted.lower() == self._item_type:
            return metadata_column(items, reference.name)
        others = self._others
        return [others(item, wanted, reference.name) if others is not None else "" for item in items]

    def _read_text(self, text: str, references: list[MetadataReference], location: Location) -> _RowText | None:
        if not references or "@(" in text or "\\" in text or len(references) > _MOST_HOLES or _HOLES.search(text):
            return None
        holes = {(reference.item_type, reference.name): chr(_FIRST_HOLE + number) for number, reference in enumerate(references)}
        template, at = "", 0
        for found in find_metadata(text):
            template += text[at : found.start] + holes[found.item_type, found.name]
            at = found.end
        template += text[at:]
        reader = _Reader(self._expander, location)
        try:
            typed = reader.typed(template)
        except (_Unreadable, InvalidProjectFile):
            return None
        return _RowText(typed, _MEANS_IN_ARGUMENT if reader.has_expressions else _MEANS_IN_TEXT)


def _distinct_references(text: str) -> list[MetadataReference]:
    return list({(found.item_type, found.name): found for found in find_metadata(text)}.values())


def _single(references: list[MetadataReference]) -> str:
    """How a text reads that is the one unqualified reference alone; a text that no text is otherwise."""
    return f"%({references[0].name})" if len(references) == 1 and references[0].item_type is None else "\0"


def _any_means(means: re.Pattern[str], values: Iterable[str]) -> bool:
    return any(map(means.search, values))


@dataclass(frozen=True, slots=True)
class _RowText:
    """A text that was read. `means` finds values that it was not read for."""

    typed: Callable[[Row], ClrValue]
    means: re.Pattern[str]

    def value(self, row: Row) -> str:
        """The text's value, escaped. Raises _Unreadable."""
        text = to_text(self.typed(row))
        if "\\" in text:
            raise _Unreadable
        return text


class _Reader:
    """Reads one template; see `expand_properties_typed` and `property_functions`, which it follows step by step."""

    def __init__(self, expander: Expander, location: Location) -> None:
        self._expander = expander
        self._location = location
        self.has_expressions = False

    def typed(self, template: str) -> Callable[[Row], ClrValue]:
        """The value of a template as a function of the row. Raises _Unreadable, InvalidProjectFile."""
        if _HOLES.search(template) is None:
            constant = expand_properties_typed(self._expander, template, self._location)
            return lambda row: constant
        pieces: list[Callable[[Row], ClrValue]] = []
        start, at = template.find("$("), 0
        while start >= 0:
            if start > at:
                pieces.append(_substituted(template[at:start]))
            end = property_functions.closing_parenthesis(template, start + 2)
            if end < 0:
                raise _Unreadable
            body = template[start + 2 : end]
            if _HOLES.search(body) is None:
                pieces.append(self.typed(f"$({body})"))
            else:
                self.has_expressions = True
                pieces.append(self._expression(body.strip()))
            at = end + 1
            start = template.find("$(", at)
        if at < len(template):
            pieces.append(_substituted(template[at:]))
        return pieces[0] if len(pieces) == 1 else lambda row: "".join([to_text(piece(row)) for piece in pieces])

    def _expression(self, body: str) -> Callable[[Row], ClrValue]:
        """A chain of members, of which some take what differs."""
        links: list[_Link] = []
        first: ClrValue = None
        rest = body
        while rest:
            if not links and not rest.startswith("[") and "." not in rest:
                raise _Unreadable
            if links and not rest.startswith("."):
                raise _Unreadable
            call = property_functions.read_call(rest, "" if links else None, self._location)
            if _HOLES.search(f"{call.type_name}{call.receiver}{call.member}"):
                raise _Unreadable
            if call.receiver:
                first = self._expander.properties.get(call.receiver, self._location) or ""
            links.append(_Link(call, tuple(self._argument(call, argument) for argument in call.arguments), self._expander))
            rest = call.remainder

        def value(row: Row) -> ClrValue:
            found = first
            for link in links:
                found = link.result(found, row)
            return found

        return value

    def _argument(self, call: Call, argument: str | None) -> Callable[[Row], ClrValue]:
        """An argument as the member gets it. A text that stands for null only with its values is not read here."""
        if argument is None:
            return lambda row: None
        typed = self.typed(argument)
        takes_paths = property_functions.takes_paths(call)
        can_be_null = "$(" not in argument and _HOLES.search(argument) is not None

        def value(row: Row) -> ClrValue:
            found = typed(row)
            if type(found) is not str:
                return found
            if can_be_null and found.lower() == "null":
                raise _Unreadable
            return unescape(found.replace("\\", "/") if takes_paths else found)

        if _HOLES.search(argument) is None:
            constant = value(())
            return lambda row: constant
        return value


def _substituted(template: str) -> Callable[[Row], ClrValue]:
    """A template without expressions."""
    parts = [ord(part) - _FIRST_HOLE if _HOLES.match(part) else part for part in re.split("([\ue000-\ue0ff])", template) if part]
    if len(parts) == 1 and isinstance(parts[0], int):
        number = parts[0]
        return lambda row: row[number]
    return lambda row: "".join([row[part] if isinstance(part, int) else part for part in parts])


class _Link:
    """One member of a chain, which is looked up once when it is called with texts alone."""

    def __init__(self, call: Call, arguments: tuple[Callable[[Row], ClrValue], ...], expander: Expander) -> None:
        if not property_functions.is_plain_call(call):
            raise _Unreadable
        self._call = call
        self._arguments = arguments
        self._surroundings = expander.surroundings
        is_method = call.use is MemberUse.METHOD
        self._on_texts = binding.on_texts(call.type_name, call.member, len(arguments), expander.surroundings) if is_method else None
        self._keeps_escapes = property_functions.keeps_escapes(call)

    def result(self, instance: ClrValue, row: Row) -> ClrValue:
        """The member's result. Raises _Unreadable for all errors."""
        call = self._call
        arguments = [argument(row) for argument in self._arguments]
        of_text = type(instance) is str
        if isinstance(instance, str) and not isinstance(instance, Char):
            instance = unescape(instance)
        try:
            if self._on_texts is not None and (of_text or call.type_name is not None) and all(type(a) is str for a in arguments):
                found = self._on_texts(arguments if call.type_name is not None else [instance, *arguments])
            else:
                found = binding.invoke(call.type_name, instance, call.member, call.use, arguments, self._surroundings)
        except (ClrError, MissingMember):
            raise _Unreadable from None
        if isinstance(found, str) and not isinstance(found, Char) and not self._keeps_escapes:
            found = escape(found)
        if found is None and call.remainder:
            raise _Unreadable
        if isinstance(found, str) and "\\" in found and not call.remainder:
            raise _Unreadable
        return found

"""Text of a Condition attribute -> true or false, with MSBuild's grammar, comparison rules, codes and positions.

Grammar: expr := term (or term)*; term := relation (and relation)*; relation := factor [op factor];
factor := string | number | $() | %() | @() | name '(' args ')' | '(' expr ')' | '!' factor.
Parsed conditions know no project and are kept per text; evaluation gets everything through `ConditionContext`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, Flag, auto
from functools import lru_cache

from compiler.diagnostics import Location
from server.msbuild import paths
from server.msbuild.errors import InvalidProjectFile, invalid
from server.msbuild.item_metadata import is_well_known_metadata
from server.msbuild.names import is_name_character
from server.whole_numbers import magnitude


class Allowed(Flag):
    """What a condition at some place may refer to besides properties."""

    PROPERTIES = auto()
    ITEM_LISTS = auto()
    BUILT_IN_METADATA = auto()
    CUSTOM_METADATA = auto()
    METADATA = BUILT_IN_METADATA | CUSTOM_METADATA
    ALL = PROPERTIES | ITEM_LISTS | METADATA


@dataclass(frozen=True, slots=True)
class ConditionContext:
    """What evaluation of a condition asks: expansion of text and existence of files; `mixed` hears of `and` beside `or`."""

    expand: Callable[[str], str]
    expand_list: Callable[[str], list[str]]
    exists: Callable[[str], bool]
    mixed: Callable[[str, Location], None]
    location: Location


class TokenKind(Enum):
    """Lexical classes."""

    COMMA = ","
    LEFT = "("
    RIGHT = ")"
    LESS = "<"
    GREATER = ">"
    LESS_EQUAL = "<="
    GREATER_EQUAL = ">="
    AND = "and"
    OR = "or"
    EQUAL = "=="
    NOT_EQUAL = "!="
    NOT = "!"
    PROPERTY = "property"
    STRING = "string"
    NUMBER = "number"
    ITEM_LIST = "item list"
    METADATA = "metadata"
    FUNCTION = "function"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """One token; `expandable` says that a string holds `$(`, `@(` or `%`."""

    kind: TokenKind
    text: str
    expandable: bool = False


_FIXED = {kind.value: Token(kind, kind.value) for kind in TokenKind if not kind.value.isalpha() and " " not in kind.value}
_END = Token(TokenKind.END, "")
_NUMBER = re.compile(r"0[xX][0-9A-Fa-f]*|[+-]?[0-9]*(?:\.[0-9]*)*")


class ConditionSyntax(InvalidProjectFile):
    """The condition's text is wrong; the location is filled in by the caller."""


class _Scanner:
    """Tokens of one condition. `position` is where the current token starts, counted from 1."""

    def __init__(self, text: str, allowed: Allowed) -> None:
        self.text = text
        self.allowed = allowed
        self.at = 0
        self.position = 0
        self.token = _END
        self.advance()

    def fail(self, code: str, message: str) -> ConditionSyntax:
        return ConditionSyntax(code, message)

    def advance(self) -> None:
        text = self.text
        while self.at < len(text) and text[self.at].isspace():
            self.at += 1
        self.position = self.at + 1
        if self.at >= len(text):
            self.token = _END
            return
        character = text[self.at]
        two = text[self.at : self.at + 2]
        if two in ("!=", ">=", "<=", "=="):
            self.token = _FIXED[two]
            self.at += 2
        elif character in ",()!<>":
            self.token = _FIXED[character]
            self.at += 1
        elif character == "=":
            found = text[self.at + 1] if self.at + 1 < len(text) else "end of input"
            raise self.fail(
                "MSB4105",
                f'Found an unexpected character \'{found}\' at position {self.at + 2} in condition "{text}". Did you intend to use "=="?',
            )
        elif character == "$":
            self.token = Token(TokenKind.PROPERTY, self._property(), expandable=True)
        elif character == "%":
            self.token = self._metadata()
        elif character == "@":
            self.token = self._item_list()
        elif character == "'":
            self.token = self._quoted()
        else:
            self.token = self._remaining()

    def _property(self) -> str:
        text, start = self.text, self.at
        if start + 1 < len(text) and text[start + 1] != "(":
            raise self.fail(
                "MSB4110",
                f'Expected a property at position {start + 1} in condition "{text}". Did you forget the opening parenthesis after the '
                "'$'? "
                "To use a literal '$', use '%24' instead.",
            )
        end, bad_space = scan_property_end(text, start + 1)
        if bad_space:
            raise self.fail("MSB4259", f'Unexpected space at position "{end}" of condition "{text}". Did you forget to remove a space?')
        if end >= len(text):
            raise self.fail(
                "MSB4109", f'Expected a property at position {start + 1} in condition "{text}". Did you forget the closing parenthesis?'
            )
        self.at = end + 1
        return text[start : self.at]

    def _metadata(self) -> Token:
        text, start = self.text, self.at
        end, bad_space = scan_property_end(text, start + 1)
        if not text.startswith("%(", start) or bad_space or end >= len(text):
            position, found = start + 1, text[start + 1] if start + 1 < len(text) else "end of input"
            if text.startswith("%(", start) and not bad_space:
                found = "end of input"
            raise self.fail("MSB4090", f"Found an unexpected character '{found}' at position {position} in condition \"{text}\".")
        self.at = end + 1
        expression = text[start : self.at]
        self._check_metadata(expression[2:-1])
        return Token(TokenKind.METADATA, expression, expandable=True)

    def _check_metadata(self, name: str) -> None:
        if Allowed.METADATA in self.allowed:
            return
        period = name.find(".")
        if 0 < period < len(name) - 1:
            name = name[period + 1 :]
        built_in = is_well_known_metadata(name)
        if built_in and Allowed.BUILT_IN_METADATA not in self.allowed:
            raise self.fail(
                "MSB4190",
                f'The reference to the built-in metadata "{name}" at position {self.at} is not allowed in this condition "{self.text}".',
            )
        if not built_in and Allowed.CUSTOM_METADATA not in self.allowed:
            raise self.fail(
                "MSB4191",
                f'The reference to custom metadata "{name}" at position {self.at} is not allowed in this condition "{self.text}".',
            )

    def _item_lists_refused(self, position: int) -> ConditionSyntax:
        return self.fail("MSB4099", f'A reference to an item list at position {position} is not allowed in this condition "{self.text}".')

    def _item_list(self) -> Token:
        start = self.at
        if Allowed.ITEM_LISTS not in self.allowed and self.text.startswith("@(", start):
            raise self._item_lists_refused(start + 1)
        self._skip_item_list()
        return Token(TokenKind.ITEM_LIST, self.text[start : self.at], expandable=True)

    def _skip_item_list(self) -> None:
        text, start = self.text, self.at
        if start + 1 < len(text) and text[start + 1] != "(":
            raise self.fail(
                "MSB4107",
                f'Expected an item list at position {start + 1} in condition "{text}". Did you forget the opening parenthesis after '
                "the '@'? "
                "To use a literal '@', use '%40' instead.",
            )
        at, depth, quoted = start + 2, 0, False
        while at < len(text):
            character = text[at]
            if character == "'":
                quoted = not quoted
            elif character == "(" and not quoted:
                depth += 1
            elif character == ")" and not quoted:
                if depth == 0:
                    self.at = at + 1
                    return
                depth -= 1
            at += 1
        if quoted:
            raise self.fail(
                "MSB4108",
                f'Expected an item list at position {start + 1} in condition "{text}". Did you forget to close a quote inside the item '
                "list expression?",
            )
        raise self.fail(
            "MSB4106", f'Expected an item list at position {start + 1} in condition "{text}". Did you forget the closing parenthesis?'
        )

    def _quoted(self) -> Token:
        text = self.text
        self.at += 1
        start = self.at
        expandable = False
        while self.at < len(text) and text[self.at] != "'":
            two = text[self.at : self.at + 2]
            if two == "%(":
                expandable = True
                end = text.find(")", self.at)
                name = text[self.at + 2 : end if end >= 0 else len(text)]
                self._check_metadata(name)
            elif two == "@(":
                expandable = True
                if Allowed.ITEM_LISTS not in self.allowed:
                    raise self._item_lists_refused(start + 1)
                self._skip_item_list()
                continue
            elif two == "$(" or text[self.at] == "%":
                expandable = True
            self.at += 1
        if self.at >= len(text):
            raise self.fail("MSB4101", f'Expected a closing quote after position {start} in condition "{text}".')
        token = Token(TokenKind.STRING, text[start : self.at], expandable)
        self.at += 1
        return token

    def _remaining(self) -> Token:
        text, start = self.text, self.at
        character = text[start]
        if character.isdigit() or character in "+-.":
            match = _NUMBER.match(text, start)
            if match is None or match.end() == start:
                raise self.fail("MSB4090", f"Found an unexpected character '{character}' at position {start + 1} in condition \"{text}\".")
            self.at = match.end()
            return Token(TokenKind.NUMBER, match.group())
        if not (character.isalpha() or character == "_"):
            raise self.fail("MSB4090", f"Found an unexpected character '{character}' at position {start + 1} in condition \"{text}\".")
        while self.at < len(text) and (text[self.at].isalnum() or text[self.at] == "_"):
            self.at += 1
        word = text[start : self.at]
        if word.lower() == "and":
            return Token(TokenKind.AND, word)
        if word.lower() == "or":
            return Token(TokenKind.OR, word)
        while self.at < len(text) and text[self.at].isspace():
            self.at += 1
        if self.at < len(text) and text[self.at] == "(":
            return Token(TokenKind.FUNCTION, word)
        return Token(TokenKind.STRING, word)


def scan_property_end(text: str, at: int) -> tuple[int, bool]:
    """Offset of the parenthesis that closes the one at `at` (len(text) if none), and whether white space spoils a plain name."""
    depth = 0
    space_at = -1
    not_a_name = False
    while at < len(text):
        character = text[at]
        if character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
        elif character.isspace():
            space_at = at
        elif not is_name_character(character):
            not_a_name = True
        if character == "$" and text.startswith("(", at + 1):
            at, bad = scan_property_end(text, at + 1)
            if bad:
                return at, True
        if depth == 0:
            if space_at >= 0 and not not_a_name:
                return space_at, True
            return at, False
        at += 1
    return at, False


@dataclass(slots=True)
class Operand:
    """A leaf: text to expand, or a number."""

    text: str
    expandable: bool
    number: bool = False


@dataclass(slots=True)
class Comparison:
    """Two operands and ==, !=, <, >, <= or >=."""

    operator: TokenKind
    left: Node
    right: Node


@dataclass(slots=True)
class Logical:
    """and, or (two operands), ! (left only)."""

    operator: TokenKind
    left: Node
    right: Node | None


@dataclass(slots=True)
class Call:
    """Exists(...) or HasTrailingSlash(...)."""

    name: str
    arguments: list[Operand]


Node = Operand | Comparison | Logical | Call
_COMPARISONS = {TokenKind.LESS, TokenKind.GREATER, TokenKind.LESS_EQUAL, TokenKind.GREATER_EQUAL, TokenKind.EQUAL, TokenKind.NOT_EQUAL}


@dataclass(slots=True)
class ParsedCondition:
    """A condition ready to evaluate; `mixed` is set when `and` and `or` meet without parentheses (warning MSB4130)."""

    text: str
    root: Node
    mixed: bool = field(default=False)


class _Parser:
    def __init__(self, text: str, allowed: Allowed) -> None:
        self.text = text
        self.scanner = _Scanner(text, allowed)
        self.mixed = False

    def unexpected(self) -> ConditionSyntax:
        token = self.scanner.token
        return ConditionSyntax(
            "MSB4092",
            f'An unexpected token "{token.text}" was found at character position {self.scanner.position} in condition "{self.text}".',
        )

    def accept(self, kind: TokenKind) -> bool:
        if self.scanner.token.kind is not kind:
            return False
        if kind is not TokenKind.END:
            self.scanner.advance()
        return True

    def parse(self) -> Node:
        node = self.expression()
        if self.scanner.token.kind is not TokenKind.END:
            raise self.unexpected()
        return node

    def expression(self) -> Node:
        node, any_and = self.term()
        while self.accept(TokenKind.OR):
            right, has_and = self.term()
            any_and = any_and or has_and
            self.mixed = self.mixed or any_and
            node = Logical(TokenKind.OR, node, right)
        return node

    def term(self) -> tuple[Node, bool]:
        """The node, and whether it has an `and` outside parentheses."""
        node = self.relation()
        has_and = False
        while self.accept(TokenKind.AND):
            has_and = True
            node = Logical(TokenKind.AND, node, self.relation())
        return node, has_and

    def relation(self) -> Node:
        left = self.factor()
        operator = self.scanner.token.kind
        if operator not in _COMPARISONS:
            return left
        self.scanner.advance()
        return Comparison(operator, left, self.factor())

    def operand(self) -> Operand | None:
        token = self.scanner.token
        if token.kind in (TokenKind.STRING, TokenKind.PROPERTY, TokenKind.METADATA, TokenKind.ITEM_LIST):
            self.scanner.advance()
            return Operand(token.text, token.expandable)
        if token.kind is TokenKind.NUMBER:
            self.scanner.advance()
            return Operand(token.text, expandable=False, number=True)
        return None

    def factor(self) -> Node:
        operand = self.operand()
        if operand is not None:
            return operand
        token = self.scanner.token
        if self.accept(TokenKind.FUNCTION):
            return self.call(token.text)
        if self.accept(TokenKind.LEFT):
            child = self.expression()
            if not self.accept(TokenKind.RIGHT):
                raise self.unexpected()
            return child
        if self.accept(TokenKind.NOT):
            return Logical(TokenKind.NOT, self.factor(), None)
        raise self.unexpected()

    def call(self, name: str) -> Node:
        if not self.accept(TokenKind.LEFT):
            raise self.unexpected()
        arguments: list[Operand] = []
        if self.scanner.token.kind is not TokenKind.RIGHT:
            while True:
                argument = self.operand()
                if argument is None:
                    raise self.unexpected()
                arguments.append(argument)
                if not self.accept(TokenKind.COMMA):
                    break
        if not self.accept(TokenKind.RIGHT):
            raise self.unexpected()
        return Call(name, arguments)


@lru_cache(maxsize=8192)
def parse_condition(text: str, allowed: Allowed) -> ParsedCondition:
    """The syntax tree of `text`. Raises ConditionSyntax without a location."""
    parser = _Parser(text, allowed)
    root = parser.parse()
    return ParsedCondition(text, root, parser.mixed)


def evaluate_condition(text: str, allowed: Allowed, context: ConditionContext) -> bool:
    """The value of the condition; an empty text is true. Raises InvalidProjectFile."""
    if not text:
        return True
    return _Evaluation(text, context).truth(read_condition(text, allowed, context))


def read_condition(text: str, allowed: Allowed, context: ConditionContext) -> Node:
    """The condition as a tree, warned about when it has to be. Raises InvalidProjectFile."""
    try:
        parsed = parse_condition(text, allowed)
    except ConditionSyntax as error:
        raise InvalidProjectFile(error.code, error.message, context.location) from None
    if parsed.mixed:
        context.mixed(text, context.location)
    return parsed.root


def evaluate_leaf(text: str, node: Node, context: ConditionContext) -> bool | None:
    """The value of a part of the condition `text`; None when it is no boolean. Raises InvalidProjectFile."""
    return _Evaluation(text, context).as_boolean(node)


def to_boolean(text: str) -> bool | None:
    """true/on/yes/!false/!off/!no and their opposites in any case; None for anything else."""
    lowered = text.lower()
    if lowered in ("true", "on", "yes", "!false", "!off", "!no"):
        return True
    if lowered in ("false", "off", "no", "!true", "!on", "!yes"):
        return False
    return None


_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)\Z")
_HEXADECIMAL = re.compile(r"0[xX]0*[0-9A-Fa-f]{1,8}\Z")
_VERSION = re.compile(r"[0-9]+(?:\.[0-9]+){1,3}\Z")


def to_number(text: str) -> float | None:
    """A decimal or hexadecimal (0x..., 32 bits) number; None for anything else, one that is too large for a Double included."""
    if _DECIMAL.match(text):
        value = float(text)
        return value if math.isfinite(value) else None
    if text.lower().lstrip("+-") == "nan":
        return math.nan
    if _HEXADECIMAL.match(text):
        bits = magnitude(text[2:], 16)
        return float(bits - (1 << 32) if bits >= 1 << 31 else bits)
    return None


def to_version(text: str) -> tuple[int, int, int, int] | None:
    """System.Version.TryParse as four parts, -1 for a missing one."""
    stripped = text.strip()
    if not _VERSION.match(stripped):
        return None
    parts = [magnitude(part) for part in stripped.split(".")]
    if max(parts) > 0x7FFFFFFF:
        return None
    parts += [-1] * (4 - len(parts))
    return parts[0], parts[1], parts[2], parts[3]


class _Evaluation:
    """One evaluation of one condition."""

    def __init__(self, text: str, context: ConditionContext) -> None:
        self.text = text
        self.context = context

    def fail(self, code: str, message: str) -> InvalidProjectFile:
        return invalid(code, self.context.location, message)

    def expanded(self, node: Node) -> str:
        if isinstance(node, Operand):
            return self.context.expand(node.text) if node.expandable else node.text
        if isinstance(node, Logical) and node.operator is TokenKind.NOT:
            return "!" + self.expanded(node.left)
        return ""

    def unexpanded(self, node: Node) -> str:
        if isinstance(node, Logical) and node.operator is TokenKind.NOT:
            return "!" + self.unexpanded(node.left)
        return node.text if isinstance(node, Operand) else ""

    def truth(self, node: Node) -> bool:
        """The value at the top of the condition or below and/or/!."""
        value = self.as_boolean(node)
        if value is None:
            raise self.fail("MSB4113", f'Specified condition "{self.text}" evaluates to "{self.expanded(node)}" instead of a boolean.')
        return value

    def as_boolean(self, node: Node) -> bool | None:
        if isinstance(node, Operand):
            return None if node.number else to_boolean(self.expanded(node))
        if isinstance(node, Comparison):
            if node.operator in (TokenKind.EQUAL, TokenKind.NOT_EQUAL):
                return self.equal(node) == (node.operator is TokenKind.EQUAL)
            return self.ordered(node)
        if isinstance(node, Call):
            return self.called(node)
        return self.logical(node)

    def logical(self, node: Logical) -> bool:
        left = self.required(node.left)
        if node.operator is TokenKind.NOT:
            return not left
        assert node.right is not None
        if node.operator is TokenKind.AND:
            return left and self.required(node.right)
        return left or self.required(node.right)

    def required(self, node: Node) -> bool:
        value = self.as_boolean(node)
        if value is None:
            raise self.fail(
                "MSB4100",
                f'Expected "{self.unexpanded(node)}" to evaluate to a boolean instead of "{self.expanded(node)}", '
                f'in condition "{self.text}".',
            )
        return value

    def equal(self, node: Comparison) -> bool:
        left, right = node.left, node.right
        left_text = self.expanded(left)
        right_text = self.expanded(right)
        left_empty = isinstance(left, Operand) and not left_text
        right_empty = isinstance(right, Operand) and not right_text
        if left_empty or right_empty:
            return left_empty == right_empty
        if isinstance(left, Operand) and isinstance(right, Operand):
            left_number, right_number = to_number(left_text), to_number(right_text)
            if left_number is not None and right_number is not None:
                return left_number == right_number
        left_truth, right_truth = self.as_boolean_of(left, left_text), self.as_boolean_of(right, right_text)
        if left_truth is not None and right_truth is not None:
            return left_truth == right_truth
        if not (left_text and right_text):
            raise self.fail("MSB4088", f'Condition "{self.text}" is improperly constructed.')
        return left_text.lower() == right_text.lower()

    def as_boolean_of(self, node: Node, text: str) -> bool | None:
        if isinstance(node, Operand):
            return None if node.number else to_boolean(text)
        return self.as_boolean(node)

    def ordered(self, node: Comparison) -> bool:
        left_number, left_version = self.comparable(node.left)
        right_number, right_version = self.comparable(node.right)
        if (left_number is None and left_version is None) or (right_number is None and right_version is None):
            bad = node.right if left_number is not None else node.left
            unexpanded = self.unexpanded(bad)
            raise self.fail(
                "MSB4086",
                f'A numeric comparison was attempted on "{unexpanded}" that evaluates to "{self.expanded(bad)}" instead of a number, '
                f'in condition "{self.text}".',
            )
        if left_number is not None and right_number is not None:
            return _compare(node.operator, left_number, right_number)
        if left_version is not None and right_version is not None:
            return _compare(node.operator, left_version, right_version)
        return _compare_mixed(node.operator, left_number, left_version, right_number, right_version)

    def comparable(self, node: Node) -> tuple[float | None, tuple[int, int, int, int] | None]:
        if not isinstance(node, Operand):
            return None, None
        text = self.expanded(node)
        if node.expandable and node.text.lower() == "$(msbuildtoolsversion)" and text == "Current":
            return 18.0, (18, 0, -1, -1)
        return to_number(text), to_version(text)

    def called(self, node: Call) -> bool:
        name = node.name.lower()
        if name not in ("exists", "hastrailingslash"):
            raise self.fail("MSB4091", f'Found a call to an undefined function "{node.name}" in condition "{self.text}".')
        if len(node.arguments) != 1:
            raise self.fail(
                "MSB4089",
                f'Incorrect number of arguments to function in condition "{self.text}". Found {len(node.arguments)} argument(s) when '
                "expecting 1.",
            )
        argument = node.arguments[0].text.replace("\\", "/")
        values = self.context.expand_list(argument)
        if name == "exists":
            return bool(values) and all(self.context.exists(paths.fix_file_path(value)) for value in values)
        if len(values) > 1:
            raise self.fail(
                "MSB4115",
                f'The "HasTrailingSlash" function only accepts a scalar value, but its argument "{argument}" '
                f'evaluates to "{self.context.expand(argument)}" which is not a scalar value.',
            )
        return bool(values) and values[0].endswith(("/", "\\"))


def _compare(operator: TokenKind, left: float | tuple[int, ...], right: float | tuple[int, ...]) -> bool:
    less = left < right  # type: ignore[operator]  # both sides have the same type here
    if operator is TokenKind.LESS:
        return less
    if operator is TokenKind.GREATER_EQUAL:
        return not less
    greater = left > right  # type: ignore[operator]  # both sides have the same type here
    return greater if operator is TokenKind.GREATER else not greater


def _compare_mixed(
    operator: TokenKind,
    left_number: float | None,
    left_version: tuple[int, int, int, int] | None,
    right_number: float | None,
    right_version: tuple[int, int, int, int] | None,
) -> bool:
    """A version against a number: majors are compared; with equal majors the version, having more parts, is the greater."""
    if left_version is not None and right_number is not None:
        sign = (left_version[0] > right_number) - (left_version[0] < right_number) or 1
    else:
        assert left_number is not None and right_version is not None
        sign = (left_number > right_version[0]) - (left_number < right_version[0]) or -1
    if operator in (TokenKind.LESS, TokenKind.LESS_EQUAL):
        return sign < 0
    return sign > 0

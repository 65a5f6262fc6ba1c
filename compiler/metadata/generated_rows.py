"""Rows of an image -> which methods and fields a compiler made from bodies, and which of those the declaration of their type is read for.

A lambda without attributes, or the field that keeps it, comes and goes with a body and tells nothing of the type that it is in.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from compiler.metadata.hashing import Hashes, HashNumbers, Numbers
from compiler.metadata.image import Image
from compiler.metadata.row_identity import RowIdentity
from compiler.metadata.tokens import CODED_INDICES, TableId, decode_coded

_T = TableId
Flags = NDArray[np.bool_]
_LESS_THAN = ord("<")
_ORDINARY = 255
_BACKING_FIELD, _LAMBDA, _LOCAL_FUNCTION = ord("k"), ord("b"), ord("g")
_COMPILER_SERVICES, _DIAGNOSTICS = "System.Runtime.CompilerServices", "System.Diagnostics"
# What C# compilers put on what they make; nothing of it says anything about trimming.
_OF_COMPILERS = frozenset(
    (namespace, f"{name}Attribute")
    for namespace, names in (
        (_COMPILER_SERVICES, ("CompilerGenerated", "AsyncStateMachine", "IteratorStateMachine", "AsyncIteratorStateMachine")),
        (_COMPILER_SERVICES, ("Nullable", "NullableContext", "IsReadOnly")),
        (_DIAGNOSTICS, ("DebuggerHidden", "DebuggerStepThrough", "DebuggerBrowsable")),
    )
    for name in names
)


class KnownNames:
    """Names that begin with `<`, by their hashes, with the character behind the last `>` before any `|`, which says what is called so.

    Invariant: `_kinds` has the character of each name by its number.
    """

    def __init__(self) -> None:
        self._numbers = HashNumbers()
        self._kinds = np.zeros(1, np.uint8)

    def kinds(self, hashes: Hashes, read: Callable[[int], str]) -> NDArray[np.uint8]:
        """The character of each name, 0 for none; `read` gives the name at an index. Raises what `read` raises."""
        found, is_known = self._numbers.look_up(hashes)
        if not is_known.all():
            new, first = np.unique(hashes[~is_known], return_index=True)
            names = [read(index).partition("|")[0] for index in np.flatnonzero(~is_known)[first].tolist()]
            kinds = [ord(name[name.rfind(">") + 1 :][:1] or "\0") & 0x7F for name in names]
            self._kinds = np.concatenate((self._kinds[: len(self._numbers)], np.array(kinds, dtype=np.uint8)))
            self._numbers.add(new)
            found = self._numbers.look_up(hashes)[0]
        return self._kinds[found]


class GeneratedRows:
    """`methods` and `fields` are the rows (from 0) that are made from bodies: lambdas and local functions (`<M>b__0`, `<M>g__F|0`), and
    fields of closures, state machines and caches. Fields behind properties are not among them."""

    def __init__(self, identity: RowIdentity, names: KnownNames) -> None:
        self._identity = identity
        kinds = self._kinds(_T.METHOD_DEF, names)
        self.methods: Flags = (kinds == _LAMBDA) | (kinds == _LOCAL_FUNCTION)
        kinds = self._kinds(_T.FIELD, names)
        self.fields: Flags = (kinds != _ORDINARY) & (kinds != _BACKING_FIELD)

    def _kinds(self, table: TableId, names: KnownNames) -> NDArray[np.uint8]:
        """What each row is by its name; `_ORDINARY` when a user can have named it so."""
        identity = self._identity
        result = np.full(identity.image.rows(table), _ORDINARY, dtype=np.uint8)
        candidates = np.flatnonzero(identity.begins_with(table, "Name", _LESS_THAN))
        offsets = identity.numbers(table, "Name")[candidates]
        hashes = identity.names(table, "Name")[candidates]
        result[candidates] = names.kinds(hashes, lambda index: identity.image.string(int(offsets[index])))
        return result

    def read_with_their_types(self) -> tuple[Flags, Flags]:
        """Which methods and fields (rows from 0) count for a reader of their type's declaration: all that are not made from bodies, and
        of those the ones with an attribute that no compiler wrote, or an instantiated type in their signature."""
        identity = self._identity
        methods, fields = ~self.methods | identity.methods.has_arguments, ~self.fields | identity.fields.has_arguments
        parents = identity.numbers(_T.CUSTOM_ATTRIBUTE, "Parent")
        written = _written(identity.image, identity.numbers(_T.CUSTOM_ATTRIBUTE, "Type"))
        bits, tables = CODED_INDICES["HasCustomAttribute"]
        tags, rows = parents[written] & ((1 << bits) - 1), parents[written] >> bits
        owners = self._methods_of_parameters()
        for table, chosen in ((each, rows[tags == tables.index(each)]) for each in (_T.METHOD_DEF, _T.PARAM, _T.GENERIC_PARAM, _T.FIELD)):
            held = owners[table][chosen - 1] if table in owners else chosen
            flags = fields if table is _T.FIELD else methods
            flags[held[held > 0] - 1] = True
        return methods, fields

    def _methods_of_parameters(self) -> dict[TableId, Numbers]:
        """Per row (from 0) the method whose parameter or type parameter it is; 0 for none."""
        identity = self._identity
        owners = identity.numbers(_T.GENERIC_PARAM, "Owner")
        return {
            _T.PARAM: identity.parameter_owner,
            _T.GENERIC_PARAM: np.where(owners & 1 == 1, owners >> 1, 0),
        }


def _written(image: Image, constructors: Numbers) -> Numbers:
    """The attributes (rows from 0) that are not those of compilers."""
    # Methods and references to members, both with three bits for the table. Raises IndexError for others.
    is_written = np.zeros((max(image.rows(_T.METHOD_DEF), image.rows(_T.MEMBER_REF)) + 1) << 3, dtype=bool)
    is_written[constructors] = True
    for coded in np.flatnonzero(is_written).tolist():
        is_written[coded] = attribute_type(image, coded) not in _OF_COMPILERS
    return np.flatnonzero(is_written[constructors])


def attribute_type(image: Image, constructor: int) -> tuple[str, str]:
    """Namespace and name of an attribute's type from the coded index of its constructor; of nested types the name alone."""
    token = decode_coded("CustomAttributeType", constructor)
    row = token & 0xFFFFFF
    if token >> 24 == _T.METHOD_DEF:
        starts = image.column(_T.TYPE_DEF, "MethodList")
        parent = (_T.TYPE_DEF << 24) | int(np.searchsorted(np.frombuffer(starts, np.uint32), row, side="right"))
    else:
        parent = decode_coded("MemberRefParent", image.column(_T.MEMBER_REF, "Class")[row - 1])
    table = TableId(parent >> 24) if parent >> 24 in (_T.TYPE_REF, _T.TYPE_DEF) else None
    if table is None:
        return "", ""
    namespace, name = (image.column(table, column)[(parent & 0xFFFFFF) - 1] for column in ("TypeNamespace", "TypeName"))
    return image.string(namespace), image.string(name)

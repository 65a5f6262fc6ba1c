"""A reader's state and the next version of the assembly -> the state of that version.

First what an edit invalidates is put aside, then what waits is read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import zip_longest

import numpy as np

from analyzers.context import ModuleContext
from analyzers.feature_guards import Guards
from analyzers.finding import Finding, Reporter, Suppression
from analyzers.module_findings import is_users
from analyzers.options import AnalysisOptions
from analyzers.reader_state import ReaderState
from analyzers.rule import FATAL, UNREPORTED
from analyzers.severity import Severities
from analyzers.sorted_findings import sort_key
from analyzers.text_edits import TextEdits
from analyzers.units import Identity, Raised, Unit, UnitKind, UnitReader, UnitResult
from analyzers.versions import Digests, Version
from compiler.diagnostics import Location, Severity
from compiler.flow.reader_kind import ReaderKind
from compiler.metadata.fact_table import FactKind
from compiler.metadata.hashing import Hashes, common_ends, is_in
from compiler.metadata.portable_pdb import Document
from compiler.metadata.tokens import TableId
from compiler.types.definitions import Module, TypeDefinition

_PROGRAM = Unit(UnitKind.PROGRAM, 0)
_OWN_KEYS = {UnitKind.METHOD: TableId.METHOD_DEF, UnitKind.TYPE: TableId.TYPE_DEF, UnitKind.ANNOTATED_TYPE: TableId.TYPE_DEF}


def advance(state: ReaderState, version: Version, edits: TextEdits, context: ModuleContext) -> None:
    """Brings `state` to a version: what does not hold there waits, what holds is where its text is now. Reads no code."""
    state.is_consistent = False
    _advance(state, version, edits, context)
    state.is_consistent = True


def _advance(state: ReaderState, version: Version, edits: TextEdits, context: ModuleContext) -> None:
    digests = version.digests
    if digests is None or state.facts is None:
        _start(state, version, context)
        return
    if state.facts is digests.facts and not edits.files:
        return
    changed = digests.changed_since(state.facts)
    if int(FactKind.WHOLE) in changed or state.reads_source != context.reads_source:
        _start(state, version, context)
        return
    files = state.take_facts(digests.facts, changed)
    arrived = _update_units(state, digests, context)
    for file in _undescribed(state, version.documents.rows):
        edits.add_file(file)
    changed_keys: set[str] = set()
    if state.index is not None:
        recompiled = _recompiled(digests, changed, context)
        files |= {file for identity in arrived for file in context.positions.files_of(identity)}
        files.update(place.file for place in recompiled)
        asked = sorted({*edits.files, *files})
        changed_keys = state.index.refresh(asked, edits.stays)
        if context.reads_source:
            state.take_bodies(state.index.bodies(), asked, edits, recompiled)
    state.apply_edits(edits, changed_keys)


def _recompiled(digests: Digests, changed: list[int], context: ModuleContext) -> list[Location]:
    """The places of the code that is another than before."""
    column = digests.facts.row_keys[FactKind.BODY]
    rows = np.flatnonzero(is_in(column, np.array(changed, dtype=np.uint64))).tolist()
    return [place for rid in rows if rid for place in context.positions.code_of(context.module.method_definition(rid))]


def _start(state: ReaderState, version: Version, context: ModuleContext) -> None:
    """Nothing is known: everything waits."""
    digests = version.digests
    for unit in list(state.results):
        state.drop(unit)
    state.pending.clear()
    state.rows.clear()
    if state.index is not None:
        state.index.clear()
    state.facts = digests.facts if digests is not None else None
    state.reads_source = context.reads_source
    state.bodies.clear()
    state.file_of_body.clear()
    if state.index is not None and context.reads_source:
        bodies = state.index.bodies()
        state.take_bodies(bodies, list(bodies), TextEdits({}, {}), ())
    if digests is not None:
        _update_units(state, digests, context)
    _undescribed(state, version.documents.rows)


def _undescribed(state: ReaderState, now: Sequence[Document]) -> list[str]:
    """The documents of the symbols that changed and whose text was not given."""
    before, state.documents = state.documents, now
    if before is now:
        return []
    changed = {each.name for pair in zip_longest(before, now) if pair[0] is not pair[1] for each in pair if each is not None}
    if not changed:
        return []
    old_texts, new_texts = ({each.name: each.hash for each in rows if each.name in changed} for rows in (before, now))
    return [name for name in changed if name not in state.sources and old_texts.get(name) != new_texts.get(name)]


def _update_units(state: ReaderState, digests: Digests, context: ModuleContext) -> list[TypeDefinition]:
    """Units of methods and types that came wait, those of what is gone are dropped; the types with something new."""
    arrived: dict[TypeDefinition, None] = {}
    module = context.module
    for kind, table, ids in (
        (UnitKind.TYPE, TableId.TYPE_DEF, digests.types()),
        (UnitKind.METHOD, TableId.METHOD_DEF, digests.methods()),
    ):
        if kind is UnitKind.METHOD and context.reads_source:
            # Where the bodies of the source are read, a method's code only tells which of them are compiled otherwise.
            continue
        if np.array_equal(ids, state.rows[kind]):
            continue
        left, came = _difference(state.rows[kind], ids)
        state.rows[kind] = ids
        for identity in left:
            state.drop(Unit(kind, identity))
            state.drop(Unit(UnitKind.ANNOTATED_TYPE, identity))
        for identity, rid in digests.rows(table, came).items():
            if kind is UnitKind.TYPE:
                definition = module.type_definition(rid)
            else:
                method = module.method_definition(rid)
                definition = method.owner
                if not is_users(context, method):
                    continue
            arrived[definition] = None
            state.pending[Unit(kind, identity)] = None
    return list(arrived)


def _difference(old: Hashes, new: Hashes) -> tuple[set[Identity], set[Identity]]:
    """What only one of two columns of identities has; rows at both ends that are equal are left out first."""
    first, last = common_ends(old, new)
    before, now = set(old[first : len(old) - last].tolist()), set(new[first : len(new) - last].tolist())
    return before - now, now - before


def read_pending(state: ReaderState, version: Version, context: ModuleContext, guards: Guards) -> None:
    """Reads the units that wait."""
    digests = version.digests
    if digests is None:
        _read_everything(state, version.module, UnitReader(context, guards, lambda table, rid: (table << 24) | rid), context)
        return
    reader = UnitReader(context, guards, digests.identity_of)
    for kind, read in (
        (UnitKind.TYPE, lambda rid: reader.type(version.module.type_definition(rid))),
        (UnitKind.METHOD, lambda rid: reader.method(version.module.method_definition(rid))),
    ):
        _read(state, digests, kind, read)
    _read_bodies(state, digests, reader)
    if context.lookups.reader is ReaderKind.PUBLISH:
        _read_annotated_types(state, version.module, digests, reader)
        if _PROGRAM not in state.results:
            result = reader.program()
            result.keys = digests.keys_of(result.reads)
            result.reads.clear()
            state.put(_PROGRAM, result)


def _read(state: ReaderState, digests: Digests, kind: UnitKind, read: Callable[[int], UnitResult]) -> None:
    waiting = [unit.identity for unit in state.pending if unit.kind is kind]
    for identity, rid in digests.rows(_OWN_KEYS[kind], waiting).items():
        result = read(rid)
        result.keys = digests.keys_of(result.reads)
        result.reads.clear()
        state.put(Unit(kind, identity), result)


def _read_bodies(state: ReaderState, digests: Digests | None, reader: UnitReader) -> None:
    """Reads the bodies of the source that wait."""
    files = state.index.bodies() if state.index is not None else {}
    waiting = {unit.identity for unit in state.pending if unit.kind is UnitKind.SOURCE}
    for path in dict.fromkeys(state.file_of_body[identity] for identity in sorted(waiting)):
        for number, identity in enumerate(state.bodies[path]):
            if identity in waiting:
                unit = Unit(UnitKind.SOURCE, identity)
                result = reader.source(files[path], number)
                if digests is not None:
                    result.keys = digests.keys_of(result.reads)
                    result.reads.clear()
                state.put(unit, result)


def _read_annotated_types(state: ReaderState, module: Module, digests: Digests, reader: UnitReader) -> None:
    """Where object.GetType is called decides on all types that an annotation reaches from there."""
    annotated, elsewhere = state.in_program()
    if (annotated, elsewhere) != state.annotated:
        state.annotated = (annotated, elsewhere)
        known = [unit for unit in state.results if unit.kind is UnitKind.ANNOTATED_TYPE]
        for unit in known:
            state.drop(unit)
    if annotated or elsewhere:
        for identity in state.rows[UnitKind.TYPE].tolist():
            unit = Unit(UnitKind.ANNOTATED_TYPE, identity)
            if unit not in state.results:
                state.pending[unit] = None
    used = {module.type_definition(rid) for rid in digests.rows(TableId.TYPE_DEF, annotated).values()} | elsewhere
    _read(state, digests, UnitKind.ANNOTATED_TYPE, lambda rid: reader.annotated_type(module.type_definition(rid), used))


def _read_everything(state: ReaderState, module: Module, reader: UnitReader, context: ModuleContext) -> None:
    """All units of a module without digests, to be forgotten afterwards."""
    used: set[TypeDefinition] = set()
    for definition in module.types():
        state.put(Unit(UnitKind.TYPE, definition.token), reader.type(definition))
        for method in definition.methods:
            if not context.reads_source and is_users(context, method):
                state.put(Unit(UnitKind.METHOD, method.token), reader.method(method))
    _read_bodies(state, None, reader)
    if context.lookups.reader is ReaderKind.PUBLISH:
        annotated, elsewhere = state.in_program()
        used.update(elsewhere)
        used.update(module.type_definition(token & 0xFFFFFF) for token in annotated)
        for definition in module.types() if used else ():
            state.put(Unit(UnitKind.ANNOTATED_TYPE, definition.token), reader.annotated_type(definition, used))
        state.put(_PROGRAM, reader.program())


def show_findings(state: ReaderState, options: AnalysisOptions, severities: Severities, reader: ReaderKind) -> None:
    """Brings what the state shows to the findings of all units of the program under the options."""
    if state.options != options:
        state.hide_all()
        state.options = options
    dead = state.dead()
    for unit in dead:
        state.hide(unit)
    waiting = [unit for unit in state.unshown if unit not in dead]
    for unit in waiting:
        findings = (show(options, severities, reader, raised) for raised in state.results[unit].raised)
        state.shown[unit] = list({sort_key(each): each for each in findings if each is not None}.items())
        del state.unshown[unit]
    state.sorted.add_all(row for unit in waiting for row in state.shown[unit])


def show(options: AnalysisOptions, severities: Severities, reader: ReaderKind, raised: Raised) -> Finding | None:
    """A finding with its severity, or None when its rule is off."""
    rule, place = raised.rule, raised.location
    file = place.file if place is not None else ""
    severity = severities.of(rule.id, file) if options.is_on(rule.category) else None
    if rule.id in FATAL:
        severity = Severity.ERROR
    if severity is None:
        return None
    suppression = None
    if raised.is_suppressed and rule.id not in FATAL:
        suppression = Suppression.ATTRIBUTE
    elif place is not None and file and severities.is_disabled(rule.id, file, place.line):
        suppression = Suppression.PRAGMA
    reported_by = (Reporter.BUILD if reader is ReaderKind.BUILD else Reporter.PUBLISH,) if rule.id not in UNREPORTED else ()
    related, link = raised.related, rule.help_link
    return Finding(rule.id, severity, raised.message, place, raised.member, reported_by, related, link, suppression, raised.why)

"""A condition that many items evaluate -> the items for which it holds.

A leaf of the condition (a comparison, a call, a lone operand) is evaluated once for each combination of values that its operands have;
`and` and `or` ask their second operand about those items only which the first leaves open. What each leaf says is `conditions`' word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from server.msbuild.conditions import (
    Allowed,
    Call,
    Comparison,
    ConditionContext,
    Logical,
    Node,
    Operand,
    TokenKind,
    evaluate_leaf,
    read_condition,
)
from server.msbuild.escaping import unescape
from server.msbuild.items import Item
from server.msbuild.shredder import split_list
from server.msbuild.text_columns import NotByColumns

Column = Callable[[str, Sequence[Item]], list[str]]
"""The escaped values of a text for items, of which there is one at least."""


def holding(text: str, allowed: Allowed, context: ConditionContext, column: Column, items: Sequence[Item]) -> list[Item]:
    """Those of `items` for which the condition is true. Raises NotByColumns, InvalidProjectFile for any of them.

    Of `context` only what does not depend on the item is used.
    """
    if not items:
        return []
    root = read_condition(text, allowed, context)
    truths = _Columns(text, context, column).truths(root, items)
    return [item for item, holds in zip(items, truths, strict=True) if holds]


class _Columns:
    """One evaluation of one condition for many items."""

    def __init__(self, text: str, context: ConditionContext, column: Column) -> None:
        self.text = text
        self.context = context
        self.column = column

    def truths(self, node: Node, items: Sequence[Item]) -> list[bool]:
        """The value of `node` for each of `items`."""
        if not isinstance(node, Logical):
            return self.leaf(node, items)
        left = self.truths(node.left, items)
        if node.operator is TokenKind.NOT:
            return [not value for value in left]
        assert node.right is not None
        decides = node.operator is TokenKind.OR
        open_items = [item for item, value in zip(items, left, strict=True) if value is not decides]
        if not open_items:
            return left
        right = iter(self.truths(node.right, open_items))
        return [value if value is decides else next(right) for value in left]

    def leaf(self, node: Node, items: Sequence[Item]) -> list[bool]:
        texts = _texts_of(node)
        columns = [self.column(text, items) for text in texts]
        rows: Iterable[tuple[str, ...]] = zip(*columns, strict=True) if columns else [()] * len(items)
        known: dict[tuple[str, ...], bool] = {}
        result: list[bool] = []
        for row in rows:
            value = known.get(row)
            if value is None:
                value = known[row] = self.value(node, dict(zip(texts, row, strict=True)))
            result.append(value)
        return result

    def value(self, node: Node, values: dict[str, str]) -> bool:
        context = replace(
            self.context,
            expand=lambda text: unescape(values[text]),
            expand_list=lambda text: [unescape(part) for part in split_list(values[text])],
        )
        found = evaluate_leaf(self.text, node, context)
        if found is None:
            raise NotByColumns
        return found


def _texts_of(node: Node) -> list[str]:
    """The texts that a leaf expands. Raises NotByColumns for one that is not simple."""
    operands: Sequence[Node]
    if isinstance(node, Call):
        return [operand.text.replace("\\", "/") for operand in node.arguments]
    operands = (node.left, node.right) if isinstance(node, Comparison) else (node,)
    texts: list[str] = []
    for operand in operands:
        if not isinstance(operand, Operand):
            raise NotByColumns
        if operand.expandable:
            texts.append(operand.text)
    return texts

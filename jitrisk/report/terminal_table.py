"""Tables for the terminal, as wide as it is: a column per strategy, in blocks where they do not fit side by side."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.constrain import Constrain
from rich.table import Table
from rich.text import Text

from jitrisk.printable import escape_for_encoding
from jitrisk.report.numbers import Rounded

Block = list[tuple[str, list[str]]]

_GAP = 2
PROSE = 100
# rich's own fallback for encodings without lines draws a full grid.
_ASCII_RULE = box.Box(str(box.SIMPLE_HEAD).replace("─", "-"), ascii=True)


@dataclass(frozen=True)
class ReportRow:
    """One row: what it is and in which unit, and a cell per strategy."""

    label: str
    cells: tuple[Rounded, ...]


@dataclass(frozen=True)
class ReportTable:
    """A title, a table and some prose, laid out for whatever console prints it.

    Characters the console's encoding lacks are replaced, so that any pipe can take it.

    Attributes
    ----------
    title : one line above the table.
    columns : the strategies' names.
    rows : the rows.
    notes : small print below the table.
    conclusion : what follows from it, last; may be empty.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[ReportRow, ...]
    notes: tuple[str, ...]
    conclusion: str = ""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield what rich prints."""

        def render_text(text: str, style: str = "") -> Text:
            return Text(escape_for_encoding(text, options.encoding), style=style)

        yield render_text(self.title, "bold")
        heads = ["", *(escape_for_encoding(name, options.encoding) for name in self.columns)]
        columns = [
            self._render_labels(options.encoding),
            *(self._render_cells(i, options.encoding) for i in range(len(self.columns))),
        ]
        if _compute_min_width(columns) > options.max_width:
            yield from _stack_rows(heads, columns)
        else:
            for block in _split_blocks(heads, columns, options.max_width):
                yield _build_table(block, select_box(options))
                yield Text()
        width = min(PROSE, options.max_width)
        for note in self.notes:
            yield Constrain(render_text(note, "dim"), width)
        if self.conclusion:
            yield Text()
            yield Constrain(render_text(self.conclusion, "bold"), width)

    def _render_labels(self, encoding: str) -> list[str]:
        return [escape_for_encoding(row.label, encoding) for row in self.rows]

    def _render_cells(self, column: int, encoding: str) -> list[str]:
        # Padded on both sides, so that the signs stand below each other.
        sign = escape_for_encoding(" ± ", encoding)
        cells = [row.cells[column] for row in self.rows]
        halves = [sign + cell.half if cell.half else "" for cell in cells]
        left, right = max(len(cell.value) for cell in cells), max(map(len, halves))
        return [cell.value.rjust(left) + half.ljust(right) for cell, half in zip(cells, halves, strict=True)]


def _compute_min_width(columns: list[list[str]]) -> int:
    """Return how wide the labels and one column beside them are."""
    label, *widths = (max(map(cell_len, column), default=0) for column in columns)
    return label + _GAP + max(widths, default=0)


def _stack_rows(heads: list[str], columns: list[list[str]]) -> Iterator[Text]:
    """Yield every figure on a line below its label, strategy by strategy, for a terminal too narrow for both."""
    labels, *others = columns
    for head, column in zip(heads[1:], others, strict=True):
        yield Text(head, style="bold")
        for label, cell in zip(labels, column, strict=True):
            yield Text(label)
            yield Text(f"  {cell.strip()}")
        yield Text()


def _split_blocks(heads: list[str], columns: list[list[str]], width: int) -> Iterator[Block]:
    """Yield what stands side by side: the labels, and as many of the strategies as fit."""
    label, *widths = (
        max(cell_len(text) for text in (head, *column)) for head, column in zip(heads, columns, strict=True)
    )
    fitting = max(1, (width - label) // (max(widths) + _GAP))
    # As even as can be: 8 strategies where 7 fit become 4 and 4.
    count = math.ceil(len(widths) / fitting)
    size = math.ceil(len(widths) / count)
    # A name too long for the line is folded, and then its column is as wide as the line allows.
    widest = max(1, width - label - _GAP)
    padded = [
        [cell.rjust(min(cell_len(head), widest)) for cell in column]
        for head, column in zip(heads, columns, strict=True)
    ]
    for start in range(1, len(heads), size):
        yield [(heads[i], padded[i]) for i in (0, *range(start, min(start + size, len(heads))))]


def select_box(options: ConsoleOptions) -> box.Box:
    """Return what lines tables are ruled with."""
    return _ASCII_RULE if options.ascii_only else box.SIMPLE_HEAD


def _build_table(block: Block, lines: box.Box) -> Table:
    # The box's divider, a space, is the rest of the gap.
    table = Table(box=lines, pad_edge=False, padding=(0, _GAP - 1, 0, 0), show_edge=False)
    for head, _ in block:
        table.add_column(Text(head, justify="right"), overflow="fold")
    for row in zip(*(column for _, column in block), strict=True):
        table.add_row(*map(Text, row))
    return table

"""Derive the table of supplier delays that the clinic-supplies example ships.

Source: USAID Supply Chain Management System (SCMS), delivery history 2006-2015, a work of the US government.
Only direct-drop lines count: they go from the vendor to the country, so their delay is the supplier's.

    python docs/data/derive_supplier_delays.py scms_delivery.csv jitrisk/examples/scms_lateness.csv
"""

import csv
import statistics
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path

Line = tuple[int, int | None]  # days late (negative: early), and days promised where the day of the order is known


def _day(text: str) -> date | None:
    for form in ("%d-%b-%y", "%m/%d/%Y", "%m-%d-%Y"):
        try:
            return datetime.strptime(text, form).date()
        except ValueError:
            continue
    return None


def lines(records: Iterable[dict[str, str]]) -> Iterator[Line]:
    """Yield days late and days promised of every direct-drop line."""
    for record in records:
        if record["Fulfill Via"] != "Direct Drop":
            continue
        scheduled, delivered = _day(record["Scheduled Delivery Date"]), _day(record["Delivered to Client Date"])
        ordered = _day(record["PO Sent to Vendor Date"])
        if scheduled is None or delivered is None:
            raise ValueError(f"line {record['ID']} has no date of delivery")
        # A line recorded as ordered on or after the day it arrived says nothing about the promise.
        known = ordered is not None and delivered > ordered
        yield (delivered - scheduled).days, (scheduled - ordered).days if known and ordered else None


def table(found: Sequence[Line]) -> list[tuple[int, int, int]]:
    """Return rows of days late, number of lines, and lead time when the promise is the median one.

    An early line counts as on time in the lead time: a buyer does not plan on it.
    """
    promised = round(statistics.median(days for _, days in found if days is not None))
    counted = Counter(late for late, _ in found)
    return [(late, counted[late], promised + max(late, 0)) for late in sorted(counted)]


def summary(found: Sequence[Line]) -> str:
    """Return the facts that the example quotes, in one line."""
    late = [days for days, _ in found if days > 0]
    took = [days + promised for days, promised in found if promised is not None]
    return (
        f"{len(found)} lines, late {len(late) / len(found):.1%}, "
        f"more than 30 days {sum(days > 30 for days in late) / len(found):.1%}; "
        f"lead time mean {statistics.mean(took):.0f}, sd {statistics.stdev(took):.0f} days over {len(took)} lines"
    )


def main(source: str, target: str) -> None:
    """Read the delivery history and write the table."""
    with Path(source).open(encoding="utf-8", newline="") as stream:
        found = list(lines(csv.DictReader(stream)))
    with Path(target).open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["days_late", "lines", "lead_time"])
        writer.writerows(table(found))
    print(summary(found))


if __name__ == "__main__":
    main(*sys.argv[1:])

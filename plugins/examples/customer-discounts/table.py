"""Working a bill out: a row for each picture, then the best discount that the customer has.

Nothing in here knows of WebAssembly, so `python -m doctest table.py` tries it anywhere. Money is whole fen.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

# One million yuan, in fen. A bill beyond it is more likely a mistake than an order.
MOST = 100_000_000
# The host takes 64 rows; one of them is for the discount.
MOST_ROWS = 60

OPERATIONS = {
    "enhance": "变清晰",
    "remove_bg": "抠图换底",
    "resize": "改尺寸",
    "fix_old_photo": "老照片修复",
    "layered": "分层文件",
}


class NeedsPerson(Exception):
    """A person must name the price; the text says why."""


@dataclass(frozen=True)
class Row:
    """What an operation costs on a picture of one complexity. None stands for any."""

    complexity: str | None
    operation: str | None
    low: int
    high: int


@dataclass(frozen=True)
class Discount:
    """What the bill calls it, and how much it takes off."""

    label: str
    percent_off: int


@dataclass(frozen=True)
class Settings:
    rows: list[Row]
    # By the customer's tag.
    tags: dict[str, Discount]
    # From how many completed orders.
    orders: list[tuple[int, Discount]]
    # Customers with one of these tags get no price from a table.
    by_hand: set[str]
    round_to: int

    @classmethod
    def read(cls, given: dict[str, Any]) -> Self:
        """Takes settings that `check` let pass."""
        return cls(
            rows=[Row(r.get("complexity"), r.get("operation"), r["low"], r["high"]) for r in given["table"]],
            tags={tag["tag"]: Discount(tag["tag"], tag["percent_off"]) for tag in given.get("tags", [])},
            orders=[(o["from"], Discount(o["label"], o["percent_off"])) for o in given.get("orders", [])],
            by_hand=set(given.get("by_hand", [])),
            round_to=given.get("round_to", 10),
        )


@dataclass(frozen=True)
class Picture:
    complexity: str
    operations: Sequence[str]


@dataclass(frozen=True)
class Customer:
    completed_orders: int
    tags: Sequence[str]


@dataclass(frozen=True)
class Line:
    """One row of the bill: negative for a discount."""

    label: str
    low: int
    high: int


@dataclass(frozen=True)
class Bill:
    lines: list[Line]
    hint: str

    @property
    def low(self) -> int:
        return sum(line.low for line in self.lines)

    @property
    def high(self) -> int:
        return sum(line.high for line in self.lines)


def price(settings: Settings, pictures: Sequence[Picture], customer: Customer) -> Bill:
    """Works the bill out, or raises `NeedsPerson`."""
    if met := settings.by_hand.intersection(customer.tags):
        raise NeedsPerson(f"客户带有标签「{min(met)}」,需要人工报价")
    lines = [picture_line(settings.rows, number, picture) for number, picture in enumerate(pictures, start=1)]
    low, high = sum(line.low for line in lines), sum(line.high for line in lines)
    if high > MOST:
        raise NeedsPerson("金额太大,需要人工报价")
    if len(lines) > MOST_ROWS:
        lines = [Line(f"共{len(pictures)}张", low, high)]
    hint = amounts(low, high)
    # Of several that take as much off, the one named first in the settings: the same customer always hears the same.
    if best := max(discounts(settings, customer), key=lambda one: one.percent_off, default=None):
        label = f"{best.label} {fold(best.percent_off)}"
        less_low, less_high = (discounted(fen, best.percent_off, settings.round_to) for fen in (low, high))
        lines.append(Line(label, less_low - low, less_high - high))
        hint = f"{label},{amounts(less_low, less_high)}"
    return Bill(lines, hint)


def picture_line(rows: Sequence[Row], number: int, picture: Picture) -> Line:
    """What is done to a picture adds up. One that nothing is named for is looked up without an operation."""
    found = [find(rows, picture.complexity, operation) for operation in picture.operations or [None]]
    # A label is at most 200 characters, a name 40.
    names = [OPERATIONS.get(operation, operation) for operation in picture.operations[:4]]
    label = f"第{number}张 {'、'.join(names)}".rstrip()
    return Line(label, sum(row.low for row in found), sum(row.high for row in found))


def find(rows: Sequence[Row], complexity: str, operation: str | None) -> Row:
    """The most telling row that fits: both named, then the complexity, then the operation, then neither.

    >>> rows = [Row(None, None, 1, 1), Row(None, "resize", 2, 2), Row("hard", None, 3, 3), Row("hard", "resize", 4, 4)]
    >>> [find(rows, *picture).low for picture in [("hard", "resize"), ("hard", "x"), ("y", "resize"), ("y", None)]]
    [4, 3, 2, 1]
    """
    for wanted in ((complexity, operation), (complexity, None), (None, operation), (None, None)):
        for row in rows:
            if (row.complexity, row.operation) == wanted:
                return row
    raise NeedsPerson(f"价目里没有「{complexity}」的「{operation or '不限操作'}」,需要人工报价")


def discounts(settings: Settings, customer: Customer) -> Iterator[Discount]:
    """Every discount that the customer has. They don't add up: the best one counts."""
    for tag, discount in settings.tags.items():
        if tag in customer.tags:
            yield discount
    for orders, discount in settings.orders:
        if customer.completed_orders >= orders:
            yield discount


def discounted(fen: int, percent_off: int, round_to: int) -> int:
    """What is left, rounded down to a multiple of `round_to` (抹零) unless nothing would be left of it.

    >>> discounted(1999, 10, 1), discounted(1999, 10, 10), discounted(1999, 10, 100), discounted(99, 10, 100)
    (1799, 1790, 1700, 89)
    """
    left = fen * (100 - percent_off) // 100
    return left // round_to * round_to or left


def fold(percent_off: int) -> str:
    """As a Chinese shop says a discount, by what is left of ten.

    >>> fold(10), fold(15)
    ('9 折', '8.5 折')
    """
    left, tenth = divmod(100 - percent_off, 10)
    return f"{left}.{tenth} 折" if tenth else f"{left} 折"


def amounts(low: int, high: int) -> str:
    """
    >>> amounts(1500, 2000), amounts(1250, 1250), amounts(5, 10000)
    ('15-20元', '12.5元', '0.05-100元')
    """

    def yuan(fen: int) -> str:
        return f"{fen // 100}.{fen % 100:02}".rstrip("0").rstrip(".")

    return f"{yuan(low)}元" if low == high else f"{yuan(low)}-{yuan(high)}元"

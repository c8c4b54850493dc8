"""{{name}}: each picture costs what its complexity costs, and pictures add up."""

import json
import re
from pathlib import Path

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.lifecycle import Description, Problem
from wit_world.exports.pricing import Line, Quote, QuoteRequest
from wit_world.imports import log, settings
from wit_world.imports.log import Level
from wit_world.imports.types import Money, Refusal_InvalidInput, Refusal_NeedsPerson

# Read while the component is built: a plugin has no files.
SCHEMA = Path(__file__).with_name("settings.schema.json").read_text(encoding="utf-8")
DEFAULTS = Path(__file__).with_name("settings.default.json").read_text(encoding="utf-8")

# One million yuan, in fen.
MOST = 100_000_000
# The host takes no longer bill.
MOST_LINES = 64
# A complexity becomes a label on the bill.
COMPLEXITY = re.compile(r"[A-Za-z0-9_\u3400-\u9fff-]{1,40}")


def price(prices: dict[str, dict[str, int]], complexities: list[str]) -> Quote:
    """The bill, a line a picture. Amounts are in fen."""
    if not complexities:
        raise Err(Refusal_InvalidInput("pictures"))
    if len(complexities) > MOST_LINES:
        raise Err(Refusal_NeedsPerson(f"一次超过 {MOST_LINES} 张,需要人工报价"))
    low = high = 0
    lines = []
    for number, complexity in enumerate(complexities, start=1):
        row = prices.get(complexity)
        if row is None:
            raise Err(Refusal_NeedsPerson(f"价目里没有这种复杂度({complexity}),需要人工报价"))
        low += row["low"]
        high += row["high"]
        lines.append(Line(f"第{number}张({complexity})", fen(row["low"]), fen(row["high"])))
    return Quote(fen(low), fen(high), hint(low, high), lines, [])


def fen(minor: int) -> Money:
    return Money(minor, "CNY")


def hint(low: int, high: int) -> str:
    """Such as 15-20元, or 12.5元 for a fixed price."""

    def yuan(minor: int) -> str:
        return f"{minor // 100}.{minor % 100:02}".rstrip("0").rstrip(".")

    return f"{yuan(low)}元" if low == high else f"{yuan(low)}-{yuan(high)}元"


def check(text: str) -> list[Problem]:
    """Everything that is wrong with the settings. A form keeps to the schema, but settings also come by other ways."""
    try:
        given = json.loads(text)
    except ValueError as why:
        return [Problem("", f"不是有效的 JSON:{why}")]
    if not isinstance(given, dict):
        return [Problem("", "这里要写成对象,例如 {…}")]
    found = [Problem(at("", key), "不认识的设置项") for key in given if key != "prices"]
    prices = given.get("prices")
    if prices is None:
        found.append(Problem("", "缺少 prices"))
    elif not isinstance(prices, dict) or not 1 <= len(prices) <= 50:
        found.append(Problem("/prices", "这里要写成对象,1 到 50 种复杂度"))
    else:
        for complexity, row in prices.items():
            found += check_row(at("/prices", complexity), complexity, row)
    return found


def check_row(place: str, complexity: str, row: object) -> list[Problem]:
    found = []
    if not COMPLEXITY.fullmatch(complexity):
        found.append(Problem(place, "复杂度要写成 1 到 40 个字,只用汉字、英文字母、数字、_ 和 -"))
    if not isinstance(row, dict):
        return [*found, Problem(place, '这里要写成 {"low": …, "high": …}')]
    found += [Problem(at(place, key), "不认识的设置项") for key in row if key not in ("low", "high")]
    wrong = [key for key in ("low", "high") if not is_amount(row.get(key))]
    found += [Problem(at(place, key), f"要填 0 到 {MOST} 之间的整数(分)") for key in wrong]
    if not wrong and row["low"] > row["high"]:
        found.append(Problem(at(place, "high"), "最高价不能低于最低价"))
    return found


def is_amount(value: object) -> bool:
    # `type`, for Python takes True for a whole number.
    return type(value) is int and 0 <= value <= MOST


def at(place: str, key: str) -> str:
    """The pointer to `key` in what `place` points to."""
    return f"{place}/{key.replace('~', '~0').replace('/', '~1')}"


class Lifecycle(exports.Lifecycle):
    def describe(self) -> Description:
        return Description(
            name="{{name}}",
            version="0.1.0",
            summary="按复杂度报价,几张相加。A base price for each picture by its complexity.",
            settings_schema=SCHEMA,
            default_settings=DEFAULTS,
        )

    def check_settings(self, settings: str) -> None:
        if found := check(settings):
            raise Err(found)


class Pricing(exports.Pricing):
    def price(self, request: QuoteRequest) -> Quote:
        log.write(Level.DEBUG, f"{len(request.pictures)} pictures to price")
        prices = json.loads(settings.get())["prices"]
        return price(prices, [picture.complexity for picture in request.pictures])

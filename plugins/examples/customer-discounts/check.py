"""Everything that can be wrong with settings, each with its JSON Pointer.

The schema draws the form; what it can't say is said here too: rows that say the same twice, a low price above the high
one, more orders for less discount, a tag that both has a discount and is priced by hand.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from table import MOST

# Where, and what a shop owner is told.
Problem = tuple[str, str]

OPERATION = re.compile(r"[a-z0-9_-]{1,40}")
# What the host would not show to anyone: control characters, and those that hide text or turn its direction.
HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def check(text: str) -> list[Problem]:
    try:
        given = json.loads(text)
    except ValueError as why:
        return [("", f"不是有效的 JSON:{why}")]
    return list(settings(given))


def settings(given: Any) -> Iterator[Problem]:
    if not isinstance(given, dict):
        yield "", "这里要写成对象,例如 {…}"
        return
    yield from unknown("", given, ("table", "tags", "orders", "by_hand", "round_to"))
    if "table" in given:
        yield from prices(given["table"])
    else:
        yield "", "缺少 table"
    yield from tags(given.get("tags", []))
    yield from orders(given.get("orders", []))
    yield from by_hand(given)
    if given.get("round_to", 10) not in (1, 10, 100) or not is_integer(given.get("round_to", 10)):
        yield "/round_to", "只能填 1(分)、10(角)或 100(元)"


def prices(rows: Any) -> Iterator[Problem]:
    if not is_list(rows, 1, 200):
        yield "/table", "这里要写成列表,1 到 200 行"
        return
    seen = set()
    for place, row in places("/table", rows):
        if not isinstance(row, dict):
            yield place, "这里要写成对象,例如 {…}"
            continue
        yield from unknown(place, row, ("complexity", "operation", "low", "high"))
        complexity, operation = row.get("complexity"), row.get("operation")
        if "complexity" in row and not is_text(complexity, 40):
            yield f"{place}/complexity", "要填 1 到 40 个字;不限复杂度就去掉这一项"
        if "operation" in row and not (isinstance(operation, str) and OPERATION.fullmatch(operation)):
            yield f"{place}/operation", "只能用小写字母、数字、_ 和 -,例如 remove_bg;不限操作就去掉这一项"
        # As text, since what is no text may not be hashable.
        this = json.dumps([complexity, operation])
        if this in seen:
            yield place, "前面已经有这种复杂度和操作的价格了"
        seen.add(this)
        wrong = [key for key in ("low", "high") if not is_integer(row.get(key), 0, MOST)]
        for key in wrong:
            yield f"{place}/{key}", f"要填 0 到 {MOST} 之间的整数(分)"
        if not wrong and row["low"] > row["high"]:
            yield f"{place}/high", "最高价不能低于最低价"


def tags(rows: Any) -> Iterator[Problem]:
    if not is_list(rows, 0, 50):
        yield "/tags", "这里要写成列表,最多 50 行"
        return
    seen = []
    for place, row in places("/tags", rows):
        if not isinstance(row, dict):
            yield place, "这里要写成对象,例如 {…}"
            continue
        yield from unknown(place, row, ("tag", "percent_off"))
        if not is_text(row.get("tag"), 40):
            yield f"{place}/tag", "要填 1 到 40 个字"
        elif row["tag"] in seen:
            yield f"{place}/tag", "前面已经有这个标签了"
        seen.append(row.get("tag"))
        yield from percent_off(place, row)


def orders(rows: Any) -> Iterator[Problem]:
    if not is_list(rows, 0, 20):
        yield "/orders", "这里要写成列表,最多 20 档"
        return
    least, off = 0, 0
    for place, row in places("/orders", rows):
        if not isinstance(row, dict):
            yield place, "这里要写成对象,例如 {…}"
            continue
        yield from unknown(place, row, ("from", "label", "percent_off"))
        if not is_integer(row.get("from"), 1, 10_000):
            yield f"{place}/from", "要填 1 到 10000 之间的整数(单)"
        elif row["from"] <= least:
            yield f"{place}/from", "单数要一档比一档多"
        else:
            least = row["from"]
        if not is_text(row.get("label"), 40):
            yield f"{place}/label", "要填 1 到 40 个字"
        problems = list(percent_off(place, row))
        yield from problems
        if not problems and row["percent_off"] <= off:
            yield f"{place}/percent_off", "单数更多,优惠也要更多"
        elif not problems:
            off = row["percent_off"]


def by_hand(given: dict[str, Any]) -> Iterator[Problem]:
    rows = given.get("by_hand", [])
    if not is_list(rows, 0, 50):
        yield "/by_hand", "这里要写成列表,最多 50 个标签"
        return
    discounts = given.get("tags", [])
    discounts = discounts if isinstance(discounts, list) else []
    with_discount = [row.get("tag") for row in discounts if isinstance(row, dict)]
    for place, tag in places("/by_hand", rows):
        if not is_text(tag, 40):
            yield place, "要填 1 到 40 个字"
        elif tag in with_discount:
            yield place, "这个标签已经有优惠,不能又转人工"


def percent_off(place: str, row: dict[str, Any]) -> Iterator[Problem]:
    if not is_integer(row.get("percent_off"), 1, 90):
        yield f"{place}/percent_off", "要填 1 到 90 之间的整数"


def unknown(place: str, row: dict[str, Any], known: tuple[str, ...]) -> Iterator[Problem]:
    for key in row:
        if key not in known:
            escaped = key.replace("~", "~0").replace("/", "~1")
            yield f"{place}/{escaped}", f"不认识的设置项,可用的有:{'、'.join(known)}"


def places(place: str, rows: list[Any]) -> Iterator[tuple[str, Any]]:
    return ((f"{place}/{index}", row) for index, row in enumerate(rows))


def is_list(value: Any, least: int, most: int) -> bool:
    return isinstance(value, list) and least <= len(value) <= most


def is_text(value: Any, longest: int) -> bool:
    return isinstance(value, str) and bool(value.strip()) and len(value) <= longest and not HIDDEN.search(value)


def is_integer(value: Any, least: int = 0, most: int = MOST) -> bool:
    # `type`, for Python takes True for a whole number.
    return type(value) is int and least <= value <= most

"""customer-discounts: prices from a table, and discounts by who the customer is.

This is the glue between the pricing world and `table.py`, which works the bill out; `check.py` says what is wrong with
settings.
"""

import json
from pathlib import Path

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.lifecycle import Description, Problem
from wit_world.exports.pricing import Line, Quote, QuoteRequest
from wit_world.imports import log, settings
from wit_world.imports.log import Level
from wit_world.imports.types import Money, Refusal_InvalidInput, Refusal_NeedsPerson

import check
import table

# Read while the component is built: a plugin has no files.
SCHEMA = Path(__file__).with_name("settings.schema.json").read_text(encoding="utf-8")
DEFAULTS = Path(__file__).with_name("settings.default.json").read_text(encoding="utf-8")


class Lifecycle(exports.Lifecycle):
    def describe(self) -> Description:
        return Description(
            name="customer-discounts",
            version="0.1.0",
            summary="按复杂度和操作查价,按标签和完成单数打折。Prices by complexity and operation, discounts by customer.",
            settings_schema=SCHEMA,
            default_settings=DEFAULTS,
        )

    def check_settings(self, settings: str) -> None:
        if found := check.check(settings):
            raise Err([Problem(pointer, message) for pointer, message in found])


class Pricing(exports.Pricing):
    def price(self, request: QuoteRequest) -> Quote:
        if not request.pictures:
            raise Err(Refusal_InvalidInput("pictures"))
        rules = table.Settings.read(json.loads(settings.get()))
        pictures = [table.Picture(picture.complexity, picture.operations) for picture in request.pictures]
        customer = table.Customer(request.customer.completed_orders, request.customer.tags)
        try:
            bill = table.price(rules, pictures, customer)
        except table.NeedsPerson as why:
            raise Err(Refusal_NeedsPerson(str(why))) from why
        log.write(Level.DEBUG, f"{len(pictures)} pictures: {bill.hint}")
        return quote(bill)


def quote(bill: table.Bill) -> Quote:
    lines = [Line(line.label, fen(line.low), fen(line.high)) for line in bill.lines]
    return Quote(fen(bill.low), fen(bill.high), bill.hint, lines, attributes=[])


def fen(minor: int) -> Money:
    return Money(minor, "CNY")

"""{{name}}: what the shop says, from a template for each situation."""

import json
import re
from pathlib import Path

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.lifecycle import Description, Problem
from wit_world.exports.wording import Phrase, Situation
from wit_world.imports import log, settings
from wit_world.imports.log import Level
from wit_world.imports.types import Refusal_Unsupported

# Read while the component is built: a plugin has no files.
SCHEMA = Path(__file__).with_name("settings.schema.json").read_text(encoding="utf-8")
DEFAULTS = Path(__file__).with_name("settings.default.json").read_text(encoding="utf-8")

# The host sends 500 characters at most; the rest is for what the slots hold.
LONGEST = 300
SLOT = re.compile(r"\{([^{}]*)\}")
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")

# Every situation, and the slots that can stand in its text.
SITUATIONS: dict[str, tuple[str, ...]] = {
    "image-ready": ("operations",),
    "image-ready-agent-hint": ("operations",),
    "processing-delayed": (),
    "ask-revision-detail": (),
    "revision-accepted": ("count",),
    "ask-address": (),
    "confirm-address": ("address",),
    "work-mailed": ("address",),
    "mail-failed": ("address",),
    "handed-off": (),
    "mail-subject": ("name", "count", "operations"),
    "mail-body": ("name", "count", "operations"),
}


def word(templates: dict[str, str], key: str, slots: dict[str, str]) -> Phrase:
    if key not in templates:
        raise Err(Refusal_Unsupported(key))
    return Phrase(text=fill(templates[key], slots), label="")


def fill(template: str, slots: dict[str, str]) -> str:
    """Replaces each `{slot}`; one the situation does not carry becomes nothing.

    What a slot holds is never read as a template again: a customer's name may well be `{address}`.
    """
    return SLOT.sub(lambda slot: slots.get(slot[1], ""), template)


def check(text: str) -> list[Problem]:
    """Everything that is wrong with the settings. A form keeps to the schema, but settings also come by other ways."""
    try:
        given = json.loads(text)
    except ValueError as why:
        return [Problem("", f"不是有效的 JSON:{why}")]
    if not isinstance(given, dict):
        return [Problem("", "这里要写成对象,例如 {…}")]
    found = [Problem(at("", key), "不认识的设置项") for key in given if key != "templates"]
    templates = given.get("templates")
    if templates is None:
        found.append(Problem("", "缺少 templates"))
    elif not isinstance(templates, dict):
        found.append(Problem("/templates", "这里要写成对象,例如 {…}"))
    else:
        for key, template in templates.items():
            if wrong := check_template(key, template):
                found.append(Problem(at("/templates", key), wrong))
    return found


def check_template(key: str, template: object) -> str | None:
    if key not in SITUATIONS:
        return "没有这个场合"
    if not isinstance(template, str):
        return "这里要填文字"
    if not template.strip() or len(template) > LONGEST:
        return f"要有 1 到 {LONGEST} 个字"
    if CONTROL.search(template):
        return "除了换行,不能有控制字符"
    unknown = [name for name in SLOT.findall(template) if name not in SITUATIONS[key]]
    return f"这个场合没有 {{{unknown[0]}}}" if unknown else None


def at(place: str, key: str) -> str:
    """The pointer to `key` in what `place` points to."""
    return f"{place}/{key.replace('~', '~0').replace('/', '~1')}"


class Lifecycle(exports.Lifecycle):
    def describe(self) -> Description:
        return Description(
            name="{{name}}",
            version="0.1.0",
            summary="按模板回复,每种场合一句。Words each situation from a template.",
            settings_schema=SCHEMA,
            default_settings=DEFAULTS,
        )

    def check_settings(self, settings: str) -> None:
        if found := check(settings):
            raise Err(found)


class Wording(exports.Wording):
    def word(self, situation: Situation) -> Phrase:
        log.write(Level.DEBUG, f"wording {situation.key}")
        templates = json.loads(settings.get())["templates"]
        return word(templates, situation.key, dict(situation.slots))

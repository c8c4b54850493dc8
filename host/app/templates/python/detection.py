"""{{name}}: a message's intent and operations, by the keywords in it."""

import json
import re
from pathlib import Path

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.detection import (
    Evidence,
    Intent_Confirm,
    Intent_HandOff,
    Intent_None_,
    Intent_Revise,
    Message,
    Operation,
    Reading,
    Span,
)
from wit_world.exports.lifecycle import Description, Problem
from wit_world.imports import log, settings
from wit_world.imports.log import Level

# Read while the component is built: a plugin has no files.
SCHEMA = Path(__file__).with_name("settings.schema.json").read_text(encoding="utf-8")
DEFAULTS = Path(__file__).with_name("settings.default.json").read_text(encoding="utf-8")

# In the order in which they are looked for: 不满意 must be found before 满意.
LISTS = {"hand_off": Intent_HandOff, "revise": Intent_Revise, "confirm": Intent_Confirm}
# The longest keyword, in characters.
LONGEST = 40
OPERATION = re.compile(r"[a-z0-9_-]{1,40}")


def read_intent(words: dict[str, list[str]], text: str) -> Reading:
    for rule, intent in LISTS.items():
        for word in words[rule]:
            if span := find(text, word):
                # A word that is all there is says more than one within a sentence.
                confidence = 95 if text.strip() == word else 70
                return Reading(intent(), confidence, [Evidence(rule, span)], [])
    return Reading(Intent_None_(), 0, [], [])


def find_operations(table: dict[str, str], text: str) -> list[Operation]:
    found = [(span, name) for word, name in table.items() if (span := find(text, word))]
    found.sort(key=lambda one: (one[0].start, one[0].end))
    operations: dict[str, Operation] = {}
    for span, name in found:
        operations.setdefault(name, Operation(name, Evidence("operations", span)))
    return list(operations.values())


def find(text: str, word: str) -> Span | None:
    """Where `word` first stands in `text`. Python counts as the host does: in Unicode scalar values."""
    start = text.find(word)
    return None if start < 0 else Span(start, start + len(word))


def check(text: str) -> list[Problem]:
    """Everything that is wrong with the settings. A form keeps to the schema, but settings also come by other ways."""
    try:
        given = json.loads(text)
    except ValueError as why:
        return [Problem("", f"不是有效的 JSON:{why}")]
    if not isinstance(given, dict):
        return [Problem("", "这里要写成对象,例如 {…}")]
    known = [*LISTS, "operations"]
    found = [Problem(at("", key), "不认识的设置项") for key in given if key not in known]
    for name in known:
        if name not in given:
            found.append(Problem("", f"缺少 {name}"))
        elif name == "operations":
            found += check_operations(given[name])
        else:
            found += check_words(f"/{name}", given[name])
    return found


def check_words(place: str, words: object) -> list[Problem]:
    if not isinstance(words, list) or len(words) > 200:
        return [Problem(place, "这里要写成列表,最多 200 个词")]
    wrong = (index for index, word in enumerate(words) if not is_keyword(word))
    return [Problem(f"{place}/{index}", "关键词要写成 1 到 40 个字") for index in wrong]


def check_operations(table: object) -> list[Problem]:
    # The host takes no more than 64 operations.
    if not isinstance(table, dict) or len(table) > 60:
        return [Problem("/operations", "这里要写成对象,最多 60 个词")]
    found = []
    for word, name in table.items():
        if not is_keyword(word):
            found.append(Problem(at("/operations", word), "关键词要写成 1 到 40 个字"))
        if not (isinstance(name, str) and OPERATION.fullmatch(name)):
            message = "操作代号只能用小写字母、数字、_ 和 -,例如 enhance"
            found.append(Problem(at("/operations", word), message))
    return found


def is_keyword(word: object) -> bool:
    return isinstance(word, str) and bool(word.strip()) and len(word) <= LONGEST


def at(place: str, key: str) -> str:
    """The pointer to `key` in what `place` points to."""
    return f"{place}/{key.replace('~', '~0').replace('/', '~1')}"


class Lifecycle(exports.Lifecycle):
    def describe(self) -> Description:
        return Description(
            name="{{name}}",
            version="0.1.0",
            summary="按关键词识别意图和操作。Reads intent and operations by keywords.",
            settings_schema=SCHEMA,
            default_settings=DEFAULTS,
        )

    def check_settings(self, settings: str) -> None:
        if found := check(settings):
            raise Err(found)


class Detection(exports.Detection):
    def read_intent(self, message: Message) -> Reading:
        reading = read_intent(json.loads(settings.get()), message.text)
        log.write(Level.DEBUG, f"read as {type(reading.intent).__name__}")
        return reading

    def find_operations(self, text: str) -> list[Operation]:
        return find_operations(json.loads(settings.get())["operations"], text)

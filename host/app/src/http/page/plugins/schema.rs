//! A plugin's JSON Schema, as far as a form can be drawn from it. It is a stranger's text: whatever it leaves unclear is
//! typed as JSON, and one that can't be read at all has no form.
//!
//! Read are `type`, `properties`, `required`, `additionalProperties`, `items`, `enum`, `default`, `examples`, `minimum`,
//! `maximum`, `uniqueItems`, `maxLength` and references to `#/$defs/…` with keywords beside them, as in JSON Schema
//! 2020-12; and of our own `x-title-en`, `x-description-en`, `x-unit` and `x-unit-en`.

use std::{collections::HashSet, sync::LazyLock};

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;

use super::super::words::Lang;

/// How many references may lead to one place.
const REFERENCES: usize = 8;
/// From how many characters on a text has several lines to be typed in.
const LONG: u64 = 120;
/// How many numbers of a range are shown as boxes to tick.
const TICKS: i64 = 12;
/// How many values are offered to choose from.
const CHOICES: usize = 200;
/// Where all shared parts lie.
const DEFS: &str = "#/$defs/";

/// A schema, or `true` and `false`, which say nothing of how to type.
#[derive(Deserialize)]
#[serde(untagged)]
enum Any {
    Said(Box<Keywords>),
    #[expect(dead_code, reason = "it is told from keywords, and says nothing itself")]
    Open(bool),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Types {
    One(String),
    #[expect(dead_code, reason = "a value of several types is typed as JSON")]
    Several(Vec<String>),
}

/// What a schema says at one place.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Keywords {
    #[serde(rename = "$ref")]
    reference: Option<String>,
    #[serde(rename = "$defs", default)]
    defs: IndexMap<String, Any>,
    title: Option<String>,
    #[serde(rename = "x-title-en")]
    title_en: Option<String>,
    description: Option<String>,
    #[serde(rename = "x-description-en")]
    description_en: Option<String>,
    #[serde(rename = "x-unit")]
    unit: Option<String>,
    #[serde(rename = "x-unit-en")]
    unit_en: Option<String>,
    #[serde(rename = "type")]
    types: Option<Types>,
    properties: Option<IndexMap<String, Any>>,
    required: Option<HashSet<String>>,
    additional_properties: Option<Any>,
    items: Option<Any>,
    #[serde(rename = "enum")]
    values: Option<Vec<Value>>,
    default: Option<Value>,
    examples: Option<Vec<Value>>,
    minimum: Option<f64>,
    maximum: Option<f64>,
    unique_items: Option<bool>,
    max_length: Option<u64>,
}

/// The schema of all settings.
pub(super) struct Schema(Keywords);

/// One place in the settings: what is said there, and what the references there lead to, nearest first.
#[derive(Clone)]
pub(super) struct Place<'a> {
    root: &'a Keywords,
    said: Vec<&'a Keywords>,
}

/// A part of an object.
pub(super) struct Part<'a> {
    pub(super) name: &'a str,
    pub(super) place: Place<'a>,
    pub(super) required: bool,
}

/// How the value of a place is typed.
pub(super) enum Kind<'a> {
    /// A text; whether it may be long.
    Text(bool),
    Number,
    /// Yes or no.
    Yes,
    /// One of these.
    Choice(Vec<Value>),
    /// Any of these.
    Ticks(Vec<Value>),
    /// A text or number a line.
    Lines(Line),
    /// Rows of this.
    Rows(Place<'a>),
    /// Parts with names, and of what kind any further ones are.
    Object(Vec<Part<'a>>, Option<Place<'a>>),
    /// Anything else.
    Json,
}

/// What a line of a list is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    Text,
    Number,
}

impl Schema {
    /// Reads it; none where it is no schema of an object.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let keywords: Keywords = serde_json::from_str(text).ok()?;
        let schema = Self(keywords);
        matches!(schema.place().kind(), Kind::Object(..)).then_some(schema)
    }

    /// Where all settings are.
    pub(super) fn place(&self) -> Place<'_> {
        Place::new(&self.0, &self.0)
    }
}

impl<'a> Place<'a> {
    fn new(root: &'a Keywords, keywords: &'a Keywords) -> Self {
        let mut said = vec![keywords];
        while let Some(name) = said[said.len() - 1].reference.as_ref().and_then(|r| r.strip_prefix(DEFS)) {
            match root.defs.get(name) {
                Some(Any::Said(next)) if said.len() < REFERENCES => said.push(next),
                _ => break,
            }
        }
        Self { root, said }
    }

    fn of(root: &'a Keywords, any: &'a Any) -> Option<Self> {
        match any {
            Any::Said(keywords) => Some(Self::new(root, keywords)),
            Any::Open(_) => None,
        }
    }

    /// A place that no schema says anything of.
    pub(super) fn unknown() -> Place<'static> {
        static NOTHING: LazyLock<Keywords> = LazyLock::new(Keywords::default);
        Place { root: &NOTHING, said: Vec::new() }
    }

    /// The place at a JSON Pointer from here.
    pub(super) fn at(&self, pointer: &str) -> Option<Self> {
        let mut place = self.clone();
        for name in pointer.split('/').skip(1) {
            let name = name.replace("~1", "/").replace("~0", "~");
            place = match place.kind() {
                Kind::Rows(row) => row,
                Kind::Object(parts, more) => {
                    parts.into_iter().find(|part| part.name == name).map(|part| part.place).or(more)?
                }
                _ => return None,
            };
        }
        Some(place)
    }

    /// What is said nearest to the place.
    fn nearest<T: ?Sized>(&self, get: impl Fn(&'a Keywords) -> Option<&'a T>) -> Option<&'a T> {
        self.said.iter().find_map(|keywords| get(keywords))
    }

    fn in_language(
        &self,
        lang: Lang,
        zh: impl Fn(&'a Keywords) -> Option<&'a String>,
        en: impl Fn(&'a Keywords) -> Option<&'a String>,
    ) -> Option<&'a str> {
        let (zh, en) = (self.nearest(zh), self.nearest(en));
        let text = if lang == Lang::En { en.or(zh) } else { zh.or(en) };
        text.map(String::as_str)
    }

    pub(super) fn title(&self, lang: Lang) -> Option<&'a str> {
        self.in_language(lang, |k| k.title.as_ref(), |k| k.title_en.as_ref())
    }

    pub(super) fn description(&self, lang: Lang) -> Option<&'a str> {
        self.in_language(lang, |k| k.description.as_ref(), |k| k.description_en.as_ref())
    }

    pub(super) fn unit(&self, lang: Lang) -> Option<&'a str> {
        self.in_language(lang, |k| k.unit.as_ref(), |k| k.unit_en.as_ref())
    }

    /// Whether it counts hundredths of the currency.
    pub(super) fn is_money(&self) -> bool {
        self.nearest(|k| k.unit.as_deref()) == Some("分")
    }

    pub(super) fn default(&self) -> Option<&'a Value> {
        self.nearest(|k| k.default.as_ref())
    }

    pub(super) fn example(&self) -> Option<&'a Value> {
        self.nearest(|k| k.examples.as_ref()).and_then(|e| e.first())
    }

    /// How it is typed.
    pub(super) fn kind(&self) -> Kind<'a> {
        if let Some(values) = self.nearest(|k| k.values.as_ref()) {
            let plain = |v: &Value| !v.is_object() && !v.is_array();
            let few = values.len() <= CHOICES && values.iter().all(plain);
            return if few { Kind::Choice(values.clone()) } else { Kind::Json };
        }
        let Some(Types::One(name)) = self.nearest(|k| k.types.as_ref()) else { return Kind::Json };
        match name.as_str() {
            "string" => Kind::Text(self.nearest(|k| k.max_length.as_ref()).is_none_or(|most| *most > LONG)),
            "integer" | "number" => Kind::Number,
            "boolean" => Kind::Yes,
            "array" => self.list(),
            "object" => self.object(),
            _ => Kind::Json,
        }
    }

    fn list(&self) -> Kind<'a> {
        let items = self.nearest(|k| k.items.as_ref()).and_then(|any| Self::of(self.root, any));
        let Some(items) = items else { return Kind::Json };
        let unique = self.nearest(|k| k.unique_items.as_ref()) == Some(&true);
        if items.is_list() {
            return Kind::Json;
        }
        match items.kind() {
            Kind::Choice(values) if unique => Kind::Ticks(values),
            Kind::Number if unique => items.range().map_or(Kind::Lines(Line::Number), Kind::Ticks),
            Kind::Number => Kind::Lines(Line::Number),
            Kind::Text(_) => Kind::Lines(Line::Text),
            Kind::Object(..) => Kind::Rows(items),
            _ => Kind::Json,
        }
    }

    fn is_list(&self) -> bool {
        matches!(self.nearest(|k| k.types.as_ref()), Some(Types::One(name)) if name == "array")
    }

    /// The whole numbers that it can be, where they are few.
    fn range(&self) -> Option<Vec<Value>> {
        let whole = matches!(self.nearest(|k| k.types.as_ref()), Some(Types::One(name)) if name == "integer");
        let bound = |value: Option<&'a f64>| value.filter(|v| v.abs() < 1e9).map(|v| *v as i64);
        let low = bound(self.nearest(|k| k.minimum.as_ref()))?;
        let high = bound(self.nearest(|k| k.maximum.as_ref()))?;
        (whole && (1..=TICKS).contains(&(high - low + 1))).then(|| (low..=high).map(Value::from).collect())
    }

    fn object(&self) -> Kind<'a> {
        let required = self.nearest(|k| k.required.as_ref());
        let part = |(name, any): (&'a String, &'a Any)| Part {
            name,
            place: Self::of(self.root, any).unwrap_or(Self { root: self.root, said: Vec::new() }),
            required: required.is_some_and(|r| r.contains(name)),
        };
        let parts = self.nearest(|k| k.properties.as_ref());
        let more =
            self.nearest(|k| k.additional_properties.as_ref()).and_then(|any| Self::of(self.root, any));
        Kind::Object(parts.into_iter().flatten().map(part).collect(), more)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_followed_and_what_stands_beside_it_counts() {
        let text = r##"{
            "type": "object", "required": ["b"],
            "$defs": { "words": { "type": "array", "items": { "type": "string" }, "title": "words" } },
            "properties": {
                "b": { "$ref": "#/$defs/words", "title": "不要", "x-title-en": "No" },
                "a": { "$ref": "#/$defs/words" },
                "days": { "type": "array", "uniqueItems": true, "items": { "type": "integer", "minimum": 1, "maximum": 7 } }
            }
        }"##;
        let schema = Schema::parse(text).expect("a schema");
        let Kind::Object(parts, None) = schema.place().kind() else { panic!("an object") };
        let names: Vec<_> = parts.iter().map(|p| (p.name, p.required)).collect();
        assert_eq!(names, [("b", true), ("a", false), ("days", false)], "in the schema's order");
        assert_eq!(parts[0].place.title(Lang::En), Some("No"));
        assert_eq!(parts[0].place.title(Lang::Zh), Some("不要"));
        assert_eq!(parts[1].place.title(Lang::Zh), Some("words"));
        assert!(matches!(parts[1].place.kind(), Kind::Lines(Line::Text)));
        assert!(matches!(parts[2].place.kind(), Kind::Ticks(days) if days.len() == 7));
    }

    #[test]
    fn what_is_unclear_is_json_and_what_turns_in_circles_ends() {
        let text = r##"{
            "type": "object",
            "$defs": {
                "a": { "$ref": "#/$defs/b" }, "b": { "$ref": "#/$defs/a" },
                "lists": { "type": "array", "items": { "$ref": "#/$defs/lists" } }
            },
            "properties": {
                "circle": { "$ref": "#/$defs/a" },
                "elsewhere": { "$ref": "https://example.com/schema" },
                "both": { "type": ["string", "null"] },
                "any": true,
                "lists": { "$ref": "#/$defs/lists" },
                "one": { "oneOf": [{ "type": "string" }] },
                "wide": { "type": "array", "uniqueItems": true, "items": { "type": "integer", "minimum": -1e300, "maximum": 1e300 } }
            }
        }"##;
        let schema = Schema::parse(text).expect("a schema");
        let Kind::Object(parts, None) = schema.place().kind() else { panic!("an object") };
        for part in &parts[..6] {
            assert!(matches!(part.place.kind(), Kind::Json), "{}", part.name);
        }
        assert!(matches!(parts[6].place.kind(), Kind::Lines(Line::Number)));
        for no in ["", "true", "[]", r#"{"type": "array"}"#, r#"{"type": "object", "properties": 5}"#] {
            assert!(Schema::parse(no).is_none(), "{no}");
        }
    }
}

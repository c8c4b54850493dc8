//! What was typed in a plugin's form, read back as its settings. See [`super::fields`] for the names of the fields.

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value, json};

use super::{
    fields::DEPTH,
    schema::{Kind, Line, Part, Place, Schema},
};

/// What was typed, by the name of its field; several where several boxes are ticked.
#[derive(Default)]
pub(super) struct Typed(BTreeMap<String, Vec<String>>);

impl Typed {
    /// As a form has it.
    pub(super) fn new(fields: impl Iterator<Item = (String, String)>) -> Self {
        let mut typed = BTreeMap::<String, Vec<String>>::new();
        for (name, value) in fields {
            typed.entry(name).or_default().push(value.replace("\r\n", "\n"));
        }
        Self(typed)
    }

    /// The one thing that was typed in a field.
    pub(super) fn one(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(|texts| texts.first()).map(String::as_str)
    }

    /// Everything that was ticked.
    pub(super) fn all(&self, name: &str) -> &[String] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    fn has(&self, pointer: &str) -> bool {
        self.0.contains_key(&format!("has:{pointer}"))
    }

    /// Whether anything was typed at a place or within it.
    fn reaches(&self, pointer: &str) -> bool {
        ["", "has:", "json:"].iter().any(|mark| {
            let under = format!("{mark}{pointer}");
            let next = self.0.range(under.clone()..).map(|(name, _)| name.strip_prefix(&under));
            let mut next = next.map_while(|rest| rest);
            next.any(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    /// Takes a row or a part away.
    pub(super) fn remove(&mut self, pointer: &str) {
        self.0.remove(&format!("has:{pointer}"));
        self.0.remove(&format!("json:{pointer}"));
    }

    /// The names of what is typed right below a place.
    fn below(&self, pointer: &str) -> Vec<String> {
        let mut names = Vec::new();
        for mark in ["has:", "json:"] {
            let under = format!("{mark}{pointer}/");
            let found = self.0.range(under.clone()..).map_while(|(name, _)| name.strip_prefix(&under));
            names.extend(found.filter(|name| !name.contains('/')).map(str::to_owned));
        }
        names
    }

    /// The settings that were typed.
    pub(super) fn settings(&self, schema: &Schema) -> Value {
        self.read(&schema.place(), "", 0).unwrap_or_else(|| json!({}))
    }

    /// What was typed at a place that is there; none where nothing was.
    fn read(&self, place: &Place<'_>, pointer: &str, depth: usize) -> Option<Value> {
        if let Some(text) = self.one(&format!("json:{pointer}")) {
            return Some(serde_json::from_str(text).unwrap_or_else(|_| json!(text)));
        }
        let all = self.all(pointer);
        let lines = || all.iter().flat_map(|text| text.lines()).filter(|line| !line.trim().is_empty());
        Some(match place.kind() {
            _ if depth > DEPTH => return None,
            Kind::Text(_) => json!(all.first()?),
            Kind::Number => number(all.first()?),
            Kind::Yes | Kind::Choice(_) => value(all.first()?),
            Kind::Ticks(_) => all.iter().map(value).collect(),
            Kind::Lines(Line::Text) => lines().map(|line| json!(line)).collect(),
            Kind::Lines(Line::Number) => lines().map(number).collect(),
            Kind::Rows(row) => {
                let mut rows: Vec<usize> =
                    self.below(pointer).iter().filter_map(|n| n.parse().ok()).collect();
                rows.sort_unstable();
                rows.dedup();
                let one = |n: &usize| {
                    self.read(&row, &format!("{pointer}/{n}"), depth + 1).unwrap_or_else(|| json!({}))
                };
                rows.iter().map(one).collect()
            }
            Kind::Object(parts, more) => {
                Value::Object(self.read_parts(&parts, more.as_ref(), pointer, depth))
            }
            Kind::Json => return None,
        })
    }

    fn read_parts(
        &self,
        parts: &[Part<'_>],
        more: Option<&Place<'_>>,
        pointer: &str,
        depth: usize,
    ) -> Map<String, Value> {
        let at = |name: &str| format!("{pointer}/{}", escaped(name));
        let mut object = Map::new();
        for part in parts {
            let at = at(part.name);
            let whole = matches!(
                part.place.kind(),
                Kind::Ticks(_) | Kind::Lines(_) | Kind::Rows(_) | Kind::Object(..)
            );
            if whole && !part.required && !self.has(&at) && self.one(&format!("json:{at}")).is_none() {
                continue;
            }
            // A schema may lead on for ever: only what was typed is read.
            if whole && !self.reaches(&at) {
                if part.required {
                    let empty = matches!(part.place.kind(), Kind::Object(..));
                    object.insert(part.name.to_owned(), if empty { json!({}) } else { json!([]) });
                }
                continue;
            }
            if let Some(value) = self.read(&part.place, &at, depth + 1) {
                object.insert(part.name.to_owned(), value);
            }
        }
        for name in self.below(pointer) {
            let (at, name) = (format!("{pointer}/{name}"), name.replace("~1", "/").replace("~0", "~"));
            if parts.iter().any(|part| part.name == name) {
                continue;
            }
            let value = match more {
                // Nothing was typed yet in a part that is there.
                Some(place) => self.read(place, &at, depth + 1).unwrap_or_else(|| json!("")),
                None => match self.read(&Place::unknown(), &at, depth + 1) {
                    Some(value) => value,
                    None => continue,
                },
            };
            object.insert(name, value);
        }
        object
    }
}

/// Adds an empty row to a list, or a part with this name to an object; returns where it is.
pub(super) fn add(
    settings: &mut Value,
    schema: &Schema,
    pointer: &str,
    name: Option<&str>,
) -> Option<String> {
    let place = schema.place().at(pointer)?;
    let whole = settings.pointer(pointer).is_some();
    if !whole {
        let (parent, last) = pointer.rsplit_once('/')?;
        let fresh = if matches!(place.kind(), Kind::Rows(_)) { json!([]) } else { json!({}) };
        settings.pointer_mut(parent)?.as_object_mut()?.insert(unescaped(last), fresh);
    }
    match (place.kind(), settings.pointer_mut(pointer)?) {
        (Kind::Rows(_), Value::Array(rows)) => {
            rows.push(json!({}));
            Some(format!("{pointer}/{}", rows.len() - 1))
        }
        (Kind::Object(_, Some(more)), Value::Object(parts)) => {
            let name = name.map(str::trim).filter(|n| !n.is_empty())?;
            let fresh = match more.kind() {
                Kind::Object(..) => json!({}),
                Kind::Rows(_) => json!([{}]),
                Kind::Lines(_) | Kind::Ticks(_) => json!([]),
                _ => json!(""),
            };
            parts.entry(name).or_insert(fresh);
            Some(format!("{pointer}/{}", escaped(name)))
        }
        _ => None,
    }
}

fn number(text: impl AsRef<str>) -> Value {
    let text = text.as_ref().trim();
    let whole = || text.parse::<i64>().map(Number::from).ok();
    let broken = || {
        text.parse().ok().filter(|_| text.contains(|c: char| c.is_ascii_digit())).and_then(Number::from_f64)
    };
    whole().or_else(broken).map_or_else(|| json!(text), Value::Number)
}

/// A choice as its field names it.
fn value(text: impl AsRef<str>) -> Value {
    serde_json::from_str(text.as_ref()).unwrap_or_else(|_| json!(text.as_ref()))
}

/// A name as a part of a JSON Pointer (RFC 6901).
pub(super) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn unescaped(name: &str) -> String {
    name.replace("~1", "/").replace("~0", "~")
}

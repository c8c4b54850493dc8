//! The page's words, in Chinese and English: Fluent files in `page/words/`, out of the binary.

use std::sync::LazyLock;

use axum::http::{HeaderMap, header};
use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};

use super::sessions::cookie_of;

/// The cookie of whoever chose a language.
pub(super) const COOKIE: &str = "language";

/// A language of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lang {
    Zh,
    En,
}

type Bundle = FluentBundle<FluentResource>;

static WORDS: LazyLock<[Bundle; 2]> = LazyLock::new(|| {
    let bundle = |lang: Lang, text: &str| {
        let mut bundle = Bundle::new_concurrent(vec![lang.tag().parse().expect("a language tag")]);
        // Marks around what is put in are for right-to-left languages.
        bundle.set_use_isolating(false);
        let resource =
            FluentResource::try_new(text.to_owned()).expect("the words are well formed: a test reads them");
        bundle.add_resource(resource).expect("each word is there once: a test reads them");
        bundle
    };
    [
        bundle(Lang::Zh, include_str!("../../../page/words/zh.ftl")),
        bundle(Lang::En, include_str!("../../../page/words/en.ftl")),
    ]
});

impl Lang {
    /// By cookie, else by what the browser prefers, else Chinese.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let chosen = cookie_of(headers, COOKIE).and_then(Self::parse);
        chosen.or_else(|| preferred(headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?)).unwrap_or(Self::Zh)
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        [Self::Zh, Self::En].into_iter().find(|l| l.name() == name)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Zh => "zh",
            Self::En => "en",
        }
    }

    /// For `<html lang>`.
    pub(super) fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh-CN",
            Self::En => "en",
        }
    }

    pub(super) fn other(self) -> Self {
        match self {
            Self::Zh => Self::En,
            Self::En => Self::Zh,
        }
    }

    /// The word of this id.
    pub(super) fn t(self, id: &str) -> String {
        self.with(id, &[])
    }

    /// The word of this id, with what is put in.
    pub(super) fn with(self, id: &str, values: &[(&str, FluentValue<'_>)]) -> String {
        let bundle = &WORDS[self as usize];
        let Some(pattern) = bundle.get_message(id).and_then(|m| m.value()) else {
            debug_assert!(false, "there is no word {id}");
            return id.to_owned();
        };
        let args: FluentArgs<'_> = values.iter().cloned().collect();
        bundle.format_pattern(pattern, Some(&args), &mut Vec::new()).into_owned()
    }
}

/// The language that a browser likes best among ours.
fn preferred(accept: &str) -> Option<Lang> {
    let wish = |part: &str| {
        let mut fields = part.split(';').map(str::trim);
        let tag = fields.next()?.split('-').next()?.to_ascii_lowercase();
        let quality =
            fields.find_map(|f| f.strip_prefix("q=")).map_or(Some(1.0), |q| q.parse::<f32>().ok())?;
        Some((Lang::parse(&tag)?, quality)).filter(|(_, q)| *q > 0.0)
    };
    // The first of those that are liked equally.
    accept
        .split(',')
        .filter_map(wish)
        .reduce(|best, next| if next.1 > best.1 { next } else { best })
        .map(|w| w.0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_browsers_first_choice_among_ours() {
        assert_eq!(preferred("fr, en-GB;q=0.8, zh;q=0.9"), Some(Lang::Zh));
        assert_eq!(preferred("en-US,zh-CN"), Some(Lang::En));
        assert_eq!(preferred("fr, *;q=0.5, en;q=0"), None);
    }

    fn ids(text: &str) -> BTreeSet<&str> {
        let id = |line: &'_ str| line.starts_with(|c: char| c.is_ascii_lowercase());
        text.lines().filter(|l| id(l)).filter_map(|l| l.split_once('=')).map(|(id, _)| id.trim()).collect()
    }

    #[test]
    fn both_languages_have_every_word() {
        assert_eq!(Lang::Zh.t("nav-today"), "今天");
        let (zh, en) =
            (include_str!("../../../page/words/zh.ftl"), include_str!("../../../page/words/en.ftl"));
        let (zh, en) = (ids(zh), ids(en));
        assert_eq!(zh.symmetric_difference(&en).collect::<Vec<_>>(), Vec::<&&str>::new());
        // What the templates ask for is there.
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/page/templates");
        for file in std::fs::read_dir(folder).expect("the templates") {
            let text = std::fs::read_to_string(file.expect("a file").path()).expect("a template");
            for asked in text.split(".t(\"").skip(1).filter_map(|rest| rest.split('"').next()) {
                assert!(zh.contains(asked), "{asked}");
            }
        }
    }
}

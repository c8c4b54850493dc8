//! What a shop can set, read without copying a string.

use plugin_kit::{List, Text};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use crate::defaults::SHIPPED;
use crate::text::{fold, is_folded};

/// The settings a shop starts with: every table is the shipped one.
pub const DEFAULTS: &str = "{}";

/// JSON Schema of the settings, with the shipped tables as what stands there where nothing is set.
#[must_use]
pub fn schema() -> String {
    let words = |words: &Words<'_>| -> Value { words.words().iter().map(Word::as_str).collect() };
    let operation = |operation: &Operation<'_>| {
        json!({
            "name": operation.name.as_str(), "keywords": words(&operation.keywords),
            "defects": words(&operation.defects), "topics": words(&operation.topics),
        })
    };
    let operations: Value = SHIPPED.operations.iter().map(operation).collect();
    // Put in as text: the settings are then in the order in which a form is to have them.
    let put = |schema: String, (name, default): (&str, Value)| {
        schema.replace(&format!("\"@{name}\""), &default.to_string())
    };
    let shipped = SHIPPED;
    let tables = shipped.named().map(|(name, table)| (name, words(table)));
    tables.chain([("operations", operations)]).fold(include_str!("schema.json").to_owned(), put)
}

/// Reads settings that `check` let pass. A table that is left out is the shipped one.
///
/// # Errors
/// Why they can't be read.
pub fn parse(text: &str) -> Result<Settings<'_>, String> {
    if text == DEFAULTS {
        return Ok(SHIPPED);
    }
    let own: Own<'_> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    Ok(own.or_shipped())
}

/// Whether a word is in a shipped table, not one that a shop put in.
pub(crate) fn is_shipped(word: &str) -> bool {
    let mut shipped = false;
    SHIPPED.each_table(|_, words| shipped |= words.words().iter().any(|known| known.as_str() == word));
    shipped
}

/// A keyword as it is matched: see [`crate::text`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word<'a>(Text<'a>);

impl<'a> Word<'a> {
    /// A word that is folded already, for the tables of constants.
    pub(crate) const fn of(word: &'a str) -> Self {
        Self(Text::of(word))
    }

    /// The word.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Word<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Text::deserialize(deserializer)?;
        let trimmed = text.trim();
        if trimmed.len() == text.len() && is_folded(&text) {
            return Ok(Self(text));
        }
        Ok(Self(Text::from(trimmed.chars().filter_map(fold).collect::<String>())))
    }
}

/// A table of words, with the lowest bits of their first characters: they tell in a glance at few bytes which words can't
/// stand in a message.
#[derive(Debug, Clone, PartialEq)]
pub struct Words<'a> {
    words: List<'a, Word<'a>>,
    firsts: List<'a, u8>,
}

impl<'a> Words<'a> {
    /// A table of constants.
    pub(crate) const fn shipped(words: &'a [Word<'a>], firsts: &'a [u8]) -> Self {
        Self { words: List::Shipped(words), firsts: List::Shipped(firsts) }
    }

    /// Whether the shop left the table as it was.
    pub(crate) fn is_shipped(&self) -> bool {
        matches!(self.words, List::Shipped(_))
    }

    /// The words.
    #[must_use]
    pub fn words(&self) -> &[Word<'a>] {
        &self.words
    }

    /// The words whose first character has bits that `may` begin a word here.
    pub(crate) fn beginning(&self, may: &[bool; 256]) -> impl Iterator<Item = &str> {
        let pairs = self.firsts.iter().zip(self.words.iter());
        pairs.filter(|(first, _)| may[usize::from(**first)]).map(|(_, word)| word.as_str())
    }
}

impl Default for Words<'_> {
    fn default() -> Self {
        Self::shipped(&[], &[])
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Words<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let words = Vec::<Word<'a>>::deserialize(deserializer)?;
        let firsts = words.iter().map(|word| first(word.as_str())).collect();
        Ok(Self { words: List::Read(words), firsts: List::Read(firsts) })
    }
}

/// The lowest bits of a text's first character; 0 where there is none.
const fn first(text: &str) -> u8 {
    let bytes = text.as_bytes();
    let Some((byte, rest)) = bytes.split_first() else { return 0 };
    // The last byte of a character holds its lowest six bits, the one before the next two.
    match (byte, rest) {
        (0..0x80, _) => *byte,
        (0xc0..0xe0, [last, ..]) => *byte << 6 | *last & 0x3f,
        (0xe0..0xf0, [before, last, ..]) | (_, [_, before, last, ..]) => *before << 6 | *last & 0x3f,
        _ => 0,
    }
}

/// [`first`] of each.
pub(crate) const fn firsts<const N: usize>(words: [&str; N]) -> [u8; N] {
    let mut firsts = [0; N];
    let mut at = 0;
    while at < N {
        firsts[at] = first(words[at]);
        at += 1;
    }
    firsts
}

/// An operation and what customers call it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Operation<'a> {
    /// What is wrong with a picture that needs it: 模糊.
    #[serde(borrow, default)]
    pub defects: Words<'a>,
    /// Any of them asks for it: 抠图.
    #[serde(borrow, default)]
    pub keywords: Words<'a>,
    /// Such as `enhance`.
    #[serde(borrow)]
    pub name: Text<'a>,
    /// They ask for it beside a word of `actions`: 背景 does in 背景换成白色, not in 背景是我家客厅.
    #[serde(borrow, default)]
    pub topics: Words<'a>,
}

/// Declares the tables once: as the settings, as their JSON, and in the order they are looked through.
macro_rules! tables {
    ($($(#[$doc:meta])* $table:ident: $kind:ident,)*) => {
        /// A shop's tables.
        #[derive(Debug, Clone, PartialEq)]
        pub struct Settings<'a> {
            /// What can be done to a picture, and how customers ask for it.
            pub operations: List<'a, Operation<'a>>,
            /// Whether what was learnt from labelled messages decides as well: see [`crate::opinion`].
            pub second_opinion: bool,
            $($(#[$doc])* pub $table: Words<'a>,)*
        }

        /// The names of the tables of words.
        pub(crate) const TABLES: &[&str] = &[$(stringify!($table)),*];

        /// What a word is in a sentence.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Kind {
            $($kind,)*
            /// Of the operation with this number.
            Keyword(u8),
            Defect(u8),
            Topic(u8),
        }

        impl Kind {
            /// Whether such a word accepts the work where it is not denied.
            pub(crate) fn accepts(self) -> bool {
                matches!(self, Self::Confirm | Self::Agree)
            }

            /// What it is called, whichever operation it is of.
            pub(crate) fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => stringify!($kind),)*
                    Self::Keyword(_) => "Keyword",
                    Self::Defect(_) => "Defect",
                    Self::Topic(_) => "Topic",
                }
            }
        }

        impl<'a> Settings<'a> {
            /// The tables of words by their names.
            fn named(&self) -> impl Iterator<Item = (&'static str, &Words<'a>)> {
                [$((stringify!($table), &self.$table)),*].into_iter()
            }

            /// Every table of words with what its words are.
            pub(crate) fn each_table<'s>(&'s self, mut then: impl FnMut(Kind, &'s Words<'s>)) {
                $(then(Kind::$kind, &self.$table);)*
                for (number, operation) in (0..=u8::MAX).zip(&*self.operations) {
                    then(Kind::Keyword(number), &operation.keywords);
                    then(Kind::Defect(number), &operation.defects);
                    then(Kind::Topic(number), &operation.topics);
                }
            }
        }

        /// What a shop has set.
        #[derive(Deserialize)]
        struct Own<'a> {
            #[serde(borrow)]
            operations: Option<List<'a, Operation<'a>>>,
            second_opinion: Option<bool>,
            $(#[serde(borrow)] $table: Option<Words<'a>>,)*
        }

        impl<'a> Own<'a> {
            fn or_shipped(self) -> Settings<'a> {
                Settings {
                    operations: self.operations.unwrap_or(SHIPPED.operations),
                    second_opinion: self.second_opinion.unwrap_or(SHIPPED.second_opinion),
                    $($table: self.$table.unwrap_or(SHIPPED.$table),)*
                }
            }
        }
    };
}

tables! {
    /// What is done to a picture: 换, 改成.
    actions: Action,
    /// Tell of work that was done already: 已经, 换得.
    reports: Report,
    /// A person must take over.
    hand_off: HandOff,
    /// What an address is called.
    mail_words: Mail,
    /// Beside an address or a word for it: it is not to be used.
    wrong_address: WrongAddress,
    /// Nothing is to be sent yet.
    hold_mail: HoldMail,
    /// What is wrong with the result.
    revise: Revise,
    /// Asks for another go.
    redo: Redo,
    /// Small wishes; they are none where the message asks for an operation.
    wishes: Wish,
    /// What a picture can be too much or too little.
    adjectives: Adjective,
    /// Before an adjective: too much.
    too: Too,
    /// After an adjective: more of it.
    more: More,
    /// What can be seen in a picture; with a negation, or with 了 at the end, something is wrong with it.
    parts: Part,
    /// Something is asked.
    question: Question,
    /// The work is accepted, whatever else is said.
    confirm: Confirm,
    /// The work is accepted where hardly anything else is said.
    agree: Agree,
    /// Not sure, not now: nothing is accepted.
    doubts: Doubt,
    /// What was thought before: a fault in the same clause is none.
    fears: Fear,
    /// What was before: a fault in the same clause is none if a later clause accepts.
    formerly: Formerly,
    /// Say nothing of their own.
    courtesies: Courtesy,
    /// Nothing is matched in them.
    traps: Trap,
    /// Say the opposite of what follows.
    negators: Negator,
    /// What is named beside them is not to be done.
    refusals: Refusal,
    /// May stand between a negator and its word.
    between: Between,
    /// A clause ends before them.
    breaks: Break,
}

//! An object in the settings whose keys are the shop's own: read from them, or a table of constants.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

use crate::Text;

/// What is found under a name, in the order in which it was written.
#[derive(Debug, Clone)]
pub enum Table<'a, T> {
    /// A table of constants.
    Shipped(&'a [(Text<'a>, T)]),
    /// Read from settings.
    Read(Vec<(Text<'a>, T)>),
}

impl<T> Table<'_, T> {
    /// What is found under this name; upper and lower case are the same.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&T> {
        self.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

impl<T> Default for Table<'_, T> {
    fn default() -> Self {
        Self::Shipped(&[])
    }
}

impl<'a, T> Deref for Table<'a, T> {
    type Target = [(Text<'a>, T)];

    fn deref(&self) -> &[(Text<'a>, T)] {
        match self {
            Self::Shipped(rows) => rows,
            Self::Read(rows) => rows,
        }
    }
}

impl<T: PartialEq> PartialEq for Table<'_, T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for Table<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<'a, T>(PhantomData<Table<'a, T>>);

        impl<'de: 'a, 'a, T: Deserialize<'de>> Visitor<'de> for Reader<'a, T> {
            type Value = Table<'a, T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut rows: Vec<(Text<'a>, T)> = Vec::new();
                while let Some((key, value)) = map.next_entry::<Text<'a>, T>()? {
                    if rows.iter().any(|(earlier, _)| *earlier == key) {
                        return Err(A::Error::custom(format_args!("{key} is written twice")));
                    }
                    rows.push((key, value));
                }
                Ok(Table::Read(rows))
            }
        }

        deserializer.deserialize_map(Reader(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_wherever_the_table_comes_from_and_stands_there_once() {
        let read: Table<'_, u8> = serde_json::from_str(r#"{"zh-TW":1,"en":2}"#).expect("valid");
        assert_eq!(read, Table::Shipped(&[(Text::of("zh-TW"), 1), (Text::of("en"), 2)]));
        assert_eq!((read.find("zh-tw"), read.find("zh")), (Some(&1), None));
        assert!(serde_json::from_str::<Table<'_, u8>>(r#"{"a":1,"a":1}"#).is_err());
    }
}

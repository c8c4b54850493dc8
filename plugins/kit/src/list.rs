//! A list in the settings: read from them, or a table of constants that a plugin ships with.

use std::ops::Deref;

use serde::de::{Deserialize, Deserializer};

/// A list that is read, or was there all along.
///
/// Not a `Cow<[T]>`: that one would tie the elements' lifetime down, and constants could not stand in for settings.
#[derive(Debug, Clone)]
pub enum List<'a, T> {
    /// A table of constants.
    Shipped(&'a [T]),
    /// Read from settings.
    Read(Vec<T>),
}

impl<T> Default for List<'_, T> {
    fn default() -> Self {
        Self::Shipped(&[])
    }
}

impl<T> Deref for List<'_, T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            Self::Shipped(list) => list,
            Self::Read(list) => list,
        }
    }
}

impl<T: PartialEq> PartialEq for List<'_, T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<'_, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self::Read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_it_comes_from_makes_no_difference() {
        let read: List<'_, u8> = serde_json::from_str("[1,2]").expect("valid");
        assert_eq!(read, List::Shipped(&[1, 2]));
        assert!(List::<u8>::default().is_empty());
    }
}

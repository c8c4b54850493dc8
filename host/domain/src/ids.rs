//! Names of things. A value of one of these types exists only if it is well formed.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Why a name was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {problem}")]
pub struct InvalidId {
    what: &'static str,
    problem: String,
}

impl InvalidId {
    fn new(what: &'static str, problem: impl Into<String>) -> Self {
        Self { what, problem: problem.into() }
    }
}

/// A newtype over a bounded line of text that the outside world chose: not empty, no control characters.
macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $max:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The longest that is taken, in characters.
            pub const MAX_CHARS: usize = $max;

            /// The text as it was given.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                if text.trim().is_empty() {
                    return Err(InvalidId::new($what, "is empty"));
                }
                if text.chars().count() > $max {
                    return Err(InvalidId::new($what, concat!("is longer than ", $max, " characters")));
                }
                if text.chars().any(char::is_control) {
                    return Err(InvalidId::new($what, "holds a control character"));
                }
                Ok(Self(text))
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::try_from(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id!(
    /// A customer as the chat platform names them.
    CustomerId, "the customer id", 128
);
text_id!(
    /// The chat platform, such as `AliWorkbench` (千牛).
    Platform, "the platform", 40
);
text_id!(
    /// The shop's own account on the platform, needed to answer from the right one (`acc_id` in the seed).
    AccountId, "the account id", 128
);
text_id!(
    /// The marketplace's order number: the natural key of a payment.
    OrderId, "the order id", 128
);
text_id!(
    /// The platform's message number: the natural key of a customer's message.
    MessageId, "the message id", 128
);

impl Default for Platform {
    fn default() -> Self {
        Self("AliWorkbench".to_owned())
    }
}

/// A shop: `[a-z0-9-]{1,40}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ShopId(String);

impl ShopId {
    /// The text as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ShopId {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if (1..=40).contains(&text.len()) && text.bytes().all(good) {
            Ok(Self(text))
        } else {
            Err(InvalidId::new("the shop id", "must be 1 to 40 of the characters a-z, 0-9 and -"))
        }
    }
}

impl FromStr for ShopId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Self::try_from(text.to_owned())
    }
}

impl From<ShopId> for String {
    fn from(id: ShopId) -> String {
        id.0
    }
}

impl fmt::Display for ShopId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A picture, by the SHA-256 of its bytes in lower-case hex.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ImageId(String);

impl ImageId {
    /// The name of the picture with this digest.
    pub fn from_sha256(digest: [u8; 32]) -> Self {
        use fmt::Write;
        let mut hex = String::with_capacity(64);
        for byte in digest {
            // Writing to a String can't fail.
            let _ = write!(hex, "{byte:02x}");
        }
        Self(hex)
    }

    /// 64 hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ImageId {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        let good = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if text.len() == 64 && text.bytes().all(good) {
            Ok(Self(text))
        } else {
            Err(InvalidId::new("the image id", "must be 64 lower-case hex digits"))
        }
    }
}

impl FromStr for ImageId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Self::try_from(text.to_owned())
    }
}

impl From<ImageId> for String {
    fn from(id: ImageId) -> String {
        id.0
    }
}

impl fmt::Display for ImageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A newtype over a UUID that this service made.
macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                Uuid::from_str(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

uuid_id!(
    /// A task; UUIDv7, so that ids sort by age.
    TaskId
);
uuid_id!(
    /// One attempt at processing a task: whoever answers must show the token of the attempt that is under way.
    AttemptToken
);
uuid_id!(
    /// One thing to send. Stable over every retry, so that a repeat is recognisable.
    OutboxId
);

/// Whose conversation it is: the same customer id on two platforms is two customers.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CustomerKey {
    /// Where they write.
    pub platform: Platform,
    /// Who they are there.
    pub id: CustomerId,
}

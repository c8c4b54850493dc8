//! The pricing role: what a piece of work costs.

use serde::{Deserialize, Serialize};

use super::{Attributes, CustomerNumbers, Moment};
use crate::{Money, Operation};

/// One picture as the analysis described it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// `simple`, `normal`, `complex`, `hard`, or a word of the shop's own.
    pub complexity: String,
    /// What is to be done to it.
    pub operations: Vec<Operation>,
    /// Such as `3:4`.
    pub aspect_ratio: String,
    /// `no`, or how the perspective is to be mended.
    pub perspective: String,
    /// The analysis's word for the kind of work.
    pub process: String,
    /// What the picture shows.
    pub subject: String,
    /// The quality asked for, such as `4k`.
    pub quality: String,
    /// Room to grow.
    pub attributes: Attributes,
}

/// What is to be priced together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuoteRequest {
    /// At least one.
    pub pictures: Vec<Picture>,
    /// Who asks.
    pub customer: CustomerNumbers,
    /// When.
    pub now: Moment,
    /// Room to grow.
    pub attributes: Attributes,
}

/// One row of the bill, for a person to read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// What it is for.
    pub label: String,
    /// At least.
    pub low: Money,
    /// At most.
    pub high: Money,
}

/// A price, as a range; checked: `0 ≤ low ≤ high`, one currency, within the shop's floor and ceiling.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// At least.
    pub low: Money,
    /// At most; equals `low` for a fixed price.
    pub high: Money,
    /// How the shop would say it, such as `10-15元,这张比较简单`.
    pub hint: String,
    /// The bill, row by row; may be empty.
    pub lines: Vec<Line>,
    /// Room to grow.
    pub attributes: Attributes,
}

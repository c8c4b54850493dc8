//! The shop's rules that a decision depends on.

use serde::{Deserialize, Serialize};

use crate::{OpeningHours, Patience};

/// What the shop has set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Whether payments start processing by themselves (`IMAGE_MODULE_ENABLED` in the seed).
    pub processing_enabled: bool,
    /// How many rounds of revision are free; the next one goes to a person.
    pub free_revisions: u32,
    /// Whether a result that failed its quality check waits for a person instead of going out.
    pub hold_failed_quality: bool,
    /// When a customer earns which tag.
    pub tags: TagThresholds,
    /// How long is waited for what.
    pub patience: Patience,
    /// When customers may be reminded.
    pub hours: OpeningHours,
    /// The shop's own time.
    pub utc_offset_minutes: i16,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            processing_enabled: true,
            free_revisions: 3,
            hold_failed_quality: false,
            tags: TagThresholds::default(),
            patience: Patience::default(),
            hours: OpeningHours::default(),
            utc_offset_minutes: 480,
        }
    }
}

/// Thresholds of `auto_compute_tags`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TagThresholds {
    /// 回头客 from so many completed orders.
    pub returning_orders: u32,
    /// 大客户 from so many completed orders.
    pub big_orders: u32,
    /// 常改稿 from so many completed orders, at least half of them with a revision.
    pub revising_orders: u32,
    /// 高难度 where at least half of so many last pictures were complex or hard.
    pub recent_pictures: u32,
}

impl Default for TagThresholds {
    fn default() -> Self {
        Self { returning_orders: 2, big_orders: 10, revising_orders: 2, recent_pictures: 10 }
    }
}

//! The rules of a photo-retouching shop, as pure functions over plain values.
//!
//! Nothing here reads a clock, a random source, a file or the environment: time and fresh ids come in
//! as arguments ([`Context`]), and what is to be done goes out as values ([`Decision`]). The one way in
//! is [`decide`], the one way to build state from history is [`Case::apply`].

mod address;
mod alert;
mod case;
mod command;
mod customer;
mod decide;
mod event;
mod hours;
mod ids;
mod money;
mod operation;
mod payment;
mod policy;
mod prompt;
mod rejection;
pub mod roles;
pub mod rollout;
mod task;
mod timer;

pub use address::{AddressKind, EmailAddress, FoundAddress, InvalidAddress, find_addresses, mask_addresses};
pub use alert::{Alert, AlertKind};
pub use case::Case;
pub use command::{Command, Message, NewTask, Outcome, Quality};
pub use customer::{
    Candidate, Customer, EmailStatus, Hold, HoldReason, LastOrder, LastPicture, ProfileEmail, Tag,
};
pub use decide::{Context, Decision, Effect, Ids, Silence, Slots, attempt_under_way, decide};
pub use event::{Actor, Event, EventBody, StartReason};
pub use hours::{OpeningHours, Window};
pub use ids::{
    AccountId, AttemptToken, CustomerId, CustomerKey, ImageId, InvalidId, MessageId, OrderId, OutboxId,
    Platform, ShopId, TaskId,
};
pub use money::{Currency, InvalidMoney, Money};
pub use operation::{InvalidOperation, Operation};
pub use payment::{Payment, PaymentOutcome};
pub use policy::{Policy, TagThresholds};
pub use prompt::full_prompt;
pub use rejection::Rejection;
pub use task::{Note, Specification, State, Status, Task, Withheld};
pub use timer::{Patience, Timer, timers};

//! The rules of `DOMAIN.md`, row by row and over random histories.

#[path = "rules/histories.rs"]
mod histories;
#[path = "rules/shop.rs"]
mod shop;
#[path = "rules/table.rs"]
mod table;

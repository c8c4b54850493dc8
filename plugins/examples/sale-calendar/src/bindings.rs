//! What wit-bindgen makes of `wit/`: nothing here is written by hand.
#![allow(warnings, clippy::all, clippy::pedantic, reason = "generated")]

wit_bindgen::generate!({ path: "wit", world: "pricing-plugin", generate_all });

// Only a component has a use for the exports, and a native library can't carry their names.
#[cfg(target_arch = "wasm32")]
export!(Plugin with_types_in self);
#[cfg(target_arch = "wasm32")]
use crate::component::Plugin;

//! What wit-bindgen makes of `wit/`: nothing here is written by hand.
#![allow(unsafe_code, missing_docs, unreachable_pub, clippy::all, reason = "generated")]

wit_bindgen::generate!({
    path: ["../../wit/common", "../../wit/detection"],
    world: "shopkeeper:detection/detection-plugin",
    generate_all,
});

// A native library can't carry such symbol names: natively the glue is only type-checked, by `cargo test` and clippy.
#[cfg(target_arch = "wasm32")]
use crate::component::Plugin;
#[cfg(target_arch = "wasm32")]
export!(Plugin with_types_in self);

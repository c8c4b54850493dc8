//! What wit-bindgen makes of `wit/`: nothing here is written by hand.
#![allow(unsafe_code, missing_docs, unreachable_pub, clippy::all, reason = "generated")]

wit_bindgen::generate!({
    path: ["../../wit/common", "../../wit/pricing"],
    world: "shopkeeper:pricing/pricing-plugin",
    generate_all,
});

export!(Plugin with_types_in self);

use crate::component::Plugin;

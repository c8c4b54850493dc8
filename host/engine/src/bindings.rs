//! The worlds of `wit/`, as wasmtime generates them. Private: only conversions see these types.

#![allow(missing_docs, unreachable_pub, reason = "generated code")]

pub(crate) mod pricing {
    wasmtime::component::bindgen!({
        path: ["../../wit/common", "../../wit/pricing"],
        world: "shopkeeper:pricing/pricing-plugin",
        exports: { default: async },
    });
}

pub(crate) mod detection {
    wasmtime::component::bindgen!({
        path: ["../../wit/common", "../../wit/detection"],
        world: "shopkeeper:detection/detection-plugin",
        exports: { default: async },
        with: {
            "shopkeeper:common/types": crate::bindings::pricing::shopkeeper::common::types,
            "shopkeeper:common/settings": crate::bindings::pricing::shopkeeper::common::settings,
            "shopkeeper:common/log": crate::bindings::pricing::shopkeeper::common::log,
        },
    });
}

pub(crate) mod wording {
    wasmtime::component::bindgen!({
        path: ["../../wit/common", "../../wit/wording"],
        world: "shopkeeper:wording/wording-plugin",
        exports: { default: async },
        with: {
            "shopkeeper:common/types": crate::bindings::pricing::shopkeeper::common::types,
            "shopkeeper:common/settings": crate::bindings::pricing::shopkeeper::common::settings,
            "shopkeeper:common/log": crate::bindings::pricing::shopkeeper::common::log,
        },
    });
}

pub(crate) use pricing::shopkeeper::common;

//! Style and scripts, out of the binary. Their addresses carry their content's digest: a browser keeps them for good.

use std::sync::LazyLock;

use axum::{
    extract::Path,
    http::header,
    response::{IntoResponse, Response},
};

use super::Problem;
use crate::{http::views::hex, secrets::sha256};

struct Asset {
    name: &'static str,
    kind: &'static str,
    text: &'static str,
}

macro_rules! assets {
    ($($name:literal: $kind:literal),+ $(,)?) => {
        &[$(Asset { name: $name, kind: $kind, text: include_str!(concat!("../../../page/assets/", $name)) }),+]
    };
}

/// Everything that a page may load. Another one is a line here and a file in `page/assets/`.
const ASSETS: &[Asset] = assets![
    "page.css": "text/css; charset=utf-8",
    "owner.css": "text/css; charset=utf-8",
    "icon.svg": "image/svg+xml",
    "live.js": "text/javascript; charset=utf-8",
    "compare.js": "text/javascript; charset=utf-8",
    "bench.js": "text/javascript; charset=utf-8",
    "drop.js": "text/javascript; charset=utf-8",
];

static ADDRESSES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let address = |asset: &Asset| format!("{}-{}", &hex(&sha256(&[asset.text.as_bytes()]))[..12], asset.name);
    ASSETS.iter().map(address).collect()
});

/// Where an asset lies; the name is one of [`ASSETS`].
pub(super) fn address(name: &str) -> String {
    let found = ASSETS.iter().position(|a| a.name == name);
    found.map_or_else(String::new, |n| format!("/assets/{}", ADDRESSES[n]))
}

pub(super) async fn serve(Path(file): Path<String>) -> Result<Response, Problem> {
    let found = ADDRESSES.iter().position(|address| *address == file);
    let asset = found.map(|n| &ASSETS[n]).ok_or_else(|| Problem::not_found("there is no such file"))?;
    let headers =
        [(header::CONTENT_TYPE, asset.kind), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
    Ok((headers, asset.text).into_response())
}

//! Pictures for the page: whole, or made small once and kept in memory for a while.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
};

use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use shopkeeper_domain::{ImageId, ShopId};

use super::{App, Problem};
use crate::http::{
    access::{InShop, Operator},
    extract::{Ask, At},
};

/// The sizes that are made, by the longest side in pixels: any other is made of the next larger one.
const SIZES: [u32; 2] = [320, 1280];
/// How much memory small pictures may take together, in bytes.
const KEPT: usize = 32 << 20;

type Name = (ShopId, ImageId, u32);

/// Small pictures that were asked for of late.
#[derive(Default)]
pub(in crate::http) struct Thumbnails(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    pictures: HashMap<Name, Bytes>,
    /// Oldest first.
    order: VecDeque<Name>,
    bytes: usize,
}

impl Thumbnails {
    fn find(&self, name: &Name) -> Option<Bytes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pictures.get(name).cloned()
    }

    fn keep(&self, name: Name, picture: Bytes) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if picture.len() > KEPT || kept.pictures.contains_key(&name) {
            return;
        }
        kept.bytes += picture.len();
        kept.order.push_back(name.clone());
        kept.pictures.insert(name, picture);
        while kept.bytes > KEPT
            && let Some(oldest) = kept.order.pop_front()
        {
            kept.bytes -= kept.pictures.remove(&oldest).map_or(0, |p| p.len());
        }
    }
}

#[derive(Deserialize)]
pub(super) struct ImagePath {
    image_id: ImageId,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Size {
    /// The longest side in pixels that will do; whole where it is left out.
    w: Option<u32>,
}

pub(super) async fn show(
    State(app): State<App>,
    access: InShop<Operator>,
    At(path): At<ImagePath>,
    Ask(size): Ask<Size>,
) -> Result<Response, Problem> {
    let shop = &access.shop.id;
    let pictures = &app.service.pictures;
    let none = || Problem::not_found("this shop has no such picture");
    let read = async || {
        let read = pictures.read(shop, &path.image_id).await;
        read.map_err(|e| Problem::picture("", e))?.ok_or_else(none)
    };
    let side = size.w.and_then(|w| SIZES.into_iter().find(|s| *s >= w));
    let (kind, bytes) = match side {
        None => {
            let (image, bytes) = read().await?;
            (image.media_type, Bytes::from(bytes))
        }
        Some(side) => {
            // Whether it is still there: one that was erased is not shown from memory.
            if !pictures.has(shop, &path.image_id).await? {
                return Err(none());
            }
            let name = (shop.clone(), path.image_id.clone(), side);
            let small = match app.thumbnails.find(&name) {
                Some(small) => small,
                None => {
                    let small = pictures.smaller(read().await?.1, side).await;
                    let small = Bytes::from(small.map_err(|e| Problem::picture("", e))?);
                    app.thumbnails.keep(name, small.clone());
                    small
                }
            };
            ("image/jpeg".to_owned(), small)
        }
    };
    let kind = HeaderValue::try_from(kind).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=3600")),
    ];
    Ok((headers, bytes).into_response())
}

//! Shops, their keys and their settings.

use axum::{
    Extension,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shopkeeper_domain::ShopId;
use shopkeeper_storage::{Key, Shop, StorageError};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    App,
    access::{Admin, AsAdmin, InShop, Operator, Scope},
    extract::{Ask, At, Json, PageQuery, Text},
    idempotency::{ShowsKey, derived_key},
    problem::Problem,
    views::{json, json_response},
};
use crate::{
    secrets::{ApiKey, sha256},
    settings::ShopSettings,
    workflow::Reply,
};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewShop {
    /// `[a-z0-9-]{1,40}`.
    #[schema(value_type = String, example = "demo")]
    id: ShopId,
    name: Text<80>,
}

/// A shop.
#[derive(Serialize, ToSchema)]
pub(super) struct ShopView {
    #[schema(value_type = String)]
    id: ShopId,
    name: String,
    created_at: DateTime<Utc>,
}

impl From<Shop> for ShopView {
    fn from(shop: Shop) -> Self {
        Self { id: shop.id, name: shop.name, created_at: shop.created_at }
    }
}

#[derive(Serialize, ToSchema)]
pub(super) struct ShopList {
    /// By id.
    shops: Vec<ShopView>,
    /// Where the next page begins; none on the last.
    cursor: Option<String>,
}

/// Adds a shop.
#[utoipa::path(post, path = "/v1/shops", request_body = NewShop, responses((status = 201, body = ShopView), (status = 409, body = Problem)))]
pub(super) async fn add_shop(
    State(app): State<App>,
    admin: AsAdmin,
    Json(new): Json<NewShop>,
) -> Result<Response, Problem> {
    if new.name.0.trim().is_empty() {
        return Err(Problem::invalid("/name", "a shop needs a name"));
    }
    let shop = Shop {
        id: new.id,
        name: new.name.0,
        settings: json(&ShopSettings::default()),
        created_at: crate::workflow::now(),
    };
    let id = shop.id.clone();
    let body = json(&ShopView::from(shop.clone()));
    let status = StatusCode::CREATED.as_u16();
    let answer = admin.repeatable.map(|r| r.answer(status, body.clone()));
    match app.service.workflow.store.add_shop(shop, answer).await {
        Ok(()) => Ok(json_response(Reply { status, body })),
        Err(StorageError::Exists) => {
            Err(Problem::new(StatusCode::CONFLICT, format!("there is a shop {id} already")))
        }
        Err(error) => Err(error.into()),
    }
}

/// Every shop.
#[utoipa::path(get, path = "/v1/shops", params(PageQuery), responses((status = 200, body = ShopList)))]
pub(super) async fn list_shops(
    State(app): State<App>,
    _: AsAdmin,
    Ask(page): Ask<PageQuery>,
) -> Result<axum::Json<ShopList>, Problem> {
    let shops = app.service.workflow.store.shops().await?;
    let (shops, cursor) = page.cut(shops, |shop| shop.id.to_string())?;
    Ok(axum::Json(ShopList { shops: shops.into_iter().map(ShopView::from).collect(), cursor }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewKey {
    /// At least one.
    scopes: Vec<Scope>,
}

/// A new key: the only time it is shown.
#[derive(Serialize, ToSchema)]
pub(super) struct NewKeyView {
    pub(super) id: Uuid,
    pub(super) key: String,
    scopes: Vec<Scope>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct KeyView {
    id: Uuid,
    scopes: Vec<String>,
    created_at: DateTime<Utc>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct KeyList {
    /// Oldest first.
    keys: Vec<KeyView>,
    /// Where the next page begins; none on the last.
    cursor: Option<String>,
}

/// Makes a key for a shop and shows it once.
#[utoipa::path(post, path = "/keys", params(("shop" = String, Path)), request_body = NewKey, responses((status = 201, body = NewKeyView)))]
pub(super) async fn add_key(
    State(app): State<App>,
    access: InShop<Admin>,
    Json(new): Json<NewKey>,
) -> Result<Response, Problem> {
    let view = make_key(&app, &access, new).await?;
    Ok((StatusCode::CREATED, Extension(ShowsKey), axum::Json(view)).into_response())
}

/// Makes a key; what is returned is the only place where it stands.
pub(super) async fn make_key(app: &App, access: &InShop<Admin>, new: NewKey) -> Result<NewKeyView, Problem> {
    if new.scopes.is_empty() {
        let names: Vec<&str> = Scope::OF_SHOPS.iter().map(|s| s.name()).collect();
        return Err(Problem::invalid("/scopes", format!("a key needs a scope: {}", names.join(", "))));
    }
    // A repeated request gets the same key without anybody having stored it.
    let (id, key) = match access.repeatable() {
        Some(repeatable) => {
            let id = sha256(&[b"key id", &repeatable.key.0, &repeatable.request]);
            let id = uuid::Builder::from_custom_bytes(id[..16].try_into().expect("16 bytes")).into_uuid();
            (id, derived_key(app, &repeatable))
        }
        None => (Uuid::now_v7(), ApiKey::fresh().map_err(|e| StorageError::Failed(e.to_string()))?),
    };
    let row = Key {
        id,
        shop: Some(access.shop.id.clone()),
        digest: key.digest(),
        scopes: new.scopes.iter().map(|s| s.name().to_owned()).collect(),
        created_at: crate::workflow::now(),
    };
    match app.service.workflow.store.add_key(row).await {
        Ok(()) => {}
        Err(StorageError::Exists) if access.repeatable().is_some() => {}
        Err(error) => return Err(error.into()),
    }
    Ok(NewKeyView { id, key: key.0, scopes: new.scopes })
}

/// A shop's keys, without the secrets.
#[utoipa::path(get, path = "/keys", params(("shop" = String, Path), PageQuery), responses((status = 200, body = KeyList)))]
pub(super) async fn list_keys(
    State(app): State<App>,
    access: InShop<Admin>,
    Ask(page): Ask<PageQuery>,
) -> Result<axum::Json<KeyList>, Problem> {
    let keys = app.service.workflow.store.keys(Some(&access.shop.id)).await?;
    let (keys, cursor) = page.cut(keys, |key| key.id.to_string())?;
    let view = |k: Key| KeyView { id: k.id, scopes: k.scopes, created_at: k.created_at };
    Ok(axum::Json(KeyList { keys: keys.into_iter().map(view).collect(), cursor }))
}

#[derive(Deserialize)]
pub(super) struct KeyPath {
    id: Uuid,
}

/// Takes a key away, from the next request on.
#[utoipa::path(delete, path = "/keys/{id}", params(("shop" = String, Path), ("id" = Uuid, Path)), responses((status = 204)))]
pub(super) async fn delete_key(
    State(app): State<App>,
    access: InShop<Admin>,
    At(path): At<KeyPath>,
) -> Result<StatusCode, Problem> {
    let known = app.service.workflow.store.delete_key(&access.shop.id, path.id).await?;
    app.keys.forget(path.id);
    if known { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::not_found("this shop has no such key")) }
}

/// The shop's settings.
#[utoipa::path(get, path = "/settings", params(("shop" = String, Path)), responses((status = 200, body = ShopSettings)))]
pub(super) async fn get_settings(access: InShop<Operator>) -> axum::Json<ShopSettings> {
    axum::Json(access.shop.settings.clone())
}

/// Replaces the shop's settings; what is left out gets its default.
#[utoipa::path(put, path = "/settings", params(("shop" = String, Path)), request_body = ShopSettings, responses((status = 200, body = ShopSettings), (status = 422, body = Problem)))]
pub(super) async fn put_settings(
    State(app): State<App>,
    access: InShop<Operator>,
    Json(settings): Json<ShopSettings>,
) -> Result<axum::Json<ShopSettings>, Problem> {
    change_settings(&app, &access.shop.id, &settings).await?;
    Ok(axum::Json(settings))
}

/// Has a shop work by these settings, where they can be.
pub(super) async fn change_settings(
    app: &App,
    shop: &ShopId,
    settings: &ShopSettings,
) -> Result<(), Problem> {
    settings.check().map_err(|(pointer, why)| Problem::invalid(pointer, why))?;
    if let Some(missing) = app.service.image_ai.missing(settings.processor) {
        return Err(Problem::invalid("/processor", missing));
    }
    app.service.shops.put_settings(shop, settings).await?;
    Ok(())
}

//! Pictures in and out.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Multipart, Request, State},
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use shopkeeper_domain::ImageId;
use utoipa::ToSchema;

use super::{
    App,
    access::{Anyone, Connector, InShop, shop_in_path},
    extract::{At, too_large},
    problem::Problem,
};
use crate::{pictures::Kept, shops::ShopState, workflow::now};

/// A picture that was kept.
#[derive(Serialize, ToSchema)]
pub(super) struct ImageView {
    /// SHA-256 of the file, in hex.
    image_id: String,
    /// Pixels, the picture held upright.
    width: u32,
    /// Pixels, the picture held upright.
    height: u32,
    bytes: u64,
}

impl From<&Kept> for ImageView {
    fn from(kept: &Kept) -> Self {
        Self { image_id: kept.id.to_string(), width: kept.width, height: kept.height, bytes: kept.bytes }
    }
}

/// A body that carries one file: a form with a file in it, or the file itself.
pub(super) struct Upload {
    pub(super) file: Vec<u8>,
    /// The form's other fields.
    pub(super) fields: Vec<(String, String)>,
}

/// The most fields of a form besides the file.
const FIELDS: usize = 16;

impl Upload {
    pub(super) async fn read(request: Request, app: &App) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
        if !kind.trim().to_ascii_lowercase().starts_with("multipart/") {
            let file = Bytes::from_request(request, app).await.map_err(too_large)?;
            return Ok(Self { file: file.into(), fields: Vec::new() });
        }
        let broken = |status: StatusCode, text: String| {
            if status == StatusCode::PAYLOAD_TOO_LARGE {
                super::extract::body_too_large()
            } else {
                Problem::new(StatusCode::BAD_REQUEST, format!("the form can't be read: {text}"))
            }
        };
        let mut form =
            Multipart::from_request(request, app).await.map_err(|e| broken(e.status(), e.body_text()))?;
        let mut upload = Self { file: Vec::new(), fields: Vec::new() };
        let mut files = 0;
        while let Some(field) = form.next_field().await.map_err(|e| broken(e.status(), e.body_text()))? {
            let name = field.name().unwrap_or("").to_owned();
            if field.file_name().is_some() || name == "file" {
                files += 1;
                upload.file = field.bytes().await.map_err(|e| broken(e.status(), e.body_text()))?.into();
            } else {
                let text = field.text().await.map_err(|e| broken(e.status(), e.body_text()))?;
                upload.fields.push((name, text));
            }
            if files > 1 || upload.fields.len() > FIELDS {
                return Err(Problem::invalid(
                    "/file",
                    "the form holds more than one file, or too many fields",
                ));
            }
        }
        if files == 0 {
            return Err(Problem::invalid(
                "/file",
                "the form holds no file: put the picture into the field `file`",
            ));
        }
        Ok(upload)
    }
}

/// Keeps a picture. Its type is told by content; the name and the declared type don't count.
#[utoipa::path(post, path = "/images", params(("shop" = String, Path)),
    request_body(content = Vec<u8>, description = "the file itself, or a form with it in the field `file`", content_type = "image/*"),
    responses((status = 201, body = ImageView), (status = 413, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn upload(
    State(app): State<App>,
    access: InShop<Connector>,
    request: Request,
) -> Result<(StatusCode, axum::Json<ImageView>), Problem> {
    let upload = Upload::read(request, &app).await?;
    if let Some((name, _)) = upload.fields.first() {
        return Err(Problem::invalid(format!("/{name}"), "the form takes the field `file` alone"));
    }
    let kept = app.service.pictures.keep(&access.shop.id, upload.file).await;
    let kept = kept.map_err(Problem::picture_in_body)?;
    Ok((StatusCode::CREATED, axum::Json(ImageView::from(&kept))))
}

/// Whoever may see a shop's pictures: any of its keys, or the holder of a signed link.
pub(super) struct Viewer {
    shop: std::sync::Arc<ShopState>,
}

#[derive(Deserialize)]
struct Signature {
    expires: i64,
    signature: String,
}

impl FromRequestParts<App> for Viewer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let query = axum::extract::Query::<Signature>::from_request_parts(parts, app).await;
        let Ok(axum::extract::Query(given)) = query else {
            let access = InShop::<Anyone>::from_request_parts(parts, app).await?;
            return Ok(Self { shop: access.shop });
        };
        let At(path) = At::<ImagePath>::from_request_parts(parts, app).await?;
        let shop = shop_in_path(parts, app).await?;
        let good = shop.filter(|s| {
            let secret = &app.service.secret;
            given.expires > now().timestamp()
                && secret.link_is_signed(
                    s.id.as_str(),
                    path.image_id.as_str(),
                    given.expires,
                    &given.signature,
                )
        });
        let detail = "this link has expired or was changed: ask for a new one";
        good.map(|shop| Self { shop }).ok_or_else(|| Problem::new(StatusCode::UNAUTHORIZED, detail))
    }
}

#[derive(Deserialize)]
pub(super) struct ImagePath {
    image_id: ImageId,
}

/// A picture, with a key of the shop or by a signed link.
#[utoipa::path(get, path = "/images/{image_id}", params(("shop" = String, Path), ("image_id" = String, Path)),
    responses((status = 200, content_type = "image/*", body = Vec<u8>), (status = 404, body = Problem)))]
pub(super) async fn download(
    State(app): State<App>,
    viewer: Viewer,
    At(path): At<ImagePath>,
) -> Result<Response, Problem> {
    let read = app.service.pictures.read(&viewer.shop.id, &path.image_id).await;
    let found = read.map_err(|e| Problem::picture("", e))?;
    let (image, bytes) = found.ok_or_else(|| Problem::not_found("this shop has no such picture"))?;
    let kind = HeaderValue::from_str(&image.media_type)
        .unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let headers = [
        (header::CONTENT_TYPE, kind),
        // The id is the content: it never changes.
        (header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=31536000, immutable")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
    ];
    Ok((headers, bytes).into_response())
}

impl App {
    /// The picture that a caller means: one that is here, or one to be fetched.
    pub(super) async fn picture_of(
        &self,
        shop: &ShopState,
        image_id: Option<ImageId>,
        (url, url_field): (Option<String>, &str),
    ) -> Result<ImageId, Problem> {
        match (image_id, url) {
            (Some(id), None) => {
                self.must_have(shop, &id, "/image_id").await?;
                Ok(id)
            }
            (None, Some(url)) => {
                let bytes =
                    self.service.fetcher.get(&url).await.map_err(|e| Problem::fetch(url_field, &e))?;
                let kept = self.service.pictures.keep(&shop.id, bytes).await;
                Ok(kept.map_err(|e| Problem::picture(url_field, e))?.id)
            }
            _ => Err(Problem::invalid(
                "/image_id",
                format!("give exactly one of image_id and {}", &url_field[1..]),
            )),
        }
    }

    /// Checks that a picture that a caller names is this shop's.
    pub(super) async fn must_have(&self, shop: &ShopState, id: &ImageId, field: &str) -> Result<(), Problem> {
        if self.service.pictures.has(&shop.id, id).await? {
            return Ok(());
        }
        Err(Problem::invalid(field, "this shop has no such picture: upload it first (POST images)"))
    }
}

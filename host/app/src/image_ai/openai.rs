//! OpenAI's interface, which many others speak too: `images/edits`, and `chat/completions` for the check.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::{
    RequestBuilder,
    header::{AUTHORIZATION, HeaderValue},
    multipart::{Form, Part},
};
use serde::Deserialize;
use serde_json::json;

use super::{Asked, Exam, Failure, Parcel, Verdict, prompt, quality, wire};
use crate::pictures::extension;

pub(super) async fn edit(asked: &Asked<'_>, parcel: &Parcel) -> Result<Vec<u8>, Failure> {
    let mut form = Form::new()
        .text("model", asked.model.model.clone())
        .text("prompt", parcel.prompt.clone())
        .text("size", size(&parcel.aspect_ratio));
    // One picture is an `image`, several are a list of it.
    let field = if parcel.pictures.len() == 1 { "image" } else { "image[]" };
    for (n, picture) in parcel.pictures.iter().enumerate() {
        let name = format!("{}.{}", n + 1, extension(&picture.media_type));
        let part = Part::bytes(picture.bytes.clone()).file_name(name).mime_str(&picture.media_type);
        let part = part.map_err(|_| Failure::Broke("原图的格式无法发送。".to_owned()))?;
        form = form.part(field, part);
    }
    let request = asked.client.post(asked.model.url("/v1/images/edits")).multipart(form);
    let drawn: Drawn = ask(asked, request).await?;
    let Some(data) = drawn.data.into_iter().find_map(|d| d.b64_json) else {
        return Err(Failure::Empty("图片AI没有返回图片。".to_owned()));
    };
    STANDARD.decode(data.trim()).map_err(|_| Failure::Empty("图片AI返回的图片数据已损坏。".to_owned()))
}

pub(super) async fn judge(asked: &Asked<'_>, exam: &Exam) -> Result<Verdict, Failure> {
    let mut content = vec![json!({ "type": "text", "text": exam.prompt })];
    content.extend(exam.pictures.iter().map(|p| {
        let url = format!("data:{};base64,{}", p.media_type, STANDARD.encode(&p.bytes));
        json!({ "type": "image_url", "image_url": { "url": url } })
    }));
    let schema = json!({
        "type": "object",
        "properties": { "score": { "type": "integer" }, "issue": { "type": "string" } },
        "required": ["score", "issue"],
        "additionalProperties": false,
    });
    let body = json!({
        "model": asked.model.quality_model,
        "messages": [{ "role": "user", "content": content }],
        "response_format": {
            "type": "json_schema",
            "json_schema": { "name": "verdict", "strict": true, "schema": schema },
        },
    });
    let request = asked.client.post(asked.model.url("/v1/chat/completions")).json(&body);
    let said: Said = ask(asked, request).await?;
    let text = said.choices.into_iter().next().and_then(|c| c.message.content).unwrap_or_default();
    quality::read(&text)
}

pub(super) async fn probe(asked: &Asked<'_>) -> Result<(), String> {
    let request = asked.client.get(asked.model.url("/v1/models"));
    let answer = wire::send(keyed(asked, request), asked.timeout()).await.map_err(|f| f.to_string())?;
    if answer.status.is_success() { Ok(()) } else { Err(answer.complaint(wire::name(&error_name(&answer)))) }
}

async fn ask<T: serde::de::DeserializeOwned>(
    asked: &Asked<'_>,
    request: RequestBuilder,
) -> Result<T, Failure> {
    let answer = wire::send(keyed(asked, request), asked.timeout()).await?;
    if !answer.status.is_success() {
        return Err(failure(&answer));
    }
    answer.read().ok_or_else(|| Failure::Empty("图片AI的回答无法读取。".to_owned()))
}

fn keyed(asked: &Asked<'_>, request: RequestBuilder) -> RequestBuilder {
    // Checked when the configuration was read.
    let Ok(mut key) = HeaderValue::from_str(&format!("Bearer {}", asked.model.key.reveal())) else {
        return request;
    };
    key.set_sensitive(true);
    request.header(AUTHORIZATION, key)
}

/// There are three sizes; the one whose proportions are nearest.
fn size(aspect_ratio: &str) -> &'static str {
    match prompt::ratio(aspect_ratio) {
        None => "auto",
        // Half-way between 1:1 and 3:2, by factors.
        Some(ratio) if ratio > 1.5_f64.sqrt() => "1536x1024",
        Some(ratio) if ratio < 1.5_f64.sqrt().recip() => "1024x1536",
        Some(_) => "1024x1024",
    }
}

#[derive(Deserialize)]
struct Drawn {
    #[serde(default)]
    data: Vec<Datum>,
}

#[derive(Deserialize)]
struct Datum {
    b64_json: Option<String>,
}

#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    message: Message,
}

#[derive(Deserialize)]
struct Message {
    content: Option<String>,
}

#[derive(Deserialize, Default)]
struct ErrorReply {
    error: ErrorBody,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ErrorBody {
    code: Option<String>,
    r#type: Option<String>,
}

fn error_name(answer: &wire::Answer) -> String {
    let ErrorBody { code, r#type } = answer.read::<ErrorReply>().unwrap_or_default().error;
    code.or(r#type).unwrap_or_default()
}

fn failure(answer: &wire::Answer) -> Failure {
    match wire::name(&error_name(answer)) {
        name @ ("moderation_blocked" | "content_policy_violation") => {
            Failure::Refused(format!("图片AI因内容安全规则拒绝处理({name}),请人工处理或换一张图片。"))
        }
        "insufficient_quota" | "billing_hard_limit_reached" => {
            Failure::Broke("图片AI的额度已用完,请管理员充值或提高额度后重试。".to_owned())
        }
        name => answer.failure(name, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proportions_become_the_nearest_size() {
        for (ratio, wanted) in [
            ("1:1", "1024x1024"),
            ("5:6", "1024x1024"),
            ("4:5", "1024x1536"),
            ("3:4", "1024x1536"),
            ("9:16", "1024x1536"),
            ("3:2", "1536x1024"),
            ("21:9", "1536x1024"),
            ("original", "auto"),
            ("0:0", "auto"),
        ] {
            assert_eq!(size(ratio), wanted, "{ratio}");
        }
    }
}

//! Gemini's `generateContent`: a success in HTTP may still be a refusal, and a text may come where a picture should.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::{RequestBuilder, header::HeaderValue};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Asked, Exam, Failure, Parcel, Picture, Verdict, quality, wire};

/// The proportions that it takes.
const RATIOS: [&str; 10] = ["1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9"];

/// Ends for which asking again changes nothing.
const BLOCKED: [&str; 9] = [
    "SAFETY",
    "IMAGE_SAFETY",
    "PROHIBITED_CONTENT",
    "IMAGE_PROHIBITED_CONTENT",
    "RECITATION",
    "IMAGE_RECITATION",
    "BLOCKLIST",
    "SPII",
    "LANGUAGE",
];

pub(super) async fn edit(asked: &Asked<'_>, parcel: &Parcel) -> Result<Vec<u8>, Failure> {
    let mut image = serde_json::Map::new();
    if RATIOS.contains(&parcel.aspect_ratio.as_str()) {
        image.insert("aspectRatio".to_owned(), json!(parcel.aspect_ratio));
    }
    if !asked.model.image_size.is_empty() {
        image.insert("imageSize".to_owned(), json!(asked.model.image_size));
    }
    let wanted = json!({ "responseModalities": ["IMAGE"], "imageConfig": image });
    let reply = generate(asked, &asked.model.model, &parcel.prompt, &parcel.pictures, wanted).await?;
    reply.picture()
}

pub(super) async fn judge(asked: &Asked<'_>, exam: &Exam) -> Result<Verdict, Failure> {
    let schema = json!({
        "type": "OBJECT",
        "properties": { "score": { "type": "INTEGER" }, "issue": { "type": "STRING" } },
        "required": ["score", "issue"],
    });
    let wanted = json!({ "responseMimeType": "application/json", "responseSchema": schema });
    let reply = generate(asked, &asked.model.quality_model, &exam.prompt, &exam.pictures, wanted).await?;
    quality::read(&reply.text())
}

pub(super) async fn probe(asked: &Asked<'_>) -> Result<(), String> {
    for model in [&asked.model.model, &asked.model.quality_model] {
        let request = asked.client.get(asked.model.url(&format!("/v1beta/models/{model}")));
        let answer = wire::send(keyed(asked, request), asked.timeout()).await.map_err(|f| f.to_string())?;
        if !answer.status.is_success() {
            let error = answer.read::<ErrorReply>().unwrap_or_default().error;
            return Err(answer.complaint(wire::name(error.reason())));
        }
    }
    Ok(())
}

async fn generate(
    asked: &Asked<'_>,
    model: &str,
    prompt: &str,
    pictures: &[Picture],
    wanted: Value,
) -> Result<Reply, Failure> {
    let mut parts = vec![json!({ "text": prompt })];
    parts.extend(
        pictures.iter().map(
            |p| json!({ "inlineData": { "mimeType": p.media_type, "data": STANDARD.encode(&p.bytes) } }),
        ),
    );
    let body = json!({ "contents": [{ "role": "user", "parts": parts }], "generationConfig": wanted });
    let request = asked.client.post(asked.model.url(&format!("/v1beta/models/{model}:generateContent")));
    let answer = wire::send(keyed(asked, request).json(&body), asked.timeout()).await?;
    if !answer.status.is_success() {
        return Err(failure(&answer));
    }
    let reply: Reply = answer.read().ok_or_else(|| Failure::Empty("图片AI的回答无法读取。".to_owned()))?;
    match reply.blocked() {
        Some(reason) => {
            Err(Failure::Refused(format!("图片AI因内容安全规则拒绝处理({reason}),请人工处理或换一张图片。")))
        }
        None => Ok(reply),
    }
}

fn keyed(asked: &Asked<'_>, request: RequestBuilder) -> RequestBuilder {
    // Checked when the configuration was read.
    let Ok(mut key) = HeaderValue::from_str(asked.model.key.reveal()) else { return request };
    key.set_sensitive(true);
    request.header("x-goog-api-key", key)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reply {
    #[serde(default)]
    candidates: Vec<Candidate>,
    prompt_feedback: Option<Feedback>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Feedback {
    block_reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Candidate {
    content: Option<Content>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Content {
    #[serde(default)]
    parts: Vec<Part>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Part {
    text: Option<String>,
    #[serde(alias = "inline_data")]
    inline_data: Option<Inline>,
    #[serde(default)]
    thought: bool,
}

#[derive(Deserialize)]
struct Inline {
    data: String,
}

impl Reply {
    fn finish(&self) -> &str {
        self.candidates.first().and_then(|c| c.finish_reason.as_deref()).map_or("", wire::name)
    }

    fn blocked(&self) -> Option<&str> {
        let before = self.prompt_feedback.as_ref().and_then(|f| f.block_reason.as_deref()).map(wire::name);
        before.or_else(|| Some(self.finish()).filter(|f| BLOCKED.contains(f)))
    }

    fn parts(&self) -> &[Part] {
        self.candidates.first().and_then(|c| c.content.as_ref()).map_or(&[], |c| &c.parts)
    }

    fn text(&self) -> String {
        self.parts().iter().filter(|p| !p.thought).filter_map(|p| p.text.as_deref()).collect()
    }

    /// The last picture that is no draft; where all are drafts, the last.
    fn picture(&self) -> Result<Vec<u8>, Failure> {
        let drawn =
            || self.parts().iter().rev().filter_map(|p| p.inline_data.as_ref().map(|d| (p.thought, d)));
        let chosen = drawn().find(|(thought, _)| !thought).or_else(|| drawn().next());
        let Some((_, inline)) = chosen else {
            return Err(Failure::Empty(format!("图片AI没有返回图片({})。", self.finish())));
        };
        STANDARD
            .decode(inline.data.trim())
            .map_err(|_| Failure::Empty("图片AI返回的图片数据已损坏。".to_owned()))
    }
}

#[derive(Deserialize, Default)]
struct ErrorReply {
    error: ErrorBody,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ErrorBody {
    status: String,
    details: Vec<Detail>,
}

impl ErrorBody {
    fn reason(&self) -> &str {
        self.details.iter().find_map(|d| d.reason.as_deref()).unwrap_or(&self.status)
    }
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Detail {
    retry_delay: Option<String>,
    reason: Option<String>,
    violations: Vec<Violation>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Violation {
    quota_id: String,
}

fn failure(answer: &wire::Answer) -> Failure {
    let error = answer.read::<ErrorReply>().unwrap_or_default().error;
    if error.details.iter().flat_map(|d| &d.violations).any(|v| v.quota_id.contains("PerDay")) {
        return Failure::Broke("图片AI今天的额度已用完,请明天重试或由管理员提高额度。".to_owned());
    }
    let delay = error.details.iter().find_map(|d| d.retry_delay.as_deref()).and_then(wire::seconds);
    answer.failure(wire::name(error.reason()), delay)
}

//! What a shop sets for itself.

use serde::{Deserialize, Serialize};
use shopkeeper_domain::{Currency, Money, OpeningHours, Patience, Policy, TagThresholds};
use shopkeeper_engine::{Capability, PriceBounds};
use utoipa::ToSchema;

use crate::{
    object::{object, optional_object},
    robot::Robot,
};

/// Who works on a shop's pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Processor {
    /// The built-in one, on this machine.
    Local,
    /// An outside image AI that claims jobs over HTTP.
    External,
    /// Google's Gemini, called by this service.
    Gemini,
    /// An image AI with OpenAI's interface, called by this service.
    #[serde(rename = "openai")]
    OpenAi,
}

impl Processor {
    /// Every one.
    pub(crate) const ALL: [Self; 4] = [Self::Local, Self::External, Self::Gemini, Self::OpenAi];

    /// The outbox queue that its jobs wait in.
    pub(crate) fn queue(self) -> &'static str {
        match self {
            Self::Local => "local-job",
            Self::External => "external-job",
            Self::Gemini => "gemini-job",
            Self::OpenAi => "openai-job",
        }
    }
}

/// The shop's customer-service agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Agent {
    /// Where it is told that a result was shown. Signed as Standard Webhooks has it; see `GET webhook-secret`.
    pub url: String,
    /// How long it may take to answer, 1 to 60 seconds; then the shop's own wording is sent.
    #[serde(default = "ten")]
    #[schema(minimum = 1, maximum = 60)]
    pub seconds: u64,
}

/// How many seconds an agent has where nobody says.
pub(crate) fn ten() -> u64 {
    10
}

/// How a shop has image AIs that are called by this service (`gemini`, `openai`) work for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ImageAiSettings {
    /// Whether a model looks at each result before the customer does. A result that nobody could look at goes out
    /// unchecked.
    pub quality_check: bool,
    /// The score that is good enough, of 100.
    #[schema(minimum = 0, maximum = 100)]
    pub pass_mark: u8,
    /// How many pictures are made at the most until one passes; the best is kept.
    #[schema(minimum = 1, maximum = 5)]
    pub attempts: u32,
    /// How many of the shop's pictures are worked on at the same time.
    #[schema(minimum = 1, maximum = 16)]
    pub concurrency: u32,
}

impl Default for ImageAiSettings {
    fn default() -> Self {
        Self { quality_check: true, pass_mark: 80, attempts: 2, concurrency: 2 }
    }
}

impl ImageAiSettings {
    fn check(&self) -> Result<(), (&'static str, &'static str)> {
        if self.pass_mark > 100 {
            return Err(("/image_ai/pass_mark", "a pass mark is 0 to 100"));
        }
        if !(1..=5).contains(&self.attempts) {
            return Err(("/image_ai/attempts", "a picture is made 1 to 5 times"));
        }
        if !(1..=16).contains(&self.concurrency) {
            return Err(("/image_ai/concurrency", "1 to 16 pictures are worked on at the same time"));
        }
        Ok(())
    }
}

/// A shop's settings; what is left out has its default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ShopSettings {
    /// ISO 4217: the only currency that quotes and payments are in.
    #[schema(value_type = String, example = "CNY")]
    pub currency: Currency,
    /// No quote goes below this.
    #[schema(value_type = Option<Object>)]
    #[serde(deserialize_with = "optional_object")]
    pub price_floor: Option<Money>,
    /// No quote goes above this.
    #[schema(value_type = Option<Object>)]
    #[serde(deserialize_with = "optional_object")]
    pub price_ceiling: Option<Money>,
    /// How many rounds of revision are free; the next one goes to a person.
    pub free_revisions: u32,
    /// Whether a result that failed its quality check waits for a person instead of going out.
    pub hold_failed_quality: bool,
    /// Whether payments start processing by themselves.
    pub processing_enabled: bool,
    /// Who works on the pictures.
    pub processor: Processor,
    /// How `gemini` and `openai` work for the shop.
    #[serde(deserialize_with = "object")]
    pub image_ai: ImageAiSettings,
    /// BCP 47: what the wording plugin writes in.
    pub locale: String,
    /// The shop's offset from UTC, in minutes.
    #[schema(minimum = -840, maximum = 840)]
    pub utc_offset_minutes: i16,
    /// What a plugin may ask of the host: `settings`, `log`, `wasi`. One that asks for more is not activated.
    #[schema(value_type = Vec<String>)]
    pub plugin_capabilities: Vec<Capability>,
    /// Who the shop's mails are from, instead of the installation's name.
    pub mail_from_name: Option<String>,
    /// Where texts and pictures for the chat are pushed, each signed as Standard Webhooks has it; see `GET webhook-secret`.
    /// A connector gets nothing then. None: the connector pulls them, or is connected.
    pub chat_webhook: Option<String>,
    /// Who tells customers that their picture is ready; none: the wording plugin does.
    #[schema(value_type = Option<Agent>)]
    #[serde(deserialize_with = "optional_object")]
    pub agent: Option<Agent>,
    /// The WeChat Work robot (企业微信群机器人) that tells this shop's operators: its whole address or its key. None: the
    /// installation's.
    pub alert_webhook: Option<String>,
    /// How long is waited for what: `reminder_minutes` (a customer who has a result before them is reminded once, in
    /// opening hours), `stuck_minutes` and `not_started_minutes` (the operator is told), `parked_days` (a payment without
    /// a picture is no longer taken for the next one). Null: for ever.
    #[schema(value_type = Object)]
    #[serde(deserialize_with = "object")]
    pub patience: Patience,
    /// When customers may be reminded: `windows`, each `{"days": ["Mon"], "from": "09:00", "to": "12:30"}`, and `holidays`
    /// such as `"2027-02-06"`, in the shop's own time. No windows: always.
    #[schema(value_type = Object)]
    #[serde(deserialize_with = "object")]
    pub opening_hours: OpeningHours,
    /// When a customer earns which tag.
    #[schema(value_type = Object)]
    #[serde(deserialize_with = "object")]
    pub tags: TagThresholds,
}

impl Default for ShopSettings {
    fn default() -> Self {
        let policy = Policy::default();
        Self {
            currency: Currency::CNY,
            price_floor: None,
            price_ceiling: None,
            free_revisions: policy.free_revisions,
            hold_failed_quality: policy.hold_failed_quality,
            processing_enabled: true,
            processor: Processor::Local,
            image_ai: ImageAiSettings::default(),
            locale: "zh-CN".to_owned(),
            utc_offset_minutes: 480,
            plugin_capabilities: Capability::ALL.to_vec(),
            mail_from_name: None,
            chat_webhook: None,
            agent: None,
            alert_webhook: None,
            patience: policy.patience,
            opening_hours: policy.hours,
            tags: policy.tags,
        }
    }
}

impl ShopSettings {
    /// What can't be said in the type: the pointer of the offending field and why.
    pub fn check(&self) -> Result<(), (&'static str, &'static str)> {
        let floor = self.price_floor.map_or(0, |f| f.minor);
        if floor < 0 {
            return Err(("/price_floor/minor", "a price floor can't be negative"));
        }
        if self.price_ceiling.is_some_and(|c| c.minor < floor) {
            return Err(("/price_ceiling/minor", "the price ceiling is below the floor"));
        }
        let foreign = |bound: Option<Money>| bound.is_some_and(|b| b.currency != self.currency);
        if foreign(self.price_floor) {
            return Err(("/price_floor/currency", "the price floor is not in the shop's currency"));
        }
        if foreign(self.price_ceiling) {
            return Err(("/price_ceiling/currency", "the price ceiling is not in the shop's currency"));
        }
        if !(-840..=840).contains(&self.utc_offset_minutes) {
            return Err(("/utc_offset_minutes", "an offset from UTC is between -840 and 840 minutes"));
        }
        let tag = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if !(2..=35).contains(&self.locale.len()) || !self.locale.chars().all(tag) {
            return Err(("/locale", "a locale is a BCP 47 tag such as \"zh-CN\""));
        }
        self.check_senders()?;
        if self
            .mail_from_name
            .as_ref()
            .is_some_and(|n| n.chars().count() > 64 || n.chars().any(char::is_control))
        {
            return Err(("/mail_from_name", "a name is at most 64 characters on one line"));
        }
        self.image_ai.check()
    }

    fn check_senders(&self) -> Result<(), (&'static str, &'static str)> {
        let is_web = |url: &str| {
            url.len() <= 2000
                && url::Url::parse(url).is_ok_and(|u| matches!(u.scheme(), "http" | "https") && u.has_host())
        };
        if self.chat_webhook.as_deref().is_some_and(|url| !is_web(url)) {
            return Err(("/chat_webhook", "a webhook is an address that begins with https:// or http://"));
        }
        if let Some(agent) = &self.agent {
            if !is_web(&agent.url) {
                return Err(("/agent/url", "a webhook is an address that begins with https:// or http://"));
            }
            if !(1..=60).contains(&agent.seconds) {
                return Err(("/agent/seconds", "an agent may take 1 to 60 seconds"));
            }
        }
        if self.alert_webhook.as_deref().is_some_and(|given| Robot::read(given).is_err()) {
            return Err(("/alert_webhook", crate::robot::EXPECTED));
        }
        let hours = &self.opening_hours;
        if hours.windows.len() > 50 || hours.holidays.len() > 400 {
            return Err(("/opening_hours", "at most 50 windows and 400 holidays"));
        }
        if !hours.windows.iter().all(shopkeeper_domain::Window::is_sound) {
            return Err((
                "/opening_hours/windows",
                "a window ends after it begins; write one over midnight as two",
            ));
        }
        Ok(())
    }

    /// The rules that decisions follow; `processing` is the installation's own switch.
    pub(crate) fn policy(&self, processing: bool) -> Policy {
        Policy {
            processing_enabled: self.processing_enabled && processing,
            free_revisions: self.free_revisions,
            hold_failed_quality: self.hold_failed_quality,
            tags: self.tags.clone(),
            patience: self.patience.clone(),
            hours: self.opening_hours.clone(),
            utc_offset_minutes: self.utc_offset_minutes,
        }
    }

    pub(crate) fn bounds(&self) -> PriceBounds {
        PriceBounds { currency: self.currency, floor: self.price_floor, ceiling: self.price_ceiling }
    }
}

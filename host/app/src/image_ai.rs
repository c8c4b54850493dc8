//! Image AIs that this service calls: Gemini, and whatever speaks OpenAI's interface.
//!
//! What they answer is hostile input: bounded in size and time, never followed elsewhere, looked at like an upload. Their
//! own words reach nobody, since some quote the key; of an error only its name is kept.

mod gemini;
mod openai;
mod parcel;
mod prompt;
mod quality;
mod wire;

use std::time::Duration;

use reqwest::Client;

use crate::{
    config::{Config, Model},
    settings::Processor,
};

pub(crate) use parcel::{Parcel, ParcelError};
pub(crate) use prompt::beyond;
pub(crate) use quality::Exam;

/// A picture on its way to a model.
#[derive(Clone)]
pub(crate) struct Picture {
    pub(crate) media_type: String,
    pub(crate) bytes: Vec<u8>,
}

/// What a model found of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// 0 to 100.
    pub(crate) score: u8,
    /// What is wrong, in Chinese.
    pub(crate) issue: String,
}

/// Why a model made nothing, by what is to be done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It does not want this picture; in Chinese, for the shop's owner.
    Refused(String),
    /// It can't work before a person has changed something; in Chinese, for the shop's owner.
    Broke(String),
    /// It answered without a usable picture, which may be chance; in Chinese, for the shop's owner.
    Empty(String),
    /// Something that may pass, and when the model wants to be asked again.
    Later { problem: String, after: Option<Duration> },
}

impl Failure {
    fn later(problem: impl Into<String>) -> Self {
        Self::Later { problem: problem.into(), after: None }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused(why) | Self::Broke(why) | Self::Empty(why) => f.write_str(why),
            Self::Later { problem, .. } => f.write_str(problem),
        }
    }
}

/// The image AIs that are configured.
pub(crate) struct ImageAi {
    client: Client,
    gemini: Model,
    openai: Model,
}

/// One of them, ready to be asked.
pub(crate) struct Asked<'a> {
    client: &'a Client,
    model: &'a Model,
    speech: Speech,
}

#[derive(Clone, Copy)]
enum Speech {
    Gemini,
    OpenAi,
}

impl ImageAi {
    pub(crate) fn new(config: &Config) -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            // The key and the customer's picture go where the configuration says and nowhere else.
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .build()?;
        Ok(Self { client, gemini: config.gemini.clone(), openai: config.openai.clone() })
    }

    /// The model behind a processor; none where it is not one, or has no key.
    pub(crate) fn of(&self, processor: Processor) -> Option<Asked<'_>> {
        let (model, speech) = match processor {
            Processor::Gemini => (&self.gemini, Speech::Gemini),
            Processor::OpenAi => (&self.openai, Speech::OpenAi),
            Processor::Local | Processor::External => return None,
        };
        model.is_configured().then_some(Asked { client: &self.client, model, speech })
    }

    /// What is to be done before a shop can have this processor; none where nothing is.
    pub(crate) fn missing(&self, processor: Processor) -> Option<&'static str> {
        match processor {
            Processor::Gemini if !self.gemini.is_configured() => Some(
                "this installation has no key for Gemini: set SHOPKEEPER_GEMINI__KEY, start the service again, then \
                 choose it",
            ),
            Processor::OpenAi if !self.openai.is_configured() => Some(
                "this installation has no key for an OpenAI-compatible image AI: set SHOPKEEPER_OPENAI__KEY, start the \
                 service again, then choose it",
            ),
            _ => None,
        }
    }
}

impl Asked<'_> {
    /// How long one request may take in all.
    pub(crate) fn timeout(&self) -> Duration {
        self.model.timeout()
    }

    /// A picture made as the parcel says.
    pub(crate) async fn edit(&self, parcel: &Parcel) -> Result<Vec<u8>, Failure> {
        match self.speech {
            Speech::Gemini => gemini::edit(self, parcel).await,
            Speech::OpenAi => openai::edit(self, parcel).await,
        }
    }

    /// What a model says of a result.
    pub(crate) async fn judge(&self, exam: &Exam) -> Result<Verdict, Failure> {
        match self.speech {
            Speech::Gemini => gemini::judge(self, exam).await,
            Speech::OpenAi => openai::judge(self, exam).await,
        }
    }

    /// Whether it answers and takes the key, without spending anything.
    pub(crate) async fn probe(&self) -> Result<String, String> {
        match self.speech {
            Speech::Gemini => gemini::probe(self).await?,
            Speech::OpenAi => openai::probe(self).await?,
        }
        let Model { model, quality_model, .. } = self.model;
        Ok(format!("answers; {model}, checked by {quality_model}"))
    }
}

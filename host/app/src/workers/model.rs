//! Image AIs that are called: made, looked at, made again where it is not good enough, and the best is kept.
//!
//! Each call for a picture may cost money, also one that never answers. It is counted durably before it is made, over
//! all tries of the job; past the bound a person takes over. A check is not counted: there is one a picture at the most.

use chrono::TimeDelta;
use shopkeeper_domain::{Outcome as Attempt, Quality};
use shopkeeper_storage::OutboxEntry;

use super::{OWNER, Outcome, TRIES, job::Job};
use crate::{
    image_ai::{Asked, Exam, Failure, Parcel, ParcelError, Verdict, beyond},
    pictures::PictureError,
    service::Service,
    settings::{ImageAiSettings, Processor},
    workflow::now,
};

/// Beside a call and its check, what a job may take until it counts the next.
const SPARE: TimeDelta = TimeDelta::minutes(5);

pub(super) async fn run(service: &Service, entry: &OutboxEntry, processor: Processor) -> Outcome {
    let job = match Job::take(service, entry).await {
        Ok(job) => job,
        Err(outcome) => return outcome,
    };
    let Some(model) = service.image_ai.of(processor) else {
        return job.finish(Attempt::Broke("没有配置图片AI的密钥,请管理员配置后重试。".to_owned()));
    };
    if let Some(why) = beyond(&job.task) {
        return job.finish(Attempt::Refused(why.to_owned()));
    }
    let settings = match service.shops.get(&entry.shop).await {
        Ok(Some(shop)) => shop.settings.image_ai.clone(),
        Ok(None) => return Outcome::Done,
        Err(error) => return Outcome::Later(error.to_string(), None),
    };
    let parcel = match Parcel::pack(&service.pictures, &entry.shop, &job.task).await {
        Ok(parcel) => parcel,
        Err(ParcelError::NoOriginal) => return job.finish(Attempt::Broke("原图已不存在".to_owned())),
        Err(ParcelError::Picture(PictureError::Refused(problem))) => {
            return job.finish(Attempt::Broke(problem.in_chinese()));
        }
        Err(error) => return Outcome::Later(error.to_string(), None),
    };
    Session { service, entry, job, model, settings, parcel, calls: entry.calls }.run().await
}

/// The tries of one claim.
struct Session<'a> {
    service: &'a Service,
    entry: &'a OutboxEntry,
    job: Job<'a>,
    model: Asked<'a>,
    settings: ImageAiSettings,
    parcel: Parcel,
    /// Over all claims.
    calls: u32,
}

/// Why a session ends without a picture.
enum End {
    /// The model made none.
    Failed(Failure),
    /// Something else became of the entry.
    Gone(Outcome),
}

impl Session<'_> {
    async fn run(mut self) -> Outcome {
        let mut best: Option<(Vec<u8>, Verdict)> = None;
        for _ in 0..self.settings.attempts {
            let made = match self.make().await {
                Ok(made) => made,
                Err(End::Gone(outcome)) => return outcome,
                // One that was not good enough is better than none: a person is told.
                Err(End::Failed(_)) if best.is_some() => break,
                Err(End::Failed(failure)) => return self.fail(failure),
            };
            if !self.settings.quality_check {
                return self.job.deliver(made, None).await;
            }
            match self.judge(&made).await {
                Ok(verdict) => {
                    let passed = verdict.score >= self.settings.pass_mark;
                    if best.as_ref().is_none_or(|(_, before)| before.score < verdict.score) {
                        best = Some((made, verdict));
                    }
                    if passed {
                        break;
                    }
                }
                Err(End::Gone(outcome)) => return outcome,
                Err(End::Failed(problem)) => {
                    tracing::warn!(entry = %self.entry.id, %problem, "a result could not be checked");
                    // An earlier one that was checked stays the best that is known.
                    if best.is_none() {
                        return self.job.deliver(made, None).await;
                    }
                    break;
                }
            }
        }
        match best {
            Some((bytes, Verdict { score, issue })) => {
                let passed = score >= self.settings.pass_mark;
                self.job.deliver(bytes, Some(Quality { score, passed, issue, attempts: self.calls })).await
            }
            None => Outcome::Later("no picture was made".to_owned(), None),
        }
    }

    /// One picture that can be shown; an answer without one is asked for once more.
    async fn make(&mut self) -> Result<Vec<u8>, End> {
        match self.call().await {
            Err(End::Failed(Failure::Empty(why))) => {
                tracing::info!(entry = %self.entry.id, %why, "no picture: asked once more");
                self.call().await
            }
            other => other,
        }
    }

    async fn call(&mut self) -> Result<Vec<u8>, End> {
        self.still_wanted().await?;
        if self.calls >= self.most() {
            return Err(End::Failed(Failure::Broke(self.exhausted())));
        }
        let timeout = TimeDelta::from_std(self.model.timeout()).unwrap_or(SPARE);
        let lease = now() + timeout * 2 + SPARE;
        match self.service.workflow.store.count_call(self.entry.id, OWNER, lease).await {
            Ok(Some(calls)) => self.calls = calls,
            // Somebody else has settled it.
            Ok(None) => return Err(End::Gone(Outcome::Done)),
            Err(error) => return Err(End::Gone(Outcome::Later(error.to_string(), None))),
        }
        let bytes = self.model.edit(&self.parcel).await.map_err(End::Failed)?;
        match self.service.pictures.accept(bytes).await {
            Ok(bytes) => Ok(bytes),
            Err(PictureError::Refused(problem)) => {
                let why = format!("图片AI返回的图片不能用:{}", problem.in_chinese());
                Err(End::Failed(Failure::Empty(why)))
            }
            Err(error) => Err(End::Gone(Outcome::Later(error.to_string(), None))),
        }
    }

    async fn judge(&self, made: &[u8]) -> Result<Verdict, End> {
        self.still_wanted().await?;
        let broken = |error: PictureError| End::Gone(Outcome::Later(error.to_string(), None));
        let [original, result] = self.parcel.for_check(&self.service.pictures, made).await.map_err(broken)?;
        let exam = Exam::new(&self.job.task, original, result);
        self.model.judge(&exam).await.map_err(End::Failed)
    }

    async fn still_wanted(&self) -> Result<(), End> {
        match self.job.is_wanted().await {
            Ok(true) => Ok(()),
            Ok(false) => Err(End::Gone(Outcome::Done)),
            Err(outcome) => Err(End::Gone(outcome)),
        }
    }

    fn fail(&self, failure: Failure) -> Outcome {
        match failure {
            Failure::Refused(why) | Failure::Empty(why) => self.job.finish(Attempt::Refused(why)),
            Failure::Broke(why) => self.job.finish(Attempt::Broke(why)),
            Failure::Later { .. } if self.calls >= self.most() => {
                self.job.finish(Attempt::Broke(self.exhausted()))
            }
            Failure::Later { problem, after } => Outcome::Later(problem, after),
        }
    }

    /// How often the model is called for one job; not fewer times than other work is tried, to outlast an outage.
    fn most(&self) -> u32 {
        (self.settings.attempts * 3).max(TRIES)
    }

    fn exhausted(&self) -> String {
        format!("图片AI调用了 {} 次都没有成功,已停止,请稍后重试或转人工。", self.calls)
    }
}

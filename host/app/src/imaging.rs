//! Retouching done here, without any outside account: bytes in, bytes out.
//!
//! Everything is synchronous and pure. A large photo keeps a core busy for seconds and holds several
//! copies of its pixels in memory, so the caller runs [`inspect`] and [`process`] on a blocking thread
//! and bounds how many run at once.
//!
//! What comes out is finished work for a customer: the picture upright, its colours in sRGB, and no
//! metadata (a place, a camera, a name) carried over from the original.

mod backdrop;
mod background;
mod colour;
mod cutout;
mod decode;
mod denoise;
mod encode;
mod enhance;
mod levels;
mod notes;
mod old_photo;
mod planes;
mod problem;
mod resize;
#[cfg(test)]
mod samples;
mod scratches;
mod sharpen;
mod size;
mod smaller;
mod tone;
mod words;

use image::RgbaImage;

pub use decode::{Format, Inspected, Limits, inspect};
pub use problem::{ImageProblem, Refused};
pub use smaller::smaller;

use notes::Wishes;
use size::Wanted;

/// The operations [`process`] knows, in the order a person would list them.
pub const AVAILABLE: [&str; 4] = ["enhance", "remove_bg", "resize", "fix_old_photo"];

/// One picture to be worked on.
#[derive(Debug, Clone, Copy)]
pub struct Job<'a> {
    /// The picture as the customer sent it.
    pub original: &'a [u8],
    /// What to do, in this order.
    pub operations: &'a [String],
    /// The specification's prompt; revision notes may follow on lines headed 【客户修改要求】.
    pub prompt: &'a str,
    /// The customer's revision notes, oldest first.
    pub notes: &'a [String],
    /// Such as `3:4`. Used where a `resize` gives no size of its own.
    pub aspect_ratio: &'a str,
    /// Limits for the original and for what is made of it.
    pub limits: &'a Limits,
}

/// A finished picture.
#[derive(Debug, Clone)]
pub struct Processed {
    /// The encoded file.
    pub bytes: Vec<u8>,
    /// How it is encoded.
    pub format: Format,
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
}

/// Does the job's operations in order, tuned by the notes.
///
/// # Errors
/// A sentence in Chinese for the shop's owner: why this job needs a person, another tool or another picture.
pub fn process(job: &Job<'_>) -> Result<Processed, Refused> {
    let steps = steps(job.operations)?;
    let wishes = Wishes::read(job.prompt, job.notes);
    let mut wanted = size::read(job.prompt);
    let revised = job.notes.iter().rev().find_map(|note| size::read(note));
    wanted = revised.or(wanted);

    let decoded = decode::decode(job.original, job.limits).map_err(|problem| problem.refusal())?;
    let mut work = Work {
        original: decoded.picture.dimensions(),
        picture: decoded.picture,
        // A picture that is to get a size of its own is not doubled on the way there.
        may_enlarge: !steps.contains(&Step::Resize) && revised.is_none(),
        wishes,
        wanted,
    };
    for step in &steps {
        work.run(*step, job)?;
    }
    // A revision may ask for what the first specification did not have: "换成白底", "改成一寸".
    if wishes.backdrop.is_some_and(|backdrop| backdrop.from_note) && !steps.contains(&Step::RemoveBackground)
    {
        work.run(Step::RemoveBackground, job)?;
    }
    if revised.is_some() && !steps.contains(&Step::Resize) {
        work.run(Step::Resize, job)?;
    }

    let sharpened = steps.contains(&Step::Enhance) || steps.contains(&Step::FixOldPhoto);
    let mut picture = tone::finish(work.picture, &wishes, sharpened);
    if let Some(backdrop) = wishes.backdrop {
        cutout::flatten(&mut picture, backdrop.colour);
    }
    encode::encode(picture, decoded.lossless)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Enhance,
    RemoveBackground,
    Resize,
    FixOldPhoto,
}

/// Names first, work later: an operation that cannot be done is refused before any second is spent.
fn steps(operations: &[String]) -> Result<Vec<Step>, Refused> {
    if operations.is_empty() {
        return Err(Refused(format!("没有指定要做的操作;本地可以做:{}。", AVAILABLE.join("、"))));
    }
    let mut steps = Vec::new();
    for operation in operations {
        let step = match operation.as_str() {
            "enhance" => Step::Enhance,
            "remove_bg" => Step::RemoveBackground,
            "resize" => Step::Resize,
            "fix_old_photo" => Step::FixOldPhoto,
            "layered" => {
                return Err(Refused(
                    "layered(PSD 分层)本地处理做不了:分层需要人工或外部 AI 来完成,请转人工或接入外部服务。"
                        .to_owned(),
                ));
            }
            unknown => {
                let unknown: String = unknown.chars().take(40).collect();
                let available = AVAILABLE.join("、");
                return Err(Refused(format!(
                    "本地处理不认识操作“{unknown}”;可以做的有:{available}。请改用其中之一,或转人工。"
                )));
            }
        };
        // Twice the same step would enlarge or sharpen twice, which nobody means.
        if !steps.contains(&step) {
            steps.push(step);
        }
    }
    Ok(steps)
}

/// The picture between two steps.
struct Work {
    picture: RgbaImage,
    original: (u32, u32),
    may_enlarge: bool,
    wishes: Wishes,
    wanted: Option<Wanted>,
}

impl Work {
    fn run(&mut self, step: Step, job: &Job<'_>) -> Result<(), Refused> {
        let picture = std::mem::take(&mut self.picture);
        self.picture = match step {
            Step::Enhance => enhance::enhance(picture, &self.wishes, self.may_enlarge, job.limits),
            Step::RemoveBackground => cutout::remove_background(picture)?,
            Step::FixOldPhoto => old_photo::fix(picture, &self.wishes),
            Step::Resize => {
                let wanted = self.wanted.or_else(|| size::ratio(job.aspect_ratio, picture.dimensions()));
                resize::to_wanted(picture, wanted, self.original, job.limits)?
            }
        };
        Ok(())
    }
}

#[cfg(test)]
mod inspect_tests;
#[cfg(test)]
mod notes_tests;
#[cfg(test)]
mod tests;

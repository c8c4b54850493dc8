//! What goes to a model: the words, the original, the last result where there is one, and the customer's references.
//!
//! A revision starts from the original again: the prompt holds every wish so far, and a picture that is edited again and
//! again loses detail each time. The last result goes along to be looked at, since the customer's words are about it.

use shopkeeper_domain::{ImageId, ShopId, State, Task};

use super::{Picture, prompt};
use crate::pictures::{PictureError, Pictures};

/// How many bytes of pictures go into a request: as base64 they stay below the 20 MB that services take inline.
const ROOM: usize = 14 << 20;
/// Longest sides that are tried until the pictures fit, the largest first; more than the first no model looks at.
const SIDES: [u32; 4] = [3072, 2048, 1536, 1024];
/// How many of the customer's references go along, the newest.
const REFERENCES: usize = 6;
/// The longest side for a check: enough to see a sixth finger.
const CHECKED: u32 = 1536;

/// A request to a model, in nobody's speech yet.
pub(crate) struct Parcel {
    pub(super) prompt: String,
    pub(super) aspect_ratio: String,
    /// The original first.
    pub(super) pictures: Vec<Picture>,
}

/// Why there is nothing to send.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ParcelError {
    /// The original is gone.
    #[error("the original is gone")]
    NoOriginal,
    /// It can't be read.
    #[error(transparent)]
    Picture(#[from] PictureError),
}

impl Parcel {
    pub(crate) async fn pack(pictures: &Pictures, shop: &ShopId, task: &Task) -> Result<Self, ParcelError> {
        let read = async |id: &ImageId| -> Result<Option<Picture>, PictureError> {
            let found = pictures.read(shop, id).await?;
            Ok(found.map(|(image, bytes)| Picture { media_type: image.media_type, bytes }))
        };
        let mut all = vec![read(&task.image).await?.ok_or(ParcelError::NoOriginal)?];
        let previous = match &task.state {
            State::Processing { previous: Some(id), .. } if !task.notes.is_empty() => read(id).await?,
            _ => None,
        };
        let shown = previous.is_some();
        all.extend(previous);
        let sent: Vec<&ImageId> = task.notes.iter().flat_map(|n| &n.images).collect();
        for id in &sent[sent.len().saturating_sub(REFERENCES)..] {
            // One that was erased is not missed.
            all.extend(read(id).await?);
        }
        let references = all.len() - 1 - usize::from(shown);
        Ok(Self {
            prompt: prompt::instruction(task, shown, references),
            aspect_ratio: task.specification.aspect_ratio.clone(),
            pictures: fit(pictures, all).await?,
        })
    }

    /// The original and a result, as small as a check needs them.
    pub(crate) async fn for_check(
        &self,
        pictures: &Pictures,
        result: &[u8],
    ) -> Result<[Picture; 2], PictureError> {
        let original = pictures.smaller(self.pictures[0].bytes.clone(), CHECKED).await?;
        let result = pictures.smaller(result.to_vec(), CHECKED).await?;
        Ok([original, result].map(jpeg))
    }
}

fn jpeg(bytes: Vec<u8>) -> Picture {
    Picture { media_type: "image/jpeg".to_owned(), bytes }
}

/// The pictures as they are where they fit, else the large ones made smaller.
async fn fit(pictures: &Pictures, all: Vec<Picture>) -> Result<Vec<Picture>, PictureError> {
    let mut fitted = all.clone();
    let share = ROOM / all.len().max(1);
    for side in SIDES {
        if fitted.iter().map(|p| p.bytes.len()).sum::<usize>() <= ROOM {
            break;
        }
        for (small, whole) in fitted.iter_mut().zip(&all) {
            if whole.bytes.len() > share {
                *small = jpeg(pictures.smaller(whole.bytes.clone(), side).await?);
            }
        }
    }
    Ok(fitted)
}

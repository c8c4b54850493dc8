//! From a stranger's bytes to upright sRGB pixels, with every cheap refusal made before the costly ones.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageReader, RgbaImage, metadata::Orientation};
use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};

use super::problem::ImageProblem;

/// Limits for what is decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The largest file.
    pub max_bytes: usize,
    /// The most pixels in all.
    pub max_pixels: u64,
    /// The most pixels to a side.
    pub max_side: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_bytes: 20 << 20, max_pixels: 50_000_000, max_side: 16_384 }
    }
}

impl Limits {
    /// Whether a picture of this size may be held in memory.
    pub(super) fn allow(&self, width: u32, height: u32) -> bool {
        width <= self.max_side
            && height <= self.max_side
            && u64::from(width) * u64::from(height) <= self.max_pixels
    }
}

/// A kind of picture that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// WebP.
    WebP,
}

impl Format {
    /// Such as `image/jpeg`.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::WebP => "image/webp",
        }
    }

    /// Such as `jpg`.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::WebP => "webp",
        }
    }

    const fn codec(self) -> image::ImageFormat {
        match self {
            Self::Jpeg => image::ImageFormat::Jpeg,
            Self::Png => image::ImageFormat::Png,
            Self::WebP => image::ImageFormat::WebP,
        }
    }
}

/// What a file turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inspected {
    /// By content, whatever the name says.
    pub format: Format,
    /// Pixels across, the picture held upright.
    pub width: u32,
    /// Pixels down, the picture held upright.
    pub height: u32,
}

/// Checks that the bytes are a whole picture that can be worked on.
///
/// The kind is told by content and the size is checked from the header before anything is decoded, so a
/// pixel bomb costs nothing; then the picture is decoded in full, so that a truncated file is found now
/// and not after the customer has paid.
///
/// # Errors
/// The first problem found.
pub fn inspect(bytes: &[u8], limits: &Limits) -> Result<Inspected, ImageProblem> {
    let format = recognise(bytes, limits)?;
    let (image, orientation, _) = decode_raw(bytes, format, limits)?;
    let (mut width, mut height) = (image.width(), image.height());
    if turns(orientation) {
        (width, height) = (height, width);
    }
    Ok(Inspected { format, width, height })
}

/// A decoded original.
pub(super) struct Decoded {
    /// Upright, in sRGB.
    pub(super) picture: RgbaImage,
    /// Whether the result should be PNG as the original was lossless or has an alpha channel.
    pub(super) lossless: bool,
}

/// Decodes for work: upright, eight bits, sRGB.
pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<Decoded, ImageProblem> {
    let format = recognise(bytes, limits)?;
    let (mut image, orientation, profile) = decode_raw(bytes, format, limits)?;
    image.apply_orientation(orientation);
    let lossless = format == Format::Png || (format == Format::WebP && image.color().has_alpha());
    let coloured = image.color().has_color();
    let mut picture = image.into_rgba8();
    if coloured && let Some(profile) = profile {
        to_srgb(&mut picture, &profile);
    }
    Ok(Decoded { picture, lossless })
}

const fn turns(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    )
}

/// Other kinds of file by their first bytes: naming the kind tells the sender what to do about it.
fn named_by_magic(bytes: &[u8]) -> Option<&'static str> {
    let starts = |magic: &[u8]| bytes.starts_with(magic);
    if bytes.get(4..8) == Some(b"ftyp") {
        return Some(match bytes.get(8..12)? {
            b"avif" | b"avis" => "AVIF",
            b"heic" | b"heix" | b"hevc" | b"hevx" | b"heim" | b"heis" | b"mif1" | b"msf1" => "HEIC",
            _ => "video (MP4/MOV)",
        });
    }
    let table: [(&[u8], &'static str); 10] = [
        (b"GIF8", "GIF"),
        (b"II*\0", "TIFF"),
        (b"MM\0*", "TIFF"),
        (b"%PDF", "PDF"),
        (b"8BPS", "PSD"),
        (b"PK\x03\x04", "ZIP"),
        (b"\xff\x0a", "JPEG XL"),
        (b"\0\0\0\x0cJXL ", "JPEG XL"),
        (b"\0\0\x01\0", "ICO"),
        (b"<svg", "SVG"),
    ];
    // "BM" alone could begin a text; a bitmap's two reserved fields are zero.
    if starts(b"BM") && bytes.get(6..10) == Some(&[0; 4]) {
        return Some("BMP");
    }
    table.iter().find(|(magic, _)| starts(magic)).map(|(_, name)| *name)
}

fn recognise(bytes: &[u8], limits: &Limits) -> Result<Format, ImageProblem> {
    if bytes.is_empty() {
        return Err(ImageProblem::Empty);
    }
    if bytes.len() > limits.max_bytes {
        return Err(ImageProblem::TooManyBytes { bytes: bytes.len(), max: limits.max_bytes });
    }
    if bytes.starts_with(b"\xff\xd8\xff") {
        return Ok(Format::Jpeg);
    }
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Ok(Format::Png);
    }
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        return Ok(Format::WebP);
    }
    Err(named_by_magic(bytes).map_or(ImageProblem::NotAPicture, ImageProblem::Unsupported))
}

type Raw = (DynamicImage, Orientation, Option<Vec<u8>>);

fn decode_raw(bytes: &[u8], format: Format, limits: &Limits) -> Result<Raw, ImageProblem> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format.codec());
    let mut codec_limits = image::Limits::default();
    // The widest pixel is sixteen bits in four channels; the slack is for the codec's own tables.
    codec_limits.max_alloc = Some(limits.max_pixels.saturating_mul(8).saturating_add(64 << 20));
    reader.limits(codec_limits);
    let failed = |error: image::ImageError| ImageProblem::from_decoder(&error);
    let mut decoder = reader.into_decoder().map_err(failed)?;

    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(ImageProblem::Broken("no pixels".to_owned()));
    }
    if !limits.allow(width, height) {
        let (max, max_side) = (limits.max_pixels, limits.max_side);
        return Err(ImageProblem::TooManyPixels { width, height, max, max_side });
    }
    // The decoder is lenient and would hand out a half-grey picture.
    if format == Format::Jpeg && !jpeg_is_whole(bytes) {
        return Err(ImageProblem::Truncated);
    }
    // Damaged metadata does not make a picture unusable.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let profile = decoder.icc_profile().ok().flatten();
    let image = DynamicImage::from_decoder(decoder).map_err(failed)?;
    Ok((image, orientation, profile))
}

/// Whether the markers lead to an end-of-image. Walked, not searched for: a thumbnail inside the
/// metadata has an end of its own.
fn jpeg_is_whole(bytes: &[u8]) -> bool {
    let mut at = 2;
    while let Some(&byte) = bytes.get(at) {
        if byte != 0xff {
            // Between segments only garbage can be here; decoders skip it, and so do we.
            at += 1;
            continue;
        }
        match bytes.get(at + 1) {
            None => return false,
            Some(0xd9) => return true,
            Some(0xff) => at += 1,
            Some(0x00 | 0x01 | 0xd0..=0xd8) => at += 2,
            // In a scan, a stray marker is damage that the decoder judges; a segment is skipped whole.
            Some(_) => {
                let Some(length) = bytes.get(at + 2..at + 4) else { return false };
                at += 2 + usize::from(u16::from_be_bytes([length[0], length[1]])).max(2);
            }
        }
    }
    false
}

/// Phones record in Display P3 and the like. Dropping the profile without converting would fade every
/// colour, so it is applied; a profile that cannot be used is ignored, as a viewer would.
fn to_srgb(picture: &mut RgbaImage, profile: &[u8]) {
    let Ok(source) = ColorProfile::new_from_slice(profile) else { return };
    if source.color_space != DataColorSpace::Rgb {
        return;
    }
    let srgb = ColorProfile::new_srgb();
    let options = TransformOptions::default();
    let Ok(transform) = source.create_transform_8bit(Layout::Rgba, &srgb, Layout::Rgba, options) else {
        return;
    };
    let row = picture.width() as usize * 4;
    let mut converted = vec![0; row];
    for pixels in picture.chunks_exact_mut(row) {
        if transform.transform(pixels, &mut converted).is_ok() {
            pixels.copy_from_slice(&converted);
        }
    }
}

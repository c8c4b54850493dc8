//! A picture made to travel: a JPEG no larger than needed, for services that take only so much.

use super::{ImageProblem, Limits, cutout, decode, encode, resize};

/// What lies under transparency: JPEG has none.
const WHITE: [u8; 3] = [255; 3];

/// The picture as a JPEG, no side longer than `side` pixels; upright, in sRGB, without metadata.
///
/// # Errors
/// Where the bytes are no whole picture. How many bytes they are is the caller's business.
pub fn smaller(bytes: &[u8], side: u32, limits: &Limits) -> Result<Vec<u8>, ImageProblem> {
    let limits = Limits { max_bytes: usize::MAX, ..limits.clone() };
    let mut picture = decode::decode(bytes, &limits)?.picture;
    let (width, height) = picture.dimensions();
    let longest = width.max(height);
    if longest > side {
        let scaled = |length: u32| {
            let length = u64::from(length) * u64::from(side) / u64::from(longest);
            u32::try_from(length).unwrap_or(side).max(1)
        };
        picture = resize::scale(&picture, scaled(width), scaled(height));
    }
    cutout::flatten(&mut picture, WHITE);
    encode::encode(picture, false).map(|p| p.bytes).map_err(|e| ImageProblem::Broken(e.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::{Format, inspect, samples};

    #[test]
    fn a_picture_comes_out_upright_small_and_opaque() {
        let png =
            crate::imaging::encode::encode(samples::noise(300, 100, 128, 90), true).expect("a PNG").bytes;
        let small = smaller(&png, 150, &Limits::default()).expect("smaller");
        let seen = inspect(&small, &Limits::default()).expect("a picture");
        assert_eq!((seen.format, seen.width, seen.height), (Format::Jpeg, 150, 50));
        let same =
            smaller(&png, 3000, &Limits { max_bytes: 1, ..Limits::default() }).expect("as large as it was");
        assert_eq!(inspect(&same, &Limits::default()).expect("a picture").width, 300);
        assert_eq!(smaller(b"<html>", 10, &Limits::default()), Err(ImageProblem::NotAPicture));
    }
}

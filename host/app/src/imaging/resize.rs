//! Changing a picture's size: one Lanczos resampler for everything, and the crop that a document needs.

use fast_image_resize::{
    FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer, images::Image, images::ImageRef,
};
use image::RgbaImage;

use super::{Limits, Refused, size::Wanted};

/// Nothing smaller than this is a picture anybody wants.
const LEAST_SIDE: u32 = 8;

/// A part of a picture in fractions of pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Part {
    left: f64,
    top: f64,
    width: f64,
    height: f64,
}

/// Gives the picture the size that was asked for. Factors are of the `original`: a picture that was
/// enlarged on the way is not enlarged twice.
pub(super) fn to_wanted(
    picture: RgbaImage,
    wanted: Option<Wanted>,
    original: (u32, u32),
    limits: &Limits,
) -> Result<RgbaImage, Refused> {
    let (width, height) = picture.dimensions();
    let times = |factor: f64, side: u32| (f64::from(side) * factor).round().min(f64::from(u32::MAX)) as u32;
    let (to_width, to_height) = match wanted {
        None => {
            return Err(Refused(
                "没有读到要改成的尺寸;请写明像素(如 295*413)、证件照规格(如一寸)或倍数(如放大2倍)。"
                    .to_owned(),
            ));
        }
        Some(Wanted::Exact { width, height }) => (width, height),
        Some(Wanted::Times(factor)) => (times(factor, original.0), times(factor, original.1)),
        Some(Wanted::Ratio(ratio)) => {
            let part = largest_part(width, height, ratio);
            (part.width.round().max(1.0) as u32, part.height.round().max(1.0) as u32)
        }
    };
    if to_width < LEAST_SIDE || to_height < LEAST_SIDE {
        return Err(Refused(format!("要求的尺寸 {to_width}×{to_height} 太小,请确认尺寸(单位是像素)。")));
    }
    if !limits.allow(to_width, to_height) {
        return Err(Refused(format!(
            "要求的尺寸 {to_width}×{to_height} 太大,超过上限(总共 {} 万像素、单边 {} 像素),请改小一些。",
            limits.max_pixels / 10_000,
            limits.max_side
        )));
    }
    let part = largest_part(width, height, f64::from(to_width) / f64::from(to_height));
    Ok(resample(&picture, part, to_width, to_height))
}

/// Enlarges or shrinks the whole picture.
pub(super) fn scale(picture: &RgbaImage, to_width: u32, to_height: u32) -> RgbaImage {
    let (width, height) = picture.dimensions();
    let whole = Part { left: 0.0, top: 0.0, width: f64::from(width), height: f64::from(height) };
    resample(picture, whole, to_width, to_height)
}

/// The largest part with these proportions. Where height is cut, more goes at the bottom: heads are at
/// the top.
fn largest_part(width: u32, height: u32, ratio: f64) -> Part {
    let (full_width, full_height) = (f64::from(width), f64::from(height));
    let (width, height) = if full_width / full_height > ratio {
        (full_height * ratio, full_height)
    } else {
        (full_width, full_width / ratio)
    };
    let upper = if ratio < 1.0 { 0.35 } else { 0.45 };
    Part { left: (full_width - width) / 2.0, top: (full_height - height) * upper, width, height }
}

fn resample(picture: &RgbaImage, part: Part, to_width: u32, to_height: u32) -> RgbaImage {
    let (width, height) = picture.dimensions();
    let transparent = picture.pixels().any(|pixel| pixel.0[3] < 255);
    // Weighing colours by their opacity costs time and is needed only where there is transparency.
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3))
        .crop(part.left, part.top, part.width, part.height)
        .use_alpha(transparent);
    let mut result = Image::new(to_width, to_height, PixelType::U8x4);
    let done = ImageRef::new(width, height, picture.as_raw(), PixelType::U8x4)
        .ok()
        .and_then(|source| Resizer::new().resize(&source, &mut result, &options).ok())
        .and_then(|()| RgbaImage::from_raw(to_width, to_height, result.into_vec()));
    // The resampler refuses only parts outside the picture, which rounding might yield; the other
    // resampler takes anything.
    done.unwrap_or_else(|| {
        let filter = image::imageops::FilterType::Lanczos3;
        image::imageops::resize(picture, to_width, to_height, filter)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::samples;
    use image::Rgba;

    fn exact(width: u32, height: u32) -> Option<Wanted> {
        Some(Wanted::Exact { width, height })
    }

    #[test]
    fn a_document_photo_gets_exactly_its_size() {
        let limits = Limits::default();
        for (width, height) in [(900, 600), (300, 900), (31, 17), (295, 413)] {
            let picture = samples::gradient(width, height);
            let resized = to_wanted(picture, exact(295, 413), (width, height), &limits).expect("resizes");
            assert_eq!(resized.dimensions(), (295, 413));
        }
    }

    #[test]
    fn the_crop_keeps_proportions_and_more_of_the_top() {
        let part = largest_part(300, 900, 295.0 / 413.0);
        assert!((part.width / part.height - 295.0 / 413.0).abs() < 1e-9);
        let below = 900.0 - part.top - part.height;
        assert!(part.top > 0.0 && part.top < below, "{part:?}");
    }

    #[test]
    fn factors_are_of_the_original() {
        let enlarged = samples::gradient(200, 100);
        let resized =
            to_wanted(enlarged, Some(Wanted::Times(2.0)), (100, 50), &Limits::default()).expect("resizes");
        assert_eq!(resized.dimensions(), (200, 100));
    }

    #[test]
    fn refusals_say_why() {
        let limits = Limits::default();
        let refusal =
            |wanted| to_wanted(samples::gradient(50, 50), wanted, (50, 50), &limits).expect_err("refused").0;
        assert!(refusal(None).contains("没有读到"));
        assert!(refusal(exact(20_000, 100)).contains("太大"));
        assert!(refusal(exact(10_000, 10_000)).contains("太大"));
        assert!(refusal(exact(3, 4)).contains("太小"));
        assert!(refusal(Some(Wanted::Times(1e12))).contains("太大"));
    }

    #[test]
    fn hidden_colours_do_not_bleed_into_a_cut_out() {
        let mut picture = RgbaImage::from_pixel(40, 40, Rgba([0, 255, 0, 0]));
        for y in 10..30 {
            for x in 10..30 {
                picture.put_pixel(x, y, Rgba([200, 0, 0, 255]));
            }
        }
        let resized = scale(&picture, 80, 80);
        assert!(resized.pixels().all(|p| p.0[3] < 16 || p.0[1] < 40), "green shines through");
    }
}

//! Sharpening without halos, together with the tone curve: one pass, one rounding.

use image::RgbaImage;

use super::colour::{join, luma, split};
use super::levels::Curve;
use super::planes::{Plane, bands, gaussian_kernel};

/// How to sharpen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sharpening {
    /// How much of the detail is added; below zero, taken away.
    pub(super) amount: f32,
    /// What size of detail, in pixels.
    pub(super) sigma: f32,
    /// Detail weaker than this is taken for noise and hardly raised.
    pub(super) floor: f32,
}

/// How far past its surroundings an edge may go, as a share of its height. More is a halo.
const OVERSHOOT: f32 = 0.10;

/// Raises fine detail in the brightness and applies the curve to the result.
pub(super) fn sharpen(picture: &mut RgbaImage, sharpening: Sharpening, curve: &Curve) {
    let source = picture.clone();
    let width = picture.width() as usize;
    let kernel = gaussian_kernel(sharpening.sigma);
    let near = (sharpening.sigma.round() as usize).max(1);
    let margin = (kernel.len() / 2).max(near);
    for band in bands(picture.height() as usize, margin) {
        let plane = Plane::of(&source, band.from, band.to, luma);
        let blurred = plane.filtered(&kernel);
        let (least, most) = plane.extremes(near);
        let skipped = (band.top - band.from) * width;
        let out = &mut picture.as_mut()[band.top * width * 4..band.bottom * width * 4];
        for (index, pixel) in out.chunks_exact_mut(4).enumerate() {
            let at = skipped + index;
            let y = plane.data[at];
            let detail = y - blurred.data[at];
            let raised = if sharpening.amount < 0.0 {
                y + sharpening.amount.max(-1.0) * detail
            } else {
                let strong = detail * detail;
                let cored = detail * strong / (strong + sharpening.floor * sharpening.floor + 1e-3);
                let room = OVERSHOOT * (most.data[at] - least.data[at]);
                (y + sharpening.amount * cored).clamp(least.data[at] - room, most.data[at] + room)
            };
            let (_, blue, red) = split(pixel);
            let (toned, chroma) = curve.at(raised);
            pixel[..3].copy_from_slice(&join(toned, blue * chroma, red * chroma));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::samples;
    use image::Rgba;

    const PLAIN: Sharpening = Sharpening { amount: 0.9, sigma: 1.2, floor: 1.5 };

    fn step(width: u32) -> RgbaImage {
        let hard = RgbaImage::from_fn(width, 40, |x, _| {
            let v = if x < width / 2 { 60 } else { 190 };
            Rgba([v, v, v, 255])
        });
        image::imageops::blur(&hard, 1.3)
    }

    #[test]
    fn detail_is_raised() {
        let soft = samples::blurred(90, 70);
        let mut sharp = soft.clone();
        sharpen(&mut sharp, PLAIN, &Curve::identity());
        assert!(samples::sharpness(&sharp) > 1.4 * samples::sharpness(&soft));
    }

    #[test]
    fn an_edge_gets_no_halo() {
        let mut picture = step(60);
        sharpen(&mut picture, PLAIN, &Curve::identity());
        let values = picture.pixels().map(|p| p.0[0]);
        let (least, most) = (values.clone().min(), values.max());
        assert!(least >= Some(52) && most <= Some(198), "{least:?} to {most:?}");
    }

    #[test]
    fn noise_is_hardly_raised() {
        let noisy = samples::noise(80, 80, 128, 8);
        let mut result = noisy.clone();
        sharpen(&mut result, Sharpening { floor: 7.0, ..PLAIN }, &Curve::identity());
        let (before, after) =
            (samples::statistics(&noisy, [0, 0, 80, 80]).1, samples::statistics(&result, [0, 0, 80, 80]).1);
        assert!(after < before * 1.35, "{before} became {after}");
    }

    #[test]
    fn a_negative_amount_softens() {
        let mut picture = step(60);
        let before = samples::sharpness(&picture);
        sharpen(&mut picture, Sharpening { amount: -0.7, ..PLAIN }, &Curve::identity());
        assert!(samples::sharpness(&picture) < 0.8 * before);
    }

    #[test]
    fn transparency_is_not_touched() {
        let mut picture = samples::blurred(30, 30);
        picture.put_pixel(4, 4, Rgba([1, 2, 3, 77]));
        sharpen(&mut picture, PLAIN, &Curve::identity());
        assert_eq!(picture.get_pixel(4, 4).0[3], 77);
    }
}

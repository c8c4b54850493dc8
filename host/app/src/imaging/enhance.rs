//! `enhance`: larger, cleaner, crisper, with the tones opened up — and still a photograph.

use image::RgbaImage;

use super::levels::automatic;
use super::notes::Wishes;
use super::planes::noise_level;
use super::resize::scale;
use super::sharpen::{Sharpening, sharpen};
use super::{Limits, denoise::denoise};

/// Enlarging stops here: screens and small prints show no more.
const LONGEST_SIDE: f32 = 4096.0;
/// A smaller gain in size is not worth resampling every pixel.
const LEAST_FACTOR: f32 = 1.2;
/// Less noise than this is not seen.
const NOTICEABLE_NOISE: f32 = 0.9;

/// How strong each step is, from the notes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Strength {
    pub(super) denoise: f32,
    pub(super) sharpen: f32,
    pub(super) levels: f32,
}

impl Strength {
    pub(super) fn of(wishes: &Wishes) -> Self {
        let gentle = 0.6_f32.powf(wishes.natural);
        Self {
            denoise: (1.35_f32.powf(wishes.denoise) * gentle).clamp(0.0, 2.5),
            sharpen: (1.55_f32.powf(wishes.sharpness) * gentle).clamp(0.0, 3.5),
            levels: gentle.clamp(0.0, 1.25),
        }
    }
}

/// Does all of it. Noise goes first: enlarged, it would be taken for detail.
pub(super) fn enhance(picture: RgbaImage, wishes: &Wishes, may_enlarge: bool, limits: &Limits) -> RgbaImage {
    let strength = Strength::of(wishes);
    let noise = noise_level(&picture);
    let mut picture = picture;
    if noise * strength.denoise > NOTICEABLE_NOISE {
        picture = denoise(&picture, noise, strength.denoise);
    }
    let factor = if may_enlarge { enlargement(&picture, limits) } else { 1.0 };
    if factor > 1.0 {
        let larger = |side: u32| (side as f32 * factor).round() as u32;
        picture = scale(&picture, larger(picture.width()), larger(picture.height()));
    }
    let sharpening = Sharpening {
        amount: 0.8 * strength.sharpen,
        // Enlarged edges are as much wider.
        sigma: 0.45 + 0.65 * factor,
        floor: 1.2 + 1.1 * noise / factor,
    };
    let curve = automatic(&picture, 0.8 * strength.levels);
    sharpen(&mut picture, sharpening, &curve);
    picture
}

fn enlargement(picture: &RgbaImage, limits: &Limits) -> f32 {
    let (width, height) = picture.dimensions();
    let factor = (LONGEST_SIDE / width.max(height) as f32).min(2.0);
    let fits = limits.allow((width as f32 * factor).ceil() as u32, (height as f32 * factor).ceil() as u32);
    if factor >= LEAST_FACTOR && fits { factor } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::samples;

    fn enhanced(picture: &RgbaImage, wishes: &Wishes) -> RgbaImage {
        enhance(picture.clone(), wishes, true, &Limits::default())
    }

    #[test]
    fn a_small_picture_is_doubled_and_crisper_than_merely_enlarged() {
        let picture = samples::blurred(90, 70);
        let result = enhanced(&picture, &Wishes::default());
        assert_eq!(result.dimensions(), (180, 140));
        assert!(samples::sharpness(&result) > 1.5 * samples::sharpness(&scale(&picture, 180, 140)));
    }

    #[test]
    fn large_pictures_grow_to_the_cap_or_not_at_all() {
        let limits = Limits::default();
        assert_eq!(enlargement(&RgbaImage::new(3000, 10), &limits), LONGEST_SIDE / 3000.0);
        assert_eq!(enlargement(&RgbaImage::new(4000, 10), &limits), 1.0);
        assert_eq!(enlargement(&RgbaImage::new(9000, 10), &limits), 1.0);
        let tight = Limits { max_pixels: 300, ..limits };
        assert_eq!(enlargement(&RgbaImage::new(10, 10), &tight), 1.0);
    }

    #[test]
    fn noise_does_not_grow() {
        let noisy = samples::noise(100, 100, 128, 24);
        let result = enhanced(&noisy, &Wishes::default());
        let before = samples::statistics(&noisy, [0, 0, 100, 100]).1;
        let after = samples::statistics(&result, [0, 0, 200, 200]).1;
        assert!(after < before / 2.0, "{before} became {after}");
    }

    #[test]
    fn the_smallest_pictures_do_not_disturb() {
        for (width, height) in [(1, 1), (1, 9), (2, 3), (17, 1)] {
            let result = enhanced(&samples::gradient(width, height), &Wishes::default());
            assert_eq!(result.dimensions(), (width * 2, height * 2));
        }
    }

    #[test]
    fn notes_turn_sharpness_both_ways() {
        let picture = samples::blurred(60, 60);
        let with = |sharpness, natural| {
            samples::sharpness(&enhanced(&picture, &Wishes { sharpness, natural, ..Wishes::default() }))
        };
        assert!(with(1.0, 0.0) > 1.1 * with(0.0, 0.0));
        assert!(with(-1.0, 0.0) < 0.9 * with(0.0, 0.0));
        assert!(with(0.0, 1.0) < 0.9 * with(0.0, 0.0));
    }
}

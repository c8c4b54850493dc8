//! `fix_old_photo`: scratches filled, the cast of aged paper taken back, faded tones restored.

use image::RgbaImage;

use super::colour::{join, luma8, split};
use super::denoise::denoise;
use super::enhance::Strength;
use super::levels::{automatic, percentile};
use super::notes::Wishes;
use super::planes::noise_level;
use super::scratches::mend;
use super::sharpen::{Sharpening, sharpen};

/// No channel is stretched more than this; a dye that is gone cannot be had back.
const MOST_GAIN: f32 = 1.7;

/// Does all of it.
pub(super) fn fix(mut picture: RgbaImage, wishes: &Wishes) -> RgbaImage {
    let strength = Strength::of(wishes);
    let noise = noise_level(&picture);
    mend(&mut picture, noise);
    if noise * strength.denoise > 1.2 {
        // Gently: an old picture's grain is part of it.
        picture = denoise(&picture, noise, 0.75 * strength.denoise);
    }
    neutralise(&mut picture);
    let curve = automatic(&picture, strength.levels);
    let sharpening = Sharpening { amount: 0.6 * strength.sharpen, sigma: 1.1, floor: 1.0 + 0.8 * noise };
    sharpen(&mut picture, sharpening, &curve);
    picture
}

/// What is known of the picture's colours.
struct Cast {
    low: [f32; 3],
    high: [f32; 3],
    mean: [f32; 3],
    /// From 0, the scene's own colours, to 1, aged paper's colour over everything.
    strength: f32,
    /// From 0 to 1: how surely this is a black-and-white print that has taken on a colour.
    toned: f32,
}

/// Sums over the pixels of about one brightness: how many, and how far red and blue stand from green.
#[derive(Clone, Copy, Default)]
struct Shade {
    count: f64,
    offset: [f64; 2],
    squares: f64,
}

fn measure(picture: &RgbaImage) -> Option<Cast> {
    let mut counts = [[0_u32; 256]; 3];
    let mut shades = [Shade::default(); 32];
    let stride = (picture.as_raw().len() / 4 / 400_000) | 1;
    for pixel in picture.as_raw().chunks_exact(4).step_by(stride).filter(|pixel| pixel[3] > 127) {
        for (counts, value) in counts.iter_mut().zip(pixel) {
            counts[usize::from(*value)] += 1;
        }
        let shade = &mut shades[usize::from(luma8(pixel) / 8)];
        shade.count += 1.0;
        for (sum, value) in shade.offset.iter_mut().zip([pixel[0], pixel[2]]) {
            let offset = f64::from(value) - f64::from(pixel[1]);
            *sum += offset;
            shade.squares += offset * offset;
        }
    }
    let total: f64 = shades.iter().map(|shade| shade.count).sum();
    if total == 0.0 {
        return None;
    }
    // In a print that was black and white, colour follows from brightness and varies only by grain.
    let unexplained = |shade: &Shade| {
        let explained: f64 = shade.offset.iter().map(|sum| sum * sum).sum::<f64>() / shade.count.max(1.0);
        (shade.squares - explained).max(0.0)
    };
    let spread = (shades.iter().map(unexplained).sum::<f64>() / total).sqrt();
    let sum = |channel: usize| shades.iter().map(|shade| shade.offset[channel]).sum::<f64>();
    let shift = sum(0).hypot(sum(1)) / total;
    let uniform = (shift / (shift + spread + 1.0)) as f32;
    let mean = |counts: &[u32; 256]| {
        counts.iter().enumerate().map(|(v, n)| v as f64 * f64::from(*n)).sum::<f64>() / total
    };
    let (low, high) =
        (counts.each_ref().map(|c| percentile(c, 0.01)), counts.each_ref().map(|c| percentile(c, 0.99)));
    // A warm scene has white in it somewhere; aged paper has none left.
    let most = high.iter().copied().fold(1.0, f32::max);
    let tint = 1.0 - high.iter().copied().fold(most, f32::min) / most;
    Some(Cast {
        low,
        high,
        mean: counts.each_ref().map(|counts| mean(counts) as f32),
        strength: (((tint - 0.12) / 0.18).clamp(0.0, 0.95)) * ((uniform - 0.4) / 0.2).clamp(0.0, 1.0),
        toned: ((6.0 - spread as f32) / 3.0).clamp(0.0, 1.0),
    })
}

/// Brings the channels' ends together, then their means: aged paper is yellow in its whites, faded dye
/// in the middle.
fn neutralise(picture: &mut RgbaImage) {
    let Some(Cast { low, high, mean, strength, toned }) = measure(picture) else { return };
    let least = low.iter().copied().fold(255.0, f32::min);
    let most = high.iter().copied().fold(0.0, f32::max);
    let stretched = |channel: usize, v: f32| {
        let to_low = low[channel] + (least - low[channel]) * strength;
        let to_high = high[channel] + (most - high[channel]) * strength;
        let range = (high[channel] - low[channel]).max(1.0);
        let gain = ((to_high - to_low) / range).clamp(1.0 / MOST_GAIN, MOST_GAIN);
        (to_low + (v - low[channel]) * gain).clamp(0.0, 255.0)
    };
    let means = [0, 1, 2].map(|channel| stretched(channel, mean[channel]).clamp(8.0, 247.0) / 255.0);
    let grey = 0.299 * means[0] + 0.587 * means[1] + 0.114 * means[2];
    // A coloured scene need not be grey on the whole; a toned print does.
    let pull = (0.45 + 0.45 * toned) * strength;
    let tables = [0, 1, 2].map(|channel: usize| {
        let gamma = (grey.ln() / means[channel].ln()).clamp(0.55, 1.8).powf(pull);
        (0_u8..=255)
            .map(|v| (255.0 * (stretched(channel, f32::from(v)) / 255.0).powf(gamma) + 0.5) as u8)
            .collect::<Vec<u8>>()
    });
    // Where one colour lay over everything the print was black and white: what the curves leave of it
    // is unevenness, not colour.
    let kept = 1.0 - 0.75 * toned * strength;
    for pixel in picture.as_mut().chunks_exact_mut(4) {
        for (value, table) in pixel.iter_mut().zip(&tables) {
            *value = table[usize::from(*value)];
        }
        let (y, blue, red) = split(pixel);
        pixel[..3].copy_from_slice(&join(y, blue * kept, red * kept));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::samples;
    use image::Rgba;

    fn yellowed(picture: &RgbaImage) -> RgbaImage {
        let mut old = picture.clone();
        for pixel in old.pixels_mut() {
            let [r, g, b, a] = pixel.0;
            let fade = |v: u8, low: f32, high: f32| (low + f32::from(v) / 255.0 * (high - low)) as u8;
            *pixel = Rgba([fade(r, 60.0, 240.0), fade(g, 45.0, 215.0), fade(b, 30.0, 150.0), a]);
        }
        old
    }

    fn cast(picture: &RgbaImage) -> f32 {
        let [red, _, blue] = samples::mean_colour(picture);
        red - blue
    }

    #[test]
    fn a_yellow_cast_goes_and_contrast_returns() {
        let old = yellowed(&samples::gradient(120, 90));
        let fixed = fix(old.clone(), &Wishes::default());
        assert!(
            cast(&old) > 40.0 && cast(&fixed).abs() < 0.25 * cast(&old),
            "{} became {}",
            cast(&old),
            cast(&fixed)
        );
        let spread = |picture: &RgbaImage| samples::statistics(picture, [0, 0, 120, 90]).1;
        assert!(spread(&fixed) > 1.3 * spread(&old));
    }

    #[test]
    fn a_drawn_scratch_vanishes() {
        let mut old = yellowed(&samples::gradient(160, 120));
        for y in 10..110 {
            old.put_pixel(70, y, Rgba([250, 245, 230, 255]));
        }
        let fixed = fix(old, &Wishes::default());
        for y in 20..100 {
            let [beside, on] = [60, 70].map(|x| i32::from(fixed.get_pixel(x, y).0[1]));
            assert!((on - beside).abs() < 20, "row {y}: {beside} and {on}");
        }
    }

    #[test]
    fn a_picture_of_many_colours_keeps_them() {
        let colours = RgbaImage::from_fn(120, 90, |x, y| {
            let shade = 40 + (y * 2) as u8;
            match x / 30 {
                0 => Rgba([shade, 60, 50, 255]),
                1 => Rgba([50, shade, 70, 255]),
                2 => Rgba([50, 60, shade, 255]),
                _ => Rgba([shade, shade, shade, 255]),
            }
        });
        let mut balanced = colours.clone();
        neutralise(&mut balanced);
        assert!((cast(&balanced) - cast(&colours)).abs() < 4.0);
    }

    #[test]
    fn nothing_opaque_is_no_reason_to_fail() {
        let clear = RgbaImage::new(20, 20);
        assert_eq!(fix(clear, &Wishes::default()).dimensions(), (20, 20));
    }
}

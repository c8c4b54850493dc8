//! Tone curves, and the one that opens up a dull picture.

use image::RgbaImage;

use super::colour::luma8;

/// A curve over brightness, with what it does to colours along the way.
#[derive(Debug, Clone)]
pub(super) struct Curve {
    tone: Vec<f32>,
    chroma: Vec<f32>,
}

/// No tone is stretched more than this: what is not in the picture would come out as noise.
const MOST_GAIN: f32 = 1.4;
/// Neither end moves further than this.
const FURTHEST: f32 = 36.0;
/// Where the ends go at full strength; short of the ends of the scale, so that nothing is cut off.
const BLACK: f32 = 8.0;
const WHITE: f32 = 247.0;

impl Curve {
    /// Leaves everything as it is.
    pub(super) fn identity() -> Self {
        Self { tone: (0_u8..=255).map(f32::from).collect(), chroma: vec![1.0; 256] }
    }

    /// A curve through a function; colours keep their strength against the brightness in part, as much
    /// as looks natural.
    pub(super) fn from_fn(tone: impl Fn(f32) -> f32) -> Self {
        let tone: Vec<f32> = (0_u8..=255).map(|v| tone(f32::from(v)).clamp(0.0, 255.0)).collect();
        let chroma = tone.iter().enumerate().map(|(from, to)| ((to + 16.0) / (from as f32 + 16.0)).powf(0.6));
        Self { chroma: chroma.collect(), tone }
    }

    /// The brightness that becomes of one, and the factor for its colour.
    pub(super) fn at(&self, luma: f32) -> (f32, f32) {
        let luma = luma.clamp(0.0, 255.0);
        let low = (luma as usize).min(254);
        let part = luma - low as f32;
        let between = |table: &[f32]| table[low] + (table[low + 1] - table[low]) * part;
        (between(&self.tone), between(&self.chroma))
    }
}

/// How often each brightness occurs among the opaque pixels; some hundred thousand are asked.
pub(super) fn histogram(picture: &RgbaImage) -> [u32; 256] {
    let mut counts = [0; 256];
    // An odd stride does not fall in step with the rows.
    let stride = (picture.as_raw().len() / 4 / 400_000) | 1;
    for pixel in picture.as_raw().chunks_exact(4).step_by(stride) {
        if pixel[3] > 127 {
            counts[usize::from(luma8(pixel))] += 1;
        }
    }
    counts
}

/// The brightness below which this share of the pixels lies.
pub(super) fn percentile(histogram: &[u32; 256], share: f64) -> f32 {
    let total: u64 = histogram.iter().map(|count| u64::from(*count)).sum();
    let target = total as f64 * share;
    let mut sum = 0.0;
    for (value, count) in histogram.iter().enumerate() {
        sum += f64::from(*count);
        if sum > target {
            return value as f32;
        }
    }
    255.0
}

/// The curve that stretches a picture's tones over the scale, by its clipped percentiles, and lifts the
/// middle of a dark one. The tones beyond the percentiles are pressed together, never cut off.
pub(super) fn automatic(picture: &RgbaImage, strength: f32) -> Curve {
    let histogram = histogram(picture);
    let (black, white) = (percentile(&histogram, 0.005), percentile(&histogram, 0.995));
    // A picture of one tone has no contrast to stretch.
    if white - black < 24.0 {
        return Curve::identity();
    }
    let mut to_black = black - ((black - BLACK).max(0.0) * strength).min(FURTHEST);
    let mut to_white = white + ((WHITE - white).max(0.0) * strength).min(FURTHEST);
    let excess = (to_white - to_black) - MOST_GAIN * (white - black);
    if excess > 0.0 {
        to_black += excess / 2.0;
        to_white -= excess / 2.0;
    }
    let stretch = move |v: f32| {
        if v < black {
            v / black.max(1.0) * to_black
        } else if v < white {
            to_black + (v - black) / (white - black) * (to_white - to_black)
        } else {
            to_white + (v - white) / (255.0 - white).max(1.0) * (255.0 - to_white)
        }
    };
    let middle = stretch(percentile(&histogram, 0.5)) / 255.0;
    // Night is meant to be dark: the middle moves a part of the way to where a day's picture has it.
    let gamma = if middle > 0.01 && middle < 0.38 {
        (0.42_f32.ln() / middle.ln()).powf(0.45 * strength).clamp(0.72, 1.0)
    } else {
        1.0
    };
    Curve::from_fn(move |v| 255.0 * (stretch(v).clamp(0.0, 255.0) / 255.0).powf(gamma))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::samples;

    #[test]
    fn a_dull_picture_gets_more_range_and_nothing_is_cut_off() {
        let dull = samples::gradient(100, 100);
        let curve = automatic(&dull, 1.0);
        assert!(
            curve.at(60.0).0 < 50.0 && curve.at(178.0).0 > 185.0,
            "{:?}",
            (curve.at(60.0), curve.at(178.0))
        );
        for value in 0_u8..255 {
            let (low, high) = (curve.at(f32::from(value)).0, curve.at(f32::from(value) + 1.0).0);
            assert!(high > low, "flat at {value}");
        }
        assert!(curve.at(255.0).0 <= 255.0);
    }

    #[test]
    fn a_picture_of_one_tone_is_left_alone() {
        let flat = samples::noise(50, 50, 90, 6);
        let curve = automatic(&flat, 1.0);
        assert_eq!(curve.at(90.0), (90.0, 1.0));
    }

    #[test]
    fn a_dark_picture_is_lifted() {
        let mut dark = samples::gradient(80, 80);
        dark.pixels_mut().for_each(|p| p.0[..3].iter_mut().for_each(|v| *v = (*v - 55) / 2));
        let curve = automatic(&dark, 0.8);
        assert!(curve.at(30.0).0 > 34.0, "{:?}", curve.at(30.0));
    }

    #[test]
    fn hidden_pixels_do_not_count() {
        let mut picture = samples::gradient(60, 60);
        picture.enumerate_pixels_mut().filter(|(x, ..)| *x < 30).for_each(|(.., p)| p.0 = [255, 255, 255, 0]);
        let histogram = histogram(&picture);
        assert_eq!(histogram.iter().sum::<u32>(), 1800);
        assert!(percentile(&histogram, 0.99) < 185.0);
    }
}

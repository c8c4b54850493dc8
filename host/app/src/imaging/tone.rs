//! The last touch, from the notes: brightness, contrast, colour; on whatever the steps have made.

use image::RgbaImage;

use super::colour::{join, luma, split};
use super::levels::{Curve, histogram, percentile};
use super::notes::Wishes;
use super::planes::noise_level;
use super::sharpen::{Sharpening, sharpen};

/// Applies what the notes ask for. `sharpened` says that a step has dealt with sharpness already.
pub(super) fn finish(mut picture: RgbaImage, wishes: &Wishes, sharpened: bool) -> RgbaImage {
    let extra = wishes.sharpness - 0.4 * wishes.natural;
    if !sharpened && extra != 0.0 {
        let floor = 0.8 + 0.6 * noise_level(&picture);
        let amount = if extra > 0.0 { 0.7 * extra } else { (0.45 * extra).max(-0.9) };
        sharpen(&mut picture, Sharpening { amount, sigma: 1.2, floor }, &Curve::identity());
    }
    let neutral = wishes.brightness == 0.0
        && wishes.contrast == 0.0
        && wishes.saturation == 0.0
        && wishes.warmth == 0.0
        && wishes.natural == 0.0
        && !wishes.mono;
    if !neutral {
        grade(&mut picture, wishes);
    }
    picture
}

fn grade(picture: &mut RgbaImage, wishes: &Wishes) {
    let curve = curve(picture, wishes);
    // Less processed also means calmer colours.
    let saturation = if wishes.mono { 0.0 } else { 1.24_f32.powf(wishes.saturation - 0.25 * wishes.natural) };
    let (more_red, less_blue) = (1.0 + 0.055 * wishes.warmth, 1.0 - 0.085 * wishes.warmth);
    for pixel in picture.as_mut().chunks_exact_mut(4) {
        let (y, mut blue, mut red) = split(pixel);
        if wishes.warmth != 0.0 {
            let warmed = [(y + red) * more_red, f32::from(pixel[1]), (y + blue) * less_blue];
            // Warmer is not brighter: the brightness stays the old one.
            let shifted = luma(warmed);
            (red, blue) = (warmed[0] - shifted, warmed[2] - shifted);
        }
        let (toned, chroma) = curve.at(y);
        let chroma = chroma * saturation;
        pixel[..3].copy_from_slice(&join(toned, blue * chroma, red * chroma));
    }
}

/// Brightness bends the middle and holds both ends, so that a brighter sky keeps its clouds; contrast
/// turns the curve about the picture's own middle.
fn curve(picture: &RgbaImage, wishes: &Wishes) -> Curve {
    let contrast = wishes.contrast - 0.3 * wishes.natural;
    let gamma = 0.74_f32.powf(wishes.brightness);
    let middle = (percentile(&histogram(picture), 0.5) / 255.0).clamp(0.25, 0.7).powf(gamma);
    Curve::from_fn(move |v| {
        let lifted = (v / 255.0).powf(gamma);
        255.0 * bent(lifted, middle, 1.22_f32.powf(contrast))
    })
}

/// An S through both ends and `middle`, where it is `slope` steep.
fn bent(v: f32, middle: f32, slope: f32) -> f32 {
    if v < middle {
        middle * (v / middle).powf(slope)
    } else {
        1.0 - (1.0 - middle) * ((1.0 - v) / (1.0 - middle)).powf(slope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::samples;
    use image::Rgba;

    fn with(turn: impl Fn(&mut Wishes)) -> RgbaImage {
        let mut wishes = Wishes::default();
        turn(&mut wishes);
        finish(samples::blurred(60, 50), &wishes, true)
    }

    #[test]
    fn untouched_knobs_change_nothing() {
        assert_eq!(with(|_| {}), samples::blurred(60, 50));
    }

    #[test]
    fn brightness_goes_both_ways_and_cuts_nothing_off() {
        let plain = samples::brightness(&samples::blurred(60, 50));
        assert!(samples::brightness(&with(|w| w.brightness = 0.6)) > plain + 5.0);
        assert!(samples::brightness(&with(|w| w.brightness = -0.6)) < plain - 5.0);
        let brightest = with(|w| w.brightness = 3.0);
        assert!(brightest.pixels().all(|p| p.0[..3] != [255, 255, 255]));
    }

    #[test]
    fn contrast_widens_the_range() {
        let spread = |picture: &RgbaImage| samples::statistics(picture, [0, 0, 60, 50]).1;
        let plain = spread(&samples::blurred(60, 50));
        assert!(spread(&with(|w| w.contrast = 1.0)) > 1.2 * plain);
        assert!(spread(&with(|w| w.contrast = -1.0)) < 0.8 * plain);
    }

    #[test]
    fn warmth_moves_red_against_blue_and_leaves_brightness() {
        let plain = samples::mean_colour(&samples::blurred(60, 50));
        let warm = with(|w| w.warmth = 1.0);
        let [red, _, blue] = samples::mean_colour(&warm);
        assert!(red > plain[0] + 2.0 && blue < plain[2] - 2.0);
        let cold = samples::mean_colour(&with(|w| w.warmth = -1.0));
        assert!(cold[0] < plain[0] - 2.0 && cold[2] > plain[2] + 2.0);
        assert!((samples::brightness(&warm) - samples::brightness(&samples::blurred(60, 50))).abs() < 1.5);
    }

    #[test]
    fn saturation_and_monochrome() {
        let colourful = |p: &Rgba<u8>| f32::from(p.0[0].abs_diff(p.0[2]));
        let sum = |picture: &RgbaImage| picture.pixels().map(colourful).sum::<f32>();
        let plain = sum(&samples::blurred(60, 50));
        assert!(sum(&with(|w| w.saturation = 1.0)) > 1.15 * plain);
        assert!(sum(&with(|w| w.saturation = -1.0)) < 0.9 * plain);
        assert!(with(|w| w.mono = true).pixels().all(|p| p.0[0].abs_diff(p.0[2]) <= 1));
    }

    #[test]
    fn sharpness_is_turned_where_no_step_did() {
        let soft = samples::blurred(60, 50);
        let wishes = Wishes { sharpness: 1.0, ..Wishes::default() };
        assert!(samples::sharpness(&finish(soft.clone(), &wishes, false)) > 1.2 * samples::sharpness(&soft));
        let wishes = Wishes { sharpness: -1.0, ..Wishes::default() };
        assert!(samples::sharpness(&finish(soft.clone(), &wishes, false)) < 0.9 * samples::sharpness(&soft));
    }
}

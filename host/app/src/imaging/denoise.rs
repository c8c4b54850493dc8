//! Takes noise out and leaves edges: each pixel moves towards its surroundings as far as these vary no
//! more than noise explains.

use image::RgbaImage;

use super::colour::{join, split};
use super::planes::{Plane, bands, box_kernel};

const LUMA_REACH: usize = 2;
const CHROMA_REACH: usize = 3;
/// Some grain stays: skin without any looks like plastic.
const GRAIN_KEPT: f32 = 0.22;

/// Removes noise of the deviation `noise`, times `strength`.
pub(super) fn denoise(picture: &RgbaImage, noise: f32, strength: f32) -> RgbaImage {
    let width = picture.width() as usize;
    let mut result = picture.clone();
    // Two rounds of averaging, each of which looks its reach further.
    for band in bands(picture.height() as usize, 2 * CHROMA_REACH) {
        let rows = &picture.as_raw()[band.from * width * 4..band.to * width * 4];
        let mut planes = [(); 3].map(|()| Vec::with_capacity(rows.len() / 4));
        for pixel in rows.chunks_exact(4) {
            let (y, blue, red) = split(pixel);
            planes[0].push(y);
            planes[1].push(blue);
            planes[2].push(red);
        }
        let [y, blue, red] = planes.map(|data| Plane { width, height: band.to - band.from, data });
        let smooth_y = smoothed(&y, LUMA_REACH, 1.5 * noise * strength);
        // Coloured blotches disturb more than grain, and the eye sees little detail in colour.
        let smooth_blue = smoothed(&blue, CHROMA_REACH, 2.2 * noise * strength);
        let smooth_red = smoothed(&red, CHROMA_REACH, 2.2 * noise * strength);

        let skipped = (band.top - band.from) * width;
        let out = &mut result.as_mut()[band.top * width * 4..band.bottom * width * 4];
        for (index, pixel) in out.chunks_exact_mut(4).enumerate() {
            let at = skipped + index;
            let luma = smooth_y.data[at] + GRAIN_KEPT * (y.data[at] - smooth_y.data[at]);
            pixel[..3].copy_from_slice(&join(luma, smooth_blue.data[at], smooth_red.data[at]));
        }
    }
    result
}

/// A local Wiener filter whose coefficients are averaged over neighbouring windows (a self-guided filter
/// with its threshold set by the noise), so that it costs the same for every reach and leaves no blocks.
fn smoothed(plane: &Plane, reach: usize, noise: f32) -> Plane {
    let kernel = box_kernel(reach);
    let threshold = noise * noise;
    let Plane { width, height, .. } = *plane;
    let mean = plane.filtered(&kernel);
    let squares = plane.data.iter().map(|v| v * v).collect();
    let mean_square = Plane { width, height, data: squares }.filtered(&kernel);
    let (mut gain, mut offset) = (mean_square, mean);
    for (gain, offset) in gain.data.iter_mut().zip(offset.data.iter_mut()) {
        let variance = (*gain - *offset * *offset).max(0.0);
        *gain = (variance - threshold).max(0.0) / (variance + 1e-3);
        *offset *= 1.0 - *gain;
    }
    let (gain, mut offset) = (gain.filtered(&kernel), offset.filtered(&kernel));
    for ((out, gain), value) in offset.data.iter_mut().zip(&gain.data).zip(&plane.data) {
        *out += gain * value;
    }
    offset
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::{planes::noise_level, samples};
    use image::Rgba;

    #[test]
    fn a_flat_area_loses_most_of_its_noise_and_keeps_its_brightness() {
        let noisy = samples::noise(120, 120, 128, 30);
        let clean = denoise(&noisy, noise_level(&noisy), 1.0);
        let (before, after) =
            (samples::statistics(&noisy, [0, 0, 120, 120]), samples::statistics(&clean, [0, 0, 120, 120]));
        assert!(after.1 < before.1 / 4.0, "variance {} became {}", before.1, after.1);
        assert!((after.0 - before.0).abs() < 1.0);
    }

    #[test]
    fn an_edge_stays_where_it_is() {
        let mut noisy = samples::noise(80, 40, 60, 16);
        for (x, _, pixel) in noisy.enumerate_pixels_mut() {
            if x >= 40 {
                *pixel = Rgba(pixel.0.map(|v| v.saturating_add(120)));
            }
        }
        let clean = denoise(&noisy, noise_level(&noisy), 1.0);
        let (left, right) =
            (samples::statistics(&clean, [38, 5, 2, 30]).0, samples::statistics(&clean, [40, 5, 2, 30]).0);
        assert!(right - left > 100.0, "{left} and {right}");
    }

    #[test]
    fn a_clean_picture_is_left_alone() {
        let clean = samples::gradient(64, 64);
        let result = denoise(&clean, noise_level(&clean), 1.0);
        let most = clean.as_raw().iter().zip(result.as_raw()).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(most <= Some(1), "{most:?}");
    }

    #[test]
    fn bands_leave_no_seams() {
        // The same content must give the same result wherever a band ends.
        let noisy = samples::noise(40, 300, 128, 30);
        let lower = image::imageops::crop_imm(&noisy, 0, 60, 40, 240).to_image();
        let (whole, part) = (denoise(&noisy, 8.0, 1.0), denoise(&lower, 8.0, 1.0));
        for y in 20..220 {
            assert_eq!(whole.get_pixel(20, y + 60), part.get_pixel(20, y), "row {y}");
        }
    }
}

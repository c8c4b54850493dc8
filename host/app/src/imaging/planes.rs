//! Single-channel planes and the separable filters on them; how noisy a picture is.

use image::RgbaImage;

use super::colour::luma;

/// One channel of a part of a picture, as numbers of 0 to 255 that may stray outside between two steps.
#[derive(Debug, Clone)]
pub(super) struct Plane {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) data: Vec<f32>,
}

/// Rows `top..bottom` are to be written; `from..to` are the rows needed around them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Band {
    pub(super) top: usize,
    pub(super) bottom: usize,
    pub(super) from: usize,
    pub(super) to: usize,
}

/// Cuts a height into bands, so that a filter's float planes stay small however large the picture is.
pub(super) fn bands(height: usize, margin: usize) -> impl Iterator<Item = Band> {
    const ROWS: usize = 128;
    (0..height).step_by(ROWS).map(move |top| {
        let bottom = (top + ROWS).min(height);
        Band { top, bottom, from: top.saturating_sub(margin), to: (bottom + margin).min(height) }
    })
}

impl Plane {
    /// A plane over the rows `from..to` of a picture, each value made of one pixel's red, green and blue.
    pub(super) fn of(picture: &RgbaImage, from: usize, to: usize, value: impl Fn([f32; 3]) -> f32) -> Self {
        let width = picture.width() as usize;
        let bytes = &picture.as_raw()[from * width * 4..to * width * 4];
        let data = bytes.chunks_exact(4).map(|p| value([f32::from(p[0]), f32::from(p[1]), f32::from(p[2])]));
        Self { width, height: to - from, data: data.collect() }
    }

    /// Both passes of a symmetric kernel of odd length; the edge's values are repeated outwards.
    pub(super) fn filtered(&self, kernel: &[f32]) -> Self {
        let (width, reach) = (self.width, kernel.len() / 2);
        let mut across = vec![0.0_f32; self.data.len()];
        let mut padded = vec![0.0_f32; width + 2 * reach];
        for (row, out) in self.data.chunks_exact(width).zip(across.chunks_exact_mut(width)) {
            padded[..reach].fill(row[0]);
            padded[reach..reach + width].copy_from_slice(row);
            padded[reach + width..].fill(row[width - 1]);
            for (shift, weight) in kernel.iter().enumerate() {
                for (sum, value) in out.iter_mut().zip(&padded[shift..]) {
                    *sum += weight * value;
                }
            }
        }
        let mut data = vec![0.0_f32; self.data.len()];
        for (y, out) in data.chunks_exact_mut(width).enumerate() {
            for (shift, weight) in kernel.iter().enumerate() {
                let source = (y + shift).saturating_sub(reach).min(self.height - 1);
                for (sum, value) in out.iter_mut().zip(&across[source * width..(source + 1) * width]) {
                    *sum += weight * value;
                }
            }
        }
        Self { width, height: self.height, data }
    }

    /// The least and the greatest value within `reach` pixels of each.
    pub(super) fn extremes(&self, reach: usize) -> (Self, Self) {
        (self.extreme(reach, f32::min), self.extreme(reach, f32::max))
    }

    fn extreme(&self, reach: usize, pick: fn(f32, f32) -> f32) -> Self {
        let width = self.width;
        let mut across = self.data.clone();
        for (row, out) in self.data.chunks_exact(width).zip(across.chunks_exact_mut(width)) {
            for shift in 1..=reach.min(width - 1) {
                for x in shift..width {
                    out[x] = pick(out[x], row[x - shift]);
                    out[x - shift] = pick(out[x - shift], row[x]);
                }
            }
        }
        let mut data = across.clone();
        for (y, out) in data.chunks_exact_mut(width).enumerate() {
            for source in y.saturating_sub(reach)..(y + reach + 1).min(self.height) {
                for (value, other) in out.iter_mut().zip(&across[source * width..(source + 1) * width]) {
                    *value = pick(*value, *other);
                }
            }
        }
        Self { width, height: self.height, data }
    }
}

/// A kernel that averages `2 * reach + 1` values.
pub(super) fn box_kernel(reach: usize) -> Vec<f32> {
    let taps = 2 * reach + 1;
    vec![1.0 / taps as f32; taps]
}

/// A Gaussian kernel cut off where it no longer matters.
pub(super) fn gaussian_kernel(sigma: f32) -> Vec<f32> {
    let reach = (2.5 * sigma).ceil() as i32;
    let raw: Vec<f32> = (-reach..=reach).map(|x| (-((x * x) as f32) / (2.0 * sigma * sigma)).exp()).collect();
    let sum: f32 = raw.iter().sum();
    raw.into_iter().map(|weight| weight / sum).collect()
}

/// The standard deviation of the fine noise in a picture's luma, measured where there is least to see.
///
/// Each 8×8 block is asked for its response to a mask that is blind to slopes and edges; of all blocks a
/// low percentile counts, since structure only ever adds.
pub(super) fn noise_level(picture: &RgbaImage) -> f32 {
    const SIDE: usize = 8;
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    // Some thousand blocks are plenty, whatever the size.
    let stride = (((width * height) as f32 / 4096.0).sqrt() as usize).max(SIDE);
    let mut levels = Vec::new();
    for y in (0..height.saturating_sub(SIDE + 1)).step_by(stride) {
        let block = Plane::of(picture, y, y + SIDE + 2, luma);
        for x in (0..width.saturating_sub(SIDE + 1)).step_by(stride) {
            let at = |dx: usize, dy: usize| block.data[dy * width + x + dx];
            let (mut sum, mut mean) = (0.0, 0.0);
            for dy in 1..=SIDE {
                for dx in 1..=SIDE {
                    let corners =
                        at(dx - 1, dy - 1) + at(dx + 1, dy - 1) + at(dx - 1, dy + 1) + at(dx + 1, dy + 1);
                    let sides = at(dx, dy - 1) + at(dx, dy + 1) + at(dx - 1, dy) + at(dx + 1, dy);
                    sum += (corners - 2.0 * sides + 4.0 * at(dx, dy)).abs();
                    mean += at(dx, dy);
                }
            }
            let area = (SIDE * SIDE) as f32;
            // Clipped areas show no noise though the rest may.
            if (10.0..245.0).contains(&(mean / area)) {
                levels.push((std::f32::consts::FRAC_PI_2).sqrt() / 6.0 * sum / area);
            }
        }
    }
    if levels.is_empty() {
        return 0.0;
    }
    let fifth = levels.len() / 5;
    *levels.select_nth_unstable_by(fifth, f32::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::samples;

    #[test]
    fn noise_is_measured_within_a_third() {
        let noisy = samples::noise(200, 200, 128, 30);
        // Uniform in ±15: a deviation of 15/√3.
        let level = noise_level(&noisy);
        assert!((5.8..11.5).contains(&level), "{level}");
        assert!(noise_level(&samples::gradient(200, 200)) < 1.0);
        assert_eq!(noise_level(&samples::gradient(3, 3)), 0.0);
    }

    #[test]
    fn filters_keep_a_flat_plane_flat_to_the_corners() {
        let plane = Plane { width: 7, height: 5, data: vec![100.0; 35] };
        for kernel in [box_kernel(3), gaussian_kernel(1.4)] {
            assert!(plane.filtered(&kernel).data.iter().all(|v| (v - 100.0).abs() < 0.01));
        }
        let (least, most) = plane.extremes(9);
        assert!(least.data == plane.data && most.data == plane.data);
    }

    #[test]
    fn extremes_reach_exactly_as_far_as_asked() {
        let mut data = vec![0.0; 81];
        data[4 * 9 + 4] = 1.0;
        let (_, most) = Plane { width: 9, height: 9, data }.extremes(2);
        assert_eq!(most.data.iter().filter(|v| **v > 0.0).count(), 25);
    }

    #[test]
    fn bands_cover_every_row_once() {
        let rows: Vec<usize> = bands(300, 10).flat_map(|band| band.top..band.bottom).collect();
        assert_eq!(rows, (0..300).collect::<Vec<_>>());
        assert!(bands(300, 10).all(|band| band.from <= band.top && band.to <= 300));
    }
}

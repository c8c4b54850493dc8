//! What a picture's plain background looks like, judged from its border; or that it is not plain.

use image::RgbaImage;

use super::Refused;
use super::colour::{Lab, ToLab, distance};

/// At least so much of the border must be background: a portrait touches the lower edge.
const LEAST_SHARE: f32 = 0.58;
/// The background's own grain may not be coarser, or no tolerance would tell it from a subject.
const MOST_SPREAD: f32 = 4.5;
/// Within this distance a border pixel may belong to a background that falls off in brightness.
const NEAR: f32 = 12.0;

/// A background colour that may change evenly across the picture, as light does on a wall: each of L*,
/// a*, b* is a plane over the picture's unit square.
#[derive(Debug, Clone, Copy)]
pub(super) struct Background {
    planes: [[f32; 3]; 3],
    /// How far from this a pixel still is background.
    pub(super) tolerance: f32,
}

impl Background {
    /// The colour expected at a place, each coordinate 0 to 1.
    pub(super) fn at(&self, x: f32, y: f32) -> Lab {
        self.planes.map(|[base, across, down]| base + across * x + down * y)
    }

    /// Estimates the background from the picture's border.
    ///
    /// # Errors
    /// Where too little of the border is of one colour, with the share that is.
    pub(super) fn estimate(picture: &RgbaImage) -> Result<Self, Refused> {
        let samples = border(picture);
        let mut planes = commonest(&samples).map(|value| [value, 0.0, 0.0]);
        let (mut share, mut spread) = (0.0, 0.0);
        for round in 0..5 {
            let model = Self { planes, tolerance: 0.0 };
            // The first look takes in a gradient's near parts; the fit then follows it outwards.
            let near = if round == 0 { NEAR + 4.0 } else { NEAR };
            let inside: Vec<&Sample> =
                samples.iter().filter(|s| distance(model.at(s.x, s.y), s.colour) < near).collect();
            let squares: f32 = inside.iter().map(|s| distance(model.at(s.x, s.y), s.colour).powi(2)).sum();
            share = inside.len() as f32 / samples.len().max(1) as f32;
            spread = (squares / inside.len().max(1) as f32).sqrt();
            if round < 4 {
                planes = [0, 1, 2].map(|channel| fit(&inside, channel).unwrap_or(planes[channel]));
            }
        }
        if share < LEAST_SHARE || spread > MOST_SPREAD {
            return Err(Refused(format!(
                "背景不是纯色(照片边缘只有 {:.0}% 是同一种颜色),本地抠图做不干净;请换纯色背景的照片,\
                 或转人工、接入外部 AI。",
                // Even a border that is all of one colour may be too grainy for this.
                if share < LEAST_SHARE { share * 100.0 } else { share * 50.0 }
            )));
        }
        Ok(Self { planes, tolerance: (3.2 * spread + 5.0).clamp(7.0, 16.0) })
    }
}

struct Sample {
    x: f32,
    y: f32,
    colour: Lab,
}

/// Some ten thousand pixels along the border, evenly.
fn border(picture: &RgbaImage) -> Vec<Sample> {
    let (width, height) = picture.dimensions();
    let thick = (width.min(height) / 60).clamp(1, 24);
    let lab = ToLab::new();
    let stride = (((width + height) * 2 * thick) / 20_000).max(1) as usize;
    let rows = (0..height).flat_map(move |y| {
        let inner = y >= thick && y + thick < height && width > 2 * thick;
        let right = if inner { width - thick } else { thick.min(width) };
        (0..thick.min(width)).chain(right..width).map(move |x| (x, y))
    });
    rows.step_by(stride)
        .map(|(x, y)| Sample {
            x: x as f32 / width as f32,
            y: y as f32 / height as f32,
            colour: lab.convert(&picture.get_pixel(x, y).0),
        })
        .collect()
}

/// The centre of the fullest cell of a coarse grid over the colours, refined once.
fn commonest(samples: &[Sample]) -> Lab {
    let mut cells = std::collections::HashMap::<[i32; 3], u32>::new();
    for sample in samples {
        *cells.entry(sample.colour.map(|v| (v / 8.0).round() as i32)).or_default() += 1;
    }
    // Of equals the greater key, so that the same picture always gives the same result.
    let fullest =
        cells.into_iter().max_by_key(|(cell, count)| (*count, *cell)).map_or([12, 0, 0], |(cell, _)| cell);
    let centre = fullest.map(|v| v as f32 * 8.0);
    let near: Vec<Lab> = samples.iter().map(|s| s.colour).filter(|c| distance(*c, centre) < NEAR).collect();
    if near.is_empty() {
        return centre;
    }
    [0, 1, 2].map(|channel| near.iter().map(|colour| colour[channel]).sum::<f32>() / near.len() as f32)
}

/// The least-squares plane through one channel; none where the places do not span a plane.
fn fit(samples: &[&Sample], channel: usize) -> Option<[f32; 3]> {
    let mut sums = [[0.0_f64; 4]; 3];
    for sample in samples {
        let row = [1.0, f64::from(sample.x), f64::from(sample.y)];
        for (line, factor) in sums.iter_mut().zip(row) {
            for (sum, value) in
                line.iter_mut().zip(row.into_iter().chain([f64::from(sample.colour[channel])]))
            {
                *sum += factor * value;
            }
        }
    }
    for pivot in 0..3 {
        let divisor = sums[pivot][pivot];
        if divisor.abs() < 1e-6 * (samples.len().max(1) as f64) {
            return None;
        }
        sums[pivot].iter_mut().for_each(|v| *v /= divisor);
        let line = sums[pivot];
        for (other, row) in sums.iter_mut().enumerate() {
            if other != pivot {
                let factor = row[pivot];
                row.iter_mut().zip(line).for_each(|(v, p)| *v -= factor * p);
            }
        }
    }
    Some([0, 1, 2].map(|row| sums[row][3] as f32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::samples;
    use image::Rgba;

    #[test]
    fn a_wall_that_falls_off_in_brightness_is_plain() {
        let wall = RgbaImage::from_fn(120, 90, |x, y| {
            let v = (235 - x / 3 - y / 3) as u8;
            Rgba([v, v, v.saturating_add(8), 255])
        });
        let background = Background::estimate(&wall).expect("plain");
        let lab = ToLab::new();
        for (x, y) in [(3, 3), (116, 86), (60, 45)] {
            let expected = background.at(x as f32 / 120.0, y as f32 / 90.0);
            assert!(distance(expected, lab.convert(&wall.get_pixel(x, y).0)) < background.tolerance);
        }
    }

    #[test]
    fn shoulders_on_the_lower_edge_do_not_matter() {
        let mut portrait = samples::disc_on([240, 240, 240], 120);
        for y in 80..120 {
            for x in 10..110 {
                portrait.put_pixel(x, y, Rgba([20, 30, 60, 255]));
            }
        }
        let background = Background::estimate(&portrait).expect("plain");
        assert!(background.at(0.5, 0.1)[0] > 90.0);
    }

    #[test]
    fn busy_borders_are_refused_with_a_figure() {
        for picture in [samples::noise(80, 80, 128, 250), samples::blurred(90, 70)] {
            let refusal = Background::estimate(&picture).expect_err("busy").0;
            assert!(refusal.contains("背景不是纯色") && refusal.contains('%'), "{refusal}");
        }
    }

    #[test]
    fn the_smallest_pictures_have_a_border() {
        for (width, height) in [(1, 1), (1, 5), (2, 2), (3, 1)] {
            assert!(Background::estimate(&samples::noise(width, height, 90, 2)).is_ok());
            let _ = Background::estimate(&samples::noise(width, height, 128, 250));
        }
    }
}

//! Scratches and dust: thin marks that stand out from what is on both their sides.

use image::RgbaImage;

use super::colour::luma8;
use super::levels::percentile;

/// More than this of a picture is not damaged but textured.
const MOST_DAMAGE: f32 = 0.08;
/// A scratch bares the paper or the base: it is about as bright, or as dark, as anything sound in the
/// picture. Whiskers, hair and wires are seldom.
const BARE_MARGIN: f32 = 6.0;

/// Finds thin defects and fills them from their surroundings; gives how many pixels were filled.
pub(super) fn mend(picture: &mut RgbaImage, noise: f32) -> usize {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    if width < 16 || height < 16 {
        return 0;
    }
    // A scan of more pixels shows a scratch wider.
    let reach = (width.max(height) / 450).clamp(3, 7);
    let luma: Vec<u8> = picture.as_raw().chunks_exact(4).map(luma8).collect();
    let middle = median(&luma, width, height, reach);
    let mut tones = [0_u32; 256];
    middle.iter().for_each(|tone| tones[usize::from(*tone)] += 1);
    let brightest = (percentile(&tones, 0.985) - BARE_MARGIN).clamp(0.0, 250.0) as i16;
    let darkest = (percentile(&tones, 0.015) + BARE_MARGIN).max(8.0) as i16;
    let threshold = (4.0 * noise).clamp(18.0, 60.0) as i16;

    let search = Search { width, height, reach, threshold };
    let mut marks = vec![false; luma.len()];
    for (sign, bare) in [(1, brightest), (-1, -darkest)] {
        let above: Vec<i16> =
            luma.iter().zip(&middle).map(|(v, m)| sign * (i16::from(*v) - i16::from(*m))).collect();
        let outstanding: Vec<bool> = luma
            .iter()
            .zip(&above)
            .map(|(v, above)| *above >= threshold && sign * i16::from(*v) >= bare)
            .collect();
        search.scratches(&outstanding, &above, &mut marks);
        search.dust(&outstanding, &above, &middle, &mut marks);
    }
    let marks = grown(&marks, width, height);
    let count = marks.iter().filter(|mark| **mark).count();
    if count == 0 || count as f32 > MOST_DAMAGE * marks.len() as f32 {
        return 0;
    }
    fill(picture, &marks, reach + 2);
    count
}

/// The median of each pixel's square neighbourhood, by a histogram that slides along the row.
pub(super) fn median(values: &[u8], width: usize, height: usize, reach: usize) -> Vec<u8> {
    let mut result = Vec::with_capacity(values.len());
    for y in 0..height {
        let (top, bottom) = (y.saturating_sub(reach), (y + reach + 1).min(height));
        let mut counts = [0_u32; 256];
        let (mut total, mut below, mut at) = (0_u32, 0_u32, 0_usize);
        let column = |x: usize| (top..bottom).map(move |row| usize::from(values[row * width + x]));
        for x in 0..reach.min(width) {
            column(x).for_each(|v| counts[v] += 1);
            total += (bottom - top) as u32;
            below += column(x).filter(|v| *v < at).count() as u32;
        }
        for x in 0..width {
            if x + reach < width {
                for v in column(x + reach) {
                    counts[v] += 1;
                    below += u32::from(v < at);
                }
                total += (bottom - top) as u32;
            }
            if x > reach {
                for v in column(x - reach - 1) {
                    counts[v] -= 1;
                    below -= u32::from(v < at);
                }
                total -= (bottom - top) as u32;
            }
            // From the last median it is never far to the next.
            while below > total / 2 {
                at -= 1;
                below -= counts[at];
            }
            while below + counts[at] <= total / 2 {
                below += counts[at];
                at += 1;
            }
            result.push(at as u8);
        }
    }
    result
}

struct Search {
    width: usize,
    height: usize,
    reach: usize,
    threshold: i16,
}

impl Search {
    /// Marks what lies on a long path: a path opening, which follows a bent line and, unlike a look at
    /// whole groups of pixels, is not put off by what crosses it.
    fn scratches(&self, outstanding: &[bool], above: &[i16], marks: &mut [bool]) {
        let least = (self.width.max(self.height) / 14).clamp(20, 400) as u32;
        let (width, height) = (self.width, self.height);
        for (lines, length, line_step, step) in [(height, width, width, 1), (width, height, 1, width)] {
            let at = |line: usize, place: usize| line * line_step + place * step;
            let mut paths = vec![0_u16; outstanding.len()];
            // Forwards each place learns how long a path leads to it, backwards how long one leads on.
            for forwards in [true, false] {
                let (mut last, mut row) = (vec![0_u16; length], vec![0_u16; length]);
                for index in 0..lines {
                    let line = if forwards { index } else { lines - 1 - index };
                    for place in 0..length {
                        let from = place.saturating_sub(1)..(place + 2).min(length);
                        let before = last[from].iter().max().copied().unwrap_or(0);
                        row[place] = if outstanding[at(line, place)] { before.saturating_add(1) } else { 0 };
                        let path = &mut paths[at(line, place)];
                        *path = path.saturating_add(row[place]);
                    }
                    std::mem::swap(&mut last, &mut row);
                }
            }
            for found in (0..paths.len()).filter(|at| u32::from(paths[*at]) > least) {
                for near in around(found, 1, width, height) {
                    // Beside the line's core its softer flanks.
                    marks[near] |= above[near] >= self.threshold / 2;
                }
            }
        }
    }

    /// Marks small groups that stand alone on something even. A catchlight in an eye does not.
    fn dust(&self, outstanding: &[bool], above: &[i16], middle: &[u8], marks: &mut [bool]) {
        let (width, height, reach) = (self.width, self.height, self.reach);
        let largest = reach * reach + 2;
        let mut seen = vec![false; outstanding.len()];
        for start in 0..outstanding.len() {
            if seen[start] || !outstanding[start] {
                continue;
            }
            let mut group = vec![start];
            seen[start] = true;
            let mut next = 0;
            while let Some(&at) = group.get(next) {
                next += 1;
                for near in around(at, 1, width, height) {
                    if !seen[near] && above[near] >= self.threshold / 2 {
                        seen[near] = true;
                        group.push(near);
                    }
                }
            }
            let strongest = group.iter().map(|at| above[*at]).max().unwrap_or(0);
            if group.len() > largest || strongest < 2 * self.threshold {
                continue;
            }
            let (mut least, mut most, mut disturbed) = (255, 0, 0);
            for near in around(start, 2 * reach, width, height) {
                least = least.min(middle[near]);
                most = most.max(middle[near]);
                disturbed += usize::from(above[near].abs() >= self.threshold);
            }
            if most - least < 28 && disturbed <= 2 * group.len() + 6 {
                group.into_iter().for_each(|at| marks[at] = true);
            }
        }
    }
}

/// The places within `reach` of one, inside the picture.
fn around(at: usize, reach: usize, width: usize, height: usize) -> impl Iterator<Item = usize> {
    let (x, y) = (at % width, at / width);
    let rows = y.saturating_sub(reach)..=(y + reach).min(height - 1);
    rows.flat_map(move |y| (x.saturating_sub(reach)..=(x + reach).min(width - 1)).map(move |x| y * width + x))
}

/// One pixel more all round, where the defect's edge is mixed with the picture.
fn grown(marks: &[bool], width: usize, height: usize) -> Vec<bool> {
    let mut result = marks.to_vec();
    for at in (0..marks.len()).filter(|at| marks[*at]) {
        around(at, 1, width, height).for_each(|near| result[near] = true);
    }
    result
}

/// Each marked pixel becomes the mean of the sound ones near it, the nearest counting most.
fn fill(picture: &mut RgbaImage, marks: &[bool], reach: usize) {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let source = picture.clone();
    for at in (0..marks.len()).filter(|at| marks[*at]) {
        let (mut sum, mut weight) = ([0.0_f32; 3], 0.0_f32);
        for near in around(at, reach, width, height).filter(|near| !marks[*near]) {
            let across = (near % width).abs_diff(at % width);
            let down = (near / width).abs_diff(at / width);
            let part = 1.0 / ((across * across + down * down) as f32).powf(1.5);
            weight += part;
            let pixel = &source.as_raw()[near * 4..near * 4 + 3];
            sum.iter_mut().zip(pixel).for_each(|(sum, v)| *sum += part * f32::from(*v));
        }
        if weight > 0.0 {
            let filled = sum.map(|sum| (sum / weight + 0.5) as u8);
            picture.as_mut()[at * 4..at * 4 + 3].copy_from_slice(&filled);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::samples;
    use image::Rgba;

    #[test]
    fn the_sliding_median_is_the_median() {
        let picture = samples::noise(23, 17, 128, 200);
        let values: Vec<u8> = picture.pixels().map(|p| p.0[0]).collect();
        for reach in [1, 3, 20] {
            let fast = median(&values, 23, 17, reach);
            for (at, found) in fast.iter().enumerate() {
                let mut near: Vec<u8> = around(at, reach, 23, 17).map(|near| values[near]).collect();
                near.sort_unstable();
                assert_eq!(*found, near[near.len() / 2], "at {at}, reach {reach}");
            }
        }
    }

    #[test]
    fn scratches_and_dust_vanish_and_the_rest_is_untouched() {
        let sound = samples::gradient(160, 120);
        let mut damaged = sound.clone();
        for y in 5..110 {
            damaged.put_pixel(40 + y / 9, y, Rgba([250, 250, 250, 255]));
            damaged.put_pixel(41 + y / 9, y, Rgba([250, 250, 250, 255]));
            damaged.put_pixel(120, y, Rgba([5, 5, 5, 255]));
        }
        damaged.put_pixel(90, 60, Rgba([255, 255, 255, 255]));
        assert!(mend(&mut damaged, 0.0) > 300);
        let most = damaged.as_raw().iter().zip(sound.as_raw()).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(most <= Some(6), "{most:?} left");
    }

    #[test]
    fn a_scratch_is_found_where_other_lines_cross_it() {
        let mut picture = samples::gradient(200, 160);
        for x in 0..200 {
            for y in [40, 80, 120] {
                picture.put_pixel(x, y, Rgba([150, 150, 150, 255]));
            }
        }
        for y in 0..160 {
            picture.put_pixel(100, y, Rgba([252, 252, 252, 255]));
        }
        mend(&mut picture, 0.0);
        assert!((0..160).all(|y| picture.get_pixel(100, y).0[0] < 200));
        assert_eq!(picture.get_pixel(30, 80).0[0], 150, "a line that is no brighter than the rest is kept");
    }

    #[test]
    fn edges_blocks_and_texture_are_no_defects() {
        let mut picture = samples::gradient(160, 120);
        for y in 30..90 {
            for x in 40..100 {
                picture.put_pixel(x, y, Rgba([230, 220, 210, 255]));
            }
        }
        let before = picture.clone();
        assert_eq!(mend(&mut picture, 0.0), 0);
        assert_eq!(picture, before);
        assert_eq!(mend(&mut samples::noise(100, 100, 128, 200), 50.0), 0);
        assert_eq!(mend(&mut samples::gradient(5, 5), 0.0), 0);
    }
}

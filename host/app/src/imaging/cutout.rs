//! `remove_bg` for plain backgrounds: what is reached from the border becomes transparent.

use image::RgbaImage;

use super::Refused;
use super::background::Background;
use super::colour::{ToLab, distance};
use super::planes::{Plane, bands, gaussian_kernel};

/// What a pixel is taken for.
const SUBJECT: u8 = 0;
const CANDIDATE: u8 = 1;
const BACKGROUND: u8 = 2;

/// Cuts the subject out.
///
/// # Errors
/// Where the background is not plain, or nothing sensible would remain.
pub(super) fn remove_background(mut picture: RgbaImage) -> Result<RgbaImage, Refused> {
    if is_cut_out(&picture) {
        return Ok(picture);
    }
    let background = Background::estimate(&picture)?;
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let mut map = candidates(&picture, &background);
    flood(&mut map, width, height);
    drop_specks(&mut map, width, height);
    let subject = map.iter().filter(|kind| **kind != BACKGROUND).count() as f32 / map.len() as f32;
    if subject < 0.005 {
        return Err(Refused("抠图后几乎什么都不剩:主体与背景颜色太接近,请换一张照片或转人工。".to_owned()));
    }
    if subject > 0.985 {
        return Err(Refused("没有找到可以去掉的背景:主体几乎占满画面,请换一张照片或转人工。".to_owned()));
    }
    feather(&mut picture, &map);
    clean_edge(&mut picture);
    Ok(picture)
}

/// Puts a plain colour behind a cut-out.
pub(super) fn flatten(picture: &mut RgbaImage, colour: [u8; 3]) {
    for pixel in picture.as_mut().chunks_exact_mut(4) {
        let alpha = u32::from(pixel[3]);
        for (value, behind) in pixel.iter_mut().zip(colour) {
            *value = ((u32::from(*value) * alpha + u32::from(behind) * (255 - alpha) + 127) / 255) as u8;
        }
        pixel[3] = 255;
    }
}

/// Whether the customer sent a picture whose border is transparent already.
fn is_cut_out(picture: &RgbaImage) -> bool {
    let (width, height) = picture.dimensions();
    let on_border = |x: u32, y: u32| x == 0 || y == 0 || x + 1 == width || y + 1 == height;
    let border = picture.enumerate_pixels().filter(|(x, y, _)| on_border(*x, *y));
    let (mut count, mut clear) = (0_u32, 0_u32);
    for (.., pixel) in border {
        count += 1;
        clear += u32::from(pixel.0[3] < 16);
    }
    f64::from(clear) > 0.6 * f64::from(count)
}

fn candidates(picture: &RgbaImage, background: &Background) -> Vec<u8> {
    let (width, height) = (picture.width() as f32, picture.height() as f32);
    let lab = ToLab::new();
    let kind = |x: usize, y: usize, pixel: &[u8]| {
        let expected = background.at(x as f32 / width, y as f32 / height);
        let near = pixel[3] < 16 || distance(lab.convert(pixel), expected) < background.tolerance;
        if near { CANDIDATE } else { SUBJECT }
    };
    let rows = picture.as_raw().chunks_exact(picture.width() as usize * 4).enumerate();
    rows.flat_map(|(y, row)| row.chunks_exact(4).enumerate().map(move |(x, pixel)| (x, y, pixel)))
        .map(|(x, y, pixel)| kind(x, y, pixel))
        .collect()
}

/// The pixels beside one, with itself, inside the picture.
fn around(at: usize, width: usize, height: usize) -> impl Iterator<Item = usize> {
    let (x, y) = (at % width, at / width);
    let rows = y.saturating_sub(1)..=(y + 1).min(height - 1);
    rows.flat_map(move |y| (x.saturating_sub(1)..=(x + 1).min(width - 1)).map(move |x| y * width + x))
}

/// Marks as background what is reached from the border. The way has to be three pixels wide, or the
/// flood would enter a white collar through a gap in its seam.
fn flood(map: &mut [u8], width: usize, height: usize) {
    let wide = |map: &[u8], at: usize| around(at, width, height).all(|near| map[near] != SUBJECT);
    let last = (height - 1) * width;
    let mut open: Vec<usize> = (0..width).flat_map(|x| [x, last + x]).collect();
    open.extend((0..height).flat_map(|y| [y * width, y * width + width - 1]));
    while let Some(at) = open.pop() {
        if map[at] != CANDIDATE || !wide(map, at) {
            continue;
        }
        map[at] = BACKGROUND;
        let (x, y) = (at % width, at / width);
        open.extend(
            [
                (x > 0).then(|| at - 1),
                (x + 1 < width).then(|| at + 1),
                (y > 0).then(|| at - width),
                (y + 1 < height).then(|| at + width),
            ]
            .into_iter()
            .flatten(),
        );
    }
    // The rim that was too close to the subject to be walked on.
    let rim: Vec<usize> = (0..map.len())
        .filter(|at| map[*at] == CANDIDATE && around(*at, width, height).any(|near| map[near] == BACKGROUND))
        .collect();
    for at in rim {
        map[at] = BACKGROUND;
    }
}

/// Dust on the backdrop is not part of the subject: all but the large pieces go.
fn drop_specks(map: &mut [u8], width: usize, height: usize) {
    let mut seen = vec![false; map.len()];
    let mut pieces: Vec<(usize, usize)> = Vec::new();
    let collect = |start: usize, map: &[u8], seen: &mut Vec<bool>, visit: &mut dyn FnMut(usize)| {
        let mut open = vec![start];
        seen[start] = true;
        while let Some(at) = open.pop() {
            visit(at);
            for near in around(at, width, height) {
                if map[near] != BACKGROUND && !seen[near] {
                    seen[near] = true;
                    open.push(near);
                }
            }
        }
    };
    for start in 0..map.len() {
        if map[start] != BACKGROUND && !seen[start] {
            let mut size = 0;
            collect(start, map, &mut seen, &mut |_| size += 1);
            pieces.push((start, size));
        }
    }
    let largest = pieces.iter().map(|piece| piece.1).max().unwrap_or(0);
    let mut seen = vec![false; map.len()];
    for (start, _) in pieces.into_iter().filter(|piece| piece.1 * 400 < largest) {
        let mut speck = Vec::new();
        collect(start, map, &mut seen, &mut |at| speck.push(at));
        for at in speck {
            map[at] = BACKGROUND;
        }
    }
}

/// Turns the map into opacity with a soft edge. It lies a little inside the subject, since its outermost
/// pixels are mixed with the background.
fn feather(picture: &mut RgbaImage, map: &[u8]) {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let sigma = (width.max(height) as f32 / 2200.0).clamp(1.1, 1.8);
    let kernel = gaussian_kernel(sigma);
    for band in bands(height, kernel.len() / 2) {
        let cover = map[band.from * width..band.to * width]
            .iter()
            .map(|kind| f32::from(u8::from(*kind != BACKGROUND)));
        let plane = Plane { width, height: band.to - band.from, data: cover.collect() }.filtered(&kernel);
        let skipped = (band.top - band.from) * width;
        let out = &mut picture.as_mut()[band.top * width * 4..band.bottom * width * 4];
        for (pixel, cover) in out.chunks_exact_mut(4).zip(&plane.data[skipped..]) {
            let t = ((cover - 0.42) / 0.5).clamp(0.0, 1.0);
            let alpha = t * t * (3.0 - 2.0 * t);
            pixel[3] = (f32::from(pixel[3]) * alpha + 0.5) as u8;
        }
    }
}

/// Gives the half-transparent pixels the colour of the subject beside them, or its old background would
/// shine through as a fringe.
fn clean_edge(picture: &mut RgbaImage) {
    const REACH: u32 = 4;
    let (width, height) = picture.dimensions();
    let mut changes = Vec::new();
    for (x, y, pixel) in picture.enumerate_pixels() {
        if !(1..250).contains(&pixel.0[3]) {
            continue;
        }
        let (mut sum, mut weight) = ([0.0_f32; 3], 0.0_f32);
        for ny in y.saturating_sub(REACH)..=(y + REACH).min(height - 1) {
            for nx in x.saturating_sub(REACH)..=(x + REACH).min(width - 1) {
                let near = picture.get_pixel(nx, ny).0;
                if near[3] >= 250 {
                    let part = 1.0 / ((nx.abs_diff(x).pow(2) + ny.abs_diff(y).pow(2)) as f32);
                    weight += part;
                    sum.iter_mut().zip(near).for_each(|(sum, value)| *sum += part * f32::from(value));
                }
            }
        }
        if weight > 0.0 {
            changes.push((x, y, sum.map(|sum| (sum / weight + 0.5) as u8)));
        }
    }
    for (x, y, colour) in changes {
        picture.get_pixel_mut(x, y).0[..3].copy_from_slice(&colour);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::samples;
    use image::Rgba;

    #[test]
    fn the_border_becomes_clear_and_the_subject_stays_solid() {
        for background in [[245, 245, 245], [70, 140, 215], [30, 32, 30]] {
            let cut = remove_background(samples::disc_on(background, 160)).expect("plain");
            assert!((0..160).all(|i| cut.get_pixel(i, 0).0[3] == 0 && cut.get_pixel(0, i).0[3] == 0));
            for (x, y, pixel) in cut.enumerate_pixels() {
                let from_centre = ((x as f32 - 80.0).powi(2) + (y as f32 - 80.0).powi(2)).sqrt();
                assert!(from_centre > 36.0 || pixel.0[3] == 255, "hole at {x},{y}");
                assert!(from_centre < 43.0 || pixel.0[3] == 0, "left over at {x},{y}");
            }
        }
    }

    #[test]
    fn the_old_background_does_not_shine_through_the_edge() {
        let mut cut = remove_background(samples::disc_on([255, 255, 255], 160)).expect("plain");
        flatten(&mut cut, [0, 0, 0]);
        // Red fades to black: nowhere may green come up, as white would have.
        assert!(cut.pixels().all(|p| p.0[1] < 60 && p.0[3] == 255));
    }

    #[test]
    fn a_hole_through_a_thin_gap_is_not_entered() {
        let mut picture = samples::disc_on([250, 250, 250], 160);
        for y in 70..90 {
            for x in 70..90 {
                picture.put_pixel(x, y, Rgba([250, 250, 250, 255]));
            }
        }
        for y in 30..75 {
            picture.put_pixel(80, y, Rgba([250, 250, 250, 255]));
        }
        let cut = remove_background(picture).expect("plain");
        assert_eq!(cut.get_pixel(80, 82).0[3], 255);
    }

    #[test]
    fn dust_on_the_backdrop_goes() {
        let mut picture = samples::disc_on([250, 250, 250], 160);
        picture.put_pixel(12, 12, Rgba([40, 40, 40, 255]));
        picture.put_pixel(13, 12, Rgba([40, 40, 40, 255]));
        assert_eq!(remove_background(picture).expect("plain").get_pixel(12, 12).0[3], 0);
    }

    #[test]
    fn nothing_to_cut_is_refused() {
        let empty = remove_background(samples::noise(60, 60, 240, 4)).expect_err("no subject").0;
        assert!(empty.contains("什么都不剩"), "{empty}");
        assert!(remove_background(samples::noise(80, 80, 128, 250)).is_err());
    }

    #[test]
    fn a_picture_cut_out_before_is_kept() {
        let once = remove_background(samples::disc_on([245, 245, 245], 120)).expect("plain");
        assert_eq!(remove_background(once.clone()).expect("kept"), once);
    }
}

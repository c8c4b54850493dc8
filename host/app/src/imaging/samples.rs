//! Pictures and measurements for this module's tests.

use image::{ImageEncoder, Rgba, RgbaImage};

/// A smooth picture in grey.
pub(super) fn gradient(width: u32, height: u32) -> RgbaImage {
    RgbaImage::from_fn(width, height, |x, y| {
        let v = (60 + x * 60 / width.max(1) + y * 60 / height.max(1)) as u8;
        Rgba([v, v, v, 255])
    })
}

/// Grey with even noise of `spread` about `middle`; the same at every run.
pub(super) fn noise(width: u32, height: u32, middle: i32, spread: i32) -> RgbaImage {
    let mut state = 0x2545_f491_u32;
    RgbaImage::from_fn(width, height, |_, _| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let v = middle - spread / 2 + ((state >> 16) as i32 % (spread + 1));
        let v = v.clamp(0, 255) as u8;
        Rgba([v, v, v, 255])
    })
}

/// A soft-edged disc and some bars on grey, in colour: a small out-of-focus photo.
pub(super) fn blurred(width: u32, height: u32) -> RgbaImage {
    let sharp = RgbaImage::from_fn(width, height, |x, y| {
        let (dx, dy) = (x as f32 - width as f32 / 2.0, y as f32 - height as f32 / 2.0);
        let inside = (dx * dx + dy * dy).sqrt() < width.min(height) as f32 / 4.0;
        if inside {
            Rgba([190, 120, 90, 255])
        } else if (x / 8) % 2 == 0 {
            Rgba([90, 100, 110, 255])
        } else {
            Rgba([130, 135, 140, 255])
        }
    });
    image::imageops::blur(&sharp, 1.5)
}

/// A red disc on a plain, slightly graded and noisy background.
pub(super) fn disc_on(background: [i32; 3], side: u32) -> RgbaImage {
    let grain = noise(side, side, 2, 4);
    RgbaImage::from_fn(side, side, |x, y| {
        let (dx, dy) = (x as f32 - side as f32 / 2.0, y as f32 - side as f32 / 2.0);
        let cover = (side as f32 / 4.0 + 0.5 - (dx * dx + dy * dy).sqrt()).clamp(0.0, 1.0);
        let shift = i32::from(grain.get_pixel(x, y).0[0]) - 2 - (y * 10 / side) as i32;
        let mix = |front: i32, back: i32| {
            let back = (back + shift).clamp(0, 255) as f32;
            (cover * front as f32 + (1.0 - cover) * back).round() as u8
        };
        Rgba([mix(180, background[0]), mix(30, background[1]), mix(40, background[2]), 255])
    })
}

/// The picture as a JPEG file.
pub(super) fn jpeg(picture: &RgbaImage) -> Vec<u8> {
    let rgb = image::DynamicImage::ImageRgba8(picture.clone()).into_rgb8();
    let mut bytes = Vec::new();
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 95);
    encoder
        .write_image(&rgb, rgb.width(), rgb.height(), image::ExtendedColorType::Rgb8)
        .expect("a sample encodes");
    bytes
}

/// The picture as a file of this format.
pub(super) fn file(picture: &image::DynamicImage, format: image::ImageFormat) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).expect("a sample encodes");
    bytes.into_inner()
}

/// The picture as a PNG file.
pub(super) fn png(picture: &RgbaImage) -> Vec<u8> {
    file(&image::DynamicImage::ImageRgba8(picture.clone()), image::ImageFormat::Png)
}

/// Mean and variance of the luma in a part of a picture: left, top, width, height.
pub(super) fn statistics(picture: &RgbaImage, [left, top, width, height]: [u32; 4]) -> (f32, f32) {
    let mut values = Vec::new();
    for y in top..top + height {
        for x in left..left + width {
            values.push(f32::from(super::colour::luma8(&picture.get_pixel(x, y).0)));
        }
    }
    let mean = values.iter().sum::<f32>() / values.len() as f32;
    (mean, values.iter().map(|v| (v - mean) * (v - mean)).sum::<f32>() / values.len() as f32)
}

/// The mean luma of a whole picture.
pub(super) fn brightness(picture: &RgbaImage) -> f32 {
    statistics(picture, [0, 0, picture.width(), picture.height()]).0
}

/// How sharp a picture is: the variance of its Laplacian.
pub(super) fn sharpness(picture: &RgbaImage) -> f32 {
    let at = |x: u32, y: u32| f32::from(super::colour::luma8(&picture.get_pixel(x, y).0));
    let mut values = Vec::new();
    for y in 1..picture.height() - 1 {
        for x in 1..picture.width() - 1 {
            values.push(at(x - 1, y) + at(x + 1, y) + at(x, y - 1) + at(x, y + 1) - 4.0 * at(x, y));
        }
    }
    let mean = values.iter().sum::<f32>() / values.len() as f32;
    values.iter().map(|v| (v - mean) * (v - mean)).sum::<f32>() / values.len() as f32
}

/// The mean of each channel.
pub(super) fn mean_colour(picture: &RgbaImage) -> [f32; 3] {
    let count = picture.pixels().len() as f32;
    [0, 1, 2].map(|channel| picture.pixels().map(|p| f32::from(p.0[channel])).sum::<f32>() / count)
}

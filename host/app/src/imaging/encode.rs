//! From pixels to the file that is handed to the customer. Only pixels go in, so no metadata comes out.

use image::{ExtendedColorType, ImageEncoder, RgbaImage, codecs::jpeg::JpegEncoder, codecs::png::PngEncoder};

use super::{Format, Processed, Refused};

/// Where artefacts are hard to see and a phone photo stays a few megabytes.
const JPEG_QUALITY: u8 = 92;

/// JPEG, except where transparency has to survive or the original was lossless.
pub(super) fn encode(mut picture: RgbaImage, lossless: bool) -> Result<Processed, Refused> {
    let (width, height) = picture.dimensions();
    let transparent = picture.pixels().any(|pixel| pixel.0[3] < 255);
    let format = if transparent || lossless { Format::Png } else { Format::Jpeg };
    let mut bytes = Vec::new();
    let written = if transparent {
        // A removed background would still be in the file, as large as it was, for anyone to bring back.
        picture.pixels_mut().filter(|pixel| pixel.0[3] == 0).for_each(|pixel| pixel.0 = [0; 4]);
        PngEncoder::new(&mut bytes).write_image(picture.as_raw(), width, height, ExtendedColorType::Rgba8)
    } else {
        let rgb = without_alpha(&picture);
        drop(picture);
        match format {
            Format::Png => {
                PngEncoder::new(&mut bytes).write_image(&rgb, width, height, ExtendedColorType::Rgb8)
            }
            _ => JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY).write_image(
                &rgb,
                width,
                height,
                ExtendedColorType::Rgb8,
            ),
        }
    };
    match written {
        Ok(()) => Ok(Processed { bytes, format, width, height }),
        Err(error) => Err(Refused(format!("成品无法保存({error}),请重试或转人工。"))),
    }
}

fn without_alpha(picture: &RgbaImage) -> Vec<u8> {
    let mut rgb = Vec::with_capacity(picture.as_raw().len() / 4 * 3);
    for pixel in picture.pixels() {
        rgb.extend_from_slice(&pixel.0[..3]);
    }
    rgb
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::samples;
    use image::Rgba;

    fn opens_as(processed: &Processed) -> image::DynamicImage {
        let format = image::guess_format(&processed.bytes).expect("an encoded picture is recognisable");
        let expected = match processed.format {
            Format::Jpeg => image::ImageFormat::Jpeg,
            Format::Png => image::ImageFormat::Png,
            Format::WebP => image::ImageFormat::WebP,
        };
        assert_eq!(format, expected);
        image::load_from_memory(&processed.bytes).expect("an encoded picture opens")
    }

    #[test]
    fn an_opaque_photo_becomes_a_jpeg_of_three_channels() {
        let processed = encode(samples::gradient(60, 40), false).expect("encodes");
        assert_eq!(processed.format, Format::Jpeg);
        let opened = opens_as(&processed);
        assert_eq!((opened.width(), opened.height()), (60, 40));
        assert!(!opened.color().has_alpha());
    }

    #[test]
    fn transparency_survives_as_png() {
        let mut picture = samples::gradient(20, 20);
        picture.put_pixel(3, 4, Rgba([9, 9, 9, 0]));
        let processed = encode(picture, false).expect("encodes");
        assert_eq!(processed.format, Format::Png);
        // Nor is what was removed still there under the transparency.
        assert_eq!(opens_as(&processed).to_rgba8().get_pixel(3, 4).0, [0; 4]);
    }

    #[test]
    fn a_lossless_original_stays_lossless() {
        let picture = samples::noise(30, 30, 128, 90);
        let processed = encode(picture.clone(), true).expect("encodes");
        assert_eq!(processed.format, Format::Png);
        assert_eq!(opens_as(&processed).to_rgba8(), picture);
    }
    #[test]
    fn a_jpeg_is_close_to_what_went_in() {
        let picture = samples::blurred(64, 48);
        let opened = opens_as(&encode(picture.clone(), false).expect("encodes")).to_rgba8();
        let most = picture.as_raw().iter().zip(opened.as_raw()).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(most <= Some(14), "{most:?}");
    }
}

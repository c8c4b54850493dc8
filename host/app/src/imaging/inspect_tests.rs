//! What is taken and what is refused, with files made by hand where no encoder would make them.

use image::{DynamicImage, ImageFormat};

use super::{Format, ImageProblem, Limits, inspect, samples};

fn problem(bytes: &[u8]) -> ImageProblem {
    inspect(bytes, &Limits::default()).expect_err("refused")
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    !crc
}

fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let body = [kind.as_slice(), data].concat();
    let length = u32::try_from(data.len()).expect("a short chunk");
    [length.to_be_bytes().as_slice(), &body, &crc(&body).to_be_bytes()].concat()
}

/// A well-formed PNG header that promises this many pixels, and next to no data.
fn png_promising(width: u32, height: u32) -> Vec<u8> {
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 6, 0, 0, 0]].concat();
    // A zlib stream of one empty stored block.
    let data = [0x78, 0x01, 0x01, 0x00, 0x00, 0xff, 0xff, 0x00, 0x00, 0x00, 0x01];
    [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(b"IHDR", &header), chunk(b"IDAT", &data), chunk(b"IEND", &[])]
        .concat()
}

/// Puts an EXIF segment with this orientation behind a JPEG's first marker.
pub(super) fn turned_jpeg(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let mut exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
    let length = u16::try_from(exif.len() + 2).expect("a short segment").to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe1], &length, &exif, &jpeg[2..]].concat()
}

#[test]
fn pictures_are_told_by_content() {
    let picture = samples::gradient(40, 30);
    let files = [
        (Format::Jpeg, samples::jpeg(&picture)),
        (Format::Png, samples::png(&picture)),
        (Format::WebP, samples::file(&DynamicImage::ImageRgba8(picture), ImageFormat::WebP)),
    ];
    for (format, bytes) in files {
        let inspected = inspect(&bytes, &Limits::default()).expect("a picture");
        assert_eq!((inspected.format, inspected.width, inspected.height), (format, 40, 30));
        assert!(format.media_type().starts_with("image/") && !format.extension().is_empty());
    }
}

#[test]
fn other_files_are_named() {
    assert_eq!(problem(b""), ImageProblem::Empty);
    let named: [(&[u8], &str); 8] = [
        (b"GIF89a\x01\0\x01\0\0\0\0;", "GIF"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
        (b"\0\0\0\x18ftypavif\0\0\0\0", "AVIF"),
        (b"BM\x3a\0\0\0\0\0\0\0\x36\0\0\0", "BMP"),
        (b"II*\0\x08\0\0\0", "TIFF"),
        (b"MM\0*\0\0\0\x08", "TIFF"),
        (b"%PDF-1.7\n", "PDF"),
        (b"8BPS\0\x01", "PSD"),
    ];
    for (bytes, name) in named {
        assert_eq!(problem(bytes), ImageProblem::Unsupported(name));
        assert!(problem(bytes).to_string().contains(name) && problem(bytes).in_chinese().contains(name));
    }
    for bytes in
        [b"<!doctype html><html>".as_slice(), b"hello", b"\0", b"BMW is a car, not a bitmap", b"RIFF"]
    {
        assert_eq!(problem(bytes), ImageProblem::NotAPicture);
    }
}

#[test]
fn a_pixel_bomb_is_refused_from_its_header() {
    let bomb = png_promising(30_000, 30_000);
    assert!(matches!(problem(&bomb), ImageProblem::TooManyPixels { width: 30_000, height: 30_000, .. }));
    // Few pixels in all, but a side beyond every device.
    assert!(matches!(problem(&png_promising(60_000, 2)), ImageProblem::TooManyPixels { .. }));
    // The same header with a size that is taken is found out by decoding.
    assert_eq!(problem(&png_promising(30, 30)), ImageProblem::Truncated);

    let mut jpeg = samples::jpeg(&samples::gradient(40, 30));
    let frame = jpeg.windows(2).position(|pair| pair == [0xff, 0xc0]).expect("a frame header");
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0x75, 0x30, 0x75, 0x30]);
    assert!(matches!(problem(&jpeg), ImageProblem::TooManyPixels { width: 30_000, height: 30_000, .. }));
}

#[test]
fn large_files_are_refused_by_their_size() {
    let limits = Limits { max_bytes: 100, ..Limits::default() };
    let bytes = samples::png(&samples::noise(40, 40, 128, 200));
    assert!(matches!(inspect(&bytes, &limits), Err(ImageProblem::TooManyBytes { max: 100, .. })));
}

#[test]
fn truncated_files_are_found() {
    let picture = samples::noise(120, 90, 128, 120);
    let files = [
        samples::jpeg(&picture),
        samples::png(&picture),
        samples::file(&DynamicImage::ImageRgba8(picture), ImageFormat::WebP),
    ];
    for bytes in files {
        for tenths in 1..10 {
            let cut = problem(&bytes[..bytes.len() * tenths / 10]);
            assert!(matches!(cut, ImageProblem::Truncated | ImageProblem::Broken(_)), "{tenths}: {cut:?}");
        }
    }
    let jpeg = samples::jpeg(&samples::noise(120, 90, 128, 120));
    assert_eq!(problem(&jpeg[..jpeg.len() - 2]), ImageProblem::Truncated);
    let png = samples::png(&samples::noise(120, 90, 128, 120));
    assert_eq!(problem(&png[..png.len() / 2]), ImageProblem::Truncated);
}

#[test]
fn a_thumbnails_end_is_not_the_pictures() {
    let jpeg = samples::jpeg(&samples::noise(60, 60, 128, 120));
    let thumbnail = [&[0xff, 0xe2, 0, 6][..], &[0xff, 0xd9, 0, 0], &jpeg[2..jpeg.len() / 2]].concat();
    assert_eq!(problem(&[&jpeg[..2], &thumbnail].concat()), ImageProblem::Truncated);
}

#[test]
fn a_turned_jpeg_is_measured_upright() {
    let jpeg = samples::jpeg(&samples::gradient(40, 24));
    for (orientation, size) in [(1, (40, 24)), (3, (40, 24)), (6, (24, 40)), (8, (24, 40)), (99, (40, 24))] {
        let inspected = inspect(&turned_jpeg(&jpeg, orientation), &Limits::default()).expect("a picture");
        assert_eq!((inspected.width, inspected.height), size, "orientation {orientation}");
    }
}

#[test]
fn damaged_pictures_never_panic() {
    let picture = samples::noise(24, 20, 128, 120);
    let files = [
        turned_jpeg(&samples::jpeg(&picture), 6),
        samples::png(&picture),
        samples::file(&DynamicImage::ImageRgba8(picture), ImageFormat::WebP),
    ];
    let mut state = 7_u32;
    let mut next = |below: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize % below
    };
    let limits = Limits { max_pixels: 100_000, ..Limits::default() };
    for bytes in &files {
        for _ in 0..300 {
            let mut damaged = bytes.clone();
            for _ in 0..=next(4) {
                let at = next(damaged.len());
                damaged[at] = next(256) as u8;
            }
            damaged.truncate(damaged.len() - if next(3) == 0 { next(damaged.len()) } else { 0 });
            let _ = inspect(&damaged, &limits);
        }
    }
}

//! Whole jobs, as a customer would judge them.

use image::{DynamicImage, ImageEncoder, ImageFormat, Rgba, RgbaImage};
use proptest::prelude::*;

use super::inspect_tests::turned_jpeg;
use super::{AVAILABLE, Format, Job, Limits, Processed, Refused, inspect, process, samples};

fn run(original: &[u8], operations: &[&str], prompt: &str, notes: &[&str]) -> Result<Processed, Refused> {
    let owned = |list: &[&str]| list.iter().map(|item| (*item).to_owned()).collect::<Vec<_>>();
    let (operations, notes) = (owned(operations), owned(notes));
    let limits = Limits::default();
    process(&Job {
        original,
        operations: &operations,
        prompt,
        notes: &notes,
        aspect_ratio: "",
        limits: &limits,
    })
}

fn done(original: &[u8], operations: &[&str], prompt: &str, notes: &[&str]) -> (Processed, RgbaImage) {
    let processed = run(original, operations, prompt, notes).expect("the job is done");
    let inspected = inspect(&processed.bytes, &Limits::default()).expect("what comes out is a picture");
    assert_eq!(inspected.format, processed.format);
    assert_eq!((inspected.width, inspected.height), (processed.width, processed.height));
    let picture = image::load_from_memory(&processed.bytes).expect("it opens").into_rgba8();
    (processed, picture)
}

fn refused(original: &[u8], operations: &[&str], prompt: &str) -> String {
    run(original, operations, prompt, &[]).expect_err("refused").0
}

fn photo() -> Vec<u8> {
    samples::jpeg(&samples::blurred(90, 70))
}

#[test]
fn enhance_doubles_and_a_note_brightens() {
    let (plain, before) = done(&photo(), &["enhance"], "变清晰", &[]);
    assert_eq!((plain.format, plain.width, plain.height), (Format::Jpeg, 180, 140));
    let (_, after) = done(&photo(), &["enhance"], "变清晰", &["再亮一点"]);
    assert!(samples::brightness(&after) > samples::brightness(&before) + 4.0);
    let (_, darker) = done(&photo(), &["enhance"], "变清晰", &["太亮了"]);
    assert!(samples::brightness(&darker) < samples::brightness(&before) - 4.0);
}

#[test]
fn a_document_photo_has_exactly_its_size() {
    for (prompt, size) in [("改成 295*413", (295, 413)), ("一寸", (295, 413)), ("小二寸", (413, 531))]
    {
        let (processed, _) = done(&photo(), &["resize"], prompt, &[]);
        assert_eq!((processed.width, processed.height), size, "{prompt}");
    }
    let (revised, _) = done(&photo(), &["enhance", "resize"], "一寸", &["改成二寸"]);
    assert_eq!((revised.width, revised.height), (413, 579));
    let (asked_later, _) = done(&photo(), &["enhance"], "", &["尺寸改成 100*120"]);
    assert_eq!((asked_later.width, asked_later.height), (100, 120));
    let (doubled, _) = done(&photo(), &["enhance", "resize"], "放大2倍", &[]);
    assert_eq!((doubled.width, doubled.height), (180, 140));
}

#[test]
fn proportions_stand_in_for_a_size() {
    let (operations, limits) = (["resize".to_owned()], Limits::default());
    let original = photo();
    let job = Job {
        original: &original,
        operations: &operations,
        prompt: "",
        notes: &[],
        aspect_ratio: "1:1",
        limits: &limits,
    };
    let processed = process(&job).expect("cropped");
    assert_eq!((processed.width, processed.height), (70, 70));
}

#[test]
fn a_background_is_removed_or_replaced() {
    let portrait = samples::jpeg(&samples::disc_on([240, 240, 240], 160));
    let (cut, picture) = done(&portrait, &["remove_bg"], "抠图", &[]);
    assert_eq!(cut.format, Format::Png);
    assert_eq!((picture.get_pixel(0, 0).0[3], picture.get_pixel(80, 80).0[3]), (0, 255));

    let (blue, picture) = done(&portrait, &["remove_bg"], "换成蓝底", &[]);
    assert_eq!(blue.format, Format::Jpeg);
    let Rgba([r, g, b, _]) = *picture.get_pixel(3, 3);
    assert!(r.abs_diff(67) < 8 && g.abs_diff(142) < 8 && b.abs_diff(219) < 8);

    // A brighter subject stands on the same white.
    let (_, picture) = done(&portrait, &["enhance"], "", &["换成白底,再亮一点"]);
    assert!(picture.get_pixel(3, 3).0[..3].iter().all(|v| *v >= 253));

    let busy = samples::jpeg(&samples::noise(90, 90, 128, 250));
    assert!(refused(&busy, &["remove_bg"], "").contains("背景不是纯色"));
}

#[test]
fn black_and_white_is_asked_for_by_a_note() {
    let (_, picture) = done(&photo(), &["enhance"], "", &["改成黑白的"]);
    assert!(picture.pixels().all(|p| p.0[0].abs_diff(p.0[2]) <= 2));
}

#[test]
fn refusals_name_the_reason_and_the_way_out() {
    assert!(refused(&photo(), &["layered"], "").contains("PSD"));
    let unknown = refused(&photo(), &["enhance", "colorize_3d"], "");
    assert!(unknown.contains("colorize_3d") && AVAILABLE.iter().all(|name| unknown.contains(name)));
    assert!(refused(&photo(), &[], "").contains("没有指定"));
    assert!(refused(&photo(), &["resize"], "改大小").contains("没有读到"));
    assert!(refused(b"GIF89a", &["enhance"], "").contains("GIF"));
    let half = photo();
    assert!(refused(&half[..half.len() / 2], &["enhance"], "").contains("不完整"));
}

#[test]
fn a_turned_photo_comes_out_upright_and_without_metadata() {
    let mut picture = samples::gradient(60, 40);
    for (x, _, pixel) in picture.enumerate_pixels_mut() {
        *pixel = if x < 30 { Rgba([20, 20, 20, 255]) } else { Rgba([230, 230, 230, 255]) };
    }
    let turned = turned_jpeg(&samples::jpeg(&picture), 6);
    let (processed, upright) = done(&turned, &["enhance"], "", &[]);
    assert_eq!((processed.width, processed.height), (80, 120));
    // Turned by 90° clockwise, the left half is the upper one.
    assert!(upright.get_pixel(40, 20).0[0] < 90 && upright.get_pixel(40, 100).0[0] > 170);
    assert!(!processed.bytes.windows(4).any(|four| four == b"Exif"));
}

#[test]
fn every_kind_of_pixel_is_worked_on() {
    let colour = DynamicImage::ImageRgba8(samples::blurred(48, 36));
    let kinds = [
        DynamicImage::ImageLuma8(colour.to_luma8()),
        DynamicImage::ImageLumaA8(colour.to_luma_alpha8()),
        DynamicImage::ImageRgb16(colour.to_rgb16()),
        DynamicImage::ImageRgba16(colour.to_rgba16()),
        DynamicImage::ImageLuma16(colour.to_luma16()),
    ];
    for kind in kinds {
        let original = samples::file(&kind, ImageFormat::Png);
        let (processed, _) = done(&original, &["enhance", "fix_old_photo"], "", &[]);
        assert_eq!((processed.format, processed.width), (Format::Png, 96));
    }
    let opaque = samples::file(&DynamicImage::ImageRgb8(colour.to_rgb8()), ImageFormat::WebP);
    assert_eq!(done(&opaque, &["enhance"], "", &[]).0.format, Format::Jpeg);
    let mut clear = samples::blurred(48, 36);
    clear.put_pixel(0, 0, Rgba([0, 0, 0, 0]));
    let clear = samples::file(&DynamicImage::ImageRgba8(clear), ImageFormat::WebP);
    assert_eq!(done(&clear, &["resize"], "×2", &[]).0.format, Format::Png);
}

/// A PNG of one colour with a colour profile.
fn profiled(colour: [u8; 3], profile: Vec<u8>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = image::codecs::png::PngEncoder::new(&mut bytes);
    encoder.set_icc_profile(profile).expect("PNG takes profiles");
    encoder.write_image(&colour.repeat(64), 8, 8, image::ExtendedColorType::Rgb8).expect("a sample encodes");
    bytes
}

#[test]
fn a_phones_wide_colours_come_out_as_srgb() {
    let profile = moxcms::ColorProfile::new_display_p3().encode().expect("a profile");
    let (_, picture) = done(&profiled([200, 100, 90], profile), &["resize"], "×2", &[]);
    let Rgba([r, g, b, _]) = *picture.get_pixel(4, 4);
    // By the two spaces' definitions; taken as they stand the numbers would look faded.
    assert!(r.abs_diff(213) <= 2 && g.abs_diff(95) <= 3 && b.abs_diff(85) <= 4, "{r} {g} {b}");
}

#[test]
fn damaged_profiles_are_ignored() {
    let profile = moxcms::ColorProfile::new_display_p3().encode().expect("a profile");
    let mut state = 11_u32;
    let mut next = |below: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize % below
    };
    for _ in 0..400 {
        let mut damaged = profile.clone();
        for _ in 0..=next(5) {
            let at = next(damaged.len());
            damaged[at] = next(256) as u8;
        }
        damaged.truncate(damaged.len() - if next(4) == 0 { next(damaged.len()) } else { 0 });
        let _ = done(&profiled([200, 100, 90], damaged), &["resize"], "×2", &[]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_never_panic(magic in 0_usize..5, bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let magics: [&[u8]; 5] =
            [b"", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR", b"RIFF\x10\0\0\0WEBPVP8 ", b"\0\0\0\x18ftyp"];
        let _ = run(&[magics[magic], &bytes].concat(), &["enhance"], "", &[]);
    }

    #[test]
    fn any_text_and_any_small_picture_give_a_picture_or_a_reason(
        width in 1_u32..24,
        height in 1_u32..24,
        step in 0_usize..4,
        prompt in "[0-9x*×倍寸放大缩小一二. mc]{0,12}",
        note in "[太不要再亮暗黄蓝白底点些了锐糊柔自然, x0-9]{0,16}",
    ) {
        let original = samples::png(&samples::noise(width, height, 120, 180));
        match run(&original, &[AVAILABLE[step]], &prompt, &[&note]) {
            Ok(processed) => prop_assert!(processed.width > 0 && !processed.bytes.is_empty()),
            Err(refusal) => prop_assert!(refusal.0.ends_with('。')),
        }
    }
}

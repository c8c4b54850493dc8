//! Colours as numbers: brightness apart from colour for retouching, and distances as the eye sees them.

/// Brightness as the eye weighs it, BT.601 as JPEG has it.
pub(super) fn luma([red, green, blue]: [f32; 3]) -> f32 {
    0.299 * red + 0.587 * green + 0.114 * blue
}

/// [`luma`] of a pixel, rounded.
pub(super) fn luma8(pixel: &[u8]) -> u8 {
    ((u32::from(pixel[0]) * 299 + u32::from(pixel[1]) * 587 + u32::from(pixel[2]) * 114 + 500) / 1000) as u8
}

/// A pixel's brightness and how far its blue and its red stand from it.
pub(super) fn split(pixel: &[u8]) -> (f32, f32, f32) {
    let (red, green, blue) = (f32::from(pixel[0]), f32::from(pixel[1]), f32::from(pixel[2]));
    let y = luma([red, green, blue]);
    (y, blue - y, red - y)
}

/// The pixel again. Where a channel would leave its range the colour is made paler, not cut off: a cut
/// would turn orange into yellow.
pub(super) fn join(y: f32, blue: f32, red: f32) -> [u8; 3] {
    let y = y.clamp(0.0, 255.0);
    let green = -(0.299 * red + 0.114 * blue) / 0.587;
    let mut fit = 1.0_f32;
    for offset in [red, green, blue] {
        let room = if offset > 0.0 { 255.0 - y } else { y };
        if offset.abs() > room {
            fit = fit.min(room / offset.abs());
        }
    }
    [red, green, blue].map(|offset| (y + offset * fit + 0.5) as u8)
}

/// A colour in CIE L*a*b*, where distances mean about the same everywhere.
pub(super) type Lab = [f32; 3];

/// Converts pixels to [`Lab`]; holds the table that spares three powers a pixel.
pub(super) struct ToLab {
    linear: [f32; 256],
}

impl ToLab {
    pub(super) fn new() -> Self {
        let mut linear = [0.0; 256];
        for (value, entry) in linear.iter_mut().enumerate() {
            let v = value as f32 / 255.0;
            *entry = if v <= 0.040_45 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) };
        }
        Self { linear }
    }

    pub(super) fn convert(&self, pixel: &[u8]) -> Lab {
        let [r, g, b] = [pixel[0], pixel[1], pixel[2]].map(|v| self.linear[usize::from(v)]);
        let f = |t: f32| if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 };
        let x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.950_47);
        let y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
        let z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.088_83);
        [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
    }
}

/// How different two colours look; about 2 is the least difference one sees side by side.
pub(super) fn distance(a: Lab, b: Lab) -> f32 {
    a.iter().zip(&b).map(|(a, b)| (a - b) * (a - b)).sum::<f32>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splitting_and_joining_gives_the_pixel_back() {
        for pixel in [[0, 0, 0], [255, 255, 255], [255, 0, 0], [12, 200, 99], [250, 249, 3], [1, 2, 254]] {
            let (y, blue, red) = split(&pixel);
            let again = join(y, blue, red);
            assert!(again.iter().zip(&pixel).all(|(a, b)| a.abs_diff(*b) <= 1), "{pixel:?} became {again:?}");
        }
    }

    #[test]
    fn brightening_a_strong_colour_keeps_its_hue() {
        let (y, blue, red) = split(&[250, 130, 20]);
        let [r, g, b] = join(y + 60.0, blue, red).map(f32::from);
        assert!(r > g && g > b);
        let place = (g - b) / (r - b);
        assert!((place - 110.0 / 230.0).abs() < 0.05, "{place}");
    }

    #[test]
    fn distances_follow_the_eye() {
        let lab = ToLab::new();
        let white = lab.convert(&[255, 255, 255]);
        assert!((white[0] - 100.0).abs() < 0.1 && white[1].abs() < 0.5 && white[2].abs() < 0.5, "{white:?}");
        assert!(distance(white, lab.convert(&[250, 250, 250])) < 3.0);
        assert!(distance(white, lab.convert(&[0, 0, 0])) > 99.0);
        assert!(distance(lab.convert(&[200, 0, 0]), lab.convert(&[0, 0, 200])) > 80.0);
    }

    #[test]
    fn both_lumas_agree() {
        for pixel in [[3, 250, 17], [255, 255, 255], [0, 0, 0], [90, 91, 92]] {
            let exact = luma(pixel.map(f32::from));
            assert!((f32::from(luma8(&pixel)) - exact).abs() <= 0.51);
        }
    }
}

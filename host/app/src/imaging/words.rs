//! The words of revision notes and what each means; kept as tables so that a shop's own words are one line.

use super::notes::{MORE, SMALL, starts_with};

/// What a word is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Axis {
    /// Nothing: the word is only here so that a shorter one inside it is not read.
    None,
    Brightness,
    Contrast,
    Saturation,
    Warmth,
    Sharpness,
    /// Softer and less processed at once.
    Softness,
    Natural,
    Denoise,
    Mono,
    /// The opposite of [`Axis::Mono`].
    Colour,
}

/// When a word counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A wish, which complaints and negations turn round: 亮, 太亮, 不要亮.
    Plain,
    /// The same wish however it is put: 模糊, 太模糊, 不要模糊.
    Always,
    /// Only with a complaint or a degree, as the bare word mostly names a thing: 太黄, 黄一点.
    Marked,
    /// Only as a complaint: 太黑.
    Complaint,
}

/// One word.
#[derive(Debug)]
pub(super) struct Word {
    pub(super) text: &'static str,
    pub(super) axis: Axis,
    /// Which way the wish goes along the axis.
    pub(super) sign: f32,
    pub(super) kind: Kind,
}

const fn word(text: &'static str, axis: Axis, sign: f32, kind: Kind) -> Word {
    Word { text, axis, sign, kind }
}

const fn not_meant(text: &'static str) -> Word {
    word(text, Axis::None, 0.0, Kind::Plain)
}

use Axis::{Brightness, Contrast, Denoise, Natural, Saturation, Sharpness, Softness, Warmth};
use Kind::{Always, Complaint, Marked, Plain};

/// All words; where several begin at one place the longest is meant.
pub(super) static WORDS: &[Word] = &[
    not_meant("漂亮"),
    not_meant("月亮"),
    not_meant("亮点"),
    not_meant("亮部"),
    not_meant("高光"),
    not_meant("暗部"),
    not_meant("暗处"),
    not_meant("背景模糊"),
    not_meant("黑色"),
    not_meant("白色"),
    not_meant("蓝色的"),
    not_meant("黄色的"),
    word("亮", Brightness, 1.0, Plain),
    word("提亮", Brightness, 1.0, Plain),
    word("明亮", Brightness, 1.0, Plain),
    word("亮度", Brightness, 1.0, Plain),
    word("曝光", Brightness, 1.0, Plain),
    word("过曝", Brightness, -1.0, Always),
    word("欠曝", Brightness, 1.0, Always),
    word("美白", Brightness, 0.7, Plain),
    word("白", Brightness, 0.7, Marked),
    word("暗", Brightness, -1.0, Plain),
    word("黑", Brightness, -1.0, Complaint),
    word("bright", Brightness, 1.0, Plain),
    word("dark", Brightness, -1.0, Plain),
    word("对比", Contrast, 1.0, Plain),
    word("对比度", Contrast, 1.0, Plain),
    word("反差", Contrast, 1.0, Plain),
    word("通透", Contrast, 0.8, Plain),
    word("灰", Contrast, -1.0, Marked),
    word("contrast", Contrast, 1.0, Plain),
    word("清晰", Sharpness, 1.0, Plain),
    word("清晰度", Sharpness, 1.0, Plain),
    word("清楚", Sharpness, 1.0, Plain),
    word("高清", Sharpness, 1.0, Plain),
    word("细节", Sharpness, 0.7, Plain),
    word("锐", Sharpness, 1.0, Plain),
    word("锐化", Sharpness, 1.0, Plain),
    word("锐利", Sharpness, 1.0, Plain),
    word("锐度", Sharpness, 1.0, Plain),
    word("模糊", Sharpness, 1.0, Always),
    word("糊", Sharpness, 1.0, Always),
    word("sharp", Sharpness, 1.0, Plain),
    word("clear", Sharpness, 1.0, Plain),
    word("blur", Sharpness, 1.0, Always),
    word("柔", Softness, 1.0, Plain),
    word("柔和", Softness, 1.0, Plain),
    word("soft", Softness, 1.0, Plain),
    word("自然", Natural, 1.0, Always),
    word("假", Natural, 1.0, Always),
    word("塑料", Natural, 1.0, Always),
    word("磨皮", Natural, 1.0, Always),
    word("natural", Natural, 1.0, Always),
    word("fake", Natural, 1.0, Always),
    word("噪", Denoise, 1.0, Always),
    word("噪点", Denoise, 1.0, Always),
    word("颗粒", Denoise, 1.0, Always),
    word("杂点", Denoise, 1.0, Always),
    word("noise", Denoise, 1.0, Always),
    word("grain", Denoise, 1.0, Always),
    word("光滑", Denoise, -1.0, Always),
    word("涂抹", Denoise, -1.0, Always),
    word("鲜艳", Saturation, 1.0, Plain),
    word("艳", Saturation, 1.0, Plain),
    word("饱和", Saturation, 1.0, Plain),
    word("饱和度", Saturation, 1.0, Plain),
    word("淡", Saturation, -1.0, Plain),
    word("素", Saturation, -1.0, Marked),
    not_meant("像素"),
    word("vivid", Saturation, 1.0, Plain),
    word("colorful", Saturation, 1.0, Plain),
    word("saturat", Saturation, 1.0, Plain),
    word("pale", Saturation, -1.0, Plain),
    word("暖", Warmth, 1.0, Plain),
    word("冷", Warmth, -1.0, Plain),
    word("黄", Warmth, 1.0, Marked),
    word("蓝", Warmth, -1.0, Marked),
    word("warm", Warmth, 1.0, Plain),
    word("cool", Warmth, -1.0, Plain),
    word("cold", Warmth, -1.0, Plain),
    word("yellow", Warmth, 1.0, Marked),
    word("blue", Warmth, -1.0, Marked),
    word("黑白", Axis::Mono, 1.0, Always),
    word("black and white", Axis::Mono, 1.0, Always),
    word("彩色", Axis::Colour, 1.0, Always),
];

/// What stands before a word and changes its meaning.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Mark {
    /// 太
    Complaint,
    /// 有点
    MildComplaint,
    /// 不要
    Negation,
    /// 不够
    Lacking,
    /// 降低
    Lower,
    /// 再
    Again,
    /// 很, 稍微
    Degree(f32),
    /// 那么, 调: says nothing itself and does not part a mark from its word.
    Filler,
}

static MARKS: &[(&str, Mark)] = &[
    ("太", Mark::Complaint),
    ("过", Mark::Complaint),
    ("过于", Mark::Complaint),
    ("偏", Mark::Complaint),
    ("发", Mark::Complaint),
    ("泛", Mark::Complaint),
    ("还是", Mark::Complaint),
    ("too", Mark::Complaint),
    ("有点", Mark::MildComplaint),
    ("有点儿", Mark::MildComplaint),
    ("有些", Mark::MildComplaint),
    ("不要", Mark::Negation),
    ("不用", Mark::Negation),
    ("不必", Mark::Negation),
    ("不想", Mark::Negation),
    ("别", Mark::Negation),
    ("去", Mark::Negation),
    ("去掉", Mark::Negation),
    ("去除", Mark::Negation),
    ("don't", Mark::Negation),
    ("not so", Mark::Negation),
    ("less", Mark::Negation),
    ("不", Mark::Lacking),
    ("没", Mark::Lacking),
    ("没有", Mark::Lacking),
    ("不够", Mark::Lacking),
    ("不太", Mark::Lacking),
    ("不怎么", Mark::Lacking),
    ("不是很", Mark::Lacking),
    ("not", Mark::Lacking),
    ("not enough", Mark::Lacking),
    ("降", Mark::Lower),
    ("降低", Mark::Lower),
    ("减", Mark::Lower),
    ("减少", Mark::Lower),
    ("减弱", Mark::Lower),
    ("调低", Mark::Lower),
    ("reduce", Mark::Lower),
    ("再", Mark::Again),
    ("更", Mark::Degree(1.3)),
    ("很", Mark::Degree(1.3)),
    ("非常", Mark::Degree(MORE)),
    ("特别", Mark::Degree(MORE)),
    ("明显", Mark::Degree(MORE)),
    ("大幅", Mark::Degree(MORE)),
    ("much", Mark::Degree(MORE)),
    ("very", Mark::Degree(1.3)),
    ("稍", Mark::Degree(SMALL)),
    ("稍微", Mark::Degree(SMALL)),
    ("略", Mark::Degree(SMALL)),
    ("略微", Mark::Degree(SMALL)),
    ("slightly", Mark::Degree(SMALL)),
    ("a bit", Mark::Degree(SMALL)),
    ("a little", Mark::Degree(SMALL)),
    ("那么", Mark::Filler),
    ("这么", Mark::Filler),
    ("变", Mark::Filler),
    ("调", Mark::Filler),
    ("弄", Mark::Filler),
    ("弄得", Mark::Filler),
    ("提高", Mark::Filler),
    ("增加", Mark::Filler),
    ("加强", Mark::Filler),
    ("增强", Mark::Filler),
    ("make it", Mark::Filler),
    (" ", Mark::Filler),
];

/// The longest mark that ends where the text ends, with its length.
pub(super) fn mark_before(text: &[char]) -> Option<(usize, Mark)> {
    let ends = |mark: &&(&str, Mark)| {
        let length = mark.0.chars().count();
        length <= text.len() && starts_with(&text[text.len() - length..], mark.0)
    };
    MARKS.iter().filter(ends).map(|(sign, mark)| (sign.chars().count(), *mark)).max_by_key(|found| found.0)
}

//! The plain background that is asked for behind a cut-out: "换成白底", "蓝色背景".

use super::notes::starts_with;

/// A background to put behind the subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Backdrop {
    pub(super) colour: [u8; 3],
    /// Asked for by a revision, which is reason enough to cut out even where the specification did not.
    pub(super) from_note: bool,
}

/// Blue and red are those that Chinese photo studios use for documents.
const COLOURS: [(&str, [u8; 3]); 9] = [
    ("白", [255, 255, 255]),
    ("蓝", [67, 142, 219]),
    ("红", [255, 0, 0]),
    ("灰", [200, 200, 200]),
    ("黑", [0, 0, 0]),
    ("white", [255, 255, 255]),
    ("blue", [67, 142, 219]),
    ("red", [255, 0, 0]),
    ("gr", [200, 200, 200]),
];

/// What makes a colour a background.
const NOUNS: [&str; 10] =
    ["色的背景", "色背景", "色底色", "色底", "底色", "底", "背景色", "背景", " background", "ay background"];
/// A background followed by a colour: "背景换成蓝色".
const TURNED: [&str; 8] =
    ["背景换成", "背景改成", "背景变成", "背景用", "底色换成", "底色改成", "背景要", "背景改为"];

struct Found {
    start: usize,
    end: usize,
    colour: [u8; 3],
    /// Whether the background is said to become this colour; what precedes is the old one's fate.
    turned: bool,
}

fn find(text: &[char]) -> Vec<Found> {
    let longest = |at: usize, words: &[&str]| {
        words.iter().filter(|word| starts_with(&text[at..], word)).map(|word| word.chars().count()).max()
    };
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let lead = longest(at, &TURNED).unwrap_or(0);
        let named = COLOURS.iter().find(|(name, _)| starts_with(&text[at + lead..], name));
        let Some((name, colour)) = named else {
            at += 1;
            continue;
        };
        let after = at + lead + name.chars().count();
        let noun = longest(after, &NOUNS).unwrap_or(0);
        if lead > 0 || noun > 0 {
            found.push(Found { start: at, end: after + noun, colour: *colour, turned: lead > 0 });
        }
        at = after + noun;
    }
    found
}

/// Reads the last background asked for; "去掉白底" and "透明背景" take one back.
pub(super) fn read(text: &[char], from_note: bool, backdrop: &mut Option<Backdrop>) {
    const AGAINST_BEFORE: [&str; 8] = ["去", "去掉", "去除", "不要", "别", "抠掉", "remove the ", "no "];
    const AGAINST_AFTER: [&str; 5] = ["去", "抠", "删", "不要", "变透明"];
    let whole: String = text.iter().collect();
    if whole.contains("透明") || whole.contains("transparent") {
        *backdrop = None;
    }
    for Found { start, end, colour, turned } in find(text) {
        let ends_before = |sign: &&str| {
            let length = sign.chars().count();
            !turned && length <= start && starts_with(&text[start - length..], sign)
        };
        let against = AGAINST_BEFORE.iter().any(ends_before)
            || AGAINST_AFTER.iter().any(|sign| starts_with(&text[end..], sign));
        let current = backdrop.is_some_and(|current| current.colour == colour);
        if against && current {
            *backdrop = None;
        } else if !against {
            *backdrop = Some(Backdrop { colour, from_note });
        }
    }
}

/// Takes the backgrounds out of a note, so that 蓝底 is not read as a wish for colder colours.
pub(super) fn blank_out(text: &mut [char]) {
    for Found { start, end, .. } in find(text) {
        // A comma also parts what stood on its two sides.
        text[start..end].fill(',');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::size::normalised;

    fn after(texts: &[&str]) -> Option<[u8; 3]> {
        let mut backdrop = None;
        for text in texts {
            read(&normalised(text), true, &mut backdrop);
        }
        backdrop.map(|backdrop| backdrop.colour)
    }

    const WHITE: Option<[u8; 3]> = Some([255, 255, 255]);
    const BLUE: Option<[u8; 3]> = Some([67, 142, 219]);

    #[test]
    fn a_background_is_read_however_it_is_put() {
        for text in
            ["换成白底", "白色背景", "背景换成白色", "去掉背景换成白底", "white background please", "白底吧"]
        {
            assert_eq!(after(&[text]), WHITE, "{text}");
        }
        assert_eq!(after(&["要蓝底"]), BLUE);
        assert_eq!(after(&["红色底"]), Some([255, 0, 0]));
        assert_eq!(after(&["light gray background"]), Some([200, 200, 200]));
    }

    #[test]
    fn the_last_word_counts() {
        assert_eq!(after(&["白底", "还是蓝底吧"]), BLUE);
        assert_eq!(after(&["不要白底,要蓝底"]), BLUE);
        assert_eq!(after(&["白底", "去掉白底"]), None);
        assert_eq!(after(&["白底", "要透明的"]), None);
    }

    #[test]
    fn a_colour_alone_is_no_background() {
        for text in ["把白底去掉", "白色的衣服", "太蓝了", "remove the white background", "人脸红了"]
        {
            assert_eq!(after(&[text]), None, "{text}");
        }
    }
}

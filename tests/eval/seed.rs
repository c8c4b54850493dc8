//! The seed's own rules, as it has them: `detect_operation` and the branches of `handle_customer_reply`.

use std::sync::LazyLock;

use regex::Regex;
use shopkeeper_domain::AddressKind;

use crate::{Answer, labels::SeedColumns};

/// Python's `[\w\.-]+@[\w\.-]+\.\w+`, whose `\w` takes Chinese characters, too.
static ADDRESS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[\w\.-]+@[\w\.-]+\.\w+").expect("a valid expression"));

const OPERATIONS: [(&str, &[&str]); 5] = [
    ("enhance", &["模糊", "清晰", "高清", "变清"]),
    ("remove_bg", &["背景", "去背", "抠图", "透明"]),
    ("resize", &["尺寸", "大小", "缩放", "分辨率"]),
    ("fix_old_photo", &["老照片", "修复", "发黄", "破损"]),
    ("layered", &["分层", "psd"]),
];

const NEGATIVE: [&str; 9] =
    ["不好", "不对", "不满意", "重做", "改一下", "差太多", "不行", "效果不好", "颜色不对"];

fn operation(text: &str) -> &'static str {
    let text = text.to_lowercase();
    let named = OPERATIONS.iter().find(|(_, words)| words.iter().any(|word| text.contains(word)));
    named.map_or("enhance", |(name, _)| name)
}

fn address(text: &str) -> Option<&str> {
    ADDRESS.find(text.trim()).map(|found| found.as_str())
}

fn complains(text: &str) -> bool {
    NEGATIVE.iter().any(|word| text.contains(word))
}

/// What the seed makes of a message about a result: an address is mailed to, a negative word asks for a revision.
pub(crate) fn answer(text: &str) -> Answer {
    let address = address(text);
    let intent = match address {
        Some(_) => "confirm",
        None if complains(text) => "revise",
        None => "none",
    };
    Answer {
        intent: intent.to_owned(),
        operations: vec![operation(text).to_owned()],
        addresses: address.map(|found| (found.to_owned(), AddressKind::Exact)).into_iter().collect(),
    }
}

/// Whether these rules answer to the examples what the seed answered.
pub(crate) fn is_the_seed(examples: &[SeedColumns]) {
    for SeedColumns { text, columns } in examples {
        let hits: Vec<&str> = NEGATIVE.into_iter().filter(|word| text.contains(word)).collect();
        let dash = |text: String| if text.is_empty() { "-".to_owned() } else { text };
        let branch = match (address(text), hits.is_empty()) {
            (Some(_), _) => "mail+COMPLETE",
            (None, false) => "REVISION",
            (None, true) => "None",
        };
        let ours = [
            operation(text).to_owned(),
            dash(hits.join("|")),
            dash(address(text).unwrap_or("").to_owned()),
            branch.to_owned(),
        ];
        assert_eq!(&ours, columns, "the seed's answer to {text}");
    }
}

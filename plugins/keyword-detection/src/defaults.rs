//! The settings a shop starts with: the seed's tables, and the words that keep it from guessing wrong.

use plugin_kit::{List, Text};

use crate::settings::{Operation, Settings};

/// A list of words as JSON.
macro_rules! json {
    ($first:literal $(, $word:literal)*) => { concat!("[\"", $first, "\"", $(",\"", $word, "\"",)* "]") };
}

/// Writes the tables down twice: as the JSON that a shop sees, and as what reading it would give. Reading takes
/// longer than all the rest of a call, so a shop that changed nothing is spared it.
macro_rules! shipped {
    (
        operations: { $first:ident: [$($word1:literal),+], $($name:ident: [$($word:literal),+],)* }
        $($table:ident: [$($entry:literal),+ $(,)?])*
    ) => {
        /// The settings a shop starts with.
        pub const DEFAULTS: &str = concat!(
            "{\"operations\":[{\"name\":\"", stringify!($first), "\",\"keywords\":", json!($($word1),+), "}",
            $(",{\"name\":\"", stringify!($name), "\",\"keywords\":", json!($($word),+), "}",)* "]",
            $(",\"", stringify!($table), "\":", json!($($entry),+),)* "}"
        );

        /// [`DEFAULTS`], read already.
        pub(crate) const SHIPPED: Settings<'static> = Settings {
            operations: List::Shipped(&[
                Operation { name: Text::of(stringify!($first)), keywords: List::Shipped(&[$(Text::of($word1)),+]) },
                $(Operation { name: Text::of(stringify!($name)), keywords: List::Shipped(&[$(Text::of($word)),+]) },)*
            ]),
            $($table: List::Shipped(&[$(Text::of($entry)),+]),)*
        };
    };
}

shipped! {
    operations: {
        enhance: ["模糊", "清晰", "高清", "变清"],
        remove_bg: ["背景", "去背", "抠图", "透明"],
        resize: ["尺寸", "大小", "缩放", "分辨率"],
        fix_old_photo: ["老照片", "修复", "发黄", "破损"],
        layered: ["分层", "psd"],
    }
    hand_off: [
        "退款", "退钱", "投诉", "举报", "差评", "转人工", "人工客服", "找人工", "找客服",
    ]
    withdraw_address: [
        "别发", "不要发", "先不发", "邮箱不用了", "邮箱错了", "邮箱发错",
    ]
    revise: [
        "不好", "不对", "不满意", "重做", "改一下", "差太多", "不行", "效果不好", "颜色不对",
    ]
    question: [
        "?", "吗", "怎么", "多少", "什么时候", "多久", "几天", "没收到", "好不好", "行不行", "对不对", "可不可以", "能不能", "是不是", "满不满意",
        "有没有",
    ]
    confirm: [
        "可以", "好的", "好了", "没问题", "满意", "就这样", "挺好", "很好", "不错", "确认", "收货", "行", "好", "嗯", "是", "是的", "对", "对的", "没错", "ok", "okay",
    ]
    traps: [
        "不好意思", "好不好", "行不行", "对不对", "可不可以", "满不满意", "不得不", "差不多", "是不是", "对了", "特别", "分别", "区别", "差别", "个别",
    ]
    negators: [
        "不用", "不需要", "不必", "没有", "没什么", "不是", "别", "无需",
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_say_the_same() {
        assert_eq!(serde_json::from_str(DEFAULTS).ok(), Some(SHIPPED));
    }
}

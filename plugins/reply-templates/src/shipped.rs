//! The words a shop starts with: [`DEFAULTS`](crate::DEFAULTS), read already.

use plugin_kit::{List, Table, Text};

use crate::settings::{Settings, Wording};

/// The texts of one locale, one wording each.
macro_rules! texts {
    ($($key:literal => $text:literal,)*) => {
        Table::Shipped(&[$((
            Text::of($key),
            List::Shipped(&[Wording { text: Text::of($text), weight: 1, label: None }]),
        ),)*])
    };
}

/// Emoji stand in the texts and are sent where the shop wants them.
pub(crate) const SHIPPED: Settings<'static> = Settings {
    emoji: false,
    templates: Table::Shipped(&[
        (
            Text::of("zh-CN"),
            texts! {
                "image-ready" => "好了,你看一下效果,没问题把邮箱发我😊",
                "image-ready-agent-hint" => "【图片已处理完成并发给客户】请用自然口吻告诉客户图发好了,让他看一下效果,没问题把邮箱发过来,你来发给他。不超过1句话。",
                "processing-delayed" => "您好,图片正在处理中,稍后发您,请稍等🙏",
                "ask-revision-detail" => "好,你说一下哪里要改,或者发图告诉我✍️",
                "revision-accepted" => "好的,重新给你做💪",
                "ask-address" => "没问题的话把邮箱发我,我给你发原图📮",
                "confirm-address" => "是发到 {address} 吗?",
                "work-mailed" => "发到您邮箱了,注意查收哈📬",
                "mail-failed" => "邮件发送失败了,您再发一次邮箱试试🙏",
                "handed-off" => "好的,马上让同事来跟您沟通,请稍等🙏",
                "mail-subject" => "您的照片处理好了({count}张)",
                "mail-body" => "{name},您好!\n\n您的照片已经处理好了,共{count}张,见附件。\n\n感谢您的信任,欢迎再来!🌷",
            },
        ),
        (
            Text::of("zh-TW"),
            texts! {
                "image-ready" => "修好囉,您看一下效果,沒問題的話把信箱傳給我😊",
                "image-ready-agent-hint" => "【圖片已處理完成並傳給客戶】請用自然的口吻告訴客戶圖傳好了,請他看一下效果,沒問題就把信箱傳過來,由你寄給他。不超過1句話。",
                "processing-delayed" => "您好,圖片還在處理中,稍後傳給您,請稍候🙏",
                "ask-revision-detail" => "好的,請說一下哪裡要改,或是傳圖告訴我✍️",
                "revision-accepted" => "好的,馬上幫您重做💪",
                "ask-address" => "沒問題的話請把信箱傳給我,我寄原圖給您📮",
                "confirm-address" => "是寄到 {address} 嗎?",
                "work-mailed" => "已經寄到您的信箱囉,記得收信📬",
                "mail-failed" => "郵件沒有寄成功,麻煩您再傳一次信箱🙏",
                "handed-off" => "好的,馬上請同事來為您服務,請稍候🙏",
                "mail-subject" => "您的照片處理好了({count}張)",
                "mail-body" => "{name},您好!\n\n您的照片已經處理好了,共{count}張,請見附件。\n\n謝謝您的信任,歡迎再來!🌷",
            },
        ),
        (
            Text::of("en"),
            texts! {
                "image-ready" => "It's ready! Have a look, and if you're happy with it, send me your email address 😊",
                "image-ready-agent-hint" => "[The picture is finished and was sent to the customer] Tell the customer in a natural tone that it is there and ask them to have a look; if it's fine, they send their email address and you mail it to them. One sentence at most.",
                "processing-delayed" => "Hello! Your picture is still being worked on. I'll send it to you shortly, thank you for waiting 🙏",
                "ask-revision-detail" => "Sure! Tell me what you'd like changed, or send a picture that shows it ✍️",
                "revision-accepted" => "Got it, I'll redo it for you 💪",
                "ask-address" => "If it all looks right, send me your email address and I'll mail you the full-size picture 📮",
                "confirm-address" => "Is {address} the right address?",
                "work-mailed" => "It's on its way to your inbox 📬",
                "mail-failed" => "The email didn't go through. Could you send me your address again? 🙏",
                "handed-off" => "Of course, a colleague will be with you in a moment 🙏",
                "mail-subject" => "Your photos are ready ({count})",
                "mail-body" => "Hello {name},\n\nYour photos are ready ({count} in all). You'll find them attached.\n\nThank you for your trust, and see you next time! 🌷",
            },
        ),
    ]),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{DEFAULTS, KEYS};

    #[test]
    fn the_defaults_are_written_twice_to_be_the_same() {
        assert_eq!(serde_json::from_str(DEFAULTS).ok(), Some(SHIPPED));
    }

    #[test]
    fn every_locale_has_every_situation() {
        for (locale, texts) in SHIPPED.templates.iter() {
            let keys: Vec<_> = texts.iter().map(|(key, _)| key.as_str()).collect();
            assert_eq!(keys, KEYS.map(|(key, _)| key), "{locale}");
        }
    }
}

//! E-mail addresses, read by the host itself: a plugin can't send a customer's work anywhere.
//!
//! Matching goes over a folded copy (NFKC, zero-width characters out) that remembers where each character
//! stood, in one pass from left to right. Three kinds come out, and only the first is ever used unasked:
//! what was typed exactly, what needed a repair, and what was derived from words and numbers.

mod fold;
mod providers;
mod scan;

use std::{collections::HashMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The text is no e-mail address as this service takes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an e-mail address looks like name@example.com: ASCII letters, digits and ._%+- before the @")]
pub struct InvalidAddress;

/// An address that mail can go to: `[A-Za-z0-9._%+-]{1,64}` at ASCII labels, the domain in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress(String);

impl EmailAddress {
    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// For logs and lists: the first character and the domain's last label, `a***@***.com`.
    pub fn masked(&self) -> String {
        let first = self.0.chars().next().unwrap_or('*');
        let tld = self.0.rsplit('.').next().unwrap_or("");
        format!("{first}***@***.{tld}")
    }

    fn assemble(local: &str, domain: &str) -> Option<Self> {
        format!("{local}@{}", domain.to_ascii_lowercase()).try_into().ok()
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = InvalidAddress;

    fn try_from(text: String) -> Result<Self, InvalidAddress> {
        let (local, domain) = text.split_once('@').ok_or(InvalidAddress)?;
        let local_ok = (1..=64).contains(&local.len())
            && local.chars().all(scan::is_local)
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..");
        let label_ok = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let domain_ok = domain.len() <= 189
            && domain.contains('.')
            && domain.split('.').all(label_ok)
            && domain
                .rsplit('.')
                .next()
                .is_some_and(|tld| tld.len() >= 2 && tld.bytes().all(|b| b.is_ascii_alphabetic()));
        if local_ok && domain_ok {
            let domain = domain.to_ascii_lowercase();
            Ok(Self(format!("{local}@{domain}")))
        } else {
            Err(InvalidAddress)
        }
    }
}

impl FromStr for EmailAddress {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        Self::try_from(text.to_owned())
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> String {
        address.0
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How sure the host is that this is what the customer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AddressKind {
    /// Typed so: used without asking.
    Exact,
    /// Typed with a slip, such as a comma for the dot or `.con`: asked about first.
    Repaired,
    /// Put together from words and numbers, such as QQ邮箱是123456: asked about first.
    Derived,
}

/// An address in a customer's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundAddress {
    /// What mail would go to.
    pub address: EmailAddress,
    /// How sure that is.
    pub kind: AddressKind,
    /// Where it stands: the half-open range of characters (Unicode scalar values) in the text.
    #[serde(skip)]
    pub span: (usize, usize),
}

/// Every address in the text, in order, each once. Takes time linear in the text's length.
pub fn find_addresses(text: &str) -> Vec<FoundAddress> {
    let mut found: Vec<FoundAddress> = Vec::new();
    let mut places: HashMap<EmailAddress, usize> = HashMap::new();
    for candidate in scan::scan(&fold::Folded::new(text)) {
        match places.get(&candidate.address) {
            Some(&earlier) if candidate.kind == AddressKind::Exact => {
                found[earlier].kind = AddressKind::Exact
            }
            Some(_) => {}
            None => {
                places.insert(candidate.address.clone(), found.len());
                found.push(candidate);
            }
        }
    }
    found
}

/// The text with every address replaced by as many `*`: for journals, which keep texts but no addresses.
pub fn mask_addresses(text: &str) -> String {
    let spans: Vec<(usize, usize)> =
        scan::scan(&fold::Folded::new(text)).into_iter().map(|f| f.span).collect();
    if spans.is_empty() {
        return text.to_owned();
    }
    let mut spans = spans.into_iter().peekable();
    text.chars()
        .enumerate()
        .map(|(at, c)| {
            while spans.next_if(|&(_, end)| end <= at).is_some() {}
            match spans.peek() {
                Some(&(start, _)) if start <= at => '*',
                _ => c,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, AddressKind)> {
        find_addresses(text).into_iter().map(|f| (f.address.to_string(), f.kind)).collect()
    }

    #[test]
    fn what_was_typed_exactly_is_exact() {
        for (text, address) in [
            ("abc@qq.com", "abc@qq.com"),
            ("邮箱是abc@qq.com谢谢", "abc@qq.com"),
            ("发到123456@qq.com就行", "123456@qq.com"),
            ("我邮箱123456789＠qq.com", "123456789@qq.com"),
            ("１２３４５６＠ｑｑ．ｃｏｍ", "123456@qq.com"),
            ("abc@qq。com", "abc@qq.com"),
            ("abc@qq .com", "abc@qq.com"),
            ("zhang+work@gmail.com", "zhang+work@gmail.com"),
            ("ABC@QQ.COM ", "ABC@qq.com"),
            ("a\u{200b}bc@q\u{200b}q.com", "abc@qq.com"),
            ("li.wei@mail.example.com.cn。谢谢", "li.wei@mail.example.com.cn"),
            ("就是abc@qq.com。ok", "abc@qq.com"),
            ("abc@163.com，com结尾", "abc@163.com"),
            ("（abc@qq.com）", "abc@qq.com"),
        ] {
            assert_eq!(read(text), [(address.to_owned(), AddressKind::Exact)], "{text}");
        }
    }

    #[test]
    fn slips_are_repaired_and_said_so() {
        for (text, address) in [
            ("abc@qq,com", "abc@qq.com"),
            ("abc@qq，com", "abc@qq.com"),
            ("abc@qq.con", "abc@qq.com"),
            ("abc@gmial.com", "abc@gmail.com"),
            ("123456@qqcom", "123456@qq.com"),
            ("123456@qq", "123456@qq.com"),
            ("abc@qq.comfa", "abc@qq.comfa"),
            ("demo88 @qq.com", "demo88@qq.com"),
            ("邮箱：test99@ 163.com", "test99@163.com"),
        ] {
            assert_eq!(read(text), [(address.to_owned(), AddressKind::Repaired)], "{text}");
        }
    }

    #[test]
    fn words_and_numbers_are_only_derived() {
        for (text, address) in [
            ("abc@qq点com", "abc@qq.com"),
            ("我的油箱是一二三四五六艾特QQ点com", "123456@qq.com"),
            ("QQ邮箱是123456", "123456@qq.com"),
            ("发我qq邮箱就可以，就是我这个qq号123456789", "123456789@qq.com"),
            ("发我QQ 123456789", "123456789@qq.com"),
            ("手机号13800138000的139邮箱", "13800138000@139.com"),
            ("163邮箱：zhang_san", "zhang_san@163.com"),
            ("66778899，qq邮箱", "66778899@qq.com"),
            ("秋秋邮箱 998877665", "998877665@qq.com"),
            ("我的QQ郵箱是 1122334455", "1122334455@qq.com"),
            ("test123爱特一六三点com", "test123@163.com"),
            ("油箱 demo 艾特 126 点 com", "demo@126.com"),
            ("demo at example dot com", "demo@example.com"),
            ("邮箱 demo(at)163.com", "demo@163.com"),
            ("一二三四五六七八@qq.com", "12345678@qq.com"),
        ] {
            assert_eq!(read(text), [(address.to_owned(), AddressKind::Derived)], "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_left_alone() {
        for text in [
            "图片在 https://user@evil.example.com/x.png",
            "https://user:pass@evil.example.com",
            "@客服小王.在吗",
            "店铺@客服.重做",
            "@qq.com",
            "a@b@c.com",
            "尺寸改成295*413",
            "订单号123456789",
            "look at example.com",
            "两点见 @店长",
            "",
            "a..b@",
        ] {
            assert_eq!(read(text), [], "{text}");
        }
    }

    #[test]
    fn several_come_in_order_and_each_once() {
        let all = read("123456@qq.com或者abc@163.com，还是123456@QQ.com");
        assert_eq!(all.iter().map(|(a, _)| a.as_str()).collect::<Vec<_>>(), ["123456@qq.com", "abc@163.com"]);
    }

    #[test]
    fn masking_keeps_the_length_and_hides_the_address() {
        let text = "邮箱是abc@qq.com谢谢，QQ邮箱123456";
        let masked = mask_addresses(text);
        assert_eq!(masked.chars().count(), text.chars().count());
        assert!(!masked.contains("abc") && !masked.contains("123456"), "{masked}");
        assert!(masked.contains("谢谢"));
    }

    #[test]
    fn the_longest_messages_are_read_to_their_end() {
        let last = "z@qq.com";
        let ten_thousand = (0..10_000).map(|n| format!("a{n}@qq.com ")).collect::<String>();
        for (text, found) in [
            (ten_thousand, 10_000),
            ("a".repeat(200_000), 0),
            ("@".repeat(200_000), 0),
            ("a@".repeat(100_000), 0),
            ("a.".repeat(100_000), 0),
            ("1点".repeat(100_000), 0),
            ("一".repeat(200_000), 0),
            ("https://".repeat(30_000), 0),
            ("qq邮箱".repeat(50_000), 0),
            (" at dot ".repeat(30_000), 0),
            (format!("{}@{}", "a".repeat(64), "b.".repeat(100_000)), 0),
        ] {
            let read = find_addresses(&format!("{text} {last}"));
            assert_eq!(read.len(), found + 1, "{}", &text[..8]);
            assert_eq!(read[found].address.as_str(), last);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_without_panic_and_spans_lie_inside(text in "[a-z0-9@.。，点艾特qQ邮箱一二 \u{200b}＠．,:/+-]{0,60}|\\PC{0,40}") {
            let chars = text.chars().count();
            for found in find_addresses(&text) {
                proptest::prop_assert!(found.span.0 < found.span.1 && found.span.1 <= chars);
                proptest::prop_assert!(EmailAddress::from_str(found.address.as_str()).is_ok());
                let typed = |c: char| c.is_ascii_alphanumeric() || "._%+-@".contains(c);
                proptest::prop_assert!(found.address.as_str().chars().all(typed));
                if found.kind == AddressKind::Exact {
                    // Nothing but what stands there, without what nobody sees and the breadth of characters.
                    let there = text.chars().skip(found.span.0).take(found.span.1 - found.span.0);
                    let there: String = there.filter(|c| !c.is_whitespace()).collect();
                    let narrow: String = fold::Folded::new(&there).chars.iter().collect();
                    let narrow = narrow.replace('。', ".");
                    proptest::prop_assert!(narrow.eq_ignore_ascii_case(found.address.as_str()), "{} in {}", found.address, there);
                }
            }
            proptest::prop_assert_eq!(mask_addresses(&text).chars().count(), chars);
        }

        #[test]
        fn a_plain_address_is_found_in_chinese(local in "[a-z0-9][a-z0-9_+]{0,20}", domain in "[a-z]{2,10}\\.(com|cn|net|org)") {
            let address = format!("{local}@{domain}");
            let found = find_addresses(&format!("我的邮箱是{address}谢谢"));
            proptest::prop_assert_eq!(found.len(), 1);
        }
    }
}

//! A mail as RFC 5322 has it: text and HTML, the pictures attached, links to those that there is no room for.

use std::{fmt::Write, time::SystemTime};

use lettre::{
    Address, Message,
    address::Envelope,
    message::{Attachment as Part, Mailbox, MultiPart, header::ContentType},
};

use super::{Link, Mail, MailError};
use crate::config;

/// Who mails are from.
#[derive(Clone)]
pub(super) struct Sender {
    name: String,
    address: Address,
}

/// A message, ready to be handed over.
pub(super) struct Ready {
    pub(super) envelope: Envelope,
    pub(super) bytes: Vec<u8>,
}

impl Sender {
    /// As configured; an error where that is no address.
    pub(super) fn new(config: &config::Mail) -> Result<Self, String> {
        let address = config
            .from_address
            .parse()
            .map_err(|e| format!("mail.from_address {:?} is no e-mail address: {e}", config.from_address))?;
        Ok(Self { name: one_line(&config.from_name), address })
    }

    /// Builds the message, away from the threads that answer requests: encoding many megabytes takes a while.
    pub(super) async fn message(&self, mail: Mail) -> Result<Ready, MailError> {
        let sender = self.clone();
        let built = tokio::task::spawn_blocking(move || {
            sender.build(mail).map(|m| Ready { envelope: m.envelope().clone(), bytes: m.formatted() })
        });
        built.await.map_err(|e| MailError::Transient(format!("the mail can't be built: {e}")))?
    }

    fn build(&self, mail: Mail) -> Result<Message, MailError> {
        // Lettre's errors name the part that is wrong, not the address.
        let permanent =
            |e: &dyn std::fmt::Display| MailError::Permanent(format!("the mail can't be built: {e}"));
        let to: Address = mail.to.as_str().parse().map_err(|e| permanent(&e))?;
        let from_name = mail.from_name.as_deref().map_or_else(|| self.name.clone(), one_line);
        let (text, html) = both(&mail.body, &mail.links, mail.link_days);
        let mut parts = MultiPart::mixed().multipart(MultiPart::alternative_plain_html(text, html));
        for attachment in mail.attachments {
            let kind = ContentType::parse(&attachment.media_type).map_err(|e| permanent(&e))?;
            parts = parts.singlepart(Part::new(one_line(&attachment.name)).body(attachment.bytes, kind));
        }
        Message::builder()
            .message_id(Some(format!("<{}@{}>", mail.id, self.address.domain())))
            .date(SystemTime::from(mail.at))
            .from(Mailbox::new(Some(from_name).filter(|n| !n.is_empty()), self.address.clone()))
            .to(Mailbox::new(Some(one_line(&mail.to_name)).filter(|n| !n.is_empty()), to))
            .subject(one_line(&mail.subject))
            .multipart(parts)
            .map_err(|e| permanent(&e))
    }
}

/// The body as text and as HTML: the same words.
fn both(body: &str, links: &[Link], days: u32) -> (String, String) {
    let mut text: String = body.chars().filter(|c| *c == '\n' || !c.is_control()).collect();
    let mut html = format!("<p>{}</p>", escaped(&text).replace('\n', "<br>"));
    if !links.is_empty() {
        let hint = format!("下面的照片比较大,没有放进附件,请在{days}天内点链接下载:");
        let mut items = String::new();
        let _ = write!(text, "\n\n{hint}");
        for Link { name, url } in links {
            let _ = write!(text, "\n{name}\n{url}");
            let _ = write!(items, "<li><a href=\"{}\">{}</a></li>", escaped(url), escaped(name));
        }
        let _ = write!(html, "<p>{hint}</p><ul>{items}</ul>");
    }
    (text, format!("<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\"><body>{html}</body></html>"))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Control characters out: a name with a line break in it would end the header, and lettre panics on it.
fn one_line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_html_say_the_same_and_nothing_gets_out_of_its_place() {
        let link = Link { name: "变清晰-1.jpg".into(), url: "https://a.example/x?a=1&b=2".into() };
        let (text, html) = both("您好 <b>\r\n再见\u{7}", &[link], 7);
        assert_eq!(
            text,
            "您好 <b>\n再见\n\n下面的照片比较大,没有放进附件,请在7天内点链接下载:\n变清晰-1.jpg\nhttps://a.example/x?a=1&b=2"
        );
        assert!(html.contains("您好 &lt;b&gt;<br>再见"), "{html}");
        assert!(html.contains("<a href=\"https://a.example/x?a=1&amp;b=2\">变清晰-1.jpg</a>"), "{html}");
        assert_eq!(both("您好", &[], 7).0, "您好");
    }

    #[test]
    fn a_name_is_one_line() {
        assert_eq!(one_line("张三\r\nBcc: x@example.com"), "张三Bcc: x@example.com");
    }
}

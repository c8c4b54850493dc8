//! One pass over a folded text. Every look to the left or right is bounded, so the whole is linear.

use super::{AddressKind, EmailAddress, FoundAddress, fold::Folded, providers};

/// The longest local part (RFC 5321 § 4.5.3.1.1).
const MAX_LOCAL: usize = 64;
/// The longest domain that is followed, in characters.
const MAX_DOMAIN: usize = 190;
/// How far back a URL's `://` is looked for.
const MAX_URL: usize = 256;
/// How many characters may stand between 「QQ邮箱」 and the number.
const MAX_GAP: usize = 12;

/// `[A-Za-z0-9._%+-]`.
pub(super) fn is_local(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-')
}

fn spoken_digit(c: char) -> Option<char> {
    Some(match c {
        '零' | '〇' => '0',
        '一' | '幺' => '1',
        '二' | '两' => '2',
        '三' => '3',
        '四' => '4',
        '五' => '5',
        '六' => '6',
        '七' => '7',
        '八' => '8',
        '九' => '9',
        _ => return None,
    })
}

pub(super) fn scan(text: &Folded) -> Vec<FoundAddress> {
    let chars = &text.chars;
    let mut found = Vec::new();
    let mut free = 0; // Nothing before this belongs to a later address.
    let mut at = 0;
    while at < chars.len() {
        let width = at_sign(chars, at);
        if width > 0
            && let Some((start, end, address, kind)) = around(chars, free, at, width)
        {
            let span = text.origin(start, end);
            found.push(FoundAddress { address, kind, span });
            free = end;
            at = end;
        } else {
            at += width.max(1);
        }
    }
    let typed = found.len();
    named_numbers(text, &mut found, typed);
    found.sort_by_key(|f| f.span);
    found
}

/// How many characters the at sign here takes; 0 where there is none.
fn at_sign(chars: &[char], at: usize) -> usize {
    match chars[at] {
        '@' => 1,
        '艾' | '爱' if chars.get(at + 1) == Some(&'特') => 2,
        '(' | '[' if matches!(chars.get(at + 1..at + 4), Some(['a' | 'A', 't' | 'T', ')' | ']'])) => 4,
        // A word among others, unless the dot is one, too.
        ' ' if matches!(chars.get(at + 1..at + 4), Some(['a' | 'A', 't' | 'T', ' '])) => SPELLED,
        _ => 0,
    }
}

/// The width of ` at `, which is no space beside an at sign.
const SPELLED: usize = 4;

type Hit = (usize, usize, EmailAddress, AddressKind);

/// The address around an at sign, where there is one that does not reach before `free`.
fn around(chars: &[char], free: usize, at: usize, width: usize) -> Option<Hit> {
    // One space on either side is a slip.
    let space = |at: usize| usize::from(chars.get(at) == Some(&' '));
    let before = at.checked_sub(1).filter(|at| *at >= free).map_or(0, space);
    let after = space(at + width);
    let (start, local, spoken_local) = local_part(chars, free, at - before)?;
    if start > 0 && chars[start - 1] == '@' || in_url(chars, start) {
        return None;
    }
    let (end, domain, typed) = domain_part(chars, at + width + after)?;
    if width == SPELLED && chars[at] == ' ' && typed != AddressKind::Derived {
        return None;
    }
    if chars.get(end) == Some(&'@') {
        return None;
    }
    let (domain, repaired) = providers::repair(&domain)?;
    let kind = if spoken_local || width > 1 || typed == AddressKind::Derived {
        AddressKind::Derived
    } else if repaired || typed == AddressKind::Repaired || before + after > 0 {
        AddressKind::Repaired
    } else {
        AddressKind::Exact
    };
    Some((start, end, EmailAddress::assemble(&local, &domain)?, kind))
}

/// The run of local-part characters that ends at `at`, or a run of spoken digits; and whether it was spoken.
fn local_part(chars: &[char], free: usize, at: usize) -> Option<(usize, String, bool)> {
    let run = |good: &dyn Fn(char) -> bool| {
        chars[free..at].iter().rev().take(MAX_LOCAL + 1).take_while(|c| good(**c)).count()
    };
    let typed = run(&is_local);
    if typed > MAX_LOCAL {
        return None;
    }
    if typed > 0 {
        let mut start = at - typed;
        // A dot or dash before the name is the sentence's, not the name's.
        while start < at && matches!(chars[start], '.' | '-') {
            start += 1;
        }
        return (start < at).then(|| (start, chars[start..at].iter().collect(), false));
    }
    let spoken = run(&|c| spoken_digit(c).is_some());
    // Fewer than five digits is a word such as 一, not a number somebody dictates.
    if !(5..=MAX_LOCAL).contains(&spoken) {
        return None;
    }
    let start = at - spoken;
    Some((start, chars[start..at].iter().filter_map(|c| spoken_digit(*c)).collect(), true))
}

/// Whether the character before `start` belongs to a URL, whose user-info is no address.
fn in_url(chars: &[char], start: usize) -> bool {
    let before = &chars[start.saturating_sub(MAX_URL)..start];
    let run = before.iter().rev().take_while(|c| c.is_ascii_graphic()).count();
    let token = &before[before.len() - run..];
    token.windows(3).any(|w| w == [':', '/', '/'])
}

/// Labels after the at sign: where they end, the domain in lower case, and how it was typed.
fn domain_part(chars: &[char], from: usize) -> Option<(usize, String, AddressKind)> {
    let mut domain = String::new();
    let mut kind = AddressKind::Exact;
    let mut end = match label(chars, from, &mut domain) {
        Some(end) => end,
        None => {
            kind = AddressKind::Derived;
            spoken_label(chars, from, &mut domain)?
        }
    };
    while domain.len() < MAX_DOMAIN {
        let Some((next, how)) = separator(chars, end) else { break };
        let mut grown = format!("{domain}.");
        let Some(after) = label(chars, next, &mut grown) else { break };
        let last = grown.rsplit('.').next().unwrap_or("");
        let complete = domain.rsplit_once('.').is_some_and(|(_, tld)| providers::is_tld(tld));
        // A full dot always joins. Anything else joins only what without it would be no address: a comma
        // or 。 behind a complete address ends the sentence.
        let joins = match how {
            Separator::Dot => true,
            Separator::Ideographic => !complete || providers::is_tld(last),
            Separator::Spaced | Separator::Comma | Separator::Spoken => !complete && providers::is_tld(last),
        };
        if !joins {
            break;
        }
        match how {
            Separator::Comma if kind == AddressKind::Exact => kind = AddressKind::Repaired,
            Separator::Spoken => kind = AddressKind::Derived,
            _ => {}
        }
        domain = grown;
        end = after;
    }
    Some((end, domain, kind))
}

/// Appends the label that starts at `from`; returns where it ends.
fn label(chars: &[char], from: usize, into: &mut String) -> Option<usize> {
    let rest = chars.get(from..)?;
    let mut run = rest.iter().take(64).take_while(|c| c.is_ascii_alphanumeric() || **c == '-').count();
    while run > 0 && rest[run - 1] == '-' {
        run -= 1;
    }
    if !(1..=63).contains(&run) || rest[0] == '-' {
        return None;
    }
    into.extend(rest[..run].iter().map(char::to_ascii_lowercase));
    Some(from + run)
}

/// Appends the number that is spoken here, as in 一六三点com; returns where it ends.
fn spoken_label(chars: &[char], from: usize, into: &mut String) -> Option<usize> {
    let digits = chars.get(from..)?.iter().take(4).map_while(|c| spoken_digit(*c));
    let before = into.len();
    into.extend(digits);
    let digits = into.len() - before;
    (digits == 3).then_some(from + digits)
}

#[derive(Clone, Copy)]
enum Separator {
    Dot,
    Ideographic,
    Spaced,
    Comma,
    Spoken,
}

/// The separator at `at`, and where it ends.
fn separator(chars: &[char], at: usize) -> Option<(usize, Separator)> {
    let is = |at: usize, c: char| chars.get(at) == Some(&c);
    if let Some([' ', 'd' | 'D', 'o' | 'O', 't' | 'T', ' ']) = chars.get(at..at + 5) {
        return Some((at + 5, Separator::Spoken));
    }
    Some(match chars.get(at)? {
        ' ' if is(at + 1, '点') => (at + 2 + usize::from(is(at + 2, ' ')), Separator::Spoken),
        '.' if is(at + 1, ' ') => (at + 2, Separator::Spaced),
        '.' => (at + 1, Separator::Dot),
        '。' => (at + 1, Separator::Ideographic),
        ',' => (at + 1, Separator::Comma),
        '点' => (at + 1, Separator::Spoken),
        ' ' if is(at + 1, '.') => (at + 2, Separator::Spaced),
        _ => return None,
    })
}

/// QQ邮箱是123456, 发我QQ 123456789, 13800138000的139邮箱: a name or number beside a provider's name.
fn named_numbers(text: &Folded, found: &mut Vec<FoundAddress>, typed: usize) {
    let chars = &text.chars;
    let mut provider: Option<(usize, &'static str, bool)> = None;
    let mut run_start = 0;
    let mut number: Option<(usize, usize)> = None;
    let mut digits_before: Option<(usize, usize)> = None;
    for at in 0..=chars.len() {
        if at < chars.len() && chars[at].is_ascii() && is_local(chars[at]) {
            continue;
        }
        let run = run_start..at;
        run_start = at + 1;
        if run.is_empty() || run.len() > MAX_LOCAL {
            continue;
        }
        let word: String = chars[run.clone()].iter().map(char::to_ascii_lowercase).collect();
        let mailbox = chars[at..].starts_with(&['邮', '箱']);
        let mut hit = None;
        if let Some(domain) = providers::provider_domain(&word).filter(|_| mailbox || word == "qq") {
            // A mobile number before 「139邮箱」.
            hit = number.filter(|_| domain == "139.com").map(|n| (n, domain));
            // 66778899，qq邮箱
            let near = digits_before.filter(|(_, end)| mailbox && run.start - end <= 2);
            hit = hit.or(near.map(|n| (n, domain)));
            provider = Some((at, domain, mailbox));
        } else if let Some((from, domain, mailbox)) =
            provider.filter(|(from, ..)| run.start - from <= MAX_GAP)
        {
            let digits = word.bytes().all(|b| b.is_ascii_digit());
            let number = digits && (5..=11).contains(&word.len()) && !word.starts_with('0');
            let name = mailbox
                && !digits
                && word.len() >= 3
                && word.starts_with(|c: char| c.is_ascii_alphanumeric());
            let clear = !chars[from..run.start].iter().any(|c| matches!(c, '?' | '\n'));
            if clear && (number || name) {
                hit = Some(((run.start, run.end), domain));
            }
        }
        let is_number = (5..=11).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_digit());
        digits_before = Some((run.start, run.end)).filter(|_| is_number && !word.starts_with('0'));
        if word.len() == 11 && word.starts_with('1') && word.bytes().all(|b| b.is_ascii_digit()) {
            number = Some((run.start, run.end));
        }
        let Some(((start, end), domain)) = hit else { continue };
        let local: String = chars[start..end].iter().collect();
        let span = text.origin(start, end);
        // Those that were typed stand in the order of the text.
        let next = found[..typed].partition_point(|f| f.span.1 <= span.0);
        let taken = found[..typed].get(next).is_some_and(|f| f.span.0 < span.1);
        if let Some(address) =
            EmailAddress::assemble(&local, domain).filter(|_| !taken && chars.get(end) != Some(&'@'))
        {
            found.push(FoundAddress { address, kind: AddressKind::Derived, span });
            provider = None;
        }
    }
}

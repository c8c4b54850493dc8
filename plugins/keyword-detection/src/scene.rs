//! Every word of the tables that stands in a message, as it counts there: the longest in its place, none in a trap.

use std::ops::Range;

use crate::settings::{Kind, Settings};
use crate::text::{Matchable, is_break, is_han};

/// A word of a table in the message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hit<'s> {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) kind: Kind,
    pub(crate) word: &'s str,
    gap: bool,
}

/// How a word is negated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Negation<'s> {
    /// 不太满意, 没有白边
    Denied(&'s str),
    /// 不用重做
    Refused,
    /// 没有不满意
    Twice,
}

/// A message, read.
pub(crate) struct Scene<'s> {
    pub(crate) copy: Matchable,
    /// In the order of the text.
    pub(crate) hits: Vec<Hit<'s>>,
    /// For each character, the number of its clause.
    clauses: Vec<u32>,
    /// For each clause, what stands in it.
    contents: Vec<u32>,
    /// For each clause, where what is feared or supposed in it ends first, and where what was before does.
    supposed: Vec<(usize, usize)>,
    /// The last clause that accepts.
    accepted: Option<u32>,
    /// For each place, the negator, refusal or adverb that ends there, as its place in `hits`.
    before: Vec<Option<u32>>,
}

impl<'s> Scene<'s> {
    pub(crate) fn new(settings: &'s Settings<'s>, text: &str) -> Self {
        let copy = Matchable::new(text);
        let mut hits = Vec::with_capacity(32);
        let may = copy.beginnings();
        settings.each_table(|kind, words| {
            let anywhere = anywhere(kind);
            for word in words.beginning(&may) {
                copy.each(word, anywhere, |start, end, gap| hits.push(Hit { start, end, kind, word, gap }));
            }
        });
        built_in(&copy, &mut hits);
        let addresses = addresses(&copy.chars);
        hits.retain(|hit| !addresses.iter().any(|a| a.start <= hit.start && hit.end <= a.end));
        // Of two in one place the longer counts, and a plain one before one with a gap.
        hits.sort_by_key(|hit| (hit.start, hit.gap, std::cmp::Reverse(hit.end)));
        absorb(&mut hits);
        avoid_traps(&mut hits, copy.len());
        let clauses = clauses(&copy, &hits);
        let mut before = vec![None; copy.len() + 1];
        for (number, hit) in (0..).zip(&hits) {
            if matches!(hit.kind, Kind::Negator | Kind::Refusal | Kind::Between) {
                // The one that starts first is the longest. What begins within it is meant, too: 不需要 in 不需要修改.
                let within = if hit.kind == Kind::Between { hit.end } else { hit.start + 1 };
                for place in &mut before[within..=hit.end] {
                    place.get_or_insert(number);
                }
            }
        }
        let count = clauses.last().map_or(0, |last| *last as usize + 1);
        let (mut contents, mut supposed) = (vec![0; count], vec![(usize::MAX, usize::MAX); count]);
        for hit in &hits {
            let clause = clauses[hit.start] as usize;
            contents[clause] |= content(hit.kind);
            let (feared, formerly) = &mut supposed[clause];
            match hit.kind {
                Kind::Fear => *feared = hit.end.min(*feared),
                Kind::Doubt if supposes(hit.word) => *feared = hit.end.min(*feared),
                // 比原来还糊 speaks of now.
                Kind::Formerly if !compared(&copy.chars[..hit.start]) => *formerly = hit.end.min(*formerly),
                _ => {}
            }
        }
        for (at, c) in copy.chars.iter().enumerate() {
            let contents = &mut contents[clauses[at] as usize];
            match c {
                '@' => *contents |= AT_SIGN,
                '了' => *contents |= CHANGED,
                '都' | '啊' | '呀' | '啦' => {}
                c if is_break(*c) => {}
                _ => *contents &= !CHANGED,
            }
        }
        let mut scene = Self { copy, hits, clauses, contents, supposed, accepted: None, before };
        let accepts = |hit: &&Hit<'_>| hit.kind.accepts() && scene.negation(hit).is_none();
        scene.accepted = scene.hits.iter().rev().find(accepts).map(|hit| scene.clause(hit));
        scene
    }

    pub(crate) fn of(&self, kind: Kind) -> impl Iterator<Item = &Hit<'s>> {
        self.hits.iter().filter(move |hit| hit.kind == kind)
    }

    pub(crate) fn clause(&self, hit: &Hit<'_>) -> u32 {
        self.clauses[hit.start]
    }

    /// What stands before the hit that says its opposite, with or without adverbs between: 不太满意, 没有特别满意.
    pub(crate) fn negation(&self, hit: &Hit<'_>) -> Option<Negation<'s>> {
        let mut at = hit.start;
        let mut found: Option<&Hit<'s>> = None;
        // So many words may stand before: what is said with more is read by nobody.
        for _ in 0..6 {
            while at > 0 && self.copy.chars[at - 1] == ' ' && found.is_none() {
                at -= 1;
            }
            let Some(number) = self.before[at] else { break };
            let word = &self.hits[number as usize];
            at = word.start;
            match (word.kind, found) {
                (Kind::Between, _) => {}
                (_, None) => found = Some(word),
                (_, Some(_)) => return Some(Negation::Twice),
            }
        }
        found.map(|hit| match hit.kind {
            Kind::Refusal => Negation::Refused,
            _ => Negation::Denied(hit.word),
        })
    }

    /// 要是不喜欢 finds no fault yet, and 还以为会很假 none any more; nor does 刚才那版不行，这版可以.
    pub(crate) fn is_supposed(&self, hit: &Hit<'_>) -> bool {
        let clause = self.clause(hit);
        let (feared, formerly) = self.supposed[clause as usize];
        feared <= hit.start || formerly <= hit.start && self.accepted.is_some_and(|last| last > clause)
    }

    /// The places that come after the hit in its clause.
    pub(crate) fn rest_of_clause(&self, hit: &Hit<'_>) -> impl Iterator<Item = usize> {
        let clause = self.clauses[hit.end - 1];
        (hit.end..self.clauses.len()).take_while(move |at| self.clauses[*at] == clause)
    }

    /// Whether the clause ends in 了: what is said came about.
    pub(crate) fn changed(&self, hit: &Hit<'_>) -> bool {
        self.contents[self.clauses[hit.start] as usize] & CHANGED != 0
    }

    /// Whether a hit of one of the kinds [`content`] knows stands in the same clause.
    pub(crate) fn beside(&self, hit: &Hit<'_>, kind: Kind) -> bool {
        self.contents[self.clauses[hit.start] as usize] & content(kind) != 0
    }

    /// Whether an at sign stands in the same clause.
    pub(crate) fn beside_at_sign(&self, hit: &Hit<'_>) -> bool {
        self.contents[self.clauses[hit.start] as usize] & AT_SIGN != 0
    }
}

/// Whether a fault after the word is only thought of.
fn supposes(word: &str) -> bool {
    ["如果", "要是", "若是", "假如", "假设", "万一"].contains(&word)
}

/// Whether the text ends in a word that compares with what follows.
fn compared(before: &[char]) -> bool {
    before.last().is_some_and(|c| matches!(c, '比' | '跟' | '和' | '同' | '像' | '照' | '按'))
}

const AT_SIGN: u32 = 1;
const CHANGED: u32 = 1 << 31;

/// Where e-mail addresses stand, as far as letters and digits go around an at sign: no word of a table is meant there.
pub(crate) fn addresses(chars: &[char]) -> Vec<Range<usize>> {
    let part = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+');
    let around = |at: usize| {
        let before = chars[..at].iter().rev().take_while(|c| part(c)).count();
        let after = chars[at + 1..].iter().take_while(|c| part(c)).count();
        at - before..at + 1 + after
    };
    (0..chars.len()).filter(|at| chars[*at] == '@').map(around).collect()
}

/// The bit of what is asked about a clause.
fn content(kind: Kind) -> u32 {
    match kind {
        Kind::Action => 1 << 1,
        Kind::Question => 1 << 2,
        Kind::Report => 1 << 3,
        Kind::Confirm => 1 << 4,
        Kind::Mail => 1 << 5,
        Kind::Doubt => 1 << 6,
        Kind::Revise => 1 << 7,
        Kind::Agree => 1 << 8,
        Kind::Negator => 1 << 9,
        Kind::Part => 1 << 10,
        _ => 0,
    }
}

/// Words of one character that need no room around them.
fn anywhere(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Action
            | Kind::Adjective
            | Kind::Too
            | Kind::More
            | Kind::Courtesy
            | Kind::Trap
            | Kind::Negator
            | Kind::Refusal
            | Kind::Between
            | Kind::Break
            | Kind::Question
            | Kind::Part
            | Kind::WrongAddress
    )
}

/// What is asked without a word of the tables: 好不好, 满意不满意, and a 不 or 没 that ends its clause.
fn built_in(copy: &Matchable, hits: &mut Vec<Hit<'_>>) {
    let chars = &copy.chars;
    let not = |c: char| matches!(c, '不' | '没');
    for at in (1..chars.len()).filter(|&at| chars[at] == '么') {
        let word = matches!(chars[at - 1], '什' | '怎' | '那' | '这' | '多' | '要');
        if !word && chars.get(at + 1).is_none_or(|c| is_break(*c)) {
            hits.push(Hit { start: at, end: at + 1, kind: Kind::Question, word: "…么", gap: false });
        }
    }
    // 压一压 and 收一收 ask for it; 看一看 and 等一等 do not.
    for at in (1..chars.len().saturating_sub(1)).filter(|&at| chars[at] == '一') {
        let verb = chars[at - 1];
        if verb == chars[at + 1] && is_han(verb) && !"看想问等试比瞧说聊谢笑一坐歇停缓".contains(verb)
        {
            hits.push(Hit { start: at - 1, end: at + 2, kind: Kind::Wish, word: "X一X", gap: false });
        }
    }
    // 好看归好看 and 贵是贵了点 grant it, for what comes after it.
    for at in (1..chars.len()).filter(|&at| matches!(chars[at], '归' | '是')) {
        let granted = |width: &usize| {
            let before = at.checked_sub(*width).map(|start| &chars[start..at]);
            before.is_some_and(|b| {
                chars.get(at + 1..=at + width) == Some(b)
                    && b.iter().all(|c| is_han(*c) && !"是不没还就都也只".contains(*c))
            })
        };
        if let Some(width) = [2, 1].into_iter().find(granted) {
            for kind in [Kind::Trap, Kind::Break] {
                hits.push(Hit { start: at - width, end: at + 1 + width, kind, word: "X是X", gap: false });
            }
        }
    }
    for at in (0..chars.len()).filter(|&at| not(chars[at])) {
        let asked = |width: usize| {
            at >= width
                && chars.get(at + 1..=at + width) == Some(&chars[at - width..at])
                && chars[at - width..at].iter().all(|c| is_han(*c) && !not(*c))
        };
        // 不错不错 and 好得不得了 praise.
        let twice = at >= 2 && not(chars[at - 2])
            || chars.get(at + 2) == Some(&'了') && chars[at.saturating_sub(1)] == '得';
        if let Some(width) = [2, 1].into_iter().find(|width| asked(*width)).filter(|_| !twice) {
            for kind in [Kind::Question, Kind::Trap] {
                hits.push(Hit { start: at - width, end: at + 1 + width, kind, word: "X不X", gap: false });
            }
        }
        let end = if chars.get(at + 1) == Some(&'有') { at + 2 } else { at + 1 };
        let ends = chars.get(end).is_none_or(|c| is_break(*c));
        let before = |back: usize| at.checked_sub(back).map(|at| chars[at]);
        let spoken = |c: Option<char>| c.is_some_and(|c| !is_break(c) && !not(c) && c != '还' && c != '都');
        if ends && spoken(before(1)) && spoken(before(2)) {
            hits.push(Hit { start: at, end, kind: Kind::Question, word: "…不", gap: false });
        }
    }
}

/// Takes out what lies within something longer: 好 in 不好意思. A word with a gap leaves in what asks for an operation, and
/// words that only colour others hide nothing.
fn absorb(hits: &mut Vec<Hit<'_>>) {
    let (mut plain, mut gaps, mut accepts) = ((0, 0), (0, 0), (0, 0));
    let (mut negators, mut refusals) = ((0, 0), (0, 0));
    hits.retain(|hit| {
        let within = |(start, end): (usize, usize)| hit.end <= end && (start, end) != (hit.start, hit.end);
        let asks = matches!(hit.kind, Kind::Keyword(_) | Kind::Defect(_) | Kind::Topic(_) | Kind::Action);
        let turns = matches!(hit.kind, Kind::Negator | Kind::Refusal | Kind::Between);
        let hidden = within(plain)
            // 太绝了吧 praises, whatever 太…吧 says.
            || (within(gaps) && !asks && hit.kind != Kind::Confirm)
            // 不用改了 accepts, and its 不用 goes for what follows as well.
            || (within(accepts) && !turns)
            // 没什么 asks nothing.
            || (within(negators) && hit.kind == Kind::Question)
            // 不用 refuses, and its 不 denies nothing.
            || (within(refusals) && hit.kind == Kind::Negator)
            || (hit.gap && [plain, accepts].iter().any(|(start, end)| *start == hit.start && *end > hit.start));
        if hidden {
            return false;
        }
        let reach = match hit.kind {
            Kind::Negator => &mut negators,
            Kind::Refusal => &mut refusals,
            Kind::Courtesy | Kind::Between | Kind::Action | Kind::Too | Kind::More => return true,
            Kind::WrongAddress | Kind::Mail | Kind::Report | Kind::Adjective | Kind::Part => return true,
            _ if hit.gap => &mut gaps,
            Kind::Confirm | Kind::Agree => &mut accepts,
            _ => &mut plain,
        };
        if hit.end > reach.1 {
            *reach = (hit.start, hit.end);
        }
        true
    });
}

/// Takes out what touches a trap.
fn avoid_traps(hits: &mut Vec<Hit<'_>>, length: usize) {
    if hits.iter().all(|hit| hit.kind != Kind::Trap) {
        return;
    }
    let mut trapped = vec![false; length];
    for trap in hits.iter().filter(|hit| hit.kind == Kind::Trap) {
        trapped[trap.start..trap.end].fill(true);
    }
    // 可是 is in the way of 可, and turns what was said all the same.
    let whole: Vec<(usize, usize)> =
        hits.iter().filter(|hit| hit.kind == Kind::Trap).map(|trap| (trap.start, trap.end)).collect();
    hits.retain(|hit| {
        let turns = hit.kind == Kind::Break && whole.contains(&(hit.start, hit.end));
        // 没有特别满意: 特别 is in the way of 别, not of itself.
        let colours =
            matches!(hit.kind, Kind::Between | Kind::Too | Kind::Courtesy) && hit.end - hit.start > 1;
        matches!(hit.kind, Kind::Trap)
            || colours
            || turns
            || hit.word == "X不X"
            || !(trapped[hit.start] || trapped[hit.end - 1])
    });
}

fn clauses(copy: &Matchable, hits: &[Hit<'_>]) -> Vec<u32> {
    let mut starts = vec![false; copy.len()];
    for hit in hits.iter().filter(|hit| hit.kind == Kind::Break) {
        starts[hit.start] = true;
    }
    let mut number = 0;
    let mut clauses = Vec::with_capacity(copy.len());
    for (at, start) in starts.into_iter().enumerate() {
        number += u32::from(start || copy.breaks_at(at));
        clauses.push(number);
    }
    clauses
}

//! What a message wants.
//!
//! Money and complaints before everything; an address that is not to be used before the picture; what is wrong with the
//! picture before what is asked; what is asked before what is accepted. To the tables a doubt, or words beside a yes that
//! none of them knows, make it a question: asking once more costs less than mailing work that nobody accepted.

use crate::operations::asked;
use crate::opinion::weigh;
use crate::scene::{Hit, Negation, Scene};
use crate::settings::{Kind, Settings};
use crate::text::{is_break, is_han, is_particle};

/// What the message wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    /// Nothing for the workflow.
    None,
    /// Something is asked.
    Question,
    /// The work is not right yet.
    Revise,
    /// The work is accepted.
    Confirm,
    /// A person must take over.
    HandOff,
    /// The address is not to be used.
    WithdrawAddress,
}

/// The rule that matched, and where: a half-open range of Unicode scalar values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Such as `revise:不满意`.
    pub rule: String,
    /// The first.
    pub start: u32,
    /// One past the last.
    pub end: u32,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// What the message wants.
    pub intent: Intent,
    /// 0 to 100.
    pub confidence: u8,
    /// Why.
    pub evidence: Vec<Evidence>,
}

/// An operation the text asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Such as `enhance`.
    pub name: String,
    /// Why.
    pub evidence: Evidence,
}

/// Beside a word that says yes to many things, so many characters may be unknown.
const UNKNOWN_BESIDE_AGREE: usize = 1;
/// Beside one that ends its clause: 我老公说可以.
const UNKNOWN_BEFORE_AGREE: usize = 1;
/// After the last word of acceptance: more is something else that the customer has to say.
const UNKNOWN_AFTER_CONFIRM: usize = 4;
/// Right after it, in the same clause, and after a 但.
const UNKNOWN_BESIDE_CONFIRM: usize = 1;
/// Beside an address, with and without a word such as 邮箱.
const UNKNOWN_BESIDE_MAIL: usize = 6;
const UNKNOWN_BESIDE_ADDRESS: usize = 2;

/// Reads the intent; `addresses` is how many e-mail addresses the host saw, `shown` whether a result is before the customer.
#[must_use]
pub fn read_intent(settings: &Settings<'_>, text: &str, addresses: u32, shown: bool) -> Reading {
    let scene = Scene::new(settings, text);
    let addressed = addresses > 0;
    let unknown = unknown(&scene, addressed);
    let found = by_rules(&scene, &unknown, addressed, shown);
    if shown && settings.second_opinion { weigh(settings, &scene, &unknown, found, addressed) } else { found }
}

/// What the tables say.
pub(crate) fn by_rules(scene: &Scene<'_>, unknown: &[bool], addressed: bool, shown: bool) -> Reading {
    Reader { scene, unknown, addressed, shown }.read()
}

struct Reader<'a, 's> {
    scene: &'a Scene<'s>,
    /// For each character, whether it says something that no table knows.
    unknown: &'a [bool],
    addressed: bool,
    shown: bool,
}

impl<'s> Reader<'_, 's> {
    fn read(&self) -> Reading {
        let scene = self.scene;
        if let Some(hit) = self.hand_off() {
            return self.because(Intent::HandOff, 90, "hand-off", hit);
        }
        let strong = self.complaint();
        let wrong = self.wrong_address();
        if let Some((hit, replaced)) = wrong
            && !replaced
        {
            return self.because(Intent::WithdrawAddress, 85, "withdraw-address", hit);
        }
        // 地址不对 is no complaint about the picture.
        let strong =
            strong.filter(|(_, hit)| wrong.is_none_or(|(wrong, _)| scene.clause(wrong) != scene.clause(hit)));
        if let Some((rule, hit)) = strong {
            return self.because(Intent::Revise, 80, rule, hit);
        }
        let asks = asked(scene)
            .find(|(_, hit)| match hit.kind {
                Kind::Topic(_) => scene.negation(hit).is_none(),
                // 太磨皮了 asks for less of it.
                Kind::Keyword(_) => !scene.of(Kind::Too).any(|too| too.end == hit.start),
                kind => !matches!(kind, Kind::Defect(_)),
            })
            .map(|(_, hit)| hit);
        let wish = if asks.is_none() { self.wish() } else { None };
        if let Some((rule, hit)) = wish {
            return self.because(Intent::Revise, 70, rule, hit);
        }
        if let Some(hit) = scene.of(Kind::HoldMail).next() {
            return self.because(Intent::WithdrawAddress, 75, "hold-mail", hit);
        }
        if let Some(hit) = scene.of(Kind::Question).find(|hit| !self.means_any(hit)) {
            // 为什么脸是绿的 wants no answer.
            let why = |hit: &&Hit<'s>| ["为什么", "为啥", "怎么", "咋"].contains(&hit.word);
            let fault = scene
                .of(Kind::Question)
                .filter(why)
                .find(|hit| self.shown && scene.beside(hit, Kind::Part) && !scene.beside(hit, Kind::Action));
            return match fault {
                Some(hit) => self.because(Intent::Revise, 60, "why", hit),
                None => self.because(Intent::Question, 75, "question", hit),
            };
        }
        if let Some(hit) = self.denied() {
            return self.because(Intent::Revise, 65, "revise:negated", hit);
        }
        if let Some(hit) = asks {
            let but = |hit: &&Hit<'s>| {
                hit.kind == Kind::Break
                    && scene.hits.iter().any(|other| other.kind.accepts() && other.end <= hit.start)
            };
            if scene.hits.iter().rev().find(but).is_some_and(|but| but.end <= hit.start) {
                return self.because(Intent::Revise, 65, "operation", hit);
            }
            // Work before a mail: with a result shown, an address beside it accepts nothing.
            return if self.addressed && self.shown {
                self.because(Intent::Question, 45, "operation", hit)
            } else {
                self.because(Intent::None, 70, "operation", hit)
            };
        }
        let replaced = wrong.is_some();
        if let Some(hit) = scene.of(Kind::Doubt).find(|hit| scene.negation(hit).is_none() && !replaced) {
            return self.because(Intent::Question, 60, "doubt", hit);
        }
        if let Some(accepted) = self.acceptance(replaced) {
            return accepted;
        }
        if let Some(hit) = self.missing_part().filter(|_| asked(scene).next().is_none()) {
            return self.because(Intent::Revise, 60, "part", hit);
        }

        let unsure = self.addressed;
        let whole = self.whole("address").filter(|_| unsure);
        Reading {
            intent: if unsure { Intent::Question } else { Intent::None },
            confidence: if unsure { 40 } else { 60 },
            evidence: whole.into_iter().collect(),
        }
    }

    fn because(&self, intent: Intent, confidence: u8, rule: &str, hit: &Hit<'_>) -> Reading {
        let (start, end) = self.scene.copy.span(hit.start, hit.end);
        let evidence = Evidence { rule: format!("{rule}:{}", hit.word), start, end };
        Reading { intent, confidence, evidence: vec![evidence] }
    }

    fn whole(&self, rule: &str) -> Option<Evidence> {
        let length = self.scene.copy.len();
        let (start, end) = (length > 0).then(|| self.scene.copy.span(0, length))?;
        Some(Evidence { rule: rule.to_owned(), start, end })
    }

    /// 不退款 asks for no person, but 怎么不退款 does.
    fn hand_off(&self) -> Option<&Hit<'s>> {
        let scene = self.scene;
        let meant = |hit: &&Hit<'s>| {
            scene.negation(hit).is_none()
                || (scene.beside(hit, Kind::Question) && !scene.beside(hit, Kind::Doubt))
        };
        scene.of(Kind::HandOff).find(meant)
    }

    /// What says that an address is wrong, and whether another one follows it.
    fn wrong_address(&self) -> Option<(&Hit<'s>, bool)> {
        let scene = self.scene;
        let about = |hit: &&Hit<'s>| {
            // 没错 confirms.
            let right = scene.negation(hit).is_some() && hit.end - hit.start == 1;
            // 刚才打错了，a@b.cn: there is an address, and nothing of a picture.
            let mistaken = hit.kind == Kind::WrongAddress
                && hit.word.contains(['错', '废', '登', '销', '停', '密'])
                && !scene.beside(hit, Kind::Part);
            let addressed = self.addressed && (scene.beside_at_sign(hit) || mistaken);
            !right && (scene.beside(hit, Kind::Mail) || addressed)
        };
        // 地址不对 is no complaint about the picture.
        let wrong = |hit: &&Hit<'s>| matches!(hit.kind, Kind::WrongAddress | Kind::Revise);
        let last = scene.hits.iter().filter(wrong).rfind(about)?;
        if !self.addressed && scene.beside(last, Kind::Question) {
            return None;
        }
        // 换个邮箱 a@b.cn, or another clause with another one.
        let replaces = last.word.starts_with(['换', '改']);
        let from = last.end + if replaces { 0 } else { scene.rest_of_clause(last).count() };
        let follows = scene.copy.chars[from..].contains(&'@') && scene.of(Kind::HoldMail).next().is_none();
        Some((last, self.addressed && follows))
    }

    /// What is wrong with the picture, or a wish for another go.
    fn complaint(&self) -> Option<(&'static str, &Hit<'s>)> {
        let scene = self.scene;
        scene.hits.iter().filter(|hit| !self.of_mail(hit)).find_map(|hit| {
            match (hit.kind, scene.negation(hit)) {
                // 不好看给改吗 asks.
                (Kind::Revise, None) if scene.is_supposed(hit) => None,
                (Kind::Revise, None) if !scene.beside(hit, Kind::Question) || !self.asks_whether(hit) => {
                    Some(("revise", hit))
                }
                (Kind::Redo, negation) if undone(negation) => Some(("redo", hit)),
                _ => None,
            }
        })
    }

    /// 改一下邮箱 is no wish about the picture.
    fn of_mail(&self, hit: &Hit<'s>) -> bool {
        let scene = self.scene;
        matches!(hit.kind, Kind::Redo | Kind::Wish)
            && ["重新", "修改", "改一下", "改下"].contains(&hit.word)
            && (scene.beside(hit, Kind::Mail) || scene.beside_at_sign(hit))
    }

    /// 太绝了吧 and 好太多了 are no wishes.
    fn praises(&self, hit: &Hit<'s>) -> bool {
        let gap = |word: &str| word.contains('…') || word == "得太";
        let across = |praise: &Hit<'_>| praise.start < hit.end && hit.start < praise.end && !gap(praise.word);
        gap(hit.word) && self.scene.of(Kind::Confirm).any(across)
    }

    /// Whether the hit's clause goes on to a 吗, without a 再 or 一点 that would make it a wish.
    fn asks_whether(&self, hit: &Hit<'s>) -> bool {
        self.follow_within(hit, 24, &['吗', '么'])
    }

    fn wish(&self) -> Option<(&'static str, &Hit<'s>)> {
        let scene = self.scene;
        let (mut after, mut too) = (None, None);
        let mut wishes = scene.hits.iter().filter_map(|hit| {
            match hit.kind {
                // 不用改一下 wishes for nothing; 不要太白 does.
                Kind::Wish if self.of_mail(hit) || self.praises(hit) => {}
                Kind::Wish if hit.word.starts_with('太') || undone(scene.negation(hit)) => return Some(("wish", hit)),
                // 不够清楚
                Kind::Topic(_) if matches!(scene.negation(hit), Some(Negation::Denied(word)) if word.starts_with('不')) => {
                    return Some(("wish", hit));
                }
                Kind::Too => too = Some(hit.end),
                Kind::Adjective => {
                    after = Some(hit.end);
                    let lacks = matches!(scene.negation(hit), Some(Negation::Denied("不太" | "不怎么" | "不够" | "不大" | "不算")));
                    // 图太大，邮箱装得下吗
                    if lacks || too == Some(hit.start) && !self.asks_whether(hit) {
                        return Some(("too", hit));
                    }
                }
                Kind::More if after == Some(hit.start) => return Some(("more", hit)),
                // 太磨皮了
                Kind::Keyword(_) if too == Some(hit.start) => return Some(("too", hit)),
                // 太过于 …
                Kind::Between if too == Some(hit.start) => too = Some(hit.end),
                _ => {}
            }
            None
        });
        wishes.find(|(_, hit)| !scene.is_supposed(hit))
    }

    /// 谁看了都说好 asks for nobody, and 没发现哪里不对 for no place.
    fn means_any(&self, hit: &Hit<'s>) -> bool {
        let words = ["哪", "哪儿", "哪里", "谁", "什么", "啥", "几个", "多少"];
        words.contains(&hit.word) && self.follow_within(hit, 6, &['都', '也'])
    }

    /// Whether one of the characters is among so many that follow the hit in its clause.
    fn follow_within(&self, hit: &Hit<'s>, reach: usize, any: &[char]) -> bool {
        let scene = self.scene;
        scene.rest_of_clause(hit).take(reach).any(|at| any.contains(&scene.copy.chars[at]))
    }

    /// A part of the picture that something is said of, but nothing good: 耳朵没了, 脸像面具.
    fn missing_part(&self) -> Option<&Hit<'s>> {
        let scene = self.scene;
        scene.of(Kind::Part).find(|hit| {
            let good = [Kind::Confirm, Kind::Agree, Kind::Mail, Kind::Revise]
                .iter()
                .any(|kind| scene.beside(hit, *kind));
            // 脸不歪了 is mended.
            !(good || scene.beside(hit, Kind::Negator) && scene.changed(hit))
        })
    }

    /// An acceptance that is denied: 不太满意.
    fn denied(&self) -> Option<&Hit<'s>> {
        let scene = self.scene;
        let denied = |hit: &&Hit<'s>| matches!(scene.negation(hit), Some(Negation::Denied(_)));
        let accepts = scene.hits.iter().filter(|hit| hit.kind.accepts());
        accepts.filter(denied).find(|hit| !scene.is_supposed(hit))
    }

    fn acceptance(&self, replaced: bool) -> Option<Reading> {
        let scene = self.scene;
        let unknown = self.unknown;
        let count = |from: usize| unknown[from..].iter().filter(|unknown| **unknown).count();
        let all = count(0);
        let mut strong: Option<(&str, &Hit<'s>)> = None;
        for hit in &scene.hits {
            match (hit.kind, scene.negation(hit)) {
                (Kind::Confirm, None) => strong = Some(("confirm", hit)),
                (Kind::Confirm, Some(Negation::Twice)) => strong = Some(("confirm:negated", hit)),
                (Kind::Revise, Some(Negation::Denied(word))) if self.is_mended(hit, word) => {
                    strong = Some(("confirm:negated", hit));
                }
                // 不要修改我的脸 finds fault.
                (Kind::Redo | Kind::Wish, Some(negation))
                    if !undone(Some(negation)) && !scene.beside(hit, Kind::Part) =>
                {
                    strong = Some(("confirm:negated", hit));
                }
                _ => {}
            }
        }
        if let Some((rule, hit)) = strong {
            let contrast = scene.of(Kind::Break).last();
            let but =
                contrast.is_some_and(|but| hit.end <= but.start && count(but.end) > UNKNOWN_BESIDE_CONFIRM);
            let rest = scene.rest_of_clause(hit).filter(|at| unknown[*at]).count();
            // 上次修得很好 is about another one.
            let past = scene.of(Kind::Report).any(|report| {
                !report.word.contains(['得', '的']) && report.word != "已经" && report.end != hit.start
            });
            // 痘没了，可是皮肤像蜡
            if let Some(part) =
                self.missing_part().filter(|part| contrast.is_some_and(|c| c.end <= part.start) && but)
            {
                return Some(self.because(Intent::Revise, 60, "part", part));
            }
            // 就是这张要修 says what is to be done.
            let act = scene.of(Kind::Action).any(|act| {
                rule == "confirm"
                    && act.start >= hit.end
                    && scene.clause(act) == scene.clause(hit)
                    && scene.negation(act).is_none()
            });
            let unsure =
                but || past || act || rest > UNKNOWN_BESIDE_CONFIRM || count(hit.end) > UNKNOWN_AFTER_CONFIRM;
            return Some(if unsure {
                self.because(Intent::Question, 45, rule, hit)
            } else {
                self.because(Intent::Confirm, 85, rule, hit)
            });
        }
        let named = scene.of(Kind::Mail).next().is_some();
        if self.addressed && !named && !self.typed() {
            // A number beside QQ: a chat or a mailbox?
            return None;
        }
        let agrees = |hit: &&Hit<'s>| hit.kind == Kind::Agree && scene.negation(hit).is_none();
        if let Some(hit) = scene.hits.iter().rfind(agrees) {
            let after = &scene.copy.chars[hit.end..];
            let ends = after.iter().find(|c| !is_particle(**c)).is_none_or(|c| !is_han(*c));
            // 可以修 and 好，你先做 say something else.
            let after = count(hit.end);
            let most = if ends { UNKNOWN_BEFORE_AGREE } else { UNKNOWN_BESIDE_AGREE };
            return Some(if after == 0 && all <= most {
                self.because(Intent::Confirm, 80, "confirm", hit)
            } else {
                self.because(Intent::Question, 40, "confirm", hit)
            });
        }
        let given = replaced || all <= if named { UNKNOWN_BESIDE_MAIL } else { UNKNOWN_BESIDE_ADDRESS };
        if self.addressed && given && (replaced || scene.of(Kind::Report).next().is_none()) {
            // Somebody who answers with an address takes the work.
            let evidence = self.whole("address").into_iter().collect();
            return Some(Reading { intent: Intent::Confirm, confidence: 70, evidence });
        }
        None
    }

    /// Whether the text has an at sign, however it is spelled.
    fn typed(&self) -> bool {
        let chars = &self.scene.copy.chars;
        let spoken = |pair: &[char]| matches!(pair[0], '艾' | '爱') && pair[1] == '特';
        chars.contains(&'@')
            || chars.windows(2).any(spoken)
            || chars.windows(4).any(|word| word == [' ', 'a', 't', ' '])
    }

    /// Whether a fault is denied, not forbidden: 没有白边了 and 脸不歪了 praise; 不能变形 and 不变形就行 ask.
    fn is_mended(&self, hit: &Hit<'s>, negator: &str) -> bool {
        let after = self.scene.copy.chars.get(hit.end);
        let now = hit.word.ends_with('了') || after.is_some_and(|c| is_particle(*c));
        let found_none = ["没", "找不", "看不", "挑不", "毫无", "无", "冇", "不会", "不是不"];
        let condition = self.scene.of(Kind::Trap).any(|trap| trap.word.starts_with('就'));
        !condition && (found_none.iter().any(|start| negator.starts_with(start)) || (negator == "不" && now))
    }
}

/// For each character, whether it says something that no table knows.
pub(crate) fn unknown(scene: &Scene<'_>, addressed: bool) -> Vec<bool> {
    let chars = &scene.copy.chars;
    let mut unknown: Vec<bool> = chars
        .iter()
        .enumerate()
        .map(|(at, c)| {
            // A Latin word counts once.
            let begins = || at == 0 || !chars[at - 1].is_ascii_alphanumeric();
            is_han(*c) && !is_particle(*c) && !(addressed && is_number(*c))
                || c.is_ascii_alphanumeric() && !addressed && begins()
        })
        .collect();
    for hit in &scene.hits {
        let known = matches!(
            hit.kind,
            Kind::Confirm
                | Kind::Agree
                | Kind::Courtesy
                | Kind::Mail
                | Kind::Break
                | Kind::Between
                | Kind::Trap
        );
        // What is turned round is known, too: 不用重做.
        if known || scene.negation(hit).is_some() || matches!(hit.kind, Kind::Negator | Kind::Refusal) {
            unknown[hit.start..hit.end].fill(false);
        }
    }
    debug_assert!(chars.iter().zip(&unknown).all(|(c, unknown)| !(is_break(*c) && *unknown)));
    unknown
}

/// A number as it is dictated.
fn is_number(c: char) -> bool {
    "零〇一幺二两三四五六七八九".contains(c)
}

/// Whether what was asked for is still to be done: 重做 and 没有重做 ask for it, 不用重做 does not.
fn undone(negation: Option<Negation<'_>>) -> bool {
    match negation {
        None => true,
        // 没什么要改 asks for nothing.
        Some(Negation::Denied(word)) => word.starts_with('没') && !word.contains(['什', '啥', '任']),
        Some(_) => false,
    }
}

#[cfg(test)]
mod tests;

//! How good answers are.

use shopkeeper_domain::AddressKind;

use crate::{
    Answer,
    labels::{Line, named},
};

/// Counts over a set.
#[derive(Default)]
pub(crate) struct Score {
    lines: u32,
    intents: u32,
    /// Operations that were found and are right, that were found, and that are right.
    operations: [u32; 3],
    addressed: [u32; 2],
    pub(crate) wrong_confirms: u32,
}

/// A share where there is one: not every line says which operations are right.
fn judged(part: u32, of: u32) -> String {
    if of == 0 { "-".to_owned() } else { format!("{:.1} %", percent(part, of)) }
}

fn percent(part: u32, whole: u32) -> f64 {
    if whole == 0 { 100.0 } else { f64::from(part) * 100.0 / f64::from(whole) }
}

/// The columns of [`Score::print`].
pub(crate) fn header() {
    println!(
        "{:<10} {:<11} {:>8} {:>8} {:>21} {:>10} {:>15} {:>7}",
        "", "", "messages", "intent", "operations prec. rec.", "addresses", "wrong confirms", "errors"
    );
}

impl Score {
    pub(crate) fn intent(&self) -> f64 {
        percent(self.intents, self.lines)
    }

    pub(crate) fn addresses(&self) -> f64 {
        percent(self.addressed[0], self.addressed[1])
    }

    /// Takes up an answer; returns what is wrong with it.
    pub(crate) fn grade(&mut self, line: &Line, answer: &Answer) -> Option<String> {
        let mut wrong = Vec::new();
        self.lines += 1;
        if line.intents.contains(&answer.intent) {
            self.intents += 1;
        } else {
            wrong.push(format!("{}, not {}", answer.intent, line.intents.join(" or ")));
        }
        // The host mails at a `none` with an address, too.
        let mails = answer.intent == "confirm"
            || answer.intent == "none" && matches!(&answer.addresses[..], [(_, AddressKind::Exact)]);
        if mails && !line.intents.iter().any(|intent| intent == "confirm") {
            self.wrong_confirms += 1;
            wrong.push("a wrong confirm".to_owned());
        }
        if let Some(sets) = &line.operations {
            let found = named(answer.operations.iter().map(String::as_str));
            let nearest = sets.iter().min_by_key(|set| set.symmetric_difference(&found).count());
            let right = nearest.expect("a label has a set");
            let both = right.intersection(&found).count();
            for (sum, more) in self.operations.iter_mut().zip([both, found.len(), right.len()]) {
                *sum += u32::try_from(more).expect("few");
            }
            if *right != found {
                wrong.push(format!("{found:?}, not {right:?}"));
            }
        }
        if let Some(wanted) = &line.addresses {
            let read = |(address, kinds): &(String, Vec<AddressKind>)| {
                answer.addresses.iter().any(|(found, kind)| found == address && kinds.contains(kind))
            };
            let fine = wanted.len() == answer.addresses.len() && wanted.iter().all(read);
            self.addressed[0] += u32::from(fine);
            self.addressed[1] += 1;
            if !fine {
                wrong.push(format!("{:?}, not {wanted:?}", answer.addresses));
            }
        }
        (!wrong.is_empty()).then(|| wrong.join("; "))
    }

    pub(crate) fn print(&self, set: &str, rules: &str) {
        let [both, found, right] = self.operations;
        // One error each, and nine more.
        let errors = self.lines - self.intents + 9 * self.wrong_confirms;
        println!(
            "{set:<10} {rules:<11} {:>8} {:>6.1} % {:>12} {:>8} {:>8.1} % {:>15} {errors:>7}",
            self.lines,
            self.intent(),
            judged(both, found),
            judged(both, right),
            self.addresses(),
            self.wrong_confirms
        );
    }
}

//! Fits the second opinion to the labelled messages and writes `src/weights.tsv`:
//! `cargo run --release -p keyword-detection --example learn`.
//!
//! The rules were written with the messages of `tuning.tsv` before the writer's eyes, so what they find there is better than
//! it will ever be again: of those only the characters are learnt from. `training.tsv` was kept from the rules, and says how
//! far they can be trusted, too. Nothing is learnt from the messages set aside, nor from the 92 examples.

use std::collections::{BTreeMap, HashMap};
use std::{fs, path::Path};

use keyword_detection::{DEFAULTS, INTENTS, Intent, UNIT, describe, parse};
use linfa::{Dataset, traits::Fit};
use linfa_logistic::MultiLogisticRegression;
use ndarray::{Array1, Array2};

/// How much weights are held down: found by trying on messages kept from both.
const ALPHA: f32 = 0.05;
/// So many features weigh enough to be kept; more hardly change an answer.
const KEPT: usize = 6000;

/// A message's features, and the place of its intent among [`INTENTS`].
type Message = (Vec<(String, f32)>, usize);

fn name(intent: Intent) -> &'static str {
    match intent {
        Intent::Confirm => "confirm",
        Intent::HandOff => "hand-off",
        Intent::None => "none",
        Intent::Question => "question",
        Intent::Revise => "revise",
        Intent::WithdrawAddress => "withdraw-address",
    }
}

fn read(folder: &Path, file: &str, with_findings: bool) -> Vec<Message> {
    let settings = parse(DEFAULTS).expect("the shipped settings");
    let text = fs::read_to_string(folder.join("cases").join(file)).expect("labelled messages");
    let row = |line: &str| {
        let fields: Vec<&str> = line.split('\t').collect();
        let addresses = match fields[3] {
            "-" => 0,
            "*" => fields[0].matches('@').count(),
            list => list.split(';').count(),
        };
        let mut features = describe(&settings, fields[0], u32::try_from(addresses).expect("few"));
        features.retain(|(name, _)| with_findings || !name.contains(':'));
        let intent = INTENTS.iter().position(|intent| name(*intent) == fields[2]).expect("an intent");
        (features, intent)
    };
    text.lines().skip(1).map(row).collect()
}

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut messages = read(folder, "tuning.tsv", false);
    messages.extend(read(folder, "training.tsv", true));
    let mut columns: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, _) in messages.iter().flat_map(|(features, _)| features) {
        columns.insert(name, 0);
    }
    (0..).zip(columns.values_mut()).for_each(|(number, column)| *column = number);
    let mut values = Array2::<f32>::zeros((messages.len(), columns.len()));
    for (row, (features, _)) in messages.iter().enumerate() {
        for (name, value) in features {
            values[(row, columns[name.as_str()])] += *value;
        }
    }
    let intents: Array1<usize> = messages.iter().map(|(_, intent)| *intent).collect();
    let fitted = MultiLogisticRegression::default()
        .alpha(ALPHA)
        .with_intercept(false)
        .max_iterations(200)
        .gradient_tolerance(0.01)
        .fit(&Dataset::new(values, intents))
        .expect("it converges");
    assert!(fitted.classes().iter().copied().eq(0..INTENTS.len()), "every intent is labelled");

    let weights: HashMap<&str, Vec<i8>> = columns
        .iter()
        .map(|(name, column)| {
            let row = fitted.params().row(*column);
            let written = |weight: &f32| (weight * UNIT).round().clamp(-128.0, 127.0) as i8;
            (*name, row.iter().map(written).collect())
        })
        .collect();
    let most = |name: &str| weights[name].iter().map(|weight| weight.unsigned_abs()).max();
    let mut kept: Vec<&str> = weights.keys().copied().collect();
    kept.sort_by_key(|name| (std::cmp::Reverse(most(name)), *name));
    kept.truncate(KEPT);
    kept.sort_unstable();
    let header = INTENTS.map(name).join("\t");
    let rows = kept.iter().map(|name| {
        let weights: Vec<String> = weights[name].iter().map(i8::to_string).collect();
        format!("{name}\t{}\n", weights.join("\t"))
    });
    let text = format!("feature\t{header}\n{}", rows.collect::<String>());
    fs::write(folder.join("src/weights.tsv"), text).expect("the folder takes it");
    println!("{} messages, {} features, {} kept", messages.len(), weights.len(), kept.len());
}

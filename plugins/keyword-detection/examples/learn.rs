//! Fits the second opinion to the labelled messages and writes `src/weights.tsv`:
//! `cargo run --release -p keyword-detection --example learn`.
//!
//! The rules were written with the messages of `tuning.tsv` before the writer's eyes, so what they find there is better than
//! it will ever be again: of those only the characters are learnt from. `training.tsv` was kept from the rules, and says how
//! far they can be trusted, too. Nothing is learnt from the messages set aside, nor from the 92 examples.

use std::collections::BTreeMap;
use std::{fs, path::Path};

use argmin::core::{CostFunction, Error, Executor, Gradient, State, TerminationReason};
use argmin::solver::{linesearch::MoreThuenteLineSearch, quasinewton::LBFGS};
use keyword_detection::{DEFAULTS, INTENTS, Intent, UNIT, chances, describe, parse};
use shopkeeper_domain::find_addresses;

/// How much weights are held down: found by trying on batches of messages kept from fitting.
const ALPHA: f32 = 0.06;
/// How flat the slope is where fitting ends: a smaller one changes no answer.
const TOLERANCE: f32 = 1.0;
/// More steps than that takes.
const STEPS: u64 = 600;
/// So many features are kept, of those that weigh most: all, over ten times as many, read half a point more right and take over
/// ten times the memory.
const KEPT: usize = 24000;

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
        let addresses = u32::try_from(find_addresses(fields[0]).len()).expect("few");
        let mut features = describe(&settings, fields[0], addresses);
        features.retain(|(name, _)| with_findings || !name.contains(':'));
        let intent = INTENTS.iter().position(|intent| name(*intent) == fields[2]).expect("an intent");
        (features, intent)
    };
    text.lines().skip(1).map(row).collect()
}

/// The numbers and values of a message's features, and the place of its intent.
type Row = (Vec<(usize, f32)>, usize);

/// What six weights for every feature are worth: how unlikely they make the labels, and how large they are.
struct Fit {
    rows: Vec<Row>,
}

/// How likely the weights make each intent.
fn likely(weights: &[f32], features: &[(usize, f32)]) -> [f32; INTENTS.len()] {
    let mut sums = [0.0; INTENTS.len()];
    for (feature, value) in features {
        for (sum, weight) in sums.iter_mut().zip(&weights[feature * INTENTS.len()..]) {
            *sum += weight * value;
        }
    }
    chances(sums)
}

impl CostFunction for Fit {
    type Param = Vec<f32>;
    type Output = f32;

    fn cost(&self, weights: &Vec<f32>) -> Result<f32, Error> {
        let unlikely = |(features, intent): &Row| {
            -f64::from(likely(weights, features)[*intent].max(f32::MIN_POSITIVE).ln())
        };
        let large: f64 = weights.iter().map(|weight| f64::from(weight * weight)).sum();
        Ok((self.rows.iter().map(unlikely).sum::<f64>() + large * f64::from(ALPHA) / 2.0) as f32)
    }
}

impl Gradient for Fit {
    type Param = Vec<f32>;
    type Gradient = Vec<f32>;

    fn gradient(&self, weights: &Vec<f32>) -> Result<Vec<f32>, Error> {
        let mut gradient: Vec<f32> = weights.iter().map(|weight| weight * ALPHA).collect();
        for (features, intent) in &self.rows {
            let mut error = likely(weights, features);
            error[*intent] -= 1.0;
            for (feature, value) in features {
                for (slope, error) in gradient[feature * INTENTS.len()..].iter_mut().zip(error) {
                    *slope += error * value;
                }
            }
        }
        Ok(gradient)
    }
}

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut messages = read(folder, "tuning.tsv", false);
    messages.extend(read(folder, "training.tsv", true));
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, _) in messages.iter().flat_map(|(features, _)| features) {
        numbers.insert(name, 0);
    }
    (0..).zip(numbers.values_mut()).for_each(|(number, at)| *at = number);
    let row = |(features, intent): &Message| {
        (features.iter().map(|(name, value)| (numbers[name.as_str()], *value)).collect(), *intent)
    };
    let fit = Fit { rows: messages.iter().map(row).collect() };
    let solver =
        LBFGS::new(MoreThuenteLineSearch::new(), 10).with_tolerance_grad(TOLERANCE).expect("a tolerance");
    let fitted = Executor::new(fit, solver)
        .configure(|state| state.param(vec![0.0; numbers.len() * INTENTS.len()]).max_iters(STEPS))
        .run()
        .expect("it converges");
    let reason = fitted.state.get_termination_reason();
    assert_eq!(reason, Some(&TerminationReason::SolverConverged), "it has not converged");
    let fitted = fitted.state.get_best_param().expect("weights");

    let written = |weight: &f32| (weight * UNIT).round().clamp(-128.0, 127.0) as i8;
    let mut kept: Vec<(&str, Vec<i8>)> = numbers
        .iter()
        .zip(fitted.chunks(INTENTS.len()))
        .map(|((name, _), row)| (*name, row.iter().map(written).collect()))
        .collect();
    let all = kept.len();
    kept.sort_by_key(|(name, row)| {
        (std::cmp::Reverse(row.iter().map(|weight| weight.unsigned_abs()).max()), *name)
    });
    kept.truncate(KEPT);
    kept.sort_unstable();
    let header = INTENTS.map(name).join("\t");
    let rows = kept.iter().map(|(name, weights)| {
        let weights: Vec<String> = weights.iter().map(i8::to_string).collect();
        format!("{name}\t{}\n", weights.join("\t"))
    });
    let text = format!("feature\t{header}\n{}", rows.collect::<String>());
    fs::write(folder.join("src/weights.tsv"), text).expect("the folder takes it");
    println!("{} messages, {all} features, {} kept", messages.len(), kept.len());
}

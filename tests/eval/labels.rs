//! The labelled messages beside the plugin, and what its lines mean.

use std::{collections::BTreeSet, path::Path};

use shopkeeper_domain::AddressKind;

/// The operations that are named; a label knows all others as `other`.
const NAMED: [&str; 5] = ["enhance", "remove_bg", "resize", "fix_old_photo", "layered"];

/// An address that must be read, and as which kinds.
pub(crate) type Wanted = (String, Vec<AddressKind>);

/// A message and what is right.
pub(crate) struct Line {
    pub(crate) text: String,
    /// Any of these is right.
    pub(crate) intents: Vec<String>,
    /// Any of these sets is right; none where it does not matter.
    pub(crate) operations: Option<Vec<BTreeSet<String>>>,
    /// All of these, and nothing else; none where it does not matter.
    pub(crate) addresses: Option<Vec<Wanted>>,
}

/// Names as labels know them.
pub(crate) fn named<'a>(names: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    let known = |name: &'a str| if NAMED.contains(&name) { name } else { "other" };
    names.filter(|name| !matches!(*name, "-" | "")).map(known).map(str::to_owned).collect()
}

fn kind(name: &str) -> Option<AddressKind> {
    Some(match name {
        "exact" => AddressKind::Exact,
        "repaired" => AddressKind::Repaired,
        "derived" => AddressKind::Derived,
        _ => return None,
    })
}

fn table(name: &str) -> Vec<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/keyword-detection/cases").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let rows = text.lines().skip(1).filter(|line| !line.is_empty());
    rows.map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

/// Lines of `text operations intent addresses note`; a note may begin with `alt:` and what is right, too.
pub(crate) fn read(name: &str) -> Vec<Line> {
    table(&format!("{name}.tsv")).into_iter().map(|row| labelled(&row)).collect()
}

fn labelled(row: &[String]) -> Line {
    let [text, operations, intent, addresses, ..] = row else { panic!("too few columns: {row:?}") };
    let note = row.get(4).map_or("", String::as_str);
    let other = note.split(' ').next().and_then(|word| word.strip_prefix("alt:")).unwrap_or("");
    let mut intents = vec![intent.clone()];
    let mut sets = operations.clone();
    for word in other.split('/').filter(|word| !word.is_empty() && kind(word).is_none()) {
        if NAMED.contains(&word) {
            sets = format!("{sets}/{word}");
        } else {
            intents.push(word.to_owned());
        }
    }
    let wanted = |address: &str| {
        let (how, address) = address.split_once(':').unwrap_or_else(|| panic!("no kind: {address}"));
        (address.to_owned(), kind(how).into_iter().chain(kind(other)).collect())
    };
    let set = |set: &str| named(set.split('+'));
    Line {
        text: text.clone(),
        intents,
        operations: (operations != "*").then(|| sets.split('/').map(set).collect()),
        addresses: match addresses.as_str() {
            "*" => None,
            "-" => Some(Vec::new()),
            list => Some(list.split(';').map(wanted).collect()),
        },
    }
}

/// What the seed answers to an example: operation, negative words, address, branch.
pub(crate) struct SeedColumns {
    pub(crate) text: String,
    pub(crate) columns: [String; 4],
}

/// The 92 examples, with what the seed is said to answer.
pub(crate) fn examples() -> (Vec<Line>, Vec<SeedColumns>) {
    let rows = table("utterances.tsv");
    let columns = |row: &Vec<String>| SeedColumns {
        text: row[1].clone(),
        columns: [row[2].clone(), row[3].clone(), row[4].clone(), row[5].clone()],
    };
    (rows.iter().map(|row| example(row)).collect(), rows.iter().map(columns).collect())
}

fn example(row: &[String]) -> Line {
    let (text, operation, intent, email) = (&row[1], &row[6], &row[7], &row[8]);
    let intents: &[&str] = match intent.strip_suffix("+email").unwrap_or(intent) {
        "handoff" => &["hand-off"],
        "email-withdrawn" => &["withdraw-address"],
        "unclear" => &["question", "none"],
        other => &[other],
    };
    // Behind the name stands what becomes of an operation that is none of the five.
    let operation = operation.split('(').next().unwrap_or("");
    let several = email.contains(';');
    let wanted = |address: &str| match address.strip_suffix("(ask)") {
        Some(asked) => (asked.to_owned(), vec![AddressKind::Repaired, AddressKind::Derived]),
        None => (address.to_owned(), vec![AddressKind::Exact]),
    };
    let addresses = match email.as_str() {
        // An old address that is asked about or withdrawn is used by nobody.
        "-" if matches!(intents, ["question" | "withdraw-address"]) => None,
        "-" | "use stored" => Some(Vec::new()),
        // Of several none is used unasked, so all that counts is which they are.
        list if several => {
            let any = |(address, _)| {
                (address, vec![AddressKind::Exact, AddressKind::Repaired, AddressKind::Derived])
            };
            Some(list.split(';').map(|address| any(wanted(address))).collect())
        }
        one => Some(vec![wanted(one)]),
    };
    Line {
        text: text.clone(),
        intents: intents.iter().map(|intent| (*intent).to_owned()).collect(),
        operations: Some(operation.split('/').map(|set| named(set.split('+'))).collect()),
        addresses,
    }
}

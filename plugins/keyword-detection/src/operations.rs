//! What a message asks to be done to the picture.

use crate::scene::{Hit, Negation, Scene};
use crate::settings::{Kind, Settings};
use crate::{Evidence, Found};

/// The operations a text asks for, in the order it names them.
#[must_use]
pub fn find_operations(settings: &Settings<'_>, text: &str) -> Vec<Found> {
    let scene = Scene::new(settings, text);
    let mut found: Vec<Found> = Vec::new();
    for (number, hit) in asked(&scene) {
        let Some(operation) = settings.operations.get(usize::from(number)) else { continue };
        if found.iter().all(|f| f.name != operation.name.as_str()) {
            let (start, end) = scene.copy.span(hit.start, hit.end);
            let rule = format!("operation:{}:{}", operation.name, hit.word);
            found.push(Found {
                name: operation.name.as_str().to_owned(),
                evidence: Evidence { rule, start, end },
            });
        }
    }
    found
}

/// Each word that asks for an operation, with the operation's number.
pub(crate) fn asked<'a, 's>(scene: &'a Scene<'s>) -> impl Iterator<Item = (u8, &'a Hit<'s>)> {
    scene.hits.iter().enumerate().filter_map(|(place, hit)| {
        let number = number(hit)?;
        asks(scene, place, hit).then_some((number, hit))
    })
}

fn number(hit: &Hit<'_>) -> Option<u8> {
    match hit.kind {
        Kind::Keyword(number) | Kind::Defect(number) | Kind::Topic(number) => Some(number),
        _ => None,
    }
}

fn asks(scene: &Scene<'_>, place: usize, hit: &Hit<'_>) -> bool {
    let negation = scene.negation(hit);
    let lacking =
        matches!(negation, Some(Negation::Denied(word)) if word.starts_with('不') && word != "不是");
    let acting = scene.beside(hit, Kind::Action);
    // Told about, not asked for: 背景也没问题, 背景换得很自然.
    let judged = scene.beside(hit, Kind::Confirm) && !scene.beside(hit, Kind::Question)
        || scene.beside(hit, Kind::Revise);
    if judged && !acting || scene.beside(hit, Kind::Report) {
        return false;
    }
    match hit.kind {
        // 不模糊 praises; 不能糊 and 不要模糊 ask.
        Kind::Defect(_) => !lacking,
        // 不清晰 asks for what it lacks.
        Kind::Topic(_) => lacking || (acting && negation.is_none() && !refused(scene, place)),
        _ => negation.is_none() && !refused(scene, place),
    }
}

/// How far a refusal reaches, in words of the tables.
const REACH: usize = 24;

/// Whether a refusal in the clause is about this operation: 不要抠图 before it, 背景不用动 behind it.
fn refused(scene: &Scene<'_>, place: usize) -> bool {
    let hit = &scene.hits[place];
    let clause = scene.clause(hit);
    // As far as the next word of an operation, which a refusal there is about.
    let here = |other: &&Hit<'_>| scene.clause(other) == clause && number(other).is_none();
    let refuses = |other: &Hit<'_>| other.kind == Kind::Refusal;
    let before = scene.hits[..place].iter().rev().take(REACH).take_while(here);
    let mut after =
        scene.hits[place + 1..].iter().take(REACH).take_while(|other| scene.clause(other) == clause);
    before.filter(|other| other.end <= hit.start).any(refuses)
        || (after.clone().all(|other| number(other).is_none()) && after.any(refuses))
}

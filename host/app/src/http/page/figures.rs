//! Figures of the shop: charts, each with its table for whoever would rather read, or can't see it.

mod chart;

use askama::Template;
use axum::{Router, extract::State, response::Response, routing::get};
use chrono::{DateTime, Days, FixedOffset, NaiveTime, TimeDelta, Utc};
use shopkeeper_domain::Money;
use shopkeeper_storage::Figures;

pub(super) use self::chart::{Drawing, bars};
use super::{
    App, Problem, alerts,
    frame::{Frame, Visit, html},
    show::money,
};
use crate::workflow::now;

/// How many days are shown.
const DAYS: u64 = 30;
/// How many steps of prices are shown at the most.
const STEPS: i64 = 8;
/// Where a longer time to deliver begins, in minutes, and its word.
const TIMES: [(i64, &str); 7] = [
    (0, "figure-under-10m"),
    (10, "figure-under-30m"),
    (30, "figure-under-1h"),
    (60, "figure-under-3h"),
    (180, "figure-under-12h"),
    (720, "figure-under-1d"),
    (1440, "figure-over-1d"),
];

pub(super) fn routes() -> Router<App> {
    Router::new().route("/s/{shop}/figures", get(show))
}

/// A chart and its table.
struct Figure {
    id: &'static str,
    title: String,
    /// What it is drawn from.
    about: String,
    /// In a sentence.
    summary: String,
    drawing: Drawing,
    columns: [String; 2],
    rows: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "figures.html")]
struct FiguresPage {
    frame: Frame,
    figures: Vec<Figure>,
}

async fn show(State(app): State<App>, visit: Visit) -> Result<Response, Problem> {
    let (shop, frame) = (visit.access.shop, visit.frame);
    let days = days(now(), frame.shown().zone());
    let found = app.service.workflow.store.figures(&shop.id, days.clone()).await?;
    let figures = vec![
        orders(&frame, &found, &days),
        quotes(&frame, &found, |minor| Money { minor, currency: shop.settings.currency }),
        deliveries(&frame, &found),
        latencies(&frame, &found),
    ];
    Ok(html(&FiguresPage { figures, frame }))
}

/// Where each of the last days begins in the shop's zone, and where today ends.
fn days(now: DateTime<Utc>, zone: FixedOffset) -> Vec<DateTime<Utc>> {
    let today = now.with_timezone(&zone).date_naive();
    let begins = |back: u64| {
        let day = today.checked_add_days(Days::new(1))?.checked_sub_days(Days::new(back))?;
        Some(day.and_time(NaiveTime::MIN).and_local_timezone(zone).single()?.with_timezone(&Utc))
    };
    (0..=DAYS).rev().filter_map(begins).collect()
}

fn figure(
    frame: &Frame,
    id: &'static str,
    summary: String,
    drawn: &[(String, f64)],
    rows: Vec<(String, String)>,
) -> Figure {
    let word = |part: &str| frame.t(&format!("figure-{id}{part}"));
    Figure {
        id,
        title: word(""),
        about: word("-about"),
        summary,
        drawing: bars(drawn),
        columns: [word("-by"), word("-what")],
        rows,
    }
}

fn orders(frame: &Frame, found: &Figures, days: &[DateTime<Utc>]) -> Figure {
    let zone = frame.shown().zone();
    let day = |format: &str, at: &DateTime<Utc>| at.with_timezone(&zone).format(format).to_string();
    let drawn: Vec<_> =
        days.iter().zip(&found.orders).map(|(at, n)| (day("%-m/%-d", at), *n as f64)).collect();
    let rows = days.iter().zip(&found.orders).map(|(at, n)| (day("%Y-%m-%d", at), n.to_string()));
    // The newest first.
    let rows: Vec<_> = rows.collect::<Vec<_>>().into_iter().rev().collect();
    let all: u64 = found.orders.iter().sum();
    figure(frame, "orders", frame.with("figure-orders-sum", "n", all), &drawn, rows)
}

/// A round step that leads from one price to another in a few.
fn step(range: i64) -> i64 {
    let steps = (0..12).flat_map(|power| [1, 2, 5].map(|n| n * 10i64.pow(power) * 100));
    steps.into_iter().find(|step| range / step < STEPS).unwrap_or(i64::MAX)
}

fn quotes(frame: &Frame, found: &Figures, amount: impl Fn(i64) -> Money) -> Figure {
    let lowest = found.quotes.iter().copied().min().unwrap_or(0);
    let highest = found.quotes.iter().copied().max().unwrap_or(0);
    let step = step(highest.saturating_sub(lowest));
    let from = lowest.div_euclid(step);
    let mut counts = vec![0u64; usize::try_from(highest.div_euclid(step) - from + 1).unwrap_or(1)];
    for quote in &found.quotes {
        if let Some(count) =
            usize::try_from(quote.div_euclid(step) - from).ok().and_then(|n| counts.get_mut(n))
        {
            *count += 1;
        }
    }
    let begins = |n: usize| (from + i64::try_from(n).unwrap_or(0)).saturating_mul(step);
    let drawn: Vec<_> =
        counts.iter().enumerate().map(|(n, c)| ((begins(n) / 100).to_string(), *c as f64)).collect();
    let label = |n: usize| {
        format!("{}–{}", money(amount(begins(n))), money(amount(begins(n).saturating_add(step - 1))))
    };
    let rows = counts.iter().enumerate().map(|(n, count)| (label(n), count.to_string())).collect();
    let summary = middle(&found.quotes).map_or_else(
        || frame.t("figure-none"),
        |m| frame.with("figure-quotes-sum", "price", money(amount(m))),
    );
    figure(frame, "quotes", summary, &drawn, if found.quotes.is_empty() { Vec::new() } else { rows })
}

fn deliveries(frame: &Frame, found: &Figures) -> Figure {
    let mut counts = [0u64; TIMES.len()];
    for took in &found.deliveries {
        let n = TIMES.iter().rposition(|(begins, _)| took.num_minutes() >= *begins).unwrap_or(0);
        counts[n] += 1;
    }
    let each = || TIMES.iter().zip(counts);
    let drawn: Vec<_> = each().map(|((_, word), n)| (frame.t(word), n as f64)).collect();
    let rows = each().map(|((_, word), n)| (frame.t(word), n.to_string())).collect();
    let minutes: Vec<i64> = found.deliveries.iter().map(TimeDelta::num_minutes).collect();
    let summary = middle(&minutes).map_or_else(
        || frame.t("figure-none"),
        |m| frame.with("figure-deliveries-sum", "span", frame.shown().span(TimeDelta::minutes(m.max(1)))),
    );
    figure(frame, "deliveries", summary, &drawn, rows)
}

fn latencies(frame: &Frame, found: &Figures) -> Figure {
    let mut drawn = Vec::new();
    let mut rows = Vec::new();
    for (role, took) in &found.latencies {
        let name = alerts::role(frame, *role);
        for (share, word) in [(50, "figure-half"), (95, "figure-most")] {
            let milliseconds = share_of(took, share) as f64 / 1e6;
            rows.push((format!("{name}, {}", frame.t(word)), format!("{milliseconds:.2}")));
        }
        drawn.push((name, share_of(took, 95) as f64 / 1e6));
    }
    let calls: usize = found.latencies.iter().map(|(_, took)| took.len()).sum();
    figure(frame, "latencies", frame.with("figure-latencies-sum", "n", calls), &drawn, rows)
}

fn middle(values: &[i64]) -> Option<i64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied()
}

/// What so many of a hundred values stay within; 0 where there is none.
pub(super) fn share_of(values: &[u64], share: usize) -> u64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted.get((sorted.len() * share / 100).min(sorted.len().saturating_sub(1))).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_begin_at_the_shops_midnight_and_steps_are_few_and_round() {
        let now: DateTime<Utc> = "2026-11-25T17:30:00Z".parse().expect("a time");
        let days = days(now, FixedOffset::east_opt(480 * 60).expect("a zone"));
        assert_eq!(days.len(), 31);
        assert_eq!(days[29].to_rfc3339(), "2026-11-25T16:00:00+00:00");
        assert_eq!(days[30].to_rfc3339(), "2026-11-26T16:00:00+00:00");
        for (range, wanted) in [(0, 100), (799, 100), (800, 200), (3000, 500), (100_000, 20_000)] {
            assert_eq!(step(range), wanted, "{range}");
        }
        assert_eq!(share_of(&[], 95), 0);
        assert_eq!(share_of(&[3, 1, 2], 50), 2);
        assert_eq!(middle(&[]), None);
    }

    #[test]
    fn a_chart_is_drawn_also_of_nothing_and_its_labels_are_text() {
        let drawn = bars(&[("<b>".to_owned(), 3.0), ("二".to_owned(), 0.0)]).to_string();
        assert!(
            drawn.starts_with("<svg") && drawn.contains("&lt;b&gt;") && !drawn.contains("<b>"),
            "{drawn}"
        );
        assert!(!drawn.contains("style="), "the policy forbids it: {drawn}");
        assert!(bars(&[]).to_string().starts_with("<svg"));
    }
}

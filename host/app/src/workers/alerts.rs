//! Telling the operator, by a WeChat Work robot: what is of one kind in one message, and not more messages than it takes.
//!
//! Where no robot is configured, an alert is a line in the log: without the customer, whose name and words have no place
//! there.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use shopkeeper_domain::{Alert, ShopId};
use shopkeeper_storage::{OutboxEntry, Whose};
use tokio::{task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{LEASE, OWNER, Outcome, conclude, found, idle};
use crate::{
    robot::{Robot, RobotError, markdown},
    service::Service,
    shops::ShopState,
    workflow::{ALERT, Payload, now},
};

/// How many are taken at a time: those of one kind become one message.
const AT_A_TIME: u32 = 64;
/// A robot takes 20 messages a minute; others may use it too.
const A_MINUTE: usize = 18;
const MINUTE: Duration = Duration::from_secs(60);

/// Alerts for one robot, of one kind.
struct Group {
    robot: Robot,
    shop: Arc<ShopState>,
    entries: Vec<OutboxEntry>,
    alerts: Vec<Alert>,
}

pub(super) async fn serve(service: Arc<Service>, stop: CancellationToken) {
    let store = service.workflow.store.clone();
    let mut sent: Vec<(Robot, VecDeque<Instant>)> = Vec::new();
    let mut resting: Vec<(ShopId, Instant)> = Vec::new();
    while !stop.is_cancelled() {
        // The alerts of a robot that rests stay where they are, and keep nobody else's waiting.
        resting.retain(|(_, until)| *until > Instant::now());
        let tired: Vec<ShopId> = resting.iter().map(|(shop, _)| shop.clone()).collect();
        let claimed = store.claim(ALERT, Whose::AllBut(&tired), OWNER, now(), now() + LEASE, AT_A_TIME).await;
        let entries = found(ALERT, claimed);
        if entries.is_empty() {
            idle(&service, &stop, ALERT).await;
            continue;
        }
        let mut tellings = JoinSet::new();
        for group in groups(&service, entries).await {
            // A robot that must rest has its alerts wait; they are joined when its time comes.
            if let Some(rest) = rest(&mut sent, &group.robot) {
                resting.push((group.shop.id.clone(), Instant::now() + rest));
                for entry in &group.entries {
                    if let Err(error) = store.postpone(entry.id, now() + rest, None).await {
                        tracing::error!(%error, "an alert could not be put back; it is due again with its lease");
                    }
                }
                continue;
            }
            let service = service.clone();
            tellings.spawn(async move { tell(&service, group).await });
        }
        while tellings.join_next().await.is_some() {}
    }
}

/// How long a robot must rest before its next message; counts this one where it need not.
fn rest(sent: &mut Vec<(Robot, VecDeque<Instant>)>, robot: &Robot) -> Option<Duration> {
    let now = Instant::now();
    sent.retain(|(_, times)| times.back().is_some_and(|last| now.duration_since(*last) < MINUTE));
    let at = sent.iter().position(|(known, _)| known == robot).unwrap_or_else(|| {
        sent.push((robot.clone(), VecDeque::new()));
        sent.len() - 1
    });
    let times = &mut sent[at].1;
    times.retain(|time| now.duration_since(*time) < MINUTE);
    if times.len() >= A_MINUTE {
        return times.front().map(|first| MINUTE.saturating_sub(now.duration_since(*first)));
    }
    times.push_back(now);
    None
}

/// Sorts alerts by robot, shop and kind. Those that have no robot are logged and done.
async fn groups(service: &Service, entries: Vec<OutboxEntry>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for entry in entries {
        let Some(Payload::Alert(alert)) = Payload::parse(&entry.payload) else {
            conclude(service, &entry, Outcome::Never("the alert can't be read".to_owned())).await;
            continue;
        };
        let Ok(Some(shop)) = service.shops.get(&entry.shop).await else { continue };
        let given = shop.settings.alert_webhook.as_deref().unwrap_or(&service.config.alerts.webhook);
        let Ok(robot) = Robot::read(given) else {
            let task = alert.task.map(|t| t.to_string()).unwrap_or_default();
            tracing::warn!(shop = %entry.shop, task, entry = %entry.id, "alert: {}", alert.kind.title());
            conclude(service, &entry, Outcome::Done).await;
            continue;
        };
        let same = groups.iter_mut().find(|g| {
            g.robot == robot && g.shop.id == shop.id && g.alerts[0].kind.title() == alert.kind.title()
        });
        match same {
            Some(group) => {
                group.entries.push(entry);
                group.alerts.push(alert);
            }
            None => groups.push(Group { robot, shop, entries: vec![entry], alerts: vec![alert] }),
        }
    }
    groups
}

async fn tell(service: &Service, group: Group) {
    let said = group.robot.send(&service.fetcher, &markdown(&group.shop.name, &group.alerts)).await;
    for entry in &group.entries {
        let outcome = match &said {
            Ok(()) => Outcome::Done,
            Err(RobotError::Later(problem, wait)) => Outcome::Later(problem.clone(), *wait),
            Err(RobotError::Never(problem)) => Outcome::Never(problem.clone()),
        };
        conclude(service, entry, outcome).await;
    }
}

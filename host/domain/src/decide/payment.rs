//! A picture comes in, money comes in: whichever is second starts the work.

use super::{Draft, Effect};
use crate::{
    AlertKind, Case, EventBody, Money, NewTask, Operation, OrderId, Payment, PaymentOutcome, Rejection,
    StartReason, Status, TaskId,
};

pub(super) fn create(draft: &mut Draft<'_>, new: NewTask) {
    let id = TaskId(draft.ids.fresh());
    let operations = if new.operations.is_empty() { vec![Operation::enhance()] } else { new.operations };
    draft.record(
        Some(id),
        EventBody::TaskCreated {
            customer_name: new.customer_name,
            account: new.account,
            image: new.image,
            operations,
            specification: new.specification,
            request: new.request,
            quote: new.quote,
        },
    );
    if new.offer {
        draft.effects.push(Effect::Offer { task: id });
    }
    // A payment that came before any picture covers one: the oldest such payment, this picture.
    let early = draft
        .case
        .payments
        .iter()
        .find(|p| *p.stands() == PaymentOutcome::Parked && p.names.is_none())
        .cloned();
    if draft.context.policy.processing_enabled
        && let Some(payment) = early
    {
        start_parked(draft, payment, &[id]);
    }
}

/// Starts what was paid for while automatic processing was off.
pub(super) fn take_up_parked(draft: &mut Draft<'_>) {
    if !draft.context.policy.processing_enabled {
        return;
    }
    let parked = |p: &&Payment| *p.stands() == PaymentOutcome::Parked && p.names.is_some();
    for payment in draft.case.payments.iter().filter(parked).cloned().collect::<Vec<_>>() {
        let names = payment.names.clone().unwrap_or_default();
        let open = draft.case.tasks.iter().filter(|t| names.contains(&t.id) && !t.status().is_final());
        let (pending, busy): (Vec<_>, Vec<_>) = open.partition(|t| t.status() == Status::Pending);
        let pending: Vec<TaskId> = pending.iter().map(|t| t.id).collect();
        if !pending.is_empty() {
            start_parked(draft, payment, &pending);
        } else if !busy.is_empty() {
            let order = payment.order.clone();
            settle_later(draft, payment, PaymentOutcome::Skipped);
            mark_paid(draft, &order, Some(&names));
        }
    }
}

fn start_parked(draft: &mut Draft<'_>, payment: Payment, tasks: &[TaskId]) {
    let (outcome, _) = settle(draft, &payment.order, payment.amount, tasks);
    let (order, started) = (payment.order.clone(), outcome.started().to_vec());
    settle_later(draft, payment, outcome);
    start_all(draft, &started, &order);
}

pub(super) fn settle_later(draft: &mut Draft<'_>, payment: Payment, outcome: PaymentOutcome) {
    let payment = Payment { later: Some(outcome), ..payment };
    draft.record(None, EventBody::PaymentSettled { payment });
}

pub(super) fn pay(
    draft: &mut Draft<'_>,
    order: OrderId,
    amount: Option<Money>,
    names: Option<Vec<TaskId>>,
) -> Result<(), Rejection> {
    // The same order again is the first answer again; the caller finds it in the case.
    if draft.case.payment(&order).is_some() {
        return Ok(());
    }
    for id in names.iter().flatten() {
        draft.task(*id)?;
    }
    let (outcome, reason) = outcome(draft, &order, amount, names.as_deref());
    let tasks = outcome.started().to_vec();
    let at = draft.context.now;
    let covers = match (&outcome, &names) {
        // Whatever else comes until it can start, it was for these.
        (PaymentOutcome::Parked, None) => open(&draft.case),
        _ => names.clone(),
    };
    let payment = Payment {
        order: order.clone(),
        amount,
        names: covers,
        outcome,
        reason,
        at,
        later: None,
        rang: false,
    };
    let skipped = payment.outcome == PaymentOutcome::Skipped;
    draft.record(None, EventBody::PaymentReceived { payment });
    start_all(draft, &tasks, &order);
    if skipped {
        mark_paid(draft, &order, names.as_deref());
    }
    Ok(())
}

/// The tasks that a payment may be for; none where there are none.
fn open(case: &Case) -> Option<Vec<TaskId>> {
    let open: Vec<TaskId> = case.tasks.iter().filter(|t| !t.status().is_final()).map(|t| t.id).collect();
    (!open.is_empty()).then_some(open)
}

fn start_all(draft: &mut Draft<'_>, tasks: &[TaskId], order: &OrderId) {
    for id in tasks {
        draft.start(*id, StartReason::Payment(order.clone()));
    }
}

/// A result that came before its payment: nothing starts, but the task is paid now.
fn mark_paid(draft: &mut Draft<'_>, order: &OrderId, names: Option<&[TaskId]>) {
    let covered = |id: &TaskId| names.is_none_or(|n| n.contains(id));
    let unpaid: Vec<TaskId> = draft
        .case
        .tasks
        .iter()
        .filter(|t| covered(&t.id) && t.paid_by.is_none() && !t.status().is_final())
        .map(|t| t.id)
        .collect();
    for id in unpaid {
        draft.record(Some(id), EventBody::TaskPaid { order: order.clone() });
    }
}

fn outcome(
    draft: &mut Draft<'_>,
    order: &OrderId,
    amount: Option<Money>,
    names: Option<&[TaskId]>,
) -> (PaymentOutcome, String) {
    if !draft.context.policy.processing_enabled {
        draft.alert_order(AlertKind::PaidWhileOff, order, "请人工安排处理");
        return (
            PaymentOutcome::Parked,
            "automatic processing is off; the payment is kept and a person was told".to_owned(),
        );
    }
    let covered: Vec<(TaskId, Status)> = draft
        .case
        .tasks
        .iter()
        .filter(|t| names.is_none_or(|n| n.contains(&t.id)))
        .map(|t| (t.id, t.status()))
        .collect();
    let pending: Vec<TaskId> =
        covered.iter().filter(|(_, s)| *s == Status::Pending).map(|(id, _)| *id).collect();
    if !pending.is_empty() {
        let (outcome, mut reason) = settle(draft, order, amount, &pending);
        let others = covered.len() - pending.len();
        if names.is_some() && others > 0 {
            reason =
                format!("{reason}; {others} of the named tasks were not pending and were left as they are");
        }
        return (outcome, reason);
    }
    let busy = covered.iter().find(|(_, s)| names.is_some() || !s.is_final());
    if let Some((id, status)) = busy {
        return (
            PaymentOutcome::Skipped,
            format!("task {id} is {status}: a payment starts only pending tasks"),
        );
    }
    if let Some(id) = rebuild(draft) {
        return settle(draft, order, amount, &[id]);
    }
    draft.alert_order(AlertKind::PaidWithoutPicture, order, "已付款但找不到待处理图片,请人工发图处理");
    (
        PaymentOutcome::Parked,
        "there is no picture to work on; the next one of this customer starts at once".to_owned(),
    )
}

/// Whether the amount covers the quotes' low sum.
fn settle(
    draft: &mut Draft<'_>,
    order: &OrderId,
    amount: Option<Money>,
    tasks: &[TaskId],
) -> (PaymentOutcome, String) {
    let lows =
        tasks.iter().filter_map(|id| draft.case.task(*id)).filter_map(|t| t.quote.as_ref()).map(|q| q.low);
    let wanted = lows.map(Ok).reduce(|a, b| a?.checked_add(b?));
    let held = match (amount, wanted) {
        (None, _) | (_, None) => None,
        (Some(paid), Some(Ok(wanted))) if paid.currency == wanted.currency && paid.minor >= wanted.minor => {
            None
        }
        (Some(paid), Some(Ok(wanted))) => Some((paid, wanted)),
        // Sums that can't be made can't be covered either.
        (Some(paid), Some(Err(_))) => Some((paid, Money { minor: i64::MAX, ..paid })),
    };
    match held {
        Some((paid, wanted)) => {
            draft.alert_order(
                AlertKind::AmountTooLow { paid, wanted },
                order,
                "付款金额低于报价,未开始作图,请人工核对",
            );
            let reason = format!(
                "{} {} was paid, at least {} {} (in minor units) was quoted: a person must look",
                paid.minor, paid.currency, wanted.minor, wanted.currency
            );
            (PaymentOutcome::Held, reason)
        }
        None => (
            PaymentOutcome::Started { tasks: tasks.to_vec() },
            match tasks.len() {
                1 => "the task was started".to_owned(),
                n => format!("{n} tasks were started"),
            },
        ),
    }
}

/// The seed's `_rebuild_task_from_profile`: the last picture's task again, where it was never finished.
fn rebuild(draft: &mut Draft<'_>) -> Option<TaskId> {
    let last = draft.case.customer.last.clone()?;
    let finished = draft.case.task(last.task).is_some_and(|t| t.status() != Status::Cancelled);
    if finished {
        return None;
    }
    let id = TaskId(draft.ids.fresh());
    draft.record(
        Some(id),
        EventBody::TaskCreated {
            customer_name: None,
            account: None,
            image: last.image,
            operations: last.operations,
            specification: last.specification,
            request: String::new(),
            quote: last.quote,
        },
    );
    Some(id)
}

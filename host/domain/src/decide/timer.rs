//! A timer rings.

use super::{Draft, payment};
use crate::{AlertKind, EventBody, PaymentOutcome, Status, TaskId, Timer, roles::wording::Key, timers};

/// Does what the timer is for, if it is due by what is known now; else nothing follows.
pub(super) fn ring(draft: &mut Draft<'_>, timer: Timer) {
    let due = timers(&draft.case, &draft.context.policy);
    if !due.iter().any(|(known, due)| *known == timer && *due <= draft.context.now) {
        return;
    }
    match timer {
        Timer::Unconfirmed(task) => {
            rang(draft, Some(task), Timer::Unconfirmed(task));
            draft.say_about(task, Key::AskAddress, Vec::new());
        }
        Timer::Stuck(task) => {
            rang(draft, Some(task), Timer::Stuck(task));
            let doing = match draft.case.task(task).map(crate::Task::status) {
                Some(Status::Delivering) => "邮件一直没有发出",
                _ => "作图一直没有完成",
            };
            draft.alert(AlertKind::Stuck, Some(task), doing);
        }
        Timer::NotStarted(order) => {
            rang(draft, None, Timer::NotStarted(order.clone()));
            draft.alert_order(AlertKind::PaidNotStarted, &order, "已付款,仍未开始作图");
        }
        Timer::Review => {}
        Timer::Expired(order) => {
            let Some(parked) = draft.case.payment(&order).cloned() else { return };
            payment::settle_later(draft, parked, PaymentOutcome::Expired);
            draft.alert_order(
                AlertKind::PaymentExpired,
                &order,
                "付款后一直没有图片,不再自动使用,请人工处理或退款",
            );
        }
    }
}

fn rang(draft: &mut Draft<'_>, task: Option<TaskId>, timer: Timer) {
    draft.record(task, EventBody::TimerRang { timer });
}

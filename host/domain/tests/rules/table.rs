//! The table of transitions, a test a row.

use shopkeeper_domain::{
    AttemptToken, Command, Effect, Money, Outcome, PaymentOutcome, Quality, Rejection, Silence, Status,
    full_prompt,
    roles::{detection::Intent, wording::Key},
};
use uuid::Uuid;

use crate::shop::{Shop, alerts, image, message, new_task, picture, said};

#[test]
fn an_analysis_makes_a_pending_task_that_is_offered_once() {
    let mut shop = Shop::new();
    let decision = shop.send(new_task(Some(1000))).expect("taken");
    let task = decision.events[0].task.expect("the task");
    assert_eq!(shop.status(task), Status::Pending);
    assert_eq!(decision.effects, [Effect::Offer { task }]);
    assert_eq!(shop.case.customer.requirements, ["变清晰"]);
    assert_eq!(shop.case.task(task).expect("it").operations[0].as_str(), "enhance");
}

#[test]
fn one_payment_starts_every_pending_picture_and_the_same_order_nothing_more() {
    let mut shop = Shop::new();
    let (a, b) = (shop.picture(Some(1000)), shop.picture(Some(1000)));
    shop.pay("1");
    assert_eq!((shop.status(a), shop.status(b)), (Status::Processing, Status::Processing));
    let again = shop.pay("1");
    assert!(again.events.is_empty() && again.effects.is_empty());
    let first = shop.case.payment(&"1".parse().expect("an id")).expect("kept");
    assert_eq!(first.outcome, PaymentOutcome::Started { tasks: vec![a, b] });
}

#[test]
fn a_payment_names_its_tasks() {
    let mut shop = Shop::new();
    let (a, b) = (shop.picture(None), shop.picture(None));
    let order = "1".parse().expect("an id");
    shop.send(Command::Pay { order, amount: None, tasks: Some(vec![b]) }).expect("taken");
    assert_eq!((shop.status(a), shop.status(b)), (Status::Pending, Status::Processing));
}

#[test]
fn too_little_money_starts_nothing_and_is_told() {
    let mut shop = Shop::new();
    let task = shop.picture(Some(1500));
    let pay = |amount| Command::Pay { order: "1".parse().expect("an id"), amount: Some(amount), tasks: None };
    let decision = shop.send(pay(Money::fen(1499))).expect("taken");
    assert_eq!(alerts(&decision), ["付款金额低于报价"]);
    assert_eq!(shop.status(task), Status::Pending);
    let dollars = Money { minor: 9900, currency: "USD".parse().expect("a currency") };
    let mut other = Shop::new();
    let task = other.picture(Some(1500));
    other.send(pay(dollars)).expect("taken");
    assert_eq!(other.status(task), Status::Pending, "another currency covers nothing");
}

#[test]
fn a_payment_before_its_picture_is_parked_and_picked_up_once() {
    let mut shop = Shop::new();
    assert_eq!(alerts(&shop.pay("1")), ["付款但无图片"]);
    let first = shop.picture(Some(1000));
    assert_eq!(shop.status(first), Status::Processing);
    let second = shop.picture(Some(1000));
    assert_eq!(shop.status(second), Status::Pending, "one payment covers one picture");
}

#[test]
fn with_processing_off_a_payment_is_parked() {
    let mut shop = Shop::new();
    shop.policy.processing_enabled = false;
    let task = shop.picture(Some(1000));
    assert_eq!(alerts(&shop.pay("1")), ["付款触发但已暂停自动作图"]);
    assert_eq!(shop.status(task), Status::Pending);
    let unpaid = shop.picture(Some(1000));
    shop.policy.processing_enabled = true;
    shop.say(Intent::Question, "做好了吗？");
    assert_eq!(shop.status(task), Status::Processing, "it starts once the shop works again");
    assert_eq!(shop.status(unpaid), Status::Pending, "it came after the payment");
    let later = shop.picture(Some(1000));
    assert_eq!(shop.status(later), Status::Pending, "one payment starts a task once");
}

#[test]
fn an_order_that_comes_again_is_told_what_it_was_told_first() {
    let mut shop = Shop::new();
    shop.pay("1");
    let task = shop.picture(Some(1000));
    assert_eq!(shop.status(task), Status::Processing);
    assert!(shop.pay("1").events.is_empty());
    let payment = shop.case.payment(&"1".parse().expect("an id")).expect("kept");
    assert_eq!(payment.outcome, PaymentOutcome::Parked);
    assert_eq!(payment.stands(), &PaymentOutcome::Started { tasks: vec![task] });
}

#[test]
fn pictures_of_one_order_that_are_mailed_apart_are_one_order() {
    let mut shop = Shop::new();
    let (a, b) = (shop.picture(None), shop.picture(None));
    shop.pay("1");
    for task in [a, b] {
        shop.result(task);
        shop.say(Intent::None, "abc@qq.com");
        let mail = shop.mail(task).expect("a mail");
        shop.send(Command::MailSent { mail }).expect("taken");
    }
    assert_eq!(shop.case.customer.completed_orders, 1);
    let c = shop.picture(None);
    shop.pay("2");
    shop.result(c);
    shop.say(Intent::None, "abc@qq.com");
    let mail = shop.mail(c).expect("a mail");
    shop.send(Command::MailSent { mail }).expect("taken");
    assert_eq!(shop.case.customer.completed_orders, 2);
}

#[test]
fn a_payment_for_work_under_way_is_skipped_with_the_reason() {
    let (mut shop, task) = Shop::shown();
    shop.pay("2");
    let payment = shop.case.payment(&"2".parse().expect("an id")).expect("kept");
    assert_eq!(payment.outcome, PaymentOutcome::Skipped);
    assert!(payment.reason.contains("awaiting-confirm"), "{}", payment.reason);
    assert_eq!(shop.status(task), Status::AwaitingConfirm);
}

#[test]
fn a_cancelled_last_picture_is_rebuilt_by_a_payment() {
    let mut shop = Shop::new();
    let task = shop.picture(Some(1000));
    shop.send(Command::Cancel { task, version: None }).expect("taken");
    shop.pay("1");
    let rebuilt = shop.case.tasks.last().expect("a task");
    assert_ne!(rebuilt.id, task);
    assert_eq!((rebuilt.status(), &rebuilt.image), (Status::Processing, &image(0)));
}

#[test]
fn a_result_is_shown_before_it_is_announced() {
    let mut shop = Shop::new();
    let task = shop.picture(Some(1000));
    shop.pay("1");
    let decision = shop.result(task);
    assert!(matches!(decision.effects[0], Effect::Show { .. }));
    assert_eq!(said(&decision), [Key::ImageReady]);
    assert_eq!(shop.status(task), Status::AwaitingConfirm);
}

#[test]
fn a_refusal_fails_the_task_tells_the_shop_and_the_customer() {
    for (outcome, title) in
        [(Outcome::Refused("违规".into()), "作图失败"), (Outcome::Broke("超时".into()), "处理异常")]
    {
        let mut shop = Shop::new();
        let task = shop.picture(None);
        shop.pay("1");
        let decision = shop.send(Command::Finish { task, token: None, outcome }).expect("taken");
        assert_eq!((alerts(&decision), said(&decision)), (vec![title], vec![Key::ProcessingDelayed]));
        assert_eq!(shop.status(task), Status::Failed);
        shop.send(Command::Retry { task, version: None }).expect("a person can retry");
        assert_eq!((shop.status(task), shop.case.task(task).expect("it").attempt), (Status::Processing, 2));
    }
}

fn poor() -> Outcome {
    let quality = Quality { score: 40, passed: false, issue: "手指多了一根".into(), attempts: 3 };
    Outcome::Picture { image: image(1), quality: Some(quality) }
}

#[test]
fn a_poor_result_is_told_and_sent_or_held_as_the_shop_wants() {
    for hold in [false, true] {
        let mut shop = Shop::new();
        shop.policy.hold_failed_quality = hold;
        let task = shop.picture(None);
        shop.pay("1");
        let decision = shop.send(Command::Finish { task, token: None, outcome: poor() }).expect("taken");
        assert_eq!(alerts(&decision), ["图片质检未通过"]);
        assert_eq!(said(&decision).is_empty(), hold);
        if hold {
            let unseen = shop.say(Intent::Confirm, "abc@qq.com");
            assert_eq!(unseen.silence, Some(Silence::NoTask), "what was not shown can't be accepted");
            let approved = shop.send(Command::Approve { task, version: None }).expect("taken");
            assert_eq!(said(&approved), [Key::ImageReady]);
        }
    }
}

#[test]
fn only_the_attempt_under_way_may_answer() {
    let mut shop = Shop::new();
    let task = shop.picture(None);
    shop.pay("1");
    let token = shop.token(task).expect("processing");
    let finish = |token| Command::Finish { task, token, outcome: picture(2) };
    let stale = finish(Some(AttemptToken(Uuid::nil())));
    assert_eq!(shop.send(stale).err(), Some(Rejection::StaleAttempt { current: 1 }));
    shop.send(Command::Claim { task, token }).expect("taken");
    assert_eq!(shop.send(finish(None)).err(), Some(Rejection::TokenNeeded { current: 1 }));
    shop.send(finish(Some(token))).expect("taken");
    let late = shop.send(finish(Some(token)));
    assert!(matches!(late, Err(Rejection::WrongStatus { status: Status::AwaitingConfirm, .. })));
}

#[test]
fn an_outside_result_may_come_before_the_payment_but_nothing_is_processed_unpaid() {
    let mut shop = Shop::new();
    let task = shop.picture(Some(1000));
    shop.result(task);
    assert_eq!(shop.status(task), Status::AwaitingConfirm);
    shop.say(Intent::Revise, "不对");
    shop.say(Intent::None, "头发黑一点");
    assert_eq!(shop.status(task), Status::Pending, "it waits for its payment");
    shop.pay("1");
    assert_eq!(shop.status(task), Status::Processing);
}

#[test]
fn a_revision_is_asked_detailed_and_done_again_with_every_note() {
    let (mut shop, task) = Shop::shown();
    let asked = shop.say(Intent::Revise, "颜色不对，改好再发到abc@qq.com");
    assert_eq!(said(&asked), [Key::AskRevisionDetail]);
    assert_eq!(shop.status(task), Status::Revision);
    let detailed = shop.say(Intent::None, "头发要黑色|ratio:16:9");
    assert_eq!(said(&detailed), [Key::RevisionAccepted]);
    let task_now = shop.case.task(task).expect("it");
    assert_eq!((task_now.status(), task_now.attempt, task_now.revision_count), (Status::Processing, 2, 1));
    assert_eq!(
        full_prompt(task_now),
        "【客户修改要求】颜色不对，改好再发到abc@qq.com\n【客户修改要求】头发要黑色|ratio:16:9"
    );
    shop.result(task);
    let accepted = shop.say(Intent::Confirm, "可以了");
    assert!(matches!(&accepted.effects[..], [Effect::Mail { to, .. }] if to.as_str() == "abc@qq.com"));
}

#[test]
fn the_fourth_revision_goes_to_a_person() {
    let (mut shop, task) = Shop::shown();
    for _ in 0..3 {
        shop.say(Intent::Revise, "不对");
        shop.say(Intent::None, "亮一点");
        shop.result(task);
    }
    shop.say(Intent::Revise, "还是不对");
    let decision = shop.say(Intent::None, "再亮一点");
    assert_eq!((said(&decision), alerts(&decision)), (vec![Key::HandedOff], vec!["客户需要人工"]));
    assert_eq!(shop.status(task), Status::Revision);
    assert_eq!(shop.say(Intent::Confirm, "可以").silence, Some(Silence::Held));
}

#[test]
fn a_revision_can_be_dropped_and_a_question_is_left_to_the_agent() {
    let (mut shop, task) = Shop::shown();
    shop.say(Intent::Revise, "不对");
    assert_eq!(shop.say(Intent::Question, "多久能好？").silence, Some(Silence::NotForWorkflow));
    assert_eq!(said(&shop.say(Intent::Confirm, "算了就这样")), [Key::AskAddress]);
    assert_eq!(shop.status(task), Status::AwaitingConfirm);
}

#[test]
fn an_exact_address_is_mailed_and_everything_shown_goes_in_one_mail() {
    let mut shop = Shop::new();
    let (a, b) = (shop.picture(None), shop.picture(None));
    shop.pay("1");
    shop.result(a);
    shop.result(b);
    let decision = shop.say(Intent::None, "abc@qq.com");
    assert!(matches!(&decision.effects[..], [Effect::Mail { tasks, .. }] if *tasks == [a, b]));
    assert_eq!((shop.status(a), shop.status(b)), (Status::Delivering, Status::Delivering));
    let mail = shop.mail(a).expect("a mail");
    let sent = shop.send(Command::MailSent { mail }).expect("taken");
    assert_eq!(said(&sent), [Key::WorkMailed]);
    assert_eq!((shop.status(a), shop.status(b)), (Status::Completed, Status::Completed));
    assert_eq!(shop.case.customer.completed_orders, 1, "one order of two pictures");
    assert_eq!(shop.case.customer.tags[0].label(), "新客");
}

#[test]
fn a_doubtful_address_is_asked_about_first() {
    for text in ["abc@qq.con", "QQ邮箱是123456", "a@qq.com或者b@qq.com"] {
        let (mut shop, task) = Shop::shown();
        assert_eq!(said(&shop.say(Intent::Confirm, text)), [Key::ConfirmAddress], "{text}");
        assert_eq!(shop.status(task), Status::AwaitingConfirm);
        shop.say(Intent::Confirm, "对");
        assert_eq!(shop.status(task), Status::Delivering);
    }
}

#[test]
fn whatever_is_said_after_asking_about_an_address_means_asking_again() {
    let (mut shop, task) = Shop::shown();
    let other = shop.picture(Some(1000));
    shop.pay("other");
    assert_eq!(said(&shop.say(Intent::Confirm, "abc@qq.con")), [Key::ConfirmAddress]);
    let refused = Outcome::Refused("no".into());
    let failed = Command::Finish { task: other, token: shop.token(other), outcome: refused };
    assert_eq!(said(&shop.send(failed).expect("taken")), [Key::ProcessingDelayed]);
    // What they accept now is not the address: they were told something else since.
    assert_eq!(said(&shop.say(Intent::Confirm, "好的")), [Key::ConfirmAddress]);
    assert_eq!(shop.status(task), Status::AwaitingConfirm);
    shop.send(Command::Hold).expect("taken");
    shop.send(Command::Resume).expect("taken");
    assert_eq!(said(&shop.say(Intent::Confirm, "好的")), [Key::ConfirmAddress]);
    shop.say(Intent::Confirm, "对");
    assert_eq!(shop.status(task), Status::Delivering);
}

#[test]
fn a_doubtful_address_given_with_a_complaint_is_asked_about_before_it_is_used() {
    let (mut shop, task) = Shop::shown();
    shop.say(Intent::Revise, "不对，改好发abc@qq.con");
    shop.say(Intent::None, "亮一点");
    shop.result(task);
    assert_eq!(said(&shop.say(Intent::Confirm, "可以")), [Key::ConfirmAddress]);
    assert_eq!(shop.status(task), Status::AwaitingConfirm);
}

#[test]
fn a_known_customer_is_asked_about_the_address_on_file() {
    let (mut shop, task) = Shop::shown();
    assert_eq!(said(&shop.say(Intent::Confirm, "可以")), [Key::AskAddress]);
    shop.say(Intent::None, "abc@qq.com");
    let mail = shop.mail(task).expect("a mail");
    shop.send(Command::MailSent { mail }).expect("taken");
    let next = shop.picture(None);
    shop.pay("2");
    shop.result(next);
    assert_eq!(said(&shop.say(Intent::Confirm, "好的")), [Key::ConfirmAddress]);
    assert_eq!(said(&shop.say(Intent::WithdrawAddress, "那个邮箱不用了")), [Key::AskAddress]);
    assert_eq!(said(&shop.say(Intent::Confirm, "好的")), [Key::AskAddress], "it was taken back");
}

#[test]
fn a_mail_that_fails_gives_the_picture_back_to_the_customer() {
    let (mut shop, task) = Shop::shown();
    shop.say(Intent::None, "abc@qq.com");
    let mail = shop.mail(task).expect("a mail");
    let failed = shop.send(Command::MailFailed { mail, reason: "550".into() }).expect("taken");
    assert_eq!((said(&failed), alerts(&failed)), (vec![Key::MailFailed], vec!["邮件发送失败"]));
    assert_eq!(shop.status(task), Status::AwaitingConfirm);
    assert!(shop.send(Command::MailSent { mail }).is_err(), "the mail is over");
}

#[test]
fn a_hand_off_silences_the_shop_until_a_person_gives_it_back() {
    let mut shop = Shop::new();
    let task = shop.picture(None);
    shop.pay("1");
    assert_eq!(said(&shop.say(Intent::HandOff, "转人工")), [Key::HandedOff]);
    let result = shop.result(task);
    assert!(result.effects.is_empty(), "the result waits for the person");
    assert_eq!(shop.say(Intent::Confirm, "好").silence, Some(Silence::Held));
    let resumed = shop.send(Command::Resume).expect("taken");
    assert_eq!(said(&resumed), [Key::ImageReady]);
}

#[test]
fn messages_that_are_not_about_a_result_are_left_alone() {
    let mut shop = Shop::new();
    assert_eq!(shop.say(Intent::Confirm, "好的").silence, Some(Silence::NoTask));
    let task = shop.picture(None);
    let mut about = message(Intent::Confirm, "好的");
    if let Command::Say(m) = &mut about {
        m.about = Some(task);
    }
    assert_eq!(shop.send(about).expect("taken").silence, Some(Silence::NotWaiting));
    let (mut shown, _) = Shop::shown();
    for intent in [Intent::None, Intent::Question, Intent::Other("greeting".into())] {
        assert_eq!(shown.say(intent, "在吗").silence, Some(Silence::NotForWorkflow));
    }
}

#[test]
fn a_person_who_looked_at_an_old_version_is_told() {
    let (mut shop, task) = Shop::shown();
    let current = shop.case.task(task).expect("it").version;
    let stale = shop.send(Command::Cancel { task, version: Some(current - 1) });
    assert_eq!(stale.err(), Some(Rejection::StaleVersion { given: current - 1, current }));
    shop.send(Command::Cancel { task, version: Some(current) }).expect("taken");
    assert!(shop.send(Command::Cancel { task, version: None }).is_err(), "cancelled is final");
}

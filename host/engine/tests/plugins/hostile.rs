//! Plugins that mean harm, or are broken: that one call is answered by the built-in plugin, and nothing else happens.

use shopkeeper_domain::roles::{Role, detection::Intent, wording::Key};
use shopkeeper_engine::Fault;

use crate::forge::{CNY, bind, bounds, bytes, engine, message, prices, request, says, situation};

/// The fault of a pricing plugin with this body; the customer still gets the built-in price.
async fn fault_of(body: &str, extra: &str) -> Fault {
    let engine = engine();
    let binding = bind(&engine, Role::Pricing, body, extra);
    let quoted = engine.price(&[&binding], &request("simple"), &bounds()).await;
    assert_eq!(quoted.answer.expect("the built-in answers").hint, "10-15元,这张比较简单");
    assert_eq!(&*quoted.by.name, "price-table");
    assert_eq!(quoted.calls.len(), 2, "both calls are in the journal");
    assert_eq!(quoted.incidents.len(), 1);
    quoted.incidents.into_iter().next().expect("one").fault
}

#[tokio::test]
async fn a_loop_ends_at_the_deadline() {
    assert_eq!(fault_of("(loop (br 0)) unreachable", "").await, Fault::Deadline);
}

#[tokio::test]
async fn a_loop_at_initialisation_is_refused_when_loaded() {
    let engine = engine();
    let wasm =
        crate::forge::component(Role::Pricing, "(i32.const 0)", "(func $spin (loop (br 0))) (start $spin)");
    let refused = engine.load(Role::Pricing, &wasm).expect_err("refused");
    assert!(refused.to_string().contains("longer than a call may"), "{refused}");
}

#[tokio::test]
async fn a_crash_is_told_with_its_backtrace() {
    let fault = fault_of("(call $deep) unreachable", "(func $deep unreachable)").await;
    assert!(
        matches!(&fault, Fault::Trap { backtrace: Some(trace), .. } if trace.contains("deep")),
        "{fault:?}"
    );
}

#[tokio::test]
async fn endless_recursion_is_a_crash() {
    let fault = fault_of("(call $again) unreachable", "(func $again (call $again) (call $again))").await;
    assert!(matches!(fault, Fault::Trap { .. }), "{fault:?}");
}

#[tokio::test]
async fn memory_is_capped() {
    let fault = fault_of("(drop (memory.grow (i32.const 2000))) (i32.const 0)", "").await;
    assert_eq!(fault, Fault::Memory);
}

#[tokio::test]
async fn several_memories_count_together() {
    // Each stays far below the cap of 64 MiB; together they don't.
    let grow = "(drop (memory.grow 1 (i32.const 600))) (drop (memory.grow 2 (i32.const 600))) (i32.const 0)";
    assert_eq!(fault_of(grow, "(memory 1) (memory 1)").await, Fault::Memory);
}

#[tokio::test]
async fn tables_count_too() {
    let grow = "(drop (table.grow $t (ref.null func) (i32.const 90000))) (drop (memory.grow (i32.const 1015))) (i32.const 0)";
    assert_eq!(fault_of(grow, "(table $t 1 funcref)").await, Fault::Memory);
}

#[tokio::test]
async fn a_giant_answer_is_not_copied() {
    // ok(quote) whose hint claims three mebibytes.
    let body = r#"
        (drop (memory.grow (i32.const 60)))
        (i32.store (i32.const 8192) (i32.const 0))
        (i64.store (i32.const 8200) (i64.const 1000))
        (i32.store (i32.const 8208) (i32.const 4096)) (i32.store (i32.const 8212) (i32.const 3))
        (i64.store (i32.const 8216) (i64.const 1000))
        (i32.store (i32.const 8224) (i32.const 4096)) (i32.store (i32.const 8228) (i32.const 3))
        (i32.store (i32.const 8232) (i32.const 70000)) (i32.store (i32.const 8236) (i32.const 3000000))
        (i32.store (i32.const 8240) (i32.const 0)) (i32.store (i32.const 8244) (i32.const 0))
        (i32.store (i32.const 8248) (i32.const 0)) (i32.store (i32.const 8252) (i32.const 0))
        (i32.const 8192)"#;
    assert_eq!(fault_of(body, CNY).await, Fault::OutputTooLarge);
}

#[tokio::test]
async fn absurd_prices_are_bad_answers() {
    for (low, high) in [(2000, 1000), (-5, 10), (0, i64::MAX)] {
        let fault = fault_of(&prices(low, high), CNY).await;
        assert!(matches!(fault, Fault::BadAnswer(_)), "{low}..{high}: {fault:?}");
    }
    let other_currency = fault_of(&prices(1000, 1000), r#"(data (i32.const 4096) "USD")"#).await;
    assert!(matches!(&other_currency, Fault::BadAnswer(why) if why.contains("USD")), "{other_currency:?}");
    let engine = engine();
    let good = bind(&engine, Role::Pricing, &prices(777, 888), CNY);
    let quoted = engine.price(&[&good], &request("simple"), &bounds()).await;
    assert_eq!(quoted.answer.expect("a price").low.minor, 777, "a good answer is taken");
    assert_eq!(&*quoted.by.name, "hostile");
}

#[tokio::test]
async fn an_answer_that_points_outside_its_memory_is_a_crash() {
    let fault = fault_of("(i32.const 0x7ffffff0)", "").await;
    assert!(matches!(fault, Fault::Trap { .. }), "{fault:?}");
}

/// A wording body that says `text`.
async fn word(text: &str, slots: &[(&str, &str)]) -> (String, Option<Fault>) {
    let engine = engine();
    let (body, data) = says(text);
    let binding = bind(&engine, Role::Wording, &body, &data);
    let worded = engine.word(&[&binding], &situation(Key::AskAddress, slots)).await;
    let fault = worded.incidents.into_iter().next().map(|i| i.fault);
    (worded.answer.expect("somebody words it").text, fault)
}

#[tokio::test]
async fn tricks_in_wording_never_reach_a_customer() {
    let long = "好".repeat(501);
    for text in [
        "加微信 http://evil.example/x",
        "看这里 evil.example.com",
        "发到 thief@evil.example.com",
        "好的\u{202e}moc.live",
        "好的\u{200b}呀",
        "好\u{7}的",
        "   ",
        &long,
    ] {
        let (said, fault) = word(text, &[]).await;
        assert!(matches!(fault, Some(Fault::BadAnswer(_))), "{text:?}: {fault:?}");
        assert_eq!(said, "没问题的话把邮箱发我,我给你发原图");
    }
    let (said, fault) = word("发到 abc@qq.com 吗？", &[("address", "abc@qq.com")]).await;
    assert_eq!((said.as_str(), fault), ("发到 abc@qq.com 吗？", None), "what stands in a slot may be said");
    assert_eq!(word("第一行\n第二行", &[]).await.1, None);
}

#[tokio::test]
async fn an_address_of_the_slots_may_stand_in_the_middle_of_chinese_words() {
    let slots = [("address", "abc@qq.com"), ("link", "https://shop.example/a?b=1")];
    for text in [
        "发到abc@qq.com吗?",
        "abc@qq.com收到了",
        "是abc@qq.com.",
        "看https://shop.example/a?b=1哦",
        "OK.没问题",
    ] {
        assert_eq!(word(text, &slots).await.1, None, "{text}");
    }
    // Near misses: another mailbox, another host, a part of the address, more than the link.
    for text in [
        "发到xabc@qq.com吗",
        "发到c@qq.com吗",
        "发到abc@qq.com.cn吗",
        "发到abc@qq.com.evil.example吗",
        "看https://shop.example/a?b=1&to=evil",
        "看evil.example?u=abc@qq.com",
        "加evil.example看abc@qq.com",
    ] {
        let fault = word(text, &slots).await.1;
        assert!(matches!(fault, Some(Fault::BadAnswer(_))), "{text}: {fault:?}");
    }
}

#[tokio::test]
async fn what_a_plugin_repeats_of_a_message_is_masked_in_the_journal() {
    let engine = engine();
    // err(other(text)) and ok(reading { intent: other(text), … }): the first two parameters are the text.
    let refuses = "(i32.store8 (i32.const 8192) (i32.const 1)) (i32.store8 (i32.const 8196) (i32.const 3))";
    let reads = "(i32.store8 (i32.const 8196) (i32.const 6))";
    for head in [refuses, reads] {
        let body = format!(
            "{head} (i32.store (i32.const 8200) (local.get 0)) (i32.store (i32.const 8204) (local.get 1)) (i32.const 8192)"
        );
        let binding = bind(&engine, Role::Detection, &body, "");
        let read = engine.read_intent(&[&binding], &message("zhang@qq.com 发这")).await;
        let output = read.calls[0].output.as_deref().expect("no fault");
        assert!(output.contains("************ 发这"), "{output}");
    }
}

#[tokio::test]
async fn spans_outside_the_text_are_bad_answers() {
    let engine = engine();
    // ok(reading { intent: confirm, confidence: 90, evidence: [{ rule: "r", span: 1..9 }] })
    let body = r#"
        (i32.store8 (i32.const 8196) (i32.const 3)) (i32.store8 (i32.const 8208) (i32.const 90))
        (i32.store (i32.const 8212) (i32.const 4096)) (i32.store (i32.const 8216) (i32.const 1))
        (i32.const 8192)"#;
    let data =
        format!(r#"(data (i32.const 4096) "{}") (data (i32.const 4200) "r")"#, bytes(&[4200, 1, 1, 9]));
    let binding = bind(&engine, Role::Detection, body, &data);
    let outside = engine.read_intent(&[&binding], &message("好的")).await;
    assert!(matches!(&outside.incidents[0].fault, Fault::BadAnswer(why) if why.contains("from 1 to 9")));
    let inside = engine.read_intent(&[&binding], &message("这是十个字的一句话呢")).await;
    assert_eq!(inside.answer.expect("a reading").intent, Intent::Confirm);
    assert!(inside.incidents.is_empty(), "{:?}", inside.incidents);
}

#[tokio::test]
async fn more_calls_than_the_pool_holds_wait_their_turn() {
    let engine = engine();
    let pricing = engine.builtin(Role::Pricing).clone();
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..500 {
        let (engine, pricing) = (engine.clone(), pricing.clone());
        calls.spawn(async move { engine.price(&[&pricing], &request("hard"), &bounds()).await });
    }
    while let Some(quoted) = calls.join_next().await {
        let quoted = quoted.expect("no panic");
        assert!(quoted.incidents.is_empty() && quoted.answer.is_ok());
    }
}

#[tokio::test]
async fn a_component_finds_its_places_in_the_pool_or_is_refused_when_loaded() {
    let engine = engine();
    let most =
        bind(&engine, Role::Pricing, &prices(777, 888), &format!("{CNY} (memory 1) (memory 1) (memory 1)"));
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let (engine, most) = (engine.clone(), most.clone());
        calls.spawn(async move { engine.price(&[&most], &request("simple"), &bounds()).await });
    }
    while let Some(quoted) = calls.join_next().await {
        assert!(quoted.expect("no panic").incidents.is_empty(), "a full pool is no fault of the plugin");
    }
    let more = crate::forge::component(Role::Pricing, "(i32.const 0)", &"(memory 1) ".repeat(4));
    let refused = engine.load(Role::Pricing, &more).expect_err("refused");
    assert!(refused.to_string().contains("memories count of 5"), "{refused}");
}

#[tokio::test]
async fn every_call_is_a_fresh_instance() {
    let engine = engine();
    // Counts its calls in memory and prices by the count.
    let counts = r#"
        (i64.store (i32.const 5000) (i64.add (i64.load (i32.const 5000)) (i64.const 1)))
        (i64.store (i32.const 8200) (i64.load (i32.const 5000)))
        (i32.store (i32.const 8208) (i32.const 4096)) (i32.store (i32.const 8212) (i32.const 3))
        (i64.store (i32.const 8216) (i64.load (i32.const 5000)))
        (i32.store (i32.const 8224) (i32.const 4096)) (i32.store (i32.const 8228) (i32.const 3))
        (i32.const 8192)"#;
    let binding = bind(&engine, Role::Pricing, counts, CNY);
    for _ in 0..50 {
        let quoted = engine.price(&[&binding], &request("simple"), &bounds()).await;
        assert_eq!(quoted.answer.expect("a price").low.minor, 1, "nothing is left from the call before");
    }
}

//! What notes turn, as customers write them.

use super::notes::Wishes;

fn read(notes: &[&str]) -> Wishes {
    let notes: Vec<String> = notes.iter().map(|note| (*note).to_owned()).collect();
    Wishes::read("", &notes)
}

fn all(notes: &[&str], turned: impl Fn(&Wishes) -> bool) {
    for note in notes {
        let wishes = read(&[note]);
        assert!(turned(&wishes), "{note}: {wishes:?}");
    }
}

#[test]
fn brightness() {
    let brighter = [
        "再亮一点",
        "太暗",
        "太暗了",
        "有点暗",
        "还是暗",
        "不够亮",
        "亮度不够",
        "提亮",
        "提高亮度",
        "不要太暗",
    ];
    all(&brighter, |w| w.brightness > 0.0);
    all(
        &["亮度太低", "脸太黑了", "不太亮", "Brighter please", "too dark", "皮肤再白一点"],
        |w| w.brightness > 0.0,
    );
    let darker =
        ["太亮", "太亮了", "不要太亮", "别那么亮", "暗一点", "亮度低一点", "降低亮度", "有点亮", "过曝了"];
    all(&darker, |w| w.brightness < 0.0);
    all(&["亮度太高", "too bright", "darker", "less bright"], |w| w.brightness < 0.0);
}

#[test]
fn the_other_knobs() {
    all(&["对比强一点", "对比度太低", "太灰", "增加对比度", "more contrast"], |w| {
        w.contrast > 0.0
    });
    all(&["对比度太强", "降低对比度", "对比弱一点"], |w| w.contrast < 0.0);
    all(
        &["清晰一点", "还是模糊", "不要模糊", "不够清晰", "再锐一点", "不清楚", "sharper"],
        |w| w.sharpness > 0.0,
    );
    all(&["太锐", "太锐了", "锐化过度", "柔和一点", "不要太锐", "softer"], |w| {
        w.sharpness < 0.0
    });
    all(&["自然一点", "太假了", "不自然", "柔和"], |w| w.natural > 0.0);
    all(&["鲜艳一点", "饱和度高一点", "太淡了", "不够鲜艳"], |w| w.saturation > 0.0);
    all(&["淡一点", "太艳", "饱和度太高", "不要这么鲜艳", "颜色淡一点"], |w| {
        w.saturation < 0.0
    });
    all(&["暖一点", "太蓝", "偏蓝了", "黄一点", "太冷"], |w| w.warmth > 0.0);
    all(&["太黄", "有点黄", "发黄", "去黄", "冷一点", "不要太黄", "蓝一点", "太暖"], |w| w.warmth < 0.0);
    all(&["噪点太多", "去噪"], |w| w.denoise > 0.0);
    all(&["改成黑白"], |w| w.mono);
}

#[test]
fn degrees_are_told_apart() {
    let brightness = |note: &str| read(&[note]).brightness;
    assert!(brightness("亮一点") < brightness("亮"));
    assert!(brightness("亮") < brightness("亮很多"));
    assert!(brightness("再亮一点") < brightness("再亮些"));
    assert!(brightness("稍微提亮") < brightness("明显提亮"));
}

#[test]
fn several_wishes_in_one_note_stay_apart() {
    let wishes = read(&["亮一点不要太黄,对比度高一点但是不要太锐"]);
    assert!(wishes.brightness > 0.0 && wishes.warmth < 0.0, "{wishes:?}");
    assert!(wishes.contrast > 0.0 && wishes.sharpness < 0.0, "{wishes:?}");
    let wishes = read(&["亮一点就好,不用太多"]);
    assert!(wishes.brightness > 0.0, "{wishes:?}");
    let wishes = read(&["太好了我想再亮一点"]);
    assert!(wishes.brightness > 0.0, "{wishes:?}");
}

#[test]
fn notes_add_up_and_a_turn_goes_back_part_of_the_way() {
    let once = read(&["再亮一点"]).brightness;
    let twice = read(&["再亮一点", "再亮一点"]).brightness;
    assert!(twice > once);
    let back = read(&["再亮一点", "再亮一点", "有点太亮了"]).brightness;
    assert!(back < twice && back > 0.0, "{back}");
    assert!(read(&["亮很多"; 50]).brightness <= 3.0);
}

#[test]
fn words_that_only_contain_others_turn_nothing() {
    for note in [
        "",
        "很漂亮,谢谢",
        "白色的衣服",
        "换成白底",
        "要蓝底",
        "蓝天别动",
        "月亮",
        "黑色头发",
        "这是我家的黄狗",
    ] {
        let wishes = Wishes { backdrop: None, ..read(&[note]) };
        assert_eq!(wishes, Wishes::default(), "{note}");
    }
}

#[test]
fn of_the_prompt_only_the_backdrop_and_repeated_notes_count() {
    let wishes = Wishes::read("提亮画面,换成白底", &[]);
    assert_eq!(wishes.brightness, 0.0);
    assert!(wishes.backdrop.is_some_and(|backdrop| !backdrop.from_note));

    let repeated = "修复\n【客户修改要求】再亮一点";
    assert!(Wishes::read(repeated, &[]).brightness > 0.0);
    let note = ["再亮一点".to_owned()];
    assert_eq!(Wishes::read(repeated, &note), Wishes::read("修复", &note), "a note counts once");
    assert!(read(&["换成红底"]).backdrop.is_some_and(|backdrop| backdrop.from_note));
}

#[test]
fn strange_texts_are_survived() {
    let long = "不要太".repeat(100_000);
    for note in
        [long.as_str(), "亮", "太", "不要", "了一点", "\u{0}\u{202e}亮", "🐱再亮一点🐱", "İß×", "x", "*"]
    {
        let _ = read(&[note, note]);
    }
}

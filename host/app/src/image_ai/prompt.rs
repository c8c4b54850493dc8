//! What a model is told: the prompt where there is one, the operations in words where there is none, and what each
//! picture is.

use std::fmt::Write;

use shopkeeper_domain::{Operation, Task, full_prompt};

/// An operation that no picture can be the result of.
pub(crate) fn beyond(task: &Task) -> Option<&'static str> {
    task.operations
        .iter()
        .any(|o| o.as_str() == "layered")
        .then_some("layered(PSD 分层)图片AI做不了:它只返回一张平面图片,请转人工。")
}

/// What the customer wants, in words.
pub(super) fn wishes(task: &Task) -> String {
    let prompt = full_prompt(task);
    let spec = &task.specification;
    let mut wishes = if spec.prompt.trim().is_empty() {
        let named: Vec<String> = task.operations.iter().map(operation).collect();
        format!("请对照片做以下处理:{}。\n{prompt}", named.join(";")).trim_end().to_owned()
    } else {
        prompt
    };
    let details = [
        ("画面内容", spec.subject.as_str()),
        ("处理类型", spec.process.as_str()),
        ("质量要求", spec.quality.as_str()),
        ("透视校正", if spec.perspective == "no" { "" } else { spec.perspective.as_str() }),
        ("画面比例", if ratio(&spec.aspect_ratio).is_some() { spec.aspect_ratio.as_str() } else { "" }),
    ];
    for (name, detail) in details.into_iter().filter(|(_, d)| !d.is_empty()) {
        // One detail is one line, whatever was typed.
        let detail: String = detail.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        // Writing into a string can't fail.
        let _ = write!(wishes, "\n{name}:{detail}");
    }
    wishes
}

/// The whole instruction: the pictures are the original, then the last result where `previous`, then `references`.
pub(super) fn instruction(task: &Task, previous: bool, references: usize) -> String {
    let mut text = format!(
        "你是专业修图师。请在第1张图片(客户的原图)上修图,只输出修好的一张图片。没有要求改动的内容保持原样:人物长相、文字、\
         商品和构图都不能变,不要加水印。\n\n{}",
        wishes(task)
    );
    let mut next = 2;
    if previous {
        text.push_str("\n\n第2张图片是上一次的成品,仅供对照:客户的修改要求是看着它提的,请从原图重新做,保留客户没有提出异议的效果。");
        next = 3;
    }
    if references > 0 {
        let _ =
            write!(text, "\n\n从第{next}张图片起是客户发来的参考图,共{references}张,只用来理解修改要求。");
    }
    text
}

/// Width by height of `3:4`; none where it is no proportion.
pub(super) fn ratio(text: &str) -> Option<f64> {
    let (width, height) = text.split_once(':')?;
    let ratio = width.trim().parse::<f64>().ok()? / height.trim().parse::<f64>().ok()?;
    (0.05..=20.0).contains(&ratio).then_some(ratio)
}

fn operation(operation: &Operation) -> String {
    match operation.as_str() {
        "enhance" => "变清晰,提升画质和细节".to_owned(),
        "remove_bg" => "抠图,把主体以外的背景换成纯白色".to_owned(),
        "resize" => "改尺寸,按要求的比例重新构图,不拉伸变形".to_owned(),
        "fix_old_photo" => "老照片修复,去掉划痕、折痕和污渍,恢复褪色".to_owned(),
        _ => operation.label().to_owned(),
    }
}

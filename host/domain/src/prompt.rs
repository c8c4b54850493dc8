//! What the image AI is asked to do.

use crate::Task;

/// The specification's prompt plus every revision note, each on a line headed 【客户修改要求】.
pub fn full_prompt(task: &Task) -> String {
    let mut prompt = task.specification.prompt.clone();
    for note in task.notes.iter().filter(|n| !n.text.is_empty()) {
        if !prompt.is_empty() {
            prompt.push('\n');
        }
        prompt.push_str("【客户修改要求】");
        // One note is one line, whatever the customer typed.
        prompt.extend(note.text.chars().map(|c| if c.is_control() { ' ' } else { c }));
    }
    prompt
}

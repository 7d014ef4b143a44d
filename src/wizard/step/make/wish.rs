//! What was answered about the token that is to be made, and the changes that come of it.

use crate::domain::token::IdError;
use crate::domain::{
    Change, ChangeState, Credential, Estate, Grantee, Id, Rights, Seen, Timestamp, TokenId, TokenName, TokenSeen,
    UserId, time,
};
use crate::plan::make::{Existing, Making, NoMaking, Order, Wanted, make, wake};
use crate::plan::permit::{self, Refusal};
use crate::target::needs::{owner_needs, role_name};
use crate::wizard::Wizard;
use crate::wizard::evidence::Survey;
use crate::wizard::step::{details, token, tool, uses};

pub const WHOSE: Id = Id::fixed("whose");
pub const SERVICE: Id = Id::fixed("service");
pub const MINE: Id = Id::fixed("mine");
pub const RIGHTS: Id = Id::fixed("rights");
pub const LEAST: Id = Id::fixed("least");
pub const SAME: Id = Id::fixed("same");
pub const EXPIRE: Id = Id::fixed("expire");
pub const EXPIRE_DATE: Id = Id::fixed("expire_date");
pub const QUARTER: Id = Id::fixed("90d");
pub const YEAR: Id = Id::fixed("1y");
pub const NEVER: Id = Id::fixed("never");
pub const DATE: Id = Id::fixed("date");
/// What to do with a token of that name that is there already.
pub const EXISTING: Id = Id::fixed("existing");
pub const OTHER_NAME: Id = Id::fixed("other-name");
pub const BESIDE: Id = Id::fixed("beside");
pub const IN_PLACE: Id = Id::fixed("in-place");
pub const PASTE: Id = Id::fixed("paste");
/// In a repair: it keeps its secret, and is granted what it lacks.
pub const KEEP: Id = Id::fixed("keep");
/// In a repair: the same, and it signs in again.
pub const WAKE: Id = Id::fixed("wake");
pub const REMOVE_OLD: Id = Id::fixed("remove_old");
/// What the token is for, in place of what is known of that.
pub const COMMENT: Id = Id::fixed("comment");
pub const YES: Id = Id::fixed("yes");
pub const NO: Id = Id::fixed("no");

const DAY: Timestamp = 86_400;

/// Who is signed in.
pub fn signer(w: &Wizard) -> Option<UserId> {
    match token::credential(w)? {
        Credential::Ticket(ticket) => Some(ticket.user),
        // Root's shell.
        Credential::Shell(_) => UserId::new("root", "pam").ok(),
        Credential::Token { .. } | Credential::Password { .. } => None,
    }
}

/// A name for users, roles and comments: the target's own.
fn target(w: &Wizard) -> String {
    tool::target(w).map_or_else(|| "labwizard".to_owned(), |target| target.name.clone())
}

/// The token is to belong to whoever is signed in.
pub fn mine(w: &Wizard) -> bool {
    w.draft.is(&WHOSE, &MINE)
}

pub fn default_user(w: &Wizard) -> String {
    format!("{}@pve", target(w))
}

/// Whom the token is to belong to.
pub fn owner(w: &Wizard) -> Option<Result<UserId, IdError>> {
    if mine(w) {
        return signer(w).map(Ok);
    }
    let typed = w.draft.text(&token::USER);
    Some(if typed.is_empty() { default_user(w).parse() } else { typed.parse() })
}

/// The target's name; where others share the user, with who and where behind it. What this machine has made before keeps its
/// name, so that a second walk asks what becomes of it instead of making another one beside it.
pub fn default_name(w: &Wizard) -> String {
    let shared = !mine(w)
        && owner(w)
            .and_then(Result::ok)
            .is_some_and(|user| estate(w).is_some_and(|estate| estate.user(&user).is_some()) && !made_here(w, &user));
    let who = [&w.setting.person, &w.setting.machine].into_iter().flatten().map(|word| slug(word));
    let words: Vec<String> =
        std::iter::once(target(w)).chain(who.filter(|_| shared)).filter(|w| !w.is_empty()).collect();
    words.join("-")
}

/// A run of this machine made the token of the target's own name for this user.
fn made_here(w: &Wizard, user: &UserId) -> bool {
    let base = target(w);
    w.setting.runs.iter().flat_map(|run| &run.changes).any(|seen| {
        seen.state == ChangeState::Made
            && matches!(&seen.change, Change::MakeToken(made) if made.id.user == *user && made.id.name.as_str() == base)
    })
}

/// A word as a part of a token's name.
fn slug(word: &str) -> String {
    let plain: String =
        word.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).take(20).collect();
    plain.trim_matches('-').to_owned()
}

/// The name as typed or preset.
pub fn name(w: &Wizard) -> Result<TokenName, IdError> {
    let typed = w.draft.text(&token::NAME);
    if typed.is_empty() { default_name(w).parse() } else { typed.parse() }
}

pub fn id(w: &Wizard) -> Option<TokenId> {
    Some(TokenId { user: owner(w)?.ok()?, name: name(w).ok()? })
}

/// What is there of users, tokens, roles and grants, as whoever is signed in sees it.
pub fn estate(w: &Wizard) -> Option<&Estate> {
    token::survey(w)?.seen.iter().find_map(|o| match &o.seen {
        Seen::Estate(estate) => Some(estate.as_ref()),
        _ => None,
    })
}

/// What there is has been told, as far as whoever is signed in is told it.
pub fn has_looked(w: &Wizard) -> bool {
    estate(w).is_some() || token::survey(w).is_some_and(|survey| survey.ended)
}

/// The token that has the wanted name already.
pub fn existing(w: &Wizard) -> Option<&TokenSeen> {
    estate(w)?.token(&id(w)?)
}

/// The next name behind the wanted one that is free: `glassdome-2`.
pub fn free_name(w: &Wizard) -> Option<TokenName> {
    let (id, estate) = (id(w)?, estate(w)?);
    let free = |name: &TokenName| estate.token(&TokenId { user: id.user.clone(), name: name.clone() }).is_none();
    (2..100).find_map(|n| format!("{}-{n}", id.name).parse().ok().filter(free))
}

/// All rights of its user, in place of those that the target needs.
pub fn same_rights(w: &Wizard) -> bool {
    mine(w) && w.draft.is(&RIGHTS, &SAME)
}

/// The secret of the existing token is to be another one.
pub fn in_place(w: &Wizard) -> bool {
    existing(w).is_some() && w.draft.is(&EXISTING, &IN_PLACE)
}

/// The token that the file names keeps its secret, and is granted what it lacks.
pub fn keeps(w: &Wizard) -> bool {
    w.draft.is(&EXISTING, &KEEP) || wakes(w)
}

/// The token that the file names is to sign in again.
pub fn wakes(w: &Wizard) -> bool {
    w.draft.is(&EXISTING, &WAKE)
}

/// Whose end has come or is near, of the token and its owner, with that end.
pub fn ending(w: &Wizard) -> Vec<(Grantee, Timestamp)> {
    match (id(w), estate(w)) {
        (Some(id), Some(estate)) => wake::ending(&id, estate, w.setting.now),
        _ => Vec::new(),
    }
}

/// The end is that of the token which gets a new secret; one that has ended already wants a new end.
pub fn keeps_its_end(w: &Wizard) -> bool {
    in_place(w) && existing(w).is_some_and(|there| there.expire.is_none_or(|end| end > w.setting.now))
}

/// The new end is to come later than this: than now, and where it takes the place of ends that are there, than those.
pub fn after(w: &Wizard) -> Timestamp {
    let ends = ending(w).into_iter().filter(|_| wakes(w)).map(|(_, end)| end);
    ends.fold(w.setting.now, Timestamp::max)
}

/// When the token is to end: none while that is not answered, none inside for never.
pub fn expire(w: &Wizard) -> Option<Option<Timestamp>> {
    if keeps(w) && (!wakes(w) || ending(w).is_empty()) {
        return Some(existing(w).and_then(|there| there.expire));
    }
    if keeps_its_end(w) {
        return Some(existing(w)?.expire);
    }
    match w.draft.choice(&EXPIRE)? {
        choice if *choice == QUARTER => Some(Some(w.setting.now + 90 * DAY)),
        choice if *choice == YEAR => Some(Some(w.setting.now + 365 * DAY)),
        choice if *choice == NEVER => Some(None),
        choice if *choice == DATE => {
            time::of_date(w.draft.text(&EXPIRE_DATE)).filter(|date| *date > after(w)).map(Some)
        }
        _ => None,
    }
}

/// The changes that make it; none while answers are missing.
pub fn making(w: &Wizard) -> Option<Result<Making, NoMaking>> {
    let survey = token::survey(w).filter(|survey| survey.signed_in())?;
    let expire = expire(w)?;
    let mut wanted = id(w)?;
    let choice = w.draft.choice(&EXISTING).filter(|_| keeps(w) || existing(w).is_some()).cloned();
    let existing = match choice {
        Some(choice) if choice == OTHER_NAME => {
            wanted.name = free_name(w)?;
            Existing::Refuse
        }
        Some(choice) if choice == BESIDE => {
            Existing::Beside { name: free_name(w)?, remove: w.draft.is(&REMOVE_OLD, &YES) }
        }
        Some(choice) if choice == IN_PLACE => Existing::InPlace,
        Some(choice) if choice == KEEP => Existing::Keep,
        Some(choice) if choice == WAKE => Existing::Wake,
        _ => Existing::Refuse,
    };
    let (needs, owner) = (details::rights(w), owned(w));
    let purpose = match &w.setting.machine {
        _ if !w.draft.text(&COMMENT).is_empty() => w.draft.text(&COMMENT).to_owned(),
        Some(machine) => format!("{} on {machine}", tool::title(w)),
        None => tool::title(w),
    };
    let none = Estate::default();
    Some(make(&Order {
        token: &wanted,
        wanted: if same_rights(w) { Wanted::Same } else { Wanted::Least { token: &needs, owner: &owner } },
        existing: &existing,
        expire,
        run: &w.setting.run_name,
        purpose: &purpose,
        now: w.setting.now,
        role: &role_name(&target(w)),
        release: details::release(w),
        known: known(survey),
        estate: estate(w).unwrap_or(&none),
    }))
}

/// What the token's owner needs; where a tool looks at the owner this is more than the token has.
fn owned(w: &Wizard) -> Vec<crate::domain::Need> {
    tool::spec(w)
        .map(|spec| owner_needs(spec, details::release(w), &details::places(w), &uses::chosen(w)))
        .unwrap_or_default()
}

/// Every privilege that the host says it knows.
fn known(survey: &Survey) -> &[String] {
    let known = survey.seen.iter().find_map(|o| match &o.seen {
        Seen::KnownPrivileges(known) => Some(known.as_slice()),
        _ => None,
    });
    known.unwrap_or_default()
}

/// The ACL paths at which the rights of whoever is signed in decide, and those of the target.
pub fn paths(w: &Wizard) -> Vec<String> {
    let changes = match making(w) {
        Some(Ok(making)) => [making.changes, making.afterwards].concat(),
        _ => Vec::new(),
    };
    let groups = estate(w).map(|estate| permit::group_paths(&changes, estate)).unwrap_or_default();
    let mut paths = [details::paths(w), permit::paths(&changes), groups].concat();
    paths.sort();
    paths.dedup();
    paths
}

/// The changes that whoever is signed in may not make, with the sentence of each.
pub fn refusals(w: &Wizard, making: &Making) -> Vec<Refusal> {
    let Some(survey) = token::survey(w).filter(|survey| survey.ended) else { return Vec::new() };
    let (Some(signer), Some(rights)) = (signer(w), survey.rights()) else { return Vec::new() };
    let (all, none) = ([making.changes.clone(), making.afterwards.clone()].concat(), Estate::default());
    let rights: &Rights = rights;
    permit::refusals(&all, &signer, rights, estate(w).unwrap_or(&none))
}

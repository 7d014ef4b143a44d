//! By hand: the commands for the host and the way through the web UI, with the rights that the target needs and no more.

use crate::domain::token::IdError;
use crate::domain::visible::visible;
use crate::domain::{Change, Credential, Estate, Id, Need, Seen, TokenId, TokenName, UserId, UserSeen, missing, pveum};
use crate::plan::make::{Existing, Order, Wanted, make as plan};
use crate::target::guide::clicks;
use crate::target::needs::{owner_needs, role_name};
use crate::wizard::Wizard;
use crate::wizard::evidence::Survey;
use crate::wizard::page::{Block, Command, Tone};
use crate::wizard::step::{Next, Parts, access, details, host, make, open_field, quiet, say, token, toned, tool, uses};

pub const USER: Id = Id::fixed("user");
pub const NAME: Id = Id::fixed("token_name");
/// The page was reached to grant what a token lacks.
const LACKING: Id = Id::fixed("lacking");
const YES: Id = Id::fixed("yes");

/// A name for roles and comments: the target's own.
fn target(w: &Wizard) -> String {
    tool::target(w).map_or_else(|| "labwizard".to_owned(), |target| target.name.clone())
}

fn default_user(w: &Wizard) -> String {
    format!("{}@pve", target(w))
}

fn default_name(w: &Wizard) -> String {
    format!("{}-token", target(w))
}

pub fn user(w: &Wizard) -> Result<UserId, IdError> {
    let typed = w.draft.text(&USER);
    if typed.is_empty() { default_user(w).parse() } else { typed.parse() }
}

pub fn name(w: &Wizard) -> Result<TokenName, IdError> {
    let typed = w.draft.text(&NAME);
    if typed.is_empty() { default_name(w).parse() } else { typed.parse() }
}

/// The page shows what an existing token lacks, instead of how to make one.
fn lacking(w: &Wizard) -> bool {
    w.draft.is(&LACKING, &YES) && token::survey(w).is_some_and(Survey::signed_in)
}

/// Shows, on the next visit, the commands for what is missing.
pub fn show_missing(w: &mut Wizard) {
    w.draft.choose(LACKING, YES);
    w.draft.choose(access::ACCESS, access::HAND);
}

/// Whether there are commands that would grant what is missing: only a token can be granted something, and power over the host
/// only after a yes of its own.
pub fn possible(w: &Wizard) -> bool {
    uses::agreed(w) && matches!(token::credential(w), Some(Credential::Token { .. })) && !details::rights(w).is_empty()
}

pub fn done(w: &Wizard) -> bool {
    user(w).is_ok() && name(w).is_ok()
}

/// What the token's owner needs; where a tool looks at the owner this is more than the token has.
fn owned(w: &Wizard) -> Vec<Need> {
    tool::spec(w)
        .map(|spec| owner_needs(spec, details::release(w), &details::picks(w), &uses::chosen(w)))
        .unwrap_or_default()
}

/// All that is needed, or, for a token that lacks something, everything that is needed on the paths where it does, since a role
/// at a path stands beside those that are there, and a deeper one replaces what is above.
fn granted(w: &Wizard, needs: Vec<Need>) -> Vec<Need> {
    match token::survey(w).and_then(Survey::rights).filter(|_| lacking(w)) {
        Some(rights) => {
            let lacks = missing(&needs, rights);
            needs.into_iter().filter(|need| lacks.iter().any(|lack| lack.path == need.path)).collect()
        }
        None => needs,
    }
}

fn token_id(w: &Wizard) -> Option<TokenId> {
    match token::credential(w).filter(|_| lacking(w)) {
        Some(Credential::Token { id, .. }) => Some(id),
        _ => Some(TokenId { user: user(w).ok()?, name: name(w).ok()? }),
    }
}

/// What whoever signed in on the way here saw of this host; its commands leave out what is there already.
fn seen(w: &Wizard) -> Option<Estate> {
    let survey = w.evidence.survey.as_ref().filter(|survey| survey.signed_in() && !lacking(w))?;
    let here = survey.inputs.endpoints.first() == host::endpoint(w).as_ref();
    survey.seen.iter().filter(|_| here).find_map(|o| match &o.seen {
        Seen::Estate(estate) => Some(estate.as_ref().clone()),
        _ => None,
    })
}

/// What is to be made, as a plan; where nobody signed in, nothing of the host is known. For a token that is there already, only
/// roles and grants.
fn changes(w: &Wizard) -> Option<Vec<Change>> {
    let token = token_id(w)?;
    let (for_token, for_owner) = (granted(w, details::rights(w)), granted(w, owned(w)));
    let mut estate = seen(w).filter(|estate| estate.token(&token).is_none()).unwrap_or_default();
    // Whoever runs the commands sees all that stands there; what is not seen here is told beside them.
    estate.acl_whole = true;
    // A user of realm pam is the host's own or does not exist; Proxmox makes none there.
    if token.user.realm() != "pve" && estate.user(&token.user).is_none() {
        estate.users.push(UserSeen::named(token.user.clone()));
    }
    // Beside a token that lacks something a role of our name stands already, most likely with just too little in it.
    let role = role_name(&target(w));
    let role = if lacking(w) { format!("{role}-{}", w.setting.run_name) } else { role };
    let making = plan(&Order {
        token: &token,
        wanted: Wanted::Least { token: &for_token, owner: &for_owner },
        existing: &Existing::Refuse,
        expire: make::expire(w).flatten(),
        run: &w.setting.run_name,
        purpose: &purpose(w),
        now: w.setting.now,
        role: &role,
        release: details::release(w),
        known: &[],
        estate: &estate,
    });
    let mut changes = making.ok()?.changes;
    if lacking(w) {
        changes.retain(|change| matches!(change, Change::MakeRole { .. } | Change::Grant { .. }));
    }
    Some(changes)
}

/// A user who is there already, whose other grants were not shown to whoever signed in.
fn unseen(w: &Wizard) -> Option<Block> {
    let (estate, user) = (seen(w)?, token_id(w)?.user);
    (!estate.acl_whole && !user.is_root() && estate.user(&user).is_some()).then(|| {
        let user = visible(&user.to_string());
        toned(
            Tone::Warning,
            format!("{user} is there already, and what it holds is not all shown here. A grant takes the place of what it inherits at that path: look at pveum acl list first."),
        )
    })
}

/// What the token is for, as its comment says it.
fn purpose(w: &Wizard) -> String {
    let title = tool::spec(w).map_or("labwizard", |spec| spec.title.as_str());
    w.setting.machine.as_ref().map_or_else(|| title.to_owned(), |machine| format!("{title} on {machine}"))
}

/// The commands for root's shell.
fn block(w: &Wizard) -> Option<Vec<String>> {
    changes(w)?.iter().map(|change| pveum::command(change).ok()).collect()
}

pub fn page(w: &Wizard) -> Parts {
    let mut blocks = Vec::new();
    if !lacking(w) {
        blocks.extend(host::realm_words(w));
        blocks.push(open_field(w, USER, "User", default_user(w), user(w).err()));
        blocks.push(open_field(w, NAME, "Token name", default_name(w), name(w).err()));
    }
    if access::in_web_ui(w) && !lacking(w) {
        blocks.extend(web_ui(w));
    } else if let Some(lines) = block(w) {
        blocks.push(Block::Command(Command {
            about: if lacking(w) {
                "In root's shell on the host, to grant what is missing".into()
            } else {
                "In root's shell on the host (the web UI has one: node → Shell)".into()
            },
            text: lines.join("\n"),
        }));
    }
    blocks.extend(unseen(w));
    blocks.push(quiet(if lacking(w) {
        "Then go on: the same token is tested again."
    } else {
        "The next page takes the secret in any form."
    }));
    Parts {
        title: if lacking(w) { "Grant what is missing.".into() } else { "Make a token with just the rights it needs.".into() },
        blocks,
        submit: "next",
        focus: None,
        help: vec![
            "The commands make a user of Proxmox's own (no password, so nobody can log in as it), a role with the privileges that the tool needs, the token, and the grants to both: a token's rights are what token and user have in common.".into(),
            "pveum takes user and token name as two arguments, and needs root on the host; a user of realm pve is no system user and cannot use ssh.".into(),
        ],
        ..Parts::default()
    }
}

/// The same by the web UI.
fn web_ui(w: &Wizard) -> Vec<Block> {
    let mut blocks = Vec::new();
    if let Some(endpoint) = host::endpoint(w) {
        blocks.push(Block::Command(Command { about: "Open".into(), text: format!("{}/", endpoint.url()) }));
    }
    for step in changes(w).map(|changes| clicks(&changes)).unwrap_or_default() {
        blocks.push(say(format!(
            "{}\n{}",
            step.title,
            step.clicks.iter().map(|click| format!("  {click}")).collect::<Vec<_>>().join("\n")
        )));
    }
    blocks
}

pub fn submit(w: &mut Wizard) -> Next {
    if lacking(w) {
        w.draft.forget(&LACKING);
        w.draft.choose(access::ACCESS, access::PASTE);
        w.evidence.survey = None;
        return Next::To(super::PageId::Verify);
    }
    if done(w) { Next::Go } else { Next::Stay }
}

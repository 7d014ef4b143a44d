//! By hand: the commands for the host and the way through the web UI, with the rights that the target needs and no more.

use crate::diagnosis;
use crate::domain::token::IdError;
use crate::domain::visible::visible;
use crate::domain::{Id, Need, TokenName, UserId, missing};
use crate::plan::pveum::{self, Wanted};
use crate::target::needs::{Grant, grants, owner_needs};
use crate::wizard::Wizard;
use crate::wizard::evidence::Survey;
use crate::wizard::page::{Block, Command, Field};
use crate::wizard::step::{Next, Parts, access, details, host, quiet, say, token, tool, uses, wrong};

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

/// Whether there are commands that would grant what is missing: only a token can be granted something.
pub fn possible(w: &Wizard) -> bool {
    matches!(token::credential(w), Some(crate::domain::Credential::Token { .. })) && !details::rights(w).is_empty()
}

pub fn done(w: &Wizard) -> bool {
    user(w).is_ok() && name(w).is_ok()
}

fn needed(w: &Wizard) -> Vec<Need> {
    tool::spec(w)
        .map(|spec| owner_needs(spec, details::release(w), &details::picks(w), &uses::chosen(w)))
        .unwrap_or_default()
}

/// What is granted: all that is needed, or on the paths where something is missing everything that is needed there, since a
/// new role at a path stands beside the old one, and a deeper one replaces what is above.
fn granted(w: &Wizard) -> Vec<Grant> {
    let needs = needed(w);
    match token::survey(w).and_then(Survey::rights).filter(|_| lacking(w)) {
        Some(rights) => {
            let lacks = missing(&needs, rights);
            let at = |need: &Need| lacks.iter().any(|lack| lack.path == need.path);
            grants(&needs.iter().filter(|need| at(need)).cloned().collect::<Vec<_>>())
        }
        None => grants(&needs),
    }
}

fn block(w: &Wizard) -> Option<Vec<String>> {
    let granted = granted(w);
    let target = target(w);
    let (user, name) = match token::credential(w).filter(|_| lacking(w)) {
        Some(crate::domain::Credential::Token { id, .. }) => (id.user, id.name),
        _ => (user(w).ok()?, name(w).ok()?),
    };
    let wanted = Wanted { user: &user, name: &name, target: &target, grants: &granted };
    if lacking(w) { pveum::missing_commands(&wanted).ok() } else { pveum::commands(&wanted).ok() }
}

pub fn page(w: &Wizard) -> Parts {
    let mut blocks = Vec::new();
    if !lacking(w) {
        blocks.extend(host::realm_words(w));
        blocks.push(field(USER, "User", w, default_user(w), user(w).err()));
        blocks.push(field(NAME, "Token name", w, default_name(w), name(w).err()));
    }
    if let Some(lines) = block(w) {
        blocks.push(Block::Command(Command {
            about: if lacking(w) {
                "In root's shell on the host, to grant what is missing".into()
            } else {
                "In root's shell on the host (the web UI has one: node → Shell)".into()
            },
            text: lines.join("\n"),
        }));
    }
    if lacking(w) {
        blocks.push(quiet("Then go on: the same token is tested again."));
    } else {
        blocks.extend(web_ui(w));
        blocks.push(quiet(
            "Keep privilege separation on: the token then has exactly what it is granted. The next page takes the secret in any form.",
        ));
    }
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

fn field(id: Id, label: &str, w: &Wizard, default: String, error: Option<IdError>) -> Block {
    Block::Field(Field {
        value: w.draft.raw(&id),
        id,
        label: label.into(),
        placeholder: default,
        secret: false,
        multiline: false,
        note: None,
        error: error.and_then(|error| wrong(format!("{}.", visible(&error.to_string())), None)),
    })
}

/// The same by the web UI, with the address of the right page.
fn web_ui(w: &Wizard) -> Vec<Block> {
    let (Ok(user), Ok(name)) = (user(w), name(w)) else { return Vec::new() };
    let mut blocks = Vec::new();
    if let Some(endpoint) = host::endpoint(w) {
        blocks.push(Block::Command(Command {
            about: "Or in the web UI: Datacenter → Permissions".into(),
            text: format!("{}/", endpoint.url()),
        }));
    }
    let roles = pveum::roles(&target(w), &granted(w));
    let grants: Vec<String> = roles.iter().map(|grant| format!("{} on {}", grant.role, grant.path)).collect();
    blocks.push(say(format!(
        "Users: add {user}. Roles: create {}. API Tokens: add {name} for {user}, Privilege Separation ticked. Permissions: add a \
         user permission and an API token permission for each of {}.",
        roles.iter().map(|grant| format!("{} with {}", grant.role, grant.privileges.iter().cloned().collect::<Vec<_>>().join(" "))).collect::<Vec<_>>().join("; "),
        grants.join(", ")
    )));
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

/// Whether the release could be read before any login, for the privileges that it knows.
pub fn release_known(w: &Wizard) -> bool {
    host::look(w).and_then(|look| diagnosis::release(&look.seen)).is_some()
}

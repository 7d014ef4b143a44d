//! Access: how the token comes to be here.

use crate::domain::{Id, Trust};
use crate::target::spec::Way;
use crate::wizard::Wizard;
use crate::wizard::errand::Errand;
use crate::wizard::page::{Answer, Block, Choice, Tone};
use crate::wizard::step::{Next, Parts, host, quiet, token, toned, tool, trust, wrong};

pub const ACCESS: Id = Id::fixed("access");
/// Logged in, the wizard makes it.
pub const LOGIN: Id = Id::fixed("login");
/// In root's shell over ssh, the wizard makes it.
pub const SSH: Id = Id::fixed("ssh");
pub const PASTE: Id = Id::fixed("paste");
pub const HAND: Id = Id::fixed("hand");
/// By hand too, through the web UI.
pub const WEB: Id = Id::fixed("web");
pub const PASSWORD: Id = Id::fixed("password");

pub fn way(w: &Wizard) -> Id {
    // The demo brings a token to paste.
    let brought = w.setting.hints.contains_key(&token::TOKEN);
    let preset = match may_log_in(w) && !brought {
        // The shell that settled trust is open.
        true if trust::by_ssh(w) => SSH,
        true => LOGIN,
        false if w.setting.errand != Errand::SetUp => LOGIN,
        false => PASTE,
    };
    let chosen = w.draft.choice(&ACCESS).cloned().unwrap_or(preset);
    if w.setting.errand == Errand::SetUp && refused(w, &chosen) { PASTE } else { chosen }
}

/// What was chosen and is not offered here.
fn refused(w: &Wizard, chosen: &Id) -> bool {
    [LOGIN, SSH].contains(chosen) && !may_log_in(w)
}

/// The wizard makes the token: logged in, or in root's shell.
pub fn makes(w: &Wizard) -> bool {
    logs_in(w) || over_ssh(w)
}

pub fn logs_in(w: &Wizard) -> bool {
    way(w) == LOGIN
}

pub fn over_ssh(w: &Wizard) -> bool {
    way(w) == SSH
}

pub fn by_hand(w: &Wizard) -> bool {
    [HAND, WEB].contains(&way(w))
}

/// The person makes it in the web UI.
pub fn in_web_ui(w: &Wizard) -> bool {
    way(w) == WEB
}

/// The target is given user and password instead of a token.
pub fn by_password(w: &Wizard) -> bool {
    way(w) == PASSWORD && takes_password(w)
}

fn takes_password(w: &Wizard) -> bool {
    tool::spec(w).is_some_and(|spec| spec.accepts.proxmox.contains(&Way::Password))
}

fn takes_token(w: &Wizard) -> bool {
    tool::spec(w).is_none_or(|spec| spec.accepts.proxmox.contains(&Way::Token))
}

/// A password opens everything that its user may do, so it goes to nobody but the verified host.
fn may_log_in(w: &Wizard) -> bool {
    let verified = trust::agreed(w).is_some_and(|agreed| agreed.trust != Trust::Unverified);
    let wanted = w.setting.errand != Errand::SetUp || takes_token(w);
    verified && wanted && !host::offline(w)
}

pub fn done(w: &Wizard) -> bool {
    w.draft.choice(&ACCESS).is_some_and(|chosen| !refused(w, chosen))
}

fn answer(id: Id, title: &str, about: &str) -> Answer {
    Answer { id, title: title.into(), about: vec![about.into()], risky: false }
}

/// The ways in of whoever removes something.
fn errand_page(w: &Wizard) -> Parts {
    let mut blocks: Vec<Block> = trust::note(w).into_iter().collect();
    if may_log_in(w) {
        let options = vec![
            answer(LOGIN, "Log in", "Once, with password and code."),
            answer(SSH, "Over SSH", "In root's shell on the host, by your own ssh."),
        ];
        blocks.push(Block::Choice(Choice {
            id: ACCESS,
            label: String::new(),
            options,
            chosen: Some(way(w)),
            error: None,
        }));
    } else {
        blocks.push(toned(
            Tone::Bad,
            "No login is offered: a password goes to nobody but a host whose certificate is verified.",
        ));
        blocks.push(quiet("Go back to Trust and compare the fingerprint once."));
    }
    Parts { title: "How do you get in?".into(), blocks, submit: "next", focus: Some(ACCESS), ..Parts::default() }
}

pub fn page(w: &Wizard) -> Parts {
    if w.setting.errand != Errand::SetUp {
        return errand_page(w);
    }
    let mut options = Vec::new();
    if may_log_in(w) {
        options.push(answer(
            LOGIN,
            "Log in, and have the token made",
            "Once, with password and code. The token gets the rights that do the job, and every step is shown before it is taken.",
        ));
        options.push(answer(
            SSH,
            "Have it made over SSH",
            "In root's shell on the host, by your own ssh; for hosts whose login is closed, too.",
        ));
    }
    options.extend([
        answer(
            PASTE,
            "I have a token",
            "Paste it in any form: id and secret, a header, what pveum or the web UI showed.",
        ),
        answer(
            HAND,
            "Show me the commands that make one",
            "For root's shell on the host, with the least rights that do the job.",
        ),
        answer(WEB, "Show me how to make one in the web UI", "The same, step by step."),
    ]);
    if takes_password(w) {
        options.push(Answer {
            id: PASSWORD,
            title: "User and password instead of a token".into(),
            about: vec![
                "The file then holds a password with all of that user's rights; a token can be limited and revoked."
                    .into(),
            ],
            risky: true,
        });
    }
    let mut blocks: Vec<Block> = trust::note(w).into_iter().chain(host::untested_note(w)).collect();
    let unverified = trust::agreed(w).is_some_and(|agreed| agreed.trust == Trust::Unverified);
    if unverified && takes_token(w) {
        blocks.push(quiet("No login is offered: a password goes to nobody but a host whose certificate is verified."));
    }
    let chosen = w.draft.choice(&ACCESS).filter(|chosen| refused(w, chosen)).is_none().then(|| way(w));
    let error = match &chosen {
        None if w.tried() => wrong(
            "The wizard makes none here: the host's certificate is not verified, or the host does not answer.",
            "Go back to Trust and compare the fingerprint once, or choose another way.".to_owned(),
        ),
        _ => None,
    };
    blocks.push(Block::Choice(Choice { id: ACCESS, label: String::new(), options, chosen, error }));
    Parts {
        title: if tool::token_only(w) { "Which token?".into() } else { format!("How shall {} get in?", tool::title(w)) },
        blocks,
        submit: "next",
        focus: Some(ACCESS),
        help: vec![
            "An API token is a key of a user for one program. It can have fewer rights than the user, can end by itself, and is revoked without changing a password.".into(),
            "Logging in is for this run alone: the password is forgotten as soon as the host has taken it, and the login ends by itself within two hours.".into(),
        ],
        ..Parts::default()
    }
}

pub fn submit(w: &mut Wizard) -> Next {
    let closed = w.setting.errand != Errand::SetUp && !may_log_in(w);
    if closed || w.draft.choice(&ACCESS).is_some_and(|chosen| refused(w, chosen)) {
        return Next::Stay;
    }
    let way = way(w);
    if way == PASSWORD && !takes_password(w) {
        return Next::Stay;
    }
    w.draft.choose(ACCESS, way);
    Next::Go
}

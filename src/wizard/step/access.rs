//! Access: how the token comes to be here.

use crate::domain::Id;
use crate::target::spec::Way;
use crate::wizard::Wizard;
use crate::wizard::page::{Answer, Block, Choice};
use crate::wizard::step::{Next, Parts, host, tool, trust};

pub const ACCESS: Id = Id::fixed("access");
pub const PASTE: Id = Id::fixed("paste");
pub const HAND: Id = Id::fixed("hand");
/// By hand too, through the web UI.
pub const WEB: Id = Id::fixed("web");
pub const PASSWORD: Id = Id::fixed("password");

pub fn way(w: &Wizard) -> Id {
    w.draft.choice(&ACCESS).cloned().unwrap_or(PASTE)
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

pub fn done(w: &Wizard) -> bool {
    w.draft.choice(&ACCESS).is_some()
}

pub fn page(w: &Wizard) -> Parts {
    let mut options = vec![
        Answer {
            id: PASTE,
            title: "I have a token".into(),
            about: vec!["Paste it in any form: id and secret, a header, what pveum or the web UI showed.".into()],
            risky: false,
        },
        Answer {
            id: HAND,
            title: "Show me the commands that make one".into(),
            about: vec!["For root's shell on the host, with the least rights that do the job.".into()],
            risky: false,
        },
        Answer {
            id: WEB,
            title: "Show me how to make one in the web UI".into(),
            about: vec!["The same, step by step.".into()],
            risky: false,
        },
    ];
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
    blocks.push(Block::Choice(Choice { id: ACCESS, label: String::new(), options, chosen: Some(way(w)), error: None }));
    Parts {
        title: if tool::token_only(w) { "Which token?".into() } else { format!("How shall {} get in?", tool::title(w)) },
        blocks,
        submit: "next",
        focus: Some(ACCESS),
        help: vec![
            "An API token is a key of a user for one program. It can have fewer rights than the user, can end by itself, and is revoked without changing a password.".into(),
        ],
        ..Parts::default()
    }
}

pub fn submit(w: &mut Wizard) -> Next {
    let way = way(w);
    if way == PASSWORD && !takes_password(w) {
        return Next::Stay;
    }
    w.draft.choose(ACCESS, way);
    Next::Go
}

//! The tokens of whoever signs in at a host, and revoking one: the same conversation, held for that errand.

use std::path::Path;

use crate::cli::{Looks, Tokens, TokensDo};
use crate::command::place::Place;
use crate::command::{Ended, apply, complain, unattended, wizard};
use crate::domain::visible::visible;
use crate::domain::{Id, Text, TokenId};
use crate::front::unattended::Answers;
use crate::wizard::draft::Draft;
use crate::wizard::errand::Errand;
use crate::wizard::step::{host, tokens};

pub fn run(looks: Looks, asked: &Tokens) -> Ended {
    let Some(place) = Place::own_or_said() else { return Ended::Badly };
    let mut draft = match asked.answers.as_deref().map(|path: &Path| apply::draft(path, &place.library)) {
        None => Draft::default(),
        Some(Ok(draft)) => draft,
        Some(Err(trouble)) => {
            complain(&trouble.what, trouble.hint.as_deref());
            return Ended::Usage;
        }
    };
    if let Some(TokensDo::Revoke { id }) = &asked.what {
        if let Err(error) = id.parse::<TokenId>() {
            complain(&format!("“{}” is no token id: {error}.", visible(id)), Some("labwizard tokens list shows them."));
            return Ended::Usage;
        }
        draft.choose(tokens::REVOKE, Id::new(id.clone()));
        if asked.yes {
            draft.choose(tokens::SURE, tokens::YES);
        }
    }
    place.clean_up();
    let mut setting = place.setting();
    setting.errand = Errand::Tokens;
    if let Some(typed) = &asked.host {
        draft.type_in(host::HOST, Text::new(typed.clone()));
    } else if draft.text(&host::HOST).is_empty()
        && let Some(latest) = setting.hosts.iter().max_by_key(|record| record.when)
    {
        draft.type_in(host::HOST, Text::new(latest.endpoint.to_string()));
    }
    if asked.answers.is_some() {
        let held = unattended::hold(setting, draft, Answers::default(), place.world());
        return held.map_or(Ended::Badly, |held| {
            held.say(apply::hint);
            held.ended()
        });
    }
    wizard::hold(looks, setting, draft, place.world())
}

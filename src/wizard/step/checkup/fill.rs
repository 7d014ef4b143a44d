//! From a file that is there to the answers that would have made it, so that the usual pages show them. Secrets go as secrets.

use std::path::PathBuf;

use crate::diagnosis::config::{Config, ConfigHost};
use crate::diagnosis::leaning::Leaning;
use crate::domain::host_input::HostError;
use crate::domain::{Credential, Fingerprint, Id, Link, Seen, Text, TokenName};
use crate::target::fact::Fact;
use crate::target::read::{ReadAccess, looks_secret};
use crate::target::spec::VerifyWord;
use crate::target::{Spec, Verify};
use crate::target::{meant, questions};
use crate::wizard::Wizard;
use crate::wizard::evidence::{HostAsked, Inputs, Survey};
use crate::wizard::link_of;
use crate::wizard::message::ProbeId;
use crate::wizard::page::Pick;
use crate::wizard::step::make::wish;
use crate::wizard::step::{Agreement, access, details, file, host, instance, make, token, tool, trust, uses};

use super::{Told, Way};

/// What the file says of a host, where the usual pages have other words for it or none.
#[derive(Debug)]
pub struct Says {
    verifies: Option<bool>,
    ca_file: Option<PathBuf>,
    pin: Option<Fingerprint>,
}

impl Says {
    pub fn verifies(&self) -> bool {
        self.verifies == Some(true)
    }

    pub fn pins(&self) -> bool {
        self.pin.is_some()
    }

    pub fn names_ca(&self) -> bool {
        self.ca_file.is_some()
    }

    /// How the tool verifies by the file.
    pub fn verification(&self) -> (VerifyWord, Verify) {
        match (self.verifies, &self.ca_file, self.pin) {
            (_, _, Some(pin)) => (VerifyWord::Pin, Verify::Pin(pin)),
            (Some(true), Some(path), None) => (VerifyWord::Ca, Verify::Ca { path: path.clone() }),
            (Some(true), None, None) => (VerifyWord::System, Verify::System),
            _ => (VerifyWord::Off, Verify::Off),
        }
    }
}

/// Fills the answers from what the file says of one of its hosts, and takes over what was seen there.
pub fn fill(w: &mut Wizard, told: &Told, number: u8, way: &Way) -> Option<Says> {
    let config = told.config.as_ref()?;
    let spec = config.spec(&w.setting.library)?.clone();
    target(w, config, number);
    let Some(one) = config.hosts.iter().find(|host| host.instance == number) else {
        // A file without any host is filled by the usual pages.
        return Some(Says { verifies: None, ca_file: None, pin: None });
    };
    address(w, one);
    signs_in(w, config, &spec, one, way);
    evidence(w, number, way);
    picks(w, config, &spec, one, way);
    let pin = config.read.get(number, &Fact::Fingerprint).and_then(|value| value.text.as_str().parse().ok());
    // Where the environment leaves it open, the file's own word stands: a repair writes no other.
    let verifies = one.verifies.or_else(|| config.read.verifies(&spec, number));
    Some(Says { verifies, ca_file: one.ca_file.clone(), pin })
}

fn target(w: &mut Wizard, config: &Config, number: u8) {
    w.draft.choose(tool::TARGET, Id::new(config.target.clone()));
    w.draft.choose(file::FORM, Id::new(config.form.clone()));
    if let Some(path) = &w.setting.mend {
        w.draft.type_in(file::FILE, Text::new(path.to_string_lossy()));
    }
    w.draft.choose(instance::INSTANCE, Id::new(number.to_string()));
    w.evidence.file = w.evidence.checkup.as_ref().map(|checkup| checkup.file.clone());
}

fn address(w: &mut Wizard, one: &ConfigHost) {
    // What looks like a secret is shown in no open field.
    match &one.place {
        Err(HostError::IsASecret { .. }) => w.draft.forget(&host::HOST),
        _ => w.draft.type_in(host::HOST, Text::new(one.typed.clone())),
    }
}

/// With what the tool signs in, as far as it stands there; what is asked anew is left open.
fn signs_in(w: &mut Wizard, config: &Config, spec: &Spec, one: &ConfigHost, way: &Way) {
    [token::TOKEN, token::USER, token::NAME, token::PASSWORD, access::ACCESS].iter().for_each(|id| w.draft.forget(id));
    let anew = |field: &Id| matches!(way, Way::Ask(asked) if asked == field);
    match config.read.access(spec, one.instance) {
        ReadAccess::Token { id, secret } => {
            w.draft.choose(access::ACCESS, access::PASTE);
            if let Ok(id) = &id {
                w.draft.type_in(token::USER, Text::new(id.user.to_string()));
                w.draft.type_in(token::NAME, Text::new(id.name.as_str()));
            } else {
                as_it_stands(w, config, one.instance);
            }
            // A secret of another origin is none of this file, and goes nowhere.
            if let Some(secret) = secret.filter(|_| one.secret_is_own && !anew(&token::TOKEN)) {
                w.draft.type_in(token::TOKEN, Text::new(secret.reveal()));
            }
        }
        ReadAccess::Password { user, password } => {
            w.draft.choose(access::ACCESS, access::PASSWORD);
            if let Ok(user) = user {
                w.draft.type_in(token::USER, Text::new(user.to_string()));
            }
            // The same for a password, whatever is wrong with the user before it.
            if one.secret_is_own && !anew(&token::PASSWORD) {
                w.draft.type_in(token::PASSWORD, Text::new(password.reveal()));
            }
        }
        ReadAccess::Nothing => {}
    }
    if way.logs_in() {
        w.draft.choose(access::ACCESS, access::LOGIN);
        w.draft.choose(make::WHOSE, wish::SERVICE);
    }
    match way {
        Way::NewSecret => w.draft.choose(make::EXISTING, wish::IN_PLACE),
        Way::Grant => w.draft.choose(make::EXISTING, make::KEEP),
        Way::Wake => w.draft.choose(make::EXISTING, make::WAKE),
        Way::User(user) => w.draft.type_in(token::USER, Text::new(user.to_string())),
        Way::Token(id) => {
            w.draft.type_in(token::USER, Text::new(id.user.to_string()));
            w.draft.type_in(token::NAME, Text::new(id.name.as_str()));
        }
        Way::NewToken => {
            w.draft.choose(make::EXISTING, wish::BESIDE);
            // The owner of the old one may be what is wrong with it.
            [token::USER, token::NAME].iter().for_each(|id| w.draft.forget(id));
        }
        _ => {}
    }
}

/// User and token name of an id that is none, as they stand there: what is right of them is not typed again.
fn as_it_stands(w: &mut Wizard, config: &Config, number: u8) {
    for (field, fact) in [(token::USER, Fact::User), (token::NAME, Fact::TokenName), (token::NAME, Fact::TokenId)] {
        let value = config.read.get(number, &fact).map(|value| value.text.as_str().to_owned());
        let value = if fact == Fact::TokenId { value.and_then(|id| name_in(&id)) } else { value };
        // What looks like a secret is shown in no open field.
        if let Some(value) = value.filter(|value| !looks_secret(value)) {
            w.draft.type_in(field, Text::new(value));
        }
    }
}

/// The token's name alone where its whole id belongs, or behind a user that is none.
fn name_in(id: &str) -> Option<String> {
    let id = meant::plain(id);
    let name = meant::bare_id(id.as_str())?.rsplit('!').next()?;
    name.parse::<TokenName>().is_ok().then(|| name.to_owned())
}

/// The answers to the target's own questions, and those that no file holds as they are remembered. What the file leaves out
/// stays out, also where another host of it has it.
fn picks(w: &mut Wizard, config: &Config, spec: &Spec, one: &ConfigHost, way: &Way) {
    let remembered = |pick: &str| one.agreed.as_ref()?.picks.get(pick).cloned();
    for question in questions::picks(spec) {
        let id = details::id(question.name);
        let anew = matches!(way, Way::Ask(asked) if *asked == id);
        match config.read.get(one.instance, &Fact::Pick(question.name.to_owned())) {
            // Of what the host has, what looks most like it is suggested.
            Some(value) if anew => match details::closest(w, question.name, value.text.as_str()) {
                Some(entry) => w.draft.choose(id, Id::new(entry)),
                None => w.draft.forget(&id),
            },
            Some(value) => w.draft.choose(id, Id::new(value.text.as_str().to_owned())),
            None if anew => w.draft.forget(&id),
            None => w.draft.choose(id, remembered(question.name).map_or(Pick::LATER, Id::new)),
        }
    }
    // What is not remembered was never asked, and counts as no; answers of another walk are none of this file.
    uses::forget(w);
    for (group, yes) in one.agreed.iter().flat_map(|agreed| &agreed.groups) {
        uses::answer(w, group, *yes);
    }
}

/// What the checkup saw of the host counts for the usual pages, as far as its certificate is agreed.
fn evidence(w: &mut Wizard, number: u8, way: &Way) {
    let Some(checkup) = w.evidence.checkup.take() else { return };
    if let Some(asked) = checkup.host(number) {
        if host::look(w).is_none() {
            look(w, asked);
        }
        if trust::agreed(w).is_none() {
            agree(w, asked);
        }
        // Whoever signed in to look for the cause stays signed in.
        if !(way.logs_in() && w.session.was_signed_in()) {
            w.evidence.survey = Some(again(ProbeId(w.fresh()), asked, |_| true));
        }
    }
    w.evidence.checkup = Some(checkup);
}

/// The part of the road that needs no login. A certificate that holds by nothing that was agreed is looked at anew.
fn look(w: &mut Wizard, asked: &HostAsked) {
    let remembered = matches!(asked.trust, Some((_, Leaning::Remembered)));
    if !remembered && !asked.survey.held() && asked.trust.is_some() {
        w.evidence.look = None;
        return;
    }
    let look = again(ProbeId(w.fresh()), asked, |seen| link_of(seen).is_some_and(|link| link <= Link::Proxmox));
    w.evidence.look = Some(Survey { inputs: Inputs { credential: None, paths: Vec::new(), ..look.inputs }, ..look });
}

fn again(id: ProbeId, asked: &HostAsked, which: impl Fn(&Seen) -> bool) -> Survey {
    let inputs = &asked.survey.inputs;
    Survey {
        id,
        inputs: Inputs {
            endpoints: inputs.endpoints.clone(),
            trust: inputs.trust.clone(),
            credential: inputs.credential.as_ref().map(Credential::share),
            paths: inputs.paths.clone(),
        },
        seen: asked.survey.seen.iter().filter(|o| which(&o.seen)).cloned().collect(),
        ended: true,
    }
}

/// What was agreed in an earlier run, where it held now. A host that was never met is agreed to by nobody.
fn agree(w: &mut Wizard, asked: &HostAsked) {
    let Some((trust, Leaning::Remembered)) = &asked.trust else { return };
    let (Some((leaf, _)), Some((endpoint, _)), true) =
        (asked.survey.certificate(), asked.survey.connected(), asked.survey.held())
    else {
        return;
    };
    w.agreed = Some(Agreement {
        endpoint: endpoint.clone(),
        trust: trust.clone(),
        seen: leaf.clone(),
        remembered: true,
        compared: false,
    });
}

//! Over SSH: root's shell on the host, by the person's own ssh, for whoever makes or removes something without a login.

use crate::diagnosis::ssh as words;
use crate::domain::finding::{Finding, Step};
use crate::domain::ssh::SshPlaceError;
use crate::domain::visible::{upper_first, visible};
use crate::domain::{Credential, Fingerprint, Host, Id, ShellAnswer, SshPlace};
use crate::wizard::Wizard;
use crate::wizard::page::{Answer, Block, Choice, Field, FieldError, Tone};
use crate::wizard::step::{By, Next, Parts, access, host, login, quiet, road, token, toned, trust, wrong};

pub const PLACE: Id = Id::fixed("ssh_place");
/// Whether a host with another certificate is another node of the same cluster; the yes is that certificate's fingerprint.
pub const OTHER_NODE: Id = Id::fixed("ssh_other_node");
const NO: Id = Id::fixed("no");

/// What is connected to while nothing was typed: root at the host that was looked at.
fn default_place(w: &Wizard) -> String {
    match host::endpoint(w).map(|endpoint| endpoint.host) {
        Some(Host::V6(address)) => format!("root@[{address}]"),
        Some(host) => format!("root@{host}"),
        None => String::new(),
    }
}

/// Whom to connect to.
pub fn place(w: &Wizard) -> Result<SshPlace, SshPlaceError> {
    match w.draft.text(&PLACE) {
        "" => default_place(w).parse(),
        typed => typed.parse(),
    }
}

/// A user of Proxmox was typed, whom ssh does not know: `x@pve`, `root@pam`, `x@pve@pve.lan`.
fn proxmox_user(w: &Wizard) -> Option<String> {
    let typed = w.draft.text(&PLACE);
    let (user, last) = typed.rsplit_once('@')?;
    if user.contains('@') {
        return Some(user.to_owned());
    }
    let realm = matches!(last, "pam" | "pve") || host::realms(w).iter().any(|realm| realm.name == last);
    realm.then(|| typed.to_owned())
}

/// What came of opening a shell at the place that is typed now.
pub fn answer(w: &Wizard) -> Option<(SshPlace, &ShellAnswer)> {
    let place = place(w).ok()?;
    let answer = w.session.shell(&place)?;
    Some((place, answer))
}

/// The fingerprint that an open shell told, where one is open.
pub fn told(w: &Wizard) -> Option<Option<Fingerprint>> {
    match answer(w)? {
        (_, ShellAnswer::Open { fingerprint, .. }) => Some(*fingerprint),
        (_, ShellAnswer::Failed(_)) => None,
    }
}

/// The shell, once it is open.
pub fn credential(w: &Wizard) -> Option<Credential> {
    match answer(w)? {
        (_, ShellAnswer::Open { shell, .. }) => Some(Credential::Shell(*shell)),
        (_, ShellAnswer::Failed(_)) => None,
    }
}

pub fn done(w: &Wizard) -> bool {
    let seen = || token::survey(w).is_some_and(|survey| survey.ended && survey.signed_in());
    credential(w).is_some() && is_meant(w) && (seen() || w.run.is_some())
}

/// What stands in the way of whoever asks root's shell for something, on whatever page.
pub fn findings(w: &Wizard) -> Vec<Finding> {
    let mut all: Vec<Finding> = trust::no_comparison(w).into_iter().collect();
    if all.is_empty() && access::over_ssh(w) {
        all.extend(no_shell(w, Step::Access));
        all.extend(elsewhere(w));
    }
    all
}

/// Why there is no shell; `step` is where it was asked for.
pub fn no_shell(w: &Wizard, step: Step) -> Option<Finding> {
    match answer(w)? {
        (place, ShellAnswer::Failed(trouble)) => Some(words::trouble(&place, trouble, step)),
        (_, ShellAnswer::Open { .. }) => None,
    }
}

/// The shell is another machine's than the one that was looked at, as far as can be told: what it told, and what was shown.
fn other_host(w: &Wizard) -> Option<(Fingerprint, Fingerprint)> {
    let (told, shown) = (told(w)??, trust::agreed(w)?.seen.fingerprint);
    (told != shown).then_some((told, shown))
}

/// It is the host that was looked at, or the person said that this very one is another node of the same cluster.
fn is_meant(w: &Wizard) -> bool {
    other_host(w).is_none_or(|(told, _)| w.draft.is(&OTHER_NODE, &Id::new(told.to_string())))
}

fn elsewhere(w: &Wizard) -> Option<Finding> {
    let (told, shown) = other_host(w)?;
    Some(words::elsewhere(&place(w).ok()?, &told, &shown, is_meant(w)))
}

/// What has to be said where the shell leads to another host.
fn other_node(w: &Wizard) -> Option<Choice> {
    let (told, _) = other_host(w)?;
    let yes = Id::new(told.to_string());
    let answer = |id: &Id, title: &str, about: &str, risky: bool| Answer {
        id: id.clone(),
        title: title.into(),
        about: vec![about.into()],
        risky,
    };
    let chosen = w.draft.choice(&OTHER_NODE).filter(|choice| [&NO, &yes].contains(choice)).cloned();
    Some(Choice {
        id: OTHER_NODE,
        label: "Is it another node of the same cluster?".into(),
        options: vec![
            answer(&NO, "No, or I do not know", "Type above where root's shell on the very host is.", false),
            answer(
                &yes,
                "Yes",
                "Whatever is made, removed or looked up is that host's, in the name of the one shown.",
                true,
            ),
        ],
        error: if w.tried() && !is_meant(w) {
            wrong("Nothing is done in another host's shell without this.", None)
        } else {
            None
        },
        chosen,
    })
}

pub fn page(w: &Wizard) -> Parts {
    let mut blocks: Vec<Block> = trust::note(w).into_iter().collect();
    blocks.push(Block::Field(field(w)));
    let open = credential(w).is_some();
    if let (true, Ok(place)) = (open, place(w)) {
        blocks.push(toned(Tone::Good, format!("Root's shell at {place} is open.")));
    }
    if let Some(survey) = token::survey(w).filter(|_| open) {
        blocks.push(Block::Road(road::of_survey(survey)));
    }
    let mut findings: Vec<Finding> = no_shell(w, Step::Access).into_iter().chain(elsewhere(w)).collect();
    if open {
        findings.extend(token::findings(w));
    }
    if !findings.is_empty() {
        blocks.push(Block::Findings(findings));
    }
    let other = other_node(w);
    let focus = if other.is_some() { OTHER_NODE } else { PLACE };
    blocks.extend(other.map(Block::Choice));
    blocks.push(quiet(
        "Your own ssh runs, with your settings, keys and known hosts. Where it asks for a password or about a key, it gets \
         the terminal until it is answered.",
    ));
    Parts {
        title: if focus == PLACE { "Which shell is root's?" } else { "Whose shell is this?" }.into(),
        blocks,
        submit: "connect",
        busy: w.waiting().then(|| busy(w)),
        focus: Some(focus),
        help: vec![
            "Proxmox's own commands are run there, pveum and pvesh, and each is shown on Review before it is run. Nothing secret goes there; the new token's secret comes back through the connection and nowhere else.".into(),
            "A user of Proxmox, such as x@pve, is no user of the system behind it: ssh takes root, or another user of the system who may run sudo without a password.".into(),
        ],
    }
}

/// What is under way, here or on Trust.
pub(super) fn busy(w: &Wizard) -> String {
    match place(w) {
        Ok(place) if w.session.in_flight() => format!("Connecting to {place}"),
        _ => "Looking around in root's shell".into(),
    }
}

/// Where to connect, here or on Trust.
pub(super) fn field(w: &Wizard) -> Field {
    let place = place(w);
    Field {
        id: PLACE,
        label: "Connect to".into(),
        value: w.draft.raw(&PLACE),
        placeholder: default_place(w),
        secret: false,
        multiline: false,
        note: match &place {
            Ok(place) if place.sudo => Some(format!("{} becomes root there with sudo.", place.user())),
            _ => None,
        },
        error: if w.tried() { error(w, place.err()) } else { None },
    }
}

fn error(w: &Wizard, error: Option<SshPlaceError>) -> Option<FieldError> {
    if let Some(user) = proxmox_user(w) {
        return wrong(
            format!("“{}” is a user of Proxmox, and no user of the system behind it.", visible(&user)),
            format!("ssh takes users of the system: {}, or one who may run sudo there.", default_place(w)),
        );
    }
    wrong(format!("{}.", upper_first(&visible(&error?.to_string()))), format!("Type it as {}.", default_place(w)))
}

/// The place to connect to, if it is one.
pub(super) fn to_open(w: &Wizard) -> Option<SshPlace> {
    if proxmox_user(w).is_some() { None } else { place(w).ok() }
}

pub fn submit(w: &mut Wizard, by: By) -> Next {
    if w.session.in_flight() {
        return Next::Wait(Vec::new());
    }
    if credential(w).is_some() {
        return if is_meant(w) { login::arrive(w, by) } else { Next::Stay };
    }
    match to_open(w) {
        Some(place) if by == By::Person => {
            w.evidence.survey = None;
            Next::Wait(vec![w.ask_shell(place)])
        }
        _ => Next::Stay,
    }
}

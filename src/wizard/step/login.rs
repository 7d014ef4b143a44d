//! Login: who signs in, once, so that something can be made. One attempt for each press; the password is forgotten after it.

use crate::diagnosis::login as words;
use crate::domain::finding::Finding;
use crate::domain::observation::Realm;
use crate::domain::token::IdError;
use crate::domain::visible::{upper_first, visible};
use crate::domain::{Credential, Id, Inquiry, Login, Text, Trust, UserId};
use crate::wizard::Wizard;
use crate::wizard::draft::Draft;
use crate::wizard::errand::Errand;
use crate::wizard::evidence::Survey;
use crate::wizard::page::{Answer, Block, Choice, Field, Tone};
use crate::wizard::session::Why;
use crate::wizard::step::{
    By, Next, PageId, Parts, checkup, code, details, host, make, quiet, road, token, toned, trust, wrong,
};

pub const USER: Id = Id::fixed("login_user");
pub const REALM: Id = Id::fixed("realm");
pub const PASSWORD: Id = Id::fixed("login_password");

/// The realm of the host's own users, root among them.
const PAM: &str = "pam";
const ROOT: &str = "root";

/// Whether an answer is one that only a login needs, and nobody may keep.
pub fn is_secret(id: &Id) -> bool {
    [PASSWORD, code::CODE].contains(id)
}

/// The realms that a password signs in to; an OpenID realm sends people to a browser.
fn password_realms(w: &Wizard) -> Vec<Realm> {
    host::realms(w).into_iter().filter(|realm| realm.kind != "openid").collect()
}

fn is_known(w: &Wizard, realm: &str) -> bool {
    let known = host::realms(w);
    known.is_empty() || known.iter().any(|one| one.name == realm)
}

/// What was typed, split where a realm of this host stands behind its last `@`.
fn typed(w: &Wizard) -> (&str, Option<&str>) {
    let typed = w.draft.text(&USER);
    match typed.rsplit_once('@') {
        Some((user, realm)) if is_known(w, realm) => (user, Some(realm)),
        _ => (typed, None),
    }
}

/// The realm that was typed with the user, else the chosen one, else pam.
fn realm(w: &Wizard) -> String {
    if let (_, Some(realm)) = typed(w) {
        return realm.to_owned();
    }
    let offered = password_realms(w);
    let chosen = w.draft.choice(&REALM).filter(|id| offered.iter().any(|realm| realm.name == id.as_str()));
    let first = || offered.iter().find(|realm| realm.name == PAM).or(offered.first()).map(|realm| realm.name.clone());
    chosen.map(|id| id.as_str().to_owned()).or_else(first).unwrap_or_else(|| PAM.to_owned())
}

/// Whom answers that were given in advance name for the login; of realm pam where they name none, and root where they name nobody.
pub fn named(draft: &Draft) -> Option<UserId> {
    match draft.text(&USER) {
        "" => Some(UserId::root()),
        typed if typed.contains('@') => typed.parse().ok(),
        typed => UserId::new(typed, PAM).ok(),
    }
}

/// Who signs in; root where nothing was typed and the realm is the host's own.
pub fn user(w: &Wizard) -> Result<UserId, IdError> {
    let (user, _) = typed(w);
    let realm = realm(w);
    let user = if user.is_empty() && realm == PAM { ROOT } else { user };
    UserId::new(user, &realm)
}

/// The password as typed, or the one that the demo brings for its own user.
fn password(w: &Wizard) -> Text {
    let typed = w.draft.raw(&PASSWORD);
    match brought(w) {
        Some(hint) if typed.as_str().is_empty() => Text::new(hint.clone()),
        _ => typed,
    }
}

fn brought(w: &Wizard) -> Option<&String> {
    let theirs = user(w).is_ok_and(|user| w.setting.hints.get(&USER) == Some(&user.to_string()));
    w.setting.hints.get(&PASSWORD).filter(|_| theirs)
}

/// Whoever is signed in here as the one who was typed.
pub fn credential(w: &Wizard) -> Option<Credential> {
    let at = host::at(w)?;
    let ticket = w.session.ticket(&at)?;
    Some(Credential::Ticket(ticket.share()))
}

fn signed_in(w: &Wizard) -> bool {
    let (Some(at), Ok(user)) = (host::at(w), user(w)) else { return false };
    // A typed password is a login that was not made yet.
    w.session.is_of(&at, &user) && w.draft.raw(&PASSWORD).as_str().is_empty()
}

/// What was seen by whoever is signed in.
fn survey(w: &Wizard) -> Option<&Survey> {
    token::survey(w).filter(|survey| survey.ended && survey.signed_in())
}

pub fn done(w: &Wizard) -> bool {
    signed_in(w) && (survey(w).is_some() || w.run.is_some())
}

/// Why the last attempt did not sign in, of whoever is typed now.
pub fn findings(w: &Wizard) -> Vec<Finding> {
    let Some(refusal) = w.session.refusal() else { return Vec::new() };
    if user(w).as_ref() != Ok(&refusal.user) {
        return Vec::new();
    }
    let user = &refusal.user;
    vec![match &refusal.why {
        Why::Password { status, phrase } => words::refused(user, *status, phrase),
        Why::Code { factor, status, phrase, clock_off, wrong } => {
            words::code_refused(user, *factor, (*status, phrase), *clock_off, *wrong)
        }
        Why::NoFactor(factors) => words::no_usable_factor(user, *factors),
        Why::NoAnswer { factor, trouble } => words::no_answer(user, &host::shown(w), trouble, *factor),
    }]
}

pub fn page(w: &Wizard) -> Parts {
    let signed_in = signed_in(w);
    let findings = [findings(w), if signed_in { token::findings(w) } else { Vec::new() }].concat();
    // Where something is to be mended, that stands on the screen's first half, and the rest is known from before.
    let calm = findings.is_empty();
    let mut blocks: Vec<Block> = trust::note(w).into_iter().collect();
    if let Some(agreed) = trust::agreed(w).filter(|_| calm)
        && matches!(agreed.trust, Trust::Pin(_))
        && !agreed.compared
        && !agreed.remembered
    {
        blocks.push(toned(
            Tone::Warning,
            "You said that the certificate is the same; labwizard itself did not compare it. A password opens everything that its user may do: if you did not compare it either, go back and paste the fingerprint.",
        ));
    }
    if w.session.ended() {
        blocks.push(toned(
            Tone::Warning,
            "The host does not take this run's login any more: it ends after two hours. Sign in again; the answers are kept.",
        ));
    }
    blocks.extend(realms(w));
    blocks.push(Block::Field(user_field(w)));
    blocks.push(Block::Field(password_field(w, signed_in)));
    if signed_in {
        blocks.push(toned(Tone::Good, format!("Signed in as {}.", who(w))));
    }
    if let Some(survey) = token::survey(w).filter(|_| signed_in) {
        blocks.push(Block::Road(road::of_survey(survey)));
    }
    if calm {
        blocks.extend(browser_realms(w));
        blocks.push(quiet(
            "Password and code go to the verified host alone, and are forgotten after that. No file, log or journal gets them.",
        ));
    } else {
        blocks.push(Block::Findings(findings));
    }
    Parts {
        title: title(w).into(),
        blocks,
        submit: "sign in",
        busy: w.waiting().then(|| busy(w)),
        focus: Some(if w.tried() && user(w).is_err() { USER } else { PASSWORD }),
        help: vec![
            "A user of Proxmox has a realm behind an @: root@pam is the host's own root, with the password that was set when it was installed. Users of realm pve are Proxmox's own.".into(),
            "Each press signs in once. Proxmox locks a user's codes after eight wrong ones, so nothing is tried by itself.".into(),
        ],
    }
}

fn title(w: &Wizard) -> &'static str {
    match w.setting.errand {
        Errand::SetUp => checkup::who_signs_in(w).unwrap_or("Who makes the token?"),
        Errand::TakeBack(_) => "Who takes it back?",
        Errand::Tokens => "Whose tokens?",
    }
}

fn who(w: &Wizard) -> String {
    user(w).map(|user| visible(&user.to_string())).unwrap_or_default()
}

/// What is under way, here or on the page for the code.
pub(super) fn busy(w: &Wizard) -> String {
    if w.session.in_flight() {
        format!("Signing in as {}; Proxmox holds a refused login for 3 seconds", who(w))
    } else {
        format!("Looking around as {}", who(w))
    }
}

/// The realms that a password signs in to, where there is a choice.
fn realms(w: &Wizard) -> Option<Block> {
    let offered = password_realms(w);
    (offered.len() > 1).then(|| {
        let option = |realm: &Realm| Answer {
            id: Id::new(realm.name.clone()),
            title: visible(&realm.name),
            about: match (&realm.comment, realm.name.as_str()) {
                (_, PAM) => vec!["the host's own users, root among them".into()],
                (_, "pve") => vec!["Proxmox's own users".into()],
                (Some(comment), _) if !comment.is_empty() => vec![visible(comment)],
                _ => vec![visible(&realm.kind)],
            },
            risky: false,
        };
        Block::Choice(Choice {
            id: REALM,
            label: "Realm".into(),
            options: offered.iter().map(option).collect(),
            chosen: Some(Id::new(realm(w))),
            error: None,
        })
    })
}

/// The realms that no terminal signs in to.
fn browser_realms(w: &Wizard) -> Option<Block> {
    let browser: Vec<String> =
        host::realms(w).iter().filter(|realm| realm.kind == "openid").map(|realm| visible(&realm.name)).collect();
    (!browser.is_empty()).then(|| {
        quiet(format!(
            "Realm {} signs in through a browser (OpenID), which no terminal can. Take a user of another realm, or go back and make the token in the web UI.",
            browser.join(", ")
        ))
    })
}

fn user_field(w: &Wizard) -> Field {
    let foreign = w.draft.text(&USER).rsplit_once('@').map(|(_, realm)| realm).filter(|realm| !is_known(w, realm));
    let error = match (w.tried(), user(w), foreign) {
        (true, _, Some(realm)) => wrong(
            format!("This host has no realm “{}”.", visible(realm)),
            "Type the user alone and choose the realm above.".to_owned(),
        ),
        (true, Err(error), None) => wrong(format!("{}.", upper_first(&visible(&error.to_string()))), None),
        _ => None,
    };
    Field {
        id: USER,
        label: "User".into(),
        value: w.draft.raw(&USER),
        placeholder: if realm(w) == PAM { ROOT.into() } else { String::new() },
        secret: false,
        multiline: false,
        note: Some(who(w))
            .filter(|who| !who.is_empty() && !w.draft.text(&USER).is_empty() && who != w.draft.text(&USER)),
        error,
    }
}

fn password_field(w: &Wizard, signed_in: bool) -> Field {
    let typed = w.draft.raw(&PASSWORD);
    let missing = w.tried() && !signed_in && password(w).as_str().is_empty() && w.session.refusal().is_none();
    Field {
        id: PASSWORD,
        label: "Password".into(),
        note: (!typed.as_str().is_empty()).then(|| typed.to_secret().shape()),
        value: typed,
        placeholder: match brought(w) {
            _ if signed_in || code::wanted(w) => "not needed any more".into(),
            Some(_) => "Enter takes the lab's password".into(),
            None => String::new(),
        },
        secret: true,
        multiline: false,
        error: if missing { wrong("The password is missing.", None) } else { None },
    }
}

pub fn submit(w: &mut Wizard, by: By) -> Next {
    if w.session.in_flight() {
        return Next::Wait(Vec::new());
    }
    if signed_in(w) {
        return arrive(w, by);
    }
    let Some(at) = host::at(w) else { return Next::To(PageId::Host) };
    if by == By::World {
        return if w.session.challenge(&at).is_some() { Next::To(PageId::Code) } else { Next::Stay };
    }
    // Back from the code's page: the host has taken the password already.
    if w.draft.raw(&PASSWORD).as_str().is_empty() && code::wanted(w) {
        return Next::To(PageId::Code);
    }
    let unknown = w.draft.text(&USER).rsplit_once('@').is_some_and(|(_, realm)| !is_known(w, realm));
    let password = password(w);
    match user(w) {
        Ok(user) if !unknown && !password.as_str().is_empty() => {
            w.evidence.survey = None;
            Next::Wait(vec![w.ask_login(Login::Password { at, user, password: password.to_secret() })])
        }
        _ => Next::Stay,
    }
}

/// Signed in: what is there is looked at, and then the conversation goes on.
pub(super) fn arrive(w: &mut Wizard, by: By) -> Next {
    match token::survey(w) {
        Some(survey) if !survey.ended => Next::Wait(Vec::new()),
        Some(survey) if survey.signed_in() => Next::Go,
        Some(_) if by == By::World => Next::Stay,
        _ => match inquiry(w) {
            Some(inquiry) => Next::Wait(vec![w.ask_survey(inquiry)]),
            None => Next::Stay,
        },
    }
}

fn inquiry(w: &Wizard) -> Option<Inquiry> {
    let paths = match w.setting.errand {
        Errand::SetUp => make::paths(w),
        Errand::TakeBack(_) | Errand::Tokens => details::paths(w),
    };
    token::inquiry(w, paths)
}

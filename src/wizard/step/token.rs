//! Token: what was pasted, split into its parts, and proved by signing in.

use crate::diagnosis;
use crate::domain::finding::{Finding, Severity, Step};
use crate::domain::paste::{Known, Paste, PasteProblem, parse_paste};
use crate::domain::visible::visible;
use crate::domain::{Credential, Id, Inquiry, Secret, TokenName, Trust, UserId};
use crate::wizard::Wizard;
use crate::wizard::errand::Errand;
use crate::wizard::evidence::Survey;
use crate::wizard::page::{Answer, Block, Choice, Field, Tone};
use crate::wizard::step::{
    By, Next, Parts, access, checkup, details, guide, host, login, quiet, review, road, ssh, toned, trust, verify,
    wrong,
};

pub const TOKEN: Id = Id::fixed("token");
pub const USER: Id = Id::fixed("user");
pub const NAME: Id = Id::fixed("token_name");
pub const FORCE: Id = Id::fixed("force");
pub const PASSWORD: Id = Id::fixed("password");
const YES: Id = Id::fixed("yes");
const NO: Id = Id::fixed("no");

/// The user that was typed, here or on the guide's page.
pub fn user(w: &Wizard) -> Option<Result<UserId, crate::domain::token::IdError>> {
    let typed = w.draft.text(&USER);
    (!typed.is_empty()).then(|| typed.parse())
}

fn name(w: &Wizard) -> Option<TokenName> {
    w.draft.text(&NAME).parse().ok()
}

fn known(w: &Wizard) -> Known {
    if access::by_hand(w) {
        return Known { user: guide::user(w).ok(), name: guide::name(w).ok() };
    }
    Known { user: user(w).and_then(Result::ok), name: name(w) }
}

fn text(w: &Wizard) -> crate::domain::Text {
    let typed = w.draft.raw(&TOKEN);
    match hint(w) {
        Some(hint) if typed.is_blank() => crate::domain::Text::new(hint),
        _ => typed,
    }
}

/// The token that the demo's lab knows; what its host has refused is nothing to send again.
fn hint(w: &Wizard) -> Option<String> {
    let hint = w.setting.hints.get(&TOKEN)?;
    let (id, secret) = parse_paste(hint, Known::default()).complete()?;
    (!checkup::has_refused(w, &Credential::Token { id, secret })).then(|| hint.clone())
}

fn paste(w: &Wizard) -> Paste {
    parse_paste(text(w).as_str(), known(w))
}

fn forced(w: &Wizard) -> bool {
    w.draft.is(&FORCE, &YES)
}

/// What signs in, once it is whole: where the wizard makes the token, that one once it is made, and until then whoever is
/// signed in to make it.
pub fn credential(w: &Wizard) -> Option<Credential> {
    if w.setting.errand != Errand::SetUp || access::makes(w) {
        return made(w).or_else(|| if access::over_ssh(w) { ssh::credential(w) } else { login::credential(w) });
    }
    if access::by_password(w) {
        let user = user(w)?.ok()?;
        let password = w.draft.raw(&PASSWORD);
        return (!password.as_str().is_empty()).then(|| Credential::Password { user, password: password.to_secret() });
    }
    let paste = paste(w);
    let (id, secret) = paste.complete().or_else(|| forced(w).then(|| paste.forced()).flatten())?;
    Some(Credential::Token { id, secret })
}

/// The token that this run made.
fn made(w: &Wizard) -> Option<Credential> {
    let (id, secret) = (review::planned_token(w)?, w.made.as_ref()?);
    Some(Credential::Token { id, secret: secret.share() })
}

/// The secret of the token that is kept, as it stands in the file or was pasted: what the run proves what it granted with.
pub fn kept(w: &Wizard) -> Option<Secret> {
    let paste = paste(w);
    let whole = paste.complete().or_else(|| paste.forced()).filter(|_| super::make::keeps(w))?;
    Some(whole.1)
}

/// The survey that was made with what is typed now.
pub fn survey(w: &Wizard) -> Option<&Survey> {
    let credential = credential(w)?;
    let trust = trust::agreed(w).map(|agreed| agreed.trust.clone())?;
    w.evidence.survey.as_ref().filter(|survey| {
        survey.inputs.trust.as_ref() == Some(&trust)
            && survey.inputs.credential.as_ref().is_some_and(|c| c.same_as(&credential))
            && host::endpoint(w).is_some_and(|endpoint| survey.inputs.endpoints == [endpoint])
    })
}

/// A new survey with what was agreed and typed.
pub fn inquiry(w: &Wizard, paths: Vec<String>) -> Option<Inquiry> {
    let look = host::look(w)?;
    let (endpoint, address) = look.connected()?;
    let credential = credential(w)?;
    let estate = credential.is_for_this_run();
    Some(Inquiry {
        address: Some(address),
        trust: Some(trust::agreed(w)?.trust.clone()),
        credential: Some(credential),
        paths,
        lists: true,
        estate,
        ..Inquiry::to(vec![endpoint.clone()])
    })
}

pub fn findings(w: &Wizard) -> Vec<Finding> {
    let Some(survey) = survey(w).filter(|survey| survey.ended) else { return Vec::new() };
    let trust: Option<&Trust> = survey.inputs.trust.as_ref();
    verify::reading(w, trust, |reading| diagnosis::judge(&survey.seen, reading))
}

pub fn done(w: &Wizard) -> bool {
    if host::offline(w) {
        return credential(w).is_some();
    }
    survey(w).is_some_and(|survey| survey.ended && survey.signed_in())
}

pub fn page(w: &Wizard) -> Parts {
    let mut blocks: Vec<Block> = trust::note(w).into_iter().chain(host::untested_note(w)).collect();
    let focus = if access::by_password(w) { password_fields(w, &mut blocks) } else { token_fields(w, &mut blocks) };
    if let Some(survey) = survey(w) {
        blocks.push(Block::Road(road::of_survey(survey)));
        let findings: Vec<Finding> = findings(w)
            .into_iter()
            .filter(|finding| finding.severity == Severity::Error && finding.step <= Step::Access)
            .collect();
        if !findings.is_empty() {
            blocks.push(Block::Findings(findings));
        }
    }
    let who = credential(w).map(|c| visible(&c.to_string())).unwrap_or_default();
    Parts {
        title: title(w).into(),
        blocks,
        submit: "sign in",
        busy: w.waiting().then(|| format!("Signing in as {who}")),
        focus: Some(focus),
        help: vec![
            "A token has an id, user@realm!name, and a secret, a UUID of 36 characters. Paste them in any form: the id with = and the secret, a whole header or curl line, pveum's table or JSON, the text of the web UI's dialog, lines of a settings file.".into(),
            "The secret is shown as dots; Ctrl-R shows it for a moment.".into(),
        ],
    }
}

fn token_fields(w: &Wizard, blocks: &mut Vec<Block>) -> Id {
    let paste = paste(w);
    let typed = w.draft.raw(&TOKEN);
    let blank = text(w).is_blank();
    let error = if w.tried() && survey(w).is_none() {
        if blank {
            wrong(
                "Nothing is pasted yet.",
                "Paste id and secret; the web UI shows the secret once, when the token is made.".to_owned(),
            )
        } else {
            paste
                .problems
                .first()
                .map(|problem| crate::wizard::page::FieldError { what: problem.sentence(), hint: Some(problem.hint()) })
        }
    } else {
        None
    };
    let shown = error.as_ref().map(|error| error.what.clone());
    blocks.push(Block::Field(Field {
        id: TOKEN,
        label: "Token".into(),
        value: typed,
        placeholder: hint(w).map(|_| "Enter takes the lab's token".to_owned()).unwrap_or_default(),
        secret: true,
        multiline: true,
        note: (!blank).then(|| understood(&paste)),
        error,
    }));
    for repair in &paste.repairs {
        blocks.push(toned(Tone::Good, repair.clone()));
    }
    // What a guide got wrong is said where it is met, also where the token itself is whole.
    let guides = paste.problems.iter().filter(|problem| matches!(problem, PasteProblem::Guide(_)));
    let told = |problem: &PasteProblem| shown.as_ref() == Some(&problem.sentence());
    blocks.extend(guides.filter(|problem| !told(problem)).map(|problem| toned(Tone::Warning, problem.sentence())));
    let mut focus = TOKEN;
    if !blank && !access::by_hand(w) {
        if paste_user_missing(w, &paste) {
            blocks.push(user_field(w));
            // Where the paste itself is what is wrong, the person stays with it.
            let asked = checkup::anew(w, &USER) || (w.tried() && paste.problems.is_empty());
            focus = if asked { USER } else { focus };
        }
        if paste_name_missing(w, &paste) {
            focus = if checkup::anew(w, &NAME) { NAME } else { focus };
            blocks.push(name_field(w));
        }
    }
    if !blank && paste.complete().is_none() && paste.forced().is_some() {
        blocks.push(Block::Choice(Choice {
            id: FORCE,
            label: "This secret is no UUID, as all that Proxmox makes are. Use it as it is?".into(),
            options: vec![
                Answer { id: NO, title: "No, I paste it again".into(), about: Vec::new(), risky: false },
                Answer {
                    id: YES,
                    title: "Yes, try it".into(),
                    about: vec!["A secret that was set by hand in token.cfg may have another form.".into()],
                    risky: true,
                },
            ],
            chosen: Some(w.draft.choice(&FORCE).cloned().unwrap_or(NO)),
            error: None,
        }));
    }
    focus
}

fn secret_words(paste: &Paste) -> String {
    match &paste.secret {
        None => "no secret yet".into(),
        Some(secret) => match secret.sound() {
            Some(sound) => format!("secret: {}", sound.shape()),
            None => format!("secret: {}", secret.forced().shape()),
        },
    }
}

/// Whether the paste itself brings no user; what is typed beside it does not hide the field again. What a repair has filled in
/// from the file was not typed.
fn paste_user_missing(w: &Wizard, paste: &Paste) -> bool {
    paste.user.is_none() || (!w.draft.text(&USER).is_empty() && !checkup::tells(w, &USER)) || checkup::anew(w, &USER)
}

fn paste_name_missing(w: &Wizard, paste: &Paste) -> bool {
    paste.name.is_none() || (!w.draft.text(&NAME).is_empty() && !checkup::tells(w, &NAME)) || checkup::anew(w, &NAME)
}

/// Which of user and token name are there and whole.
pub fn filled(w: &Wizard) -> Vec<Id> {
    let (user, name) = (user(w).is_some_and(|user| user.is_ok()), name(w).is_some());
    [(USER, user), (NAME, name)].into_iter().filter(|(_, whole)| *whole).map(|(id, _)| id).collect()
}

fn title(w: &Wizard) -> &'static str {
    match () {
        () if access::by_password(w) => "Who signs in?",
        () if checkup::anew(w, &USER) => "Whose token is it?",
        () if checkup::anew(w, &NAME) => "What is the token called?",
        () => "Paste the token.",
    }
}

fn understood(paste: &Paste) -> String {
    let user = paste.user.as_ref().map(|user| visible(&user.to_string()));
    let name = paste.name.as_ref().map(|name| visible(name.as_str()));
    let id = match (user, name) {
        (Some(user), Some(name)) => format!("{user}!{name}"),
        (Some(user), None) => format!("user {user}, no token name yet"),
        (None, Some(name)) => format!("token name {name}, no user yet"),
        (None, None) => "no id yet".into(),
    };
    format!("{id} · {}", secret_words(paste))
}

fn password_fields(w: &Wizard, blocks: &mut Vec<Block>) -> Id {
    blocks.extend(host::realm_words(w));
    blocks.push(user_field(w));
    let typed = w.draft.raw(&PASSWORD);
    let missing = w.tried() && typed.as_str().is_empty();
    blocks.push(Block::Field(Field {
        id: PASSWORD,
        label: "Password".into(),
        note: (!typed.as_str().is_empty()).then(|| typed.to_secret().shape()),
        value: typed,
        placeholder: String::new(),
        secret: true,
        multiline: false,
        error: if missing { wrong("The password is missing.", None) } else { None },
    }));
    blocks.push(quiet(
        "It goes into the file, so that the tool can sign in by itself. Better a user made for it than root.",
    ));
    USER
}

pub(super) fn user_field(w: &Wizard) -> Block {
    let error = match user(w) {
        Some(Err(error)) if w.tried() => wrong(format!("{}.", visible(&error.to_string())), None),
        None if w.tried() => wrong("The user is missing.", "With its realm, as in apex@pve.".to_owned()),
        _ => None,
    };
    Block::Field(Field {
        id: USER,
        label: "User".into(),
        value: w.draft.raw(&USER),
        placeholder: String::new(),
        secret: false,
        multiline: false,
        note: None,
        error,
    })
}

fn name_field(w: &Wizard) -> Block {
    let typed = w.draft.text(&NAME);
    let error = match typed.parse::<TokenName>() {
        Err(_) if w.tried() && typed.is_empty() => wrong("The token's name is missing.", None),
        Err(error) if w.tried() => wrong(format!("{}.", visible(&error.to_string())), None),
        _ => None,
    };
    Block::Field(Field {
        id: NAME,
        label: "Token name".into(),
        value: w.draft.raw(&NAME),
        placeholder: String::new(),
        secret: false,
        multiline: false,
        note: None,
        error,
    })
}

pub fn submit(w: &mut Wizard, by: By) -> Next {
    if by == By::Person && w.draft.raw(&TOKEN).is_blank() && !access::by_password(w) {
        let taken = text(w);
        if !taken.is_blank() {
            w.draft.type_in(TOKEN, taken);
        }
    }
    if credential(w).is_none() {
        return Next::Stay;
    }
    if host::offline(w) {
        return Next::Go;
    }
    match survey(w) {
        Some(survey) if !survey.ended => Next::Wait(Vec::new()),
        Some(survey) if survey.signed_in() => Next::Go,
        Some(_) if by == By::World => Next::Stay,
        _ => {
            let paths = details::paths(w);
            match inquiry(w, paths) {
                Some(inquiry) => Next::Wait(vec![w.ask_survey(inquiry)]),
                None => Next::Stay,
            }
        }
    }
}

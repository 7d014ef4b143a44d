//! Code: the second factor, where the host asks for one. A code is sent once, and a refused one is never sent again.

use crate::diagnosis::login as words;
use crate::domain::visible::visible;
use crate::domain::{Factor, Id, Login, Secret};
use crate::wizard::Wizard;
use crate::wizard::page::{Answer, Block, Choice, Field};
use crate::wizard::session::Challenge;
use crate::wizard::step::{By, Next, PageId, Parts, count, host, login, quiet, wrong};

pub const CODE: Id = Id::fixed("code");
pub const FACTOR: Id = Id::fixed("factor");
/// After refused codes: a further one, or the login from its beginning.
pub const AGAIN: Id = Id::fixed("code_again");
const CODE_AGAIN: Id = Id::fixed("code");
const BEGIN: Id = Id::fixed("login");

/// After so many refused codes to begin again is offered.
const OFFER_AFTER: usize = 2;

fn challenge(w: &Wizard) -> Option<&Challenge> {
    w.session.challenge(&host::at(w)?)
}

/// The host asks whoever is typed now for a code.
pub fn wanted(w: &Wizard) -> bool {
    challenge(w).is_some_and(|challenge| login::user(w).as_ref() == Ok(&challenge.user))
}

pub fn done(w: &Wizard) -> bool {
    login::done(w)
}

fn id(factor: Factor) -> Id {
    Id::fixed(factor.word())
}

/// The chosen factor, else the first that is offered.
fn factor(w: &Wizard) -> Option<Factor> {
    let usable = challenge(w)?.factors.usable();
    let chosen = w.draft.choice(&FACTOR);
    usable.iter().copied().find(|one| chosen == Some(&id(*one))).or(usable.first().copied())
}

/// A code as the host takes it, or what is wrong with it before anything is sent: each wrong one counts.
fn parse(factor: Factor, typed: &str) -> Result<Secret, &'static str> {
    let bare: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
    match factor {
        Factor::Totp if (6..=8).contains(&bare.len()) && bare.bytes().all(|b| b.is_ascii_digit()) => {
            Ok(Secret::new(bare))
        }
        Factor::Totp => Err("A code is six digits. Nothing was sent."),
        Factor::Recovery => {
            let hex: String = bare.chars().filter(|c| *c != '-').collect::<String>().to_ascii_lowercase();
            if hex.len() != 16 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
                return Err(
                    "A recovery key is four groups of four, of the digits 0-9 and the letters a-f. Nothing was sent.",
                );
            }
            let groups: Vec<&str> = [0, 4, 8, 12].iter().map(|at| &hex[*at..at + 4]).collect();
            Ok(Secret::new(groups.join("-")))
        }
        Factor::Yubico if !bare.is_empty() => Ok(Secret::new(bare)),
        Factor::Yubico => Err("Nothing came from the key yet."),
    }
}

/// What came into the masked field, counted: blanks and dashes between the groups are no part of it.
fn arrived(factor: Factor, typed: &str) -> Option<String> {
    let signs = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').count();
    let of_them = |whole: usize, one: &str, many: &str| match signs {
        signs if signs < whole => format!("{} of {whole}", count(signs, one, many)),
        signs => count(signs, one, many),
    };
    (signs > 0).then(|| match factor {
        Factor::Totp => of_them(6, "digit", "digits"),
        Factor::Recovery => of_them(16, "sign", "signs"),
        Factor::Yubico => count(signs, "sign", "signs"),
    })
}

pub fn page(w: &Wizard) -> Parts {
    let who = login::user(w).map(|user| visible(&user.to_string())).unwrap_or_default();
    let mut blocks = Vec::new();
    let Some(factor) = factor(w) else {
        // The code was taken; what is there is being looked at.
        return Parts {
            title: format!("{who} is signed in."),
            submit: "go on",
            busy: w.waiting().then(|| login::busy(w)),
            ..Parts::default()
        };
    };
    let usable = challenge(w).map(|challenge| challenge.factors.usable()).unwrap_or_default();
    if usable.len() > 1 {
        blocks.push(Block::Choice(Choice {
            id: FACTOR,
            label: "Which second factor?".into(),
            options: usable.iter().map(|one| option(w, *one)).collect(),
            chosen: Some(id(factor)),
            error: None,
        }));
    }
    let typed = w.draft.raw(&CODE);
    let error = match parse(factor, typed.as_str()) {
        _ if !w.tried() || w.session.refusal().is_some() => None,
        Err(_) if typed.is_blank() => wrong("The code is missing.", None),
        Err(what) => wrong(what, None),
        Ok(_) => None,
    };
    let (label, placeholder) = match factor {
        Factor::Totp => ("Code", "six digits"),
        Factor::Recovery => ("Recovery key", "xxxx-xxxx-xxxx-xxxx"),
        Factor::Yubico => ("Yubikey", "touch it"),
    };
    blocks.push(Block::Field(Field {
        id: CODE,
        label: label.into(),
        note: arrived(factor, typed.as_str()),
        value: typed,
        placeholder: placeholder.into(),
        secret: true,
        multiline: false,
        error,
    }));
    let findings = login::findings(w);
    if findings.is_empty() {
        blocks.push(quiet(match factor {
            Factor::Totp => "Each code is good once, and for half a minute. One that you have just signed in with elsewhere is used up.",
            Factor::Recovery => "Each recovery key is good once; strike it off your list.",
            Factor::Yubico => "Touch the key; what it types goes to the host, which asks Yubico's servers.",
        }));
    } else {
        blocks.push(Block::Findings(findings));
    }
    if challenge(w).is_some_and(|challenge| challenge.refused >= OFFER_AFTER) {
        let answer = |id: Id, title: &str| Answer { id, title: title.into(), about: Vec::new(), risky: false };
        blocks.push(Block::Choice(Choice {
            id: AGAIN,
            label: "What now?".into(),
            options: vec![answer(CODE_AGAIN, "Send the new code"), answer(BEGIN, "Begin again at the login")],
            chosen: Some(w.draft.choice(&AGAIN).cloned().unwrap_or(CODE_AGAIN)),
            error: None,
        }));
    }
    Parts {
        title: format!("A second factor for {who}."),
        blocks,
        submit: "sign in",
        busy: w.waiting().then(|| login::busy(w)),
        focus: Some(CODE),
        help: vec![
            "The host took the password and asks for a code of the app that the account was set up with, or for one of its recovery keys.".into(),
            format!(
                "Proxmox counts wrong codes and takes none any more after {}; root unlocks them with pveum user tfa unlock.",
                words::CODES_BEFORE_LOCK
            ),
        ],
    }
}

fn option(w: &Wizard, factor: Factor) -> Answer {
    let left = challenge(w).map_or(0, |challenge| challenge.factors.recovery);
    let (title, about) = match factor {
        Factor::Totp => ("A code of an authenticator app", String::new()),
        Factor::Recovery => ("A recovery key", format!("{left} left; each is good once")),
        Factor::Yubico => ("A Yubikey that types", String::new()),
    };
    let about = Some(about).filter(|about| !about.is_empty()).into_iter().collect();
    Answer { id: id(factor), title: title.into(), about, risky: false }
}

pub fn submit(w: &mut Wizard, by: By) -> Next {
    if w.session.in_flight() {
        return Next::Wait(Vec::new());
    }
    if login::credential(w).is_some() && !wanted(w) {
        return login::arrive(w, by);
    }
    if by == By::World {
        return Next::Stay;
    }
    if w.draft.is(&AGAIN, &BEGIN) {
        w.draft.forget(&AGAIN);
        w.draft.forget_all(login::is_secret);
        w.session.begin_again();
        return Next::To(PageId::Login);
    }
    let (Some(at), Some(factor), Some(challenge)) = (host::at(w), factor(w), challenge(w)) else {
        return Next::To(PageId::Login);
    };
    match parse(factor, w.draft.raw(&CODE).as_str()) {
        Ok(code) => {
            let (user, challenge) = (challenge.user.clone(), challenge.challenge.share());
            // Whatever comes of it, this code is used up.
            w.draft.forget(&CODE);
            Next::Wait(vec![w.ask_login(Login::Code { at, user, challenge, factor, code })])
        }
        Err(_) => Next::Stay,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_a_code_is_not_sent() {
        for typed in ["", "12345", "123456789", "12a456", "１２３４５６"] {
            assert!(parse(Factor::Totp, typed).is_err(), "{typed}");
        }
        assert_eq!(parse(Factor::Totp, " 123 456\n").unwrap().reveal(), "123456");
        assert!(parse(Factor::Recovery, "123456").is_err() && parse(Factor::Yubico, " ").is_err());
    }

    #[test]
    fn a_recovery_key_is_taken_in_any_grouping() {
        for typed in ["2d94-1055-6707-a616", "2D9410556707A616", "2d94 1055 6707 a616"] {
            assert_eq!(parse(Factor::Recovery, typed).unwrap().reveal(), "2d94-1055-6707-a616");
        }
    }
}

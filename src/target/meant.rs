//! What a file means where its values stand in another shape than the tool reads: taken by the parsers of the wizard's fields.

use super::fact::Fact;
use super::read::{ReadAccess, ReadFile, looks_secret};
use super::spec::Spec;
use crate::domain::paste::{Known, Paste, PasteProblem, PastedSecret, parse_paste};
use crate::domain::visible::is_hidden;
use crate::domain::{Credential, Endpoint, PROXMOX_PORT, Secret, TokenId, UserId};
use crate::domain::{HostError, HostInput, parse_host};

/// The port of https where a whole address names none.
const HTTPS_PORT: u16 = 443;

/// Without what comes along with copying: blanks of any kind and quotes around, and characters that nobody sees.
pub fn plain(text: &str) -> String {
    let seen: String = text.chars().filter(|c| !is_hidden(*c) || c.is_ascii_control()).collect();
    let mut rest = seen.trim();
    loop {
        let before = rest;
        for (open, close) in [('"', '"'), ('\'', '\''), ('`', '`'), ('“', '”'), ('„', '“'), ('‘', '’'), ('«', '»')]
        {
            if let Some(inside) = rest.strip_prefix(open).and_then(|rest| rest.strip_suffix(close)) {
                rest = inside.trim();
            }
        }
        if rest == before {
            return rest.to_owned();
        }
    }
}

/// The place that the tool asks: without a port a whole address means https's own, anything else Proxmox's.
///
/// # Errors
/// What is wrong with the host.
pub fn place(read: &ReadFile, instance: u8) -> Result<HostInput, HostError> {
    let typed = read.host(instance).unwrap_or_default();
    let mut input = parse_host(&typed)?;
    if input.endpoints.len() > 1 {
        let whole = typed.contains("://") && [Fact::Url, Fact::ApiUrl].iter().any(|f| read.get(instance, f).is_some());
        let port = if whole { HTTPS_PORT } else { PROXMOX_PORT };
        let host = input.endpoints[0].host.clone();
        input.endpoints = vec![Endpoint { host, port }];
    }
    Ok(input)
}

/// With what the tool is to sign in, where all of it is there and is what Proxmox gives out.
pub fn credential(spec: &Spec, read: &ReadFile, instance: u8) -> Option<Credential> {
    match read.access(spec, instance) {
        ReadAccess::Nothing => None,
        ReadAccess::Password { password, .. } => {
            // A token in the place of user and password is meant as a token; as a password it would only be refused.
            let place = [Fact::User, Fact::UserName].iter().find_map(|fact| read.get(instance, fact));
            if let Some(Ok(id)) = place.map(|value| plain(value.text.as_str()).parse::<TokenId>()) {
                return Some(Credential::Token { id, secret: small(&PastedSecret::new(password.reveal()))? });
            }
            let password = Some(password).filter(|p| crate::domain::placeholder(p.reveal()).is_none())?;
            Some(Credential::Password { user: user(read, instance)?, password })
        }
        ReadAccess::Token { .. } => {
            let (id, secret) = match read.get(instance, &Fact::Token) {
                Some(whole) => {
                    let paste = parse_paste(whole.text.as_str(), Known::default());
                    (of_paste(&paste)?, sound(&paste)?)
                }
                None => {
                    let text = read.get(instance, &Fact::TokenSecret)?.text.as_str();
                    let paste = parse_paste(text, Known::default());
                    let secret = sound(&paste).or_else(|| small(&PastedSecret::new(&plain(text))))?;
                    (id(read, instance).or_else(|| of_paste(&paste))?, secret)
                }
            };
            let whole = id.to_string();
            let made_up =
                [whole.as_str(), id.name.as_str()].into_iter().any(|t| crate::domain::placeholder(t).is_some());
            (!made_up).then_some(Credential::Token { id, secret })
        }
    }
}

fn of_paste(paste: &Paste) -> Option<TokenId> {
    let torn = paste.problems.iter().any(|problem| matches!(problem, PasteProblem::TwoNames));
    paste.id().filter(|_| !torn)
}

fn sound(paste: &Paste) -> Option<Secret> {
    small(paste.secret.as_ref()?)
}

/// Proxmox gives out small letters alone, and compares letter by letter.
fn small(pasted: &PastedSecret) -> Option<Secret> {
    pasted.sound().map(|secret| Secret::new(secret.reveal().to_ascii_lowercase()))
}

/// The token's id from what stands where its name or its id belongs, whichever of the two was written.
pub fn id(read: &ReadFile, instance: u8) -> Option<TokenId> {
    let name = [Fact::TokenId, Fact::TokenName].iter().find_map(|fact| read.get(instance, fact))?;
    let text = bare_id(&plain(name.text.as_str()))?;
    match text.contains('!') {
        true => text.parse().ok(),
        false => Some(TokenId { user: user(read, instance)?, name: text.parse().ok()? }),
    }
}

/// An id without the header's word before it and a secret behind it; none where it is a secret itself.
pub fn bare_id(text: &str) -> Option<String> {
    let text = text.strip_prefix("PVEAPIToken").map_or(text, |rest| rest.trim_start_matches([' ', '=', ':']));
    let text = text.split_once('=').map_or(text, |(id, _)| id);
    (!looks_secret(text)).then(|| text.to_owned())
}

/// The user, also where a full token id stands in its place.
pub fn user(read: &ReadFile, instance: u8) -> Option<UserId> {
    let of = |text: &str| text.parse::<TokenId>().map(|id| id.user).or_else(|_| text.parse()).ok();
    let text = |fact: &Fact| read.get(instance, fact).map(|value| plain(value.text.as_str()));
    if let Some(user) = text(&Fact::User) {
        return of(&user);
    }
    let user = text(&Fact::UserName)?;
    match text(&Fact::Realm) {
        Some(realm) => UserId::new(&user, &realm).ok(),
        None => of(&user),
    }
}

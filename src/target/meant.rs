//! What a file means where its values stand in another shape than the tool reads: taken by the parsers of the wizard's fields.

use zeroize::Zeroizing;

use super::fact::Fact;
use super::read::{ReadAccess, ReadFile, looks_secret};
use super::spec::Spec;
use crate::domain::paste::{Known, Paste, PasteProblem, PastedSecret, parse_paste};
use crate::domain::visible::is_hidden;
use crate::domain::{Credential, Endpoint, PROXMOX_PORT, Secret, Text, TokenId, UserId};
use crate::domain::{HostError, HostInput, parse_host};

/// The port of https where a whole address names none.
const HTTPS_PORT: u16 = 443;

/// Without what comes along with copying: blanks of any kind and quotes around, and characters that nobody sees. It may be a
/// secret.
pub fn plain(text: &str) -> Text {
    let seen = text.chars().filter(|c| !is_hidden(*c) || c.is_ascii_control()).collect::<String>();
    let seen = Zeroizing::new(seen);
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
            return Text::new(rest);
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
            if let Some(id) = id_as_user(read, instance) {
                return Some(Credential::Token { id, secret: small(&PastedSecret::new(password.reveal()))? });
            }
            Some(Credential::Password { user: user(read, instance)?, password })
        }
        ReadAccess::Token { .. } => {
            Some(Credential::Token { id: token_id(read, instance)?, secret: secret(read, instance)? })
        }
    }
}

/// The full id of a token where the user alone belongs.
pub fn id_as_user(read: &ReadFile, instance: u8) -> Option<TokenId> {
    let place = [Fact::User, Fact::UserName].iter().find_map(|fact| read.get(instance, fact))?;
    plain(place.text.as_str()).as_str().parse().ok()
}

/// The token's id, wherever it stands: in its own place, in that of the whole token, or with the secret.
pub fn token_id(read: &ReadFile, instance: u8) -> Option<TokenId> {
    if let Some(whole) = read.get(instance, &Fact::Token) {
        let text = whole.text.as_str();
        return of_paste(&parse_paste(text, Known::default())).or_else(|| as_written(text).map(|(id, _)| id));
    }
    let beside = || of_paste(&parse_paste(read.get(instance, &Fact::TokenSecret)?.text.as_str(), Known::default()));
    id(read, instance).or_else(beside)
}

/// The token's secret, where it is what Proxmox gives out.
pub fn secret(read: &ReadFile, instance: u8) -> Option<Secret> {
    let value = [Fact::Token, Fact::TokenSecret].iter().find_map(|fact| read.get(instance, fact))?;
    let text = value.text.as_str();
    let alone = || (value.fact == Fact::TokenSecret).then(|| small(&PastedSecret::new(plain(text).as_str())))?;
    parse_paste(text, Known::default()).secret.as_ref().and_then(small).or_else(alone)
}

/// A whole token that stands as Proxmox wants it, whatever its parts are called.
pub fn as_written(text: &str) -> Option<(TokenId, Secret)> {
    let (id, secret) = text.rsplit_once('=')?;
    Some((id.parse().ok()?, PastedSecret::new(secret).sound()?.share()))
}

fn of_paste(paste: &Paste) -> Option<TokenId> {
    let torn = paste.problems.iter().any(|problem| matches!(problem, PasteProblem::TwoNames));
    paste.id().filter(|_| !torn)
}

/// Proxmox gives out small letters alone, and compares letter by letter.
fn small(pasted: &PastedSecret) -> Option<Secret> {
    pasted.sound().map(|secret| Secret::new(secret.reveal().to_ascii_lowercase()))
}

/// The token's id from what stands where its name or its id belongs, whichever of the two was written.
pub fn id(read: &ReadFile, instance: u8) -> Option<TokenId> {
    let name = [Fact::TokenId, Fact::TokenName].iter().find_map(|fact| read.get(instance, fact))?;
    let text = plain(name.text.as_str());
    let text = bare_id(text.as_str())?;
    match text.contains('!') {
        true => text.parse().ok(),
        false => Some(TokenId { user: user(read, instance)?, name: text.parse().ok()? }),
    }
}

/// An id without the header's word before it and a secret behind it; none where it is a secret itself.
pub fn bare_id(text: &str) -> Option<&str> {
    let text = text.strip_prefix("PVEAPIToken").map_or(text, |rest| rest.trim_start_matches([' ', '=', ':']));
    let text = text.split_once('=').map_or(text, |(id, _)| id);
    (!looks_secret(text)).then_some(text)
}

/// The user, also where a full token id stands in its place.
pub fn user(read: &ReadFile, instance: u8) -> Option<UserId> {
    let of = |text: &str| text.parse::<TokenId>().map(|id| id.user).or_else(|_| text.parse()).ok();
    let text = |fact: &Fact| read.get(instance, fact).map(|value| plain(value.text.as_str()));
    if let Some(user) = text(&Fact::User) {
        return of(user.as_str());
    }
    let user = text(&Fact::UserName)?;
    match text(&Fact::Realm) {
        Some(realm) => UserId::new(user.as_str(), realm.as_str()).ok(),
        None => of(user.as_str()),
    }
}

//! What a file says of one of its hosts, taken by the tolerant parsers of the wizard's fields, as facts that its writer takes.

use zeroize::Zeroizing;

use crate::domain::visible::is_hidden;
use crate::domain::{
    Endpoint, Known, PROXMOX_PORT, Paste, PasteProblem, Secret, Text, TokenId, UserId, parse_host, parse_paste,
};
use crate::target::read::{ReadAccess, ReadFile};
use crate::target::spec::{Form, Spec, VerifyWord};
use crate::target::{Access, Fact, Facts, Verify};

/// The port of https where an address names none.
const HTTPS_PORT: u16 = 443;

/// What the file says of this host.
pub fn facts(spec: &Spec, form: &Form, read: &ReadFile, instance: u8) -> Facts {
    Facts {
        // Where no port stands, Proxmox's own is what was meant.
        endpoint: read.host(instance).and_then(|typed| parse_host(&typed).ok()?.endpoints.into_iter().next()),
        access: access(spec, read, instance),
        verify: verify(spec, form, read, instance),
        cluster: text(read, instance, &Fact::Cluster).map(|name| name.as_str().to_owned()),
        picks: read.picks().into_iter().map(|(pick, value)| (pick, plain(&value).as_str().to_owned())).collect(),
        instance,
        unifi: None,
    }
}

/// The place that the tool would ask by what stands there: a URL of https without a port means https's own, anything else
/// Proxmox's.
pub fn endpoint(read: &ReadFile, instance: u8) -> Option<Endpoint> {
    let typed = read.host(instance)?;
    let mut input = parse_host(&typed).ok()?;
    let named = input.endpoints.len() == 1;
    let whole = [Fact::Url, Fact::ApiUrl].iter().any(|fact| read.get(instance, fact).is_some());
    let port = if whole && typed.trim().starts_with("https://") { HTTPS_PORT } else { PROXMOX_PORT };
    let first = input.endpoints.drain(..).next()?;
    Some(if named { first } else { Endpoint { port, ..first } })
}

fn text(read: &ReadFile, instance: u8, fact: &Fact) -> Option<Text> {
    read.get(instance, fact).map(|value| plain(value.text.as_str())).filter(|text| !text.is_blank())
}

/// Without what comes along with copying: blanks of any kind and quotes around, and characters that are not seen.
pub fn plain(text: &str) -> Text {
    let seen: Zeroizing<String> =
        Zeroizing::new(text.chars().filter(|c| !is_hidden(*c) || c.is_ascii_control()).collect());
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

/// With what the tool is to sign in.
pub fn access(spec: &Spec, read: &ReadFile, instance: u8) -> Option<Access> {
    let found = read.access(spec, instance);
    match found {
        ReadAccess::Password { user, password } => {
            let user = user.ok().or_else(|| owner(read, instance))?;
            return Some(Access::Password { user, password: Some(password) });
        }
        ReadAccess::Nothing => return None,
        ReadAccess::Token { .. } => {}
    }
    let whole = read.get(instance, &Fact::Token).map(|value| value.text.as_str());
    let (id, kept) = match (whole, found) {
        (Some(whole), ReadAccess::Token { id, secret }) => {
            let paste = parse_paste(whole, Known::default());
            let torn = paste.problems.iter().any(|problem| matches!(problem, PasteProblem::TwoNames));
            let pasted = paste.id().filter(|_| !torn);
            (id.ok().or(pasted), sound(&paste).or(secret))
        }
        (_, ReadAccess::Token { secret, .. }) => {
            let beside = read.get(instance, &Fact::TokenSecret).map(|value| value.text.as_str());
            let paste = beside.map(|text| parse_paste(text, Known::default()));
            (id(read, instance, paste.as_ref().and_then(|paste| paste.id())), paste.as_ref().and_then(sound).or(secret))
        }
        _ => (None, None),
    };
    Some(Access::Token { id: id?, secret: kept })
}

fn sound(paste: &Paste) -> Option<Secret> {
    paste.secret.as_ref()?.sound().map(Secret::share)
}

/// The token's id from what stands where its name or its id belongs, whichever of the two was written; else from what stands
/// with the secret.
fn id(read: &ReadFile, instance: u8, with_secret: Option<TokenId>) -> Option<TokenId> {
    let stands = text(read, instance, &Fact::TokenId).or_else(|| text(read, instance, &Fact::TokenName));
    let Some(stands) = stands else { return with_secret };
    let stands = stands.as_str();
    let stands = stands.strip_prefix("PVEAPIToken").map_or(stands, |rest| rest.trim_start_matches([' ', '=']));
    // What stands behind an “=” is the secret, which belongs elsewhere.
    let stands = stands.split_once('=').map_or(stands, |(id, _)| id);
    if stands.contains('!') {
        return stands.parse().ok();
    }
    let name = stands.parse().ok()?;
    Some(TokenId { user: owner(read, instance)?, name })
}

/// The user, also where a full token id stands in its place.
fn owner(read: &ReadFile, instance: u8) -> Option<UserId> {
    let of = |text: &str| text.parse::<TokenId>().map(|id| id.user).or_else(|_| text.parse()).ok();
    if let Some(user) = text(read, instance, &Fact::User) {
        return of(user.as_str());
    }
    let user = text(read, instance, &Fact::UserName)?;
    match text(read, instance, &Fact::Realm) {
        Some(realm) => UserId::new(user.as_str(), realm.as_str()).ok(),
        None => of(user.as_str()),
    }
}

/// How the tool verifies, in a way that the form can write.
fn verify(spec: &Spec, form: &Form, read: &ReadFile, instance: u8) -> Verify {
    let has = |word: VerifyWord| form.verify.contains(&word);
    let on = match (text(read, instance, &Fact::CaFile), text(read, instance, &Fact::Fingerprint)) {
        (Some(path), _) if has(VerifyWord::Ca) => Some(Verify::Ca { path: path.as_str().into() }),
        (_, Some(pin)) if has(VerifyWord::Pin) => pin.as_str().parse().ok().map(Verify::Pin),
        _ => None,
    };
    match read.verifies(spec, instance) {
        Some(true) => on.or_else(|| has(VerifyWord::System).then_some(Verify::System)).unwrap_or_else(|| {
            // Nothing of it is written but the switch.
            Verify::Ca { path: Default::default() }
        }),
        None if on.is_some() => on.unwrap_or_default(),
        // Where nothing says so, tools verify.
        None if has(VerifyWord::System) => Verify::System,
        _ if has(VerifyWord::Off) => Verify::Off,
        _ => on.unwrap_or(Verify::System),
    }
}

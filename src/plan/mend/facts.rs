//! What a file says of one of its hosts, taken by the tolerant parsers of the wizard's fields, as facts that its writer takes.

use crate::domain::{Credential, Text, parse_host};
use crate::target::meant::{self, plain};
use crate::target::read::{ReadAccess, ReadFile};
use crate::target::spec::{Form, Spec, VerifyWord};
use crate::target::{Access, Fact, Facts, Verify};

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

fn text(read: &ReadFile, instance: u8, fact: &Fact) -> Option<Text> {
    read.get(instance, fact).map(|value| plain(value.text.as_str())).filter(|text| !text.is_blank())
}

/// With what the tool is to sign in: what is whole and sound as it is meant, else as much as stands there.
pub fn access(spec: &Spec, read: &ReadFile, instance: u8) -> Option<Access> {
    match meant::credential(spec, read, instance) {
        Some(Credential::Token { id, secret }) => return Some(Access::Token { id, secret: Some(secret) }),
        Some(Credential::Password { user, password }) => {
            return Some(Access::Password { user, password: Some(password) });
        }
        // A login is in no file.
        _ => {}
    }
    match read.access(spec, instance) {
        ReadAccess::Nothing => None,
        ReadAccess::Password { password, .. } => {
            Some(Access::Password { user: meant::user(read, instance)?, password: Some(password) })
        }
        ReadAccess::Token { secret, .. } => {
            let secret = meant::secret(read, instance).or(secret);
            Some(Access::Token { id: meant::token_id(read, instance)?, secret })
        }
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

//! Whether what stands in a file means to its tool what would be written there: then a repair leaves it as it is.

use crate::domain::{Fingerprint, TokenId};
use crate::target::Fact;
use crate::target::meant::{place, plain};
use crate::target::read::{ReadAccess, ReadFile, ReadValue};
use crate::target::spec::Spec;

/// Whether the old file says of this fact of this host what the new one says.
///
/// A value that stands in no shape that the tool reads may mean the same: what is wrong with it is a finding of its own, and
/// mended where that was chosen.
pub fn is_same(spec: &Spec, old: &ReadFile, new: &ReadFile, instance: u8, fact: &Fact) -> bool {
    if matches!(fact, Fact::Verify | Fact::Insecure) {
        return old.verifies(spec, instance) == new.verifies(spec, instance);
    }
    let (Some(before), Some(after)) = (old.get(instance, fact), new.get(instance, fact)) else { return false };
    match fact {
        Fact::Address | Fact::Host | Fact::Url | Fact::ApiUrl => {
            let first = |read: &ReadFile| place(read, instance).ok()?.endpoints.into_iter().next();
            first(old).is_some() && first(old) == first(new)
        }
        Fact::Port => number(before).is_some() && number(before) == number(after),
        Fact::TokenName | Fact::TokenId | Fact::Token => {
            let same_id = id(spec, old, instance).is_some_and(|before| Some(before) == id(spec, new, instance));
            same_id && (*fact != Fact::Token || same_secret(spec, old, new, instance))
        }
        Fact::TokenSecret | Fact::Password => before.text == after.text,
        Fact::Fingerprint => pin(before).is_some() && pin(before) == pin(after),
        // Which host counts, and what a host is called in the tool's own list, was decided by whoever wrote it.
        Fact::Instance | Fact::Cluster => true,
        _ => plain(before.text.as_str()) == plain(after.text.as_str()),
    }
}

fn number(value: &ReadValue) -> Option<u16> {
    value.text.as_str().trim().parse().ok()
}

fn pin(value: &ReadValue) -> Option<Fingerprint> {
    value.text.as_str().trim().parse().ok()
}

fn id(spec: &Spec, read: &ReadFile, instance: u8) -> Option<TokenId> {
    match read.access(spec, instance) {
        ReadAccess::Token { id, .. } => id.ok(),
        _ => None,
    }
}

fn same_secret(spec: &Spec, old: &ReadFile, new: &ReadFile, instance: u8) -> bool {
    match (old.access(spec, instance), new.access(spec, instance)) {
        (ReadAccess::Token { secret: Some(old), .. }, ReadAccess::Token { secret: Some(new), .. }) => old.same_as(&new),
        _ => false,
    }
}

//! What becomes of the token: it is made, made again, given another secret, or kept.

use crate::domain::{Release, Timestamp, TokenId, TokenSeen};
use crate::plan::make::{Existing, NoMaking, Order, Wanted};

/// The first release that can give a token a new secret in place (pve-access-control 9.1.0).
const REGENERATES: Release = Release::new(9, 2, 0);

/// What becomes of the token.
pub enum Way<'e> {
    New(TokenId),
    /// In the place of an old one, which may be removed at the end.
    Beside {
        new: TokenId,
        old: &'e TokenSeen,
        remove: bool,
    },
    NewSecret(&'e TokenSeen),
    /// Removed, and made again as it was.
    Again(&'e TokenSeen),
    /// Only granted what it lacks.
    Kept(&'e TokenSeen),
}

pub fn way<'e>(order: &Order<'e>) -> Result<Way<'e>, NoMaking> {
    let Some(old) = order.estate.token(order.token) else {
        return match order.existing {
            Existing::Keep | Existing::Wake => Err(NoMaking::Gone(order.token.clone())),
            _ => Ok(Way::New(order.token.clone())),
        };
    };
    match order.existing {
        Existing::Keep | Existing::Wake => Ok(Way::Kept(old)),
        Existing::Refuse => Err(NoMaking::Exists(order.token.clone())),
        Existing::Beside { name, remove } => {
            let new = TokenId { user: order.token.user.clone(), name: name.clone() };
            match order.estate.token(&new) {
                Some(_) => Err(NoMaking::Exists(new)),
                None => Ok(Way::Beside { new, old, remove: *remove }),
            }
        }
        // A new secret does not wake a token that has ended.
        Existing::InPlace if order.release >= REGENERATES && !has_ended(old, order.now) => Ok(Way::NewSecret(old)),
        Existing::InPlace => Ok(Way::Again(old)),
    }
}

pub fn has_ended(token: &TokenSeen, now: Timestamp) -> bool {
    token.expire.is_some_and(|end| is_past(end, now))
}

/// Whether an end has come; 0 is Proxmox's word for never.
pub fn is_past(end: Timestamp, now: Timestamp) -> bool {
    end > 0 && end <= now
}

impl Way<'_> {
    /// The token that will be used.
    pub fn token(&self, order: &Order<'_>) -> TokenId {
        match self {
            Way::New(new) | Way::Beside { new, .. } => new.clone(),
            Way::NewSecret(_) | Way::Again(_) | Way::Kept(_) => order.token.clone(),
        }
    }

    pub fn separated(&self, order: &Order<'_>) -> bool {
        match self {
            Way::New(_) | Way::Beside { .. } => matches!(order.wanted, Wanted::Least { .. }),
            Way::NewSecret(old) | Way::Again(old) | Way::Kept(old) => old.separated,
        }
    }

    /// When a token that is made ends: one that is made again as it did before, if that has not passed.
    pub fn expire(&self, order: &Order<'_>) -> Option<Timestamp> {
        match self {
            Way::Again(old) if !has_ended(old, order.now) => old.expire,
            _ => order.expire,
        }
    }

    /// The token whose entries in the ACL the one that is made gets too.
    pub fn rows_of(&self, order: &Order<'_>) -> Option<TokenId> {
        let copied = match self {
            Way::New(_) | Way::NewSecret(_) | Way::Kept(_) => false,
            Way::Beside { old, .. } => old.separated && matches!(order.wanted, Wanted::Least { .. }),
            Way::Again(_) => true,
        };
        copied.then(|| order.token.clone())
    }
}

//! Whether whoever is signed in may do what is offered: nobody is led to a page that refuses them.

use crate::domain::finding::Mend;
use crate::domain::visible::visible;
use crate::domain::{Change, Estate, Grantee, Rights, TokenId, UserId};
use crate::plan::permit;
use crate::wizard::Wizard;
use crate::wizard::evidence::Survey;
use crate::wizard::step::{make, token};

use super::Way;

/// Whose login a mend is made with.
pub fn login(w: &Wizard, mend: &Mend) -> String {
    match make::signer(w) {
        Some(who) if is_refused(w, mend) => {
            format!("needs another login: {} may not", visible(&who.to_string()))
        }
        Some(who) => format!("by {}, who is signed in", visible(&who.to_string())),
        None => "needs a login that may".to_owned(),
    }
}

/// Somebody else has to sign in for what was chosen.
pub fn takes_another(w: &Wizard, way: &Way) -> bool {
    match way {
        Way::NewSecret => is_refused(w, &Mend::NewSecret),
        Way::Wake => is_refused(w, &Mend::Wake),
        _ => false,
    }
}

/// The rights of whoever is signed in say that they may not. Where these are not known, the host says it.
fn is_refused(w: &Wizard, mend: &Mend) -> bool {
    let told = || {
        let rights = token::survey(w).and_then(Survey::rights)?;
        Some((make::signer(w)?, make::id(w)?, rights, make::estate(w)?))
    };
    told().is_some_and(|(signer, id, rights, estate)| refused(mend, &signer, &id, rights, estate))
}

fn refused(mend: &Mend, signer: &UserId, id: &TokenId, rights: &Rights, estate: &Estate) -> bool {
    let user = &id.user;
    let change = match mend {
        Mend::NewSecret => Change::NewSecret(id.clone()),
        // What keeps a token from signing in although its user may is its own end.
        Mend::Wake if estate.user(user).is_some_and(|seen| seen.enabled && seen.expire.is_none()) => {
            Change::SetEnd { who: Grantee::Token(id.clone()), end: None, was: None }
        }
        Mend::Wake => Change::Enable { user: user.clone(), on: true },
        _ => return false,
    };
    !permit::refusals(&[change], signer, rights, estate).is_empty()
}

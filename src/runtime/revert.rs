//! Takes back what a run did on a host: looked at first, and only what still is as that run made it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::client::{Changed, still_opens};
use crate::disk::{self, Run};
use crate::domain::observation::RequestTrouble;
use crate::domain::{Change, Credential, HostAt, Secret, TokenId, Trouble};
use crate::plan::action::Outcome;
use crate::plan::refused;
use crate::plan::standing::{Standing, back, just_done, standing};
use crate::runtime::desks::{Desks, TRIES};
use crate::runtime::world::trouble;

/// What a run did, and who takes it back.
pub(super) struct Deed<'a> {
    pub at: &'a HostAt,
    pub by: &'a Arc<Credential>,
    pub change: &'a Change,
    /// The secret of the token that it made, where it is known: its death is proved.
    pub secret: Option<Secret>,
    /// The run that did it is still under way.
    pub fresh: bool,
}

/// Takes it back, and notes that in the journal of the run that did it, under its number there.
pub(super) async fn take_back(desks: &mut Desks, journal: &mut Run, n: usize, deed: &Deed<'_>) -> Outcome {
    let proof = Proof::begin(desks, deed).await;
    let mut notes = Vec::new();
    match remove(desks, journal, n, deed).await {
        Ok(Gone::Now) => {}
        Ok(Gone::Before) => notes.push("it was gone already".to_owned()),
        Err(trouble) => return Outcome::NotDone(trouble),
    }
    if let Some(proof) = proof {
        match proof.end(desks, deed.at).await {
            Ok(note) => notes.extend(note),
            Err(StillOpens) => return Outcome::NotDone(refused::still_opens(deed.change)),
        }
    }
    if let Err(error) = journal.ended(n, disk::Outcome::TakenBack, BTreeMap::new()) {
        // The next look finds it gone, which is success as well.
        notes.push(trouble(&error).what);
    }
    Outcome::Done { notes }
}

/// Since when it is gone.
enum Gone {
    Before,
    Now,
}

/// Removes what stands as it was made. What was sent and not answered is sent again only where it is seen to stand still.
async fn remove(desks: &mut Desks, journal: &mut Run, n: usize, deed: &Deed<'_>) -> Result<Gone, Trouble> {
    let Deed { at, by, change, .. } = deed;
    let mut sent = None;
    for round in 0..=TRIES {
        if round > 0 {
            desks.pause().await;
        }
        let estate = desks.look(at, by).await.map_err(|trouble| refused::not_asked(change, &trouble))?;
        let judge = if deed.fresh { just_done } else { standing };
        match judge(change, journal.id().as_str(), &estate) {
            Standing::NotDone => return Ok(if sent.is_some() { Gone::Now } else { Gone::Before }),
            Standing::Differs(what) => return Err(refused::left_alone(change, &what)),
            // To take an entry of the ACL away that is not there does no harm (pve-access-control answers 200).
            Standing::Unseen if !matches!(change, Change::Grant { .. }) => return Err(refused::not_shown(change)),
            Standing::AsDone | Standing::Unseen => {}
        }
        // The last round only looks.
        if round == TRIES {
            break;
        }
        let back = back(change, &estate).ok_or_else(|| refused::left_alone(change, "it cannot be taken back"))?;
        journal.reverting(n).map_err(|error| trouble(&error))?;
        match desks.change(at, by, &back).await {
            Changed::Done(_) => return Ok(Gone::Now),
            Changed::Refused { status, words } => {
                return Err(refused::still_there(change, &refused::refused(&back, status, &words).what));
            }
            Changed::NotSent(trouble) | Changed::Lost(trouble) => sent = Some(trouble),
        }
    }
    Err(refused::not_asked(change, &sent.unwrap_or(RequestTrouble::Stopped)))
}

/// The proof that a token is dead: its secret opened the host before, and does not after.
pub(super) struct Proof {
    id: TokenId,
    secret: Secret,
    /// It was tried before, and opened.
    opened: bool,
}

/// A token that is gone still signs in.
pub(super) struct StillOpens;

impl Proof {
    async fn begin(desks: &Desks, deed: &Deed<'_>) -> Option<Proof> {
        match deed.change {
            Change::MakeToken(make) => Proof::of(desks, deed.at, &make.id, deed.secret.as_ref()?).await,
            _ => None,
        }
    }

    /// Tries the secret while the token is there. A secret that does not open it then proves nothing later.
    pub async fn of(desks: &Desks, at: &HostAt, id: &TokenId, secret: &Secret) -> Option<Proof> {
        let opened = still_opens(at, id, secret, &desks.options).await == Ok(true);
        Some(Proof { id: id.clone(), secret: secret.share(), opened })
    }

    /// Tries it again, where it opened before; a note of what came of it.
    pub async fn end(self, desks: &Desks, at: &HostAt) -> Result<Option<String>, StillOpens> {
        if !self.opened {
            return Ok(None);
        }
        match still_opens(at, &self.id, &self.secret, &desks.options).await {
            Ok(false) => Ok(Some("its old secret is refused now".to_owned())),
            Ok(true) => Err(StillOpens),
            Err(trouble) => {
                Ok(Some(format!("whether its old secret is refused is not known: {}", refused::why(&trouble))))
            }
        }
    }
}

//! Logins that last as long as the conversation: a ticket that grows old is renewed before it is used.

use std::sync::Arc;

use tokio::sync::Mutex;

use crate::client::{Options, renew};
use crate::domain::{Credential, HostAt, Inquiry, Ticket, Timestamp};

/// What was renewed so far. In memory only.
pub(super) struct Sessions {
    options: Arc<Options>,
    renewed: Mutex<Vec<Renewed>>,
}

/// A login whose ticket grew old.
struct Renewed {
    /// What the login gave.
    first: Ticket,
    /// What serves now.
    now: Ticket,
    /// The host was asked for a newer one and gave none: it is not asked again.
    failed: bool,
}

impl Sessions {
    pub fn new(options: Arc<Options>) -> Self {
        Sessions { options, renewed: Mutex::default() }
    }

    /// The credential as it may be used now: an old ticket is renewed first. A renewal is a login and is sent once for each
    /// ticket; one that could not be renewed is left as it is, and the host says what it makes of it.
    pub async fn fresh(&self, at: &HostAt, by: &Credential) -> Credential {
        let Credential::Ticket(first) = by else { return by.share() };
        // Held while it is renewed, so that it is renewed once.
        let mut renewed = self.renewed.lock().await;
        let known = renewed.iter().position(|one| one.first.ticket.same_as(&first.ticket));
        let (now, failed) = known.map_or((first, false), |place| (&renewed[place].now, renewed[place].failed));
        if failed || !self.is_old(now.since) {
            return Credential::Ticket(now.share());
        }
        let new = renew(at, now, &self.options).await;
        let failed = new.is_err();
        let now = new.unwrap_or_else(|_| now.share());
        let given = Credential::Ticket(now.share());
        match known {
            Some(place) => (renewed[place].now, renewed[place].failed) = (now, failed),
            None => renewed.push(Renewed { first: first.share(), now, failed }),
        }
        given
    }

    /// The inquiry with a credential that lasts.
    pub async fn freshened(&self, mut inquiry: Inquiry) -> Inquiry {
        if let (Some(by), Some(trust), [endpoint, ..]) = (&inquiry.credential, &inquiry.trust, &inquiry.endpoints[..]) {
            let at = HostAt { endpoint: endpoint.clone(), address: inquiry.address, trust: trust.clone() };
            inquiry.credential = Some(self.fresh(&at, by).await);
        }
        inquiry
    }

    /// Whether a ticket of that moment is to be renewed.
    fn is_old(&self, since: Timestamp) -> bool {
        let age = u64::try_from(self.options.moment().saturating_sub(since)).unwrap_or(0);
        age >= self.options.limits.renew.as_secs()
    }
}

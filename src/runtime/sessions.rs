//! Logins that last as long as the conversation: a ticket that grows old is renewed before it is used.

use std::sync::Arc;

use tokio::sync::Mutex;

use crate::client::{Options, renew};
use crate::domain::observation::RequestTrouble;
use crate::domain::{Credential, HostAt, Inquiry, Ticket, Timestamp};

/// What was renewed so far, by the ticket that the login gave. In memory only.
pub(super) struct Sessions {
    options: Arc<Options>,
    renewed: Mutex<Vec<(Ticket, Ticket)>>,
}

impl Sessions {
    pub fn new(options: Arc<Options>) -> Self {
        Sessions { options, renewed: Mutex::default() }
    }

    /// The credential as it may be used now.
    ///
    /// Errors: it is a ticket that had to be renewed, and the host did not do it.
    pub async fn fresh(&self, at: &HostAt, by: &Credential) -> Result<Credential, RequestTrouble> {
        let Credential::Ticket(first) = by else { return Ok(by.share()) };
        // Held while it is renewed, so that it is renewed once.
        let mut renewed = self.renewed.lock().await;
        let known = renewed.iter().position(|(old, _)| old.ticket.same_as(&first.ticket));
        let current = known.map_or(first, |place| &renewed[place].1);
        if !self.is_old(current.since) {
            return Ok(Credential::Ticket(current.share()));
        }
        let new = renew(at, current, &self.options).await?;
        let given = Credential::Ticket(new.share());
        match known {
            Some(place) => renewed[place].1 = new,
            None => renewed.push((first.share(), new)),
        }
        Ok(given)
    }

    /// The inquiry with a credential that lasts. One that could not be renewed is left as it is: the survey tells what the host
    /// makes of it.
    pub async fn freshened(&self, mut inquiry: Inquiry) -> Inquiry {
        if let (Some(by), Some(trust), [endpoint, ..]) = (&inquiry.credential, &inquiry.trust, &inquiry.endpoints[..]) {
            let at = HostAt { endpoint: endpoint.clone(), address: inquiry.address, trust: trust.clone() };
            if let Ok(fresh) = self.fresh(&at, by).await {
                inquiry.credential = Some(fresh);
            }
        }
        inquiry
    }

    /// Whether a ticket of that moment is to be renewed.
    pub fn is_old(&self, since: Timestamp) -> bool {
        let age = u64::try_from(self.options.moment().saturating_sub(since)).unwrap_or(0);
        age >= self.options.limits.renew.as_secs()
    }
}

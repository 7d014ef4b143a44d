//! The desks that are open in a run: one for each host and login, kept as long as it serves.

use std::sync::Arc;

use tokio::time::sleep;

use crate::client::{Changed, Desk, Options};
use crate::domain::observation::RequestTrouble;
use crate::domain::{Change, Credential, Estate, HostAt, RoleSeen, Timestamp};
use crate::runtime::sessions::Sessions;

/// How often a host is asked how something stands before that is given up.
pub(super) const TRIES: usize = 3;

pub(super) struct Desks {
    pub options: Arc<Options>,
    sessions: Arc<Sessions>,
    open: Vec<Open>,
}

struct Open {
    at: HostAt,
    by: Arc<Credential>,
    /// When its ticket was made, where it has one.
    since: Option<Timestamp>,
    desk: Desk,
}

impl Desks {
    pub fn new(options: Arc<Options>, sessions: Arc<Sessions>) -> Self {
        Desks { options, sessions, open: Vec::new() }
    }

    async fn at(&mut self, at: &HostAt, by: &Arc<Credential>) -> Result<&Desk, RequestTrouble> {
        let fresh = self.sessions.fresh(at, by).await;
        let since = match &fresh {
            Credential::Ticket(ticket) => Some(ticket.since),
            _ => None,
        };
        let kept = self.open.iter().position(|open| open.at == *at && open.by.same_as(by) && open.since == since);
        let place = match kept {
            Some(place) => place,
            None => {
                self.close(at, by);
                let desk = Desk::open(at, &fresh, &self.options).await?;
                self.open.push(Open { at: at.clone(), by: Arc::clone(by), since, desk });
                self.open.len() - 1
            }
        };
        Ok(&self.open[place].desk)
    }

    fn close(&mut self, at: &HostAt, by: &Credential) {
        self.open.retain(|open| open.at != *at || !open.by.same_as(by));
    }

    pub fn close_all(&mut self) {
        self.open.clear();
    }

    /// Whether changes can be sent there at all.
    pub async fn ready(&mut self, at: &HostAt, by: &Arc<Credential>) -> Result<(), RequestTrouble> {
        self.at(at, by).await.map(drop)
    }

    /// Sends a change, once. What leaves doubt closes the desk, so that the next question goes over a connection of its own.
    pub async fn change(&mut self, at: &HostAt, by: &Arc<Credential>, change: &Change) -> Changed {
        let changed = match self.at(at, by).await {
            Ok(desk) => desk.change(change).await,
            Err(trouble) => Changed::NotSent(trouble),
        };
        if matches!(changed, Changed::NotSent(_) | Changed::Lost(_)) {
            self.close(at, by);
        }
        changed
    }

    /// Users, tokens, roles and grants as they are now.
    pub async fn look(&mut self, at: &HostAt, by: &Arc<Credential>) -> Result<Estate, RequestTrouble> {
        self.ask(at, by, Desk::estate).await
    }

    /// The role of that name as it is now; none where there is none.
    pub async fn role(
        &mut self,
        at: &HostAt,
        by: &Arc<Credential>,
        name: &str,
    ) -> Result<Option<RoleSeen>, RequestTrouble> {
        self.ask(at, by, async |desk| desk.role(name).await).await
    }

    /// Asks a question that only reads; where no answer comes, again.
    async fn ask<T>(
        &mut self,
        at: &HostAt,
        by: &Arc<Credential>,
        question: impl AsyncFn(&Desk) -> Result<T, RequestTrouble>,
    ) -> Result<T, RequestTrouble> {
        let mut last = RequestTrouble::Stopped;
        for round in 0..TRIES {
            if round > 0 {
                self.close(at, by);
                self.pause().await;
            }
            let seen = match self.at(at, by).await {
                Ok(desk) => question(desk).await,
                Err(trouble) => Err(trouble),
            };
            match seen {
                Ok(answer) => return Ok(answer),
                // Said by the host itself; it will not say otherwise a moment later.
                Err(trouble @ RequestTrouble::Answered { status: 401 | 403, .. }) => return Err(trouble),
                Err(trouble) => last = trouble,
            }
        }
        Err(last)
    }

    pub async fn pause(&self) {
        sleep(self.options.limits.pause).await;
    }
}

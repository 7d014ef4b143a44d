//! Logs in, with a second factor where the host asks for one, and renews what a login gave. Each attempt is sent once.

use crate::client::Options;
use crate::domain::observation::RequestTrouble;
use crate::domain::{HostAt, Login, LoginAnswer, Secret, Ticket, TokenId};

/// One attempt.
pub async fn log_in(login: Login, options: &Options) -> LoginAnswer {
    let _ = (login, options);
    LoginAnswer::Failed(RequestTrouble::Stopped)
}

/// A new ticket for an old one, without password or second factor (`POST /access/ticket` with the ticket as password).
pub async fn renew(at: &HostAt, ticket: &Ticket, options: &Options) -> Result<Ticket, RequestTrouble> {
    let _ = (at, ticket, options);
    Err(RequestTrouble::Stopped)
}

/// Whether a token still signs in: false where the host refuses it.
pub async fn still_opens(
    at: &HostAt,
    id: &TokenId,
    secret: &Secret,
    options: &Options,
) -> Result<bool, RequestTrouble> {
    let _ = (at, id, secret, options);
    Err(RequestTrouble::Stopped)
}

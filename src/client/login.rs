//! Logs in, with a second factor where the host asks for one, and renews what a login gave. Each attempt is sent once.

use crate::client::Options;
use crate::client::proxmox::answer::{self, Login as Answered};
use crate::client::proxmox::request::Request;
use crate::client::proxmox::{Session, Trusted, redactor_of, words};
use crate::domain::observation::RequestTrouble;
use crate::domain::redact::Redactor;
use crate::domain::{HostAt, Login, LoginAnswer, Secret, Ticket, TokenId, Trust, UserId};

/// One attempt: one request, over a connection that was opened for it and whose certificate held. Without verification
/// nothing is sent: a password opens everything and is not shown to whoever happens to answer.
pub async fn log_in(login: Login, options: &Options) -> LoginAnswer {
    let (at, user, step, redactor) = match login {
        Login::Password { at, user, password } => {
            let redactor = redactor_of(&password);
            (at, user.clone(), Request::Ticket { user, password }, redactor)
        }
        Login::Code { at, user, challenge, factor, code } => {
            let mut redactor = redactor_of(&challenge);
            redactor.add(&code);
            (at, user.clone(), Request::Code { user, challenge, factor, code }, redactor)
        }
    };
    match reach(&at, options).await {
        Ok(host) => attempt(&host, &user, &step, &redactor, options).await,
        Err(trouble) => LoginAnswer::Failed(trouble),
    }
}

/// A new ticket for an old one, without password or second factor (`POST /access/ticket` with the ticket as password).
pub async fn renew(at: &HostAt, ticket: &Ticket, options: &Options) -> Result<Ticket, RequestTrouble> {
    let host = reach(at, options).await?;
    let mut redactor = redactor_of(&ticket.ticket);
    redactor.add(&ticket.csrf);
    let step = Request::Ticket { user: ticket.user.clone(), password: ticket.ticket.share() };
    match attempt(&host, &ticket.user, &step, &redactor, options).await {
        LoginAnswer::SignedIn(ticket) => Ok(ticket),
        LoginAnswer::Refused { status, phrase, .. } => Err(RequestTrouble::Answered { status, phrase }),
        LoginAnswer::NeedsCode { .. } => Err(RequestTrouble::Unreadable(answer::Unreadable::Ticket.to_string())),
        LoginAnswer::Failed(trouble) => Err(trouble),
    }
}

/// Whether a token still signs in: false where the host refuses it.
pub async fn still_opens(
    at: &HostAt,
    id: &TokenId,
    secret: &Secret,
    options: &Options,
) -> Result<bool, RequestTrouble> {
    let unsendable = || RequestTrouble::Unreadable("the token cannot be put into HTTP".into());
    let session = Session::token(id, secret).ok_or_else(unsendable)?;
    let host = Trusted::reach(at, options).await?;
    let reply = host.ask(&Request::Version, &session).await?;
    match reply.status {
        // Only Proxmox's own answer is a yes.
        200 => match answer::release(&reply.body) {
            Ok(_) => Ok(true),
            Err(unreadable) => Err(RequestTrouble::Unreadable(unreadable.to_string())),
        },
        401 => Ok(false),
        status => Err(RequestTrouble::Answered { status, phrase: session.words(&reply) }),
    }
}

/// Goes to the host, where its certificate was agreed to.
async fn reach(at: &HostAt, options: &Options) -> Result<Trusted, RequestTrouble> {
    if at.trust == Trust::Unverified {
        return Err(RequestTrouble::Stopped);
    }
    Trusted::reach(at, options).await
}

/// Sends one step of a login, once.
pub(super) async fn attempt(
    host: &Trusted,
    user: &UserId,
    step: &Request,
    redactor: &Redactor,
    options: &Options,
) -> LoginAnswer {
    let reply = match host.log_in(step).await {
        Ok(reply) => reply,
        Err(trouble) => return LoginAnswer::Failed(trouble),
    };
    // The web server passes logins on: where nobody takes them, nothing was said about user or password.
    if reply.status >= 500 {
        let phrase = words(&reply, redactor);
        return LoginAnswer::Failed(RequestTrouble::Answered { status: reply.status, phrase });
    }
    if reply.status != 200 {
        return LoginAnswer::Refused {
            status: reply.status,
            phrase: words(&reply, redactor),
            clock_off: reply.clock_off(options),
        };
    }
    match answer::login(&reply.body) {
        Ok(Answered::Ticket { user: named, ticket, csrf }) => LoginAnswer::SignedIn(Ticket {
            user: named.unwrap_or_else(|| user.clone()),
            ticket,
            csrf,
            since: options.moment(),
        }),
        Ok(Answered::NeedsCode { challenge, factors }) => LoginAnswer::NeedsCode { challenge, factors },
        Err(unreadable) => LoginAnswer::Failed(RequestTrouble::Unreadable(unreadable.to_string())),
    }
}

//! Behind sign-in: one request that may be refused, then everything else side by side.

mod nodes;

use std::collections::BTreeMap;
use std::time::Instant;

use futures_util::future::join_all;
use tokio::sync::SetOnce;

use super::Survey;
use super::eye::Eye;
use crate::client::http::Reply;
use crate::client::login;
use crate::client::options::Options;
use crate::client::proxmox::request::Request;
use crate::client::proxmox::{Asker, Session, Trusted, answer, estate, redactor_of};
use crate::domain::observation::RequestTrouble;
use crate::domain::{Credential, Factors, Link, LoginAnswer, Rights, Secret, Seen, ShellId, Ticket, Trust, UserId};

/// Signs in with `credential`, and looks at what it opens.
pub async fn enter(survey: &Survey<'_>, host: &Trusted, credential: &Credential, eye: &Eye<'_>) {
    let since = Instant::now();
    eye.saw(Seen::Started(Link::SignIn), since);
    // A token can be revoked; a login opens everything and is never shown to whoever happens to answer.
    let unverified = survey.inquiry.trust == Some(Trust::Unverified);
    let (me, session) = match credential {
        Credential::Password { .. } | Credential::Ticket(_) if unverified => {
            eye.saw(failed(Link::SignIn, &Request::Version, RequestTrouble::Stopped), since);
            return;
        }
        Credential::Token { id, secret } => (id.user.clone(), Session::token(id, secret)),
        Credential::Ticket(ticket) => (ticket.user.clone(), Session::ticket(ticket)),
        Credential::Password { user, password } => match log_in(survey, host, user, password, eye, since).await {
            Some(ticket) => {
                let session = Session::ticket(&ticket).map(|session| session.hiding(password));
                (ticket.user, session)
            }
            None => return,
        },
        Credential::Shell(id) => return in_shell(survey, host, *id, eye, since).await,
    };
    let Some(session) = session else {
        let trouble = RequestTrouble::Unreadable("the credential cannot be put into HTTP".into());
        eye.saw(failed(Link::SignIn, &Request::Version, trouble), since);
        return;
    };
    if !sign_in(host, &session, survey.options, eye, since).await {
        return;
    }
    Inside::of(survey, host, Asker::Api { host, session: &session }, me, eye).look().await;
}

/// Looks around in root's shell. Nothing is sent over the API; that it was reached is what its links say.
async fn in_shell(survey: &Survey<'_>, host: &Trusted, id: ShellId, eye: &Eye<'_>, since: Instant) {
    let failed = |trouble| eye.saw(failed(Link::SignIn, &Request::Version, trouble), since);
    let Some(shell) = survey.options.shells.get(id) else { return failed(RequestTrouble::NotConnected) };
    let asker = Asker::Shell(&shell);
    match asker.data(&Request::Version, answer::release).await {
        Ok(release) => eye.saw(Seen::SignedIn { release, clock_off: None }, since),
        Err(trouble) => return failed(trouble),
    }
    Inside::of(survey, host, asker, UserId::root(), eye).look().await;
}

/// Turns a password into a ticket. `None` where that was not to be; what happened is noted.
async fn log_in(
    survey: &Survey<'_>,
    host: &Trusted,
    user: &UserId,
    password: &Secret,
    eye: &Eye<'_>,
    since: Instant,
) -> Option<Ticket> {
    let step = Request::Ticket { user: user.clone(), password: password.share() };
    let seen = match login::attempt(host, user, &step, &redactor_of(password), survey.options).await {
        LoginAnswer::SignedIn(ticket) => return Some(ticket),
        LoginAnswer::Refused { status, phrase, clock_off } => Seen::SignInRefused { status, phrase, clock_off },
        LoginAnswer::NeedsCode { factors, .. } => {
            Seen::SignInRefused { status: 200, phrase: format!("NeedTFA: {}", kinds(factors)), clock_off: None }
        }
        LoginAnswer::Failed(trouble) => failed(Link::SignIn, &step, trouble),
    };
    eye.saw(seen, since);
    None
}

/// The second factors by Proxmox's names for them, `totp, recovery`.
fn kinds(factors: Factors) -> String {
    let all = [
        ("totp", factors.totp),
        ("recovery", factors.recovery > 0),
        ("webauthn", factors.webauthn),
        ("yubico", factors.yubico),
    ];
    all.into_iter().filter(|(_, there)| *there).map(|(name, _)| name).collect::<Vec<_>>().join(", ")
}

/// The one request that may be refused. Whether it was not.
async fn sign_in(host: &Trusted, session: &Session, options: &Options, eye: &Eye<'_>, since: Instant) -> bool {
    let reply = match host.ask(&Request::Version, session).await {
        Ok(reply) => reply,
        Err(trouble) => {
            eye.saw(failed(Link::SignIn, &Request::Version, trouble), since);
            return false;
        }
    };
    if reply.status != 200 {
        eye.saw(refused(&reply, session.words(&reply), options), since);
        return false;
    }
    match answer::release(&reply.body) {
        Ok(release) => {
            eye.saw(Seen::SignedIn { release, clock_off: reply.clock_off(options) }, since);
            true
        }
        Err(unreadable) => {
            let trouble = RequestTrouble::Unreadable(unreadable.to_string());
            eye.saw(failed(Link::SignIn, &Request::Version, trouble), since);
            false
        }
    }
}

fn refused(reply: &Reply, phrase: String, options: &Options) -> Seen {
    Seen::SignInRefused { status: reply.status, phrase, clock_off: reply.clock_off(options) }
}

fn failed(link: Link, request: &Request, trouble: RequestTrouble) -> Seen {
    Seen::Failed { link, request: request.to_string(), trouble }
}

/// A host that was signed in to.
struct Inside<'a, 'b> {
    survey: &'a Survey<'a>,
    host: &'a Trusted,
    asker: Asker<'a>,
    /// Who asks.
    me: UserId,
    eye: &'a Eye<'b>,
    /// Whether the asker is told all entries of the ACL, when the tree of permissions has told it or was not told.
    whole_acl: SetOnce<bool>,
}

impl<'a, 'b> Inside<'a, 'b> {
    fn of(survey: &'a Survey<'a>, host: &'a Trusted, asker: Asker<'a>, me: UserId, eye: &'a Eye<'b>) -> Self {
        Inside { survey, host, asker, me, eye, whole_acl: SetOnce::new() }
    }

    /// Asks everything that the inquiry wants, side by side.
    async fn look(&self) {
        let inquiry = self.survey.inquiry;
        let of_rights = async {
            // Where the roles are wanted anyway, the one that holds every privilege is among them.
            if inquiry.estate { self.estate().await } else { self.privileges().await }
        };
        let guests = async {
            if inquiry.lists || inquiry.guests {
                self.guests().await;
            }
        };
        // The first to ask are the first to get a place, and of what nodes are asked something may hang.
        tokio::join!(self.rights(), of_rights, guests, self.nodes());
    }

    /// Asks and reads; a failure is noted under `link`.
    async fn ask<T>(
        &self,
        link: Link,
        request: &Request,
        read: impl FnOnce(&[u8]) -> Result<T, answer::Unreadable>,
    ) -> Option<T> {
        let since = Instant::now();
        match self.asker.data(request, read).await {
            Ok(data) => Some(data),
            Err(trouble) => {
                self.eye.saw(failed(link, request, trouble), since);
                None
            }
        }
    }

    /// The whole tree of permissions, and each asked path exactly: the tree leaves out paths without an entry of their own, and
    /// those where an entry shuts everything out; and a path may inherit from a pool besides.
    async fn rights(&self) {
        let since = Instant::now();
        self.eye.saw(Seen::Started(Link::Rights), since);
        let tree = async {
            let told = self.ask(Link::Rights, &Request::Permissions, answer::permissions).await;
            let _ = self.whole_acl.set(told.as_ref().is_some_and(estate::shows_whole_acl));
            told
        };
        let (told, single) = self.survey.paths();
        if self.asker.is_root() {
            // Whose rights are the same at every path (pve-access-control `RPCEnvironment.pm`), and each question takes a second.
            let Some(mut tree) = tree.await else { return };
            let everywhere = tree.get("/").cloned().unwrap_or_default();
            for path in told.into_iter().chain(single) {
                tree.entry(path.to_owned()).or_insert_with(|| everywhere.clone());
            }
            return self.eye.saw(Seen::Rights(Rights::new(tree)), since);
        }
        let exact = join_all(single.into_iter().map(|path| async move {
            let request = Request::PermissionsAt(path.to_owned());
            let mut found = self.ask(Link::Rights, &request, answer::permissions).await?;
            Some((path.to_owned(), found.remove(path).unwrap_or_default()))
        }));
        let (tree, exact) = tokio::join!(tree, exact);
        let exact: Option<BTreeMap<_, _>> = exact.into_iter().collect();
        if let (Some(mut tree), Some(exact)) = (tree, exact) {
            tree.extend(exact);
            for path in told {
                tree.entry(path.to_owned()).or_default();
            }
            self.eye.saw(Seen::Rights(Rights::new(tree)), since);
        }
    }

    async fn privileges(&self) {
        let since = Instant::now();
        if let Some(names) = self.ask(Link::Rights, &Request::KnownPrivileges, answer::privileges).await {
            self.eye.saw(Seen::KnownPrivileges(names), since);
        }
    }

    /// Users, tokens, roles and grants: all or nothing, since what is missing would be taken for absent.
    async fn estate(&self) {
        let since = Instant::now();
        let whole = async { Ok(self.asker.is_root() || *self.whole_acl.wait().await) };
        match estate::read(self.asker, &self.me, whole).await {
            Ok(estate) => {
                let all = estate.roles.iter().find(|role| role.name == estate::EVERYTHING);
                if let Some(all) = all {
                    self.eye.saw(Seen::KnownPrivileges(all.privileges.iter().cloned().collect()), since);
                }
                self.eye.saw(Seen::Estate(Box::new(estate)), since);
            }
            Err((request, trouble)) => self.eye.saw(failed(Link::Rights, &request, trouble), since),
        }
    }

    async fn guests(&self) {
        let since = Instant::now();
        if let Some(guests) = self.ask(Link::Target, &Request::Guests, answer::guests).await {
            self.eye.saw(Seen::Guests(guests), since);
        }
    }
}

//! Behind sign-in: one request that may be refused, then everything else side by side.

use std::collections::BTreeMap;
use std::time::Instant;

use futures_util::future::join_all;

use super::Survey;
use super::eye::Eye;
use crate::client::http::Reply;
use crate::client::login;
use crate::client::options::Options;
use crate::client::proxmox::request::Request;
use crate::client::proxmox::{Asker, Session, Trusted, answer, estate, redactor_of};
use crate::client::tls::{Door, OpenTrouble, ca};
use crate::domain::observation::{CaTrouble, NodeSeen, RequestTrouble};
use crate::domain::{
    Credential, Der, Factors, Link, LoginAnswer, Rights, Secret, Seen, ShellId, Ticket, Trust, UserId,
};

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
    let inside = Inside { survey, host, asker: Asker::Api { host, session: &session }, me, eye };
    inside.look().await;
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
    Inside { survey, host, asker, me: UserId::root(), eye }.look().await;
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
}

impl Inside<'_, '_> {
    /// Asks everything that the inquiry wants, side by side.
    async fn look(&self) {
        tokio::join!(self.rights(), self.privileges(), self.estate(), self.nodes(), self.guests());
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

    /// The whole tree of permissions, and each asked path exactly: the tree lists only paths that carry an entry, and a path
    /// may inherit from a pool besides.
    async fn rights(&self) {
        let since = Instant::now();
        self.eye.saw(Seen::Started(Link::Rights), since);
        let mut paths = self.survey.inquiry.paths.clone();
        paths.sort();
        paths.dedup();
        let tree = self.ask(Link::Rights, &Request::Permissions, answer::permissions);
        if self.asker.is_root() {
            // Whose rights are the same at every path (pve-access-control `RPCEnvironment.pm`), and each question takes a second.
            let Some(mut tree) = tree.await else { return };
            let everywhere = tree.get("/").cloned().unwrap_or_default();
            for path in paths {
                tree.entry(path).or_insert_with(|| everywhere.clone());
            }
            return self.eye.saw(Seen::Rights(Rights::new(tree)), since);
        }
        let exact = join_all(paths.into_iter().map(|path| async move {
            let request = Request::PermissionsAt(path.clone());
            let mut found = self.ask(Link::Rights, &request, answer::permissions).await?;
            Some((path.clone(), found.remove(&path).unwrap_or_default()))
        }));
        let (tree, exact) = tokio::join!(tree, exact);
        let exact: Option<BTreeMap<_, _>> = exact.into_iter().collect();
        if let (Some(mut tree), Some(exact)) = (tree, exact) {
            tree.extend(exact);
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
        if !self.survey.inquiry.estate {
            return;
        }
        let since = Instant::now();
        match estate::read(self.asker, &self.me).await {
            Ok(estate) => self.eye.saw(Seen::Estate(Box::new(estate)), since),
            Err((request, trouble)) => self.eye.saw(failed(Link::Rights, &request, trouble), since),
        }
    }

    async fn guests(&self) {
        let since = Instant::now();
        if let Some(guests) = self.ask(Link::Target, &Request::Guests, answer::guests).await {
            self.eye.saw(Seen::Guests(guests), since);
        }
    }

    /// The nodes, and where lists are wanted, what each that is online has.
    async fn nodes(&self) {
        let since = Instant::now();
        self.eye.saw(Seen::Started(Link::Target), since);
        let inquiry = self.survey.inquiry;
        let ahead =
            join_all(inquiry.storages_of.iter().filter(|_| !inquiry.lists).map(|node| self.storages_ahead(node)));
        let (nodes, ahead) = tokio::join!(self.ask(Link::Target, &Request::Nodes, answer::nodes), ahead);
        let Some(nodes) = nodes else { return };
        self.eye.saw(Seen::Nodes(nodes.clone()), since);
        // Of a node that is not there or off nothing can be told, which the list of nodes says already.
        let there = |name: &str| nodes.iter().any(|node| node.online && node.name == name);
        ahead.into_iter().filter(|(node, _)| there(node)).for_each(|(_, seen)| self.eye.saw(seen, since));
        if inquiry.lists {
            let online = nodes.iter().filter(|node| node.online);
            let each = join_all(online.map(|node| async { tokio::join!(self.storages(node), self.bridges(node)) }));
            tokio::join!(each, self.cluster_ca(&nodes));
        }
    }

    /// The storages of a node of which it is not known yet whether it is there.
    async fn storages_ahead<'n>(&self, node: &'n str) -> (&'n str, Seen) {
        let request = Request::Storages { node: node.to_owned() };
        let seen = match self.asker.data(&request, |body| answer::storages(body, node)).await {
            Ok(storages) => Seen::Storages(storages),
            Err(trouble) => failed(Link::Target, &request, trouble),
        };
        (node, seen)
    }

    async fn storages(&self, node: &NodeSeen) {
        let since = Instant::now();
        let request = Request::Storages { node: node.name.clone() };
        if let Some(storages) = self.ask(Link::Target, &request, |body| answer::storages(body, &node.name)).await {
            self.eye.saw(Seen::Storages(storages), since);
        }
    }

    async fn bridges(&self, node: &NodeSeen) {
        let since = Instant::now();
        let request = Request::Bridges { node: node.name.clone() };
        if let Some(bridges) = self.ask(Link::Target, &request, answer::bridges).await {
            self.eye.saw(Seen::Bridges { node: node.name.clone(), bridges }, since);
        }
    }

    /// The cluster's CA, asked of the node that answers here, else of any that is online.
    async fn cluster_ca(&self, nodes: &[NodeSeen]) {
        let since = Instant::now();
        let leaf = self.host.door().seen().first().map(|leaf| crate::domain::Fingerprint::of(leaf));
        let this = nodes.iter().find(|node| node.online && node.fingerprint.is_some() && node.fingerprint == leaf);
        let Some(node) = this.or_else(|| nodes.iter().find(|node| node.online)) else { return };
        let request = Request::Certificates { node: node.name.clone() };
        let listed = self.asker.data(&request, answer::cluster_ca).await;
        let outcome = match listed {
            Err(trouble) => Err(CaTrouble::NotAsked(trouble)),
            Ok(None) => Err(CaTrouble::NotListed),
            Ok(Some(pem)) => self.take_ca(&pem).await,
        };
        self.eye.saw(Seen::ClusterCa(outcome), since);
    }

    /// Examines a CA, and at last connects with it as the only root under the very name that was typed.
    async fn take_ca(&self, pem: &str) -> Result<crate::domain::observation::ClusterCa, CaTrouble> {
        let (door, options) = (self.host.door(), self.survey.options);
        let endpoint = self.host.endpoint();
        let found = ca::examine(pem, door.seen(), &endpoint.host, options.now, &self.survey.system)?;
        let trust = Trust::Ca(Der(found.certificate.der.0.clone()));
        let fresh = Door::trusted(&trust, endpoint, door.address(), options, &self.survey.system).map_err(ca::of)?;
        match fresh.open().await {
            Ok(_) => Ok(found),
            Err(OpenTrouble::Tls(trouble)) => Err(ca::of(trouble)),
            Err(OpenTrouble::Connect(_)) => Err(CaTrouble::NotAsked(RequestTrouble::NotConnected)),
        }
    }
}

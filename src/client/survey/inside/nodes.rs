//! The nodes of a host, and what is asked of each: storages, bridges, the cluster's CA.

use std::pin::pin;
use std::time::Instant;

use futures_util::future::{Either, join_all, select};
use tokio::sync::SetOnce;

use super::{Inside, failed};
use crate::client::proxmox::answer;
use crate::client::proxmox::request::Request;
use crate::client::tls::{Door, OpenTrouble, ca};
use crate::domain::observation::{CaTrouble, ClusterCa, NodeSeen, RequestTrouble};
use crate::domain::{Der, Link, Seen, Trust};

/// The nodes that there are, when the host has told them or has not.
type Told = SetOnce<Option<Vec<NodeSeen>>>;

/// What a node answers that was asked before it was known whether it is there. Of one that is not there or off nothing can be
/// told, which the list of nodes says already; nor is it waited for, since the host itself waits long for one that is off.
async fn while_there<T>(told: &Told, node: &str, answer: impl Future<Output = T>) -> Option<T> {
    let there = |nodes: &[NodeSeen]| nodes.iter().any(|one| one.online && one.name == node);
    let known = async { told.wait().await.as_deref().is_some_and(there) };
    match select(pin!(answer), pin!(known)).await {
        Either::Left((answer, known)) => known.await.then_some(answer),
        Either::Right((true, answer)) => Some(answer.await),
        Either::Right((false, _)) => None,
    }
}

impl Inside<'_, '_> {
    /// The nodes, and where lists are wanted, what each that is online has.
    pub(super) async fn nodes(&self) {
        let since = Instant::now();
        self.eye.saw(Seen::Started(Link::Target), since);
        let inquiry = self.survey.inquiry;
        let told = SetOnce::new();
        let listed = async {
            let nodes = self.ask(Link::Target, &Request::Nodes, answer::nodes).await;
            if let Some(nodes) = &nodes {
                self.eye.saw(Seen::Nodes(nodes.clone()), since);
            }
            let _ = told.set(nodes.clone());
            nodes
        };
        let ahead = async {
            if !inquiry.lists {
                tokio::join!(self.storages_ahead(&told), self.certificates_ahead(&told));
            }
        };
        let (nodes, ()) = tokio::join!(listed, ahead);
        let Some(nodes) = nodes else { return };
        if inquiry.lists {
            let online = nodes.iter().filter(|node| node.online);
            let each = join_all(online.map(|node| async { tokio::join!(self.storages(node), self.bridges(node)) }));
            // The CA first: what tells storages waits for each of them, and may hang with one.
            tokio::join!(self.cluster_ca(&nodes), each);
        }
    }

    /// The storages of nodes of which it is not known yet whether they are there.
    async fn storages_ahead(&self, told: &Told) {
        let since = Instant::now();
        let asked = self.survey.inquiry.storages_of.iter().map(|node| async move {
            let request = Request::Storages { node: node.clone() };
            let answer = self.asker.data(&request, |body| answer::storages(body, node));
            match while_there(told, node, answer).await? {
                Ok(storages) => self.eye.saw(Seen::Storages(storages), since),
                Err(trouble) => self.eye.saw(failed(Link::Target, &request, trouble), since),
            }
            Some(())
        });
        join_all(asked).await;
    }

    /// The certificates of such nodes. The first that tells the cluster's CA tells it for all; from each it is seen whether the
    /// node that answers gets through to it.
    async fn certificates_ahead(&self, told: &Told) {
        let since = Instant::now();
        let asked = self.survey.inquiry.certificates_of.iter().map(|node| async move {
            let request = Request::Certificates { node: node.clone() };
            match while_there(told, node, self.asker.data(&request, answer::cluster_ca)).await? {
                Ok(pem) => pem,
                Err(trouble) => {
                    self.eye.saw(failed(Link::Target, &request, trouble), since);
                    None
                }
            }
        });
        let Some(pem) = join_all(asked).await.into_iter().flatten().next() else { return };
        // Whether it may be written is asked of a connection of its own, where it is to be written.
        let outcome = self.examine_ca(&pem);
        if matches!(outcome, Ok(_) | Err(CaTrouble::Expired)) {
            self.eye.saw(Seen::ClusterCa(outcome), since);
        }
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

    /// Everything about a CA that needs no further connection.
    fn examine_ca(&self, pem: &str) -> Result<ClusterCa, CaTrouble> {
        let (host, now) = (&self.host.endpoint().host, self.survey.options.now);
        ca::examine(pem, self.host.door().seen(), host, now, &self.survey.system)
    }

    /// Examines a CA, and at last connects with it as the only root under the very name that was typed.
    async fn take_ca(&self, pem: &str) -> Result<ClusterCa, CaTrouble> {
        let (door, options) = (self.host.door(), self.survey.options);
        let endpoint = self.host.endpoint();
        let found = self.examine_ca(pem)?;
        let trust = Trust::Ca(Der(found.certificate.der.0.clone()));
        let fresh = Door::trusted(&trust, endpoint, door.address(), options, &self.survey.system).map_err(ca::of)?;
        match fresh.open().await {
            Ok(_) => Ok(ClusterCa { proved: true, ..found }),
            Err(OpenTrouble::Tls(trouble)) => Err(ca::of(trouble)),
            Err(OpenTrouble::Connect(_)) => Err(CaTrouble::NotAsked(RequestTrouble::NotConnected)),
        }
    }
}

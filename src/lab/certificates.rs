//! Which certificate is served to whom, and which the API tells of.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::LabConfig;
use super::ca::{Authority, Leaf, fingerprint};
use super::proxmox::cluster::Cluster;
use super::release::LabRelease;
use super::scenario::Scenario;

/// A certificate to serve from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewCertificate {
    /// The same CA issued a new one.
    Renewed,
    /// Another cluster's, with its CA: a host that was set up anew.
    NewCluster,
    /// One by another CA that has the same names, while the API tells of the first.
    SameNames,
    /// The cluster has a new CA of the same name with another key (`pvecm updatecerts --force` after the old one was removed).
    RenewedCa,
    /// One that ended a month ago.
    Expired,
    /// One that does not name 127.0.0.1 or localhost.
    OtherName,
    /// One of a public kind, for a name.
    Public,
    /// The one that is served now, with a key that is not its own: a handshake that no client may finish.
    WrongKey,
}

/// What is served: to the first connection, and to those after it.
pub struct Served {
    pub authority: Authority,
    pub leaf: Leaf,
    /// The CA that signed the leaf, where the cluster's did not.
    pub signer: Option<Authority>,
    first: Arc<ServerConfig>,
    later: Option<Later>,
}

/// What connections after the first are shown, where that is something else.
struct Later {
    authority: Authority,
    leaf: Leaf,
    config: Arc<ServerConfig>,
}

impl Later {
    fn of(scenario: Scenario, release: LabRelease, before: &Authority, cluster: &Cluster) -> io::Result<Option<Later>> {
        let (node, address) = (cluster.here().to_string(), address_of(cluster));
        let (authority, leaf) = match scenario {
            Scenario::ChangedCertificate => {
                let authority = Authority::of_cluster(release)?;
                let leaf = authority.node(&node, address)?;
                (authority, leaf)
            }
            Scenario::RenewedCertificate => (before.share(), before.node(&node, address)?),
            Scenario::RenewedCa => {
                let authority = Authority::named(release, before.unit())?;
                let leaf = authority.node(&node, address)?;
                (authority, leaf)
            }
            _ => return Ok(None),
        };
        let config = tls_config(&leaf)?;
        Ok(Some(Later { authority, leaf, config }))
    }
}

impl Served {
    /// The certificates that a scenario begins with.
    pub fn first(config: &LabConfig, cluster: &mut Cluster) -> io::Result<Served> {
        let (node, address) = (cluster.here().to_string(), address_of(cluster));
        let authority = match config.scenario {
            Scenario::CaEndsSoon => Authority::ending(config.release, 100)?,
            _ => Authority::of_cluster(config.release)?,
        };
        let own = authority.node(&node, address)?;
        let (mut replaced, mut signer) = (None, None);
        let leaf = match config.scenario {
            Scenario::ExpiredCertificate => authority.expired_node(&node, address)?,
            Scenario::CertificateEndsSoon => authority.ending_node(&node, address, 10)?,
            Scenario::NameMismatch => authority.node_for(&format!("{node}.lan"), &[&node, &format!("{node}.lan")])?,
            Scenario::HostileStrings => authority.node_called(super::proxmox::seed::HOSTILE[0], &node, address)?,
            Scenario::AcmeCertificate => {
                replaced = Some(own);
                signer.insert(Authority::public()?).site("pve.example.org")?
            }
            Scenario::ForeignCa => {
                replaced = Some(own);
                signer.insert(Authority::of_cluster(config.release)?).node(&node, address)?
            }
            Scenario::SameNames => {
                replaced = Some(own);
                signer.insert(Authority::named(config.release, authority.unit())?).node(&node, address)?
            }
            _ => own,
        };
        // A stranger with copied names tells of the copied certificates only.
        let tells_new = matches!(config.scenario, Scenario::AcmeCertificate);
        tell(cluster, &authority, &leaf, replaced.as_ref());
        if !tells_new {
            cluster.certificates.retain(|(file, _)| file != "pveproxy-ssl.pem");
        }
        let first = tls_config(&leaf)?;
        let later = Later::of(config.scenario, config.release, &authority, cluster)?;
        if let Some(later) = &later {
            // Nobody gets to the API with a first look alone.
            tell(cluster, &later.authority, &later.leaf, None);
        }
        Ok(Served { authority, leaf, signer, first, later })
    }

    /// A node's own certificate by a CA that is there.
    pub fn by(authority: Authority, cluster: &mut Cluster) -> io::Result<Served> {
        let leaf = authority.node(cluster.here(), address_of(cluster))?;
        tell(cluster, &authority, &leaf, None);
        let first = tls_config(&leaf)?;
        Ok(Served { authority, leaf, signer: None, first, later: None })
    }

    /// What a connection is shown, counted from 0.
    pub fn for_connection(&self, number: usize) -> Arc<ServerConfig> {
        match &self.later {
            Some(later) if number > 0 => later.config.clone(),
            _ => self.first.clone(),
        }
    }

    /// What was for later connections is for all of them from now on.
    pub fn go_on(&mut self) {
        if let Some(Later { authority, leaf, config }) = self.later.take() {
            (self.authority, self.leaf, self.first) = (authority, leaf, config);
            self.signer = None;
        }
    }

    /// Serves another certificate, and lets the API tell of it.
    pub fn swap(&mut self, new: NewCertificate, release: LabRelease, cluster: &mut Cluster) -> io::Result<()> {
        let (node, address) = (cluster.here().to_string(), address_of(cluster));
        let cas = &self.authority;
        let mut signer = None;
        let (new_ca, leaf) = match new {
            NewCertificate::Renewed => (None, cas.node(&node, address)?),
            NewCertificate::Expired => (None, cas.expired_node(&node, address)?),
            NewCertificate::OtherName => (None, cas.node_for(&format!("{node}.lan"), &[&node, "192.0.2.99"])?),
            NewCertificate::WrongKey => (None, self.leaf.with_key_of(&cas.node(&node, address)?)),
            NewCertificate::Public => (None, signer.insert(Authority::public()?).site("pve.example.org")?),
            NewCertificate::SameNames => {
                (None, signer.insert(Authority::named(release, cas.unit())?).node(&node, address)?)
            }
            NewCertificate::NewCluster | NewCertificate::RenewedCa => {
                let authority = match new {
                    NewCertificate::RenewedCa => Authority::named(release, cas.unit())?,
                    _ => Authority::of_cluster(release)?,
                };
                let leaf = authority.node(&node, address)?;
                (Some(authority), leaf)
            }
        };
        let config = tls_config(&leaf)?;
        if let Some(authority) = new_ca {
            self.authority = authority;
        }
        tell(cluster, &self.authority, &leaf, None);
        self.leaf = leaf;
        self.signer = signer;
        self.first = config;
        self.later = None;
        Ok(())
    }
}

/// Gives out one certificate with one key, whether or not they fit together.
#[derive(Debug)]
struct Always(Arc<CertifiedKey>);

impl ResolvesServerCert for Always {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}

/// TLS 1.2 and 1.3, no ALPN and no resumption, as pveproxy.
fn tls_config(leaf: &Leaf) -> io::Result<Arc<ServerConfig>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let (chain, key) = leaf.for_tls();
    let key = provider.key_provider.load_private_key(key).map_err(io::Error::other)?;
    let resolver = Always(Arc::new(CertifiedKey::new(chain, key)));
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(io::Error::other)?;
    let mut config = builder.with_no_client_auth().with_cert_resolver(Arc::new(resolver));
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config))
}

fn address_of(cluster: &Cluster) -> IpAddr {
    cluster.nodes.first().map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |node| node.address)
}

/// What the API tells of certificates: the cluster's CA, the node's own, and one that replaces it.
fn tell(cluster: &mut Cluster, authority: &Authority, leaf: &Leaf, replaced: Option<&Leaf>) {
    let mut told = vec![("pve-root-ca.pem".to_string(), authority.issued.clone())];
    told.push(("pve-ssl.pem".to_string(), replaced.unwrap_or(leaf).issued.clone()));
    if replaced.is_some() {
        told.push(("pveproxy-ssl.pem".to_string(), leaf.issued.clone()));
    }
    cluster.certificates = told;
    for (index, node) in cluster.nodes.iter_mut().enumerate() {
        // Other nodes have certificates of their own, which nobody serves here.
        node.fingerprint = match index {
            0 => leaf.issued.fingerprint(),
            _ => fingerprint(format!("{}{}", node.name, leaf.issued.fingerprint()).as_bytes()),
        };
    }
}

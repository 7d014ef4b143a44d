//! What was seen, each with the inputs that it was seen with. Evidence of other inputs counts as none.

use std::path::PathBuf;

use crate::domain::{
    Around, Certificate, Credential, Endpoint, FileSeen, Inquiry, Observation, Rights, Seen, Trouble, Trust,
};
use crate::wizard::message::{ProbeId, ReadId};

/// Everything that was seen in this conversation.
#[derive(Debug, Default)]
pub struct Evidence {
    /// The folder that the conversation began in.
    pub start: Option<Around>,
    /// The target's file, as it was last looked at.
    pub file: Option<FileEvidence>,
    /// A file with a CA, where one was named.
    pub ca_file: Option<FileEvidence>,
    /// The host, looked at without a login.
    pub look: Option<Survey>,
    /// The host with a login.
    pub survey: Option<Survey>,
}

/// A look at a file and what lies around it.
#[derive(Debug)]
pub struct FileEvidence {
    pub id: ReadId,
    pub asked: PathBuf,
    /// None while the answer is awaited.
    pub answer: Option<Result<(FileSeen, Around), Trouble>>,
}

/// One journey along the road.
#[derive(Debug)]
pub struct Survey {
    pub id: ProbeId,
    pub inputs: Inputs,
    pub seen: Vec<Observation>,
    pub ended: bool,
}

/// What a survey was made with.
#[derive(Debug)]
pub struct Inputs {
    pub endpoints: Vec<Endpoint>,
    pub trust: Option<Trust>,
    pub credential: Option<Credential>,
    pub paths: Vec<String>,
}

impl Inputs {
    pub fn of(inquiry: &Inquiry) -> Self {
        Inputs {
            endpoints: inquiry.endpoints.clone(),
            trust: inquiry.trust.clone(),
            credential: inquiry.credential.as_ref().map(Credential::share),
            paths: inquiry.paths.clone(),
        }
    }
}

impl Survey {
    pub fn new(id: ProbeId, inquiry: &Inquiry) -> Self {
        Survey { id, inputs: Inputs::of(inquiry), seen: Vec::new(), ended: false }
    }

    /// The endpoint that answered and the address it has.
    pub fn connected(&self) -> Option<(&Endpoint, std::net::IpAddr)> {
        self.seen.iter().find_map(|o| match &o.seen {
            Seen::Connected(endpoint, address) => Some((endpoint, *address)),
            _ => None,
        })
    }

    /// The certificate that the host showed, and whether the system's CAs signed it for this name.
    pub fn certificate(&self) -> Option<(&Certificate, bool)> {
        self.seen.iter().find_map(|o| match &o.seen {
            Seen::Certificate { leaf, system, .. } => Some((leaf.as_ref(), *system)),
            _ => None,
        })
    }

    /// Whether the certificate held against the trust that was asked for.
    pub fn held(&self) -> bool {
        self.seen.iter().any(|o| matches!(o.seen, Seen::Certificate { verdict: Some(Ok(())), .. }))
    }

    pub fn is_proxmox(&self) -> bool {
        self.seen.iter().any(|o| matches!(o.seen, Seen::IsProxmox { .. }))
    }

    pub fn signed_in(&self) -> bool {
        self.seen.iter().any(|o| matches!(o.seen, Seen::SignedIn { .. }))
    }

    pub fn rights(&self) -> Option<&Rights> {
        self.seen.iter().find_map(|o| match &o.seen {
            Seen::Rights(rights) => Some(rights),
            _ => None,
        })
    }
}

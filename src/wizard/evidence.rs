//! What was seen, each with the inputs that it was seen with. Evidence of other inputs counts as none.

use std::path::PathBuf;

use crate::diagnosis::leaning::Leaning;
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
    /// The file that is repaired, as it was before anything was done.
    pub checkup: Option<Checkup>,
    /// The same file after the repair.
    pub after: Option<Checkup>,
    /// A config that the folder of the start has, as its text is.
    pub nearby: Option<FileEvidence>,
}

impl Evidence {
    /// A file that is looked at for something else than to be written.
    pub fn file_mut(&mut self, id: ReadId) -> Option<&mut FileEvidence> {
        let checkups = self.checkup.iter_mut().chain(&mut self.after);
        let looks = checkups.flat_map(|checkup| std::iter::once(&mut checkup.file).chain(&mut checkup.cas));
        self.ca_file.iter_mut().chain(&mut self.nearby).chain(looks).find(|file| file.id == id)
    }

    pub fn survey_mut(&mut self, id: ProbeId) -> Option<&mut Survey> {
        let checkups = self.checkup.iter_mut().chain(&mut self.after);
        let hosts = checkups.flat_map(|checkup| &mut checkup.hosts).map(|host| &mut host.survey);
        self.look.iter_mut().chain(&mut self.survey).chain(hosts).find(|survey| survey.id == id)
    }
}

/// A config file that is checked: its text, the CAs that it names, and each of its hosts.
#[derive(Debug)]
pub struct Checkup {
    pub file: FileEvidence,
    pub cas: Vec<FileEvidence>,
    /// The hosts were asked, or none can be.
    pub asked: bool,
    pub hosts: Vec<HostAsked>,
}

/// A host of a config file, asked as its tool would ask it.
#[derive(Debug)]
pub struct HostAsked {
    /// Those of the file that this one survey stands for: one secret is sent to one host once.
    pub instances: Vec<u8>,
    pub trust: Option<(Trust, Leaning)>,
    pub survey: Survey,
}

impl Checkup {
    /// Something of it is awaited.
    pub fn is_awaited(&self) -> bool {
        self.file.answer.is_none()
            || self.cas.iter().any(|ca| ca.answer.is_none())
            || self.hosts.iter().any(|host| !host.survey.ended)
    }

    pub fn host(&self, instance: u8) -> Option<&HostAsked> {
        self.hosts.iter().find(|host| host.instances.contains(&instance))
    }
}

/// A look at a file and what lies around it.
#[derive(Clone, Debug)]
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

//! What was seen, each with the inputs that it was seen with. Evidence of other inputs counts as none.

use std::path::PathBuf;

use crate::diagnosis::leaning::Leaning;
use crate::diagnosis::round::{self, Answered, Turn, Wish};
use crate::domain::{
    Around, Certificate, Credential, Der, Endpoint, FileSeen, Inquiry, Observation, Rights, Seen, Trouble, Trust,
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
        let looks = checkups.map(|checkup| &mut checkup.file);
        self.ca_file.iter_mut().chain(&mut self.nearby).chain(looks).find(|file| file.id == id)
    }

    /// The CA file of a checked config.
    pub fn ca_mut(&mut self, id: ReadId) -> Option<&mut CaAsked> {
        let checkups = self.checkup.iter_mut().chain(&mut self.after);
        checkups.flat_map(|checkup| &mut checkup.cas).find(|ca| ca.id == id)
    }

    /// The checkup whose secrets are searched for.
    pub fn searching(&mut self, id: ReadId) -> Option<&mut Checkup> {
        let mut checkups = self.checkup.iter_mut().chain(&mut self.after);
        checkups.find(|checkup| matches!(checkup.search, Some(Search { id: of, .. }) if of == id))
    }

    pub fn survey_mut(&mut self, id: ProbeId) -> Option<&mut Survey> {
        let checkups = self.checkup.iter_mut().chain(&mut self.after);
        let hosts = checkups.flat_map(Checkup::surveys_mut);
        self.look.iter_mut().chain(&mut self.survey).chain(hosts).find(|survey| survey.id == id)
    }
}

/// A config file that is checked: its text, the CAs that it names, what lies around it, and each of its hosts.
#[derive(Debug)]
pub struct Checkup {
    pub file: FileEvidence,
    pub cas: Vec<CaAsked>,
    /// The search for its secrets in git's history and in the files beside it, which goes on beside everything else.
    pub search: Option<Search>,
    /// The hosts were asked, or none can be.
    pub asked: bool,
    /// What there is to be asked of each host, and by which journey it is answered.
    pub wishes: Vec<(Wish, Answered)>,
    pub turns: Vec<Turn>,
    pub hosts: Vec<HostAsked>,
    /// How certificates hold against what the tool itself holds them against: of which journey, the number there, and the road.
    pub looks: Vec<(usize, usize, Survey)>,
}

/// A file with CAs that a checked config names.
#[derive(Debug)]
pub struct CaAsked {
    pub id: ReadId,
    pub asked: PathBuf,
    /// The CA; none where it holds only CAs that this system has anyway. Or why it cannot be used.
    pub answer: Option<Result<Option<Der>, String>>,
}

#[derive(Debug)]
pub struct Search {
    pub id: ReadId,
    pub ended: bool,
}

/// A host of a config file, asked as its tool would ask it.
#[derive(Debug)]
pub struct HostAsked {
    /// Those of the file that this one survey stands for: one secret is sent to one host once.
    pub instances: Vec<u8>,
    pub trust: Option<(Trust, Leaning)>,
    /// Of which journey it is a part, and by which of its trusts.
    pub turn: usize,
    pub at: usize,
    pub survey: Survey,
}

impl Checkup {
    pub fn of(file: FileEvidence) -> Self {
        Checkup {
            file,
            cas: Vec::new(),
            search: None,
            asked: false,
            wishes: Vec::new(),
            turns: Vec::new(),
            hosts: Vec::new(),
            looks: Vec::new(),
        }
    }

    /// Something of it is awaited. The search keeps nobody from asking the hosts.
    pub fn is_awaited(&self) -> bool {
        self.file.answer.is_none()
            || self.cas.iter().any(|ca| ca.answer.is_none())
            || self.surveys().any(|survey| !survey.ended)
            || (self.asked && self.search.as_ref().is_some_and(|search| !search.ended))
    }

    pub fn surveys(&self) -> impl Iterator<Item = &Survey> {
        self.hosts.iter().map(|host| &host.survey).chain(self.looks.iter().map(|(_, _, survey)| survey))
    }

    fn surveys_mut(&mut self) -> impl Iterator<Item = &mut Survey> {
        self.hosts.iter_mut().map(|host| &mut host.survey).chain(self.looks.iter_mut().map(|(_, _, survey)| survey))
    }

    pub fn host(&self, instance: u8) -> Option<&HostAsked> {
        self.hosts.iter().find(|host| host.instances.contains(&instance))
    }

    /// What is known of a host: what was seen on its own road, and behind the one sign-in that stands for all of its journey.
    pub fn seen(&self, host: &HostAsked) -> Vec<Observation> {
        let road = host.survey.seen.clone();
        let signed = self.hosts.iter().find(|one| one.turn == host.turn && round::signed_in(&one.survey.seen));
        match signed {
            Some(signed) if !round::signed_in(&road) => round::joined(road, &signed.survey.seen),
            _ => road,
        }
    }

    /// How its certificate holds against what the tool itself holds it against, where that is something else.
    pub fn own(&self, instance: u8) -> Option<(&Trust, Vec<Observation>)> {
        let (wish, answer) = self.wishes.iter().find(|(wish, _)| wish.of.1 == instance)?;
        let (own, at) = wish.own.as_ref().zip(answer.own)?;
        let (_, _, look) = self.looks.iter().find(|(turn, look, _)| (*turn, *look) == (answer.turn, at))?;
        Some((own, round::handshake(&look.seen)))
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

//! What the conversation asks the world to look at, each with a number of its own, and where the answers go.

use std::path::PathBuf;

use crate::domain::observation::Link;
use crate::domain::{Around, FileSeen, Inquiry, Observation, Seen, Trouble};
use crate::wizard::Wizard;
use crate::wizard::evidence::{FileEvidence, Survey};
use crate::wizard::message::{Effect, ProbeId, ReadId};
use crate::wizard::step::{self, PageId};

impl Wizard {
    pub(super) fn looked(&mut self, id: ReadId, answer: Result<(FileSeen, Around), Trouble>) -> Vec<Effect> {
        if let Some(file) = self.evidence.file.as_mut().filter(|file| file.id == id) {
            file.answer = Some(answer);
            if self.at == PageId::Review {
                step::review::prepare(self);
            }
            return self.arrived();
        }
        let told = self.evidence.file_mut(id).map(|file| file.answer = Some(answer));
        told.map(|()| self.arrived()).unwrap_or_default()
    }

    /// What the search brought is known of the file that it was made for, and of no other.
    pub(super) fn searched(&mut self, id: ReadId, found: Around) -> Vec<Effect> {
        let Some(checkup) = self.evidence.searching(id) else { return Vec::new() };
        checkup.search.iter_mut().for_each(|search| search.ended = true);
        if let Some(Ok((_, around))) = &mut checkup.file.answer {
            *around = found;
        }
        self.arrived()
    }

    pub(super) fn survey_mut(&mut self, id: ProbeId) -> Option<&mut Survey> {
        self.evidence.survey_mut(id)
    }

    pub(super) fn fresh(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// Asks for a look at a host without a login.
    pub(crate) fn ask_look(&mut self, inquiry: Inquiry) -> Effect {
        let id = ProbeId(self.fresh());
        self.evidence.look = Some(Survey::new(id, &inquiry));
        Effect::Survey(id, inquiry)
    }

    /// Asks for a survey with a login.
    pub(crate) fn ask_survey(&mut self, inquiry: Inquiry) -> Effect {
        let id = ProbeId(self.fresh());
        self.evidence.survey = Some(Survey::new(id, &inquiry));
        Effect::Survey(id, inquiry)
    }

    pub(crate) fn ask_file(&mut self, path: PathBuf) -> Effect {
        let id = ReadId(self.fresh());
        self.evidence.file = Some(FileEvidence { id, asked: path.clone(), answer: None });
        Effect::Look(id, path)
    }

    pub(crate) fn ask_ca_file(&mut self, path: PathBuf) -> Effect {
        let id = ReadId(self.fresh());
        self.evidence.ca_file = Some(FileEvidence { id, asked: path.clone(), answer: None });
        Effect::Look(id, path)
    }
}

/// Puts an observation in its place: what came of a link replaces that it had been started.
pub(super) fn note(survey: &mut Survey, observation: Observation) {
    if let Some(link) = link_of(&observation.seen) {
        survey.seen.retain(|o| o.seen != Seen::Started(link));
    }
    survey.seen.push(observation);
}

/// The link that an observation belongs to.
pub fn link_of(seen: &Seen) -> Option<Link> {
    Some(match seen {
        Seen::Started(link) | Seen::Failed { link, .. } => *link,
        Seen::Resolved(_) | Seen::NotResolved(_) => Link::Resolve,
        Seen::Connected(..) | Seen::NotConnected(_) => Link::Connect,
        Seen::Certificate { .. } | Seen::NoTls(_) => Link::Certificate,
        Seen::IsProxmox { .. } | Seen::NotProxmox(_) => Link::Proxmox,
        Seen::SignedIn { .. } | Seen::SignInRefused { .. } | Seen::NoSuchRealm(_) => Link::SignIn,
        Seen::Rights(_) => Link::Rights,
        Seen::KnownPrivileges(_)
        | Seen::Estate(_)
        | Seen::Nodes(_)
        | Seen::Guests(_)
        | Seen::Storages(_)
        | Seen::Bridges { .. }
        | Seen::ClusterCa(_) => return None,
    })
}

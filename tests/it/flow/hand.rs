//! A conversation by hand: messages in, effects out, with no world behind it.

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use labwizard::domain::around::Around;
use labwizard::domain::finding::Step;
use labwizard::domain::observation::{Link, Realm};
use labwizard::domain::{Certificate, Id, Inquiry, Observation, Release, Rights, Seen, Text, certificates_from_pem};
use labwizard::lab::{Lab, LabConfig, NewCertificate};
use labwizard::wizard::Wizard;
use labwizard::wizard::draft::Draft;
use labwizard::wizard::message::{Effect, Input, Msg, ProbeId, ReadId};
use labwizard::wizard::page::{Block, Field, Page, StepState};
use labwizard::wizard::step::{PageId, access, host, token, trust};

use super::setting;

pub const SECRET: &str = "0f3c6a51-9d2e-4b7a-8c14-5e6f7a8b9c0d";
pub const OTHER: &str = "1e4d7b62-8a3f-4c5b-9d26-6f7a8b9c0d1e";
pub const HERE: &str = "/nowhere/project";

/// A conversation that is fed by hand, with what it asked for last.
pub struct Hand {
    pub w: Wizard,
    pub asked: Vec<Effect>,
}

impl Hand {
    pub fn new() -> Hand {
        let (w, asked) = Wizard::new(setting(Path::new(HERE)), Draft::default());
        let mut hand = Hand { w, asked };
        hand.tell(Msg::Around(Box::new(Around { folder: HERE.into(), ..Around::default() })));
        hand
    }

    pub fn tell(&mut self, msg: Msg) {
        self.asked = self.w.update(msg);
    }

    pub fn say(&mut self, input: Input) {
        self.tell(Msg::Person(input));
    }

    pub fn typed(&mut self, field: Id, text: &str) {
        self.say(Input::Typed { field, text: Text::new(text), pasted: false });
    }

    pub fn chose(&mut self, question: Id, choice: &'static str) {
        self.say(Input::Chose { question, choice: choice.into() });
    }

    pub fn submit(&mut self) {
        self.say(Input::Submit);
    }

    /// The survey that was asked for last.
    pub fn survey(&self) -> (ProbeId, &Inquiry) {
        let survey = self.asked.iter().find_map(|effect| match effect {
            Effect::Survey(id, inquiry) => Some((*id, inquiry)),
            _ => None,
        });
        survey.unwrap_or_else(|| panic!("no survey was asked for, but {:?}", self.asked))
    }

    pub fn look(&self) -> (ReadId, PathBuf) {
        let look = self.asked.iter().find_map(|effect| match effect {
            Effect::Look(id, path) => Some((*id, path.clone())),
            _ => None,
        });
        look.unwrap_or_else(|| panic!("no file was asked for, but {:?}", self.asked))
    }

    pub fn saw(&mut self, id: ProbeId, seen: impl IntoIterator<Item = Seen>) {
        for seen in seen {
            self.tell(Msg::Saw(id, Observation { seen, took: Duration::ZERO }));
        }
    }

    pub fn page(&self) -> Page {
        self.w.page()
    }

    pub fn field(&self, id: &Id) -> Field {
        let page = self.page();
        let field = page.blocks.iter().find_map(|block| match block {
            Block::Field(field) if field.id == *id => Some(field.clone()),
            _ => None,
        });
        field.unwrap_or_else(|| panic!("{id} is not on {}", page.title))
    }

    /// Up to the page that asks for the host.
    pub fn reach_host(&mut self) {
        self.chose("target".into(), "token-only");
        self.submit();
        assert_eq!(self.w.at(), PageId::Host);
    }

    /// The host is asked for and answers as Proxmox with this certificate.
    pub fn reach_trust(&mut self, leaf: &Certificate) {
        self.reach_host();
        self.typed(host::HOST, "pve.lan");
        self.submit();
        self.proxmox_answers(leaf, None);
        assert_eq!(self.w.at(), PageId::Trust);
    }

    pub fn proxmox_answers(
        &mut self,
        leaf: &Certificate,
        verdict: Option<Result<(), labwizard::domain::observation::TlsTrouble>>,
    ) {
        let (id, inquiry) = self.survey();
        let endpoint = inquiry.endpoints[0].clone();
        self.saw(id, road(endpoint, leaf, verdict));
        self.tell(Msg::Ended(id));
    }

    pub fn reach_token(&mut self, leaf: &Certificate) {
        self.reach_trust(leaf);
        self.reach_access();
        self.chose(access::ACCESS, "paste");
        self.submit();
        assert_eq!(self.w.at(), PageId::Token);
    }

    /// From the certificate to the page that asks how the token comes here.
    pub fn reach_access(&mut self) {
        self.chose(trust::TRUST, "pin");
        self.submit();
        assert_eq!(self.w.at(), PageId::Access);
    }

    pub fn reach_verify(&mut self, leaf: &Certificate) {
        self.reach_token(leaf);
        self.typed(token::TOKEN, &format!("apex@pve!tool={SECRET}"));
        self.submit();
        self.signs_in(leaf);
        assert_eq!(self.w.at(), PageId::Verify);
    }

    pub fn signs_in(&mut self, leaf: &Certificate) {
        let (id, inquiry) = self.survey();
        let endpoint = inquiry.endpoints[0].clone();
        self.saw(id, road(endpoint, leaf, Some(Ok(()))));
        self.saw(
            id,
            [Seen::SignedIn { release: Release::new(9, 2, 11), clock_off: None }, Seen::Rights(Rights::default())],
        );
        self.tell(Msg::Ended(id));
    }

    pub fn state(&self, step: Step) -> StepState {
        self.w.road().into_iter().find(|(one, _)| *one == step).map(|(_, state)| state).unwrap()
    }
}

pub fn road(
    endpoint: labwizard::domain::Endpoint,
    leaf: &Certificate,
    verdict: Option<Result<(), labwizard::domain::observation::TlsTrouble>>,
) -> Vec<Seen> {
    let address = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 11));
    let realm = Realm { name: "pve".into(), kind: "pve".into(), comment: None, default: true, tfa: false };
    vec![
        Seen::Started(Link::Resolve),
        Seen::Resolved(vec![address]),
        Seen::Connected(endpoint, address),
        Seen::Certificate { leaf: Box::new(leaf.clone()), chain: 1, verdict, system: false },
        Seen::IsProxmox { realms: vec![realm], release_hint: Some(Release::new(9, 2, 11)), via: None },
    ]
}

/// Two certificates of two clusters.
pub fn certificates() -> [Certificate; 2] {
    let lab = Lab::start_in_thread(LabConfig::quick()).unwrap();
    let read = |pem: String| Certificate::from_der(&certificates_from_pem(&pem).unwrap()[0].0).unwrap();
    let first = read(lab.ca_pem());
    lab.swap_certificate(NewCertificate::NewCluster).unwrap();
    [first, read(lab.ca_pem())]
}

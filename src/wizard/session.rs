//! A login of this conversation: the attempt under way, the challenge that a code answers, and what it gave. In memory only.

use std::collections::BTreeMap;

use crate::domain::observation::RequestTrouble;
use crate::domain::{
    Credential, Factor, Factors, HostAt, Login, LoginAnswer, Secret, Seen, ShellAnswer, SshPlace, Ticket, UserId,
};
use crate::wizard::Wizard;
use crate::wizard::message::{AttemptId, Effect};
use crate::wizard::step::{self, PageId};

/// Who is signed in to make something, or is about to.
#[derive(Debug, Default)]
pub struct Session {
    flight: Option<Flight>,
    challenge: Option<Challenge>,
    refusal: Option<Refusal>,
    ticket: Option<Signed>,
    shell: Option<(SshPlace, ShellAnswer)>,
    /// The codes that were refused in this conversation. Proxmox counts them too, and locks.
    wrong: BTreeMap<UserId, usize>,
    /// The second factor that the login took.
    factor: Option<Factor>,
    ended: bool,
}

/// What a login gave.
#[derive(Debug)]
struct Signed {
    at: HostAt,
    /// As it was asked for. A realm that minds no case signs in under its own spelling, which the ticket has.
    asked: UserId,
    ticket: Ticket,
}

/// An attempt whose answer is awaited.
#[derive(Debug)]
struct Flight {
    id: AttemptId,
    what: Attempt,
}

#[derive(Debug)]
enum Attempt {
    Password { at: HostAt, user: UserId },
    Code { at: HostAt, user: UserId, factor: Factor },
    Shell(SshPlace),
}

/// The host took the password and asks for a second factor.
#[derive(Debug)]
pub struct Challenge {
    pub at: HostAt,
    pub user: UserId,
    pub challenge: Secret,
    pub factors: Factors,
    /// The codes that this challenge was answered with and that were refused.
    pub refused: usize,
}

/// An attempt that did not sign in.
#[derive(Debug)]
pub struct Refusal {
    pub user: UserId,
    pub why: Why,
}

#[derive(Debug)]
pub enum Why {
    Password {
        status: u16,
        phrase: String,
    },
    /// `wrong` counts the user's refused codes, this one among them.
    Code {
        factor: Factor,
        status: u16,
        phrase: String,
        clock_off: Option<i64>,
        wrong: usize,
    },
    /// The host asks for a second factor that no terminal can give.
    NoFactor(Factors),
    /// No usable answer, to a code where there is a factor.
    NoAnswer {
        factor: Option<Factor>,
        trouble: RequestTrouble,
    },
}

impl Session {
    /// An answer is awaited.
    pub fn in_flight(&self) -> bool {
        self.flight.is_some()
    }

    /// The challenge of this host, where one is to be answered.
    pub fn challenge(&self, at: &HostAt) -> Option<&Challenge> {
        self.challenge.as_ref().filter(|challenge| challenge.at == *at)
    }

    pub fn refusal(&self) -> Option<&Refusal> {
        self.refusal.as_ref()
    }

    /// What a login at this place gave.
    pub fn ticket(&self, at: &HostAt) -> Option<&Ticket> {
        self.ticket.as_ref().filter(|signed| signed.at == *at).map(|signed| &signed.ticket)
    }

    /// Whether the login at this place was one of this user, as it was typed.
    pub fn is_of(&self, at: &HostAt, user: &UserId) -> bool {
        self.ticket.as_ref().is_some_and(|signed| signed.at == *at && signed.asked == *user)
    }

    /// What came of opening root's shell at this place.
    pub fn shell(&self, place: &SshPlace) -> Option<&ShellAnswer> {
        self.shell.as_ref().filter(|(there, _)| there == place).map(|(_, answer)| answer)
    }

    /// A login gave something in this conversation.
    pub fn was_signed_in(&self) -> bool {
        self.ticket.is_some()
    }

    /// Nobody is signed in any more; what was refused stays known.
    pub fn sign_out(&mut self) {
        self.ticket = None;
        self.shell = None;
        self.challenge = None;
        self.factor = None;
    }

    /// The second factor that the login took.
    pub fn factor(&self) -> Option<Factor> {
        self.factor
    }

    /// A login of this conversation was refused later on: its two hours are over.
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// The challenge is given up: the login begins anew.
    pub fn begin_again(&mut self) {
        self.challenge = None;
        self.refusal = None;
    }

    fn wrong_code(&mut self, user: &UserId) -> usize {
        let wrong = self.wrong.entry(user.clone()).or_default();
        *wrong += 1;
        *wrong
    }

    fn answered(&mut self, what: Attempt, answer: LoginAnswer) {
        self.refusal = None;
        let (at, user, factor) = match what {
            Attempt::Password { at, user } => (at, user, None),
            Attempt::Code { at, user, factor } => (at, user, Some(factor)),
            // A shell is answered otherwise.
            Attempt::Shell(_) => return,
        };
        let why = match answer {
            LoginAnswer::SignedIn(ticket) => {
                self.ended = false;
                self.challenge = None;
                self.wrong.remove(&user);
                self.factor = factor;
                self.ticket = Some(Signed { at, asked: user, ticket });
                return;
            }
            LoginAnswer::NeedsCode { challenge, factors } if !factors.usable().is_empty() => {
                self.challenge = Some(Challenge { at, user, challenge, factors, refused: 0 });
                return;
            }
            LoginAnswer::NeedsCode { factors, .. } => Why::NoFactor(factors),
            LoginAnswer::Refused { status, phrase, clock_off } => match factor {
                None => Why::Password { status, phrase },
                Some(factor) => {
                    let wrong = self.wrong_code(&user);
                    Why::Code { factor, status, phrase, clock_off, wrong }
                }
            },
            LoginAnswer::Failed(trouble) => Why::NoAnswer { factor, trouble },
        };
        if let (Why::Code { .. }, Some(challenge)) = (&why, &mut self.challenge) {
            challenge.refused += 1;
        }
        self.refusal = Some(Refusal { user, why });
    }
}

impl Wizard {
    /// One attempt to log in, for one press of the person.
    pub(crate) fn ask_login(&mut self, login: Login) -> Effect {
        let what = match &login {
            Login::Password { at, user, .. } => {
                self.session.begin_again();
                Attempt::Password { at: at.clone(), user: user.clone() }
            }
            Login::Code { at, user, factor, .. } => {
                Attempt::Code { at: at.clone(), user: user.clone(), factor: *factor }
            }
        };
        let id = self.takes_off(what);
        Effect::LogIn(id, Box::new(login))
    }

    /// Opens root's shell, once for one press of the person.
    pub fn ask_shell(&mut self, place: SshPlace) -> Effect {
        let id = self.takes_off(Attempt::Shell(place.clone()));
        self.session.shell = None;
        Effect::OpenShell(id, place)
    }

    fn takes_off(&mut self, what: Attempt) -> AttemptId {
        let id = AttemptId(self.fresh());
        self.session.refusal = None;
        self.session.ended = false;
        self.session.flight = Some(Flight { id, what });
        id
    }

    pub(super) fn logged_in(&mut self, id: AttemptId, answer: LoginAnswer) -> Vec<Effect> {
        let Some(flight) = self.session.flight.take_if(|flight| flight.id == id) else { return Vec::new() };
        self.session.answered(flight.what, answer);
        if self.session.challenge.is_none() && self.session.refusal.is_none() {
            // What they were needed for is done.
            self.draft.forget_all(step::login::is_secret);
        } else if !matches!(self.session.refusal(), Some(Refusal { why: Why::NoAnswer { .. }, .. })) {
            // Taken or refused, the password is used. Where no answer came, it may be sent again.
            self.draft.forget(&step::login::PASSWORD);
        }
        self.arrived()
    }

    pub(super) fn opened(&mut self, id: AttemptId, answer: ShellAnswer) -> Vec<Effect> {
        let Some(flight) = self.session.flight.take_if(|flight| flight.id == id) else { return Vec::new() };
        if let Attempt::Shell(place) = flight.what {
            self.session.shell = Some((place, answer));
        }
        self.arrived()
    }

    /// The attempt under way is given up; what comes of it is nobody's any more.
    pub(super) fn drop_attempt(&mut self) -> Option<Effect> {
        self.session.flight.take().map(|flight| Effect::Drop(flight.id))
    }

    /// Where the host does not take this conversation's login any more, it is begun anew. Nothing logs in by itself.
    pub(super) fn login_ended(&mut self) -> bool {
        let refused = self.evidence.survey.as_ref().is_some_and(|survey| {
            survey.ended
                && matches!(survey.inputs.credential, Some(Credential::Ticket(_)))
                && survey.seen.iter().any(|o| matches!(o.seen, Seen::SignInRefused { .. }))
        });
        if refused && self.session.ticket.take().is_some() {
            self.session.ended = true;
            self.evidence.survey = None;
        }
        refused && self.session.ended && self.at >= PageId::Login
    }
}

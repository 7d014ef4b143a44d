//! What the host decides of a file: values that only look wrong, and lines that count before others and are the cause where the
//! tool does not get in.

use super::{asked_at, codes, rewrites};
use crate::domain::finding::{Finding, Mend, Severity, Step};
use crate::domain::observation::TlsTrouble;
use crate::domain::{Observation, Seen};
use crate::target::Fact;

/// A finding that depends on what comes of asking the host.
#[derive(Clone, Debug)]
pub struct Doubt {
    /// The host that it is about, from 1.
    pub instance: u8,
    pub finding: Finding,
    until: Until,
    /// The host's name is what it is about.
    is_of_name: bool,
    /// Where the tool does not get in: what mends it then.
    otherwise: Option<Vec<Mend>>,
}

/// What shows that a value is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Until {
    /// A Proxmox host answered there.
    Answers,
    SignsIn,
}

impl Doubt {
    /// A value that may be right although it does not look so.
    pub(super) fn of_value(fact: &Fact, instance: u8, finding: &Finding) -> Option<Doubt> {
        let doubtful = finding.severity == Severity::Warning && !rewrites(finding);
        let until = until(fact).filter(|_| doubtful)?;
        let is_of_name = finding.code == codes::FILE_PLACEHOLDER;
        Some(Doubt { instance, finding: finding.clone(), until, is_of_name, otherwise: None })
    }

    /// A line that counts before another one.
    pub(super) fn of_line(fact: &Fact, instance: u8, finding: &Finding, mends: Vec<Mend>) -> Option<Doubt> {
        let (until, is_of_name) = (until(fact)?, *fact != Fact::Port);
        Some(Doubt { instance, finding: finding.clone(), until, is_of_name, otherwise: Some(mends) })
    }

    /// What is left of the finding by what was seen of its host.
    pub fn by(&self, seen: &[&Observation]) -> Option<Finding> {
        let right = seen.iter().any(|one| match one.seen {
            Seen::SignedIn { .. } => true,
            Seen::IsProxmox { .. } => self.until == Until::Answers,
            _ => false,
        });
        let failed = seen.iter().any(|one| self.is_failed_by(&one.seen));
        match &self.otherwise {
            None if right => None,
            // No Proxmox is where it leads, and it looks wrong.
            None if failed && self.until == Until::Answers => {
                Some(Finding { severity: Severity::Error, ..self.finding.clone() })
            }
            None => Some(self.finding.clone()),
            Some(mends) if failed && !right => {
                Some(Finding { severity: Severity::Error, mends: mends.clone(), ..self.finding.clone() })
            }
            Some(_) => Some(self.finding.clone()),
        }
    }

    /// Whether this is what comes of the value where it is wrong. A certificate that does not hold tells nothing of an address:
    /// somebody answered there, and nothing was sent that would tell who.
    fn is_failed_by(&self, seen: &Seen) -> bool {
        match (self.until, seen) {
            // Whether a name is known hangs on no port and no brackets.
            (Until::Answers, Seen::NotResolved(_)) => self.is_of_name,
            (Until::Answers, Seen::NotConnected(_) | Seen::NotProxmox(_)) => true,
            (Until::Answers, Seen::NoTls(trouble)) => matches!(trouble, TlsTrouble::PlainHttp | TlsTrouble::NotTls),
            (Until::SignsIn, Seen::SignInRefused { .. } | Seen::NoSuchRealm(_)) => true,
            _ => false,
        }
    }

    /// Whether it would be the cause of what fails.
    pub fn is_cause(&self) -> bool {
        self.otherwise.is_some() || self.until == Until::Answers
    }
}

fn until(fact: &Fact) -> Option<Until> {
    match asked_at(fact).0 {
        Step::Host => Some(Until::Answers),
        Step::Access => Some(Until::SignsIn),
        _ => None,
    }
}

//! The file: what in it makes trouble for its tool, though the host and the token are good.

mod clash;
mod comments;
mod doubt;
mod example;
mod host;
mod place;
mod readers;
mod stands;
mod token;
mod unfilled;
mod value;

pub use clash::{clash, reader_of};
pub use doubt::Doubt;
pub use place::{copies, missing};

pub use place::untrack;
pub use stands::port_of;

use crate::diagnosis::codes;
use crate::domain::finding::{Finding, Mend, Severity, Step};
use crate::domain::visible::whole;
use crate::domain::{Code, FileSeen, Id};
use crate::format::Document;
use crate::target::read::{Known, ReadAccess, ReadFile, held_by, known};
use crate::target::spec::Dialect;
use crate::target::traps::{Around, TrapKind, hits};
use crate::target::{Fact, Form, Spec};

/// What the tool would stumble over in this text, as warnings of the review. Placeholders that nobody filled are listed by
/// whoever shows the file, and are none of these.
pub fn traps(spec: &Spec, form: &Form, document: &Document, around: Around<'_>) -> Vec<Finding> {
    hits(spec, form, &held_by(form, document), around)
        .into_iter()
        .filter(|hit| hit.kind != TrapKind::Placeholder)
        .map(|hit| {
            let words = hit.words(spec.title.as_str());
            let finding = Finding::new(
                stands::code(&hit.kind),
                Severity::Warning,
                Step::Review,
                whole(&words.title),
                whole(&words.cause),
            );
            let finding = match hit.line {
                Some(line) => finding.seen(format!("line {line}")),
                None => finding,
            };
            finding.say(whole(&words.fix))
        })
        .collect()
}

/// A config file that was read, and what lies around it.
#[derive(Clone, Copy)]
pub(super) struct Sight<'a> {
    pub spec: &'a Spec,
    pub form: &'a Form,
    pub document: &'a Document,
    pub read: &'a ReadFile,
    pub traps: Around<'a>,
    pub seen: &'a FileSeen,
    pub around: &'a crate::domain::Around,
}

/// What came of looking at text and file.
#[derive(Default)]
pub(super) struct Judged {
    pub findings: Vec<Finding>,
    /// The keys whose value the tool does not have from this file, or cannot use: nothing signs in with them.
    pub unfit: Vec<String>,
    /// Those of the findings that depend on what the host says.
    pub doubts: Vec<Doubt>,
}

/// Everything that the text and the file alone tell.
pub(super) fn judge(sight: &Sight<'_>) -> Judged {
    let mut out = Judged::default();
    let mut told = readers::judge(sight, &mut out);
    for value in &sight.read.values {
        if told.iter().any(|of| of.is(&value.of, value.instance)) || !sight.uses(&value.fact, value.instance) {
            continue;
        }
        if let Some(mut finding) = value::judge(sight, value) {
            let lost = [codes::FILE_PLACEHOLDER, codes::TOKEN_EXAMPLE, codes::TOKEN_SHAPE].contains(&finding.code);
            if lost && finding.severity == Severity::Error && value.fact.is_secret() && !rewrites(&finding) {
                finding.mends.retain(|mend| matches!(mend, Mend::Ask(_)));
                finding.mends.extend(made_anew(sight, &value.fact, value.instance));
            }
            if finding.severity == Severity::Error && !rewrites(&finding) {
                out.unfit.push(value.key.clone());
            }
            told.push(Told { of: value.of.clone(), instance: value.instance });
            out.doubts.extend(Doubt::of_value(&value.fact, value.instance, &finding));
            out.findings.push(finding);
        }
    }
    stands::judge(sight, &told, &mut out);
    out.findings.extend(comments::judge(sight));
    out.findings.extend(place::judge(sight));
    // Of a file that is not read at all, what keeps it from being read comes first.
    let twice = |finding: &Finding| finding.code == codes::FILE_DUPLICATE;
    out.findings.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), !twice(finding)));
    out
}

/// The same for an example that was named: its placeholders are right, and a secret in it is not.
pub(super) fn judge_example(sight: &Sight<'_>) -> Vec<Finding> {
    example::judge(sight)
}

/// What brings a token's secret that is not there: for a token that is named a new one, and in any case another token.
fn made_anew(sight: &Sight<'_>, fact: &Fact, instance: u8) -> Vec<Mend> {
    if !matches!(fact, Fact::TokenSecret | Fact::Token) {
        return Vec::new();
    }
    let named = crate::target::meant::token_id(sight.read, instance).map(|_| Mend::NewSecret);
    named.into_iter().chain([Mend::NewToken]).collect()
}

/// Whether the right value is known from what stands there.
fn rewrites(finding: &Finding) -> bool {
    finding.mends.iter().any(|mend| matches!(mend, Mend::Rewrite { .. }))
}

/// A key of the target, of which host, that a finding was made for.
struct Told {
    of: String,
    instance: u8,
}

impl Told {
    fn is(&self, of: &str, instance: u8) -> bool {
        self.of == of && self.instance == instance
    }
}

impl Sight<'_> {
    fn title(&self) -> &str {
        self.spec.title.as_str()
    }

    fn known(&self, key: &str) -> Option<Known> {
        known(self.spec, self.form, key)
    }

    /// Whether the tool's declared format is HCL, where a key that stands twice is an error.
    fn is_hcl(&self) -> bool {
        self.form.dialect == Dialect::Hcl
    }

    /// Whether the tool signs in with what this fact holds. A value that it does not look at is left alone.
    fn uses(&self, fact: &Fact, instance: u8) -> bool {
        let by_password = matches!(self.read.access(self.spec, instance), ReadAccess::Password { .. });
        match fact {
            Fact::Password => by_password,
            Fact::TokenName | Fact::TokenId | Fact::TokenSecret | Fact::Token => !by_password,
            Fact::User | Fact::UserName | Fact::Realm => {
                let key = self.spec.keys.iter().find(|(_, key)| key.value.fact == *fact);
                by_password || key.is_none_or(|(_, key)| key.when.is_none())
            }
            _ => true,
        }
    }

    /// Whether something stands in the file that must stay among those it is meant for.
    fn holds_secret(&self) -> bool {
        self.read
            .values
            .iter()
            .any(|value| value.fact.is_secret() && crate::domain::placeholder(value.text.as_str()).is_none())
    }
}

/// Where a value of this kind is asked for: the step, and the question's name.
fn asked_at(fact: &Fact) -> (Step, Id) {
    match fact {
        Fact::Address | Fact::Host | Fact::Port | Fact::Url | Fact::ApiUrl => (Step::Host, Id::fixed("host")),
        Fact::Password => (Step::Access, Id::fixed("password")),
        Fact::User | Fact::UserName | Fact::Realm | Fact::TokenName | Fact::TokenId => {
            (Step::Access, Id::fixed("token"))
        }
        Fact::TokenSecret | Fact::Token => (Step::Access, Id::fixed("token")),
        Fact::Verify | Fact::Insecure | Fact::CaFile | Fact::Fingerprint => (Step::Details, Id::fixed("verify")),
        Fact::Pick(pick) => (Step::Details, Id::new(format!("pick.{pick}"))),
        Fact::Instance => (Step::Details, Id::fixed("instance")),
        Fact::Cluster | Fact::Unifi(_) => (Step::Details, Id::fixed("file")),
    }
}

/// What is to be put in where a value of this kind is missing or made up.
fn put_in(fact: &Fact, key: &str) -> String {
    match fact {
        Fact::Address | Fact::Host => "Put in the name or address of your Proxmox host, as in pve.lan.".into(),
        Fact::Url => "Put in the address of your Proxmox host, as in https://pve.lan:8006.".into(),
        Fact::ApiUrl => "Put in the address of your Proxmox host, as in https://pve.lan:8006/api2/json.".into(),
        Fact::Port => "Put in the port; Proxmox's own is 8006.".into(),
        Fact::User => "Put in the user with its realm, as in apex@pve.".into(),
        Fact::UserName | Fact::Realm => "Put in your user's name and realm, as in apex and pve.".into(),
        Fact::TokenName => "Put in the name that your token has under Datacenter → Permissions → API Tokens.".into(),
        Fact::TokenId => {
            "Put in the full id of your token, as in apex@pve!lab: it stands under Datacenter → Permissions → API Tokens."
                .into()
        }
        Fact::TokenSecret => {
            "Put in the secret that Proxmox showed when your token was made. It is shown once; if it is lost, have a new one made."
                .into()
        }
        Fact::Token => {
            "Put in id and secret of your token, as in apex@pve!lab=… The secret is shown once, when the token is made."
                .into()
        }
        Fact::Password => "Put in the password of the user.".into(),
        Fact::Pick(_) => "Put in a name that your host has; labwizard shows them in a list.".into(),
        _ => format!("Write {key}."),
    }
}

/// A finding about one value, placed where the value is asked for. Key and line are all that it tells of it.
fn about(
    code: Code,
    severity: Severity,
    fact: &Fact,
    line: usize,
    title: impl Into<String>,
    cause: impl Into<String>,
) -> Finding {
    let (step, field) = asked_at(fact);
    Finding::new(code, severity, step, title, cause).at(field).seen(format!("line {line}"))
}

/// The mend of a value that the person must say.
fn ask(fact: &Fact) -> Option<Mend> {
    match fact {
        Fact::Cluster | Fact::Unifi(_) => None,
        fact => Some(Mend::Ask(asked_at(fact).1)),
    }
}

trait Mended {
    fn mended(self, mend: Option<Mend>) -> Self;
}

impl Mended for Finding {
    fn mended(mut self, mend: Option<Mend>) -> Self {
        self.mends.extend(mend);
        self
    }
}

#[cfg(test)]
pub(crate) mod tests;

//! What came of looking at a config file and asking its hosts: everything that is wrong with it, from one place.

use std::path::PathBuf;

use crate::diagnosis::config::{Config, ConfigHost};
use crate::diagnosis::leaning::Leaning;
use crate::diagnosis::round::let_in;
use crate::diagnosis::verifying::Beyond;
use crate::diagnosis::{Reading, agreed, codes, judge, picks, system_ca, token_end};
use crate::domain::finding::{Finding, Fix, Mend, Severity};
use crate::domain::observation::{CaTrouble, Surroundings};
use crate::domain::visible::visible;
use crate::domain::{Credential, Grantee, HostRecord, Observation, RunSeen, Seen, Timestamp, Trust};
use crate::target::spec::VerifyWord;
use crate::target::{Fact, Library, needs};

/// One host of the file, as it was asked.
#[derive(Debug)]
pub struct Asked {
    pub instance: u8,
    pub trust: Option<(Trust, Leaning)>,
    /// Empty where nobody was asked.
    pub seen: Vec<Observation>,
}

/// What a check found of one file.
#[derive(Debug)]
pub struct Checked {
    pub path: PathBuf,
    /// The target's name and title; none where the file is not understood.
    pub target: Option<(String, String)>,
    /// What was proved, a sentence each.
    pub proved: Vec<String>,
    /// Whoever its tool signs in as was let in, at each of its hosts.
    pub signed_in: bool,
    /// The gravest first.
    pub findings: Vec<Finding>,
}

/// What the judge must know besides the file and what was seen.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    pub library: &'a Library,
    pub records: &'a [HostRecord],
    pub surroundings: &'a Surroundings,
    /// What runs of this machine did on hosts, the latest first.
    pub runs: &'a [RunSeen],
    pub now: Timestamp,
}

/// Everything that is wrong or worth knowing about a config: its text, its file, its hosts, and what it picked of them.
pub fn judge_config(config: &Config, asked: &[Asked], about: &Circumstances<'_>) -> Vec<Finding> {
    let of_hosts = asked.iter().flat_map(|one| {
        let host = config.hosts.iter().find(|host| host.instance == one.instance);
        host.map(|host| of_one(config, host, one, asked, about)).unwrap_or_default()
    });
    let (first, mut findings) = of_text(config, asked);
    findings.extend(of_hosts);
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    first.into_iter().chain(findings).collect()
}

/// What the text tells, by what was seen of the hosts; first the lines that are the cause of what fails there.
fn of_text(config: &Config, asked: &[Asked]) -> (Vec<Finding>, Vec<Finding>) {
    let (mut first, mut findings) = (Vec::new(), Vec::new());
    for finding in &config.findings {
        let Some(doubt) = config.doubts.iter().find(|doubt| doubt.finding == *finding) else {
            findings.push(finding.clone());
            continue;
        };
        let of_it = asked.iter().filter(|one| one.instance == doubt.instance);
        let seen: Vec<&Observation> = of_it.flat_map(|one| &one.seen).collect();
        match doubt.by(&seen) {
            Some(finding) if doubt.is_cause() && finding.severity == Severity::Error => first.push(finding),
            left => findings.extend(left),
        }
    }
    (first, findings)
}

/// What is wrong with one host; where it was asked twice, by what the other answer showed.
fn of_one(config: &Config, host: &ConfigHost, one: &Asked, asked: &[Asked], about: &Circumstances<'_>) -> Vec<Finding> {
    let mut found = of_host(config, host, one, about);
    let from = |asked: &Asked, from| asked.trust.as_ref().is_some_and(|(_, of)| *of == from);
    let vouched =
        |other: &Asked| other.instance == one.instance && from(other, Leaning::Remembered) && let_in(&other.seen);
    if let Some(other) = asked.iter().find(|other| from(one, Leaning::File) && vouched(other)) {
        found.iter_mut().for_each(tools_alone);
        let by_system = other.seen.iter().any(|one| matches!(one.seen, Seen::Certificate { system: true, .. }));
        let signed = other.seen.iter().any(|one| matches!(one.seen, Seen::ClusterCa(Ok(_))));
        if let (true, Some(tool)) = (signed && !by_system, takes_no_ca(config, about)) {
            found.iter_mut().for_each(|one| system_ca::stops(one, tool));
        }
        if (by_system || signed_by_none(&other.seen)) && !form_pins(config, about) {
            found.iter_mut().for_each(|one| one.mends.retain(|mend| *mend != Mend::Certificate));
        }
        if by_system {
            found
                .iter_mut()
                .filter(|one| one.code == codes::TLS_UNKNOWN_CA)
                .for_each(|one| goes_by_system(one, config));
        }
    }
    let holds = |other: &Asked| other.instance == one.instance && from(other, Leaning::File) && held(&other.seen);
    if from(one, Leaning::Remembered) && asked.iter().any(holds) {
        found.iter_mut().filter(|one| one.code == codes::TLS_CHANGED).for_each(tool_goes_on);
    }
    found
}

fn of_host(config: &Config, host: &ConfigHost, asked: &Asked, about: &Circumstances<'_>) -> Vec<Finding> {
    let typed = visible(&host.typed);
    let who = host.credential.as_ref().map(|who| visible(&who.to_string())).unwrap_or_default();
    let spec = config.spec(about.library);
    let title = spec.map(|spec| spec.title.as_str().to_owned()).unwrap_or_default();
    let trust = asked.trust.as_ref().map(|(trust, _)| trust);
    let is_here =
        |record: &&HostRecord| host.place.as_ref().is_ok_and(|place| place.endpoints.contains(&record.endpoint));
    let record = about.records.iter().filter(is_here).find(|record| Some(&record.trust) == trust);
    let remembered = record.filter(|_| asked.trust.as_ref().is_some_and(|(_, from)| *from == Leaning::Remembered));
    let needs = config.needs_seen(about.library, host, &asked.seen);
    let uses: Vec<String> = spec.map(|spec| needs::named(spec).into_iter().collect()).unwrap_or_default();
    let nodes = spec.map(|spec| picks::nodes(spec, &host.picks)).unwrap_or_default();
    let signer = match &host.credential {
        Some(Credential::Token { id, .. }) => Some(Grantee::Token(id.clone())),
        Some(Credential::Password { user, .. }) => Some(Grantee::User(user.clone())),
        _ => None,
    };
    let mut findings = judge(
        &asked.seen,
        &Reading {
            part_will_do: true,
            pins: asked.trust.as_ref().is_none_or(|(_, from)| *from != Leaning::File) || form_pins(config, about),
            host: &typed,
            who: &who,
            signer,
            password: matches!(host.credential, Some(Credential::Password { .. })),
            trust,
            remembered: remembered.map(|record| &record.leaf),
            target: &title,
            needs: &needs,
            uses: &uses,
            nodes: &nodes,
            never: &[],
            surroundings: about.surroundings,
            now: about.now,
        },
    );
    // Whoever does not verify by it does not read the CA.
    findings.retain(|one| one.code != codes::CA_NOT_STRICT || host.verifies == Some(true));
    agreed::say_where_from(&mut findings, config, host, about.library, &asked.seen);
    if host.beyond == Some(Beyond::Code) {
        findings.iter_mut().filter(|one| one.code == codes::TLS_UNVERIFIED).for_each(said_by_code);
    }
    if config.hosts.len() > 1 {
        // Else two hosts of one file that are wrong in the same way would be one.
        findings.iter_mut().for_each(|one| one.evidence.push(at_host(&host.typed)));
    }
    findings.extend(spec.map(|spec| picks::judge(spec, &host.picks, &asked.seen)).unwrap_or_default());
    if let Some(Credential::Token { id, .. }) = &host.credential {
        findings.extend(token_end::remembered(id, &asked.seen, about.runs, about.now));
    }
    findings
}

/// The cluster's CA was fetched and did not sign the certificate: nothing that labwizard could write lets a tool verify it.
fn signed_by_none(seen: &[Observation]) -> bool {
    let by_another = Seen::ClusterCa(Err(CaTrouble::DoesNotSignTheServed));
    seen.iter().any(|one| one.seen == by_another)
}

/// The CA file that the file names keeps its tool from a certificate that needs none. Where the file has several hosts, another
/// one may need it.
fn goes_by_system(finding: &mut Finding, config: &Config) {
    let [host] = config.hosts.as_slice() else { return };
    let Some(named) = config.read.get(host.instance, &Fact::CaFile) else { return };
    let (line, key) = (named.line, named.key.clone());
    let words = format!(
        "A CA that this system trusts signed it. Delete line {line}, {}: the tool then goes by the CAs that it trusts anyway.",
        visible(&key)
    );
    finding.fix.insert(0, Fix::Say(words));
    finding.mends.insert(0, Mend::Remove { key, line });
}

/// Whether the tool can be told the certificate itself.
fn form_pins(config: &Config, about: &Circumstances<'_>) -> bool {
    config.form(about.library).is_some_and(|form| form.verify.contains(&VerifyWord::Pin))
}

/// The title of a tool to which no CA can be given in its file.
fn takes_no_ca<'a>(config: &Config, about: &Circumstances<'a>) -> Option<&'a str> {
    let (spec, form) = (config.spec(about.library)?, config.form(about.library)?);
    system_ca::is_meant(spec, form).then_some(spec.title.as_str())
}

/// What a finding of one of several hosts says it is about.
pub fn at_host(typed: &str) -> String {
    format!("{HOST_IS}“{}”", visible(typed))
}

/// How that begins.
pub const HOST_IS: &str = "the host is ";

/// Where the code says not to verify, no line of the file can change it.
fn said_by_code(finding: &mut Finding) {
    finding.evidence.push("the code beside the file says not to verify".to_owned());
    finding.mends.retain(|mend| *mend != Mend::Verify);
}

/// Where labwizard signed in by what an earlier run agreed to, only the tool, which goes by its file, is stopped.
fn tools_alone(finding: &mut Finding) {
    finding.cause = finding.cause.replace(" Nothing was sent.", "");
    finding.evidence.push(
        "labwizard signed in all the same, since an earlier run agreed to this certificate; the tool goes by its file alone"
            .to_owned(),
    );
}

fn held(seen: &[Observation]) -> bool {
    seen.iter().any(|one| matches!(one.seen, Seen::Certificate { verdict: Some(Ok(())), .. }))
}

/// The certificate is another than the remembered one, and the tool takes it by its file: only labwizard stops.
fn tool_goes_on(finding: &mut Finding) {
    finding.severity = Severity::Warning;
    finding.evidence.push(
        "the new certificate holds against what the file says, so the tool goes on; only labwizard remembers the old one"
            .to_owned(),
    );
}

#[cfg(test)]
mod tests;

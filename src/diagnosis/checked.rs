//! What came of looking at a config file and asking its hosts: everything that is wrong with it, from one place.

use std::path::PathBuf;

use crate::diagnosis::config::{Config, ConfigHost};
use crate::diagnosis::leaning::Leaning;
use crate::diagnosis::round::let_in;
use crate::diagnosis::verifying::Beyond;
use crate::diagnosis::{Reading, agreed, codes, judge, picks, system_ca, token_end};
use crate::domain::finding::{Finding, Mend, Severity};
use crate::domain::observation::Surroundings;
use crate::domain::visible::visible;
use crate::domain::{Credential, Grantee, HostRecord, Observation, RunSeen, Seen, Timestamp, Trust};
use crate::target::spec::VerifyWord;
use crate::target::{Library, needs};

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
    let of_hosts: Vec<(u8, Vec<Finding>)> = asked
        .iter()
        .filter_map(|one| {
            let host = config.hosts.iter().find(|host| host.instance == one.instance)?;
            Some((one.instance, of_one(config, host, one, asked, about)))
        })
        .collect();
    let (first, mut findings) = of_text(config, asked, &of_hosts);
    findings.extend(of_hosts.into_iter().flat_map(|(_, findings)| findings));
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    first.into_iter().chain(findings).collect()
}

/// What the text tells, by what was seen of the hosts; first the lines that are the cause of what fails there.
fn of_text(config: &Config, asked: &[Asked], of_hosts: &[(u8, Vec<Finding>)]) -> (Vec<Finding>, Vec<Finding>) {
    let (mut first, mut findings) = (Vec::new(), Vec::new());
    for finding in &config.findings {
        let Some(doubt) = config.doubts.iter().find(|doubt| doubt.finding == *finding) else {
            findings.push(finding.clone());
            continue;
        };
        let seen = asked.iter().filter(|one| one.instance == doubt.instance).flat_map(|one| &one.seen);
        let mut of_it = of_hosts.iter().filter(|(instance, _)| *instance == doubt.instance).flat_map(|(_, all)| all);
        let failed = of_it.any(|finding| finding.severity == Severity::Error);
        match doubt.by(seen, failed) {
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
        // The cluster's CA was fetched and did not sign it: nothing that labwizard could write lets the tool verify it.
        let signed = other.seen.iter().any(|one| matches!(one.seen, Seen::ClusterCa(Ok(_))));
        if let (true, Some(tool)) = (signed, goes_by_system(config, about)) {
            found.iter_mut().for_each(|one| system_ca::stops(one, tool));
        }
        if !signed && !form_pins(config, about) {
            found.iter_mut().for_each(|one| one.mends.retain(|mend| *mend != Mend::Certificate));
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

/// Whether the tool can be told the certificate itself.
fn form_pins(config: &Config, about: &Circumstances<'_>) -> bool {
    config.form(about.library).is_some_and(|form| form.verify.contains(&VerifyWord::Pin))
}

/// The title of a tool to which no CA can be given in its file.
fn goes_by_system<'a>(config: &Config, about: &Circumstances<'a>) -> Option<&'a str> {
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

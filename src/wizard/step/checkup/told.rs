//! What came of a checkup: the file as it is understood, and every finding with the host that it is about.

use std::cmp::Reverse;

use crate::diagnosis::checked::{Asked, Circumstances, judge_config};
use crate::diagnosis::config::Config;
use crate::diagnosis::leaning::Leaning;
use crate::diagnosis::{codes, proved, round, untold};
use crate::domain::finding::{Finding, Mend, Severity};
use crate::domain::visible::visible;
use crate::domain::{Code, Observation, Seen, Trust, UserId};
use crate::wizard::Wizard;
use crate::wizard::evidence::Checkup;
use crate::wizard::step::{made, make, token, trust};

use super::{ask, realms, ways};

/// What was found.
#[derive(Debug)]
pub struct Told {
    /// None where the file is left alone.
    pub config: Option<Config>,
    /// The target's title.
    pub title: String,
    /// What holds, a sentence each.
    pub proved: Vec<String>,
    /// The gravest first; with the number of the host where it is about one.
    pub findings: Vec<(Option<u8>, Finding)>,
    /// Whoever its tool signs in as was let in, at each of its hosts.
    pub signed_in: bool,
    /// Whom a user without a realm of their host may mean, by the host's number.
    meant: Vec<(u8, Vec<UserId>)>,
}

/// Judges what was seen before the repair.
pub fn of(w: &Wizard, checkup: &Checkup) -> Option<Told> {
    judged(w, checkup, false)
}

/// Judges what was seen after it.
pub fn after(w: &Wizard, checkup: &Checkup) -> Option<Told> {
    judged(w, checkup, true)
}

fn judged(w: &Wizard, checkup: &Checkup, after: bool) -> Option<Told> {
    checkup.file.answer.as_ref()?;
    let config = match ask::understood(w, &checkup.file) {
        Ok(config) => config,
        Err(finding) => {
            let findings = vec![(None, *finding)];
            return Some(Told {
                config: None,
                title: String::new(),
                proved: Vec::new(),
                findings,
                signed_in: false,
                meant: Vec::new(),
            });
        }
    };
    let (records, runs) = (ask::records(w, after), made::runs(w));
    let about = Circumstances {
        library: &w.setting.library,
        records: &records,
        surroundings: &w.setting.surroundings,
        runs: &runs,
        now: w.setting.now,
    };
    let of_file = judge_config(&config, &[], &about);
    let mut findings: Vec<(Option<u8>, Finding)> = of_file.iter().map(|finding| (None, finding.clone())).collect();
    let (mut proved, mut meant, mut let_in) = (Vec::new(), Vec::new(), 0);
    let title = config.spec(&w.setting.library).map(|spec| spec.title.as_str().to_owned()).unwrap_or_default();
    for host in &config.hosts {
        findings.extend(ask::no_ca(&config, host, checkup).map(|finding| (Some(host.instance), finding)));
        let Some(asked) = checkup.host(host.instance) else { continue };
        let seen = checkup.seen(asked);
        let_in += usize::from(round::let_in(&seen));
        meant.push((host.instance, realms::meant(&config, host.instance, &seen)));
        let seen = if after { seen } else { with_estate(w, seen, &asked.survey.inputs.endpoints) };
        let own = checkup.own(host.instance).map(|(own, seen)| Asked {
            instance: host.instance,
            trust: Some((own.clone(), Leaning::File)),
            seen,
        });
        let main = Asked { instance: host.instance, trust: asked.trust.clone(), seen };
        // What the tool stops at first is told first.
        let of_host: Vec<Asked> = own.into_iter().chain([main]).collect();
        let mut of_both = judge_config(&config, &of_host, &about);
        // What the host decides of the file is told by what the host said.
        let decided: Vec<&Finding> =
            config.doubts.iter().filter(|doubt| doubt.instance == host.instance).map(|doubt| &doubt.finding).collect();
        findings.retain(|(instance, finding)| instance.is_some() || !decided.contains(&finding));
        for known in of_file.iter().filter(|known| !decided.contains(known)) {
            if let Some(at) = of_both.iter().position(|finding| finding == known) {
                of_both.remove(at);
            }
        }
        let Some(main) = of_host.last() else { continue };
        let wish = checkup.wishes.iter().map(|(wish, _)| wish).find(|wish| wish.of.1 == host.instance);
        let ca = ask::ca(&config, host, checkup);
        of_both.extend(wish.and_then(|wish| round::unsettled(host, wish, ca, false, &main.seen)));
        // What labwizard remembers mends nothing of what the tool does.
        let verified = !matches!(main.trust, None | Some((Trust::Unverified, _)));
        if after && verified && host.verifies == Some(false) {
            of_both.push(untold::unverified(&title, &host.typed));
        }
        let needs = config.needs_seen(&w.setting.library, host, &main.seen);
        proved.extend(proved::proved(host, &title, &needs, main));
        findings.extend(of_both.into_iter().map(|finding| (Some(host.instance), finding)));
    }
    let all: Vec<Finding> = findings.iter().map(|(_, finding)| finding.clone()).collect();
    findings.extend(untold::untested(&config, &all).map(|finding| (None, finding)));
    findings.sort_by_key(|(_, finding)| Reverse(finding.severity));
    let signed_in = let_in > 0 && let_in == config.hosts.len();
    Some(Told { config: Some(config), title, proved, findings, signed_in, meant })
}

/// What an administrator who signed in on the way saw of users and tokens decides between causes that the host does not tell.
fn with_estate(w: &Wizard, mut seen: Vec<Observation>, at: &[crate::domain::Endpoint]) -> Vec<Observation> {
    let here = w.evidence.survey.as_ref().filter(|survey| survey.inputs.endpoints.iter().any(|one| at.contains(one)));
    let refused = seen.iter().any(|o| matches!(o.seen, Seen::SignInRefused { .. }));
    if refused && here.is_some() && make::signer(w).is_some() {
        let estates = here.into_iter().flat_map(|survey| &survey.seen);
        seen.extend(estates.filter(|o| matches!(o.seen, Seen::Estate(_))).cloned());
    }
    seen
}

/// How many of a finding's mends are one mend only together.
fn together(config: Option<&Config>, finding: &Finding) -> usize {
    let is_line = |mend: &&Mend| matches!(mend, Mend::Remove { .. });
    // Of a token and a password one goes; of lines that stand twice or that nobody reads, all.
    let lines = finding.mends.iter().take_while(is_line).count();
    match finding.code {
        // Where each line of a key may go, one stays.
        codes::FILE_DUPLICATE if lines > 1 && config.is_some_and(|config| takes_all(config, finding)) => 1,
        codes::FILE_DUPLICATE | codes::FILE_IGNORED => lines.max(1),
        // Lines that readers take apart for one reason are one finding.
        codes::FILE_READERS | codes::FILE_SHELL => finding.mends.len(),
        _ => 1,
    }
}

/// The lines that may go are all that the key has.
fn takes_all(config: &Config, finding: &Finding) -> bool {
    let Some(Mend::Remove { key, .. }) = finding.mends.first() else { return false };
    let of_it = config.document.entries().filter(|entry| !entry.is_commented() && entry.key() == key);
    of_it.count() == finding.mends.iter().filter(|mend| matches!(mend, Mend::Remove { .. })).count()
}

/// Who signs in is to be said anew.
fn asks_for_user(mend: &Mend) -> bool {
    matches!(mend, Mend::Ask(field) if [token::USER, token::TOKEN, token::PASSWORD].contains(field))
}

impl Told {
    pub fn all(&self) -> Vec<Finding> {
        self.findings.iter().map(|(_, finding)| finding.clone()).collect()
    }

    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|(_, finding)| finding.severity).max()
    }

    /// There is something to be done about it.
    pub fn asks(&self) -> bool {
        self.config.is_some() && self.findings.iter().any(|(_, finding)| finding.severity >= Severity::Warning)
    }

    /// The mends of the first finding that has any, each with its host, and the easiest one of each other that is as grave:
    /// whoever cannot or will not mend the first gets to the others.
    pub fn offers(&self) -> Vec<(Mend, Option<u8>)> {
        let worth = self.findings.iter().filter(|(_, finding)| finding.severity >= Severity::Warning);
        let mut with = worth
            .map(|(instance, finding)| (*instance, finding, self.mends(finding, *instance)))
            .skip_while(|(_, _, mends)| mends.is_empty());
        let Some((instance, first, mends)) = with.next() else { return Vec::new() };
        let mut offers: Vec<(Mend, Option<u8>)> = mends.into_iter().map(|mend| (mend, instance)).collect();
        for (instance, other, _) in with.filter(|(_, other, _)| other.severity == first.severity) {
            let is_there = |mend: &Mend| offers.iter().any(|(known, of)| known == mend && self.of_one(*of, instance));
            if let Some(mend) = other.mends.first().filter(|mend| !is_there(mend)).cloned() {
                offers.push((mend, instance));
            }
        }
        offers
    }

    /// What mends a finding. Where it names nothing, the question that it stands under is answered anew.
    fn mends(&self, finding: &Finding, instance: Option<u8>) -> Vec<Mend> {
        let mut mends = match (finding.mends.is_empty(), &finding.field) {
            // What beats the file from elsewhere is changed there, and a certificate that nobody can go by at the host.
            (true, Some(field)) if finding.code != codes::FILE_SHADOWED && *field != trust::TRUST => {
                vec![Mend::Ask(field.clone())]
            }
            _ => finding.mends.clone(),
        };
        // A realm is picked of those that there are, and whoever has no token to paste can have one made.
        if let Some(at) = mends.iter().position(asks_for_user) {
            let meant = self.meant.iter().find(|(of, _)| Some(*of) == instance.or(self.first_instance()));
            let users = meant.into_iter().flat_map(|(_, users)| users).cloned().map(Mend::User);
            mends.splice(at..at, users);
        }
        let pastes = mends.iter().any(|mend| matches!(mend, Mend::Ask(field) if *field == token::TOKEN));
        if pastes && !mends.contains(&Mend::NewToken) {
            mends.push(Mend::NewToken);
        }
        mends
    }

    /// Whether two mends are about one host.
    fn of_one(&self, one: Option<u8>, other: Option<u8>) -> bool {
        let first = self.first_instance();
        one.or(first) == other.or(first)
    }

    /// The host of a mend, where it is another than that of the first one.
    pub fn elsewhere(&self, instance: Option<u8>) -> Option<u8> {
        let first = self.offers().first().and_then(|(_, instance)| *instance);
        instance.filter(|_| !self.of_one(first, instance))
    }

    /// What keeps the token of this host from signing in, or soon will, where that is set right at the host.
    pub fn sleeps_by(&self, instance: Option<u8>) -> Option<Code> {
        let mut of_it = self.findings.iter().filter(|(of, _)| self.of_one(*of, instance));
        of_it.find(|(_, finding)| finding.mends.contains(&Mend::Wake)).map(|(_, finding)| finding.code)
    }

    /// Everything that is mended in the file without a question; of two ways to mend one line the easier, and of lines that
    /// are too many each.
    pub fn file_mends(&self) -> Vec<Mend> {
        let mut all: Vec<Mend> = Vec::new();
        for (_, finding) in &self.findings {
            for mend in
                finding.mends.iter().take(together(self.config.as_ref(), finding)).filter(|mend| ways::is_settled(mend))
            {
                if !all.contains(mend) {
                    all.push(mend.clone());
                }
            }
        }
        all
    }

    /// The host that a mend without one is about: the first that something is wrong with, else the file's first.
    pub fn first_instance(&self) -> Option<u8> {
        let wrong = self.findings.iter().find_map(|(instance, _)| *instance);
        wrong.or_else(|| Some(self.config.as_ref()?.hosts.first()?.instance))
    }

    /// Whose file it is, and which hosts it names.
    pub fn about(&self) -> Option<String> {
        let config = self.config.as_ref()?;
        let hosts: Vec<String> = config
            .hosts
            .iter()
            .filter(|host| host.place.is_ok())
            .map(|host| match &host.credential {
                Some(who) => format!("{} as {}", visible(&host.typed), visible(&who.to_string())),
                None => visible(&host.typed),
            })
            .collect();
        Some(match hosts.as_slice() {
            [] => format!("It is {}'s.", self.title),
            hosts => format!("It is {}'s: {}.", self.title, hosts.join("; ")),
        })
    }

    /// The findings as they are shown: under the host's name where the file has several.
    pub fn groups(&self) -> Vec<(Option<String>, Vec<Finding>)> {
        let several = self.config.as_ref().is_some_and(|config| config.hosts.len() > 1);
        let mut groups: Vec<(Option<String>, Vec<Finding>)> = Vec::new();
        for (instance, finding) in &self.findings {
            let heading = instance.filter(|_| several).and_then(|instance| self.heading(instance));
            match groups.iter_mut().find(|(of, _)| *of == heading) {
                Some((_, findings)) => findings.push(finding.clone()),
                None => groups.push((heading, vec![finding.clone()])),
            }
        }
        groups
    }

    fn heading(&self, instance: u8) -> Option<String> {
        let host = self.config.as_ref()?.hosts.iter().find(|host| host.instance == instance)?;
        Some(format!("Host {instance}, {}:", visible(&host.typed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::finding::Step;

    #[test]
    fn what_wakes_a_token_is_told_of_its_own_host() {
        let sleeps = |code| Finding::new(code, Severity::Error, Step::Access, "", "").mend(Mend::Wake);
        let told = Told {
            config: None,
            title: String::new(),
            proved: Vec::new(),
            findings: vec![(Some(1), sleeps(codes::USER_DISABLED)), (Some(2), sleeps(codes::TOKEN_EXPIRED))],
            signed_in: false,
            meant: Vec::new(),
        };
        let by: Vec<Option<Code>> = [Some(1), Some(2), None, Some(3)].map(|host| told.sleeps_by(host)).into();
        assert_eq!(by, [Some(codes::USER_DISABLED), Some(codes::TOKEN_EXPIRED), Some(codes::USER_DISABLED), None]);
    }
}

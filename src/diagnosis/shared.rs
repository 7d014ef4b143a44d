//! Several findings with one cause become one: what all refused sign-ins of a check share is likelier than six faults at once.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::diagnosis::checked::{Checked, HOST_IS, at_host};
use crate::diagnosis::{codes, refused_without_reason};
use crate::domain::UserId;
use crate::domain::finding::{Code, Finding, Fix};
use crate::domain::visible::visible;

/// A sign-in that a check tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// The files' places in the check, and the host as each has it.
    pub files: Vec<(usize, String)>,
    /// `host:port`.
    pub place: String,
    pub user: UserId,
    /// The full token id, or the user.
    pub who: String,
    pub refused: bool,
}

/// What several refused sign-ins share, and nobody who shares it was let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Common<'a> {
    User(&'a UserId),
    Realm(&'a str),
    Host,
}

/// Gives findings of refused sign-ins that share something the same words, so that they are one; and says what the sign-ins
/// that went well tell about those that did not.
pub fn join(files: &mut [Checked], tried: &[Tried]) {
    compare(files, tried);
    let places: BTreeSet<&str> = tried.iter().map(|one| one.place.as_str()).collect();
    for place in places {
        let here: Vec<&Tried> = tried.iter().filter(|one| one.place == place).collect();
        for (common, group) in commons(&here) {
            let all: Vec<&str> = group.iter().map(|one| one.who.as_str()).collect();
            let helps = helps_all(files, &group);
            for one in &group {
                for (at, host) in &one.files {
                    let Some(file) = files.get_mut(*at) else { continue };
                    for finding in file.findings.iter_mut().filter(|finding| is_of(finding, &one.who, host)) {
                        *finding = Finding { fix: helps.clone(), ..shared(common, place, &all, finding) };
                    }
                }
            }
        }
    }
}

/// Another file's sign-in at the same host tells a token with a wrong secret from all other causes, and a sound user from a
/// broken one.
fn compare(files: &mut [Checked], tried: &[Tried]) {
    for one in tried.iter().filter(|one| one.refused) {
        let good = || tried.iter().filter(|other| other.place == one.place && !other.refused);
        let same = good().find(|other| other.who == one.who);
        let user = good().any(|other| other.user == one.user);
        let works =
            same.and_then(|other| other.files.first()).and_then(|(at, _)| files.get(*at)).map(|file| file.path.clone());
        for (at, host) in &one.files {
            let Some(file) = files.get_mut(*at) else { continue };
            for finding in file.findings.iter_mut().filter(|finding| is_of(finding, &one.who, host)) {
                if let Some(path) = &works {
                    *finding = wrong_secret(&one.who, path, finding);
                } else if user {
                    finding.possible.retain(|code| !OF_THE_USER.contains(code));
                    finding
                        .evidence
                        .push(format!("another token of {} signs in there", visible(&one.user.to_string())));
                }
            }
        }
    }
}

/// What would keep all tokens of a user out.
const OF_THE_USER: [Code; 4] = [codes::USER_UNKNOWN, codes::USER_DISABLED, codes::USER_EXPIRED, codes::REALM_UNKNOWN];

fn wrong_secret(who: &str, works: &Path, one: &Finding) -> Finding {
    let (who, works) = (visible(who), visible(&works.to_string_lossy()));
    Finding {
        code: codes::TOKEN_SECRET,
        title: format!("The token {who} exists, and its secret is another."),
        cause: "The same token signs in to the same host with the secret of another file, so the host, the user and the token are \
                well. A secret that was made anew leaves the old one in other files."
            .to_owned(),
        evidence: one.evidence.iter().cloned().chain([format!("{works} signs in with it")]).collect(),
        fix: vec![Fix::Say(format!("Take the secret from {works}, if both are to use one token."))],
        possible: Vec::new(),
        ..one.clone()
    }
}

/// The groups of at least two refused of which nobody was let in: by user, else by realm, else the whole host.
fn commons<'a>(here: &[&'a Tried]) -> Vec<(Common<'a>, Vec<&'a Tried>)> {
    let alike = |pick: &dyn Fn(&Tried) -> bool| {
        let group: Vec<&Tried> = here.iter().copied().filter(|one| pick(one)).collect();
        let distinct: BTreeSet<&str> = group.iter().map(|one| one.who.as_str()).collect();
        (distinct.len() > 1 && group.iter().all(|one| one.refused)).then_some(group)
    };
    let users: BTreeSet<&UserId> = here.iter().map(|one| &one.user).collect();
    let realms: BTreeSet<&str> = here.iter().map(|one| one.user.realm()).collect();
    // The widest that holds says most, and the narrowest that is all there is, is likeliest.
    if users.len() > 1 {
        if realms.len() > 1
            && let Some(group) = alike(&|_| true)
        {
            return vec![(Common::Host, group)];
        }
        let by_realm: Vec<_> = realms
            .iter()
            .filter(|realm| {
                here.iter()
                    .filter(|one| one.user.realm() == **realm)
                    .map(|one| &one.user)
                    .collect::<BTreeSet<_>>()
                    .len()
                    > 1
            })
            .filter_map(|realm| Some((Common::Realm(realm), alike(&|one| one.user.realm() == *realm)?)))
            .collect();
        if !by_realm.is_empty() {
            return by_realm;
        }
    }
    users.into_iter().filter_map(|user| Some((Common::User(user), alike(&|one| one.user == *user)?))).collect()
}

/// What there is to do about each of them alike; a command for one token alone is none.
fn helps_all(files: &[Checked], group: &[&Tried]) -> Vec<Fix> {
    let of = |one: &&Tried| {
        let of_host = |(at, host): &(usize, String)| {
            files.get(*at)?.findings.iter().find(|finding| is_of(finding, &one.who, host)).map(|finding| &finding.fix)
        };
        one.files.iter().find_map(of_host)
    };
    let all: Vec<&Vec<Fix>> = group.iter().filter_map(of).collect();
    let Some((first, others)) = all.split_first() else { return Vec::new() };
    let users = Fix::Run {
        on: "Whether the users are there, enabled and not ended, in root's shell on the host".to_owned(),
        command: "pveum user list".to_owned(),
    };
    let common = first.iter().filter(|fix| others.iter().all(|other| other.contains(fix))).cloned();
    std::iter::once(users).chain(common).collect()
}

/// Whether it is the finding that this host refused this one without a reason. A file with one host names none.
fn is_of(finding: &Finding, who: &str, host: &str) -> bool {
    let mut said = finding.evidence.iter().filter(|line| line.starts_with(HOST_IS)).peekable();
    let here = said.peek().is_none() || said.any(|line| *line == at_host(host));
    finding.code == codes::TOKEN_REFUSED && finding.title == refused_without_reason(&visible(who)) && here
}

fn shared(common: Common<'_>, place: &str, all: &[&str], one: &Finding) -> Finding {
    let mut names: Vec<String> = all.iter().map(|name| visible(name)).collect();
    names.sort_unstable();
    names.dedup();
    let count = names.len();
    let (title, cause, first): (String, &str, &[Code]) = match common {
        Common::User(user) => (
            format!("{place} refuses all {count} tokens of {} and names no reason.", visible(&user.to_string())),
            "They share their user, and none of this user's was let in: a user that is disabled, has ended or is gone takes all \
             of its tokens with it. Several wrong secrets at once are less likely.",
            &[codes::USER_DISABLED, codes::USER_EXPIRED, codes::USER_UNKNOWN],
        ),
        Common::Realm(realm) => (
            format!("{place} refuses all {count} tokens of the realm {realm} and names no reason."),
            "They share their realm, and none of this realm's was let in: the users are in another realm, or the realm was taken \
             away. Several wrong secrets at once are less likely.",
            &[codes::REALM_UNKNOWN, codes::USER_UNKNOWN],
        ),
        Common::Host => (
            format!("{place} refuses all {count} tokens that were tried and names no reason."),
            "They share nothing but the host, and nobody was let in: something in between takes the token away, this is another \
             host than the tokens were made on, it was set up anew, or an upgrade or a wrong clock keeps it from checking them.",
            &[codes::TOKEN_NOT_SENT, codes::TOKEN_UNKNOWN, codes::CLOCK_OFF],
        ),
    };
    let rest = one.possible.iter().filter(|code| !first.contains(code));
    let said = one.evidence.iter().filter(|line| !names.iter().any(|name| line.contains(name.as_str())));
    Finding {
        title,
        cause: cause.to_owned(),
        evidence: std::iter::once(format!("refused: {}", names.join(", "))).chain(said.cloned()).collect(),
        possible: first.iter().chain(rest).copied().collect(),
        ..one.clone()
    }
}

/// One thing that is wrong, and all files in which it is.
#[derive(Clone, Debug)]
pub struct Cause<'a> {
    pub finding: &'a Finding,
    /// The files' places in the check.
    pub files: Vec<usize>,
}

/// The findings of all files, each once, in the order of the files.
pub fn causes(files: &[Checked]) -> Vec<Cause<'_>> {
    let mut all: Vec<Cause<'_>> = Vec::new();
    for (at, file) in files.iter().enumerate() {
        for finding in &file.findings {
            match all.iter_mut().find(|cause| is_one(cause.finding, finding)) {
                Some(cause) if cause.files.last() != Some(&at) => cause.files.push(at),
                Some(_) => {}
                None => all.push(Cause { finding, files: vec![at] }),
            }
        }
    }
    all
}

/// The same cause: of the road or the host, and equal in all its words. A fault of a text is of that text alone.
fn is_one(one: &Finding, other: &Finding) -> bool {
    std::ptr::eq(one, other) || (one == other && !one.code.0.starts_with("file."))
}

/// The files that share a finding, where there are several.
pub fn sharing<'a>(files: &'a [Checked], at: usize, finding: &Finding) -> Vec<&'a PathBuf> {
    let has = |file: &&Checked| file.findings.iter().any(|other| is_one(finding, other));
    let all: Vec<&PathBuf> = files.iter().filter(has).map(|file| &file.path).collect();
    if all.len() > 1 && files.get(at).is_some() { all } else { Vec::new() }
}

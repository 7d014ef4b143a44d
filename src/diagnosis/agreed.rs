//! What was answered when labwizard wrote a file and stands in no line of it: what it makes of a file's needs, and how a
//! finding says where it is known from.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnosis::config::{Config, ConfigHost};
use crate::diagnosis::{codes, file, picks};
use crate::domain::finding::{Finding, Mend, Severity};
use crate::domain::visible::visible;
use crate::domain::{ConfigRecord, Id, Missing, Observation, Release, Rights, Seen, Timestamp, missing, time};
use crate::target::{Library, Spec, needs};

/// What is remembered of one host of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// The target's yes-or-no questions that were answered, and how.
    pub groups: BTreeMap<String, bool>,
    /// Those that were answered yes.
    pub yes: BTreeSet<String>,
    /// The picks, where the file still names the host that they are of.
    pub picks: BTreeMap<String, String>,
    pub when: Timestamp,
}

impl Agreed {
    /// What a record tells of a host of its file, as that stands there now.
    pub fn of(record: &ConfigRecord, host: &ConfigHost) -> Agreed {
        let same = host.place.as_ref().is_ok_and(|place| place.endpoints.contains(&record.endpoint));
        Agreed {
            groups: record.groups.clone(),
            yes: record.yes(),
            picks: if same { record.picks.clone() } else { BTreeMap::new() },
            when: record.when,
        }
    }
}

impl Config {
    /// The same with what earlier runs remember of this file: what was answered, and which other tools it was written for.
    pub fn remembering(mut self, library: &Library, records: &[ConfigRecord]) -> Config {
        let others = records.iter().filter(|one| one.path == self.path).map(|one| one.target.clone()).collect();
        if let Some(form) = self.form(library) {
            self.findings.extend(file::clash(library, &self.target, form, &self.document, &others));
        }
        for host in &mut self.hosts {
            let about = |one: &&ConfigRecord| {
                one.path == self.path && one.target == self.target && one.instance == host.instance
            };
            host.agreed = records.iter().find(about).map(|record| Agreed::of(record, host));
        }
        self
    }
}

/// Has the findings about rights say which answers they go by.
pub fn say_where_from(
    findings: &mut [Finding],
    config: &Config,
    host: &ConfigHost,
    library: &Library,
    seen: &[Observation],
) {
    let rights = seen.iter().find_map(|one| match &one.seen {
        Seen::Rights(rights) => Some(rights),
        _ => None,
    });
    let (Some(agreed), Some(spec), Some(rights)) = (&host.agreed, config.spec(library), rights) else { return };
    let release = super::release(seen).unwrap_or(Release::new(9, 2, 0));
    let lacks = missing(&needs::needs(spec, release, &host.answers(), &agreed.yes), rights);
    let answers = answers(spec, host, agreed, &lacks);
    // One page asks all of the yes-or-no questions.
    let is_group = |field: &Id| spec.groups.iter().any(|(name, _)| *field == self::field(name));
    let groups = answers.iter().map(|(field, _)| field).filter(|field| is_group(field)).take(1);
    let picks = answers.iter().map(|(field, _)| field).filter(|field| !is_group(field));
    let anew: Vec<Mend> = groups.chain(picks).cloned().map(Mend::Ask).collect();
    let elsewhere = is_held_elsewhere(spec, release, host, agreed, rights);
    for finding in findings.iter_mut().filter(|one| [codes::RIGHTS_MISSING, codes::RIGHTS_NONE].contains(&one.code)) {
        finding.evidence.extend(answers.iter().map(|(_, line)| line.clone()));
        if finding.code == codes::RIGHTS_MISSING {
            // Whoever does not want it any more has nothing granted.
            finding.mends.extend(anew.iter().cloned());
        }
        if elsewhere {
            finding.severity = finding.severity.min(Severity::Warning);
            finding.evidence.push(
                "it is held in another place of the same kind; whether the tool uses that one stands in no file"
                    .to_owned(),
            );
        }
    }
}

/// The question of a group.
pub fn field(group: &str) -> Id {
    Id::new(format!("group.{group}"))
}

/// The answers that what lacks is needed by, each with its question and in a line.
fn answers(spec: &Spec, host: &ConfigHost, agreed: &Agreed, lacks: &[Missing]) -> Vec<(Id, String)> {
    let on = time::date(agreed.when);
    let asks = |purpose: &str| lacks.iter().any(|lack| lack.purpose == purpose);
    let of_group = |name: &str| {
        spec.rights.iter().any(|right| right.group.as_deref() == Some(name) && asks(right.purpose.as_str()))
    };
    let groups = spec.groups.iter().filter(|(name, _)| agreed.yes.contains(*name) && of_group(name));
    let groups = groups.map(|(name, ask)| {
        (field(name), format!("“{}” was answered yes on {on}, when labwizard wrote the file", visible(ask)))
    });
    let of_pick = |name: &str| {
        let hole = format!("{{pick.{name}}}");
        spec.rights.iter().any(|right| right.on.contains(&hole) && asks(right.purpose.as_str()))
    };
    let said = |name: &str| agreed.picks.get(name).filter(|_| !host.picks.contains_key(name) && of_pick(name));
    let picks = spec.picks.iter().filter_map(|(name, pick)| Some((name, pick, said(name)?)));
    let picks = picks.map(|(name, pick, value)| {
        let (ask, value) = (visible(&pick.ask), visible(value));
        (picks::field(name), format!("“{ask}” was answered {value} on {on}, when labwizard wrote the file"))
    });
    groups.chain(picks).collect()
}

/// Nothing lacks but at a place that was picked and that no file holds, and what is needed there is held at another one.
fn is_held_elsewhere(spec: &Spec, release: Release, host: &ConfigHost, agreed: &Agreed, rights: &Rights) -> bool {
    let open = needs::needs_wherever_held(spec, release, &host.picks, &agreed.yes, rights);
    missing(&open, rights).is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::checked::{Asked, Circumstances, judge_config};
    use crate::diagnosis::file::tests::{config, good, told};
    use crate::diagnosis::proved::proved;
    use crate::domain::Endpoint;
    use crate::domain::observation::Surroundings;

    fn endpoint(text: &str) -> Endpoint {
        crate::domain::parse_host(text).unwrap().endpoints.remove(0)
    }

    fn record(groups: &[(&str, bool)], picks: &[(&str, &str)]) -> ConfigRecord {
        ConfigRecord {
            path: "/lab/.env".into(),
            target: "glassdome".into(),
            instance: 1,
            endpoint: endpoint("pve.lan:8006"),
            groups: groups.iter().map(|(name, yes)| ((*name).to_owned(), *yes)).collect(),
            picks: picks.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            when: 1_763_769_600,
        }
    }

    const ALL: &str = "VM.Allocate VM.Audit VM.Clone VM.PowerMgmt VM.Config.CDROM VM.Config.CPU VM.Config.Cloudinit \
                       VM.Config.Memory VM.Config.Network VM.GuestAgent.Audit";

    /// What a token has that may do everything but grow disks, with its space on one storage.
    fn rights(more: &str, storage: &str) -> Seen {
        let at = |path: &str, names: &str| {
            (path.to_owned(), names.split_whitespace().map(|name| (name.to_owned(), true)).collect())
        };
        let rows = [
            at("/vms", &format!("{ALL} {more}")),
            at(storage, "Datastore.AllocateSpace"),
            at("/sdn/zones/localnetwork", "SDN.Use"),
        ];
        Seen::Rights(Rights::new(rows.into_iter().collect()))
    }

    /// How what was answered can be answered anew.
    fn anew(findings: &[Finding]) -> String {
        let asks = findings.iter().flat_map(|one| &one.mends).filter_map(|mend| match mend {
            Mend::Ask(field) => Some(field.to_string()),
            _ => None,
        });
        asks.collect::<Vec<_>>().join(" ")
    }

    /// The findings about rights, with their evidence and how they are answered anew, and what was proved.
    fn judged(host: &str, records: &[ConfigRecord], rights: Seen) -> (Vec<String>, String) {
        let (path, text) = good("glassdome");
        let library = Library::built_in();
        let config = config(path, &text.replace("pve.lan", host)).remembering(&library, records);
        let release = Release::new(9, 2, 0);
        let seen = [Seen::SignedIn { release, clock_off: None }, rights];
        let seen = seen.into_iter().map(|seen| Observation { seen, took: Default::default() }).collect();
        let asked = [Asked { instance: 1, trust: None, seen }];
        let surroundings = Surroundings::default();
        let about = Circumstances { library: &library, records: &[], surroundings: &surroundings, runs: &[], now: 0 };
        let findings = judge_config(&config, &asked, &about);
        let of_rights: Vec<Finding> = findings.into_iter().filter(|one| one.code.0.starts_with("rights.")).collect();
        let anew = anew(&of_rights);
        let anew = (!anew.is_empty()).then(|| format!("anew: {anew}"));
        let evidence = of_rights.iter().flat_map(|finding| finding.evidence.clone()).chain(anew);
        let needs = config.needs_seen(&library, &config.hosts[0], &asked[0].seen);
        let proved = proved(&config.hosts[0], "Glassdome", &needs, &asked[0]).join("\n");
        (told(&of_rights).into_iter().chain(evidence).collect(), proved)
    }

    fn all(record: ConfigRecord, rights: Seen) -> String {
        judged("pve.lan", &[record], rights).0.join("\n")
    }

    #[test]
    fn a_file_is_judged_by_what_was_answered_for_it_and_it_is_said_where_that_is_known_from() {
        let lacks = || rights("", "/storage/fast");
        let yes = all(record(&[("resize", true)], &[]), lacks());
        assert!(yes.starts_with("! rights.missing"), "{yes}");
        assert!(yes.contains("/vms: VM.Config.Disk"), "{yes}");
        let from = "“Shall it grow the disks of what it clones?” was answered yes on 2025-11-22, when labwizard wrote the file";
        assert!(yes.contains(from) && yes.ends_with("anew: group.resize"), "{yes}");
        let two = all(record(&[("resize", true), ("bridges", true)], &[]), lacks());
        assert!(
            two.ends_with("anew: group.bridges") || two.ends_with("anew: group.resize"),
            "one page asks both: {two}"
        );
        assert_eq!(all(record(&[("resize", false)], &[]), lacks()), "");
        assert_eq!(all(record(&[("resize", true)], &[]), rights("VM.Config.Disk", "/storage/fast")), "");
        // Only the answers that what lacks is needed by.
        let both = all(record(&[("resize", true), ("bridges", true)], &[]), rights("VM.Config.Disk", "/storage/fast"));
        assert!(both.contains("make bridges") && !both.contains("grow the disks"), "{both}");
    }

    #[test]
    fn a_place_that_was_picked_counts_as_long_as_the_file_names_its_host() {
        let picked = || record(&[], &[("storage", "fast")]);
        assert_eq!(all(picked(), rights("", "/storage/fast")), "");
        let none = all(picked(), rights("", "/elsewhere"));
        assert!(none.starts_with("! rights.missing") && none.contains("/storage/fast: Datastore"), "{none}");
        assert!(none.contains("“Where will the disks go?” was answered fast on 2025-11-22"), "{none}");
        assert!(none.ends_with("anew: pick.storage"), "{none}");
        // The file does not say which storage the tool uses, so another one is no error.
        let other = all(picked(), rights("", "/storage/slow"));
        assert!(other.starts_with("~ rights.missing") && other.contains("another place of the same kind"), "{other}");
        let (moved, _) = judged("other.lan", &[picked()], rights("", "/storage/slow"));
        assert_eq!(moved, [] as [&str; 0]);
    }

    #[test]
    fn a_file_that_nothing_is_remembered_of_is_judged_by_itself() {
        let others = [
            ConfigRecord { path: "/other/.env".into(), ..record(&[("resize", true)], &[]) },
            ConfigRecord { target: "proxmox-env".into(), ..record(&[("resize", true)], &[]) },
            ConfigRecord { instance: 2, ..record(&[("resize", true)], &[]) },
        ];
        let (findings, proved) = judged("pve.lan", &others, rights("", "/storage/fast"));
        assert_eq!(findings, [] as [&str; 0]);
        assert!(proved.contains("rights that Glassdome needs.") && !proved.contains("answered"), "{proved}");
        let (_, proved) = judged("pve.lan", &[record(&[("resize", false)], &[])], rights("", "/storage/fast"));
        assert!(proved.contains("needs, by what was answered for it."), "{proved}");
    }
}

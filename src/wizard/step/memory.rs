//! What the plan has labwizard keep for later runs: how the host was trusted, and what was answered and stands in no file.

use std::collections::BTreeMap;

use crate::domain::visible::visible;
use crate::domain::{
    ConfigRecord, HostRecord, Trust, is_bridge_name, is_node_name, is_storage_name, is_vmid, placeholder,
};
use crate::format::Document;
use crate::plan::Planned;
use crate::plan::action::Action;
use crate::plan::edit::Prepared;
use crate::target::Fact;
use crate::target::read::{held_by, looks_secret, read};
use crate::wizard::Wizard;
use crate::wizard::step::{details, file, host, instance, tool, trust, uses};

/// The actions that keep it, where it is not known yet.
pub fn to_keep(w: &Wizard, prepared: Option<&Prepared>) -> Vec<Planned> {
    let planned = |action, sentence| Planned { heading: "On this machine".into(), sentence, action };
    let host = of_host(w).map(|record| {
        let sentence = format!("remember how {} was trusted, for later runs", visible(&record.endpoint.to_string()));
        planned(Action::Remember(Box::new(record)), sentence)
    });
    let config = of_answers(w, prepared).map(|record| {
        let sentence = format!("remember what {} is to do, for later checks", tool::title(w));
        planned(Action::RememberConfig(Box::new(record)), sentence)
    });
    host.into_iter().chain(config).collect()
}

/// What will be remembered of the host. The demo remembers in its own state, which ends with it.
fn of_host(w: &Wizard) -> Option<HostRecord> {
    let agreed = trust::agreed(w)?;
    let ca = details::cluster_ca(w);
    let trust = match (&agreed.trust, ca) {
        // The CA survives renewals of the certificate; whoever agreed to the leaf agreed to what its cluster signs.
        (Trust::Pin(_), Some(ca)) => Trust::Ca(ca.certificate.der.clone()),
        (other, _) => other.clone(),
    };
    let record = HostRecord {
        endpoint: agreed.endpoint.clone(),
        trust,
        leaf: agreed.seen.fingerprint,
        cluster: None,
        nodes: details::node_names(w),
        when: w.setting.now,
    };
    let known = w
        .setting
        .hosts
        .iter()
        .any(|old| old.endpoint == record.endpoint && old.trust == record.trust && old.leaf == record.leaf);
    (!known).then_some(record)
}

/// What will be remembered of the file: answers that it does not hold.
fn of_answers(w: &Wizard, prepared: Option<&Prepared>) -> Option<ConfigRecord> {
    let (seen, _) = file::seen(w)?;
    // What is kept is text: a path that is none would not be kept.
    seen.path.to_str()?;
    let record = ConfigRecord {
        path: seen.path.clone(),
        target: tool::target(w)?.name.clone(),
        instance: instance::number(w),
        endpoint: host::endpoint(w)?,
        groups: uses::answered(w),
        picks: unsaid(w, prepared?)?,
        when: w.setting.now,
    };
    let before = w.setting.configs.iter().find(|old| old.is_about(&record));
    let is_new = match before {
        Some(old) => !old.says_the_same(&record),
        None => !record.groups.is_empty() || !record.picks.is_empty(),
    };
    is_new.then_some(record)
}

/// The picks that the file will not hold once it is written.
fn unsaid(w: &Wizard, prepared: &Prepared) -> Option<BTreeMap<String, String>> {
    let (spec, form) = (tool::spec(w)?, file::form(w)?);
    let after = prepared.edit.after().ok()?;
    let after = Document::parse(prepared.edit.dialect, after.text().clone()).ok()?;
    let file = read(spec, form, &held_by(form, &after));
    let number = instance::number(w);
    let held = |pick: &str| file.get(number, &Fact::Pick(pick.to_owned())).is_some();
    let picks = details::picks(w).into_iter();
    Some(picks.filter(|(name, value)| !held(name) && is_a_name(value)).collect())
}

/// What is kept is a name as hosts give them, and nothing that was pasted in its place.
fn is_a_name(value: &str) -> bool {
    let name = [is_node_name, is_storage_name, is_bridge_name, is_vmid].iter().any(|fits| fits(value));
    name && !looks_secret(value) && placeholder(value).is_none()
}

/// What was answered before for the file that is written now, where it is about one host and a person is asked.
pub fn of_file(w: &Wizard) -> Option<&ConfigRecord> {
    let (seen, _) = file::seen(w).filter(|_| !w.setting.unattended)?;
    let target = &tool::target(w)?.name;
    let mut of_it = w.setting.configs.iter().filter(|one| one.path == seen.path && one.target == *target);
    of_it.next().filter(|_| of_it.next().is_none())
}

//! Details: the target's own values, picked from live lists. What the host lacks can wait.

mod verification;

use std::collections::BTreeMap;

use crate::diagnosis;
use crate::diagnosis::picks::Told;
use crate::domain::finding::Finding;
use crate::domain::observation::{ClusterCa, Seen};
use crate::domain::visible::visible;
use crate::domain::{Grantee, Id, Need, Release};
use crate::target::fact::Fact;
use crate::target::needs::{needs, never};
use crate::target::questions::{self, Entry, PickQuestion};
use crate::target::spec::{List, Right};
use crate::wizard::Wizard;
use crate::wizard::evidence::Survey;
use crate::wizard::page::{Block, Field, Item, Pick};
use crate::wizard::step::{Next, Parts, checkup, host, instance, make, memory, token, tool, uses, wrong};

pub use verification::{VERIFY, asks_verification, can_verify, verify, verify_word};
use verification::{first_verification, verification};

pub fn id(pick: &str) -> Id {
    diagnosis::picks::field(pick)
}

/// Whether there is anything to ask.
pub fn asks(w: &Wizard) -> bool {
    !questions(w).is_empty() || asks_verification(w) || instance::question(w).is_some()
}

fn questions(w: &Wizard) -> Vec<PickQuestion<'_>> {
    tool::spec(w).map(questions::picks).unwrap_or_default()
}

/// The lists that the host told, borrowed from the survey.
fn told(w: &Wizard) -> Told<'_> {
    Told::of(token::survey(w).map(|survey| survey.seen.as_slice()).unwrap_or_default())
}

fn entries(w: &Wizard, question: &PickQuestion<'_>) -> Vec<Entry> {
    question.entries(&told(w).lists(), &typed_picks(w))
}

/// Which entry is suggested: what was answered for this host of the file before, else what is likeliest.
fn suggested(w: &Wizard, question: &PickQuestion<'_>, entries: &[Entry]) -> Option<usize> {
    let before = memory::of_file(w).filter(|record| host::endpoint(w).as_ref() == Some(&record.endpoint));
    let before = before.and_then(|record| record.picks.get(question.name));
    let there = before.and_then(|value| entries.iter().position(|entry| entry.value == *value));
    there.or_else(|| question.suggested(entries))
}

/// The answers as chosen or typed, without looking whether the host has them.
fn typed_picks(w: &Wizard) -> BTreeMap<String, String> {
    questions(w)
        .iter()
        .filter_map(|question| {
            let id = id(question.name);
            let chosen =
                w.draft.choice(&id).filter(|choice| **choice != Pick::LATER).map(|choice| choice.as_str().to_owned());
            let typed = Some(w.draft.text(&id)).filter(|text| !text.is_empty()).map(str::to_owned);
            chosen.or(typed).map(|value| (question.name.to_owned(), value))
        })
        .collect()
}

/// What was picked, by the pick's name.
pub fn picks(w: &Wizard) -> BTreeMap<String, String> {
    typed_picks(w)
}

/// The keys whose picks were left for later, each with how there comes to be something to pick.
pub fn left_out(w: &Wizard) -> Vec<(String, &'static str)> {
    // What a file that is mended leaves out, it left out before.
    if checkup::here(w) {
        return Vec::new();
    }
    let picked = picks(w);
    let key = |name: &str| {
        let spec = tool::spec(w)?;
        spec.keys
            .iter()
            .find(|(_, key)| key.value.fact == Fact::Pick(name.to_owned()))
            .map(|(name, _)| name.to_string())
    };
    let open = questions(w).into_iter().filter(|question| !picked.contains_key(question.name));
    let how = |question: &PickQuestion<'_>| match entries(w, question).is_empty() {
        true => how_to_make(question.list()),
        false => "the host has some to pick from",
    };
    open.filter_map(|question| Some((key(question.name)?, how(&question)))).collect()
}

/// How the host comes to have one (pve-docs `qm.adoc`, `pvesm.adoc`, `pve-network.adoc`).
fn how_to_make(list: List) -> &'static str {
    match list {
        List::Nodes => "start the node, or join it to the cluster",
        List::Templates => {
            "make a machine, stop it, and choose More → Convert to template in the web UI, or run qm template ID on the host"
        }
        List::Guests => "make a machine: Create VM in the web UI",
        List::Storages => "add a storage that may hold this: Datacenter → Storage → Add",
        List::Bridges => "make a bridge: the node → System → Network → Create → Linux Bridge",
        List::Pools => "make a pool: Datacenter → Permissions → Pools → Create",
        List::Mappings => "make a mapping: Datacenter → Resource Mappings → Add",
        List::Sites => "make a site on the console",
    }
}

/// The release that rights are judged by: the host's own, or the newest where it was not asked.
pub fn release(w: &Wizard) -> Release {
    token::survey(w)
        .and_then(|survey| diagnosis::release(&survey.seen))
        .or_else(|| host::look(w).and_then(|look| diagnosis::release(&look.seen)))
        .unwrap_or(Release::new(9, 2, 0))
}

/// What the target needs, on this release and with these answers.
pub fn rights(w: &Wizard) -> Vec<Need> {
    tool::spec(w).map(|spec| needs(spec, release(w), &places(w), &uses::chosen(w))).unwrap_or_default()
}

/// The picks as far as they are part of ACL paths, as they were when the run began: whoever proves it sees other grants.
pub fn places(w: &Wizard) -> BTreeMap<String, String> {
    match &w.places {
        Some(places) if w.run.is_some() => places.clone(),
        _ => places_now(w),
    }
}

/// No file says which storage was picked. In a repair it is one where the token holds all that is needed there, so that nothing
/// is granted at a wider path than before; without such a one it is the path at which something was found missing.
pub fn places_now(w: &Wizard) -> BTreeMap<String, String> {
    let mut picks = picks(w);
    let (Some(spec), Some(estate), Some(id), true) =
        (tool::spec(w), make::estate(w), make::id(w), w.setting.mend.is_some())
    else {
        return picks;
    };
    let (release, uses) = (release(w), uses::chosen(w));
    let asked = |right: &&Right| {
        right.on_release(release) && right.group.as_ref().is_none_or(|group| uses.contains(group.as_str()))
    };
    let rights: Vec<&Right> = spec.rights.iter().filter(asked).collect();
    // What its user holds at a place may be there for another token.
    let separated = estate.token(&id).is_some_and(|token| token.separated);
    let (as_user, as_token) = (Grantee::User(id.user.clone()), Grantee::Token(id.clone()));
    let holds = |who: &Grantee, at: &str, right: &Right| {
        let granted = estate.granted(who, at);
        right.privs.0.iter().all(|privilege| granted.contains_key(privilege))
    };
    for question in questions(w).iter().filter(|question| !picks.contains_key(question.name)).collect::<Vec<_>>() {
        let hole = format!("{{pick.{}}}", question.name);
        let there: Vec<&Right> = rights.iter().copied().filter(|right| right.on.ends_with(&hole)).collect();
        let held = |at: &str, right: &&Right| holds(&as_user, at, right) && (!separated || holds(&as_token, at, right));
        let one = there.first().and_then(|first| first.on.strip_suffix(&hole)).and_then(|above| {
            let parts = estate.acl.iter().filter_map(|row| row.path.strip_prefix(above));
            let mut parts = parts.filter(|part| !part.is_empty() && !part.contains('/'));
            parts.find(|part| there.iter().all(|right| held(&right.on.replace(&hole, part), right)))
        });
        if let Some(one) = one {
            picks.insert(question.name.to_owned(), one.to_owned());
        }
    }
    picks
}

/// What no token can do of what was asked for.
pub fn limits(w: &Wizard) -> Vec<String> {
    tool::spec(w).map(|spec| never(spec, &uses::chosen(w))).unwrap_or_default()
}

/// The ACL paths that the host is asked for exactly.
pub fn paths(w: &Wizard) -> Vec<String> {
    let mut paths: Vec<String> = rights(w).into_iter().map(|need| need.path).collect();
    paths.sort();
    paths.dedup();
    paths
}

/// The cluster's CA, where the host handed it out and a connection proved that it holds.
pub fn cluster_ca(w: &Wizard) -> Option<&ClusterCa> {
    token::survey(w)?.seen.iter().find_map(|o| match &o.seen {
        Seen::ClusterCa(Ok(ca)) if ca.proved => Some(ca),
        _ => None,
    })
}

/// What the host has that a name stands for which it does not have: the same in another case, or without what follows a dot;
/// else what would be suggested anyway.
pub fn closest(w: &Wizard, pick: &str, typed: &str) -> Option<String> {
    let question = questions(w).into_iter().find(|question| question.name == pick)?;
    let entries = entries(w, &question);
    let bare = |name: &str| name.split('.').next().unwrap_or_default().to_lowercase();
    let like = entries.iter().position(|entry| bare(&entry.value) == bare(typed));
    like.or_else(|| question.suggested(&entries)).map(|at| entries[at].value.clone())
}

/// The names of the cluster's nodes.
pub fn node_names(w: &Wizard) -> Vec<String> {
    told(w).nodes.iter().map(|node| node.name.clone()).collect()
}

pub fn done(w: &Wizard) -> bool {
    let picked = picks(w);
    questions(w).iter().all(|q| picked.contains_key(q.name) || w.draft.is(&id(q.name), &Pick::LATER))
        && findings(w).is_empty()
        && !instance::open(w)
}

/// What was picked and is not on the host.
pub fn findings(w: &Wizard) -> Vec<Finding> {
    let (Some(spec), Some(survey)) = (tool::spec(w), token::survey(w)) else { return Vec::new() };
    if host::offline(w) { Vec::new() } else { diagnosis::picks::judge(spec, &picks(w), &survey.seen) }
}

pub fn page(w: &Wizard) -> Parts {
    let mut blocks: Vec<Block> = host::untested_note(w).into_iter().collect();
    let findings = findings(w);
    blocks.extend(instance::question(w).map(Block::Choice));
    for question in questions(w) {
        let id = id(question.name);
        let wrong = findings.iter().any(|finding| finding.field.as_ref() == Some(&id));
        if !checkup::asks(w, &id) && !wrong && w.draft.choice(&id).is_some() {
            continue;
        }
        blocks.push(if host::offline(w) { typed(w, &question) } else { pick(w, &question, &findings) });
    }
    if asks_verification(w) {
        blocks.push(Block::Choice(verification(w)));
    }
    Parts {
        title: format!("The details for {}.", tool::title(w)),
        blocks,
        submit: "next",
        focus: findings.first().and_then(|finding| finding.field.clone()).or_else(|| first_verification(w)),
        help: vec!["The lists come from the host, as far as the token may see. What is not there yet can wait: it is left out of the file, and the last page says how to add it.".into()],
        ..Parts::default()
    }
}

fn pick(w: &Wizard, question: &PickQuestion<'_>, findings: &[Finding]) -> Block {
    let entries = entries(w, question);
    let id = id(question.name);
    let suggested = suggested(w, question, &entries).map(|at| Id::new(entries[at].value.clone()));
    let chosen = w.draft.choice(&id).cloned().or(suggested);
    let chosen = match chosen {
        None if !question.required => Some(Pick::LATER),
        other => other,
    };
    let error = match findings.iter().find(|f| f.field.as_ref() == Some(&id)) {
        Some(finding) => wrong(finding.title.clone(), finding.cause.clone()),
        None if w.tried() && question.required && chosen.is_none() => wrong("Choose one.", None),
        None => None,
    };
    Block::Pick(Pick {
        id,
        label: question.ask.to_owned(),
        items: entries
            .iter()
            .map(|entry| Item {
                id: Id::new(entry.value.clone()),
                title: visible(&entry.value),
                about: if entry.name == entry.value { String::new() } else { visible(&entry.name) },
            })
            .collect(),
        chosen,
        empty: empty(w, question.list()),
        // Whatever the host lacks can wait: nobody is kept from the rest of their setup.
        optional: !question.required || entries.is_empty(),
        error,
    })
}

/// What an empty list says. Where a right is missing, lists come back empty without an error; where it is there, there is
/// nothing of the kind.
fn empty(w: &Wizard, list: List) -> String {
    let what = match list {
        List::Nodes => return "The host names no node.".into(),
        List::Sites => return "No site is listed.".into(),
        List::Templates => "template",
        List::Guests => "machine",
        List::Storages => "storage of this kind",
        List::Bridges => "bridge",
        List::Pools => "pool",
        List::Mappings => "mapping",
    };
    let Some((path, privileges)) = diagnosis::picks::takes(list) else { return format!("There is no {what}.") };
    let may_see = token::survey(w)
        .and_then(Survey::rights)
        .is_some_and(|rights| privileges.iter().any(|privilege| rights.holds(path, privilege)));
    if may_see {
        format!("There is no {what} on this host yet. It can wait.")
    } else {
        format!(
            "No {what} is listed: there is none, or the token may not see it (that takes {} on {path}). It can wait.",
            privileges.join(" or ")
        )
    }
}

fn typed(w: &Wizard, question: &PickQuestion<'_>) -> Block {
    Block::Field(Field {
        id: id(question.name),
        label: question.ask.to_owned(),
        value: w.draft.raw(&id(question.name)),
        placeholder: "empty: later".into(),
        secret: false,
        multiline: false,
        note: None,
        error: None,
    })
}

pub fn submit(w: &mut Wizard) -> Next {
    // What was suggested and is not contradicted counts as chosen.
    let mut suggestions: Vec<(Id, Id)> = Vec::new();
    let mut open = false;
    for question in questions(w) {
        let id = id(question.name);
        let later = question.required && w.draft.is(&id, &Pick::LATER) && !entries(w, &question).is_empty();
        if w.draft.choice(&id).is_some() && !later {
            continue;
        }
        if host::offline(w) {
            if w.draft.text(&id).is_empty() {
                suggestions.push((id, Pick::LATER));
            }
            continue;
        }
        let entries = entries(w, &question);
        match suggested(w, &question, &entries) {
            Some(at) => suggestions.push((id, Id::new(entries[at].value.clone()))),
            None if !question.required || entries.is_empty() => suggestions.push((id, Pick::LATER)),
            None => open = true,
        }
    }
    for (question, choice) in suggestions {
        w.draft.choose(question, choice);
    }
    if open || instance::open(w) || !findings(w).is_empty() { Next::Stay } else { Next::Go }
}

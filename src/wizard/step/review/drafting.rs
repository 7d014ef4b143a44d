//! The plan: everything that will be done, made from what is known now.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::domain::around::Git;
use crate::domain::{Credential, FileSeen, Id, Oddity, Trouble};
use crate::format::EditError;
use crate::plan::action::{Action, Unfit};
use crate::plan::edit::{NoEdit, Order, Prepared, prepare as prepare_edit};
use crate::plan::make::Making;
use crate::plan::{Plan, Planned};
use crate::target::nearby;
use crate::target::spec::VerifyWord;
use crate::target::{Access, Facts, Verify};
use crate::wizard::Wizard;
use crate::wizard::step::review::{IGNORE, NO, YES, mending, on_host};
use crate::wizard::step::{
    access, checkup, count, details, file, host, instance, make, memory, token, tool, trust, uses,
};

/// What Review shows and what is agreed to by it.
#[derive(Debug)]
pub struct Draw {
    pub prepared: Option<Prepared>,
    pub plan: Plan,
    /// What is made on the host, where something is.
    pub making: Option<Making>,
    /// The file's keys that stand more than once, with their lines.
    pub duplicate: Option<(String, Vec<usize>)>,
    /// The lines that stay of such keys in a repair, where nobody is asked.
    pub kept: BTreeMap<String, usize>,
}

/// The question which line of a doubled key is kept.
pub(super) fn keep_id(key: &str) -> Id {
    Id::new(format!("keep.{key}"))
}

/// The question whether an oddity of the file is agreed to.
pub(super) fn oddity_id(index: usize) -> Id {
    Id::new(format!("agree.{index}"))
}

/// What is known, for the target's values.
fn facts(w: &Wizard, making: Option<&Making>) -> Facts {
    let made = making.and_then(|making| making.token.clone()).map(|id| Access::Token { id, secret: None });
    let access = made.or_else(|| {
        token::credential(w).and_then(|credential| match credential {
            Credential::Token { id, secret } => Some(Access::Token { id, secret: Some(secret) }),
            Credential::Password { user, password } => Some(Access::Password { user, password: Some(password) }),
            Credential::Ticket(_) | Credential::Shell(_) => None,
        })
    });
    let verify = match checkup::verification(w) {
        Some((_, as_it_is)) => as_it_is,
        None => verify(w),
    };
    Facts {
        endpoint: host::endpoint(w),
        access,
        verify,
        cluster: None,
        picks: details::picks(w),
        instance: instance::number(w),
        unifi: None,
    }
}

/// How the tool shall verify, as it was answered.
fn verify(w: &Wizard) -> Verify {
    match details::verify(w) {
        VerifyWord::Off => Verify::Off,
        VerifyWord::System => Verify::System,
        VerifyWord::Ca => ca_path(w).map_or(Verify::Off, |path| Verify::Ca { path }),
        VerifyWord::Pin => trust::agreed(w).map_or(Verify::Off, |agreed| Verify::Pin(agreed.seen.fingerprint)),
    }
}

/// Where the cluster's CA is written: beside the config, named by its own hash, so that another CA never takes its place.
fn ca_path(w: &Wizard) -> Option<PathBuf> {
    let ca = details::cluster_ca(w)?;
    let (seen, _) = file::seen(w)?;
    let hex = ca.certificate.fingerprint.to_string().replace(':', "").to_lowercase();
    Some(seen.path.parent()?.join(format!("pve-ca-{}.pem", &hex[..8])))
}

fn wants_ca(w: &Wizard) -> bool {
    let asked = !tool::token_only(w) && checkup::verification(w).is_none();
    asked && details::verify(w) == VerifyWord::Ca && ca_path(w).is_some()
}

pub(super) fn draw(w: &Wizard) -> Result<Draw, Trouble> {
    if let Some(mends) = checkup::in_file(w) {
        return mending::draw(w, mends);
    }
    let mut plan = Plan::default();
    let mut prepared = None;
    let mut duplicate = None;
    let mut kept = BTreeMap::new();
    let making = making(w)?;
    if !tool::token_only(w) {
        // A token that keeps its secret changes nothing in the file.
        match edit(w, making.as_ref().filter(|making| making.gives_secret()), &mut kept)? {
            Ok(edit) => prepared = Some(edit),
            Err(doubled) => duplicate = Some(doubled),
        }
    }
    if let Some(making) = &making {
        plan.actions.extend(on_host::before(w, making, prepared.as_ref().map(|prepared| &prepared.edit))?);
    }
    if let Some(prepared) = &prepared {
        let (seen, around) = file::seen(w).ok_or_else(|| not_read(w))?;
        let heading = "On this machine".to_owned();
        let path = file::shown(w, &seen.path);
        if around.git == Git::WouldTrack && !w.draft.is(&IGNORE, &NO) {
            plan.actions.push(Planned {
                action: Action::Ignore(seen.path.clone()),
                heading: heading.clone(),
                sentence: "add a line to the .gitignore beside the file, so that git leaves it alone".into(),
            });
        }
        if wants_ca(w)
            && let (Some(path), Some(ca)) = (ca_path(w), details::cluster_ca(w))
        {
            let roots = tool::spec(w).is_some_and(|spec| spec.ca_needs_roots());
            plan.actions.push(Planned {
                action: Action::WriteCa { path: path.clone(), pem: ca.pem.clone(), roots },
                heading: heading.clone(),
                sentence: format!(
                    "write the cluster's CA{} to {}",
                    if roots { " and the system's CAs" } else { ", which is public," },
                    file::shown(w, &path)
                ),
            });
        }
        let open = seen.there.as_ref().is_some_and(|there| there.mode & 0o077 != 0);
        if prepared.changed > 0 || open || seen.there.is_none() {
            plan.actions.push(Planned {
                action: Action::Edit(Box::new(prepared.edit.clone())),
                heading,
                sentence: match &seen.there {
                    Some(_) if prepared.changed == 0 => format!("close {path} to others; every value is there already"),
                    Some(_) => format!("set {} in {path}", count(prepared.changed, "value", "values")),
                    None => format!("make {path} with {}", count(prepared.changed, "value", "values")),
                },
            });
        }
    }
    if let Some(making) = &making {
        plan.actions.extend(on_host::afterwards(w, making)?);
    }
    plan.actions.extend(memory::to_keep(w, prepared.as_ref()));
    Ok(Draw { prepared, plan, making, duplicate, kept })
}

/// What is to be made on the host; none where the token is there already.
fn making(w: &Wizard) -> Result<Option<Making>, Trouble> {
    if !access::makes(w) {
        return Ok(None);
    }
    let open =
        || Trouble::new("It is not settled yet which token is to be made.", Some("Go back to Access.".to_owned()));
    if !uses::agreed(w) {
        return Err(uses::needs_a_yes());
    }
    make::made_of(w).map(Some).ok_or_else(open)
}

pub(super) fn not_read(w: &Wizard) -> Trouble {
    match w.evidence.file.as_ref().and_then(|file| file.answer.as_ref()) {
        Some(Err(trouble)) => trouble.clone(),
        _ => Trouble::new("The file could not be read.", Some("Go back to the file.".to_owned())),
    }
}

/// What is odd about the file and has a yes.
pub(super) fn agreed_oddities(w: &Wizard, seen: &FileSeen) -> Vec<Oddity> {
    let yes = |(index, _): &(usize, &Oddity)| w.draft.is(&oddity_id(*index), &YES);
    seen.oddities.iter().enumerate().filter(yes).map(|(_, oddity)| oddity.clone()).collect()
}

/// The edit, or the key that stands more than once and its lines. In a repair the last of them stays, which most readers take,
/// and is noted in `kept`.
fn edit(
    w: &Wizard,
    making: Option<&Making>,
    kept: &mut BTreeMap<String, usize>,
) -> Result<Result<Prepared, (String, Vec<usize>)>, Trouble> {
    loop {
        match edit_once(w, making, kept)? {
            Err((key, lines)) if checkup::here(w) && !kept.contains_key(&key) => match lines.last() {
                Some(last) => kept.insert(key, *last),
                None => return Ok(Err((key, lines))),
            },
            other => return Ok(other),
        };
    }
}

fn edit_once(
    w: &Wizard,
    making: Option<&Making>,
    kept: &BTreeMap<String, usize>,
) -> Result<Result<Prepared, (String, Vec<usize>)>, Trouble> {
    let (Some(spec), Some(form), Some(dialect), Some((seen, around))) =
        (tool::spec(w), file::form(w), file::dialect(w), file::seen(w))
    else {
        return Err(not_read(w));
    };
    let declared = nearby::declared(form, around);
    let facts = facts(w, making);
    let chosen = |key: &str| w.draft.choice(&keep_id(key)).and_then(|line| line.as_str().parse().ok());
    let order = Order {
        spec,
        form,
        dialect,
        facts: &facts,
        seen,
        example: file::example(w).map(|(_, text)| text),
        declared: declared.as_deref(),
        agreed: agreed_oddities(w, seen),
        awaits_secret: making.is_some(),
        repair: checkup::here(w).then(Vec::new),
        keep: &|key| chosen(key).or_else(|| kept.get(key).copied()),
    };
    match prepare_edit(&order) {
        Ok(prepared) => Ok(Ok(prepared)),
        Err(NoEdit::Unfit(Unfit::Edit(EditError::Duplicate { key, lines }))) => Ok(Err((key, lines))),
        Err(error) => Err(Trouble::new(error.to_string(), Some("Go back and change the answer it names.".to_owned()))),
    }
}

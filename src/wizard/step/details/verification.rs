//! How the tool shall verify the host's certificate: what is possible, what is chosen, and what is asked.

use crate::domain::Id;
use crate::target::spec::VerifyWord;
use crate::wizard::Wizard;
use crate::wizard::evidence::Survey;
use crate::wizard::page::{Answer, Choice};
use crate::wizard::step::{checkup, file, host, token, tool, trust};

use super::cluster_ca;

/// How the tool shall verify the host's certificate.
pub const VERIFY: Id = Id::fixed("verify");
const OFF: Id = Id::fixed("off");
const SYSTEM: Id = Id::fixed("system");
const CA: Id = Id::fixed("ca");
const PIN: Id = Id::fixed("pin");

/// The ways to verify that the chosen form takes and that are possible here.
fn ways(w: &Wizard) -> Vec<VerifyWord> {
    let Some(form) = file::form(w) else { return Vec::new() };
    let (ca, system) =
        (cluster_ca(w).is_some(), token::survey(w).and_then(Survey::certificate).is_some_and(|(_, s)| s));
    form.verify
        .iter()
        .copied()
        .filter(|way| match way {
            VerifyWord::Off => true,
            VerifyWord::System => system || host::offline(w),
            VerifyWord::Ca => ca,
            VerifyWord::Pin => trust::agreed(w).is_some(),
        })
        .collect()
}

fn way_id(way: VerifyWord) -> Id {
    match way {
        VerifyWord::Off => OFF,
        VerifyWord::System => SYSTEM,
        VerifyWord::Ca => CA,
        VerifyWord::Pin => PIN,
    }
}

/// How the tool will verify: as chosen, else the strictest that costs nothing beyond this host.
pub fn verify(w: &Wizard) -> VerifyWord {
    // In a repair it stays as the file has it, unless that is what is mended.
    if let Some((word, _)) = checkup::verification(w) {
        return word;
    }
    let ways = ways(w);
    if let Some(chosen) = w.draft.choice(&VERIFY)
        && let Some(way) = ways.iter().find(|way| way_id(**way) == *chosen)
    {
        return *way;
    }
    let costs = ca_costs(w).is_some() && !checkup::verifies(w);
    let order = [VerifyWord::System, VerifyWord::Ca, VerifyWord::Pin, VerifyWord::Off];
    order.into_iter().find(|way| ways.contains(way) && !(*way == VerifyWord::Ca && costs)).unwrap_or(VerifyWord::Off)
}

/// Something is there to verify by.
pub fn can_verify(w: &Wizard) -> bool {
    ways(w).iter().any(|way| matches!(way, VerifyWord::Ca | VerifyWord::System))
}

pub fn asks_verification(w: &Wizard) -> bool {
    ways(w).len() > 1 && checkup::verification(w).is_none()
}

/// The word of that way, as answers files have it.
pub fn verify_word(w: &Wizard) -> String {
    way_id(verify(w)).as_str().to_owned()
}

/// What writing a CA costs beyond this host, in the target's words.
fn ca_costs(w: &Wizard) -> Option<String> {
    let spec = tool::spec(w)?;
    spec.keys.iter().find_map(|(_, key)| key.costs.as_ref().map(|costs| costs.as_str().to_owned()))
}

/// Where how to verify is what is mended, it is what is asked first.
pub(super) fn first_verification(w: &Wizard) -> Option<Id> {
    (checkup::verifies(w) && asks_verification(w)).then_some(VERIFY)
}

pub(super) fn verification(w: &Wizard) -> Choice {
    let options = ways(w)
        .into_iter()
        .map(|way| {
            let (title, about, risky) = match way {
                VerifyWord::Off => (
                    "No verification",
                    "Anyone on the way between the tool and the host can read the token.".to_owned(),
                    true,
                ),
                VerifyWord::System => ("By the system's CAs", "They signed the host's certificate.".to_owned(), false),
                VerifyWord::Ca => (
                    "By the cluster's CA",
                    ca_costs(w).unwrap_or_else(|| {
                        "It is written beside the config; a renewed certificate goes on working.".to_owned()
                    }),
                    ca_costs(w).is_some(),
                ),
                VerifyWord::Pin => (
                    "By the fingerprint",
                    "It has to be renewed with the certificate, every two years.".to_owned(),
                    false,
                ),
            };
            Answer { id: way_id(way), title: title.into(), about: vec![about], risky }
        })
        .collect();
    Choice {
        id: VERIFY,
        label: format!("How shall {} verify the host's certificate?", tool::title(w)),
        options,
        chosen: Some(way_id(verify(w))),
        error: None,
    }
}

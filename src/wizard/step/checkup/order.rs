//! The pages of a repair: which there are, which have nothing to ask, and which are submitted by themselves.

use super::{Way, ask, way};
use crate::wizard::Wizard;
use crate::wizard::step::{self, PageId, details, host, token, uses};

/// The pages of a repair.
pub fn pages(w: &Wizard, usual: Vec<PageId>) -> Vec<PageId> {
    let mut pages = vec![PageId::Checkup];
    if asks_uses(w, &usual) {
        pages.push(PageId::Uses);
    }
    match way(w) {
        Some(Way::File(_)) => pages.extend([PageId::Review, PageId::Done]),
        Some(Way::Grant) => {
            pages.extend(usual.into_iter().filter(|page| *page >= PageId::Host && *page != PageId::Make))
        }
        _ => pages.extend(usual.into_iter().filter(|page| *page >= PageId::Host)),
    }
    pages
}

/// What the tool shall do is asked where that is answered anew, and where power over the host would be granted: an earlier yes
/// is none to granting it now.
fn asks_uses(w: &Wizard, usual: &[PageId]) -> bool {
    let grants = || usual.iter().any(|page| [PageId::Make, PageId::Guide].contains(page));
    match way(w) {
        None | Some(Way::LookUp) => false,
        Some(Way::Ask(asked)) if uses::asks_it(w, asked) => true,
        Some(_) => uses::asks_for_power(w) && grants(),
    }
}

/// A page that has nothing to ask, since what it asks stands in the file and holds.
pub fn skips(w: &Wizard, page: PageId) -> bool {
    let asks = (PageId::Host..=PageId::Verify).contains(&page);
    // A file with the CA that the tool has not had before is agreed to by a person.
    let new =
        page == PageId::Details && way(w) == Some(&Way::Certificate) && names_no_ca(w) && details::asks_verification(w);
    way(w).is_some() && asks && !shows(w, page) && !new && step::done(w, page)
}

fn names_no_ca(w: &Wizard) -> bool {
    w.repair.as_ref().is_some_and(|repair| !repair.says.names_ca())
}

/// The page is what the mend is about.
pub fn shows(w: &Wizard, page: PageId) -> bool {
    w.repair.as_ref().is_some_and(|repair| repair.wanted == Some(page))
}

/// A page whose answers stand in the file is submitted by itself, unless the host has refused these very answers.
pub fn goes_on(w: &Wizard) -> bool {
    way(w).is_some()
        && !shows(w, w.at())
        && match w.at() {
            PageId::Host => host::look(w).is_none(),
            PageId::Token => token::credential(w).is_some() && !ask::was_refused(w),
            _ => false,
        }
}

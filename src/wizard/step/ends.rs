//! When tokens end, as far as the runs of this machine and the host tell: Proxmox reminds nobody.

use crate::diagnosis::token_end;
use crate::domain::{Credential, Finding};
use crate::wizard::Wizard;
use crate::wizard::step::{made, token};

/// What labwizard made and what ends soon, said at the start.
pub fn near(w: &Wizard) -> Vec<Finding> {
    let ends = token_end::made(&w.setting.runs).into_iter();
    ends.filter_map(|(_, id, end)| token_end::near(id, end, w.setting.now)).collect()
}

/// The end of the token that is used here, where it is near and the host does not tell it: a run of this machine made it.
pub fn of_this(w: &Wizard) -> Option<Finding> {
    let Some(Credential::Token { id, .. }) = token::credential(w) else { return None };
    token_end::remembered(&id, &token::survey(w)?.seen, &made::runs(w), w.setting.now)
}

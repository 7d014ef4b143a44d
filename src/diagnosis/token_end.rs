//! The end of a token, where it is near: Proxmox tells nobody, and the tool that uses it stops at midnight.

use crate::diagnosis::codes;
use crate::domain::finding::{Finding, Severity::*, Step};
use crate::domain::time::date;
use crate::domain::visible::visible;
use crate::domain::{Timestamp, TokenId};

const DAY: Timestamp = 86_400;
/// From so many seconds before its end on it is said.
const NEAR: Timestamp = 30 * DAY;

/// What is to be said of a token that ends then; none where the end is far, or there is none.
pub fn near(id: &TokenId, expire: Option<Timestamp>, now: Timestamp) -> Option<Finding> {
    let end = expire.filter(|end| end - now <= NEAR)?;
    let id = visible(&id.to_string());
    let (title, severity) = match (end - now + DAY - 1) / DAY {
        _ if end <= now => (format!("The token {id} ended on {}.", date(end)), Warning),
        1 => (format!("The token {id} ends within a day, on {}.", date(end)), Warning),
        days if days <= 14 => (format!("The token {id} ends in {days} days, on {}.", date(end)), Warning),
        days => (format!("The token {id} ends in {days} days, on {}.", date(end)), Info),
    };
    Some(
        Finding::new(
            codes::TOKEN_ENDS_SOON,
            severity,
            Step::Access,
            title,
            "It was made with an end, and Proxmox reminds nobody of it.",
        )
        .say("Run labwizard on its file for a new one, or set a later end under Datacenter → Permissions → API Tokens → Edit; the secret stays the same."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_said_from_thirty_days_before_and_not_earlier() {
        let id: TokenId = "lab@pve!wiz".parse().unwrap();
        let said = |days: Timestamp| near(&id, Some(1_800_000_000 + days * DAY), 1_800_000_000).map(|f| f.severity);
        assert_eq!((said(31), said(30), said(14), said(-1)), (None, Some(Info), Some(Warning), Some(Warning)));
        assert_eq!(near(&id, None, 1_800_000_000), None);
    }
}

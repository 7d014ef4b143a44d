//! What a token was before it was removed, so that the commands that make it again can be told after everything else was lost.

use std::collections::BTreeMap;

use crate::domain::change::{Change, Grantee, TokenMake};
use crate::domain::visible::visible;
use crate::domain::{Estate, Holder, TokenId, pveum};

const SEPARATED: &str = "separated";
const EXPIRE: &str = "expire";
const COMMENT: &str = "comment";
const ROWS: &str = "rows";
const NEVER: &str = "never";

/// A token and its entries in the ACL, which go with it; no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenWas {
    pub make: TokenMake,
    pub rows: Vec<RowWas>,
}

/// An entry of the ACL that the token had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowWas {
    pub path: String,
    pub role: String,
    pub propagates: bool,
}

impl TokenWas {
    /// The token as the host shows it; none where it is not shown.
    pub fn seen(id: &TokenId, estate: &Estate) -> Option<TokenWas> {
        let token = estate.token(id)?;
        let comment = visible(token.comment.as_deref().unwrap_or_default());
        let make = TokenMake { id: id.clone(), separated: token.separated, expire: token.expire, comment };
        let rows = estate.acl.iter().filter(|row| row.who == Holder::Token(id.clone())).map(|row| RowWas {
            path: row.path.clone(),
            role: row.role.clone(),
            propagates: row.propagates,
        });
        Some(TokenWas { make, rows: rows.collect() })
    }

    /// The commands for root's shell that make it again, with a new secret.
    pub fn commands(&self) -> Vec<String> {
        let make = pveum::command(&Change::MakeToken(self.make.clone())).ok();
        let rows = self.rows.iter().filter_map(|row| {
            let to = vec![Grantee::Token(self.make.id.clone())];
            let line = pveum::command(&Change::Grant { path: row.path.clone(), role: row.role.clone(), to }).ok()?;
            Some(if row.propagates { line } else { format!("{line} --propagate 0") })
        });
        make.into_iter().chain(rows).collect()
    }

    /// What the journal keeps of it, beside the token's name.
    pub fn names(&self) -> BTreeMap<String, String> {
        let rows = self.rows.iter().map(|row| {
            let propagates = if row.propagates { "1" } else { "0" };
            format!("{} {} {propagates}", row.path, row.role)
        });
        [
            (SEPARATED, self.make.separated.to_string()),
            (EXPIRE, self.make.expire.map_or(NEVER.to_owned(), |end| end.to_string())),
            (COMMENT, self.make.comment.clone()),
            (ROWS, rows.collect::<Vec<_>>().join("\n")),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }

    /// The token of these names; none where they are not whole.
    pub fn of_names(id: &TokenId, names: &BTreeMap<String, String>) -> Option<TokenWas> {
        let expire = match names.get(EXPIRE)?.as_str() {
            NEVER => None,
            end => Some(end.parse().ok()?),
        };
        let separated = names.get(SEPARATED)?.parse().ok()?;
        let make = TokenMake { id: id.clone(), separated, expire, comment: names.get(COMMENT)?.clone() };
        let row = |line: &str| {
            let mut words = line.rsplitn(3, ' ');
            let propagates = words.next()? == "1";
            let (role, path) = (words.next()?.to_owned(), words.next()?.to_owned());
            Some(RowWas { path, role, propagates })
        };
        let rows = names.get(ROWS)?.lines().map(row).collect::<Option<_>>()?;
        Some(TokenWas { make, rows })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn was() -> TokenWas {
        let id: TokenId = "apex@pve!tool".parse().unwrap();
        let row = |path: &str, propagates| RowWas { path: path.into(), role: "LabTool".into(), propagates };
        TokenWas {
            make: TokenMake { id, separated: true, expire: Some(2_000_000_000), comment: "CI, ask Jörg".into() },
            rows: vec![row("/vms", true), row("/nodes/pve1", false)],
        }
    }

    #[test]
    fn a_token_is_read_back_from_its_names() {
        let bare = TokenWas { make: TokenMake { expire: None, ..was().make }, rows: Vec::new() };
        for one in [was(), bare] {
            assert_eq!(TokenWas::of_names(&one.make.id, &one.names()), Some(one));
        }
        for lost in [SEPARATED, EXPIRE, COMMENT, ROWS] {
            let mut names = was().names();
            names.remove(lost);
            assert_eq!(TokenWas::of_names(&was().make.id, &names), None, "{lost}");
        }
    }

    #[test]
    fn its_commands_make_it_as_it_was() {
        assert_eq!(
            was().commands(),
            [
                "pveum user token add apex@pve tool --privsep 1 --expire 2000000000 --comment 'CI, ask Jörg' \
                 --output-format json",
                "pveum acl modify /vms --tokens 'apex@pve!tool' --roles LabTool",
                "pveum acl modify /nodes/pve1 --tokens 'apex@pve!tool' --roles LabTool --propagate 0",
            ]
        );
    }
}

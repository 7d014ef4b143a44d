//! Taking a file edit back where the file was edited by others since: only the values that were ours.

use crate::domain::endpoint::PROXMOX_PORT;
use crate::domain::{Endpoint, FileSeen, Secret, Text, TokenId};
use crate::format::{Dialect, Document, Edit, EditError, Found, Setting};
use crate::plan::action::{FileEdit, Unfit};

/// The edit that gives `keys` the values they had in `before`, and removes those that were not there. Everything else in the
/// file stays as it is now.
pub fn values_back(before: Option<&Text>, now: FileSeen, dialect: Dialect, keys: &[String]) -> Result<FileEdit, Unfit> {
    let old = Document::parse(dialect, before.cloned().unwrap_or_default())?;
    let current = Document::parse(dialect, now.there.as_ref().map(|there| there.text.clone()).unwrap_or_default())?;
    let edits = keys.iter().filter_map(|key| value_back(&old, &current, key).transpose()).collect::<Result<_, _>>()?;
    let agreed = now.oddities.clone();
    Ok(FileEdit {
        seen: now,
        dialect,
        readers: Vec::new(),
        start: Text::default(),
        edits,
        heading: None,
        agreed,
        awaits: Default::default(),
    })
}

/// What gives one key its value back; none where nothing is to be done. A key whose old value is not one plain text is left to
/// the person, who has the backup.
fn value_back(old: &Document, current: &Document, key: &str) -> Result<Option<Edit>, Unfit> {
    let stands = !matches!(current.get(key), Found::Missing | Found::Commented(_));
    Ok(match old.get(key) {
        Found::Once(entry) => match entry.value() {
            Some(value) => Some(Edit::set(key, value)),
            None => return Err(EditError::NotPlain { key: key.to_owned(), line: entry.line() }.into()),
        },
        Found::Twice(lines) => return Err(EditError::Duplicate { key: key.to_owned(), lines }.into()),
        Found::Missing | Found::Commented(_) => stands.then(|| Edit::remove(key)),
    })
}

/// The UUID that a key's one plain value holds, as it is or behind a token's id; it is a secret.
pub fn secret_of(text: &Text, dialect: Dialect, key: &str) -> Option<Secret> {
    let document = Document::parse(dialect, text.clone()).ok()?;
    let Found::Once(entry) = document.get(key) else { return None };
    let value = entry.value()?;
    let value = value.as_str();
    let is_uuid = |part: &&str| part.len() == 36 && uuid::Uuid::try_parse(part).is_ok();
    let found = value.char_indices().filter_map(|(at, _)| value.get(at..at + 36)).find(is_uuid)?;
    Some(Secret::new(found.to_owned()))
}

/// The secret that an edit replaced, where the same file said before that it is this token's, of this host. Nobody is shown a
/// secret that may be for somebody else.
pub fn replaced_secret(edit: &FileEdit, keys: &[String], id: &TokenId, endpoint: &Endpoint) -> Option<Secret> {
    let text = &edit.seen.there.as_ref()?.text;
    let document = Document::parse(edit.dialect, text.clone()).ok()?;
    let before: Vec<Text> = edit
        .edits
        .iter()
        .filter_map(|edit| match document.get(&edit.key) {
            Found::Once(entry) => entry.value(),
            _ => None,
        })
        .collect();
    let names = |word: &str| before.iter().any(|value| word_ends(value.as_str(), word).next().is_some());
    let is = |word: &str| before.iter().any(|value| value.as_str() == word);
    let ours = names(&id.to_string()) || (is(&id.user.to_string()) && is(id.name.as_str()));
    let here = before.iter().any(|value| leads_to(value.as_str(), endpoint, is(&endpoint.port.to_string())));
    let secret = || keys.iter().find_map(|key| secret_of(text, edit.dialect, key));
    if ours && here { secret() } else { None }
}

/// Where a value has this word by itself: what stands behind each of them.
fn word_ends<'a>(value: &'a str, word: &str) -> impl Iterator<Item = &'a str> {
    let part = |c: char| c.is_alphanumeric() || "._-@!".contains(c);
    value.match_indices(word).filter_map(move |(at, found)| {
        let (before, after) = (value.get(..at)?, value.get(at + found.len()..)?);
        (!before.ends_with(part) && !after.starts_with(part)).then_some(after)
    })
}

/// Whether a value names this host, with its port where one stands there or elsewhere in the file.
fn leads_to(value: &str, endpoint: &Endpoint, port_elsewhere: bool) -> bool {
    let (value, host) = (value.to_lowercase(), endpoint.host.to_string().to_lowercase());
    word_ends(&value, &host).any(|after| match after.trim_start_matches(']').strip_prefix(':') {
        Some(port) => {
            let digits = port.find(|c: char| !c.is_ascii_digit()).unwrap_or(port.len());
            port.get(..digits).and_then(|digits| digits.parse().ok()) == Some(endpoint.port)
        }
        None => port_elsewhere || endpoint.port == PROXMOX_PORT,
    })
}

/// The keys of an edit whose value holds this secret.
pub fn keys_of(edit: &FileEdit, secret: &Secret) -> Vec<String> {
    let holds = |edit: &&Edit| matches!(&edit.value, Setting::Text(text) if text.as_str().contains(secret.reveal()));
    edit.edits.iter().filter(holds).map(|edit| edit.key.clone()).collect()
}

/// The word of a dialect in the journal.
pub fn dialect_word(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Dotenv => "dotenv",
        Dialect::Hcl => "hcl",
    }
}

/// The dialect of a word in the journal.
pub fn dialect(word: &str) -> Option<Dialect> {
    [Dialect::Dotenv, Dialect::Hcl].into_iter().find(|dialect| dialect_word(*dialect) == word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Host;
    use crate::domain::file::{Base, Digest, Folder, Identity, There};

    fn seen(text: &str) -> FileSeen {
        let identity = Identity { device: 1, inode: 2, size: text.len() as u64, modified: (0, 0) };
        let base = Base { digest: Digest::of(text.as_bytes()), identity };
        FileSeen {
            given: "/x/.env".into(),
            path: "/x/.env".into(),
            there: Some(There { text: text.into(), base, mode: 0o600, uid: 0, gid: 0, links: 1 }),
            folder: Folder { exists: true, writable: true, identity: None },
            oddities: Vec::new(),
        }
    }

    fn back(before: Option<&str>, now: &str, keys: &[&str]) -> String {
        let before = before.map(Text::from);
        let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
        let edit = values_back(before.as_ref(), seen(now), Dialect::Dotenv, &keys).unwrap();
        edit.after().unwrap().text().as_str().to_owned()
    }

    #[test]
    fn a_file_that_was_edited_since_loses_only_our_values() {
        let before = "# mine\nHOST=old\nOTHER=1\n";
        let now = "# mine, edited\nHOST=new\nOTHER=2\nMORE=3\nTOKEN=ours\n";
        assert_eq!(back(Some(before), now, &["HOST", "TOKEN"]), "# mine, edited\nHOST=old\nOTHER=2\nMORE=3\n");
    }

    #[test]
    fn of_a_file_that_we_made_our_keys_go_and_the_rest_stays() {
        assert_eq!(back(None, "TOKEN=ours\nTHEIRS=1\n", &["TOKEN", "GONE"]), "THEIRS=1\n");
    }

    #[test]
    fn a_secret_is_found_alone_and_behind_its_token() {
        const UUID: &str = "00000000-0000-4000-8000-000000000001";
        for value in [UUID.to_owned(), format!("lab@pve!x={UUID}"), format!("\"PVEAPIToken=lab@pve!x={UUID}\"")] {
            let found = secret_of(&Text::new(format!("A=1\nTOKEN={value}\n")), Dialect::Dotenv, "TOKEN");
            assert_eq!(found.unwrap().reveal(), UUID);
        }
        assert!(secret_of(&Text::from("TOKEN=none\n"), Dialect::Dotenv, "TOKEN").is_none());
        assert!(secret_of(&Text::from("A=1\n"), Dialect::Dotenv, "TOKEN").is_none());
    }

    #[test]
    fn a_replaced_secret_is_only_told_where_the_file_says_whose_it_is() {
        const UUID: &str = "00000000-0000-4000-8000-000000000001";
        let (id, endpoint): (TokenId, Endpoint) =
            ("lab@pve!xy".parse().unwrap(), Endpoint { host: Host::Name("pve.lan".into()), port: 8006 });
        let told = |text: String| {
            let edit = FileEdit {
                seen: seen(&text),
                dialect: Dialect::Dotenv,
                readers: Vec::new(),
                start: Text::default(),
                edits: ["HOST", "USER", "NAME", "TOKEN"].map(|key| Edit::set(key, Text::from("new"))).into(),
                heading: None,
                agreed: Vec::new(),
                awaits: Default::default(),
            };
            replaced_secret(&edit, &["TOKEN".to_owned()], &id, &endpoint).is_some()
        };
        for theirs in [
            format!("HOST=pve.lan\nTOKEN=lab@pve!xy={UUID}\n"),
            format!("HOST=https://PVE.lan:8006/api2\nTOKEN=PVEAPIToken=lab@pve!xy={UUID}\n"),
            format!("HOST=pve.lan\nUSER=lab@pve\nNAME=xy\nTOKEN={UUID}\n"),
        ] {
            assert!(told(theirs.clone()), "{theirs}");
        }
        for foreign in [
            format!("HOST=other.lan\nTOKEN=lab@pve!xy={UUID}\n"),
            format!("HOST=old-pve.lan\nTOKEN=lab@pve!xy={UUID}\n"),
            format!("HOST=pve.lan.example\nTOKEN=lab@pve!xy={UUID}\n"),
            format!("HOST=pve.lan:8007\nTOKEN=lab@pve!xy={UUID}\n"),
            format!("HOST=pve.lan\nTOKEN=lab@pve!xy2={UUID}\n"),
            format!("HOST=pve.lan\nTOKEN=mylab@pve!xy={UUID}\n"),
            format!("HOST=pve.lan\nUSER=lab@pve\nNAME=y\nTOKEN={UUID}\n"),
            format!("# HOST=pve.lan\nTOKEN=lab@pve!xy={UUID}\n"),
            format!("TOKEN={UUID}\n"),
        ] {
            assert!(!told(foreign.clone()), "{foreign}");
        }
    }

    #[test]
    fn a_dialect_is_found_again_by_its_word() {
        for one in [Dialect::Dotenv, Dialect::Hcl] {
            assert_eq!(dialect(dialect_word(one)), Some(one));
        }
        assert_eq!(dialect("yaml"), None);
    }
}

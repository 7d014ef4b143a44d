//! The answers of an unfinished walk, kept without secrets and taken up again.

use toml_edit::{DocumentMut, Item, Table, value};

use crate::domain::paste::{Known, is_uuid, parse_paste};

use crate::domain::{HostError, Id, Text, parse_host};
use crate::wizard::Wizard;
use crate::wizard::draft::Draft;
use crate::wizard::step::{checkup, code, host, login, make, nearby, review, ssh, token, tool, trust, uses, verify};

/// Everything that was answered so far, without secrets, to be continued with.
pub fn walk(w: &Wizard) -> String {
    let secret = [token::TOKEN, token::PASSWORD, login::PASSWORD, code::CODE];
    let mut document = DocumentMut::new();
    let typed: Table = w
        .draft
        .typed()
        .filter(|(id, text)| !secret.contains(id) && !text.is_blank() && !looks_secret(text.as_str()))
        .map(|(id, text)| (id.as_str().to_owned(), value(text.as_str())))
        .collect();
    let chosen: Table = w
        .draft
        .chosen()
        // What was agreed to at the end of one walk is agreed to anew in the next.
        .filter(|(id, _)| !is_agreement(id))
        .map(|(id, choice)| (id.as_str().to_owned(), value(choice.as_str())))
        .collect();
    document["typed"] = Item::Table(typed);
    document["chosen"] = Item::Table(chosen);
    document.to_string()
}

/// A yes that belongs to what was on the screen, and is not carried to another day.
fn is_agreement(id: &Id) -> bool {
    let whole = [
        review::REVIEW,
        trust::TRUST,
        token::FORCE,
        verify::NEXT,
        host::OFFLINE,
        uses::DANGEROUS,
        code::AGAIN,
        make::EXISTING,
        make::REMOVE_OLD,
        make::INSTEAD,
        // All rights and no end are said anew each time.
        make::EXPIRE,
        make::RIGHTS,
        ssh::OTHER_NODE,
        tool::BROKEN,
        nearby::MEND_HERE,
        checkup::MEND,
    ];
    whole.contains(id) || ["agree.", "keep.", "lacking"].iter().any(|beginning| id.as_str().starts_with(beginning))
}

/// A secret may have been pasted into a field where none belongs. An address, a path or a number is none, though among what
/// stands where a token belongs it would be taken for a password or for the beginning of a UUID.
fn looks_secret(text: &str) -> bool {
    use crate::domain::paste::SecretProblem::{Group, LooksLikeApiKey, LooksLikePassword, LooksLikeTicket, Truncated};
    let uuid = |bytes: &[u8]| std::str::from_utf8(bytes).is_ok_and(is_uuid);
    let host = parse_host(text);
    // A UUID within an address is no part of it.
    if text.as_bytes().windows(36).any(uuid) || matches!(host, Err(HostError::IsASecret { .. })) {
        return true;
    }
    let Some(secret) = parse_paste(text, Known::default()).secret else { return false };
    match secret.problem() {
        None | Some(Group { .. } | LooksLikeApiKey | LooksLikeTicket) => true,
        Some(Truncated { has }) => *has > 8,
        Some(LooksLikePassword) => host.is_err() && !text.trim_start().starts_with(['/', '~', '.']),
        Some(_) => false,
    }
}

/// The answers of an unfinished walk; none where the text is not one, or nothing was answered.
pub fn resume(text: &str) -> Option<Draft> {
    let document: DocumentMut = text.parse().ok()?;
    let mut draft = Draft::default();
    for (id, item) in document.get("typed")?.as_table()? {
        draft.type_in(Id::new(id), Text::new(item.as_str()?));
    }
    for (id, item) in document.get("chosen")?.as_table()? {
        draft.choose(Id::new(id), Id::new(item.as_str()?));
    }
    let begun = draft.typed().next().is_some() || draft.chosen().next().is_some();
    begun.then_some(draft)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unfinished_walk_keeps_addresses_paths_and_names() {
        for text in [
            "pve.lan",
            "pve",
            "127.0.0.1:40421",
            "https://pve.lan:8006/",
            "[2001:db8::1]:8006",
            "/home/anna/labs/glassdome/.env",
            "~/labs/.env",
            ".env",
            "apex@pve",
            "glassdome-token",
            "local-lvm",
            "9000",
        ] {
            assert!(!looks_secret(text), "{text}");
        }
    }

    #[test]
    fn an_unfinished_walk_keeps_no_secret_wherever_it_was_pasted() {
        let secret = "00000000-0000-4000-8000-000000000001";
        for text in [
            secret.to_owned(),
            secret[..30].to_owned(),
            format!("apex@pve!glassdome={secret}"),
            format!("apex@pve!glassdome\n{secret}"),
            format!("Authorization: PVEAPIToken=apex@pve!glassdome={secret}"),
            format!("PROXMOX_TOKEN_VALUE={secret}"),
            "https://root:hunter2@pve.lan:8006".to_owned(),
            "PROXMOX_PASSWORD=hunter2".to_owned(),
            "Correct!Horse-Battery".to_owned(),
            "0123456789abcdefABCDEF0123456789".to_owned(),
        ] {
            assert!(looks_secret(&text), "{text}");
        }
    }

    #[test]
    fn how_much_and_how_long_is_chosen_anew_on_another_day() {
        for id in [make::RIGHTS, make::EXPIRE, make::EXISTING] {
            assert!(is_agreement(&id), "{id:?}");
        }
        assert!(!is_agreement(&make::WHOSE) && !is_agreement(&make::EXPIRE_DATE));
    }

    #[test]
    fn an_unfinished_walk_goes_on_with_what_was_kept() {
        let draft = resume("[typed]\nhost = \"pve.lan\"\n[chosen]\ntarget = \"thing\"\n").unwrap();
        assert_eq!(draft.text(&Id::fixed("host")), "pve.lan");
        assert_eq!(draft.choice(&Id::fixed("target")).map(Id::as_str), Some("thing"));
        assert!(resume("not a walk").is_none());
        assert!(resume("[typed]\n[chosen]\n").is_none(), "nothing was answered, so nothing is filled in");
    }
}

//! Reads a cleaned paste word by word: each value is known by its look first, and by the label before it second.

use zeroize::Zeroizing;

use crate::domain::paste::clean::{clean, join_all, join_broken_secrets, join_full_lines};
use crate::domain::paste::found::Found;
use crate::domain::paste::words::{Piece, Role, is_label, pieces, role};
use crate::domain::paste::{Known, Paste, PasteProblem};

pub(super) fn read(text: &str, known: Known) -> Paste {
    let (cleaned, mut repairs) = clean(text);
    if cleaned.trim().is_empty() {
        return Paste { problems: vec![PasteProblem::Empty], user: known.user, name: known.name, ..Paste::default() };
    }
    if is_list_of_tokens(&cleaned) {
        return Paste {
            problems: vec![PasteProblem::ListOfTokens],
            user: known.user,
            name: known.name,
            ..Paste::default()
        };
    }
    // A window may have broken the text anywhere; whichever joining makes most sense of it is taken, the likeliest first.
    let mut joinings =
        [join_broken_secrets(&cleaned), join_full_lines(&cleaned), join_all(&cleaned)].map(Zeroizing::new);
    if is_hard_wrapped(&cleaned) {
        joinings.rotate_right(1);
    }
    let mut best = read_words(&joinings[0]);
    for other in &joinings[1..] {
        if best.score() < 3 {
            let found = read_words(other);
            if found.score() > best.score() {
                best = found;
            }
        }
    }
    if !best.is_as(&read_words(&cleaned)) {
        repairs.push("Line breaks that a narrow window had put in were taken out.".into());
    }
    best.finish(&cleaned, known, repairs)
}

/// What `pveum user token list` prints: a table that names secrets nowhere.
fn is_list_of_tokens(text: &str) -> bool {
    let lower = text.to_lowercase();
    ["tokenid", "privsep", "expire"].iter().all(|column| lower.contains(column))
        && !lower.contains("value")
        && !lower.contains('!')
}

/// Whether every line but the last is of one length, as a window of that width leaves them.
fn is_hard_wrapped(text: &str) -> bool {
    if text.contains('|') {
        return false;
    }
    let lengths: Vec<usize> = text.trim_end().split('\n').map(|line| line.chars().count()).collect();
    matches!(lengths.as_slice(), [first, middle @ .., last]
        if *first >= 20 && middle.iter().all(|n| n == first) && last <= first)
}

fn read_words(text: &str) -> Found {
    let mut found = Found::default();
    let mut label: Vec<&str> = Vec::new();
    let mut pending: Option<Role> = None;
    let mut name_next = false;
    let mut bars = false;
    let mut pieces = pieces(text).into_iter().peekable();
    while let Some(piece) = pieces.next() {
        match piece {
            Piece::Word(word) => {
                found.words += 1;
                if pieces.peek() == Some(&Piece::Sep) && is_label(word) {
                    pending = None;
                    label.push(word);
                    continue;
                }
                // `ssh root@pve`: a login of the machine, not a user of Proxmox.
                if label.last().is_some_and(|w| matches!(*w, "ssh" | "scp")) && word.contains('@') {
                    continue;
                }
                let before = found.user.clone();
                let as_name = name_next && pending.is_none();
                let role = if as_name { Some(Role::Name) } else { pending };
                if found.take(word, role) {
                    name_next = !as_name && name_next && found.user == before;
                    // `pveum user token add USER NAME`: the word behind the user is the name.
                    let tail: Vec<&str> = label.iter().rev().take(3).copied().collect();
                    if let ["add" | "modify" | "remove" | "delete" | "permissions", "token", "user"] = tail.as_slice() {
                        found.command = true;
                        name_next = found.user != before && found.name.is_none();
                    }
                    if pending.take().is_none() {
                        found.leave(&mut label);
                    }
                    label.clear();
                } else if pending.take().is_none() {
                    label.push(word);
                }
            }
            Piece::Sep => {
                pending = Some(role(&label.concat()));
                label.clear();
            }
            Piece::Bar => {
                bars = true;
                let of_label = role(&label.concat());
                if !label.is_empty() && of_label != Role::Other {
                    pending = Some(of_label);
                    label.clear();
                } else {
                    found.leave(&mut label);
                }
            }
            Piece::Comma => {
                pending = None;
                found.leave(&mut label);
            }
            Piece::Line => {
                if bars || pending == Some(Role::Other) {
                    pending = None;
                }
                // A dialog's label may stand alone in its line, its value in the next.
                let alone = role(&label.concat());
                if pending.is_none() && !bars && !label.is_empty() && label.len() <= 3 && is_dialog_label(&label, alone)
                {
                    pending = Some(alone);
                    label.clear();
                }
                bars = false;
                found.leave(&mut label);
                name_next = false;
            }
        }
    }
    found.leave(&mut label);
    found.command |= found.left.iter().any(|w| w.as_str() == "pveum");
    found
}

/// `Token ID`, `API Token Secret`, `Secret`: labels as the web UI shows them, not names of tokens such as `backup-token`.
fn is_dialog_label(label: &[&str], role: Role) -> bool {
    let known = |word: &&str| {
        ["token", "id", "secret", "value", "api", "name", "user", "username"]
            .contains(&word.to_ascii_lowercase().as_str())
    };
    matches!(role, Role::Id | Role::Secret | Role::Name | Role::User) && label.iter().all(known)
}

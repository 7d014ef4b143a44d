//! Reads a cleaned paste word by word: each value is known by its look first, and by the label before it second.

use crate::domain::paste::clean::{clean, join_all, join_broken_secrets, join_full_lines};
use crate::domain::paste::secret::{is_uuid, like_uuid};
use crate::domain::paste::{
    Known, Part, Paste, PasteProblem, PastedSecret, SecretProblem, guide_mistake, host_said, placeholder,
};
use crate::domain::token::IdError;
use crate::domain::{TokenName, UserId};

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
    let broken = join_broken_secrets(&cleaned);
    let all = join_all(&cleaned);
    let first = if is_hard_wrapped(&cleaned) { &all } else { &broken };
    let (mut best, mut chosen) = (read_words(first), first.clone());
    for other in [broken.clone(), join_full_lines(&cleaned), all.clone()] {
        if best.score() < 3 && other != chosen {
            let found = read_words(&other);
            if found.score() > best.score() {
                (best, chosen) = (found, other);
            }
        }
    }
    let joined = chosen != cleaned && !best.is_as(&read_words(&cleaned));
    if joined {
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

/// What a label before a value says that the value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// The whole token, or its id, or its secret; the look of the value decides.
    Token,
    Id,
    User,
    Realm,
    Name,
    Secret,
    Password,
    Ticket,
    Other,
}

/// The role of a label, by the words that tools and web pages use; a number behind it says only which one.
fn role(label: &str) -> Role {
    let plain: String = label.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    let plain = plain.trim_end_matches(|c: char| c.is_ascii_digit());
    let ends = |words: &[&str]| words.iter().any(|word| plain.ends_with(word));
    if ends(&["password", "passwd", "pass", "pwd"]) {
        Role::Password
    } else if ends(&["ticket", "authcookie", "preventiontoken", "csrf"]) {
        Role::Ticket
    } else if plain == "value" || ends(&["tokenvalue", "secret", "secretkey", "tokensecretvalue", "tokenuuid"]) {
        Role::Secret
    } else if ends(&["tokenname", "tokensubid"]) {
        Role::Name
    } else if ends(&["tokenid", "tokenids", "tokens"]) {
        Role::Id
    } else if ends(&["token", "apikey"]) {
        Role::Token
    } else if ends(&["user", "users", "username", "userid", "login"]) {
        Role::User
    } else if ends(&["realm"]) {
        Role::Realm
    } else {
        Role::Other
    }
}

/// A word of the text, or what stands between words.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Word(String),
    /// `=` or `:` or a tab: what stood before is a label.
    Sep,
    /// The upright line of a table.
    Bar,
    Comma,
    Line,
}

fn pieces(text: &str) -> Vec<Piece> {
    let mut out = Vec::new();
    let mut word = String::new();
    let mut variable = false;
    for c in text.chars() {
        let piece = match c {
            '{' if word.ends_with('$') => {
                variable = true;
                word.push(c);
                continue;
            }
            '}' if variable => {
                variable = false;
                word.push(c);
                continue;
            }
            '\n' => Some(Piece::Line),
            '\t' => Some(Piece::Sep),
            '|' => Some(Piece::Bar),
            ',' | ';' => Some(Piece::Comma),
            '"' | '\'' | '`' | '(' | ')' | '{' | '}' | '[' | ']' | '\\' => None,
            c if c.is_whitespace() => None,
            c => {
                word.push(c);
                continue;
            }
        };
        push_word(&mut out, std::mem::take(&mut word));
        out.extend(piece);
    }
    push_word(&mut out, word);
    out
}

/// Takes `KEY=value`, `key:value`, `--flag` and `KEY:` apart.
fn push_word(out: &mut Vec<Piece>, word: String) {
    if word.is_empty() || word.bytes().all(|b| matches!(b, b'-' | b'+')) && word.len() > 2 {
        return;
    }
    if word.chars().all(|c| matches!(c, '=' | ':' | '>')) {
        // `+====+` frames of tables come without the corners here.
        out.extend((word.len() <= 2).then_some(Piece::Sep));
        return;
    }
    if let Some(flag) = word.strip_prefix('-')
        && flag.starts_with(|c: char| c == '-' || c.is_ascii_alphabetic())
    {
        let flag = flag.trim_start_matches('-');
        let (name, value) = flag.split_once('=').unwrap_or((flag, ""));
        out.push(Piece::Comma);
        out.push(Piece::Word(name.to_owned()));
        out.push(Piece::Sep);
        if !value.is_empty() {
            push_word(out, value.to_owned());
        }
        return;
    }
    if word.contains("://") || product_of(&word).is_some() {
        out.push(Piece::Word(word));
        return;
    }
    let word = word.strip_prefix("$env:").map(str::to_owned).unwrap_or(word);
    match word.split_once(['=', ':']) {
        Some((label, value)) if is_label(label) && !word.starts_with("PVE:") => {
            out.push(Piece::Word(label.to_owned()));
            out.push(Piece::Sep);
            if !value.is_empty() {
                push_word(out, value.to_owned());
            }
        }
        _ => out.push(Piece::Word(word)),
    }
}

/// Whether a word before `=` or `:` names what stands behind it.
fn is_label(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
        && !like_uuid(word)
}

/// The product in `PVEAPIToken=` and where the token begins behind it.
fn product_of(word: &str) -> Option<(&str, &str)> {
    let at = word.to_ascii_lowercase().find("apitoken=")?;
    let product = word.get(at.checked_sub(3)?..at)?;
    matches!(product.to_ascii_uppercase().as_str(), "PVE" | "PBS" | "PDM" | "PMG")
        .then(|| (product, &word[at + "apitoken=".len()..]))
}

/// What has been found so far.
#[derive(Default)]
struct Found {
    user: Option<UserId>,
    /// A user without its realm, until a realm comes.
    bare_user: Option<String>,
    realm: Option<String>,
    name: Option<TokenName>,
    secret: Option<PastedSecret>,
    repairs: Vec<String>,
    problems: Vec<PasteProblem>,
    /// Words that nothing is known about.
    left: Vec<String>,
    words: usize,
    /// A command of pveum was seen.
    command: bool,
}

fn read_words(text: &str) -> Found {
    let mut found = Found::default();
    let mut label: Vec<String> = Vec::new();
    let mut pending: Option<Role> = None;
    let mut name_next = false;
    let mut bars = false;
    let mut pieces = pieces(text).into_iter().peekable();
    while let Some(piece) = pieces.next() {
        match piece {
            Piece::Word(word) => {
                found.words += 1;
                if pieces.peek() == Some(&Piece::Sep) && is_label(&word) {
                    pending = None;
                    label.push(word);
                    continue;
                }
                // `ssh root@pve`: a login of the machine, not a user of Proxmox.
                if label.last().is_some_and(|w| w == "ssh" || w == "scp") && word.contains('@') {
                    continue;
                }
                let before = found.user.clone();
                let as_name = name_next && pending.is_none();
                let role = if as_name { Some(Role::Name) } else { pending };
                if found.take(&word, role) {
                    name_next = !as_name && name_next && found.user == before;
                    // `pveum user token add USER NAME`: the word behind the user is the name.
                    let tail: Vec<&str> = label.iter().rev().take(3).map(String::as_str).collect();
                    if let ["add" | "modify" | "remove" | "delete" | "permissions", "token", "user"] = tail.as_slice() {
                        found.command = true;
                        name_next = found.user != before && found.name.is_none();
                    }
                    if pending.take().is_none() {
                        found.left.append(&mut label);
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
                    found.left.append(&mut label);
                }
            }
            Piece::Comma => {
                pending = None;
                found.left.append(&mut label);
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
                found.left.append(&mut label);
                name_next = false;
            }
        }
    }
    found.left.append(&mut label);
    found.command |= found.left.iter().any(|w| w == "pveum");
    found
}

/// `Token ID`, `API Token Secret`, `Secret`: labels as the web UI shows them, not names of tokens such as `backup-token`.
fn is_dialog_label(label: &[String], role: Role) -> bool {
    let known = |word: &String| {
        ["token", "id", "secret", "value", "api", "name", "user", "username"]
            .contains(&word.to_ascii_lowercase().as_str())
    };
    matches!(role, Role::Id | Role::Secret | Role::Name | Role::User) && label.iter().all(known)
}

impl Found {
    /// How much sense a reading makes.
    fn score(&self) -> usize {
        let sound = self.secret.as_ref().is_some_and(|s| s.sound().is_some());
        usize::from(self.user.is_some()) + usize::from(self.name.is_some()) + usize::from(sound)
    }

    /// Whether another reading found the same token.
    fn is_as(&self, other: &Found) -> bool {
        let same_secret = match (&self.secret, &other.secret) {
            (Some(a), Some(b)) => a.forced().same_as(b.forced()),
            (a, b) => a.is_none() && b.is_none(),
        };
        self.user == other.user && self.name == other.name && same_secret
    }

    fn repair(&mut self, sentence: impl Into<String>) {
        let sentence = sentence.into();
        if !self.repairs.contains(&sentence) {
            self.repairs.push(sentence);
        }
    }

    fn problem(&mut self, problem: PasteProblem) {
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// Takes a word by its look, then by its label. `false` when it is neither.
    fn take(&mut self, word: &str, role: Option<Role>) -> bool {
        if let Some((product, rest)) = product_of(word) {
            let other = match product.to_ascii_uppercase().as_str() {
                "PBS" => Some("Proxmox Backup Server"),
                "PDM" => Some("Proxmox Datacenter Manager"),
                "PMG" => Some("Proxmox Mail Gateway"),
                _ => None,
            };
            if let Some(other) = other {
                self.problem(PasteProblem::OtherProduct(other));
            }
            let rest = rest.to_owned();
            return rest.is_empty() || self.take(&rest, Some(Role::Token));
        }
        let decoded = percent_decoded(word);
        if decoded != word {
            self.repair("%40, %21 and the like became the signs that they stand for.");
        }
        let word = decoded.as_str();
        if word.starts_with("PVE:") && word.contains("::") || role == Some(Role::Ticket) {
            self.problem(PasteProblem::Ticket);
            return true;
        }
        if let Some((_, rest)) = word.split_once("://") {
            // A token before the host of an address: https://user@realm!name=secret@host.
            let user_info =
                rest.split('/').next().and_then(|authority| authority.rsplit_once('@')).map(|(info, _)| info);
            return match user_info.filter(|info| info.contains('!')) {
                Some(info) => self.take_id(info, Some(Role::Token)),
                None => role.is_some(),
            };
        }
        if word.contains('!') && self.take_id(word, role) {
            return true;
        }
        if self.take_uuid(word, role) {
            return true;
        }
        if let Some(what) = placeholder(word) {
            let part = match role {
                Some(Role::User) => Some(Part::User),
                Some(Role::Name | Role::Id) => Some(Part::Name),
                Some(Role::Secret | Role::Token) => Some(Part::Secret),
                // Without a label only what has a UUID's form.
                None if word.len() >= 30 && word.bytes().filter(|b| *b == b'-').count() >= 4 => Some(Part::Secret),
                _ => None,
            };
            if let Some(part) = part {
                self.placeholder(part, what, word);
            }
            return role.is_some() || part.is_some();
        }
        if word.contains('@')
            && !matches!(role, Some(Role::Secret | Role::Password | Role::Other | Role::Realm))
            && let Ok(user) = word.parse::<UserId>()
            && (role.is_some() || !user.realm().contains('.'))
        {
            self.take_user(user);
            return true;
        }
        match role {
            Some(Role::User) => {
                self.bare_user = Some(word.to_owned());
                true
            }
            Some(Role::Realm) => {
                self.realm = Some(word.to_owned());
                true
            }
            Some(Role::Name | Role::Id) => {
                self.take_name(word);
                true
            }
            Some(Role::Secret | Role::Token) => {
                self.take_secret(word);
                true
            }
            Some(Role::Password) => {
                self.problem(PasteProblem::Password);
                true
            }
            _ => false,
        }
    }

    /// `user@realm!name`, with or without a secret behind it; also `!name`.
    fn take_id(&mut self, word: &str, role: Option<Role>) -> bool {
        let mut text = word.to_owned();
        if text.contains("!!") {
            while text.contains("!!") {
                text = text.replace("!!", "!");
            }
            self.repair("A doubled “!” became one.");
        }
        let Some(first) = text.find('!') else { return false };
        let behind = &text[first + 1..];
        let end = behind.find(['=', ':']).map_or(text.len(), |at| first + 1 + at);
        let (id, secret) = text.split_at(end);
        let Some((user, name)) = id.rsplit_once('!') else { return false };
        if !user.contains('@')
            && !user.is_empty()
            && !matches!(role, Some(Role::Id | Role::Token | Role::Name))
            && secret.is_empty()
        {
            // A password with a “!” in it is more likely than an id without its realm.
            return false;
        }
        if secret.starts_with(':') {
            self.repair(
                "Between token and secret stood “:”, as Proxmox Backup Server writes it; Proxmox VE wants “=”.",
            );
        }
        if role == Some(Role::Name) && !user.is_empty() {
            self.repair("Where the token's name belongs stood its full id; user and name were taken apart.");
        }
        let (user, name) = self.one_bang(user, name);
        if let Some(what) = placeholder(&user) {
            self.placeholder(Part::User, what, &user);
        } else if !user.is_empty() {
            match user.parse() {
                Ok(user) => self.take_user(user),
                Err(error) => self.problem(PasteProblem::User(error)),
            }
        }
        match name {
            Some(name) if !name.is_empty() => self.take_name(&name),
            _ => {}
        }
        let secret = secret.trim_start_matches(['=', ':']).to_owned();
        if !secret.is_empty() && !self.take_uuid(&secret, Some(Role::Secret)) {
            self.take_secret(&secret);
        }
        true
    }

    /// Settles which “!” parts user and name, where there are several. A user's name may hold one (split_tokenid of
    /// pve-access-control takes the last), unless the realm would then hold it.
    fn one_bang(&mut self, user: &str, name: &str) -> (String, Option<String>) {
        let Some((front, middle)) = user.rsplit_once('!') else {
            return (user.to_owned(), Some(name.to_owned()));
        };
        if user.parse::<UserId>().is_ok()
            && !front.parse::<UserId>().is_ok_and(|first| user.ends_with(&format!("!{first}")))
        {
            return (user.to_owned(), Some(name.to_owned()));
        }
        if middle == front || front.is_empty() {
            self.repair("The user stood twice before the token's name.");
            return (middle.to_owned(), Some(name.to_owned()));
        }
        match (placeholder(middle), placeholder(name)) {
            (None, Some(_)) => {
                self.repair("An example's word stood behind the token's name and was left away.");
                (front.to_owned(), Some(middle.to_owned()))
            }
            (Some(_), None) => {
                self.repair("An example's word stood before the token's name and was left away.");
                (front.to_owned(), Some(name.to_owned()))
            }
            _ => {
                self.problem(PasteProblem::TwoNames);
                (front.to_owned(), None)
            }
        }
    }

    /// A UUID, whole or nearly.
    fn take_uuid(&mut self, word: &str, role: Option<Role>) -> bool {
        let word = word.strip_prefix("urn:uuid:").unwrap_or(word);
        let bare = word.trim_matches(['=', '.', ':', '<', '>', '!', '#']);
        let wants = !matches!(role, Some(Role::Realm | Role::Name | Role::User | Role::Ticket));
        let without_hyphens = bare.len() == 32
            && bare.bytes().all(|b| b.is_ascii_hexdigit())
            && matches!(role, None | Some(Role::Secret | Role::Token));
        if is_uuid(bare) {
            if bare != word {
                self.repair("Signs around the secret were left away.");
            }
            if role == Some(Role::Password) {
                self.repair("A UUID stood where a password belongs, and was taken as a token's secret.");
            }
            let lower = bare.to_ascii_lowercase();
            if lower != bare && placeholder(bare).is_none() {
                self.repair(
                    "The secret was in capital letters; Proxmox compares letter by letter, so small ones were taken.",
                );
            }
            self.take_secret(&lower);
            true
        } else if without_hyphens {
            let b = bare.to_ascii_lowercase();
            self.repair("The hyphens of the secret were missing and were put back.");
            self.take_secret(&format!("{}-{}-{}-{}-{}", &b[..8], &b[8..12], &b[12..16], &b[16..20], &b[20..]));
            true
        } else if wants && like_uuid(bare) {
            self.take_secret(bare);
            true
        } else {
            false
        }
    }

    fn placeholder(&mut self, part: Part, what: &'static str, word: &str) {
        match part {
            Part::Secret => self.take_secret(word),
            part => self.problem(PasteProblem::Placeholder { part, what }),
        }
    }

    fn take_user(&mut self, user: UserId) {
        if placeholder(&user.to_string()).is_some() {
            let what = placeholder(&user.to_string()).unwrap_or_default();
            self.problem(PasteProblem::Placeholder { part: Part::User, what });
            return;
        }
        match &self.user {
            Some(seen) if *seen != user => self.problem(PasteProblem::SeveralTokens),
            _ => self.user = Some(user),
        }
    }

    fn take_name(&mut self, text: &str) {
        if let Some(what) = placeholder(text) {
            return self.problem(PasteProblem::Placeholder { part: Part::Name, what });
        }
        match text.parse::<TokenName>() {
            Ok(name) => match &self.name {
                Some(seen) if *seen != name => self.problem(PasteProblem::SeveralTokens),
                _ => self.name = Some(name),
            },
            // What is no name may be anything, a password too; only what is short and plain is quoted.
            Err(IdError::TokenName(text)) if text.len() <= 32 && !text.contains(['$', '#', '&', '*', '^']) => {
                self.problem(PasteProblem::Name(IdError::TokenName(text)));
            }
            Err(_) => self.problem(PasteProblem::Name(IdError::TokenName("…".into()))),
        }
    }

    fn take_secret(&mut self, text: &str) {
        let secret = PastedSecret::new(text);
        match &self.secret {
            None => self.secret = Some(secret),
            Some(seen) if seen.forced().same_as(secret.forced()) => {}
            // A sound one replaces one that is not.
            Some(seen) if seen.sound().is_none() => self.secret = Some(secret),
            Some(_) if secret.sound().is_none() => {}
            Some(_) => self.problem(PasteProblem::SeveralTokens),
        }
    }

    /// Lays what was known below what was found, and says what is wrong with the whole.
    fn finish(mut self, text: &str, known: Known, mut repairs: Vec<String>) -> Paste {
        // What an error message names is no part of a token.
        if self.secret.as_ref().is_none_or(|s| s.sound().is_none())
            && let Some(said) = host_said(text)
        {
            let problems = vec![PasteProblem::Said(said)];
            return Paste { user: known.user, name: known.name, secret: None, repairs: Vec::new(), problems };
        }
        self.settle_user(&known);
        self.settle_words(text, &known);
        let whole_header = text.to_ascii_lowercase().contains("authorization");
        if !whole_header && product_of(text.trim().trim_matches(['"', '\''])).is_some_and(|(_, rest)| !rest.is_empty())
        {
            self.repair("“PVEAPIToken=” in front was left away; it belongs to the header, not to the token.");
        }
        for (was, is) in [
            (known.user.as_ref().map(ToString::to_string), self.user.as_ref().map(ToString::to_string)),
            (known.name.as_ref().map(ToString::to_string), self.name.as_ref().map(ToString::to_string)),
        ] {
            if let (Some(was), Some(is)) = (was, is)
                && was != is
            {
                self.repair(format!("The paste says “{is}” where “{was}” stood; the paste was taken."));
            }
        }
        let nothing = self.user.is_none() && self.name.is_none() && self.secret.is_none();
        if let Some(problem) = self.secret.as_ref().and_then(|s| s.problem()).cloned() {
            self.problem(match problem {
                SecretProblem::Placeholder(what) => PasteProblem::Placeholder { part: Part::Secret, what },
                other => PasteProblem::Secret(other),
            });
        }
        if self.secret.as_ref().is_some_and(|s| s.sound().is_some()) {
            // A password beside a token is nobody's mistake.
            self.problems.retain(|problem| *problem != PasteProblem::Password);
        }
        if self.secret.is_none() && self.command && guide_mistake(text).is_none() {
            self.problem(PasteProblem::CommandAlone);
        }
        if let Some(mistake) = guide_mistake(text) {
            self.problem(PasteProblem::Guide(mistake));
        }
        if nothing && self.problems.is_empty() {
            self.problem(PasteProblem::NothingFound);
        }
        repairs.append(&mut self.repairs);
        Paste {
            user: self.user.or(known.user),
            name: self.name.or(known.name),
            secret: self.secret,
            repairs,
            problems: self.problems,
        }
    }

    /// A user and a realm from two fields; a user without any realm is a problem.
    fn settle_user(&mut self, known: &Known) {
        let Some(bare) = self.bare_user.take() else { return };
        if self.user.is_some() {
            return;
        }
        if let Some(user) = self.realm.take().and_then(|realm| UserId::new(&bare, &realm).ok()) {
            self.user = Some(user);
        } else if known.user.as_ref().is_none_or(|user| user.user() != bare) {
            match bare.parse::<UserId>() {
                Ok(user) => self.take_user(user),
                Err(error) if bare.len() <= 64 => self.problem(PasteProblem::User(error)),
                Err(_) => self.problem(PasteProblem::User(IdError::TooLong(bare.chars().count()))),
            }
        }
    }

    /// Words without a label: the name beside a secret or user; the only word, which may be a name or a wrong secret.
    fn settle_words(&mut self, text: &str, known: &Known) {
        if self.command || self.name.is_some() && self.secret.is_some() {
            return;
        }
        if guide_mistake(text).is_some() {
            return;
        }
        // `name=secret`, with a name that is no variable's.
        if let Some((front, _)) = text.trim().split_once('=')
            && self.words == 2
            && self.name.is_none()
            && self.secret.is_some()
            && self.user.is_none()
            && (role(front) == Role::Other || front.contains('-'))
            && let Ok(name) = front.trim().parse::<TokenName>()
        {
            self.repair(format!("“{name}” before the “=” was taken as the token's name."));
            self.name = Some(name);
            return;
        }
        const LABELS: [&str; 14] = [
            "token",
            "id",
            "tokenid",
            "secret",
            "value",
            "api",
            "user",
            "name",
            "key",
            "full-tokenid",
            "pveapitoken",
            "authorization",
            "export",
            "header",
        ];
        let words: Vec<String> =
            self.left.iter().filter(|w| !LABELS.contains(&w.to_ascii_lowercase().as_str())).cloned().collect();
        if let [word] = self.left.as_slice()
            && self.words == 1
            && let Some(what) = placeholder(word)
        {
            let part = if word.to_ascii_lowercase().starts_with("tokenid") { Part::Name } else { Part::Secret };
            let word = word.clone();
            return self.placeholder(part, what, &word);
        }
        let [word] = words.as_slice() else { return };
        let alone = self.words == 1;
        let is_name = word.parse::<TokenName>().is_ok() && placeholder(word).is_none();
        let beside = self.name.is_none() && (self.secret.is_some() || self.user.is_some());
        if is_name && beside && self.words <= 4 {
            self.take_name(&word.clone());
        } else if alone {
            let secret = PastedSecret::new(word);
            let name_wanted = known.user.is_some() && known.name.is_none();
            if name_wanted && matches!(secret.problem(), Some(SecretProblem::LooksLikeTokenName)) {
                self.take_name(&word.clone());
            } else {
                self.secret = Some(secret);
            }
        }
    }
}

/// `%40`, `%21`, `%3D`, `%3A` and nothing else: a user's name may hold another `%`.
fn percent_decoded(word: &str) -> String {
    let mut out = word.to_owned();
    for (code, sign) in [("%40", "@"), ("%21", "!"), ("%3D", "="), ("%3d", "="), ("%3A", ":"), ("%3a", ":")] {
        if out.contains(code) && (word.contains("%40") || word.contains("%21")) {
            out = out.replace(code, sign);
        }
    }
    out
}

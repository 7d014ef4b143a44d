//! What has been found in a paste so far: takes words by their look and their label.

mod settle;

use zeroize::Zeroizing;

use crate::domain::paste::secret::{is_uuid, like_uuid};
use crate::domain::paste::words::{Role, product_of};
use crate::domain::paste::{Part, PasteProblem, PastedSecret, placeholder};
use crate::domain::token::IdError;
use crate::domain::{TokenName, UserId};

/// What has been found so far.
#[derive(Default)]
pub(super) struct Found {
    pub(super) user: Option<UserId>,
    /// A user without its realm, until a realm comes.
    bare_user: Option<String>,
    realm: Option<String>,
    pub(super) name: Option<TokenName>,
    secret: Option<PastedSecret>,
    repairs: Vec<String>,
    problems: Vec<PasteProblem>,
    /// Words that nothing is known about.
    pub(super) left: Vec<Zeroizing<String>>,
    pub(super) words: usize,
    /// A command of pveum was seen.
    pub(super) command: bool,
}

impl Found {
    /// Keeps words that nothing is known about.
    pub(super) fn leave(&mut self, words: &mut Vec<&str>) {
        self.left.extend(words.drain(..).map(|word| Zeroizing::new(word.to_owned())));
    }

    /// How much sense a reading makes.
    pub(super) fn score(&self) -> usize {
        let sound = self.secret.as_ref().is_some_and(|s| s.sound().is_some());
        usize::from(self.user.is_some()) + usize::from(self.name.is_some()) + usize::from(sound)
    }

    /// Whether another reading found the same token.
    pub(super) fn is_as(&self, other: &Found) -> bool {
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
    pub(super) fn take(&mut self, word: &str, role: Option<Role>) -> bool {
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
            return rest.is_empty() || self.take(rest, Some(Role::Token));
        }
        let decoded = percent_decoded(word);
        if decoded.as_str() != word {
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
        let mut text = Zeroizing::new(word.to_owned());
        if text.contains("!!") {
            while text.contains("!!") {
                text = Zeroizing::new(text.replace("!!", "!"));
            }
            self.repair("A doubled “!” became one.");
        }
        let Some(first) = text.find('!') else { return false };
        let behind = &text[first + 1..];
        let end = behind.find(['=', ':']).map_or(text.len(), |at| first + 1 + at);
        let (id, secret) = text.split_at(end);
        let Some((user, name)) = id.rsplit_once('!') else { return false };
        // A password may hold “!” and “@” too, and must not be quoted as a user: what the label calls a secret is an id only
        // with a UUID behind it, and what has no label only where its front is a user.
        let behind = secret.trim_start_matches(['=', ':']);
        let has_uuid = is_uuid(behind) || like_uuid(behind);
        let is_user = |text: &str| text.parse::<UserId>().is_ok();
        let meant = match role {
            Some(Role::Id | Role::Name | Role::User) => true,
            Some(Role::Secret | Role::Password) => has_uuid,
            _ => has_uuid || user.is_empty() || is_user(&text[..first]) || is_user(user),
        };
        if !meant {
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
        let secret = secret.trim_start_matches(['=', ':']);
        if !secret.is_empty() && !self.take_uuid(secret, Some(Role::Secret)) {
            self.take_secret(secret);
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
        let wants = !matches!(role, Some(Role::Realm | Role::Ticket));
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
            let lower = Zeroizing::new(bare.to_ascii_lowercase());
            if lower.as_str() != bare && placeholder(bare).is_none() {
                self.repair(
                    "The secret was in capital letters; Proxmox compares letter by letter, so small ones were taken.",
                );
            }
            self.take_secret(&lower);
            true
        } else if without_hyphens {
            let b = Zeroizing::new(bare.to_ascii_lowercase());
            self.repair("The hyphens of the secret were missing and were put back.");
            let whole = format!("{}-{}-{}-{}-{}", &b[..8], &b[8..12], &b[12..16], &b[16..20], &b[20..]);
            self.take_secret(&Zeroizing::new(whole));
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
}

/// `%40`, `%21`, `%3D`, `%3A` and nothing else: a user's name may hold another `%`.
fn percent_decoded(word: &str) -> Zeroizing<String> {
    let mut out = Zeroizing::new(word.to_owned());
    for (code, sign) in [("%40", "@"), ("%21", "!"), ("%3D", "="), ("%3d", "="), ("%3A", ":"), ("%3a", ":")] {
        if out.contains(code) && (word.contains("%40") || word.contains("%21")) {
            out = Zeroizing::new(out.replace(code, sign));
        }
    }
    out
}

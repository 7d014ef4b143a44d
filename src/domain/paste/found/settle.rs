//! What was found in a paste is settled at the end: words without a label, a user without its realm, what is wrong with it all.

use zeroize::Zeroizing;

use super::Found;
use crate::domain::paste::words::{Role, product_of, role};
use crate::domain::paste::{
    Known, Part, Paste, PasteProblem, PastedSecret, SecretProblem, guide_mistake, host_said, placeholder,
};
use crate::domain::token::IdError;
use crate::domain::{TokenName, UserId};

impl Found {
    /// Lays what was known below what was found, and says what is wrong with the whole.
    pub(in crate::domain::paste) fn finish(mut self, text: &str, known: Known, mut repairs: Vec<String>) -> Paste {
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
        let words: Vec<Zeroizing<String>> =
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

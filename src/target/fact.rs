//! The closed words that stand for what is known (`{proxmox.url}`), and the templates that hold one.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _};

/// What a value can be filled with. A user's file can name these and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fact {
    /// The host as most clients take it: without scheme, `:port` only where it is not 8006 (then IPv6 in brackets).
    Address,
    /// The host alone, IPv6 without brackets.
    Host,
    Port,
    /// `https://host:port`, without a path.
    Url,
    /// `https://host:port/api2/json`.
    ApiUrl,
    /// `user@realm`.
    User,
    /// The part before the last `@`.
    UserName,
    Realm,
    /// The token's short name.
    TokenName,
    /// The full id, `user@realm!name`.
    TokenId,
    TokenSecret,
    /// `user@realm!name=secret`.
    Token,
    Password,
    /// Whether certificates are verified.
    Verify,
    /// The opposite of [`Fact::Verify`].
    Insecure,
    /// The absolute path of the CA's PEM file.
    CaFile,
    /// The SHA-256 fingerprint of the agreed certificate.
    Fingerprint,
    /// The cluster's name; a lone node's own name, else the host.
    Cluster,
    /// Facts of a UniFi console.
    Unifi(UnifiFact),
    /// What was picked from a live list.
    Pick(String),
    /// The number of this host among several in one file, with the digits that the target counts in.
    Instance,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum UnifiFact {
    Address,
    Host,
    Port,
    Url,
    User,
    Password,
    ApiKey,
    Site,
    SiteLabel,
    Verify,
    Insecure,
}

/// Every fixed word; picks are `pick.` and a name of the file's own.
const WORDS: [(&str, Fact); 30] = [
    ("proxmox.address", Fact::Address),
    ("proxmox.host", Fact::Host),
    ("proxmox.port", Fact::Port),
    ("proxmox.url", Fact::Url),
    ("proxmox.api_url", Fact::ApiUrl),
    ("proxmox.user", Fact::User),
    ("proxmox.user_name", Fact::UserName),
    ("proxmox.realm", Fact::Realm),
    ("proxmox.token_name", Fact::TokenName),
    ("proxmox.token_id", Fact::TokenId),
    ("proxmox.token_secret", Fact::TokenSecret),
    ("proxmox.token", Fact::Token),
    ("proxmox.password", Fact::Password),
    ("proxmox.verify", Fact::Verify),
    ("proxmox.insecure", Fact::Insecure),
    ("proxmox.ca_file", Fact::CaFile),
    ("proxmox.fingerprint", Fact::Fingerprint),
    ("proxmox.cluster", Fact::Cluster),
    ("unifi.address", Fact::Unifi(UnifiFact::Address)),
    ("unifi.host", Fact::Unifi(UnifiFact::Host)),
    ("unifi.port", Fact::Unifi(UnifiFact::Port)),
    ("unifi.url", Fact::Unifi(UnifiFact::Url)),
    ("unifi.user", Fact::Unifi(UnifiFact::User)),
    ("unifi.password", Fact::Unifi(UnifiFact::Password)),
    ("unifi.api_key", Fact::Unifi(UnifiFact::ApiKey)),
    ("unifi.site", Fact::Unifi(UnifiFact::Site)),
    ("unifi.site_label", Fact::Unifi(UnifiFact::SiteLabel)),
    ("unifi.verify", Fact::Unifi(UnifiFact::Verify)),
    ("unifi.insecure", Fact::Unifi(UnifiFact::Insecure)),
    ("instance", Fact::Instance),
];

impl Fact {
    /// The fact of a word as it stands between braces.
    pub fn from_word(word: &str) -> Option<Fact> {
        if let Some(pick) = word.strip_prefix("pick.") {
            return is_id(pick).then(|| Fact::Pick(pick.to_owned()));
        }
        WORDS.iter().find(|(w, _)| *w == word).map(|(_, fact)| fact.clone())
    }

    /// Whether its value must not be shown.
    pub fn is_secret(&self) -> bool {
        matches!(
            self,
            Fact::TokenSecret
                | Fact::Token
                | Fact::Password
                | Fact::Unifi(UnifiFact::Password)
                | Fact::Unifi(UnifiFact::ApiKey)
        )
    }

    /// Whether it is one of two words, and which of the two `true` is: verifying, or not verifying.
    pub fn is_switch(&self) -> bool {
        matches!(
            self,
            Fact::Verify | Fact::Insecure | Fact::Unifi(UnifiFact::Verify) | Fact::Unifi(UnifiFact::Insecure)
        )
    }

    pub fn is_unifi(&self) -> bool {
        matches!(self, Fact::Unifi(_))
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fact::Pick(id) => write!(f, "pick.{id}"),
            fixed => {
                let word = WORDS.iter().find(|(_, fact)| fact == fixed).map_or("", |(word, _)| word);
                f.write_str(word)
            }
        }
    }
}

/// The names that a file may give to its picks and groups: a letter, then letters, digits, `_`, `-`; at most 40.
pub(super) fn is_id(text: &str) -> bool {
    text.len() <= 40
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-'))
}

/// A value with one fact in it, and fixed text around, so that it can be read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    pub before: String,
    pub fact: Fact,
    pub after: String,
}

impl Template {
    pub fn parse(text: &str) -> Result<Template, String> {
        let unfit = "a value holds exactly one fact in braces, as in \"{proxmox.url}\", so that it can be read back";
        let (before, rest) = text.split_once('{').ok_or(unfit)?;
        let (word, after) = rest.split_once('}').ok_or(unfit)?;
        if before.contains('}') || after.contains(['{', '}']) {
            return Err(unfit.to_owned());
        }
        let fact = Fact::from_word(word).ok_or_else(|| {
            let words: Vec<_> = WORDS.iter().map(|(w, _)| format!("`{w}`")).collect();
            format!("no fact is called “{word}”, expected one of {}, `pick.NAME`", words.join(", "))
        })?;
        Ok(Template { before: before.to_owned(), fact, after: after.to_owned() })
    }

    /// What stands where the fact stands, if the text around it is there.
    pub fn read<'t>(&self, text: &'t str) -> Option<&'t str> {
        text.strip_prefix(self.before.as_str())?.strip_suffix(self.after.as_str())
    }
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Template::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back_as_its_fact() {
        for (word, fact) in &WORDS {
            assert_eq!(Fact::from_word(word).as_ref(), Some(fact));
            assert_eq!(&fact.to_string(), word);
        }
        assert_eq!(Fact::from_word("pick.node"), Some(Fact::Pick("node".into())));
        assert_eq!(Fact::from_word("pick."), None);
        assert_eq!(Fact::from_word("proxmox.tokn"), None);
    }

    #[test]
    fn a_template_holds_one_fact_and_reads_it_back() {
        let template = Template::parse("PVEAPIToken={proxmox.token}").unwrap();
        assert_eq!(template.read("PVEAPIToken=u@pve!t=x"), Some("u@pve!t=x"));
        assert_eq!(template.read("u@pve!t=x"), None);
        for bad in
            ["fixed", "{proxmox.user}!{proxmox.token_name}", "{proxmox.url", "{}", "{proxmox.nope}", "}{instance}"]
        {
            assert!(Template::parse(bad).is_err(), "{bad}");
        }
        assert!(Template::parse("{proxmox.nope}").unwrap_err().contains("`proxmox.url`"));
    }
}

//! The config file of a tool that uses the lab: healthy, or with one thing wrong in its text.
//!
//! One place for the faults that no host shows: the demo opens them to learn from, and tests hold them against the findings.

use std::fmt;
use std::str::FromStr;

use super::{Lab, LabToken};

/// What the file is called.
pub const FILE: &str = ".env";
/// Who may read it, besides its owner nobody.
pub const MODE: u32 = 0o600;
/// Where the CA of the cluster lies, beside the file.
pub const CA_FILE: &str = "pve-root-ca.pem";

/// What a file is made from.
#[derive(Clone)]
pub struct Facts {
    /// `127.0.0.1:PORT`
    pub address: String,
    /// `user@realm`
    pub user: String,
    /// The name behind the `!`.
    pub name: String,
    pub secret: String,
    /// The file with the CA; none: the tool does not verify.
    pub ca: Option<String>,
}

impl Facts {
    /// Those of a token that was handed out.
    pub fn of(lab: &Lab, token: &LabToken, ca: Option<String>) -> Facts {
        let (user, name) = token.id.rsplit_once('!').unwrap_or((&token.id, ""));
        let address = format!("127.0.0.1:{}", lab.port());
        Facts { address, user: user.to_string(), name: name.to_string(), secret: token.secret.clone(), ca }
    }

    /// The file as it is when all is well.
    pub fn healthy(&self) -> String {
        let verify = match &self.ca {
            Some(ca) => format!("PROXMOX_VERIFY_SSL=true\nREQUESTS_CA_BUNDLE={ca}\n"),
            None => "PROXMOX_VERIFY_SSL=false\n".to_string(),
        };
        format!(
            "# Glassdome, for the lab in the cellar\n\
             PROXMOX_HOST={}\n\
             PROXMOX_USER={}\n\
             PROXMOX_TOKEN_NAME={}\n\
             PROXMOX_TOKEN_VALUE={}\n\
             {verify}\
             PROXMOX_NODE=pve1\n\
             LAB_PROXMOX_INSTANCE=01\n\
             UBUNTU_2204_TEMPLATE_ID=9000\n",
            self.address, self.user, self.name, self.secret
        )
    }

    /// A value of a fault with its holes filled: `{secret}`, `{id}`, `{user}`, `{name}`, `{address}` and shapes of them.
    fn filled(&self, value: &str) -> String {
        let id = format!("{}!{}", self.user, self.name);
        let cut: String = self.secret.chars().take(30).collect();
        let holes = [
            ("{address}", self.address.as_str()),
            ("{user}", &self.user),
            ("{user without realm}", self.user.split('@').next().unwrap_or_default()),
            ("{name}", &self.name),
            ("{id}", &id),
            ("{secret}", &self.secret),
            ("{secret cut short}", &cut),
            ("{secret in capitals}", &self.secret.to_uppercase()),
        ];
        holes.iter().fold(value.to_string(), |text, (hole, value)| text.replace(hole, value))
    }

    /// The file with this fault, and its mode.
    pub fn with(&self, fault: Fault) -> (String, u32) {
        let mut text = self.healthy();
        let mut mode = MODE;
        for change in fault.changes() {
            match change {
                Change::Set(key, value) => {
                    let lines = text.lines().map(|line| match line.strip_prefix(key) {
                        Some(rest) if rest.starts_with('=') => format!("{key}={}\n", self.filled(value)),
                        _ => format!("{line}\n"),
                    });
                    text = lines.collect();
                }
                Change::Add(key, value) => text.push_str(&format!("{key}={}\n", self.filled(value))),
                Change::Mode(other) => mode = *other,
            }
        }
        (text, mode)
    }
}

/// How a fault differs from the healthy file.
enum Change {
    Set(&'static str, &'static str),
    Add(&'static str, &'static str),
    Mode(u32),
}

macro_rules! faults {
    ($($variant:ident $name:literal $about:literal [$($change:expr),*],)*) => {
        /// One thing that is wrong in the text of the file, or with the file itself.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Fault {
            $(#[doc = $about] $variant,)*
        }

        const ALL: &[Fault] = &[$(Fault::$variant),*];

        impl Fault {
            /// The word that chooses it.
            pub fn name(self) -> &'static str {
                match self { $(Fault::$variant => $name,)* }
            }

            /// What is wrong, in one line.
            pub fn about(self) -> &'static str {
                match self { $(Fault::$variant => $about,)* }
            }

            fn changes(self) -> &'static [Change] {
                match self { $(Fault::$variant => const { &[$($change),*] },)* }
            }
        }
    };
}

use Change::{Add, Mode, Set};

faults! {
    FullId "full-id" "the token's full id stands where its short name belongs" [Set("PROXMOX_TOKEN_NAME", "{id}")],
    NoRealm "no-realm" "the user stands there without its realm" [Set("PROXMOX_USER", "{user without realm}")],
    OtherRealm "other-realm" "the user's realm is mistyped" [Set("PROXMOX_USER", "{user without realm}@pev")],
    Placeholder "placeholder" "the secret is still an example's placeholder" [Set("PROXMOX_TOKEN_VALUE", "your-token-secret")],
    NoSecret "no-secret" "the secret is missing" [Set("PROXMOX_TOKEN_VALUE", "")],
    SecretCut "secret-cut" "the secret was copied without its end" [Set("PROXMOX_TOKEN_VALUE", "{secret cut short}")],
    Capitals "capitals" "the secret stands there in capital letters" [Set("PROXMOX_TOKEN_VALUE", "{secret in capitals}")],
    HeaderWord "header-word" "the whole header was copied, id and all" [Set("PROXMOX_TOKEN_VALUE", "PVEAPIToken={id}={secret}")],
    SmartQuotes "smart-quotes" "a text program put its own quotes around the secret" [Set("PROXMOX_TOKEN_VALUE", "“{secret}”")],
    Unseen "unseen" "a character that nobody sees stands behind the secret" [Set("PROXMOX_TOKEN_VALUE", "{secret}\u{200b}")],
    Scheme "scheme" "the address begins with http://" [Set("PROXMOX_HOST", "http://{address}")],
    ApiPath "api-path" "the address ends with the path of the API" [Set("PROXMOX_HOST", "https://{address}/api2/json")],
    Duplicate "duplicate" "the secret stands there twice, the old one below" [Add("PROXMOX_TOKEN_VALUE", "00000000-0000-4000-8000-000000000000")],
    Overridden "overridden" "a line of an older kind names another address, and counts" [Add("PROXMOX_01_HOST", "127.0.0.1:1")],
    Reference "reference" "the secret is said to be in another variable" [Set("PROXMOX_TOKEN_VALUE", "${PVE_SECRET}")],
    NodeName "node-name" "the node is called by its whole name" [Set("PROXMOX_NODE", "pve1.lan")],
    OpenToOthers "open-to-others" "everybody on this machine may read the file" [Mode(0o644)],
}

impl Fault {
    /// All of them, for a list in a help text.
    pub fn all() -> &'static [Fault] {
        ALL
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// No fault has that name.
#[derive(Debug, thiserror::Error)]
#[error("“{0}” is no fault of a file")]
pub struct UnknownFault(String);

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(text: &str) -> Result<Self, UnknownFault> {
        ALL.iter().find(|fault| fault.name() == text).copied().ok_or_else(|| UnknownFault(text.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::Scenario;
    use super::*;

    fn facts() -> Facts {
        Facts {
            address: "127.0.0.1:8006".into(),
            user: "apex@pve".into(),
            name: "tool".into(),
            secret: "a0000000-0000-4000-8000-00000000000f".into(),
            ca: None,
        }
    }

    #[test]
    fn each_fault_is_one_changed_line_or_another_mode() {
        let healthy = facts().healthy();
        for fault in Fault::all() {
            let (text, mode) = facts().with(*fault);
            let kept = text.lines().filter(|line| healthy.lines().any(|other| other == *line)).count();
            let differs = text.lines().count() - kept;
            assert_eq!(differs + usize::from(mode != MODE), 1, "{fault}: {text}");
            assert!(!text.contains('{') || text.contains("${"), "{fault}: {text}");
        }
    }

    #[test]
    fn no_two_scenarios_or_faults_have_one_name() {
        let names: BTreeSet<&str> =
            Scenario::all().iter().map(|one| one.name()).chain(Fault::all().iter().map(|one| one.name())).collect();
        assert_eq!(names.len(), Scenario::all().len() + Fault::all().len());
        assert!("full-id".parse::<Fault>().is_ok() && "fire".parse::<Fault>().is_err());
    }
}

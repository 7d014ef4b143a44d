//! What can go wrong at a host: each scenario is one thing, the rest of the lab stays as it is.

use std::fmt;
use std::str::FromStr;

macro_rules! scenarios {
    ($($variant:ident $name:literal $about:literal,)*) => {
        /// One thing that is wrong with the lab, or nothing ([`Scenario::Fine`]).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
        pub enum Scenario {
            #[default]
            $(#[doc = $about] $variant,)*
        }

        const ALL: &[Scenario] = &[$(Scenario::$variant),*];

        impl Scenario {
            /// The word that chooses it.
            pub fn name(self) -> &'static str {
                match self { $(Scenario::$variant => $name,)* }
            }

            /// What is wrong, in one line.
            pub fn about(self) -> &'static str {
                match self { $(Scenario::$variant => $about,)* }
            }
        }
    };
}

scenarios! {
    Fine "fine" "a cluster of two nodes where everything works",
    Empty "empty" "a fresh host: no guest and no template yet",
    NoTemplates "no-templates" "guests are there, but no template",
    TenThousandGuests "ten-thousand-guests" "a cluster with 10,000 guests",
    NodeDown "node-down" "the second node is off; calls to it answer 595",
    WrongSecret "wrong-secret" "the secret of every token was replaced after it was handed out",
    Expired "expired" "every token has expired",
    DisabledUser "disabled-user" "the owners of the tokens are disabled",
    NoRights "no-rights" "the tokens are good but nothing is granted to them",
    MissingRight "missing-right" "one privilege is missing from the tokens' role: VM.PowerMgmt",
    ChangedCertificate "changed-certificate" "after the first connection the host shows another certificate of another cluster",
    ExpiredCertificate "expired-certificate" "the host's certificate has expired",
    NameMismatch "name-mismatch" "the certificate does not name the address that was typed",
    AcmeCertificate "acme-certificate" "a certificate of a public kind replaces the cluster's own",
    ForeignCa "foreign-ca" "the certificate is signed by another CA than the one the cluster tells",
    SameNames "same-names" "another cluster that has all the names of the first, and other keys",
    HostileStrings "hostile-strings" "names and texts with control characters, escapes, bidi marks and markup",
    LoginPageOnly "login-page-only" "a reverse proxy answers every path with a page of its own",
    Pbs "pbs" "it is a Proxmox Backup Server, not a Proxmox VE",
    Unifi "unifi" "it looks like a UniFi console",
    Slow "slow" "every answer takes two seconds longer",
    Silent "silent" "requests are taken and never answered",
    EndlessBody "endless-body" "the body of an answer never ends",
    EndlessHeader "endless-header" "the header of an answer never ends",
    DeepJson "deep-json" "lists come as JSON of a hundred thousand levels",
    GzipBody "gzip-body" "bodies come compressed although nobody asked",
    BrokenJson "broken-json" "bodies stop in the middle of a JSON text, though they are as long as announced",
    Redirect "redirect" "every request is redirected to another host",
    DaemonDown "daemon-down" "pvedaemon does not run: a login, and all that root has to do, is answered 595",
    TokenExists "token-exists" "a token glassdome@pve!glassdome, made by hand and in use, is there already",
    RoleTaken "role-taken" "a role LabwizardGlassdome is there already, with other privileges",
    OursExists "ours-exists" "user, roles and token of an earlier run of labwizard for Glassdome are there",
}

impl Scenario {
    /// All of them, for a list in a help text.
    pub fn all() -> &'static [Scenario] {
        ALL
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// No scenario has that name.
#[derive(Debug, thiserror::Error)]
#[error("“{0}” is no scenario of the lab; there are {1}")]
pub struct UnknownScenario(String, String);

impl FromStr for Scenario {
    type Err = UnknownScenario;

    fn from_str(text: &str) -> Result<Self, UnknownScenario> {
        ALL.iter().find(|scenario| scenario.name() == text).copied().ok_or_else(|| {
            let names: Vec<_> = ALL.iter().map(|scenario| scenario.name()).collect();
            UnknownScenario(text.to_string(), names.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_is_found_by_its_own_name() {
        for scenario in Scenario::all() {
            assert_eq!(scenario.name().parse::<Scenario>().unwrap(), *scenario);
        }
    }

    #[test]
    fn an_unknown_scenario_names_the_known_ones() {
        let error = "fire".parse::<Scenario>().unwrap_err().to_string();
        assert!(error.starts_with("“fire” is no scenario of the lab; there are fine, empty, "), "{error}");
    }
}

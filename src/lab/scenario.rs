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
    TokenEndsSoon "token-ends-soon" "every token ends in ten days",
    TokenGone "token-gone" "every token was deleted after it was handed out",
    DisabledUser "disabled-user" "the owners of the tokens are disabled",
    UserExpired "user-expired" "the accounts of the tokens' owners have ended",
    UserGone "user-gone" "the owners of the tokens were deleted, and the tokens with them",
    RealmDown "realm-down" "the directory server behind the realm corp does not answer: nobody of it logs in",
    NoRights "no-rights" "the tokens are good but nothing is granted to them",
    MissingRight "missing-right" "one privilege is missing from the tokens' role: VM.PowerMgmt",
    ReplacedRight "replaced-right" "rights are granted at /, and at /vms another role stands in their place",
    UpgradedRole "upgraded-role" "the tokens' role is from before the upgrade to 9: VM.Monitor is gone, nothing took its place",
    AllRights "all-rights" "the tokens are not separated, and their owners are administrators",
    ChangedCertificate "changed-certificate" "after the first connection the host shows another certificate of another cluster",
    RenewedCertificate "renewed-certificate" "after the first connection the host shows a new certificate by the same CA",
    RenewedCa "renewed-ca" "after the first connection the cluster has a new CA, of the same name and with another key",
    ExpiredCertificate "expired-certificate" "the host's certificate has expired",
    CertificateEndsSoon "certificate-ends-soon" "the host's certificate ends in ten days",
    CaEndsSoon "ca-ends-soon" "the cluster's CA ends in a hundred days",
    NameMismatch "name-mismatch" "the certificate does not name the address that was typed",
    AcmeCertificate "acme-certificate" "a certificate of a public kind replaces the cluster's own",
    ForeignCa "foreign-ca" "the certificate is signed by another CA than the one the cluster tells",
    SameNames "same-names" "another cluster that has all the names of the first, and other keys",
    HostileStrings "hostile-strings" "names and texts with control characters, escapes, bidi marks and markup",
    LoginPageOnly "login-page-only" "a reverse proxy answers every path with a page of its own",
    ProxyStrips "proxy-strips" "a reverse proxy passes everything on but the Authorization header",
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
    LinkBroken "link-broken" "the nodes do not verify each other: calls to the second node answer 596",
    ClockOff "clock-off" "the host's clock is ten minutes ahead",
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

    /// Whether it is the web server that is stuck, so that starting it anew helps.
    pub fn is_stuck(self) -> bool {
        use Scenario::*;
        [Slow, Silent, EndlessBody, EndlessHeader, DeepJson, GzipBody, BrokenJson].contains(&self)
    }

    /// Whether a config that worked before fails by it, or is worth a warning.
    pub fn breaks_a_config(self) -> bool {
        use Scenario::*;
        let whole =
            [Fine, Empty, NoTemplates, TenThousandGuests, HostileStrings, Slow, TokenExists, RoleTaken, OursExists];
        !whole.contains(&self)
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

//! What is known when a file is filled, and the value that each fact takes from it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::fact::{Fact, Template, UnifiFact};
use crate::domain::{Endpoint, Fingerprint, PROXMOX_PORT, Secret, Text, TokenId, UserId};

/// How the tool will hold the host's certificate against something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Verify {
    #[default]
    Off,
    /// Against the CAs that the tool trusts anyway, the cluster's among them where the person put it there.
    System,
    /// Against a file with the cluster's CA.
    Ca {
        path: PathBuf,
    },
    Pin(Fingerprint),
}

impl Verify {
    pub fn is_on(&self) -> bool {
        *self != Verify::Off
    }
}

/// With what the tool will sign in. A secret that is still to be made is `None`.
#[derive(Debug)]
pub enum Access {
    Token { id: TokenId, secret: Option<Secret> },
    Password { user: UserId, password: Option<Secret> },
}

impl Access {
    pub fn user(&self) -> &UserId {
        match self {
            Access::Token { id, .. } => &id.user,
            Access::Password { user, .. } => user,
        }
    }
}

/// With what the tool will sign in at a UniFi console.
#[derive(Debug)]
pub enum UnifiAccess {
    ApiKey(Secret),
    Password { user: String, password: Secret },
}

#[derive(Debug, Default)]
pub struct UnifiFacts {
    pub endpoint: Option<Endpoint>,
    pub access: Option<UnifiAccess>,
    pub verify: bool,
    pub site: Option<String>,
    pub site_label: Option<String>,
}

/// All that is known when a file is filled.
#[derive(Debug, Default)]
pub struct Facts {
    pub endpoint: Option<Endpoint>,
    pub access: Option<Access>,
    pub verify: Verify,
    /// The cluster's name, or a lone node's.
    pub cluster: Option<String>,
    /// Answers to the target's picks, by their names.
    pub picks: BTreeMap<String, String>,
    /// 1 is the first host of a file; 0 is taken for 1.
    pub instance: u8,
    pub unifi: Option<UnifiFacts>,
}

/// A fact's value, as text that is ready for a file.
#[derive(Debug, PartialEq, Eq)]
pub enum Value {
    Known(Text),
    /// The secret does not exist yet: it goes between the two texts once it does.
    Awaits {
        before: String,
        after: String,
    },
}

impl Value {
    fn known(text: impl Into<String>) -> Value {
        Value::Known(Text::new(text))
    }

    fn secret(before: String, secret: Option<&Secret>) -> Value {
        match secret {
            Some(secret) => Value::known(before + secret.reveal()),
            None => Value::Awaits { before, after: String::new() },
        }
    }

    /// The same value with a template's text around it.
    pub fn within(self, template: &Template) -> Value {
        match self {
            Value::Known(text) => {
                Value::Known(Text::new(format!("{}{}{}", template.before, text.as_str(), template.after)))
            }
            Value::Awaits { before, after } => Value::Awaits {
                before: format!("{}{before}", template.before),
                after: format!("{after}{}", template.after),
            },
        }
    }

    /// The finished text, where nothing is awaited.
    pub fn text(&self) -> Option<&Text> {
        match self {
            Value::Known(text) => Some(text),
            Value::Awaits { .. } => None,
        }
    }

    /// The finished text, once the awaited secret is there.
    pub fn with_secret(&self, secret: &Secret) -> Text {
        match self {
            Value::Known(text) => text.clone(),
            Value::Awaits { before, after } => Text::new(format!("{before}{}{after}", secret.reveal())),
        }
    }
}

/// A fact's value together with how it is to be handled.
#[derive(Debug, PartialEq, Eq)]
pub struct FactValue {
    pub value: Value,
    pub secret: bool,
}

/// `host`, and `:port` only where it is not the usual one.
fn address(endpoint: &Endpoint, usual: u16) -> String {
    if endpoint.port == usual { endpoint.host.to_string() } else { endpoint.to_string() }
}

impl Facts {
    /// The number of the host among several in one file, from 1.
    pub fn instance(&self) -> u8 {
        self.instance.max(1)
    }

    /// What a fact stands for now, or nothing where it is not known. A switch is `true` or `false` here; a target's own words
    /// for it are put in by the writer. The instance is written without leading zeros here, for the same reason.
    pub fn value_of(&self, fact: &Fact) -> Option<FactValue> {
        let endpoint = self.endpoint.as_ref();
        let token = match &self.access {
            Some(Access::Token { id, secret }) => Some((id, secret.as_ref())),
            _ => None,
        };
        let user = self.access.as_ref().map(Access::user);
        let value = match fact {
            Fact::Address => Value::known(address(endpoint?, PROXMOX_PORT)),
            Fact::Host => Value::known(endpoint?.host.to_string()),
            Fact::Port => Value::known(endpoint?.port.to_string()),
            Fact::Url => Value::known(endpoint?.url()),
            Fact::ApiUrl => Value::known(endpoint?.url() + "/api2/json"),
            Fact::User => Value::known(user?.to_string()),
            Fact::UserName => Value::known(user?.user()),
            Fact::Realm => Value::known(user?.realm()),
            Fact::TokenName => Value::known(token?.0.name.as_str()),
            Fact::TokenId => Value::known(token?.0.to_string()),
            Fact::TokenSecret => Value::secret(String::new(), token?.1),
            Fact::Token => {
                let (id, secret) = token?;
                Value::secret(format!("{id}="), secret)
            }
            Fact::Password => match self.access.as_ref()? {
                Access::Password { password, .. } => Value::secret(String::new(), password.as_ref()),
                Access::Token { .. } => return None,
            },
            Fact::Verify => Value::known(self.verify.is_on().to_string()),
            Fact::Insecure => Value::known((!self.verify.is_on()).to_string()),
            Fact::CaFile => match &self.verify {
                Verify::Ca { path } => Value::known(path.to_str()?),
                _ => return None,
            },
            Fact::Fingerprint => match &self.verify {
                Verify::Pin(fingerprint) => Value::known(fingerprint.to_string()),
                _ => return None,
            },
            Fact::Cluster => match &self.cluster {
                Some(name) => Value::known(name.as_str()),
                None => Value::known(endpoint?.host.to_string()),
            },
            Fact::Unifi(fact) => self.unifi.as_ref()?.value_of(*fact)?,
            Fact::Pick(id) => Value::known(self.picks.get(id)?.as_str()),
            Fact::Instance => Value::known(self.instance().to_string()),
        };
        Some(FactValue { value, secret: fact.is_secret() })
    }
}

impl UnifiFacts {
    fn value_of(&self, fact: UnifiFact) -> Option<Value> {
        let endpoint = self.endpoint.as_ref();
        let value = match fact {
            UnifiFact::Address => Value::known(address(endpoint?, 443)),
            UnifiFact::Host => Value::known(endpoint?.host.to_string()),
            UnifiFact::Port => Value::known(endpoint?.port.to_string()),
            UnifiFact::Url if endpoint?.port == 443 => Value::known(format!("https://{}", endpoint?.bracketed_host())),
            UnifiFact::Url => Value::known(endpoint?.url()),
            UnifiFact::User => match self.access.as_ref()? {
                UnifiAccess::Password { user, .. } => Value::known(user.as_str()),
                UnifiAccess::ApiKey(_) => return None,
            },
            UnifiFact::Password => match self.access.as_ref()? {
                UnifiAccess::Password { password, .. } => Value::secret(String::new(), Some(password)),
                UnifiAccess::ApiKey(_) => return None,
            },
            UnifiFact::ApiKey => match self.access.as_ref()? {
                UnifiAccess::ApiKey(key) => Value::secret(String::new(), Some(key)),
                UnifiAccess::Password { .. } => return None,
            },
            UnifiFact::Site => Value::known(self.site.as_deref()?),
            UnifiFact::SiteLabel => Value::known(self.site_label.as_deref()?),
            UnifiFact::Verify => Value::known(self.verify.to_string()),
            UnifiFact::Insecure => Value::known((!self.verify).to_string()),
        };
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Host;

    const SECRET: &str = "00000000-0000-4000-8000-000000000001";

    fn facts(host: Host, port: u16) -> Facts {
        Facts {
            endpoint: Some(Endpoint { host, port }),
            access: Some(Access::Token {
                id: "apex@pve!glass".parse().unwrap(),
                secret: Some(Secret::new(SECRET.into())),
            }),
            ..Facts::default()
        }
    }

    fn text(facts: &Facts, word: &str) -> Option<String> {
        let value = facts.value_of(&Fact::from_word(word).unwrap())?;
        value.value.text().map(|t| t.as_str().to_owned())
    }

    #[test]
    fn an_address_has_a_port_only_where_it_is_not_the_usual_one() {
        let name = || Host::Name("pve.lan".into());
        assert_eq!(text(&facts(name(), 8006), "proxmox.address").unwrap(), "pve.lan");
        assert_eq!(text(&facts(name(), 443), "proxmox.address").unwrap(), "pve.lan:443");
        let six = || Host::V6("fd00::1".parse().unwrap());
        assert_eq!(text(&facts(six(), 8006), "proxmox.address").unwrap(), "fd00::1");
        assert_eq!(text(&facts(six(), 8007), "proxmox.address").unwrap(), "[fd00::1]:8007");
        assert_eq!(text(&facts(six(), 8007), "proxmox.host").unwrap(), "fd00::1");
        assert_eq!(text(&facts(six(), 8006), "proxmox.api_url").unwrap(), "https://[fd00::1]:8006/api2/json");
        assert_eq!(text(&facts(name(), 8006), "proxmox.url").unwrap(), "https://pve.lan:8006");
    }

    #[test]
    fn a_token_has_its_three_shapes() {
        let facts = facts(Host::Name("pve.lan".into()), 8006);
        assert_eq!(text(&facts, "proxmox.token_name").unwrap(), "glass");
        assert_eq!(text(&facts, "proxmox.token_id").unwrap(), "apex@pve!glass");
        assert_eq!(text(&facts, "proxmox.token").unwrap(), format!("apex@pve!glass={SECRET}"));
        assert_eq!(text(&facts, "proxmox.password"), None);
        assert_eq!(text(&facts, "proxmox.cluster").unwrap(), "pve.lan");
        assert!(facts.value_of(&Fact::Token).unwrap().secret);
        assert!(!format!("{:?}", facts.value_of(&Fact::Token)).contains("0001"));
    }

    #[test]
    fn a_secret_that_is_still_to_be_made_leaves_its_place_open() {
        let mut facts = facts(Host::Name("pve.lan".into()), 8006);
        facts.access = Some(Access::Token { id: "apex@pve!glass".parse().unwrap(), secret: None });
        let value = facts.value_of(&Fact::Token).unwrap().value;
        assert_eq!(value, Value::Awaits { before: "apex@pve!glass=".into(), after: String::new() });
        assert_eq!(value.with_secret(&Secret::new(SECRET.into())), Text::new(format!("apex@pve!glass={SECRET}")));
    }
}

//! Whether a tool verifies its host's certificate: by its file, by the code around the file, or by its environment.

use crate::domain::Around;
use crate::format::Document;
use crate::format::hcl::Argument;
use crate::target::module::Module;
use crate::target::read::ReadFile;
use crate::target::spec::Key;
use crate::target::switch::{Parser, names};
use crate::target::{Fact, Form, Spec, nearby};

/// What stands beyond the file and counts before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Beyond {
    /// A variable of this name is set, and nobody looks at its value.
    Environment(String),
    /// The code says it.
    Code,
}

/// What a tool does about a host's certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verifying {
    /// None where nothing that is known says so.
    pub verifies: Option<bool>,
    /// Where it is settled beyond the file, or left open there.
    pub by: Option<Beyond>,
}

/// What it is found out from.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub spec: &'a Spec,
    pub form: &'a Form,
    pub document: &'a Document,
    pub read: &'a ReadFile,
    pub around: &'a Around,
    pub environment: &'a [String],
    /// The keys whose value the tool does not have from this file.
    pub unfit: &'a [String],
}

impl Scene<'_> {
    /// Whether the tool verifies this host.
    pub fn of(&self, instance: u8) -> Verifying {
        let said = match self.switch() {
            Some((fact, key)) => self.said(&fact, key, instance),
            None => Verifying::default(),
        };
        // What a CA file in the environment holds is not known.
        match self.shadowed(&Fact::CaFile, instance) {
            Some(name) if said.verifies == Some(true) => open(Beyond::Environment(name)),
            _ => said,
        }
    }

    fn switch(&self) -> Option<(Fact, &Key)> {
        let of = |fact: Fact| {
            let (_, key) = self.spec.keys.iter().find(|(_, key)| key.value.fact == fact)?;
            Some((fact, key))
        };
        of(Fact::Verify).or_else(|| of(Fact::Insecure))
    }

    fn said(&self, fact: &Fact, key: &Key, instance: u8) -> Verifying {
        let module = self.reads_code().then(|| nearby::module(self.around)).flatten();
        let yes = *fact == Fact::Verify;
        if let Some(argument) = self.argument(key, module.as_ref()) {
            return match self.valued(&argument, key, module.as_ref()) {
                Some((said, by)) => Verifying { verifies: Some(said == yes), by },
                None => open(Beyond::Code),
            };
        }
        if let Some(name) = self.shadowed(fact, instance) {
            return open(if self.environment.contains(&name) { Beyond::Environment(name) } else { Beyond::Code });
        }
        if self.read.get(instance, fact).is_some() {
            return Verifying { verifies: self.read.verifies(self.spec, instance), by: None };
        }
        let declared = names(self.spec, self.form, fact, instance);
        let own = module.as_ref().and_then(|module| declared.iter().find_map(|name| self.default_of(name, module)));
        // Where the code is not seen, or not all of it, it may say anything.
        let unseen = self.form.declared.is_some() && module.as_ref().is_none_or(|module| !module.damaged.is_empty());
        match own {
            Some(said) => Verifying { verifies: Some(said == yes), by: Some(Beyond::Code) },
            None if unseen => open(Beyond::Code),
            None => match self.read.verifies(self.spec, instance) {
                // The tool's own default changed over its releases.
                None if key.argument.is_some() => open(Beyond::Code),
                verifies => Verifying { verifies, by: None },
            },
        }
    }

    fn reads_code(&self) -> bool {
        self.spec.form.iter().any(|form| form.declared.is_some())
    }

    /// What the code gives the provider as this argument.
    fn argument(&self, key: &Key, module: Option<&Module>) -> Option<Argument> {
        let name = key.argument.as_ref()?;
        let providers = self.spec.form.iter().filter_map(|form| form.found.as_ref()?.provider.as_ref());
        let mut all: Vec<Argument> = providers
            .flat_map(|provider| module.map(|module| module.arguments(provider, name)).unwrap_or_default())
            .collect();
        all.dedup();
        match all.len() {
            0 | 1 => all.pop(),
            _ => Some(Argument::Else),
        }
    }

    /// What an argument comes to, and where from, if not from this file.
    fn valued(&self, argument: &Argument, key: &Key, module: Option<&Module>) -> Option<(bool, Option<Beyond>)> {
        let name = match argument {
            Argument::Bool(said) => return Some((*said, Some(Beyond::Code))),
            Argument::Variable(name) => name,
            Argument::Else => return None,
        };
        let prefix = self.form.prefix.as_deref().unwrap_or_default();
        let own = format!("{prefix}{name}");
        if self.unfit.contains(&own) {
            return None;
        }
        let live = self.document.entries().filter(|entry| !entry.is_commented() && entry.key() == own).last();
        if let Some(entry) = live.filter(|_| self.form.declared.is_some()) {
            return Some((key.says(entry.value()?.as_str(), Parser::Hcl)?, None));
        }
        let outside = format!("TF_VAR_{name}");
        let loaded = nearby::loaded(self.around).iter().any(|(_, loaded)| loaded == name);
        if loaded || self.environment.contains(&outside) {
            return None;
        }
        Some((self.default_of(name, module?)?, Some(Beyond::Code)))
    }

    /// The value that the code gives a variable of its own.
    fn default_of(&self, name: &str, module: &Module) -> Option<bool> {
        let plain = name.strip_prefix(self.form.prefix.as_deref().unwrap_or_default())?;
        module.variables.iter().find(|(_, variable)| variable.name == plain)?.1.default
    }

    /// The variable of the environment that the tool reads this from, whatever the file says.
    fn shadowed(&self, fact: &Fact, instance: u8) -> Option<String> {
        let stands = self.read.get(instance, fact);
        if let Some(value) = stands {
            return self.unfit.contains(&value.key).then(|| value.key.clone());
        }
        let mut wanted = names(self.spec, self.form, fact, instance);
        // Values of a variable that the code declares come as TF_VAR_ too, and the provider has a variable of its own.
        if self.form.declared.is_some() {
            let keys = self.spec.keys.iter().filter(|(_, key)| key.value.fact == *fact);
            wanted.extend(keys.filter_map(|(_, key)| key.env.as_ref().map(ToString::to_string)));
            let plain: Vec<String> = wanted.iter().map(|name| format!("TF_VAR_{name}")).collect();
            wanted.extend(plain);
        }
        let read = self.form.declared.is_some() || !self.form.readers.is_empty();
        wanted.into_iter().find(|name| read && self.environment.contains(name))
    }
}

fn open(by: Beyond) -> Verifying {
    Verifying { verifies: None, by: Some(by) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::config::{Scene as File, understand};
    use crate::diagnosis::file::tests::{good, seen};
    use crate::domain::Text;
    use crate::domain::around::Module as Code;
    use crate::target::Library;

    /// What is found out of a file in whose text `old` is `new`, with code around it and a variable set.
    fn of(which: &str, (old, new): (&str, &str), code: Option<&str>, variable: &str, instance: u8) -> Verifying {
        let (path, text) = good(which);
        assert!(text.contains(old), "{old}");
        let code = code.map(|code| {
            let required = "terraform {\n  required_providers {\n    pve = { source = \"bpg/proxmox\" }\n  }\n}\n";
            let declared: String =
                ["endpoint", "api_token"].map(|name| format!("variable \"proxmox_{name}\" {{}}\n")).concat();
            let text = Text::new(format!("{required}{declared}{code}"));
            Code { folder: "/lab".into(), code: vec![("main.tf".into(), text)], loaded: Vec::new() }
        });
        let around = Around { module: code, ..Around::default() };
        let seen = seen(path, Some(&text.replacen(old, new, 1)), 0o600);
        let environment = [variable.to_owned()];
        let scene = File { library: &Library::built_in(), seen: &seen, around: &around, environment: &environment };
        let config = understand(scene).unwrap();
        config.hosts.iter().find(|host| host.instance == instance).unwrap().verifying()
    }

    fn by(name: &str) -> Option<Beyond> {
        Some(Beyond::Environment(name.to_owned()))
    }

    #[test]
    fn a_word_says_what_its_own_reader_takes_it_for() {
        let table = [
            ("glassdome", "SSL=false", "SSL=0", 1, Some(false)),
            ("glassdome", "SSL=false", "SSL=on", 1, Some(true)),
            ("glassdome", "SSL=false", "SSL=maybe", 1, None),
            ("glassdome", "SSL=false", "SSL=false\nPROXMOX_02_HOST=b\nPROXMOX_02_VERIFY_SSL=1", 2, Some(false)),
            ("glassdome", "SSL=false", "SSL=false\nPROXMOX_02_HOST=b\nPROXMOX_02_VERIFY_SSL=True", 2, Some(true)),
            ("glassdome", "SSL=false", "SSL=1\nPROXMOX_02_HOST=b", 2, Some(true)),
            ("bpg-env", "INSECURE=true", "INSECURE=1", 1, Some(false)),
            ("bpg-env", "INSECURE=true", "INSECURE=True", 1, Some(true)),
            ("bpg-env", "INSECURE=true", "INSECURE=yes", 1, Some(true)),
            ("bpg-env", "PROXMOX_VE_INSECURE=true\n", "", 1, Some(true)),
            ("telmate-env", "PM_API_TOKEN_ID", "PM_TLS_INSECURE=T\nPM_API_TOKEN_ID", 1, Some(false)),
            ("plain", "SSL=false", "SSL=maybe", 1, None),
        ];
        for (which, old, new, instance, wanted) in table {
            assert_eq!(of(which, (old, new), None, "", instance).verifies, wanted, "{which} {new}");
        }
    }

    #[test]
    fn a_switch_that_the_environment_sets_is_open_whatever_the_file_says() {
        let no_line = ("PROXMOX_VERIFY_SSL=false\n", "");
        let bundle = ("SSL=false", "SSL=true\nREQUESTS_CA_BUNDLE=ca.pem");
        let table = [
            ("glassdome", ("", ""), "PROXMOX_VERIFY_SSL"),
            ("glassdome", no_line, "PROXMOX_VERIFY_SSL"),
            ("glassdome", bundle, "REQUESTS_CA_BUNDLE"),
            ("glassdome", ("SSL=false", "SSL=true"), "REQUESTS_CA_BUNDLE"),
            ("bpg-env", ("PROXMOX_VE_INSECURE=true\n", ""), "PROXMOX_VE_INSECURE"),
        ];
        for (which, change, variable) in table {
            let open = Verifying { verifies: None, by: by(variable) };
            assert_eq!(of(which, change, None, variable, 1), open, "{which} {change:?}");
        }
        // Where nothing is verified, no CA file matters; and a shell that reads the file sets its lines anew.
        assert_eq!(of("glassdome", ("", ""), None, "REQUESTS_CA_BUNDLE", 1).verifies, Some(false));
        assert_eq!(of("bpg-env", ("", ""), None, "PROXMOX_VE_INSECURE", 1).verifies, Some(false));
    }

    #[test]
    fn what_the_code_gives_the_provider_counts_and_else_the_variable() {
        let gone = ("proxmox_insecure  = true\n", "");
        let block = |argument: &str| format!("provider \"pve\" {{\n  {argument}\n}}\n");
        let variable = |default: &str| format!("variable \"proxmox_insecure\" {{\n  {default}\n}}\n");
        let used = block("insecure = var.proxmox_insecure");
        let code = Some(Beyond::Code);
        let table = [
            (gone, block("endpoint = var.x"), Some(true), None),
            (gone, block("insecure = true"), Some(false), code.clone()),
            (gone, block("insecure = local.x"), None, code.clone()),
            (gone, format!("{used}{}", variable("default = true")), Some(false), code.clone()),
            (gone, format!("{used}{}", variable("default = false")), Some(true), code.clone()),
            (gone, variable("default = true"), Some(false), code.clone()),
            (("", ""), format!("{used}{}", variable("default = false")), Some(false), None),
            (("", ""), format!("{}{}", block("insecure = false"), variable("")), Some(true), code.clone()),
            (gone, "provider \"other\" {\n  insecure = true\n}\n".to_owned(), Some(true), None),
        ];
        for (change, text, verifies, by) in table {
            assert_eq!(of("bpg", change, Some(&text), "", 1), Verifying { verifies, by }, "{text}");
        }
        assert_eq!(of("bpg", gone, Some(&variable("default = true")), "TF_VAR_proxmox_insecure", 1).verifies, None);
        assert_eq!(of("bpg", gone, None, "", 1), Verifying { verifies: None, by: code }, "the code is not seen");
    }
}

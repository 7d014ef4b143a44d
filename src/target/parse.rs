//! Reads a target's file: size, TOML, words, and then whether its parts fit each other.

use std::collections::BTreeSet;
use std::ops::Range;

use toml_edit::{Document, Item, Value};

use super::fact::{Fact, UnifiFact};
use super::spec::{Dialect, Names, Spec, Trap, VerifyWord, Way, When};
use super::spec_error::SpecError;
use super::words::KeyName;

/// The largest file that is looked at, in bytes.
pub const MOST_BYTES: usize = 64 * 1024;

impl Spec {
    /// Reads a target's file.
    ///
    /// # Errors
    /// The first mistake, with its place. Nothing of a file with a mistake is used.
    pub fn parse(text: &str) -> Result<Spec, SpecError> {
        if text.len() > MOST_BYTES {
            return Err(SpecError::whole(format!(
                "the file has {} bytes, and a target has at most {MOST_BYTES}",
                text.len()
            )));
        }
        let spec: Spec = toml_edit::de::from_str(text).map_err(|error| match Document::parse(text) {
            Err(syntax) => SpecError::syntax(text, &syntax),
            Ok(_) => SpecError::schema(text, &error),
        })?;
        Check { text, spec: &spec }.all()?;
        Ok(spec)
    }
}

/// A step towards a place in the document.
#[derive(Clone, Copy)]
enum At<'a> {
    Key(&'a str),
    Index(usize),
}

use At::{Index, Key};

/// A part of the document: tables and arrays may be written in two ways each.
enum Node<'d> {
    Item(&'d Item),
    Value(&'d Value),
}

impl<'d> Node<'d> {
    /// One step down, and the place of what is found there.
    fn step(&self, step: At<'_>) -> Option<(Node<'d>, Option<Range<usize>>)> {
        let next = match (self, step) {
            (Node::Item(Item::Value(value)), _) => return Node::Value(value).step(step),
            (Node::Item(item), Key(key)) => {
                let next = item.get(key)?;
                let place = item.as_table_like()?.key(key).and_then(toml_edit::Key::span);
                return Some((Node::Item(next), next.span().or(place)));
            }
            (Node::Item(item), Index(at)) => Node::Item(item.get(at)?),
            (Node::Value(value), Key(key)) => Node::Value(value.as_inline_table()?.get(key)?),
            (Node::Value(value), Index(at)) => Node::Value(value.as_array()?.get(at)?),
        };
        let place = match &next {
            Node::Item(item) => item.span(),
            Node::Value(value) => value.span(),
        };
        Some((next, place))
    }
}

struct Check<'a> {
    text: &'a str,
    spec: &'a Spec,
}

type Checked = Result<(), SpecError>;

impl Check<'_> {
    fn all(&self) -> Checked {
        self.head()?;
        self.forms()?;
        self.rights()?;
        self.picks()?;
        self.keys()?;
        self.traps()
    }

    /// The place of a path, or of the nearest part of it that has one. Read again here, for only a mistake needs places.
    fn span(&self, path: &[At<'_>]) -> Option<Range<usize>> {
        let document = Document::parse(self.text).ok()?;
        let mut node = Node::Item(document.as_item());
        let mut span = None;
        for step in path {
            let Some((next, place)) = node.step(*step) else { break };
            span = place.or(span);
            node = next;
        }
        span
    }

    fn wrong(&self, path: &[At<'_>], message: impl Into<String>) -> SpecError {
        SpecError::at(self.text, self.span(path), message)
    }

    fn head(&self) -> Checked {
        let spec = self.spec;
        if spec.schema != 1 {
            return Err(self.wrong(&[Key("schema")], "this labwizard reads schema 1").allowing(["1"]));
        }
        if spec.services.proxmox.is_none() && spec.services.unifi.is_none() {
            return Err(self.wrong(&[Key("services")], "a target needs a service").allowing(["proxmox", "unifi"]));
        }
        let proxmox = &spec.accepts.proxmox;
        if spec.services.proxmox.is_some() && proxmox.is_empty() {
            let message = "how the tool signs in at Proxmox is missing: accepts = { proxmox = [\"token\"] }";
            return Err(self.wrong(&[Key("accepts")], message).allowing(["token", "password"]));
        }
        if let Some(at) = proxmox.iter().position(|way| *way == Way::ApiKey) {
            let message = "an api_key is a way into UniFi; Proxmox has tokens and passwords";
            return Err(self
                .wrong(&[Key("accepts"), Key("proxmox"), Index(at)], message)
                .allowing(["token", "password"]));
        }
        if let Some(at) = spec.accepts.unifi.iter().position(|way| *way == Way::Token) {
            let message = "UniFi has no tokens of this kind";
            return Err(self
                .wrong(&[Key("accepts"), Key("unifi"), Index(at)], message)
                .allowing(["api_key", "password"]));
        }
        match &spec.instances {
            Some(i) if !(1..=4).contains(&i.digits) => {
                Err(self.wrong(&[Key("instances"), Key("digits")], "instances are counted with 1 to 4 digits"))
            }
            Some(i) if i.first.parse::<u16>() != Ok(1) || i.first.len() != usize::from(i.digits) => Err(self.wrong(
                &[Key("instances"), Key("first")],
                "the first instance is 1, written with the digits that are counted with, as in \"01\"",
            )),
            Some(i) if i.reader.is_some_and(|reader| spec.form.iter().all(|form| !form.readers.contains(&reader))) => {
                Err(self.wrong(&[Key("instances"), Key("reader")], "no form of this target is read by it"))
            }
            _ => Ok(()),
        }
    }

    fn forms(&self) -> Checked {
        let spec = self.spec;
        if spec.form.is_empty() {
            return Err(self.wrong(&[Key("form")], "a target has at least one form"));
        }
        let mut names = BTreeSet::new();
        for (at, form) in spec.form.iter().enumerate() {
            let place = [Key("form"), Index(at)];
            if !names.insert(form.name.as_str()) {
                return Err(self.wrong(&[place[0], place[1], Key("name")], "two forms have this name"));
            }
            if form.is_written() && form.file.is_empty() {
                return Err(self.wrong(&[place[0], place[1], Key("file")], "a form that is written needs a file"));
            }
            if form.is_written() && form.file[0].contains('*') {
                let message = "the first file is the default, and a default has no “*”";
                return Err(self.wrong(&[place[0], place[1], Key("file"), Index(0)], message));
            }
            if form.verify.is_empty() {
                let message = "how the tool can hold the certificate is missing here";
                return Err(self
                    .wrong(&[place[0], place[1], Key("verify")], message)
                    .allowing(["off", "system", "ca", "pin"]));
            }
            let has = |when: fn(&super::spec::Key) -> bool| spec.keys.iter().any(|(_, key)| when(key));
            if form.verify.contains(&VerifyWord::Ca) && !has(|key| key.value.fact == Fact::CaFile) {
                let message = "“ca” needs a key with the value {proxmox.ca_file}";
                return Err(self.wrong(&[place[0], place[1], Key("verify")], message));
            }
            if form.verify.contains(&VerifyWord::Pin) && !has(|key| key.value.fact == Fact::Fingerprint) {
                let message = "“pin” needs a key with the value {proxmox.fingerprint}";
                return Err(self.wrong(&[place[0], place[1], Key("verify")], message));
            }
            if form.names == Names::Env && !has(|key| key.env.is_some()) {
                let message = "names = \"env\" needs keys that have an env name";
                return Err(self.wrong(&[place[0], place[1], Key("names")], message));
            }
            if form.prefix.is_some() && form.names == Names::Env {
                let message = "a prefix and names = \"env\" do not go together";
                return Err(self.wrong(&[place[0], place[1], Key("prefix")], message));
            }
            if form.declared.is_some() && !matches!(form.dialect, Dialect::Hcl | Dialect::Dotenv | Dialect::Sh) {
                let message = "declared goes with the dialects hcl, dotenv and sh";
                return Err(self.wrong(&[place[0], place[1], Key("declared")], message));
            }
        }
        Ok(())
    }

    fn group_names(&self) -> Vec<&str> {
        self.spec.groups.iter().map(|(name, _)| name).collect()
    }

    fn pick_names(&self) -> Vec<&str> {
        self.spec.picks.iter().map(|(name, _)| name).collect()
    }

    fn rights(&self) -> Checked {
        for (at, right) in self.spec.rights.iter().enumerate() {
            let row = |key| [Key("rights"), Index(at), Key(key)];
            if let Some(group) = &right.group
                && self.spec.groups.get(group).is_none()
            {
                let message = format!("[groups] has no “{group}”");
                return Err(self.wrong(&row("group"), message).allowing(self.group_names()));
            }
            for pick in picks_in(&right.on) {
                if self.spec.picks.get(pick).is_none() {
                    let message = format!("[picks] has no “{pick}”");
                    return Err(self.wrong(&row("on"), message).allowing(self.pick_names()));
                }
            }
            if let (Some(since), Some(before)) = (right.since, right.before)
                && since >= before
            {
                return Err(self.wrong(&row("before"), "this row holds on no release"));
            }
        }
        for (at, never) in self.spec.never.iter().enumerate() {
            if let Some(group) = &never.group
                && self.spec.groups.get(group).is_none()
            {
                let message = format!("[groups] has no “{group}”");
                return Err(self.wrong(&[Key("never"), Index(at), Key("group")], message).allowing(self.group_names()));
            }
        }
        Ok(())
    }

    fn picks(&self) -> Checked {
        for (at, (name, pick)) in self.spec.picks.iter().enumerate() {
            let Some(on) = &pick.on else { continue };
            let earlier: Vec<_> = self.pick_names().into_iter().take(at).collect();
            if !earlier.contains(&on.as_str()) {
                let message = format!("“{on}” is no pick above this one");
                return Err(self.wrong(&[Key("picks"), Key(name), Key("on")], message).allowing(earlier));
            }
        }
        Ok(())
    }

    fn keys(&self) -> Checked {
        if self.spec.keys.is_empty() {
            return Err(self.wrong(&[Key("keys")], "a target has at least one key"));
        }
        let mut seen: Vec<String> = Vec::new();
        for (name, key) in self.spec.keys.iter() {
            let at = |part| [Key("keys"), Key(name), Key(part)];
            self.key_name(&[Key("keys"), Key(name)], name, false)?;
            for (i, other) in key.also.iter().enumerate() {
                self.key_name(&[Key("keys"), Key(name), Key("also"), Index(i)], other, false)?;
            }
            for (i, nth) in key.nth.iter().enumerate() {
                self.key_name(&[Key("keys"), Key(name), Key("nth"), Index(i)], nth, true)?;
            }
            if let Some(env) = &key.env {
                self.key_name(&at("env"), env, false)?;
            }
            if !key.nth.is_empty() && self.spec.instances.is_none() {
                return Err(self.wrong(&at("nth"), "names for further hosts need an [instances] table"));
            }
            for one in key.also.iter().chain(&key.nth).map(KeyName::as_str).chain([name]) {
                if seen.iter().any(|s| s == one) {
                    return Err(self.wrong(&[Key("keys"), Key(name)], format!("“{one}” stands for two keys")));
                }
                seen.push(one.to_owned());
            }
            self.key(name, key)?;
        }
        Ok(())
    }

    fn key(&self, name: &str, key: &super::spec::Key) -> Checked {
        let at = |part| [Key("keys"), Key(name), Key(part)];
        match &key.value.fact {
            Fact::Pick(pick) if self.spec.picks.get(pick).is_none() => {
                let message = format!("[picks] has no “{pick}”");
                return Err(self.wrong(&at("value"), message).allowing(self.pick_names()));
            }
            Fact::Instance if self.spec.instances.is_none() => {
                return Err(self.wrong(&at("value"), "{instance} needs an [instances] table"));
            }
            Fact::Unifi(_) if self.spec.services.unifi.is_none() => {
                return Err(self.wrong(&at("value"), "this target has no service unifi"));
            }
            fact if !fact.is_unifi() && *fact != Fact::Instance && self.spec.services.proxmox.is_none() => {
                return Err(self.wrong(&at("value"), "this target has no service proxmox"));
            }
            _ => {}
        }
        if !(key.words.is_empty() || key.words.len() == 2 && key.value.fact.is_switch()) {
            let message = "words are the two words of a switch: yes, no";
            return Err(self.wrong(&at("words"), message));
        }
        if key.inherits && key.nth.is_empty() {
            return Err(self.wrong(&at("inherits"), "only a key with names for further hosts can be inherited"));
        }
        if let (Some(default), [yes, no]) = (&key.default, &key.words[..])
            && default != yes
            && default != no
        {
            let message = "the default of a switch is one of its two words";
            return Err(self.wrong(&at("default"), message).allowing([yes.as_str(), no.as_str()]));
        }
        let (ways, service) = if key.value.fact.is_unifi() {
            (&self.spec.accepts.unifi, "UniFi")
        } else {
            (&self.spec.accepts.proxmox, "Proxmox")
        };
        let wanted = match (key.when, &key.value.fact) {
            (Some(When::Token), _) | (None, Fact::TokenSecret | Fact::Token) => Some((Way::Token, "token")),
            (Some(When::Password), _) | (None, Fact::Password | Fact::Unifi(UnifiFact::Password)) => {
                Some((Way::Password, "password"))
            }
            (Some(When::ApiKey), _) | (None, Fact::Unifi(UnifiFact::ApiKey)) => Some((Way::ApiKey, "api_key")),
            (Some(When::Ca), _) | (None, _) => None,
        };
        match wanted {
            Some((way, word)) if !ways.contains(&way) => {
                let message = format!("accepts has no “{word}” for {service}");
                Err(self.wrong(&at(if key.when.is_some() { "when" } else { "value" }), message))
            }
            _ => Ok(()),
        }
    }

    /// Whether a key can stand in the files of all forms, and counts where it must.
    fn key_name(&self, at: &[At<'_>], name: &str, counts: bool) -> Checked {
        if counts != name.contains("{nn}") {
            let message =
                if counts { "a name for further hosts has {nn} in it" } else { "only nth has {nn} in its names" };
            return Err(self.wrong(at, message));
        }
        let plain = name.replace("{nn}", "01");
        let flat = |d: Dialect| matches!(d, Dialect::Dotenv | Dialect::Hcl | Dialect::Sh);
        let is_flat = plain.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && plain.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
        if self.spec.form.iter().any(|f| flat(f.dialect)) && !is_flat {
            return Err(self.wrong(at, "a key here is a letter or “_”, then letters, digits, “_” and “-”"));
        }
        Ok(())
    }

    fn traps(&self) -> Checked {
        for (name, trap) in self.spec.traps.iter() {
            match trap {
                Trap { beats: Some(beaten), ignored: None } => {
                    if self.spec.keys.get(beaten).is_none() {
                        let message = format!("[keys] has no “{beaten}”");
                        let keys: Vec<_> = self.spec.keys.iter().map(|(k, _)| k).collect();
                        return Err(self.wrong(&[Key("traps"), Key(name), Key("beats")], message).allowing(keys));
                    }
                    if beaten.as_str() == name {
                        return Err(self.wrong(&[Key("traps"), Key(name), Key("beats")], "a key cannot beat itself"));
                    }
                }
                Trap { beats: None, ignored: Some(_) } => {}
                _ => {
                    let message = "a trap says exactly one of beats and ignored";
                    return Err(self.wrong(&[Key("traps"), Key(name)], message).allowing(["beats", "ignored"]));
                }
            }
        }
        Ok(())
    }
}

/// The picks that a path waits for.
pub(super) fn picks_in(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix("{pick.")?.strip_suffix('}'))
}

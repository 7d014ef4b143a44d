//! The secrets that a config holds, to be looked for elsewhere.

use crate::diagnosis::config::Config;
use crate::domain::{Secret, placeholder};
use crate::target::Fact;

/// The secrets that stand in a config: of each host the token's or the password, whether or not it can sign in with it. A
/// password that may be a word of any text is not looked for.
pub fn secrets(config: &Config) -> Vec<Secret> {
    let mut out: Vec<Secret> = Vec::new();
    for value in config.read.values.iter().filter(|value| value.fact.is_secret()) {
        let text = value.text.as_str();
        let text = match value.fact {
            Fact::Token => text.rsplit_once('=').map_or(text, |(_, secret)| secret),
            _ => text,
        };
        let secret = Secret::new(text.trim().to_owned());
        if placeholder(text).is_none() && secret.is_telling() && out.iter().all(|known| !known.same_as(&secret)) {
            out.push(secret);
        }
    }
    out
}

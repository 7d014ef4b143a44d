//! Which target a file belongs to, and what says so.

use super::fact::Fact;
use super::library::{Library, Target};
use super::spec::{Dialect, Form};
use super::write::Candidates;

/// What is known of a file before it is understood. Paths are relative to the chosen folder, with `/`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scene<'a> {
    pub file: &'a str,
    /// Its live keys.
    pub keys: &'a [String],
    /// Files of the folder, the parts that were looked at.
    pub beside: &'a [String],
    /// Sources of the providers that the module around the file requires.
    pub providers: &'a [String],
}

/// A target that the file may belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// The target's name.
    pub target: String,
    /// The form's name.
    pub form: String,
    pub score: u32,
    /// What says so, a line each.
    pub because: Vec<String>,
}

/// Below this nothing but the file's name, or a key that many tools share, speaks for a target.
const ENOUGH: u32 = 10;

/// The targets that the file may belong to, the likeliest first; of one target only its likeliest form.
pub fn recognise(library: &Library, scene: Scene<'_>) -> Vec<Match> {
    let mut out: Vec<Match> = library
        .iter()
        .filter_map(|target| {
            let forms = target.spec.form.iter().map(|form| weigh(target, form, scene));
            // Of equal forms the first.
            forms.flatten().reduce(|best, next| if next.score > best.score { next } else { best })
        })
        .filter(|found| found.score >= ENOUGH)
        .collect();
    out.sort_by_key(|found| std::cmp::Reverse(found.score));
    out
}

/// Whether the first match is clearly ahead of the second.
pub fn is_clear(matches: &[Match]) -> bool {
    match matches {
        [] => false,
        [_] => true,
        [first, second, ..] => first.score >= second.score + 5,
    }
}

fn weigh(target: &Target, form: &Form, scene: Scene<'_>) -> Option<Match> {
    if !dialect_fits(form.dialect, scene.file) {
        return None;
    }
    let mut score = 0;
    let mut because = Vec::new();
    if let Some(found) = &form.found {
        let telling: Vec<&str> =
            found.keys.iter().map(|key| key.as_str()).filter(|key| scene.keys.iter().any(|k| k == key)).collect();
        if !telling.is_empty() {
            score += 10 * telling.len().min(3) as u32;
            because.push(format!("{} in {}: keys of {}", telling.join(", "), scene.file, target.spec.title));
        }
        if let Some(provider) = &found.provider
            && scene.providers.iter().any(|source| same_source(source, provider))
        {
            // Whatever names stand in the file, this provider is what reads them.
            score += 60;
            because.push(format!("the code beside {} uses the provider {provider}", scene.file));
        }
        for file in found.beside.iter().filter(|file| scene.beside.iter().any(|b| b == file.as_str())) {
            score += 20;
            because.push(format!("{file} is a file of {}", target.spec.title));
        }
    }
    let known = |key: &String| {
        target.spec.keys.iter().any(|(name, of)| Candidates::new(&target.spec, form, name, of, 1).all.contains(key))
    };
    score += scene.keys.iter().filter(|key| known(key)).count().min(4) as u32;
    if scene.keys.iter().any(|key| leads(target, form, key)) && scene.keys.iter().any(|key| opens(target, form, key)) {
        score += 6;
        because.push(format!("{} names a host and what signs in at it", scene.file));
    }
    if form.file.iter().any(|pattern| matches(pattern, scene.file)) {
        score += 2;
    }
    // Nobody who wrote the file for this tool wrote a key into it that the tool passes over.
    let ignored = |key: &String| target.spec.traps.get(key).is_some_and(|trap| trap.ignored.is_some());
    if because.len() < 2 && form.prefix.is_none() && scene.keys.iter().any(ignored) {
        score = score.saturating_sub(5);
    }
    Some(Match { target: target.name.clone(), form: form.name.to_string(), score, because })
}

fn stands_for(target: &Target, form: &Form, key: &str, fits: fn(&Fact) -> bool) -> bool {
    target.spec.keys.iter().any(|(name, of)| {
        fits(&of.value.fact) && Candidates::new(&target.spec, form, name, of, 1).all.iter().any(|one| one == key)
    })
}

/// Whether the key names the host.
fn leads(target: &Target, form: &Form, key: &str) -> bool {
    stands_for(target, form, key, |fact| matches!(fact, Fact::Address | Fact::Host | Fact::Url | Fact::ApiUrl))
}

/// Whether the key holds what signs in.
fn opens(target: &Target, form: &Form, key: &str) -> bool {
    stands_for(target, form, key, |fact| matches!(fact, Fact::Token | Fact::TokenSecret | Fact::Password))
}

/// Whether a file of this name can be of the form's dialect.
pub fn dialect_fits(dialect: Dialect, file: &str) -> bool {
    let has = |end: &str| file.ends_with(end);
    match dialect {
        Dialect::Hcl => has(".tfvars"),
        Dialect::Yaml => has(".yml") || has(".yaml"),
        Dialect::Toml => has(".toml"),
        Dialect::Json => has(".json"),
        Dialect::Dotenv => ![".tfvars", ".tf", ".yml", ".yaml", ".toml", ".json"].iter().any(|end| has(end)),
        Dialect::Sh => has(".sh") || has(".env"),
        Dialect::Card | Dialect::Register => false,
    }
}

/// `bpg/proxmox` and `registry.opentofu.org/bpg/proxmox` are one; case does not count.
pub fn same_source(source: &str, provider: &str) -> bool {
    let tail = |s: &str| s.to_ascii_lowercase().rsplit('/').take(2).map(str::to_owned).collect::<Vec<_>>();
    tail(source) == tail(provider)
}

/// Whether a path fits a pattern whose last part may hold `*`.
pub fn matches(pattern: &str, path: &str) -> bool {
    let split =
        |text: &str| text.rsplit_once('/').map_or((String::new(), text.to_owned()), |(d, f)| (d.into(), f.into()));
    let ((pattern_dir, pattern_file), (dir, file)): ((String, String), (String, String)) =
        (split(pattern), split(path));
    // The folder may lie deeper than the pattern says: `env/*.tfvars` fits `tofu/env/lab.tfvars`.
    if !(dir == pattern_dir || pattern_dir.is_empty() || dir.ends_with(&format!("/{pattern_dir}"))) {
        return false;
    }
    let mut parts = pattern_file.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = file.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_fits_in_its_folder_and_deeper() {
        for (pattern, path) in [
            (".env", ".env"),
            (".env", "app/.env"),
            ("*.auto.tfvars", "tofu/x.auto.tfvars"),
            ("env/*.tfvars", "tofu/env/lab.tfvars"),
            ("*.env", "mas.env"),
        ] {
            assert!(matches(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [
            (".env", "x.env"),
            ("env/*.tfvars", "lab.tfvars"),
            ("env/*.tfvars", "xenv/a.tfvars"),
            ("*.env", ".env.bak"),
        ] {
            assert!(!matches(pattern, path), "{pattern} {path}");
        }
    }

    #[test]
    fn a_provider_is_the_same_under_any_registry() {
        assert!(same_source("registry.opentofu.org/Some/thing", "some/thing"));
        assert!(!same_source("other/thing", "some/thing"));
    }
}

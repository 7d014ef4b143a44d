//! The words of the checkup: what it found in one line, what was tested, and what each mend means.

use std::path::Path;

use crate::diagnosis::config::EMPTY;
use crate::diagnosis::{by_root, codes};
use crate::domain::finding::{Finding, Fix, Mend, Severity, Step};
use crate::domain::visible::{visible, whole};
use crate::domain::{Id, Trouble};
use crate::wizard::Wizard;
use crate::wizard::page::{Answer, Block, Command, Tone};
use crate::wizard::step::{count, details, file, host, make, quiet, say, token, toned, trust};

use super::{Told, ask, may, ways};

/// The file's path as people write it.
pub fn path(w: &Wizard) -> String {
    w.setting.mend.as_ref().map(|path| file::shown(w, path)).unwrap_or_default()
}

/// The file could not be looked at.
pub fn not_read(w: &Wizard, path: &Path, trouble: Option<&Trouble>) -> Finding {
    let finding = Finding::new(
        codes::FILE_UNREADABLE,
        Severity::Error,
        Step::Target,
        format!("{} cannot be read.", file::shown(w, path)),
        trouble.map(|trouble| trouble.what.clone()).unwrap_or_default(),
    );
    trouble.and_then(|trouble| trouble.hint.clone()).into_iter().fold(finding, |finding, hint| finding.say(hint))
}

pub fn title(path: &str, told: &Told) -> String {
    match (told.config.is_some(), told.worst()) {
        (false, _) if told.findings.iter().any(|(_, one)| one.cause == EMPTY) => format!("{path} is empty."),
        (false, _) => format!("{path} is left alone."),
        (true, Some(Severity::Error)) => {
            let errors = told.findings.iter().filter(|(_, finding)| finding.severity == Severity::Error).count();
            match errors {
                1 => format!("{} cannot work with {path}.", told.title),
                n => format!("{} cannot work with {path}, for {n} reasons.", told.title),
            }
        }
        (true, Some(Severity::Warning)) if !told.signed_in => {
            format!("Whether {} works with {path} is not known.", told.title)
        }
        (true, Some(Severity::Warning)) if told.findings.iter().any(|(_, one)| one.code == codes::DAEMON_DOWN) => {
            format!("{} signs in with {path}, and not everything will work.", told.title)
        }
        (true, Some(Severity::Warning)) => format!("{} works with {path}, and there is something to mend.", told.title),
        (true, _) => format!("Nothing is wrong with {path}."),
    }
}

/// What was proved, a line each.
pub fn tested(told: &Told) -> Option<Block> {
    let config = told.config.as_ref()?;
    let read = count(config.read.values.len(), "value was", "values were");
    let mut lines = vec![format!("{read} read the way {} reads them.", told.title)];
    lines.extend(told.proved.iter().cloned());
    Some(toned(Tone::Good, lines.join("\n")))
}

/// What can be done without labwizard, the gravest finding's first; where there are several, each says what it is for.
pub fn by_hand(told: &Told) -> Vec<Block> {
    let mut blocks = Vec::new();
    let worth = || told.findings.iter().map(|(_, finding)| finding).filter(|f| f.severity >= Severity::Warning);
    let several = worth().filter(|finding| !finding.fix.is_empty()).count() > 1;
    let offers = !told.offers().is_empty();
    for finding in worth() {
        let (usual, _) = by_root::parted(&finding.fix);
        // What labwizard does stands among the answers.
        let by_hand = usual.iter().filter(|one| !(offers && is_labwizards(one)));
        let fixes: Vec<Block> = by_hand.map(fix).filter(|fix| !blocks.contains(fix)).collect();
        if several && !fixes.is_empty() {
            blocks.push(quiet(heading(&finding.title)));
        }
        fixes.into_iter().for_each(|fix| add(&mut blocks, fix));
    }
    if !blocks.is_empty() {
        blocks.insert(0, quiet(if offers { "Or by hand:" } else { "By hand:" }));
    }
    blocks
}

/// A title over what mends it; one that has a colon of its own gets no other.
fn heading(title: &str) -> String {
    let bare = whole(title.trim_end_matches('.'));
    if bare.contains(": ") { format!("{bare}.") } else { format!("{bare}:") }
}

fn is_labwizards(fix: &Fix) -> bool {
    matches!(fix, Fix::Say(sentence) if sentence.starts_with("labwizard "))
}

/// What is left where nobody can sign in, for root's shell.
pub fn without_login(told: &Told) -> Vec<Block> {
    let blocks = told.findings.iter().map(|(_, finding)| by_root::parted(&finding.fix).1);
    blocks.into_iter().find(|block| !block.is_empty()).into_iter().flatten().map(fix).collect()
}

/// Commands that are run in one place, one after the other, are copied as one.
fn add(blocks: &mut Vec<Block>, fix: Block) {
    match (blocks.last_mut(), fix) {
        (Some(Block::Command(last)), Block::Command(next)) if last.about == next.about => {
            last.text = format!("{}\n{}", last.text, next.text);
        }
        (_, fix) => blocks.push(fix),
    }
}

fn fix(fix: &Fix) -> Block {
    match fix {
        Fix::Say(sentence) => say(sentence.clone()),
        Fix::Run { on, command } => Block::Command(Command { about: on.clone(), text: command.clone() }),
    }
}

/// Who signed in to look for the cause and was not shown it.
pub fn looked_in_vain(w: &Wizard, told: &Told) -> Option<String> {
    let asks = told.offers().iter().any(|(mend, _)| *mend == Mend::LookUp);
    (asks && w.session.was_signed_in() && make::estate(w).is_some())
        .then(|| make::signer(w).map(|who| who.to_string()))
        .flatten()
}

/// What is to be said where a look for the cause told none.
pub fn in_vain(w: &Wizard, told: &Told) -> Option<Block> {
    let who = looked_in_vain(w, told)?;
    Some(toned(
        Tone::Warning,
        format!(
            "{} signed in, and the host did not show it enough to tell why. root@pam is shown all users and tokens.",
            visible(&who)
        ),
    ))
}

/// The answers that stand for a mend.
pub fn answers(w: &Wizard, told: &Told, (mend, instance): (&Mend, Option<u8>)) -> Vec<Answer> {
    let login = may::login(w, mend);
    let host = told.elsewhere(instance).map(|host| format!("Host {host}: ")).unwrap_or_default();
    let answer = |title: String, about: &str| Answer {
        id: ways::answer(told, mend, instance),
        title: format!("{host}{title}"),
        about: if about.is_empty() { Vec::new() } else { vec![about.to_owned()] },
        risky: false,
    };
    match mend {
        Mend::Ask(field) => vec![answer(asked(told, field), asked_for(field))],
        Mend::Rewrite { key } => {
            vec![answer(format!("Write {} as {} reads it", visible(key), told.title), "from what stands there")]
        }
        Mend::Switch { key, word, verifies } => vec![Answer {
            risky: !verifies,
            ..answer(
                format!("Write {} for {}", visible(word), visible(key)),
                if *verifies { "the certificate is verified then" } else { "the certificate is not verified then" },
            )
        }],
        Mend::Port { key, .. } => {
            vec![answer("Write the port behind the host".into(), &format!("and delete {}", visible(key)))]
        }
        Mend::Remove { key, line } => vec![answer(format!("Delete line {line}, {}", visible(key)), "kept for undo")],
        Mend::Close => vec![answer("Close the file to others".into(), "only you can read it then")],
        Mend::Ignore => vec![answer("Keep the file out of git".into(), "a line in the .gitignore beside it")],
        Mend::Grant => {
            let grant = answer("Grant exactly what is missing".into(), &format!("{login}; shown first"));
            let commands = Answer {
                id: ways::commands(told, instance),
                ..answer("Show the commands".into(), "for root's shell on the host")
            };
            [grant].into_iter().chain(ask::is_remembered(w, told, instance).then_some(commands)).collect()
        }
        Mend::NewSecret => vec![answer("Give the token a new secret".into(), &format!("{login}; its rights stay"))],
        Mend::NewToken => vec![answer("Have another token made".into(), &login)],
        Mend::Certificate => vec![answer("Look at the certificate".into(), "nothing is sent before you agree")],
        Mend::Verify => vec![answer("Have the certificate verified".into(), "so that nobody can listen in")],
        Mend::LookUp => vec![answer("Sign in and look up why".into(), "needs an administrator's login")],
        Mend::Wake => vec![answer(wakes(told, instance), &format!("{login}; its secret stays"))],
        Mend::User(user) => {
            vec![answer(format!("Sign in as {}", visible(&user.to_string())), "name and secret stay; tried first")]
        }
        Mend::Token(id) => {
            vec![answer(format!("Sign in as {}", visible(&id.to_string())), "the secret stays; tried first")]
        }
    }
}

/// What [`Mend::Wake`] comes to for what was found at this host.
fn wakes(told: &Told, instance: Option<u8>) -> String {
    match told.sleeps_by(instance) {
        Some(codes::USER_DISABLED) => "Enable the user again".into(),
        Some(codes::USER_EXPIRED | codes::USER_ENDS_SOON) => "Give the user's account a later end".into(),
        _ => "Give the token a later end".into(),
    }
}

/// What is not granted any more where less is answered.
fn asked_for(field: &Id) -> &'static str {
    if field.as_str().starts_with("group.") { "labwizard remembers it; nothing is granted" } else { "" }
}

fn asked(told: &Told, field: &Id) -> String {
    if field.as_str().starts_with("group.") {
        return format!("Say anew what {} shall do", told.title);
    }
    let known = [
        (host::HOST, "Type another address"),
        (token::TOKEN, "Paste another token"),
        (token::USER, "Type another user"),
        (token::NAME, "Type another token name"),
        (token::PASSWORD, "Type another password"),
        (details::VERIFY, "Choose how the certificate is verified"),
        (trust::TRUST, "Look at the certificate"),
    ];
    if let Some((_, words)) = known.iter().find(|(id, _)| id == field) {
        return (*words).to_owned();
    }
    match field.as_str().strip_prefix("pick.") {
        Some(pick) => format!("Choose another {}", visible(&pick.replace('_', " "))),
        None => format!("Answer {} anew", visible(field.as_str())),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_title_over_its_mends_ends_in_one_colon() {
        for (title, heading) in [
            ("PROXMOX_NODE stands in 2 lines: 5, 11.", "PROXMOX_NODE stands in 2 lines: 5, 11."),
            ("Others on this machine may read the file.", "Others on this machine may read the file:"),
            ("The machine at “pve:8006” is there.", "The machine at “pve:8006” is there:"),
        ] {
            assert_eq!(super::heading(title), heading);
        }
    }
}

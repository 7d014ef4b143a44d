//! Commands as a person may paste them into a POSIX shell; the same text is printed, copied and run over ssh.

/// Why a text is not put into a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShellError {
    #[error("a control character or line end stands in it, and would not reach the command as it is")]
    Control,
    #[error("it begins with “-”, and a command would take it for an option")]
    LeadingHyphen,
    #[error("“,” or “;” stands in it, and Proxmox would take it for two names")]
    List,
    #[error("there is no command")]
    Empty,
}

/// A value as one word of a POSIX shell: bare where nothing in it is special, else in single quotes.
pub fn quote(value: &str) -> Result<String, ShellError> {
    if value.starts_with('-') {
        return Err(ShellError::LeadingHyphen);
    }
    word(value)
}

/// A command out of its words, each quoted as needed. Words of the command's own, the options among them, are the caller's
/// fixed texts; values of others come as [`quote`] has judged them, so one that begins with `-` is refused here where it is no
/// option by its form (`--name`, `-n`).
pub fn command(words: &[&str]) -> Result<String, ShellError> {
    if words.is_empty() {
        return Err(ShellError::Empty);
    }
    let quoted: Result<Vec<String>, ShellError> =
        words.iter().map(|text| if is_option(text) { word(text) } else { quote(text) }).collect();
    Ok(quoted?.join(" "))
}

/// `-x`, `--name`, `--name=value` and the bare `--`.
fn is_option(text: &str) -> bool {
    let Some(name) = text.strip_prefix("--") else {
        return text.len() == 2 && text.starts_with('-') && text.as_bytes()[1].is_ascii_alphabetic();
    };
    let name = name.split('=').next().unwrap_or(name);
    name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn word(text: &str) -> Result<String, ShellError> {
    if text.chars().any(char::is_control) {
        return Err(ShellError::Control);
    }
    // `=` would make the first word of a command an assignment, and zsh expands a leading one; `~` is a home.
    let safe =
        |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'/' | b':' | b'@' | b'%' | b'+' | b',');
    if !text.is_empty() && text.bytes().all(safe) {
        return Ok(text.to_owned());
    }
    Ok(format!("'{}'", text.replace('\'', r"'\''")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::process::Command;

    /// What a shell hands on as arguments, found by running it.
    fn handed_on(shell: &str, line: &str) -> Option<Vec<String>> {
        let script = format!("argv() {{ printf '%s\\0' \"$@\"; }}; argv {line}");
        let out = Command::new(shell).args(["-c", &script]).output().ok()?;
        assert!(out.status.success(), "{line}");
        let mut words: Vec<String> =
            out.stdout.split(|b| *b == 0).map(|w| String::from_utf8_lossy(w).into_owned()).collect();
        words.pop();
        Some(words)
    }

    #[test]
    fn words_reach_the_command_as_they_are() {
        let words = [
            "pveum",
            "x?y#z%2f@pve",
            "a'b!c@pve",
            "",
            "$HOME `id` $(id) \\ \"q\"",
            "~root",
            "a;b|c&d>e<f",
            "ä日",
            "=ls",
            "{a,b}",
            "*",
        ];
        let line = command(&words).unwrap();
        assert_eq!(handed_on("sh", &line).unwrap(), words);
        for shell in ["bash", "dash", "zsh"] {
            if let Some(seen) = handed_on(shell, &line) {
                assert_eq!(seen, words, "{shell}");
            }
        }
    }

    #[test]
    fn plain_words_stay_bare() {
        assert_eq!(
            command(&["pveum", "user", "token", "add", "apex@pve", "glassdome-token", "--privsep", "0"]).unwrap(),
            "pveum user token add apex@pve glassdome-token --privsep 0"
        );
        assert_eq!(quote("root@pam!x").unwrap(), "'root@pam!x'");
        assert_eq!(quote("it's").unwrap(), r"'it'\''s'");
        assert_eq!(quote("").unwrap(), "''");
    }

    #[test]
    fn what_would_not_arrive_is_refused() {
        for text in ["a\nb", "a\0b", "\x1b[31m", "a\tb", "\u{9b}x"] {
            assert_eq!(quote(text), Err(ShellError::Control), "{text:?}");
        }
        assert_eq!(quote("-x@pve"), Err(ShellError::LeadingHyphen));
        assert_eq!(command(&["pveum", "-x@pve"]), Err(ShellError::LeadingHyphen));
        assert_eq!(command(&["pveum", "-"]), Err(ShellError::LeadingHyphen));
        assert_eq!(command(&[]), Err(ShellError::Empty));
        assert_eq!(command(&["ssh", "-oProxyCommand=x"]), Err(ShellError::LeadingHyphen));
        assert_eq!(command(&["ssh", "-T", "--", "x"]).unwrap(), "ssh -T -- x");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]
        #[test]
        fn any_words_are_handed_on_unchanged(words in proptest::collection::vec("[ -~äß日]{0,12}", 1..6)) {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            match command(&words) {
                Ok(line) => prop_assert_eq!(handed_on("sh", &line).unwrap(), words),
                Err(error) => prop_assert_eq!(error, ShellError::LeadingHyphen),
            }
        }
    }
}

//! What examples and documents write where a value belongs, recognised so that nobody is told "authentication failed" for it.

/// Says what `value` is when it is an example's placeholder and no value: `a placeholder, “TOKENID”`. `None` for anything that
/// may be meant.
///
/// The words are those of pve-docs, of the tools' example files and of guides. UUIDs that only look made up
/// (`00000000-0000-4000-8000-…`) are values.
pub fn placeholder(value: &str) -> Option<&'static str> {
    let value = value.trim().trim_matches(|c| matches!(c, '"' | '\'' | '`'));
    let lower = value.to_ascii_lowercase();
    if lower.is_empty() {
        return None;
    }
    if let Some((_, what)) = WHOLE.iter().find(|(word, _)| *word == lower) {
        return Some(what);
    }
    if is_example_uuid(&lower) {
        return Some("an example UUID that documents use");
    }
    // <uuid>, <your token>, [NODE], {{ token }}, ${TOKEN}, %TOKEN%
    let framed = |open: &str, close: &str| {
        lower.len() > open.len() + close.len() && lower.starts_with(open) && lower.ends_with(close)
    };
    if framed("<", ">") && !lower.contains("://") {
        return Some("a placeholder in angle brackets");
    }
    if framed("{{", "}}") || framed("${", "}") || framed("$(", ")") {
        return Some("a variable that nothing has filled in");
    }
    if framed("[", "]") && lower[1..lower.len() - 1].bytes().all(|b| b.is_ascii_alphabetic() || b == b'-' || b == b'_')
    {
        return Some("a placeholder in brackets");
    }
    // xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx, ****, ••••, XXXX
    let bare: Vec<char> = lower.chars().filter(|c| !matches!(c, '-' | '_' | '.' | ' ')).collect();
    if bare.len() >= 4 && bare.iter().all(|c| matches!(c, 'x' | '*' | '•' | '.' | '…' | '?')) {
        return Some("a row of placeholder letters");
    }
    if bare.contains(&'…') || (lower.ends_with("...") && lower.len() > 3) {
        return Some("cut short with dots");
    }
    let words: Vec<&str> = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty()).collect();
    let begins = |lead: &[&str]| words.len() > lead.len() && words.starts_with(lead);
    if begins(&["your"]) || begins(&["my", "secret"]) || begins(&["enter", "your"]) || begins(&["insert", "your"]) {
        return Some("a placeholder that says “your”");
    }
    if begins(&["change"])
        || words == ["changeme"]
        || begins(&["changeme"])
        || begins(&["replace"])
        || begins(&["todo"])
    {
        return Some("a placeholder that asks to be changed");
    }
    let host = host_of(&lower);
    if host.split('.').any(|label| label.starts_with("your-") || label.starts_with("your_")) {
        return Some("a placeholder that says “your”");
    }
    if is_example_name(host) {
        return Some("a name that documents use as an example");
    }
    None
}

/// Whether a UUID was made up for a document: each group is one digit repeated, or its digits follow one another.
fn is_example_uuid(lower: &str) -> bool {
    let groups: Vec<&str> = lower.split('-').collect();
    if !super::is_uuid(lower) {
        return false;
    }
    let repeats = |group: &&str| group.bytes().all(|b| Some(b) == group.bytes().next());
    let counts = |text: &str| {
        let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(16)).collect();
        digits.windows(2).all(|two| two[1] == (two[0] + 1) % 16)
    };
    let counts_from_one = |group: &&str| group.starts_with('1') && counts(group);
    groups.iter().all(repeats) || counts(&lower.replace('-', "")) || groups.iter().all(counts_from_one)
}

/// Words that are placeholders as they stand, lower-case.
const WHOLE: &[(&str, &str)] = &[
    ("tokenid", "the word TOKENID from Proxmox's documentation"),
    ("token_id", "the word TOKEN_ID from an example"),
    ("token-id", "the word token-id from an example"),
    ("tokenname", "the word TOKENNAME from an example"),
    ("token_name", "the word TOKEN_NAME from an example"),
    ("token-name", "the word token-name from an example"),
    ("uuid", "the word UUID from Proxmox's documentation"),
    ("secret", "the word “secret” from an example"),
    ("token-secret", "the words token-secret from an example"),
    ("token_secret", "the words TOKEN_SECRET from an example"),
    ("tokensecret", "the word TOKENSECRET from an example"),
    ("secret-hex", "the words secret-hex from an example"),
    ("api-token", "the words API-TOKEN from an example"),
    ("api_token", "the words API_TOKEN from an example"),
    ("user@realm", "the words USER@REALM from Proxmox's documentation"),
    ("user@pam", "the example user@pam"),
    ("user@pve", "the example user@pve"),
    ("username@pam", "the example username@pam"),
    ("username@pve", "the example username@pve"),
    ("username", "the word “username” from an example"),
    ("password", "the word “password” from an example"),
    ("hostname", "the word “hostname” from an example"),
    ("host_or_ip", "the words host_or_ip from an example"),
    ("node_name", "the words NODE_NAME from an example"),
    ("changeme", "a placeholder that asks to be changed"),
    ("change_me", "a placeholder that asks to be changed"),
    ("changeit", "a placeholder that asks to be changed"),
    ("todo", "a placeholder that asks to be changed"),
    ("fixme", "a placeholder that asks to be changed"),
    ("redacted", "a value that somebody has blacked out"),
    ("12345678-1234-1234-1234-123456789abc", "an example UUID that documents use"),
    ("12345678-1234-1234-1234-123456789012", "an example UUID that documents use"),
    ("123e4567-e89b-12d3-a456-426614174000", "an example UUID that documents use"),
    ("550e8400-e29b-41d4-a716-446655440000", "an example UUID that documents use"),
    ("aaaaaaaa-bbb-cccc-dddd-ef0123456789", "the example UUID of Proxmox's documentation"),
    ("aaaaaaaa-bbbb-cccc-dddd-ef0123456789", "the example UUID of Proxmox's documentation"),
    ("aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", "an example UUID that documents use"),
    ("430e308f-1337-1337-beef-1337beefcafe", "the example UUID of ProxLB's documentation"),
    ("crazypassw0rd!", "the example password of ProxLB's documentation"),
    ("00000000-0000-0000-0000-000000000000", "the empty UUID, which no host gives"),
];

/// The host in a URL, or the text itself.
fn host_of(lower: &str) -> &str {
    let rest = lower.split_once("://").map_or(lower, |(_, rest)| rest);
    rest.split(['/', ':', '?', '#']).next().unwrap_or(rest)
}

/// Names that RFC 2606 keeps for documents, and below them.
pub(crate) fn is_example_name(host: &str) -> bool {
    ["example.com", "example.org", "example.net"]
        .iter()
        .any(|name| host.strip_suffix(name).is_some_and(|front| front.is_empty() || front.ends_with('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_of_documents_and_example_files_are_recognised() {
        for value in [
            "TOKENID",
            "UUID",
            "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx",
            "XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX",
            "your-token-secret-here",
            "your-second-token-secret-here",
            "12345678-1234-1234-1234-123456789abc",
            "aaaaaaaa-bbb-cccc-dddd-ef0123456789",
            "430e308f-1337-1337-beef-1337beefcafe",
            "<uuid-secret>",
            "<same-as-root-or-separate>",
            "changeme",
            "ChangeMe",
            "your-proxmox-ip-or-hostname",
            "YOUR_PROXMOX_IP",
            "https://YOUR_PROXMOX_IP:8006/api2/json",
            "CHANGE-THIS-PASSWORD",
            "https://pve.example.com",
            "https://pve.example.com:8006/",
            "virt01.example.com",
            "your-password-here",
            "YOUR-API-TOKEN-HERE",
            "YOUR-ROOT-PASSWORD",
            "your_secure_root_password_here",
            "your_fernet_encryption_key_here_base64_encoded",
            "https://your-proxmox-server:8006",
            "your-token-id",
            "secret-hex",
            "user@realm",
            "****",
            "••••••••",
            "xxxx",
            "\"changeme\"",
            "${PVE_TOKEN}",
            "{{ token }}",
            "00000000-0000-4000…",
            "abcd1234-...",
            "crazyPassw0rd!",
            "00000000-0000-0000-0000-000000000000",
            "11111111-2222-3333-4444-555555555555",
            "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
            "01234567-89ab-cdef-0123-456789abcdef",
            "12345678-1234-1234-1234-123456789abc",
            "<your token>",
            "your.proxmox-host",
            "REPLACE_ME",
            "your-proxmox.lan",
        ] {
            assert!(placeholder(value).is_some(), "{value}");
        }
    }

    #[test]
    fn what_may_be_meant_is_no_placeholder() {
        for value in [
            "",
            "00000000-0000-4000-8000-000000000001",
            "00000000-0000-4000-8000-0000000000ff",
            "glassdome-token",
            "pve.lan",
            "192.168.1.50",
            "apex@pve",
            "root@pam",
            "exchange.lan",
            "changelog-bot",
            "xena",
            "x",
            "pve",
            "my-token",
            "example",
            "myexample.com",
            "yourhost",
            "https://pve.lan:8006",
            "token",
            "terraform",
            "user",
            "https://[fd00::5]:8006",
            "[fd00::5]",
            "a@b",
        ] {
            assert_eq!(placeholder(value), None, "{value}");
        }
    }
}

//! What guides get wrong and what hosts and shells answer, recognised in a paste and explained.

use crate::domain::UserId;

/// A claim of a guide, and what is true instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuideMistake {
    pub claim: &'static str,
    pub truth: &'static str,
}

const ALPHANUMERIC: GuideMistake = GuideMistake {
    claim: "token names are alphanumeric only",
    truth: "A token's name begins with a letter and goes on with letters, digits, “.”, “-” or “_”, at least two characters in all.",
};
const NO_TOKEN_COMMAND: GuideMistake = GuideMistake {
    claim: "pveum token add root@pam!x",
    truth: "There is no command “pveum token”; it is “pveum user token add root@pam x”, user and name apart.",
};
const TWO_ARGUMENTS: GuideMistake = GuideMistake {
    claim: "pveum user token remove root@pam!x",
    truth: "“pveum user token” takes user and name as two arguments, as in “pveum user token remove root@pam x”.",
};
const SEPARATION_OFF: GuideMistake = GuideMistake {
    claim: "privilege separation must be off",
    truth: "A token with privilege separation has exactly what it is granted; turned off, it has all rights of its user. Grant it what it needs.",
};
const PASSTHROUGH: GuideMistake = GuideMistake {
    claim: "--privsep 0 lets a token pass PCI devices through",
    truth: "No token can set raw hostpci or args, whatever its privilege separation; a resource mapping, or a login as root@pam, can.",
};
const VERSION_TEST: GuideMistake = GuideMistake {
    claim: "curl to /version or /nodes answering 200 tests the token",
    truth: "/version and /nodes answer to every valid token; they prove that it signs in, not what it may do. That is at /access/permissions.",
};
const FULL_RIGHTS: GuideMistake = GuideMistake {
    claim: "a new token has full root privileges",
    truth: "A token made without --privsep 0 and without grants has no rights at all.",
};
const SSH_USER: GuideMistake = GuideMistake {
    claim: "ssh as a user of realm pve",
    truth: "Users of realm pve are no system users, so ssh does not know them, and pveum needs root.",
};
const PYTHON_CONFIG: GuideMistake = GuideMistake {
    claim: "edit PROXMOX_CONFIG in the scanner's Python",
    truth: "The scanner reads its environment; a secret does not belong into a program or a document.",
};
const UNIFI_ADMIN: GuideMistake = GuideMistake {
    claim: "UniFi needs a Super Admin for a scan",
    truth: "A local administrator who may only view, or an API key, is enough for a scan.",
};
const UNIFI_KEYS: GuideMistake = GuideMistake {
    claim: "UniFi's API keys are under System → Advanced",
    truth: "UniFi's API keys are made under Network → Integrations.",
};
const DEPL0Y_FORM: GuideMistake = GuideMistake {
    claim: "tick “Use API Token” in Depl0y",
    truth: "Depl0y keeps its hosts in its database and asks for them in a form of several pages; there is no such box, and no .env for hosts.",
};

/// The mistake of a guide that a pasted or typed text shows, if one.
pub fn guide_mistake(text: &str) -> Option<GuideMistake> {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower
        .split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '(' | ')' | ','))
        .filter(|w| !w.is_empty())
        .collect();
    let has = |part: &str| lower.contains(part);
    let command = |lead: &[&str]| words.windows(lead.len()).any(|w| w == lead);

    if ["add", "remove", "delete", "modify", "list"].iter().any(|verb| command(&["pveum", "token", verb])) {
        return Some(NO_TOKEN_COMMAND);
    }
    let bang_behind =
        |verb: &str| words.windows(4).any(|w| w[0] == "user" && w[1] == "token" && w[2] == verb && w[3].contains('!'));
    if has("pveum") && ["add", "remove", "delete", "modify", "permissions"].iter().any(|v| bang_behind(v)) {
        return Some(TWO_ARGUMENTS);
    }
    if has("privsep") && (has("hostpci") || has("passthrough") || has("pci device") || has("gpu")) {
        return Some(PASSTHROUGH);
    }
    if has("full root privileges") || (has("full") && has("privileges") && has("token has")) {
        return Some(FULL_RIGHTS);
    }
    if has("privilege separation")
        && ["uncheck", "disable", "must be off", "turn off", "untick", "unselect"].iter().any(|w| has(w))
    {
        return Some(SEPARATION_OFF);
    }
    if has("alphanumeric") && (has("token") || has("name")) {
        return Some(ALPHANUMERIC);
    }
    if words.first() == Some(&"curl")
        && ["/version", "/nodes"].iter().any(|p| words.iter().any(|w| w.trim_end_matches('/').ends_with(p)))
    {
        return Some(VERSION_TEST);
    }
    let ssh_user = words.windows(2).find(|w| w[0] == "ssh" && w[1].contains('@')).map(|w| w[1]);
    if ssh_user.is_some_and(|who| !who.starts_with("root@")) && (has("pveum") || words.len() == 2) {
        return Some(SSH_USER);
    }
    if has("proxmox_config") {
        return Some(PYTHON_CONFIG);
    }
    if has("super admin") {
        return Some(UNIFI_ADMIN);
    }
    if has("unifi") && has("advanced") && has("key") {
        return Some(UNIFI_KEYS);
    }
    if has("use api token") {
        return Some(DEPL0Y_FORM);
    }
    None
}

/// What the host or the shell answered where a token was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostSaid {
    TokenExists,
    NoSuchUser(Option<UserId>),
    NoSuchToken,
    BadTokenName,
    UnknownCommand,
    WrongArguments,
    /// bash read `!name` as a wish to repeat a command.
    EventNotFound,
    /// pveum is not on this machine.
    NoPveum,
    NotRoot,
    SignInRefused,
    Forbidden,
    SshRefused,
}

impl HostSaid {
    pub fn what(&self) -> String {
        match self {
            HostSaid::TokenExists => "The host says that a token of this name is there already; it made none.".into(),
            HostSaid::NoSuchUser(Some(user)) => format!("The host knows no user “{user}”."),
            HostSaid::NoSuchUser(None) => "The host does not know this user.".into(),
            HostSaid::NoSuchToken => "The host knows no token of this name for this user.".into(),
            HostSaid::BadTokenName => {
                "The host refuses the token's name: it begins with a letter and goes on with letters, digits, “.”, “-” or “_”, at least two in all.".into()
            }
            HostSaid::UnknownCommand => "pveum does not know this command.".into(),
            HostSaid::WrongArguments => "pveum wants user and token name as two arguments.".into(),
            HostSaid::EventNotFound => {
                "The shell took the “!” for a wish to repeat an old command, and did not run this one.".into()
            }
            HostSaid::NoPveum => "This shell has no pveum: it is not the Proxmox machine, or not root's shell.".into(),
            HostSaid::NotRoot => "pveum has to be run as root.".into(),
            HostSaid::SignInRefused => "The host refused to sign in.".into(),
            HostSaid::Forbidden => "The host says that whoever ran this has no right to it.".into(),
            HostSaid::SshRefused => "ssh was refused, so the command did not run.".into(),
        }
    }

    pub fn hint(&self) -> String {
        match self {
            HostSaid::TokenExists => "Choose another name, or have the secret of that token renewed.".into(),
            HostSaid::NoSuchUser(Some(user)) => format!("Make it first: pveum user add {}", quoted(user)),
            HostSaid::NoSuchUser(None) => "Make the user first, or look at its realm.".into(),
            HostSaid::NoSuchToken => "Look at the names with  pveum user token list USER@REALM".into(),
            HostSaid::BadTokenName => "As in lab-token.".into(),
            HostSaid::UnknownCommand | HostSaid::WrongArguments => {
                "It is  pveum user token add USER@REALM NAME --output-format json".into()
            }
            HostSaid::EventNotFound => "Put single quotes around it: 'user@realm!name'.".into(),
            HostSaid::NoPveum => "Run it in root's shell on the Proxmox machine: in the web UI, node → Shell.".into(),
            HostSaid::NotRoot => "Run it in root's shell: in the web UI, node → Shell.".into(),
            HostSaid::SignInRefused => "Look at user, realm, token name and secret.".into(),
            HostSaid::Forbidden => "Run it as root@pam.".into(),
            HostSaid::SshRefused => "Sign in as root, or use the Shell of the node in the web UI.".into(),
        }
    }
}

fn quoted(user: &UserId) -> String {
    crate::domain::shell::quote(&user.to_string()).unwrap_or_else(|_| "USER@REALM".into())
}

/// Recognises what pveum, the API, ssh and the shell say when something fails.
pub fn host_said(text: &str) -> Option<HostSaid> {
    let lower = text.to_lowercase();
    let has = |part: &str| lower.contains(part);
    if has("event not found") {
        Some(HostSaid::EventNotFound)
    } else if has("token already exists") {
        Some(HostSaid::TokenExists)
    } else if has("no such user") || (has("user '") && has("does not exist")) {
        Some(HostSaid::NoSuchUser(between_quotes(text, "user").and_then(|user| user.parse().ok())))
    } else if has("no such token") {
        Some(HostSaid::NoSuchToken)
    } else if has("value does not match the regex pattern") {
        Some(HostSaid::BadTokenName)
    } else if has("command not found")
        || has("pveum: not found")
        || has("unknown command: pveum")
        || has("not recognized as an internal")
    {
        Some(HostSaid::NoPveum)
    } else if has("unknown command") || has("error: no such command") {
        Some(HostSaid::UnknownCommand)
    } else if has("too many arguments") || has("not enough arguments") {
        Some(HostSaid::WrongArguments)
    } else if has("please run as root")
        || has("need to be root")
        || has("ipcc_send_rec")
        || has("unable to open file '/etc/pve")
    {
        Some(HostSaid::NotRoot)
    } else if has("permission denied (publickey") || has("permission denied, please try again") {
        Some(HostSaid::SshRefused)
    } else if has("permission check failed") {
        Some(HostSaid::Forbidden)
    } else if has("401 authentication failed")
        || has("authentication failure")
        || has("401 no ticket")
        || has("invalid token value")
        || has("no tokenid specified")
    {
        Some(HostSaid::SignInRefused)
    } else {
        None
    }
}

/// What stands in single quotes behind `lead`.
fn between_quotes<'a>(text: &'a str, lead: &str) -> Option<&'a str> {
    let behind = &text[text.find(lead)? + lead.len()..];
    let start = behind.find('\'')? + 1;
    let length = behind[start..].find('\'')?;
    Some(&behind[start..start + length])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_guides_get_wrong_is_met_where_it_is_pasted() {
        for (text, mistake) in [
            ("pveum token add root@pam!automation", Some(NO_TOKEN_COMMAND)),
            ("root@pve:~# pveum token add 'automation@pam!limited' --privsep 1", Some(NO_TOKEN_COMMAND)),
            ("pveum user token remove root@pam!automation", Some(TWO_ARGUMENTS)),
            ("pveum user token add 'apex@pve!tok' --privsep 0", Some(TWO_ARGUMENTS)),
            ("Token names must be alphanumeric only (no hyphens)", Some(ALPHANUMERIC)),
            ("Uncheck \"Privilege Separation\"", Some(SEPARATION_OFF)),
            ("use --privsep 0 so that hostpci works", Some(PASSTHROUGH)),
            ("curl -k https://pve:8006/api2/json/version", Some(VERSION_TEST)),
            ("curl -k -H 'x' https://pve:8006/api2/json/nodes", Some(VERSION_TEST)),
            ("curl -k https://pve:8006/api2/json/access/permissions", None),
            ("Token has full root privileges", Some(FULL_RIGHTS)),
            ("ssh apex@pve", Some(SSH_USER)),
            ("ssh apex@10.0.0.5 'pveum user list'", Some(SSH_USER)),
            ("ssh root@pve", None),
            ("PROXMOX_CONFIG = { 'host': 'x' }", Some(PYTHON_CONFIG)),
            ("create a Super Admin for the scanner", Some(UNIFI_ADMIN)),
            ("UniFi: Settings → System → Advanced → API Keys", Some(UNIFI_KEYS)),
            ("check \"Use API Token\"", Some(DEPL0Y_FORM)),
            ("pveum user token add apex@pve glassdome-token --privsep 0", None),
            ("pveum acl modify / --tokens 'root@pam!x' --roles PVEAuditor", None),
            ("apex@pve!tok", None),
            ("", None),
        ] {
            assert_eq!(guide_mistake(text), mistake, "{text}");
        }
    }

    #[test]
    fn what_hosts_and_shells_answer_is_explained() {
        let ghost = "ghost@pve".parse().ok();
        for (text, said) in [
            ("400 Parameter verification failed.\ntokenid: Token already exists.", HostSaid::TokenExists),
            ("no such user ('ghost@pve')", HostSaid::NoSuchUser(ghost.clone())),
            ("create token failed: no such user ('ghost@pve')\n", HostSaid::NoSuchUser(ghost)),
            ("-bash: !tok: event not found", HostSaid::EventNotFound),
            ("-bash: pveum: command not found", HostSaid::NoPveum),
            ("zsh: command not found: pveum", HostSaid::NoPveum),
            ("401 Authentication failed!", HostSaid::SignInRefused),
            ("401 No ticket", HostSaid::SignInRefused),
            ("403 Permission check failed (/access, User.Modify)", HostSaid::Forbidden),
            ("please run as root", HostSaid::NotRoot),
            ("ERROR: unknown command 'pveum token'", HostSaid::UnknownCommand),
            ("400 too many arguments", HostSaid::WrongArguments),
            ("400 not enough arguments\npveum user token add <userid> <tokenid> [OPTIONS]", HostSaid::WrongArguments),
            ("no such token 'x' for user 'root@pam'", HostSaid::NoSuchToken),
            ("tokenid: value does not match the regex pattern", HostSaid::BadTokenName),
            ("root@10.0.0.5: Permission denied (publickey,password).", HostSaid::SshRefused),
        ] {
            assert_eq!(host_said(text), Some(said.clone()), "{text}");
            assert!(said.what().ends_with('.') && !said.hint().is_empty());
        }
        assert_eq!(host_said("root@pam!tok=00000000-0000-4000-8000-000000000001"), None);
    }
}

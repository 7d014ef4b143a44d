//! Every code that a finding can have, once, with what it means.

use crate::domain::Code;

macro_rules! codes {
    ($($name:ident = $code:literal, $about:literal;)*) => {
        $(#[doc = $about] pub const $name: Code = Code($code);)*
        /// All of them with their meaning, in the order of the road.
        pub const ALL: &[(Code, &str)] = &[$(($name, $about)),*];
    };
}

codes! {
    NAME_UNKNOWN = "name.unknown", "No name server knows the host's name.";
    NAME_NO_SERVER = "name.no-server", "No name server answered.";
    CONNECT_REFUSED = "connect.refused", "The host is there and nothing listens on the port.";
    CONNECT_TIMEOUT = "connect.timeout", "Nothing answers at the address.";
    CONNECT_UNREACHABLE = "connect.unreachable", "There is no way to the host's network.";
    CONNECT_RESET = "connect.reset", "The connection is closed as soon as it is made.";
    CONNECT_FORBIDDEN = "connect.forbidden", "This machine forbids the connection.";
    TLS_PLAIN_HTTP = "tls.plain-http", "The port speaks HTTP without TLS.";
    TLS_NOT_TLS = "tls.not-tls", "The port speaks something that is not TLS.";
    TLS_CLOSED = "tls.closed", "The host closes the connection in the handshake.";
    TLS_TIMEOUT = "tls.timeout", "The handshake was not finished in time.";
    TLS_CHANGED = "tls.changed", "The host shows another certificate than the agreed one.";
    TLS_UNKNOWN_CA = "tls.unknown-ca", "No agreed CA signed the certificate.";
    TLS_OTHER_NAME = "tls.other-name", "The certificate is made out for other names.";
    TLS_EXPIRED = "tls.expired", "The certificate has ended.";
    TLS_NOT_YET = "tls.not-yet-valid", "The certificate is not valid yet.";
    TLS_SIGNATURE = "tls.wrong-key", "Whoever answers does not have the certificate's key.";
    TLS_UNSUPPORTED = "tls.unsupported", "The certificate cannot be checked here.";
    TLS_FAILED = "tls.failed", "The handshake failed in another way.";
    TLS_UNVERIFIED = "tls.unverified", "The certificate is not verified.";
    TLS_SSH_DIFFERS = "tls.ssh-differs", "Root's shell tells of another certificate than the host shows.";
    TLS_SSH_UNREAD = "tls.ssh-unread", "Root's shell did not tell the host's certificate.";
    TLS_ENDS_SOON = "tls.ends-soon", "The certificate ends within thirty days.";
    CA_NOT_STRICT = "tls.ca-not-strict", "The cluster's CA lacks keyUsage; strict readers refuse it.";
    CA_NOT_USED = "tls.ca-not-used", "The cluster's CA cannot be used for full verification.";
    CLOCK_OFF = "clock.off", "This machine's clock and the host's differ.";
    HOST_UNIFI = "host.unifi", "A UniFi console answers.";
    HOST_BACKUP = "host.backup-server", "A Proxmox Backup Server answers.";
    HOST_REDIRECT = "host.redirect", "The host sends elsewhere.";
    HOST_OTHER = "host.not-proxmox", "Something else than Proxmox VE answers.";
    HOST_SILENT = "host.no-answer", "The host takes the connection and gives no whole answer.";
    TOKEN_REFUSED = "token.refused", "The host refuses the token and names no reason.";
    TOKEN_SECRET = "token.wrong-secret", "The token exists and its secret is another.";
    TOKEN_UNKNOWN = "token.unknown", "The user has no token of this name.";
    TOKEN_EXPIRED = "token.expired", "The token has ended.";
    TOKEN_ENDS_SOON = "token.ends-soon", "The token ends within thirty days, or has ended.";
    TOKEN_MALFORMED = "token.malformed", "What arrived at the host is no token.";
    TOKEN_NOT_SENT = "token.not-arrived", "No token arrived at the host.";
    USER_UNKNOWN = "user.unknown", "The host knows no such user.";
    USER_DISABLED = "user.disabled", "The user is disabled.";
    USER_EXPIRED = "user.expired", "The user's account has ended.";
    LOGIN_REFUSED = "login.refused", "The host refuses user and password.";
    LOGIN_TFA = "login.needs-code", "The login asks for a second factor.";
    LOGIN_UNVERIFIED = "login.unverified", "A password is not sent where the certificate is not verified.";
    LOGIN_CODE_REFUSED = "login.code-refused", "The host refuses the second factor and names no reason.";
    LOGIN_CODE_WRONG = "login.code-wrong", "The code is mistyped or of another entry.";
    LOGIN_CODE_USED = "login.code-used", "The code was used already.";
    LOGIN_CODES_LOCKED = "login.codes-locked", "Too many wrong codes: none is taken until they are unlocked.";
    LOGIN_NO_FACTOR = "login.no-usable-factor", "The host asks for a second factor that no terminal can give.";
    SSH_NONE = "ssh.not-here", "There is no ssh on this machine.";
    SSH_NOT_CONNECTED = "ssh.not-connected", "ssh ended before there was a shell.";
    SSH_HOST_KEY = "ssh.host-key", "ssh does not know the host, or knows another key of it.";
    SSH_REFUSED = "ssh.refused", "The host does not let the user in over ssh.";
    SSH_NOT_ROOT = "ssh.not-root", "The shell is not root's.";
    SSH_NO_PVEUM = "ssh.no-proxmox", "The machine behind ssh is no Proxmox VE.";
    SSH_STOPPED = "ssh.stopped", "Opening the shell was stopped.";
    SIGNIN_FAILED = "signin.failed", "The signed-in request failed in another way.";
    RIGHTS_NONE = "rights.none", "The token may do nothing at all.";
    RIGHTS_MISSING = "rights.missing", "Rights that the target needs are missing.";
    RIGHTS_UNREAD = "rights.not-read", "The host did not tell what the token may do.";
    RIGHTS_CANNOT_MAKE = "rights.cannot-make", "Whoever is signed in may not make what was asked for.";
    MAKE_EXISTS = "make.token-exists", "A token of the wanted name is there already.";
    MAKE_OWNER_OFF = "make.owner-disabled", "The user that the token is to belong to is disabled or has ended.";
    MAKE_UNKNOWN_RIGHT = "make.unknown-privilege", "A privilege that is needed is not known on this release.";
    MAKE_ENDED = "make.ended", "The token would have ended before it begins.";
    MAKE_NAME_SPLITS = "make.name-splits", "A grant to such a name could reach another user.";
    DAEMON_DOWN = "host.daemon-down", "The web server answers, and the daemon behind it does not.";
    LOGIN_ENDED = "login.ended", "The host does not take the login any more.";
    CHANGE_REFUSED = "change.refused", "The host refused a change.";
    CHANGE_EXISTS = "change.exists", "What was to be made is there since the plan was made.";
    CHANGE_ROLE_CHANGED = "change.role-changed", "The role of a grant is not what the plan says.";
    CHANGE_NOT_SENT = "change.not-sent", "A change was never sent.";
    CHANGE_NEVER_DONE = "change.never-done", "The answer to a change was lost, and it was not done.";
    CHANGE_UNKNOWN = "change.unknown", "The answer to a change was lost, and it is not known whether it was done.";
    CHANGE_SECRET_LOST = "change.secret-lost", "The token was made, and the answer with its secret was lost.";
    CHANGE_LEFT = "change.left", "Something that was to be taken back may still be there.";
    CHANGE_STILL_OPENS = "change.still-opens", "The token is gone by the host's word, and its secret still signs in.";
    RUN_FAILED = "run.failed", "Something of the plan was not done.";
    MAKE_ACL_UNSEEN = "make.acl-unseen", "What the user or token holds already is not shown to whoever is signed in.";
    MAKE_SHUT_OUT = "make.shut-out", "The role NoAccess keeps the user or token out.";
    NODE_OFFLINE = "node.offline", "A node is offline.";
    PICK_UNKNOWN = "pick.unknown", "What was chosen is not on the host.";
    LIST_UNREAD = "list.not-read", "A list could not be read.";
    ANSWER_TOO_LARGE = "answer.too-large", "An answer was larger than such an answer can be.";
    ANSWER_UNREADABLE = "answer.unreadable", "An answer is not what belongs there.";
    TARGET_LIMIT = "target.limit", "Something that no token can do.";
    FILE_TRACKED = "file.tracked", "Git tracks the file that a secret would go into.";
    FILE_NOT_IGNORED = "file.not-ignored", "Git would take the file in.";
    FILE_DUPLICATE = "file.duplicate", "A key stands more than once in the file.";
    FILE_SHADOWED = "file.shadowed", "Another setting beats one in the file.";
    FILE_IGNORED = "file.ignored-key", "A setting in the file is not read from there.";
    FILE_PLACEHOLDER = "file.placeholder", "A value is still an example's placeholder.";
    FILE_MISSING = "file.missing-value", "A value that is needed is missing.";
    FILE_SHAPE = "file.wrong-shape", "A value has another shape than the tool reads there.";
    FILE_CLASH = "file.clash", "Two tools read one key of the file as different things.";
    FILE_UNKNOWN = "file.not-understood", "No known tool's file, or not the one that was said.";
    FILE_DAMAGED = "file.damaged", "A line of the file cannot be read.";
    FILE_UNREADABLE = "file.not-read", "The file is not there, or cannot be opened.";
    FILE_READERS = "file.readers-differ", "Programs that read the file would hold different values.";
    FILE_HIDDEN = "file.hidden-characters", "A value has characters that nobody sees.";
    FILE_REFERENCE = "file.reference", "A value names another variable in place of the value itself.";
    FILE_OPEN = "file.open-to-others", "Others on this machine may read the file with the secret.";
    FILE_HISTORY = "file.secret-in-history", "The secret stands in the objects of the git repository.";
    FILE_EXAMPLE = "file.example-holds-secret", "An example or a document holds a secret that works.";
    FILE_COPY = "file.copy-tracked", "A copy of the file that git tracks holds the secret.";
    FILE_SHELL = "file.shell-expands", "A shell would read another value than what stands there.";
    FILE_CLAIM = "file.false-claim", "A comment in the file says something that is not so.";
    TOKEN_EXAMPLE = "token.example-secret", "The secret of a public document is in use.";
    TOKEN_SHAPE = "token.shape", "Token, user or secret have not the form that Proxmox gives them.";
    REALM_UNKNOWN = "realm.unknown", "The host has no such realm.";
    REALM_DOWN = "realm.down", "The server behind a realm does not answer.";
    NODE_UNKNOWN = "node.unknown", "The cluster has no node of this name.";
    NODE_LINK = "node.link-broken", "The nodes of the cluster do not verify each other.";
    RIGHTS_TOO_MANY = "rights.too-many", "The token may do far more than the tool needs.";
    RIGHTS_UNKNOWN = "rights.unknown-privilege", "This release does not know a privilege that is named.";
    NAME_HERE_ONLY = "name.here-only", "The name is known on this machine only.";
    TLS_RENEWED = "tls.renewed", "The certificate is another than before, and the agreed CA signed it.";
    CA_ENDS_SOON = "tls.ca-ends-soon", "The cluster's CA ends within half a year.";
    LOGIN_PASSWORD = "login.password-wrong", "The user is there and the password is another.";
    USER_ENDS_SOON = "user.ends-soon", "The user's account ends within thirty days.";
    HOST_PROXY = "host.behind-proxy", "Something stands between that answers in Proxmox's place.";
    TLS_NOT_SETTLED = "tls.not-settled", "Nothing says how to trust the host, so nobody signed in.";
    CHECK_UNFINISHED = "check.unfinished", "The check was not finished in its time.";
    UNTESTED = "target.untested", "Nothing was proved; the file is written as it was answered.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_dotted_lower_case_and_stands_once() {
        let mut seen = std::collections::BTreeSet::new();
        for (code, about) in ALL {
            assert!(
                code.0.contains('.') && code.0.chars().all(|c| c.is_ascii_lowercase() || ".-".contains(c)),
                "{code}"
            );
            assert!(seen.insert(code.0), "{code} twice");
            assert!(about.ends_with('.'));
        }
    }
}

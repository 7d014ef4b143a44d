//! Who is there: people with every kind of second factor, the tools' tokens, and what somebody made before labwizard came.

use super::super::http::unix_now;
use super::super::{LabToken, LabUser};
use super::cluster::{Cluster, Role, Subject, Token, User};
use super::realms::recovery_key;
use super::seed::text;
use super::tfa::{MOST_FAILURES, Recovery, SecondFactor, SecurityKey, Totp, base32};

/// The role that a tool's token has: what cloning, starting and removing guests was measured to need, and nothing more.
pub const TOOL_ROLE: &str = "LabTool";
/// Where that role is granted, to the user and to its token.
const TOOL_PATHS: [&str; 3] = ["/vms", "/storage", "/sdn/zones/localnetwork"];
const TOOL_RIGHTS: [&str; 11] = [
    "Datastore.AllocateSpace",
    "SDN.Use",
    "VM.Allocate",
    "VM.Audit",
    "VM.Clone",
    "VM.Config.CDROM",
    "VM.Config.CPU",
    "VM.Config.Cloudinit",
    "VM.Config.Memory",
    "VM.Config.Network",
    "VM.PowerMgmt",
];

/// What somebody shows besides their password.
enum Factor {
    /// Time codes of an authenticator app.
    Phone,
    /// Recovery keys.
    Paper,
    /// A key that only a browser can ask.
    Browser,
    /// Too many wrong codes were tried.
    Locked,
}

/// Who can log in, or could.
const PEOPLE: &[(&str, &str, &[Factor])] = &[
    ("root@pam", "the host's own administrator", &[]),
    ("admin@pve", "an administrator with a second factor", &[Factor::Phone]),
    ("apex@pve", "owner of the tools' tokens", &[]),
    ("monitor@pve", "reads everything", &[]),
    ("guest@pve", "has no rights", &[]),
    ("retired@pve", "disabled", &[]),
    ("keys@pve", "an administrator with a second factor and recovery keys", &[Factor::Phone, Factor::Paper]),
    ("browser@pve", "an administrator whose second factor needs a browser", &[Factor::Browser]),
    ("locked@pve", "an administrator who typed too many wrong codes", &[Factor::Phone, Factor::Locked]),
    ("helper@pve", "helps out: has the role PVEAdmin on all there is", &[]),
];

/// Makes the people and their tokens, with what is granted to them.
pub(super) fn people(cluster: &mut Cluster) -> (Vec<LabUser>, Vec<LabToken>) {
    let mut rights: Vec<String> =
        TOOL_RIGHTS.iter().filter(|name| cluster.release.knows(name)).map(|name| text(name)).collect();
    let agent = if cluster.release.knows("VM.Monitor") { "VM.Monitor" } else { "VM.GuestAgent.Audit" };
    rights.push(text(agent));
    cluster.roles.insert(text(TOOL_ROLE), Role { privileges: rights.into_iter().collect(), special: false });

    let mut users = Vec::new();
    for (id, about, factors) in PEOPLE {
        users.push(person(cluster, id, about, factors));
    }
    if let Some(retired) = cluster.users.get_mut("retired@pve") {
        retired.enable = false;
    }
    for admin in ["admin@pve", "keys@pve", "browser@pve", "locked@pve"] {
        cluster.grant("/", Subject::User, admin, "Administrator", true);
    }
    cluster.grant("/", Subject::User, "helper@pve", "PVEAdmin", true);
    cluster.grant("/", Subject::User, "monitor@pve", "PVEAuditor", true);
    cluster.grant("/", Subject::User, "retired@pve", "PVEAuditor", true);
    for path in TOOL_PATHS {
        cluster.grant(path, Subject::User, "apex@pve", TOOL_ROLE, true);
        cluster.grant(path, Subject::Token, "apex@pve!glassdome-token", TOOL_ROLE, true);
    }
    cluster.grant("/", Subject::Token, "monitor@pve!exporter", "PVEAuditor", true);

    let mut tokens = Vec::new();
    let mut token = |cluster: &mut Cluster, user: &str, name: &str, privsep: bool, expire: u64, about: &str| {
        let secret = uuid::Uuid::new_v4().to_string();
        let token = Token { secret: secret.clone(), privsep, expire, comment: Some(text(about)) };
        if let Some(user) = cluster.users.get_mut(user) {
            user.tokens.insert(text(name), token);
        }
        tokens.push(LabToken { id: format!("{user}!{name}"), secret, about: text(about) });
    };
    token(cluster, "apex@pve", "glassdome-token", true, 0, "what a tool needs that clones and starts guests");
    token(cluster, "root@pam", "automation", false, 0, "all rights of root@pam");
    token(cluster, "apex@pve", "whole", false, 0, "all rights of its user, not separated");
    token(cluster, "apex@pve", "bare", true, 0, "separated, and nothing granted to it");
    token(cluster, "apex@pve", "old", true, 1_600_000_000, "expired");
    token(cluster, "monitor@pve", "exporter", true, 0, "reads everything");
    token(cluster, "retired@pve", "tool", false, 0, "its user is disabled");
    (users, tokens)
}

/// Makes a user with a password and these factors.
fn person(cluster: &mut Cluster, id: &str, about: &str, factors: &[Factor]) -> LabUser {
    let created = unix_now() - 86_400;
    let password = password();
    let mut known = LabUser { user: text(id), password, totp: None, recovery: Vec::new(), about: text(about) };
    let mut held = SecondFactor::default();
    let new_id = || uuid::Uuid::new_v4().to_string();
    for factor in factors {
        match factor {
            Factor::Phone => {
                let secret =
                    [*uuid::Uuid::new_v4().as_bytes(), *uuid::Uuid::new_v4().as_bytes()].concat()[..20].to_vec();
                known.totp = Some(base32(&secret));
                held.totp.push(Totp { id: new_id(), description: text("phone"), created, secret, last: None });
            }
            Factor::Paper => {
                known.recovery = (0..10).map(|_| recovery_key()).collect();
                held.recovery = Some(Recovery { created, keys: known.recovery.iter().cloned().map(Some).collect() });
            }
            Factor::Browser => {
                held.webauthn.push(SecurityKey { id: new_id(), description: text("key on the desk"), created });
            }
            // Nothing locks in 7.4.
            Factor::Locked => {
                held.failures = MOST_FAILURES;
                held.locked = cluster.release.locks_codes();
            }
        }
    }
    let user = cluster.users.entry(text(id)).or_default();
    user.enable = true;
    user.comment = Some(text(about));
    user.password = Some(known.password.clone());
    user.factors = held;
    known
}

fn password() -> String {
    format!("lab-{}", &uuid::Uuid::new_v4().simple().to_string()[..12])
}

/// The service user that labwizard makes for Glassdome, and the names of its token and its role.
const OUR_USER: &str = "glassdome@pve";
const OUR_TOKEN: &str = "glassdome";
pub(super) const OUR_ROLE: &str = "LabwizardGlassdome";
/// How the comments of an earlier run begin.
const OUR_MARK: &str = "labwizard 0a1b2c";

pub(super) fn role<const N: usize>(privileges: [&str; N]) -> Role {
    Role { privileges: privileges.map(text).into(), special: false }
}

/// The service user and its token, without rights.
fn service(cluster: &mut Cluster, comment: &str, about: &str) -> LabToken {
    let secret = uuid::Uuid::new_v4().to_string();
    let mut user = User { enable: true, comment: Some(text(comment)), ..User::default() };
    let token = Token { secret: secret.clone(), privsep: true, expire: 0, comment: Some(text(comment)) };
    user.tokens.insert(text(OUR_TOKEN), token);
    cluster.users.insert(text(OUR_USER), user);
    LabToken { id: format!("{OUR_USER}!{OUR_TOKEN}"), secret, about: text(about) }
}

/// Grants a role to the service user and to its token.
fn grant_both(cluster: &mut Cluster, path: &str, role: &str) {
    cluster.grant(path, Subject::User, OUR_USER, role, true);
    cluster.grant(path, Subject::Token, &format!("{OUR_USER}!{OUR_TOKEN}"), role, true);
}

/// A token of the very name that labwizard would choose, which somebody made in the web interface and uses.
pub(super) fn by_hand(cluster: &mut Cluster) -> LabToken {
    let token = service(cluster, "made by hand for the lab in the cellar", "made by hand, and in use");
    for path in TOOL_PATHS {
        grant_both(cluster, path, TOOL_ROLE);
    }
    token
}

/// What an earlier run of labwizard left for Glassdome: one role for each set of privileges.
pub(super) fn by_an_earlier_run(cluster: &mut Cluster) -> LabToken {
    let comment = format!("{OUR_MARK}: for Glassdome");
    let token = service(cluster, &comment, "made by an earlier run of labwizard");
    let mut machines: Role = cluster.roles.get(TOOL_ROLE).cloned().unwrap_or_default();
    machines.privileges.retain(|name| name.starts_with("VM."));
    let storage = format!("{OUR_ROLE}-storage");
    cluster.roles.insert(text(OUR_ROLE), machines);
    cluster.roles.insert(storage.clone(), role(["Datastore.AllocateSpace"]));
    grant_both(cluster, "/vms", OUR_ROLE);
    grant_both(cluster, "/storage/local-lvm", &storage);
    if cluster.release.guards_bridges() {
        let bridges = format!("{OUR_ROLE}-sdn");
        cluster.roles.insert(bridges.clone(), role(["SDN.Use"]));
        grant_both(cluster, "/sdn/zones/localnetwork", &bridges);
    }
    token
}

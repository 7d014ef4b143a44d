//! Who asks: tokens, tickets, CSRF tokens and the login itself (pve-access-control AccessControl.pm, pve-manager HTTPServer.pm).

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::super::http::{Request, percent_decode};
use super::super::release::LabRelease;
use super::call::{Answer, Call, Failure};
use super::cluster::{Cluster, is_user_id, split_token};
use super::permissions;

/// How far ahead the clock that made a ticket may be, in seconds.
const TICKET_AHEAD: u64 = 300;

/// A refusal: the reason phrase of the 401, and what the host writes into its journal.
pub struct Refused {
    pub said: String,
    pub why: String,
}

impl From<&str> for Refused {
    fn from(said: &str) -> Refused {
        Refused { said: said.to_string(), why: said.to_string() }
    }
}

/// Finds out who sends a request.
pub fn who_asks(cluster: &Cluster, request: &Request, path: &str) -> Result<String, Refused> {
    let authorization = request.header("Authorization").unwrap_or_default();
    let cookie = request.header("Cookie").unwrap_or_default();
    let ticket = after_word(&cookie, "PVEAuthCookie").or_else(|| after_word(&authorization, "PVEAuthCookie"));
    let hidden = |why: String| {
        let hide = cluster.release.hides_why_not();
        Refused { said: if hide { "Authentication failed!".to_string() } else { why.clone() }, why }
    };
    if let Some(ticket) = ticket {
        if cluster.release.old_second_factor()
            && path != "/access/tfa"
            && let Some(user) = ticket.strip_prefix("PVE:tfa!").and_then(|rest| rest.split(':').next())
            && checked(cluster, &ticket, "").is_some_and(|name| name == format!("tfa!{user}"))
        {
            return Err("No ticket".into());
        }
        let user = ticket_user(cluster, &ticket).ok_or_else(|| "permission denied - invalid PVE ticket".to_string());
        let user = user.and_then(|user| enabled(cluster, &user).map(|()| user)).map_err(hidden)?;
        let given = request.header("CSRFPreventionToken").unwrap_or_default();
        if !matches!(request.method.as_str(), "GET" | "HEAD") && !csrf_is_good(cluster, &user, &given) {
            return Err("Permission denied - invalid csrf token".into());
        }
        return Ok(user);
    }
    match after_word(&authorization, "PVEAPIToken") {
        Some(token) => token_user(cluster, &token).map_err(hidden),
        None => Err("No ticket".into()),
    }
}

/// The value behind a word and `=` or a blank, up to the next `;` (pve-http-server Formatter.pm).
fn after_word(header: &str, word: &str) -> Option<String> {
    let mut from = 0;
    while let Some(at) = header[from..].find(word).map(|at| at + from) {
        let rest = &header[at + word.len()..];
        let starts = at == 0 || header[..at].ends_with(char::is_whitespace);
        if starts && let Some(value) = rest.strip_prefix(['=', ' ']) {
            let value = value.split(';').next().unwrap_or_default();
            return Some(percent_decode(value, false));
        }
        from = at + word.len();
    }
    None
}

fn token_user(cluster: &Cluster, given: &str) -> Result<String, String> {
    let (id, secret) = given.rsplit_once('=').ok_or("no tokenid specified")?;
    let (user, name) = split_token(id)
        .ok_or_else(|| format!("'{id}' is not a valid token ID - not able to split into user and token parts"))?;
    enabled(cluster, user)?;
    let token = cluster.token(id).ok_or_else(|| format!("no such token '{name}' for user '{user}'"))?;
    if token.expire != 0 && token.expire < cluster.now() {
        return Err(format!("token '{name}' access expired"));
    }
    if token.secret != secret {
        return Err("invalid token value!".to_string());
    }
    Ok(id.to_string())
}

fn enabled(cluster: &Cluster, user: &str) -> Result<(), String> {
    let found = cluster.users.get(user).ok_or_else(|| format!("no such user ('{user}')"))?;
    if !found.enable {
        return Err(format!("user '{user}' is disabled"));
    }
    if found.expire != 0 && found.expire < cluster.now() {
        return Err(format!("user '{user}' access expired"));
    }
    Ok(())
}

/// A ticket for a user, as of now.
pub fn ticket(cluster: &Cluster, user: &str) -> String {
    signed(cluster, user, "")
}

fn signed(cluster: &Cluster, name: &str, also: &str) -> String {
    signed_at(cluster, name, also, cluster.now())
}

fn signed_at(cluster: &Cluster, name: &str, also: &str, at: u64) -> String {
    let plain = format!("PVE:{name}:{at:08X}");
    let signature = signature(cluster, &format!("{plain}\0{also}"));
    format!("{plain}::{signature}")
}

/// Of the length of Proxmox's own, which is made with RSA.
fn signature(cluster: &Cluster, text: &str) -> String {
    let block = |count: u8| Sha256::new().chain_update(cluster.ticket_key).chain_update([count]).chain_update(text);
    let bytes: Vec<u8> = (0..8).flat_map(|count| block(count).finalize().to_vec()).collect();
    base64(&bytes)
}

/// The name in a ticket whose signature and age are good.
fn checked(cluster: &Cluster, ticket: &str, also: &str) -> Option<String> {
    let (plain, _) = ticket.rsplit_once("::")?;
    let (name, time) = plain.strip_prefix("PVE:")?.rsplit_once(':')?;
    let time = u64::from_str_radix(time, 16).ok()?;
    let now = cluster.now();
    let in_time = time <= now + TICKET_AHEAD && now <= time + cluster.ticket_life;
    (in_time && signed_at(cluster, name, also, time) == ticket).then(|| name.to_string())
}

/// Whose ticket it is; a challenge is nobody's.
fn ticket_user(cluster: &Cluster, ticket: &str) -> Option<String> {
    checked(cluster, ticket, "").filter(|name| is_user_id(name) && !name.starts_with("tfa!"))
}

/// The CSRF token that goes with a ticket, as of now.
pub fn csrf_now(cluster: &Cluster, user: &str) -> String {
    csrf(cluster, user, cluster.now())
}

fn csrf(cluster: &Cluster, user: &str, at: u64) -> String {
    let time = format!("{at:08X}");
    let sum = Sha256::new().chain_update(cluster.ticket_key).chain_update(format!("csrf:{time}:{user}")).finalize();
    format!("{time}:{}", base64(&sum).trim_end_matches('='))
}

fn csrf_is_good(cluster: &Cluster, user: &str, given: &str) -> bool {
    let time = given.split(':').next().and_then(|time| u64::from_str_radix(time, 16).ok());
    time.is_some_and(|time| {
        csrf(cluster, user, time) == given && cluster.now() <= time + cluster.ticket_life + TICKET_AHEAD
    })
}

/// `POST /access/ticket`.
pub fn login(call: &mut Call) -> Answer {
    let mut user = call.text("username");
    if let Some(realm) = call.get("realm").filter(|realm| !realm.is_empty()) {
        user = format!("{user}@{realm}");
    }
    let password = call.text("password");
    let release = call.release();
    let old_format = release.old_second_factor() && !call.flag("new-format");
    let challenge = call.get("tfa-challenge").filter(|challenge| !challenge.is_empty()).map(String::from);
    let otp = call.get("otp").map(String::from);
    if !is_user_id(&user) || enabled(call.cluster, &user).is_err() {
        return Err(Failure::login());
    }
    let realm = user.rsplit_once('@').map(|(_, realm)| realm.to_string()).unwrap_or_default();
    let Some(realm) = call.cluster.realms.iter().find(|known| known.name == realm && known.can_log_in).cloned() else {
        return Err(Failure::login());
    };
    if ticket_user(call.cluster, &password).is_some_and(|name| name == user) {
        return Ok(session(call.cluster, &user));
    }
    let locks = release.locks_codes();
    let now = call.now();
    if let Some(challenge) = challenge {
        let is_ours = checked(call.cluster, &challenge, &user).is_some_and(|name| name.starts_with("!tfa!"));
        let factors = call.cluster.users.get_mut(&user).map(|user| &mut user.factors);
        let taken = is_ours && otp.is_none() && factors.is_some_and(|factors| factors.take(&password, now, locks));
        return if taken { Ok(session(call.cluster, &user)) } else { Err(Failure::login()) };
    }
    let Some(known) = call.cluster.users.get_mut(&user) else { return Err(Failure::login()) };
    if password.is_empty() || known.password.as_deref() != Some(password.as_str()) {
        return Err(Failure::login());
    }
    let factors = &mut known.factors;
    if factors.is_none() {
        // A realm that demands a factor shuts out who has none; old releases ignored a code that nobody asked for.
        let refused = realm.tfa.is_some() || (otp.is_some() && !old_format);
        return if refused { Err(Failure::login()) } else { Ok(session(call.cluster, &user)) };
    }
    match otp {
        Some(code) if old_format => {
            let taken = factors.take(&format!("totp:{code}"), now, locks);
            return if taken { Ok(session(call.cluster, &user)) } else { Err(Failure::login()) };
        }
        // A code in `otp` is spent, and asked for again: the login never ends this way.
        Some(code) if !factors.take(&code, now, locks) => return Err(Failure::login()),
        _ => {}
    }
    let ticket = if old_format {
        signed(call.cluster, &format!("tfa!{user}"), "")
    } else {
        let challenge = call.cluster.users.get(&user).map(|user| user.factors.challenge()).unwrap_or_default();
        signed(call.cluster, &format!("!tfa!{}", challenge.replace(':', "%3A")), &user)
    };
    Ok(json!({
        "username": user,
        "ticket": ticket,
        "CSRFPreventionToken": csrf(call.cluster, &user, now),
        "NeedTFA": 1,
    }))
}

/// `POST /access/tfa` of 7.4: the second step of the old login, whose challenge is the session.
pub fn old_second_step(cluster: &mut Cluster, request: &Request, response: &str) -> Answer {
    let cookie = request.header("Cookie").and_then(|cookie| after_word(&cookie, "PVEAuthCookie")).unwrap_or_default();
    let name = checked(cluster, &cookie, "").unwrap_or_default();
    let Some(user) = name.strip_prefix("tfa!").map(String::from) else { return Err(Failure::login()) };
    let now = cluster.now();
    let factors = cluster.users.get_mut(&user).map(|user| &mut user.factors);
    if !factors.is_some_and(|factors| factors.take(&format!("totp:{response}"), now, false)) {
        return Err(Failure::login());
    }
    Ok(json!({ "ticket": ticket(cluster, &user), "cap": capabilities(cluster, &user) }))
}

/// Whether a request is the second step of 7.4's old login: it has a challenge where others have a ticket.
pub fn is_old_second_step(cluster: &Cluster, request: &Request) -> bool {
    let cookie = request.header("Cookie").and_then(|cookie| after_word(&cookie, "PVEAuthCookie")).unwrap_or_default();
    let user = checked(cluster, &cookie, "").and_then(|name| name.strip_prefix("tfa!").map(String::from));
    let given = request.header("CSRFPreventionToken").unwrap_or_default();
    cluster.release.old_second_factor() && user.is_some_and(|user| csrf_is_good(cluster, &user, &given))
}

fn session(cluster: &Cluster, user: &str) -> Value {
    let mut answer = json!({
        "username": user,
        "ticket": ticket(cluster, user),
        "CSRFPreventionToken": csrf(cluster, user, cluster.now()),
        "cap": capabilities(cluster, user),
    });
    if let Some(name) = &cluster.name
        && permissions::any(cluster, user, "/", &["Sys.Audit"])
    {
        answer["clustername"] = json!(name);
    }
    answer
}

/// `cap`: what the web interface shows somebody (RPCEnvironment.pm, compute_api_permission).
fn capabilities(cluster: &Cluster, user: &str) -> Value {
    let mut tops = vec!["vms", "access", "storage", "nodes", "sdn", "dc"];
    if cluster.release.has_mappings() {
        tops.push("mapping");
    }
    let mut cap: Map<String, Value> = tops.iter().map(|top| (top.to_string(), json!({}))).collect();
    let mut paths: BTreeSet<String> = permissions::everywhere(cluster, user).into_keys().collect();
    paths.insert("/mapping".to_string());
    for path in paths {
        let top = path[1..].split('/').next().filter(|top| !top.is_empty()).unwrap_or("dc").to_string();
        for privilege in permissions::at(cluster, user, &path).into_keys() {
            let kinds: &[&str] = match top.as_str() {
                "vms" => &["VM.", "Permissions.Modify"],
                "access" => &["User.", "Group.", "Permissions.Modify"],
                "storage" => &["Datastore.", "Permissions.Modify"],
                "nodes" => &["Sys.", "Permissions.Modify"],
                "sdn" => &["SDN.", "Permissions.Modify"],
                "dc" if cluster.release == LabRelease::V7_4_20 => &["Sys.Audit", "SDN."],
                "dc" => &["Sys.Audit", "Sys.Modify", "SDN."],
                "mapping" => &["Mapping.", "Permissions.Modify"],
                _ => &[],
            };
            if kinds.iter().any(|kind| privilege.starts_with(kind))
                && let Some(known) = cap.get_mut(&top)
            {
                known[privilege] = json!(1);
            }
        }
    }
    Value::Object(cap)
}

/// Base64 with padding.
pub fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for three in bytes.chunks(3) {
        let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or(0));
        let word = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let letter = LETTERS[(word >> (18 - 6 * at) & 63) as usize] as char;
            out.push(if at > three.len() { '=' } else { letter });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_is_case_sensitive_and_a_blank_may_follow_it() {
        assert_eq!(after_word("PVEAPIToken=a=b", "PVEAPIToken").as_deref(), Some("a=b"));
        assert_eq!(after_word("PVEAPIToken a%40b=c; x", "PVEAPIToken").as_deref(), Some("a@b=c"));
        assert_eq!(after_word("pveapitoken=a", "PVEAPIToken"), None);
        assert_eq!(after_word("x=1; PVEAuthCookie=t; y=2", "PVEAuthCookie").as_deref(), Some("t"));
    }

    #[test]
    fn base64_pads() {
        assert_eq!(base64(b"light w"), "bGlnaHQgdw==");
        assert_eq!(base64(b"light wo"), "bGlnaHQgd28=");
        assert_eq!(base64(b"light wor"), "bGlnaHQgd29y");
    }
}

//! From a request to its answer: the path's shape, who asks, the call, and how the answer is written (pve-http-server
//! AnyEvent.pm and Formatter/Standard.pm).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::http::{Reply, Request, form_pairs, gzip_stored};
use super::proxmox::auth;
use super::proxmox::call::{Call, Failure};
use super::proxmox::cluster::Cluster;
use super::proxmox::route::{self, Outcome};
use super::release::LabRelease;
use super::scenario::Scenario;
use super::upload::Upload;
use super::{Shared, locked};

const JSON: &str = "application/json;charset=UTF-8";
/// Longer answers are compressed when the client takes gzip.
const COMPRESSED_FROM: usize = 1024;
/// The journal is read to its last 50 lines.
const MOST_REFUSALS: usize = 50;

/// Answers a request. `refused` is the length of a body that was announced and not read.
pub fn answer(shared: &Shared, request: &Request, refused: Option<usize>) -> Reply {
    let mut reply = match shared.scenario() {
        Scenario::ProxyStrips => Reply { server: "nginx", ..directly(shared, &stripped(request), refused) },
        _ => directly(shared, request, refused),
    };
    reply.clock_ahead = locked(&shared.cluster).clock_ahead;
    reply
}

/// What is left of a request behind a proxy that keeps the header for a login of its own.
fn stripped(request: &Request) -> Request {
    let mut request = request.clone();
    request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("Authorization"));
    request
}

fn directly(shared: &Shared, request: &Request, refused: Option<usize>) -> Reply {
    let release = shared.release();
    let plain = |status, text: &str| Reply::plain(status, text, release.errors_have_message());
    if !shared.is_own_name(request) {
        return plain(400, "the lab answers to loopback names only");
    }
    if !matches!(request.method.as_str(), "GET" | "HEAD" | "POST" | "PUT" | "DELETE") {
        return Reply::plain(501, format!("method '{}' not available", request.method), false);
    }
    let mut cluster = locked(&shared.cluster);
    let Some(rest) = request.path().strip_prefix("/api2") else {
        return page(&cluster, request, release);
    };
    let Some((format, path)) = split_path(rest) else { return plain(501, "no such uri") };
    if request.is_chunked() {
        return plain(501, "chunked transfer encoding not supported");
    }
    let method = if request.method == "HEAD" { "GET" } else { request.method.as_str() };
    let is_public = matches!((method, path.as_str()), ("GET", "/access/domains") | ("GET" | "POST", "/access/ticket"));
    let old_step = (method, path.as_str()) == ("POST", "/access/tfa") && auth::is_old_second_step(&cluster, request);
    let who = match auth::who_asks(&cluster, request, &path) {
        Ok(who) => who,
        Err(_) if is_public || old_step => String::new(),
        Err(refused) => {
            if cluster.refusals.len() == MOST_REFUSALS {
                cluster.refusals.remove(0);
            }
            cluster.refusals.push(refused.why);
            let mut reply = Reply::plain(401, refused.said, false);
            reply.held = true;
            return reply;
        }
    };
    if let Some(length) = refused.filter(|length| *length > 0) {
        let takes_body = matches!(request.method.as_str(), "POST" | "PUT");
        let text = if takes_body && length > release.largest_body() {
            "for data too large".to_string()
        } else {
            format!("Unexpected content for method '{}'", request.method)
        };
        return plain(501, &text);
    }
    let mut params = match params(request, release) {
        Ok(params) => params,
        Err((status, text)) => return plain(status, &text),
    };
    let file = match &request.upload {
        Some(Ok(upload)) => Some(put_down(&mut cluster, upload, &mut params)),
        Some(Err(text)) => return plain(501, text),
        None => None,
    };
    let formatter = match format.as_str() {
        "json" => Formatter::Json,
        "extjs" => Formatter::ExtJs,
        other => return plain(501, &format!("no formatter for uri {path}, {other}")),
    };
    let outcome = if old_step {
        let response = params.get("response").cloned().unwrap_or_default();
        let answer = match cluster.daemon_runs {
            true => auth::old_second_step(&mut cluster, request, &response),
            false => Err(Failure::unreachable("Connection refused")),
        };
        Outcome { answer, daemon: true, changes: None }
    } else {
        let mut call = Call { cluster: &mut cluster, who, params };
        route::call(&mut call, method, &path)
    };
    // What nobody took is removed when the answer is sent.
    if let Some(file) = file {
        cluster.uploads.remove(&file);
    }
    let total = path.ends_with("/tasks") || path.ends_with("/log");
    let mut reply = write(outcome, &formatter, release, method == "POST", total);
    let takes_gzip = request.header("Accept-Encoding").is_some_and(|accepted| accepted.contains("gzip"));
    if let Some(body) = reply.body.as_mut().filter(|body| takes_gzip && body.len() > COMPRESSED_FROM) {
        *body = gzip_stored(body);
        reply.gzip = true;
    }
    reply
}

/// Whether the body of this request is a file.
pub fn takes_file(shared: &Shared, request: &Request) -> bool {
    let path = request.path().strip_prefix("/api2").and_then(split_path);
    path.is_some_and(|(_, path)| route::is_upload(shared.release(), &request.method, &path))
}

/// Puts an uploaded file under `/var/tmp`, and its name and fields among the parameters of the call.
fn put_down(cluster: &mut Cluster, upload: &Upload, params: &mut BTreeMap<String, String>) -> String {
    let file = format!("/var/tmp/pveupload-{}", uuid::Uuid::new_v4().simple());
    cluster.uploads.insert(file.clone(), upload.size);
    params.extend(upload.fields.clone());
    params.insert("filename".to_string(), upload.filename.clone());
    params.insert("tmpfilename".to_string(), file.clone());
    file
}

enum Formatter {
    Json,
    ExtJs,
}

/// `/json/version` is the format and the path; doubled and trailing slashes do not count.
fn split_path(rest: &str) -> Option<(String, String)> {
    if rest.is_empty() || !rest.starts_with('/') {
        return None;
    }
    let rest = rest.trim_start_matches('/');
    let (format, path) = rest.split_once('/').unwrap_or((rest, ""));
    let is_word = format.starts_with(|c: char| c.is_ascii_lowercase())
        && format.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    is_word.then(|| (format.to_string(), format!("/{}", parts.join("/"))))
}

/// Parameters from the query and the body; one that is given twice counts as given last.
fn params(request: &Request, release: LabRelease) -> Result<BTreeMap<String, String>, (u16, String)> {
    let mut params: BTreeMap<String, String> = form_pairs(request.query()).into_iter().collect();
    if request.body.is_empty() {
        return Ok(params);
    }
    let kind = request.header("Content-Type").unwrap_or_default();
    let body = String::from_utf8_lossy(&request.body);
    match kind.split(';').next().unwrap_or_default().trim() {
        "" | "application/x-www-form-urlencoded" => params.extend(form_pairs(&body)),
        "application/json" => match serde_json::from_str::<Map<String, Value>>(&body) {
            Ok(fields) => {
                params.extend(fields.into_iter().filter_map(|(name, value)| Some((name, perl_text(&value)?))))
            }
            Err(error) => {
                let text = format!(
                    "':' expected, at character offset {} (before \"(end of string)\") at /usr/share/perl5/PVE/APIServer/AnyEvent.pm line {}.",
                    error.column(),
                    release.json_line()
                );
                return Err((release.internal_error(), text));
            }
        },
        _ => return Err((506, format!("upload 'Content-Type '{kind}' not implemented"))),
    }
    Ok(params)
}

/// A JSON value as Perl sees it: booleans are 1 and 0, numbers are their text.
fn perl_text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Bool(on) => Some(u8::from(*on).to_string()),
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn write(outcome: Outcome, formatter: &Formatter, release: LabRelease, post: bool, total: bool) -> Reply {
    let daemon = outcome.daemon.then(|| release.daemon_connection(post));
    match outcome.answer {
        Ok(data) => {
            let mut body = json!({ "data": data });
            if total && let Some(rows) = body["data"].as_array().map(Vec::len) {
                body["total"] = json!(rows);
            }
            if let Some(changes) = outcome.changes {
                body["changes"] = json!(changes);
            }
            if matches!(formatter, Formatter::ExtJs) {
                body["success"] = json!(1);
            }
            let mut reply = Reply::of(200, "OK", JSON, body.to_string().into_bytes());
            reply.daemon = daemon;
            reply
        }
        Err(failure) => refuse(failure, formatter, release, daemon),
    }
}

fn refuse(failure: Failure, formatter: &Formatter, release: LabRelease, daemon: Option<&'static str>) -> Reply {
    let held = failure.status == 401;
    if matches!(failure.status, 595 | 596) {
        // pveproxy could not reach the other node, or the root daemon: nothing but the status line.
        return Reply::plain(failure.status, failure.message, false);
    }
    let mut body = json!({ "data": null });
    if !failure.errors.is_empty() {
        body["errors"] = json!(failure.errors);
    }
    let mut reply = match formatter {
        Formatter::Json => {
            if release.errors_have_message() {
                body["message"] = json!(failure.message);
            }
            Reply::of(failure.status, failure.message.trim_end(), JSON, body.to_string().into_bytes())
        }
        Formatter::ExtJs => {
            body["message"] = json!(failure.message);
            body["success"] = json!(0);
            // Perl's number, but for a status that came as an exception: that is a text.
            body["status"] = if failure.status == 501 { json!(501) } else { json!(failure.status.to_string()) };
            let mut reply = Reply::of(200, "OK", JSON, body.to_string().into_bytes());
            reply.daemon = daemon;
            reply
        }
    };
    reply.held = held;
    reply
}

fn page(cluster: &Cluster, request: &Request, release: LabRelease) -> Reply {
    if request.path() != "/" {
        let text = format!("no such file '{}'", request.path());
        let mut reply = Reply::plain(release.internal_error(), text.clone(), false);
        reply.body = release.errors_have_message().then(|| format!("{text}\n").into_bytes());
        return reply;
    }
    let html = super::pages::login(cluster.here(), release);
    Reply::of(200, "OK", "text/html; charset=utf-8", html.into_bytes())
}

impl Shared {
    /// Whether the request is for a name of this machine; a page that somebody else's name leads here gets nothing.
    fn is_own_name(&self, request: &Request) -> bool {
        let Some(host) = request.header("Host") else { return true };
        let bare = match host.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or_default(),
            None => host.split(':').next().unwrap_or_default(),
        };
        let loopback = bare.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback());
        loopback || bare == "localhost" || self.config.names.iter().any(|name| name == bare)
    }
}

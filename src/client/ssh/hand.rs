//! What the API is asked over HTTPS, asked in root's shell: reads with `pvesh`, changes with `pveum`.

use std::sync::Arc;

use serde::Deserialize;
use zeroize::Zeroizing;

use super::shell::{Missed, SMALL, Shell};
use super::talk::Halt;
use crate::client::desk::Changed;
use crate::client::proxmox::request::Request;
use crate::domain::observation::RequestTrouble;
use crate::domain::visible::visible;
use crate::domain::{Change, Fingerprint, pveum, shell};

impl Shell {
    /// Reads what the request would over HTTPS; the answer as the API's body.
    pub async fn read(self: &Arc<Self>, request: &Request) -> Result<Zeroizing<Vec<u8>>, RequestTrouble> {
        let unfit = || RequestTrouble::Unreadable("it cannot be asked in a shell".into());
        let words = pvesh(request).ok_or_else(unfit)?;
        let command = shell::command(&words.iter().map(String::as_str).collect::<Vec<_>>()).map_err(|_| unfit())?;
        let ran = self.run_aside(command, request.limit()).await.map_err(|missed| match missed {
            Missed::NotSent(_) => RequestTrouble::NotConnected,
            Missed::Lost(halt) => trouble(halt),
        })?;
        if ran.code != 0 {
            let (status, phrase) = said(&ran.words);
            return Err(RequestTrouble::Answered { status, phrase });
        }
        body(&ran.output).ok_or_else(|| RequestTrouble::Unreadable("no JSON in what pvesh wrote".into()))
    }

    /// Makes a change, once; what its command printed, as the API's body.
    pub async fn write(self: &Arc<Self>, change: &Change) -> Result<Zeroizing<Vec<u8>>, Changed> {
        let Ok(command) = pveum::command(change) else {
            let why = "a name in it cannot be put into a command";
            return Err(Changed::NotSent(RequestTrouble::Unreadable(why.into())));
        };
        let ran = self.run_aside(command, SMALL).await.map_err(|missed| match missed {
            Missed::NotSent(_) => Changed::NotSent(RequestTrouble::NotConnected),
            Missed::Lost(halt) => Changed::Lost(trouble(halt)),
        })?;
        if ran.code != 0 {
            return Err(Changed::Refused { status: 0, words: said(&ran.words).1 });
        }
        if !change.gives_secret() {
            // Some of its programs say something where the API says nothing.
            return Ok(Zeroizing::new(b"{\"data\":null}".to_vec()));
        }
        let unreadable = || RequestTrouble::Unreadable("no JSON in what pveum wrote".into());
        body(&ran.output).ok_or_else(|| Changed::Lost(unreadable()))
    }

    /// Runs a command beside everything else that goes on.
    async fn run_aside(self: &Arc<Self>, command: String, limit: usize) -> Result<super::talk::Ran, Missed> {
        let shell = Arc::clone(self);
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let run = move || {
            let ran = shell.run(&command, limit);
            drop(turn);
            ran
        };
        // It does not come to its end only where the program is ending.
        tokio::task::spawn_blocking(run).await.unwrap_or(Err(Missed::Lost(Halt::Ended)))
    }
}

fn trouble(halt: Halt) -> RequestTrouble {
    match halt {
        Halt::NotWritten => RequestTrouble::NotConnected,
        Halt::Ended => RequestTrouble::Cut,
        Halt::TimedOut => RequestTrouble::TimedOut,
        Halt::TooLarge => RequestTrouble::TooLarge,
    }
}

/// The same question as words of `pvesh`, which asks as root@pam. None for what is no question of the API, or no reading one.
fn pvesh(request: &Request) -> Option<Vec<String>> {
    let mut path = request.template()?;
    if request.method() != hyper::Method::GET {
        return None;
    }
    for (name, value) in request.path_parameters() {
        path = path.replacen(&format!("{{{name}}}"), &value, 1);
    }
    let mut words = vec!["pvesh".to_owned(), "get".to_owned(), path];
    for (name, value) in request.query() {
        words.extend([format!("--{name}"), value.to_owned()]);
    }
    words.extend(["--output-format".to_owned(), "json".to_owned()]);
    Some(words)
}

/// Status and words of a refusal, on one line. The programs put the status first where it is not 500 (pve-common
/// `Exception.pm`), and how they are called last (`RESTHandler.pm`).
fn said(words: &str) -> (u16, String) {
    let lines =
        words.lines().map(str::trim).take_while(|line| !line.starts_with("pve")).filter(|line| !line.is_empty());
    let text = visible(&lines.collect::<Vec<_>>().join(" "));
    match text.split_once(' ').and_then(|(first, rest)| Some((first.parse().ok()?, rest))) {
        Some((status @ 400..=599, rest)) => (status, rest.to_owned()),
        _ => (500, text),
    }
}

/// The JSON in an output, behind whatever else was printed, as the API's body has it. A read of nothing is `null`.
fn body(output: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let found = if output.iter().all(u8::is_ascii_whitespace) { &b"null"[..] } else { json(output)? };
    let mut body = Zeroizing::new(Vec::with_capacity(found.len() + 10));
    body.extend_from_slice(b"{\"data\":");
    body.extend_from_slice(found);
    body.push(b'}');
    Some(body)
}

/// The first object or list that begins a line.
fn json(output: &[u8]) -> Option<&[u8]> {
    let begins = |at: usize| at == 0 || output[at - 1] == b'\n';
    (0..output.len()).filter(|at| begins(*at) && matches!(output[*at], b'{' | b'[')).find_map(|at| {
        let mut values = serde_json::Deserializer::from_slice(&output[at..]).into_iter::<serde::de::IgnoredAny>();
        values.next()?.ok()?;
        Some(&output[at..at + values.byte_offset()])
    })
}

/// The fingerprint of the certificate that the web interface and the API are served with: the node's own where one was
/// installed, else the cluster's (pve-manager `Service/pveproxy.pm`).
pub fn served(output: &[u8]) -> Option<Fingerprint> {
    #[derive(Deserialize)]
    struct Row {
        #[serde(default)]
        filename: String,
        #[serde(default)]
        fingerprint: String,
    }
    let rows: Vec<Row> = serde_json::from_slice(json(output)?).ok()?;
    let of = |name: &str| rows.iter().find(|row| row.filename.rsplit('/').next() == Some(name));
    of("pveproxy-ssl.pem").or_else(|| of("pve-ssl.pem"))?.fingerprint.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::proxmox::request::Question;

    #[test]
    fn reads_become_pvesh_and_nothing_else_does() {
        let words = |request| pvesh(&request).map(|words| words.join(" "));
        assert_eq!(words(Request::Version).unwrap(), "pvesh get /version --output-format json");
        assert_eq!(
            words(Request::Bridges { node: "pve".into() }).unwrap(),
            "pvesh get /nodes/pve/network --type any_bridge --output-format json"
        );
        assert_eq!(
            words(Request::PermissionsAt("/vms/100".into())).unwrap(),
            "pvesh get /access/permissions --path /vms/100 --output-format json"
        );
        assert_eq!(words(Request::Open(Question::LoginPage)), None);
    }

    #[test]
    fn json_is_found_behind_what_else_is_printed() {
        let noisy = b"perl: warning {not json}\n{broken\n{\"a\":[1]}\nmore";
        assert_eq!(body(noisy).unwrap().as_slice(), b"{\"data\":{\"a\":[1]}}");
        assert_eq!(body(b" \n").unwrap().as_slice(), b"{\"data\":null}");
        assert!(body(b"welcome\n").is_none());
    }

    #[test]
    fn a_refusal_is_said_without_how_the_program_is_called() {
        let exists = "400 Parameter verification failed.\ntokenid: Token already exists.\n\npveum user token add <userid> <tokenid> [OPTIONS]\n";
        assert_eq!(said(exists), (400, "Parameter verification failed. tokenid: Token already exists.".into()));
        assert_eq!(said("create role failed: role 'x' already exists\n").0, 500);
        assert_eq!(said("no such user ('\x1b[2Jghost@pve')\n").1, "no such user ('\\u{1b}[2Jghost@pve')");
    }

    #[test]
    fn the_fingerprint_is_that_of_what_is_served() {
        let (own, cluster) = (["AA"; 32].join(":"), ["BB"; 32].join(":"));
        let row = |name: &str, print: &str| format!(r#"{{"filename":"{name}","fingerprint":"{print}"}}"#);
        let both = format!("[{},{}]", row("pve-ssl.pem", &cluster), row("pveproxy-ssl.pem", &own));
        assert_eq!(served(both.as_bytes()).unwrap().to_string(), own);
        let one = format!("[{}]", row("pve-ssl.pem", &cluster));
        assert_eq!(served(one.as_bytes()).unwrap().to_string(), cluster);
        assert_eq!(served(b"[]"), None);
    }
}

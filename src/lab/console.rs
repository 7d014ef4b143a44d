//! Root's shell on the lab's host, as far as it is needed: `pveum`, `pvesh` and `id` over the calls of the API, and what else is
//! run on a host to mend it.
//!
//! Nobody logs in to it. Programs of these names, which tests put into a shell's `PATH`, hand their arguments over a loopback
//! connection and print what comes back. Words and exit codes are those of pve-access-control `CLI/pveum.pm` and pve-common
//! `RESTHandler.pm`.

mod host;
mod table;

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;

use super::proxmox::call::{Call, Failure};
use super::proxmox::route;
use super::release::LabRelease;
use super::{CutAt, Lab, Shared, locked};

/// What a program leaves behind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Printed {
    pub code: u8,
    pub output: String,
    pub errors: String,
}

/// A console that takes commands. Dropping it stops it.
pub struct Console {
    inner: Arc<Inner>,
    port: u16,
    thread: Option<JoinHandle<()>>,
}

struct Inner {
    shared: Arc<Shared>,
    commands: Mutex<Vec<Vec<String>>>,
    /// Words that a command line has to hold, and where its connection is cut then.
    cuts: Mutex<Vec<(String, CutAt)>>,
    stopped: AtomicBool,
}

impl Lab {
    /// Starts to take commands of root's shell on a loopback port of its own.
    pub fn console(&self) -> io::Result<Console> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let inner = Arc::new(Inner {
            shared: Arc::clone(&self.shared),
            commands: Mutex::default(),
            cuts: Mutex::default(),
            stopped: AtomicBool::new(false),
        });
        let taker = Arc::clone(&inner);
        let take = move || {
            for stream in listener.incoming() {
                if taker.stopped.load(Ordering::SeqCst) {
                    return;
                }
                // A program that breaks off concerns nobody but its caller.
                let _ = stream.and_then(|stream| taker.serve(stream));
            }
        };
        let thread = std::thread::Builder::new().name("lab console".to_string()).spawn(take)?;
        Ok(Console { inner, port, thread: Some(thread) })
    }
}

impl Console {
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Runs a program with its arguments.
    pub fn run(&self, words: &[&str]) -> Printed {
        let words: Vec<String> = words.iter().map(|word| (*word).to_string()).collect();
        run(&self.inner.shared, &words)
    }

    /// The commands that came, oldest first.
    pub fn commands(&self) -> Vec<Vec<String>> {
        locked(&self.inner.commands).clone()
    }

    /// Cuts the connection of the next command whose line holds these words; once.
    pub fn cut(&self, words: &str, at: CutAt) {
        locked(&self.inner.cuts).push((words.to_string(), at));
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        self.inner.stopped.store(true, Ordering::SeqCst);
        // Wakes the one who waits for a connection.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Inner {
    /// One command: a line `a…` for each word, then `.`; the answer is lines `o…`, `e…` and at last `x` with the exit code. A
    /// line `k` says that the connection breaks here.
    fn serve(&self, stream: TcpStream) -> io::Result<()> {
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        let mut words = Vec::new();
        for line in BufReader::new(stream.try_clone()?).lines() {
            match line?.strip_prefix('a') {
                Some(word) => words.push(word.to_string()),
                None => break,
            }
        }
        let line = words.join(" ");
        locked(&self.commands).push(words.clone());
        let mut cuts = locked(&self.cuts);
        let cut = cuts.iter().position(|(part, _)| line.contains(part.as_str())).map(|at| cuts.remove(at).1);
        drop(cuts);
        let mut stream = stream;
        if cut == Some(CutAt::BeforeActing) {
            return stream.write_all(b"k\n");
        }
        let printed = run(&self.shared, &words);
        let mut text = String::new();
        let marked = [('o', &printed.output), ('e', &printed.errors)];
        for (mark, lines) in marked {
            lines.lines().for_each(|line| text.extend([&*mark.to_string(), line, "\n"]));
        }
        text.push_str(&format!("x{}\n", printed.code));
        match cut {
            Some(CutAt::BeforeAnswer) => text = "k\n".to_string(),
            Some(_) => {
                // What a secret's first half is worth is what its second is worth: nothing.
                let half: String = printed.output.chars().take(printed.output.chars().count() / 2).collect();
                text = format!("o{}\nk\n", half.lines().next().unwrap_or_default());
            }
            None => {}
        }
        stream.write_all(text.as_bytes())
    }
}

/// A command of `pveum`: its words, the call that it makes, the arguments that have no name, fixed parameters, and whether it
/// prints something.
struct Verb {
    words: &'static [&'static str],
    method: &'static str,
    path: &'static str,
    arguments: &'static [&'static str],
    fixed: &'static [(&'static str, &'static str)],
    prints: bool,
}

const fn verb(
    words: &'static [&'static str],
    method: &'static str,
    path: &'static str,
    arguments: &'static [&'static str],
    prints: bool,
) -> Verb {
    Verb { words, method, path, arguments, fixed: &[], prints }
}

const TOKEN: &str = "/access/users/{userid}/token/{tokenid}";

#[rustfmt::skip]
const VERBS: &[Verb] = &[
    verb(&["user", "add"], "POST", "/access/users", &["userid"], false),
    verb(&["user", "modify"], "PUT", "/access/users/{userid}", &["userid"], false),
    verb(&["user", "delete"], "DELETE", "/access/users/{userid}", &["userid"], false),
    verb(&["user", "list"], "GET", "/access/users", &[], true),
    verb(&["user", "token", "add"], "POST", TOKEN, &["userid", "tokenid"], true),
    verb(&["user", "token", "modify"], "PUT", TOKEN, &["userid", "tokenid"], true),
    verb(&["user", "token", "remove"], "DELETE", TOKEN, &["userid", "tokenid"], true),
    verb(&["user", "token", "delete"], "DELETE", TOKEN, &["userid", "tokenid"], true),
    verb(&["user", "permissions"], "GET", "/access/permissions", &["userid"], true),
    verb(&["user", "tfa", "unlock"], "PUT", "/access/users/{userid}/unlock-tfa", &["userid"], false),
    verb(&["user", "token", "list"], "GET", "/access/users/{userid}/token", &["userid"], true),
    verb(&["role", "add"], "POST", "/access/roles", &["roleid"], false),
    verb(&["role", "modify"], "PUT", "/access/roles/{roleid}", &["roleid"], false),
    verb(&["role", "delete"], "DELETE", "/access/roles/{roleid}", &["roleid"], false),
    verb(&["role", "list"], "GET", "/access/roles", &[], true),
    Verb { fixed: &[("delete", "0")], ..verb(&["acl", "modify"], "PUT", "/access/acl", &["path"], false) },
    Verb { fixed: &[("delete", "1")], ..verb(&["acl", "delete"], "PUT", "/access/acl", &["path"], false) },
    verb(&["acl", "list"], "GET", "/access/acl", &[], true),
];

/// Runs a program as root.
fn run(shared: &Shared, words: &[String]) -> Printed {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if let Some(printed) = host::run(shared, &words) {
        return printed;
    }
    match words.as_slice() {
        ["id", "-u"] => Printed { output: "0\n".to_string(), ..Printed::default() },
        ["pveum", rest @ ..] => pveum(shared, rest),
        ["pvesh", method, path, rest @ ..] => {
            let method = match *method {
                "get" | "ls" => "GET",
                "create" => "POST",
                "set" => "PUT",
                "delete" => "DELETE",
                other => return failed(255, format!("ERROR: unknown command 'pvesh {other}'\n")),
            };
            call(shared, method, path, BTreeMap::new(), rest, true, "pvesh <COMMAND> <api_path> [OPTIONS]")
        }
        ["pvenode", "cert", "info", rest @ ..] => {
            let node = locked(&shared.cluster).here().to_string();
            let path = format!("/nodes/{node}/certificates/info");
            call(shared, "GET", &path, BTreeMap::new(), rest, true, "pvenode cert info [FORMAT_OPTIONS]")
        }
        other => failed(127, format!("{}: not found\n", other.first().unwrap_or(&""))),
    }
}

fn failed(code: u8, errors: String) -> Printed {
    Printed { code, output: String::new(), errors }
}

fn pveum(shared: &Shared, words: &[&str]) -> Printed {
    // `delete` for tokens came with pve-access-control 8.2.0.
    let known = |verb: &&Verb| {
        words.starts_with(verb.words)
            && (verb.words != ["user", "token", "delete"] || shared.release() != LabRelease::V7_4_20)
    };
    let Some(verb) = VERBS.iter().filter(known).max_by_key(|verb| verb.words.len()) else {
        return failed(255, format!("ERROR: unknown command 'pveum {}'\n", words.join(" ")));
    };
    let rest = &words[verb.words.len()..];
    let usage = {
        let names: String = verb.arguments.iter().map(|name| format!(" <{name}>")).collect();
        let format = if verb.prints { " [FORMAT_OPTIONS]" } else { "" };
        format!("pveum {}{names} [OPTIONS]{format}", verb.words.join(" "))
    };
    let (given, options) = rest.split_at(verb.arguments.len().min(rest.len()));
    if given.len() < verb.arguments.len() || given.iter().any(|word| word.starts_with('-')) {
        return failed(255, format!("400 not enough arguments\n{usage}\n"));
    }
    let mut path = verb.path.to_string();
    let mut params: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in verb.arguments.iter().zip(given) {
        let place = format!("{{{name}}}");
        if path.contains(&place) {
            path = path.replace(&place, &value.replace('%', "%25"));
        } else {
            params.insert((*name).to_string(), (*value).to_string());
        }
    }
    params.extend(verb.fixed.iter().map(|(name, value)| ((*name).to_string(), (*value).to_string())));
    call(shared, verb.method, &path, params, options, verb.prints, &usage)
}

/// Reads the options, makes the call as root@pam, and prints its answer.
fn call(
    shared: &Shared,
    method: &str,
    path: &str,
    mut params: BTreeMap<String, String>,
    options: &[&str],
    prints: bool,
    usage: &str,
) -> Printed {
    let mut format = "text".to_string();
    let mut left = options.iter();
    while let Some(option) = left.next() {
        let named = option.strip_prefix("--").and_then(|name| match name.split_once('=') {
            Some((name, value)) => Some((name, value.to_string())),
            None => Some((name, (*left.next()?).to_string())),
        });
        match named {
            Some(("output-format", value)) if prints => format = value,
            Some((name, value)) => drop(params.insert(name.to_string(), value)),
            None => return failed(255, format!("Unknown option: {option}\n400 unable to parse option\n{usage}\n")),
        }
    }
    let mut cluster = locked(&shared.cluster);
    let mut call = Call { cluster: &mut cluster, who: "root@pam".to_string(), params };
    match route::call(&mut call, method, path).answer {
        Err(failure) => refused(&failure, usage),
        Ok(Value::Null) => Printed::default(),
        Ok(_) if !prints => Printed::default(),
        Ok(value) if format == "json" => Printed { output: format!("{value}\n"), ..Printed::default() },
        Ok(value) if path == "/access/permissions" => {
            Printed { output: table::permissions(&value), ..Printed::default() }
        }
        Ok(value) => Printed { output: table::text(&value), ..Printed::default() },
    }
}

/// An exception as Perl prints it when a program dies of it (pve-common `Exception.pm`).
fn refused(failure: &Failure, usage: &str) -> Printed {
    if failure.status == 500 && failure.errors.is_empty() {
        return failed(2, failure.message.clone());
    }
    let mut text = format!("{} {}\n", failure.status, failure.message.trim_end());
    for (name, why) in &failure.errors {
        text.push_str(&format!("{name}: {}\n", why.trim_end()));
    }
    if !failure.errors.is_empty() {
        text.push_str(&format!("\n{usage}\n"));
    }
    failed(255, text)
}

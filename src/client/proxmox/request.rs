//! Every request that can reach the wire, and nothing else.

use std::fmt;

use hyper::Method;
use zeroize::Zeroizing;

use crate::client::http::encode;
use crate::domain::{Release, Secret, UserId};

/// What anybody may ask anybody: it needs no login and carries none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// The realms to sign in with: `GET /access/domains`.
    Domains,
    /// The page with the login, which names the release: `GET /`. It is no part of the API.
    LoginPage,
}

/// What a trusted host can be asked.
pub enum Request {
    Open(Question),
    /// Signs a user in with a password: `POST /access/ticket`. Never with `otp`, which newer releases refuse.
    Ticket {
        user: UserId,
        password: Secret,
    },
    Version,
    /// What the asker may do, path by path.
    Permissions,
    /// What the asker may do at exactly this path.
    PermissionsAt(String),
    /// The role Administrator, which holds every privilege that the release knows.
    KnownPrivileges,
    Nodes,
    /// Virtual machines, containers and templates that the asker may see.
    Guests,
    Storages {
        node: String,
    },
    Bridges {
        node: String,
    },
    /// The certificates of a node, with the cluster's CA.
    Certificates {
        node: String,
    },
}

/// A part of a path: a fixed word, or a named parameter with its value.
enum Part<'a> {
    Word(&'static str),
    Value(&'static str, &'a str),
}
use Part::{Value, Word};

/// What is read of an answer that holds one thing: 64 KiB.
const SMALL: usize = 64 * 1024;
/// What is read of a list: 32 MiB, some 100 000 guests.
const LIST: usize = 32 * 1024 * 1024;

impl Request {
    /// One of each, for a check against Proxmox's own description of its API.
    pub fn examples() -> Vec<Request> {
        let node = || "pve".to_owned();
        let user = UserId::new("root", "pam").ok();
        let ticket = user.map(|user| Request::Ticket { user, password: Secret::new("example".into()) });
        let mut all = vec![
            Request::Open(Question::Domains),
            Request::Open(Question::LoginPage),
            Request::Version,
            Request::Permissions,
            Request::PermissionsAt("/vms/100".into()),
            Request::KnownPrivileges,
            Request::Nodes,
            Request::Guests,
            Request::Storages { node: node() },
            Request::Bridges { node: node() },
            Request::Certificates { node: node() },
        ];
        all.extend(ticket);
        all
    }

    pub fn method(&self) -> Method {
        match self {
            Request::Ticket { .. } => Method::POST,
            _ => Method::GET,
        }
    }

    /// The API path below `/api2/json`, part by part; `None` for the login page.
    fn parts(&self) -> Option<Vec<Part<'_>>> {
        Some(match self {
            Request::Open(Question::LoginPage) => return None,
            Request::Open(Question::Domains) => vec![Word("access"), Word("domains")],
            Request::Ticket { .. } => vec![Word("access"), Word("ticket")],
            Request::Version => vec![Word("version")],
            Request::Permissions | Request::PermissionsAt(_) => vec![Word("access"), Word("permissions")],
            Request::KnownPrivileges => vec![Word("access"), Word("roles"), Value("roleid", "Administrator")],
            Request::Nodes => vec![Word("nodes")],
            Request::Guests => vec![Word("cluster"), Word("resources")],
            Request::Storages { node } => vec![Word("nodes"), Value("node", node), Word("storage")],
            Request::Bridges { node } => vec![Word("nodes"), Value("node", node), Word("network")],
            Request::Certificates { node } => {
                vec![Word("nodes"), Value("node", node), Word("certificates"), Word("info")]
            }
        })
    }

    /// The path as Proxmox's own description has it, `/nodes/{node}/storage`; `None` for the login page.
    pub fn template(&self) -> Option<String> {
        let parts = self.parts()?;
        Some(parts.iter().fold(String::new(), |path, part| match part {
            Word(word) => format!("{path}/{word}"),
            Value(name, _) => format!("{path}/{{{name}}}"),
        }))
    }

    /// The parameters in the path, by name.
    pub fn path_parameters(&self) -> Vec<(&'static str, String)> {
        let named = |part| match part {
            Value(name, value) => Some((name, String::from(value))),
            Word(_) => None,
        };
        self.parts().into_iter().flatten().filter_map(named).collect()
    }

    /// The parameters behind the `?`.
    pub fn query(&self) -> Vec<(&'static str, &str)> {
        match self {
            Request::PermissionsAt(path) => vec![("path", path)],
            Request::Guests => vec![("type", "vm")],
            Request::Bridges { .. } => vec![("type", "any_bridge")],
            _ => Vec::new(),
        }
    }

    /// The form in the body, whose values may be secret. `None` where there is no body.
    pub fn form(&self) -> Option<Vec<(&'static str, Zeroizing<String>)>> {
        match self {
            Request::Ticket { user, password } => Some(vec![
                ("username", Zeroizing::new(user.to_string())),
                ("password", Zeroizing::new(password.reveal().to_owned())),
                // Releases 7 answer in an older form without it; later ones take it and ignore it.
                ("new-format", Zeroizing::new("1".to_owned())),
            ]),
            _ => None,
        }
    }

    /// Whether the host answers only who is signed in.
    pub fn needs_login(&self) -> bool {
        !matches!(self, Request::Open(_) | Request::Ticket { .. })
    }

    /// How many bytes of the answer's body are read.
    pub fn limit(&self) -> usize {
        match self {
            Request::Open(_) | Request::Ticket { .. } | Request::Version | Request::KnownPrivileges => SMALL,
            // A login page is some 3 KiB; permissions grow with the number of guests that have rules of their own.
            _ => LIST,
        }
    }

    /// The first release that has this request; `None` where all do that labwizard knows.
    pub fn since(&self) -> Option<Release> {
        None
    }

    /// Path and query as they go out, each part percent-encoded byte by byte.
    pub(in crate::client) fn target(&self) -> String {
        let Some(parts) = self.parts() else { return "/".to_owned() };
        let mut out = b"/api2/json".to_vec();
        for part in parts {
            out.push(b'/');
            match part {
                Word(text) | Value(_, text) => encode(text, &mut out),
            }
        }
        for (i, (name, value)) in self.query().into_iter().enumerate() {
            out.push(if i == 0 { b'?' } else { b'&' });
            encode(name, &mut out);
            out.push(b'=');
            encode(value, &mut out);
        }
        String::from_utf8(out).unwrap_or_default()
    }

    /// The form as it goes out.
    pub(in crate::client) fn encoded_form(&self) -> Option<Zeroizing<Vec<u8>>> {
        let form = self.form()?;
        // Room for every byte to become three, so that no half-grown copy of a password is left behind.
        let room = form.iter().map(|(name, value)| name.len() + 3 * value.len() + 2).sum();
        let mut out = Zeroizing::new(Vec::with_capacity(room));
        for (i, (name, value)) in form.iter().enumerate() {
            if i > 0 {
                out.push(b'&');
            }
            encode(name, &mut out);
            out.push(b'=');
            encode(value, &mut out);
        }
        Some(out)
    }
}

impl fmt::Display for Request {
    /// As a person would say it: `GET /access/permissions`, with the values that went into the path.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.method())?;
        match self.parts() {
            None => f.write_str("/")?,
            Some(parts) => {
                for part in parts {
                    match part {
                        Word(text) | Value(_, text) => write!(f, "/{text}")?,
                    }
                }
            }
        }
        for (i, (name, value)) in self.query().into_iter().enumerate() {
            write!(f, "{}{name}={value}", if i == 0 { '?' } else { '&' })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_parts_and_query_are_encoded_byte_by_byte() {
        let odd = Request::Storages { node: "a/../b?x#ü %2e".into() };
        assert_eq!(odd.target(), "/api2/json/nodes/a%2F..%2Fb%3Fx%23%C3%BC%20%252e/storage");
        assert_eq!(
            Request::PermissionsAt("/vms/100".into()).target(),
            "/api2/json/access/permissions?path=%2Fvms%2F100"
        );
        assert_eq!(Request::Open(Question::LoginPage).target(), "/");
    }

    #[test]
    fn a_password_is_encoded_whole_and_never_printed() {
        let user: UserId = "root@pam".parse().unwrap();
        let request = Request::Ticket { user, password: Secret::new("a&b=ü%".into()) };
        let form = request.encoded_form().unwrap();
        assert_eq!(form.as_slice(), b"username=root%40pam&password=a%26b%3D%C3%BC%25&new-format=1");
        assert_eq!(format!("{request:?}"), "Request(POST /access/ticket)");
    }

    #[test]
    fn only_open_questions_and_the_login_itself_go_without_a_login() {
        let open: Vec<String> =
            Request::examples().iter().filter(|r| !r.needs_login()).map(ToString::to_string).collect();
        assert_eq!(open, ["GET /access/domains", "GET /", "POST /access/ticket"]);
    }
}

//! Every request that can reach the wire, and nothing else.

mod examples;
mod form;

use std::fmt;

use hyper::Method;
use zeroize::Zeroizing;

use crate::client::http::encode;
use crate::domain::change::{Change, Grantee, TokenMake};
use crate::domain::{Factor, Release, Secret, TokenId, UserId};

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
    /// Signs a user in with a password, or with a ticket in its place: `POST /access/ticket`. Never with `otp`, which newer
    /// releases refuse and which spends the code.
    Ticket {
        user: UserId,
        password: Secret,
    },
    /// The second step of a login: `POST /access/ticket` with the challenge of the first.
    Code {
        user: UserId,
        challenge: Secret,
        factor: Factor,
        code: Secret,
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
    /// The users that the asker may see, with their tokens.
    Users,
    /// The tokens of a user, who may always ask for their own.
    TokensOf(UserId),
    Roles,
    /// The grants that the asker may see.
    Acl,
    /// A write.
    Change(Change),
}

/// A part of a path: a fixed word, or a named parameter with its value.
enum Part {
    Word(&'static str),
    Value(&'static str, String),
}
use Part::{Value, Word};

/// What is read of an answer that holds one thing: 64 KiB.
const SMALL: usize = 64 * 1024;
/// What is read of a list: 32 MiB, some 100 000 guests.
const LIST: usize = 32 * 1024 * 1024;

impl Request {
    pub fn method(&self) -> Method {
        match self {
            Request::Ticket { .. } | Request::Code { .. } => Method::POST,
            Request::Change(change) => match change {
                Change::MakeUser { .. } | Change::MakeRole { .. } | Change::MakeToken(_) => Method::POST,
                Change::Grant { .. }
                | Change::Ungrant { .. }
                | Change::NewSecret(_)
                | Change::Enable { .. }
                | Change::SetEnd { .. } => Method::PUT,
                Change::RemoveToken(_) | Change::RemoveRole { .. } | Change::RemoveUser { .. } => Method::DELETE,
            },
            _ => Method::GET,
        }
    }

    /// The API path below `/api2/json`, part by part; `None` for the login page.
    fn parts(&self) -> Option<Vec<Part>> {
        let users = || vec![Word("access"), Word("users")];
        let user = |user: &UserId| vec![Word("access"), Word("users"), Value("userid", user.to_string())];
        let token = |id: &TokenId| {
            let mut parts = user(&id.user);
            parts.extend([Word("token"), Value("tokenid", id.name.to_string())]);
            parts
        };
        let roles = || vec![Word("access"), Word("roles")];
        let role = |role: &str| vec![Word("access"), Word("roles"), Value("roleid", role.to_owned())];
        let node = |node: &str, rest: &'static str| vec![Word("nodes"), Value("node", node.to_owned()), Word(rest)];
        Some(match self {
            Request::Open(Question::LoginPage) => return None,
            Request::Open(Question::Domains) => vec![Word("access"), Word("domains")],
            Request::Ticket { .. } | Request::Code { .. } => vec![Word("access"), Word("ticket")],
            Request::Version => vec![Word("version")],
            Request::Permissions | Request::PermissionsAt(_) => vec![Word("access"), Word("permissions")],
            Request::KnownPrivileges => role(super::estate::EVERYTHING),
            Request::Nodes => vec![Word("nodes")],
            Request::Guests => vec![Word("cluster"), Word("resources")],
            Request::Storages { node: name } => node(name, "storage"),
            Request::Bridges { node: name } => node(name, "network"),
            Request::Certificates { node: name } => {
                let mut parts = node(name, "certificates");
                parts.push(Word("info"));
                parts
            }
            Request::Users => users(),
            Request::TokensOf(owner) => {
                let mut parts = user(owner);
                parts.push(Word("token"));
                parts
            }
            Request::Roles => roles(),
            Request::Acl => vec![Word("access"), Word("acl")],
            Request::Change(change) => match change {
                Change::MakeUser { .. } => users(),
                Change::MakeRole { .. } => roles(),
                Change::MakeToken(TokenMake { id, .. })
                | Change::NewSecret(id)
                | Change::RemoveToken(id)
                | Change::SetEnd { who: Grantee::Token(id), .. } => token(id),
                Change::Grant { .. } | Change::Ungrant { .. } => vec![Word("access"), Word("acl")],
                Change::RemoveRole { role: name } => role(name),
                Change::RemoveUser { user: id }
                | Change::Enable { user: id, .. }
                | Change::SetEnd { who: Grantee::User(id), .. } => user(id),
            },
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
            Value(name, value) => Some((name, value)),
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
            Request::Users => vec![("full", "1")],
            _ => Vec::new(),
        }
    }

    /// The form in the body, whose values may be secret. `None` where there is no body.
    pub fn form(&self) -> Option<Vec<(&'static str, Zeroizing<String>)>> {
        // Releases 7 answer in an older form without it; later ones take it and ignore it.
        let new_format = ("new-format", Zeroizing::new("1".to_owned()));
        match self {
            Request::Ticket { user, password } => Some(vec![
                ("username", Zeroizing::new(user.to_string())),
                ("password", Zeroizing::new(password.reveal().to_owned())),
                new_format,
            ]),
            Request::Code { user, challenge, factor, code } => Some(vec![
                ("username", Zeroizing::new(user.to_string())),
                ("password", Zeroizing::new(format!("{}:{}", factor.word(), code.reveal()))),
                ("tfa-challenge", Zeroizing::new(challenge.reveal().to_owned())),
                new_format,
            ]),
            Request::Change(change) => form::of(change)
                .map(|form| form.into_iter().map(|(name, value)| (name, Zeroizing::new(value))).collect()),
            _ => None,
        }
    }

    /// Whether the host answers only who is signed in.
    pub fn needs_login(&self) -> bool {
        !matches!(self, Request::Open(_) | Request::Ticket { .. } | Request::Code { .. })
    }

    /// How many bytes of the answer's body are read.
    pub fn limit(&self) -> usize {
        match self {
            Request::Open(_)
            | Request::Ticket { .. }
            | Request::Code { .. }
            | Request::Version
            | Request::KnownPrivileges
            | Request::Change(_) => SMALL,
            // A login page is some 3 KiB; permissions grow with the number of guests that have rules of their own.
            _ => LIST,
        }
    }

    /// The first release that has this request; `None` where all do that labwizard knows.
    pub fn since(&self) -> Option<Release> {
        match self {
            Request::Change(Change::NewSecret(_)) => Some(Release::new(9, 2, 0)),
            _ => None,
        }
    }

    /// Path and query as they go out, each part percent-encoded byte by byte.
    pub(in crate::client) fn target(&self) -> String {
        let Some(parts) = self.parts() else { return "/".to_owned() };
        let mut out = b"/api2/json".to_vec();
        for part in parts {
            out.push(b'/');
            match part {
                Word(text) => encode(text, &mut out),
                Value(_, text) => encode(&text, &mut out),
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
                        Word(text) => write!(f, "/{text}")?,
                        Value(_, text) => write!(f, "/{text}")?,
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
        assert_eq!(open, ["GET /access/domains", "GET /", "POST /access/ticket", "POST /access/ticket"]);
    }
}

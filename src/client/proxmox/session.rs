//! Who is asking: a token, or the ticket of a login.

use std::sync::{Mutex, MutexGuard, PoisonError};

use hyper::Method;
use hyper::header::{AUTHORIZATION, COOKIE, HeaderName, HeaderValue};
use zeroize::Zeroizing;

use crate::client::http::{encode, percent, sensitive};
use crate::domain::redact::Redactor;
use crate::domain::{Secret, Ticket, TokenId};

/// A credential ready for the wire, and the redactor that knows its secrets. It is handed only to a trusted host.
pub struct Session {
    name: HeaderName,
    value: HeaderValue,
    /// Goes with every write of a login; a token needs none.
    csrf: Option<HeaderValue>,
    redactor: Mutex<Redactor>,
}

/// Without it a write with a ticket is refused (pve-manager `HTTPServer.pm`).
const CSRF: HeaderName = HeaderName::from_static("csrfpreventiontoken");

impl Session {
    /// `Authorization: PVEAPIToken=user@realm!name=secret`. Bytes that end or split the value for the server are
    /// percent-encoded, which it decodes (pve-http-server `Formatter.pm`).
    pub fn token(id: &TokenId, secret: &Secret) -> Option<Self> {
        let id = id.to_string();
        let mut value = Zeroizing::new(Vec::with_capacity(16 + 3 * (id.len() + secret.reveal().len())));
        value.extend_from_slice(b"PVEAPIToken=");
        for &byte in id.as_bytes().iter().chain(b"=").chain(secret.reveal().as_bytes()) {
            match byte {
                b'%' | b';' => value.extend(percent(byte)),
                b'!'..=b'~' => value.push(byte),
                _ => value.extend(percent(byte)),
            }
        }
        Some(Session {
            name: AUTHORIZATION,
            value: sensitive(value)?,
            csrf: None,
            redactor: Mutex::new(redactor_of(secret)),
        })
    }

    /// The cookie of a login, and what goes with its writes.
    pub fn ticket(ticket: &Ticket) -> Option<Self> {
        let Ticket { ticket, csrf, .. } = ticket;
        let mut value = Zeroizing::new(Vec::with_capacity(16 + 3 * ticket.reveal().len()));
        value.extend_from_slice(b"PVEAuthCookie=");
        encode(ticket.reveal(), &mut value);
        let header = Zeroizing::new(csrf.reveal().as_bytes().to_vec());
        let mut redactor = redactor_of(ticket);
        redactor.add(csrf);
        Some(Session {
            name: COOKIE,
            value: sensitive(value)?,
            csrf: Some(sensitive(header)?),
            redactor: Mutex::new(redactor),
        })
    }

    /// The same session, which hides one more secret in what the host says.
    pub fn hiding(self, secret: &Secret) -> Self {
        self.hide(secret);
        self
    }

    /// From now on it hides this secret too: one that the host has just made.
    pub fn hide(&self, secret: &Secret) {
        self.redactor().add(secret);
    }

    /// A token's, not a login's.
    pub(super) fn is_token(&self) -> bool {
        self.name == AUTHORIZATION
    }

    /// What signs a request of that method in.
    pub(super) fn headers(&self, method: &Method) -> Vec<(HeaderName, HeaderValue)> {
        let mut all = vec![(self.name.clone(), self.value.clone())];
        if let (Some(csrf), false) = (&self.csrf, method == Method::GET) {
            all.push((CSRF, csrf.clone()));
        }
        all
    }

    /// A poisoned lock is one of a thread that panicked; what it knows is still good.
    pub(super) fn redactor(&self) -> MutexGuard<'_, Redactor> {
        self.redactor.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Knows the secret, and what is left of it where the host splits what it was sent: at the last `=`, and at `;`.
pub fn redactor_of(secret: &Secret) -> Redactor {
    let mut redactor = Redactor::new();
    redactor.add(secret);
    for piece in secret.reveal().split(['=', ';']).filter(|piece| piece.len() >= 4) {
        redactor.add(&Secret::new(piece.to_owned()));
    }
    redactor
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_or_split_the_header_is_encoded_and_the_value_is_never_printed() {
        let session = Session::token(&"a;b@pve!tok".parse().unwrap(), &Secret::new("x%\ny".into())).unwrap();
        assert_eq!(session.value.as_bytes(), b"PVEAPIToken=a%3Bb@pve!tok=x%25%0Ay");
        assert_eq!(format!("{:?}", session.value), "Sensitive");
    }

    #[test]
    fn a_ticket_reads_with_its_cookie_and_writes_with_its_csrf_token_too() {
        let ticket = Ticket {
            user: "root@pam".parse().unwrap(),
            ticket: Secret::new("PVE:root@pam:6B::a+b/c==".into()),
            csrf: Secret::new("6B:x+y/z".into()),
            since: 0,
        };
        let session = Session::ticket(&ticket).unwrap();
        let sent = |method: Method| -> Vec<(String, Vec<u8>)> {
            let all = session.headers(&method);
            assert!(all.iter().all(|(_, value)| value.is_sensitive()));
            all.into_iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect()
        };
        let cookie = ("cookie".to_owned(), b"PVEAuthCookie=PVE%3Aroot%40pam%3A6B%3A%3Aa%2Bb%2Fc%3D%3D".to_vec());
        let csrf = ("csrfpreventiontoken".to_owned(), b"6B:x+y/z".to_vec());
        assert_eq!(sent(Method::GET), std::slice::from_ref(&cookie));
        for method in [Method::POST, Method::PUT, Method::DELETE] {
            assert_eq!(sent(method), [cookie.clone(), csrf.clone()]);
        }
        let said = session.redactor().redact("PVE:root@pam:6B::a+b/c== 6B%3Ax%2By/z");
        assert!(!said.contains("a+b") && !said.contains("x%2By"), "{said}");
        assert!(Session::ticket(&Ticket { csrf: Secret::new("a\nb".into()), ..ticket }).is_none());
    }

    #[test]
    fn a_part_of_a_secret_that_the_host_split_is_taken_out_too() {
        let said = redactor_of(&Secret::new("short1=x".into())).redact("'a@pve!t=short1' is not a valid token ID");
        assert!(!said.contains("short1") && said.ends_with("' is not a valid token ID"), "{said}");
    }
}

//! HTTP/1.1 over agreed connections: one request, one answer, within limits, and nothing that was not asked for.

mod answer;
mod io;
mod pool;

use std::time::Duration;

use hyper::body::Bytes;
use hyper::header::{CONTENT_ENCODING, HOST, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request};
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::client::tls::OpenTrouble;
use crate::domain::observation::RequestTrouble;

pub(super) use answer::Reply;
use io::Payload;
pub(super) use pool::Pool;

/// How much of an answer's head is taken: 64 KiB.
const HEAD: usize = 64 * 1024;

/// What goes out. The target is a path and a query, percent-encoded already; the host is the connection's.
pub(super) struct Outgoing<'a> {
    pub method: Method,
    pub target: &'a str,
    /// A form, percent-encoded already. Wiped when dropped.
    pub form: Option<Zeroizing<Vec<u8>>>,
    /// The headers that sign in.
    pub credential: Vec<(HeaderName, HeaderValue)>,
    /// How much of the body is taken, in bytes.
    pub limit: usize,
    /// Whether a longer body is cut there instead of being refused.
    pub cut: bool,
}

/// A request without a whole answer.
#[derive(Debug)]
pub struct Unanswered {
    pub trouble: RequestTrouble,
    /// Some of it may have left this machine.
    pub gone: bool,
}

impl From<Unanswered> for RequestTrouble {
    fn from(unanswered: Unanswered) -> Self {
        unanswered.trouble
    }
}

impl Pool {
    /// Sends one request over a connection of this pool and reads the whole answer. Nothing is ever sent twice.
    pub async fn send(&self, outgoing: Outgoing<'_>) -> Result<Reply, Unanswered> {
        let stays = |trouble| Unanswered { trouble, gone: false };
        let gone = |trouble| Unanswered { trouble, gone: true };
        let limits = self.limits();
        let (limit, cut) = (outgoing.limit, outgoing.cut);
        let request = self.request(outgoing).map_err(stays)?;
        let _place = self.place().await;
        let mut connection = match timeout(limits.total, self.take()).await {
            Ok(Ok(connection)) => connection,
            Ok(Err(OpenTrouble::Connect(_) | OpenTrouble::Tls(_))) => return Err(stays(RequestTrouble::NotConnected)),
            Err(_) => return Err(stays(RequestTrouble::TimedOut)),
        };
        let answered = async {
            let response = connection.send(request).await.map_err(|mut error| Unanswered {
                gone: error.take_message().is_none(),
                trouble: trouble(error.error()),
            })?;
            answer::read(response, limit, cut, limits.idle).await.map_err(gone)
        };
        let reply = timeout(limits.total, answered).await.map_err(|_| gone(RequestTrouble::TimedOut))??;
        self.put_back(connection);
        Ok(reply)
    }

    /// Only what is needed: host, the credential, and for a form its kind and length.
    fn request(&self, outgoing: Outgoing<'_>) -> Result<Request<Payload>, RequestTrouble> {
        let unsendable = || RequestTrouble::Unreadable("the request cannot be put into HTTP".into());
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_str(self.host()).map_err(|_| unsendable())?);
        headers.extend(outgoing.credential);
        let payload = match outgoing.form {
            None => Payload::none(),
            Some(form) => {
                headers
                    .insert(hyper::header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
                Payload::of(Bytes::from_owner(form))
            }
        };
        let mut request =
            Request::builder().method(outgoing.method).uri(outgoing.target).body(payload).map_err(|_| unsendable())?;
        *request.headers_mut() = headers;
        Ok(request)
    }
}

/// A header's value that signs in: never printed, wiped when dropped. `None` where it holds what no header can.
pub(super) fn sensitive(text: Zeroizing<Vec<u8>>) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_maybe_shared(Bytes::from_owner(text)).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Percent-encodes all but letters, digits, `-`, `.`, `_` and `~`, byte by byte.
pub(super) fn encode(text: &str, into: &mut Vec<u8>) {
    for &byte in text.as_bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            into.push(byte);
        } else {
            into.extend(percent(byte));
        }
    }
}

/// One byte as `%2F`.
pub(super) fn percent(byte: u8) -> [u8; 3] {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    [b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]
}

fn trouble(error: &hyper::Error) -> RequestTrouble {
    // hyper tells "too large" by a method only in its server half, and else by these words.
    if error.is_parse() && error.to_string().contains("too large") {
        RequestTrouble::TooLarge
    } else if error.is_parse() {
        RequestTrouble::Unreadable("the answer's head is not HTTP".into())
    } else {
        RequestTrouble::Cut
    }
}

/// Whether the answer came in an encoding that was not asked for.
fn encoded(headers: &HeaderMap) -> bool {
    headers.get_all(CONTENT_ENCODING).iter().any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"))
}

/// How long a connection may lie unused. Proxmox closes it after 5 s.
const REST: Duration = Duration::from_secs(4);

//! An answer as it came, read within its limits.

use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use hyper::body::{Body, Incoming};
use hyper::ext::ReasonPhrase;
use hyper::header::{DATE, HeaderMap};
use hyper::{Response, StatusCode};
use tokio::time::timeout;

use crate::client::options::Options;
use crate::domain::observation::RequestTrouble;
use crate::domain::time::http_date;

/// A whole answer. Not printable: it may hold a ticket.
pub struct Reply {
    pub status: u16,
    /// The words after the status, where they are not the usual ones; empty where they were not ASCII and are lost.
    phrase: Option<String>,
    headers: HeaderMap,
    pub body: zeroize::Zeroizing<Vec<u8>>,
}

impl Reply {
    /// A header as text; `None` where it is absent or not ASCII.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Seconds that this machine's clock is ahead of the host's, by the date of its answer.
    pub fn clock_off(&self, options: &Options) -> Option<i64> {
        Some(options.moment() - http_date(self.headers.get(DATE)?.to_str().ok()?)?)
    }

    /// The reason in the status line. `None` where the line has none that can be read.
    pub fn reason(&self) -> Option<&str> {
        match &self.phrase {
            Some(phrase) if phrase.is_empty() => None,
            Some(phrase) => Some(phrase),
            None => StatusCode::from_u16(self.status).ok()?.canonical_reason(),
        }
    }

    pub fn is_html(&self) -> bool {
        self.header("content-type").is_some_and(|kind| kind.to_ascii_lowercase().contains("html"))
    }
}

/// Reads the whole body, at most `limit` bytes of it, counted while they come. A longer one is cut there where `cut` or where
/// the status is an error's, and refused else.
pub async fn read(
    response: Response<Incoming>,
    limit: usize,
    cut: bool,
    idle: Duration,
) -> Result<Reply, RequestTrouble> {
    let (head, mut body) = response.into_parts();
    // An error's status says all that matters; Proxmox ends the connection after one, not always politely.
    let lenient = cut || head.status.as_u16() >= 400;
    if super::encoded(&head.headers) {
        return Err(RequestTrouble::Unreadable("the answer is compressed, which was not asked for".into()));
    }
    if !lenient && body.size_hint().lower() > limit as u64 {
        return Err(RequestTrouble::TooLarge);
    }
    let phrase = head.extensions.get::<ReasonPhrase>().map(|p| String::from_utf8_lossy(p.as_bytes()).into_owned());
    let mut reply = Reply { status: head.status.as_u16(), phrase, headers: head.headers, body: Vec::new().into() };
    loop {
        let frame = match timeout(idle, poll_fn(|cx| Pin::new(&mut body).poll_frame(cx))).await {
            Err(_) => Err(RequestTrouble::TimedOut),
            Ok(None) => return Ok(reply),
            Ok(Some(Err(_))) => Err(RequestTrouble::Cut),
            Ok(Some(Ok(frame))) => Ok(frame),
        };
        let more = frame.and_then(|frame| match frame.data_ref() {
            Some(data) if reply.body.len() + data.len() > limit => Err(RequestTrouble::TooLarge),
            Some(data) => {
                reply.body.extend_from_slice(data);
                Ok(())
            }
            None => Ok(()),
        });
        match more {
            Ok(()) => {}
            Err(_) if lenient => return Ok(reply),
            Err(trouble) => return Err(trouble),
        }
    }
}

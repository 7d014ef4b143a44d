//! HTTP/1.1 as pveproxy speaks it: requests are read by httparse, answers are written byte by byte.
//!
//! Which headers an answer has, and their order, is what Proxmox's own server code sent (pve-http-server AnyEvent.pm).

use std::time::{SystemTime, UNIX_EPOCH};

use super::upload::Upload;

/// More header lines than this and the request is refused, as pveproxy does.
pub const MOST_HEADERS: usize = 64;
/// A longer head is refused (pve-http-server: 8 KiB).
pub const LONGEST_HEAD: usize = 8 * 1024;

/// What pveproxy calls itself.
const SERVER: &str = "pve-api-daemon/3.0";

/// The head of a request, its body, and how it came.
#[derive(Clone)]
pub struct Request {
    pub method: String,
    /// The path with its query, as sent.
    pub target: String,
    /// 0 or 1, for HTTP/1.0 and HTTP/1.1.
    pub minor: u8,
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Vec<u8>,
    pub tls: bool,
    /// The file that came instead of a body, or what is wrong with it.
    pub upload: Option<Result<Upload, String>>,
}

impl Request {
    /// The first header of that name, as text.
    pub fn header(&self, name: &str) -> Option<String> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
    }

    /// The path without its query, percent-encoding as sent.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// What stands behind the question mark.
    pub fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    /// How many bytes of body are announced; more than anybody takes when it is no number.
    pub fn announced(&self) -> usize {
        self.header("Content-Length").map_or(0, |text| text.trim().parse().unwrap_or(usize::MAX))
    }

    pub fn is_chunked(&self) -> bool {
        self.header("Transfer-Encoding").is_some_and(|value| value.to_ascii_lowercase().contains("chunked"))
    }

    /// Whether the connection stays open after a good answer.
    pub fn keeps_alive(&self) -> bool {
        let asked = self.header("Connection").unwrap_or_default().to_ascii_lowercase();
        self.minor == 1 && !asked.split(',').any(|word| word.trim() == "close")
    }
}

/// What became of the bytes read so far.
pub enum Head {
    /// More are needed.
    Partial,
    /// The request without its body, and how many bytes its head took.
    Whole(Request, usize),
    /// These bytes are no request.
    Broken,
}

/// Reads the head of a request from what has arrived.
pub fn read_head(bytes: &[u8], tls: bool) -> Head {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(bytes) {
        Ok(httparse::Status::Partial) if bytes.len() > LONGEST_HEAD => Head::Broken,
        Ok(httparse::Status::Partial) => Head::Partial,
        Ok(httparse::Status::Complete(length)) if length <= LONGEST_HEAD => {
            let headers = request.headers.iter();
            let headers = headers.map(|header| (header.name.to_string(), with_end(bytes, header.value).to_vec()));
            let request = Request {
                method: request.method.unwrap_or_default().to_string(),
                target: request.path.unwrap_or_default().to_string(),
                minor: request.version.unwrap_or(1),
                headers: headers.collect(),
                body: Vec::new(),
                tls,
                upload: None,
            };
            Head::Whole(request, length)
        }
        Ok(_) | Err(_) => Head::Broken,
    }
}

/// A header's value with the blanks at its end, which the parser leaves out and pveproxy does not: they spoil a secret.
fn with_end<'a>(bytes: &'a [u8], value: &'a [u8]) -> &'a [u8] {
    let start = (value.as_ptr() as usize).wrapping_sub(bytes.as_ptr() as usize);
    let Some(rest) = bytes.get(start..).filter(|_| !value.is_empty()) else { return value };
    let end = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
    &rest[..end.unwrap_or(value.len())]
}

/// An answer, before it is bytes.
#[derive(Clone)]
pub struct Reply {
    pub status: u16,
    /// The reason phrase; only its first line is sent.
    pub reason: String,
    pub content_type: Option<&'static str>,
    pub location: Option<String>,
    /// `None` is an answer without a body and without its length, as a 401 is.
    pub body: Option<Vec<u8>>,
    pub gzip: bool,
    /// What the root daemon said about its own connection, when the answer came from there.
    pub daemon: Option<&'static str>,
    /// Whether Proxmox holds this answer back, as it does with every refused login.
    pub held: bool,
    /// Seconds that the clock behind its dates is ahead.
    pub clock_ahead: i64,
    /// What the web server calls itself.
    pub server: &'static str,
}

impl Reply {
    /// An answer of the HTTP layer itself: its text is phrase and body, and it has no type.
    pub fn plain(status: u16, text: impl Into<String>, with_body: bool) -> Reply {
        let reason = text.into();
        let body = with_body.then(|| reason.clone().into_bytes());
        Reply {
            status,
            reason,
            content_type: None,
            location: None,
            body,
            gzip: false,
            daemon: None,
            held: false,
            clock_ahead: 0,
            server: SERVER,
        }
    }

    /// An answer with a body of a type.
    pub fn of(status: u16, reason: &str, content_type: &'static str, body: Vec<u8>) -> Reply {
        let reason = reason.to_string();
        let (location, body) = (None, Some(body));
        Reply {
            status,
            reason,
            content_type: Some(content_type),
            location,
            body,
            gzip: false,
            daemon: None,
            held: false,
            clock_ahead: 0,
            server: SERVER,
        }
    }

    /// The bytes of the answer. `keep` says that the client may go on; Proxmox closes after every error whatever it asked.
    pub fn bytes(&self, minor: u8, keep: bool, without_body: bool) -> Vec<u8> {
        let mut out = self.head(minor, keep);
        if let Some(body) = &self.body {
            out.extend_from_slice(format!("Content-Length: {}\r\n", body.len()).as_bytes());
        }
        if let Some(content_type) = self.content_type {
            out.extend_from_slice(format!("Content-Type: {content_type}\r\n").as_bytes());
        }
        out.extend_from_slice(
            format!("Expires: {}\r\n\r\n", http_date(unix_now().saturating_add_signed(self.clock_ahead))).as_bytes(),
        );
        if !without_body && let Some(body) = &self.body {
            out.extend_from_slice(body);
        }
        out
    }

    /// Status line and headers up to where the length would stand.
    pub fn head(&self, minor: u8, keep: bool) -> Vec<u8> {
        let reason = self.reason.lines().next().unwrap_or_default();
        let mut out = format!("HTTP/1.{minor} {} {reason}\r\nCache-Control: max-age=0\r\n", self.status).into_bytes();
        if let Some(daemon) = self.daemon {
            out.extend_from_slice(format!("Connection: {daemon}\r\n").as_bytes());
        }
        let connection = if keep && self.status < 400 { "Keep-Alive" } else { "close" };
        let date = http_date(unix_now().saturating_add_signed(self.clock_ahead));
        out.extend_from_slice(format!("Connection: {connection}\r\nDate: {date}\r\nPragma: no-cache\r\n").as_bytes());
        if let Some(location) = &self.location {
            out.extend_from_slice(format!("Location: {location}\r\n").as_bytes());
        }
        out.extend_from_slice(format!("Server: {}\r\n", self.server).as_bytes());
        if self.gzip {
            out.extend_from_slice(b"Content-Encoding: gzip\r\n");
        }
        out
    }
}

/// Seconds since 1970.
pub fn unix_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// A moment as HTTP headers write it: `Sun, 22 Nov 2026 00:13:47 GMT`.
pub fn http_date(seconds: u64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let mut year = 1970;
    let mut left = days;
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    while left >= 365 + u64::from(leap(year)) {
        left -= 365 + u64::from(leap(year));
        year += 1;
    }
    let mut month = 0;
    let february = 28 + u64::from(leap(year));
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if left < length {
            break;
        }
        left -= length;
        month += 1;
    }
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    let weekday = DAYS[(days % 7) as usize];
    format!("{weekday}, {:02} {} {year} {hour:02}:{minute:02}:{second:02} GMT", left + 1, MONTHS[month])
}

/// Undoes percent-encoding; a `%` that is none stays.
pub fn percent_decode(text: &str, plus_is_blank: bool) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).and_then(|two| std::str::from_utf8(two).ok());
        match (bytes[at], hex.and_then(|hex| u8::from_str_radix(hex, 16).ok())) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 2;
            }
            (b'+', _) if plus_is_blank => out.push(b' '),
            (byte, _) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The pairs of a query or a form.
pub fn form_pairs(text: &str) -> Vec<(String, String)> {
    let pairs = text.split(['&', ';']).filter(|pair| !pair.is_empty());
    let decode = |part: &str| percent_decode(part, true);
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).map(|(k, v)| (decode(k), decode(v))).collect()
}

/// The bytes as a gzip stream that stores them as they are: true to the format, and no compressor needed.
pub fn gzip_stored(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    let mut chunks = bytes.chunks(0xffff).peekable();
    if chunks.peek().is_none() {
        out.extend_from_slice(&[1, 0, 0, 0xff, 0xff]);
    }
    while let Some(chunk) = chunks.next() {
        let length = chunk.len() as u16;
        out.push(u8::from(chunks.peek().is_none()));
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&(!length).to_le_bytes());
        out.extend_from_slice(chunk);
    }
    let mut crc = !0u32;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xedb8_8320 & (!(crc & 1)).wrapping_add(1));
        }
    }
    out.extend_from_slice(&(!crc).to_le_bytes());
    out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_written_as_http_wants_it() {
        assert_eq!(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(http_date(1_795_306_427), "Sun, 22 Nov 2026 00:13:47 GMT");
        assert_eq!(http_date(951_782_400), "Tue, 29 Feb 2000 00:00:00 GMT");
    }

    #[test]
    fn percent_signs_that_encode_nothing_stay() {
        assert_eq!(percent_decode("a%40b%2", true), "a@b%2");
        assert_eq!(percent_decode("50%+x", true), "50% x");
        assert_eq!(percent_decode("a+b", false), "a+b");
    }

    #[test]
    fn blanks_at_the_end_of_a_header_stay() {
        let Head::Whole(request, length) = read_head(b"GET / HTTP/1.1\r\nA: b \r\nC:\r\n\r\nrest", true) else {
            panic!("the head is whole");
        };
        assert_eq!((request.header("a").as_deref(), request.header("c").as_deref()), (Some("b "), Some("")));
        assert_eq!(length, 29);
    }

    #[test]
    fn a_refused_token_has_neither_type_nor_length() {
        let reply = Reply::plain(401, "No ticket", false);
        let text = String::from_utf8(reply.bytes(1, true, false)).unwrap();
        let names: Vec<_> =
            text.lines().skip(1).filter_map(|line| line.split_once(": ")).map(|(name, _)| name).collect();
        assert!(text.starts_with("HTTP/1.1 401 No ticket\r\n"), "{text}");
        assert_eq!(names, ["Cache-Control", "Connection", "Date", "Pragma", "Server", "Expires"]);
        assert!(text.contains("Connection: close\r\n") && text.ends_with("\r\n\r\n"));
    }

    #[test]
    fn a_stored_gzip_stream_ends_with_checksum_and_length() {
        let stream = gzip_stored(b"123456789");
        assert_eq!(stream[stream.len() - 8..], [0x26, 0x39, 0xf4, 0xcb, 9, 0, 0, 0]);
    }
}

//! A file in a request's body, read as it comes (pve-http-server AnyEvent.pm, file_upload_multipart). Of the file itself only
//! its size is kept, so a big one takes no more memory than a small one.

use std::collections::BTreeMap;

use super::http::Request;

/// So much may stand before the file: its fields and headers.
const MOST_HELD: usize = 16 * 1024;
/// The fields that Proxmox looks for; another in their place ends the upload.
const FIELDS: [&str; 3] = ["content", "checksum-algorithm", "checksum"];

/// What came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    pub fields: BTreeMap<String, String>,
    pub filename: String,
    /// Bytes of the file.
    pub size: u64,
}

/// The body of an upload on its way.
pub struct Reader {
    /// `--boundary`
    delimiter: Vec<u8>,
    /// What has come and is not read yet.
    held: Vec<u8>,
    fields: BTreeMap<String, String>,
    /// The file's name and its bytes so far, once its part has begun.
    file: Option<(String, u64)>,
    done: bool,
}

impl Reader {
    /// None for a body of another kind.
    pub fn of(request: &Request) -> Option<Reader> {
        let kind = request.header("Content-Type")?;
        let mut parts = kind.split([';', ',']).map(str::trim);
        if parts.next() != Some("multipart/form-data") {
            return None;
        }
        let boundary = parts.find_map(|part| part.strip_prefix("boundary="))?.trim_matches('"');
        let delimiter = format!("--{boundary}").into_bytes();
        let (fields, held) = (BTreeMap::new(), Vec::new());
        (!boundary.is_empty()).then_some(Reader { delimiter, held, fields, file: None, done: false })
    }

    /// Reads on. An error is what the upload is refused with; what comes after it does not count.
    pub fn take(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.held.extend_from_slice(bytes);
        while self.file.is_none() {
            if !self.part()? {
                return if self.held.len() > MOST_HELD { Err(failed()) } else { Ok(()) };
            }
        }
        self.count();
        Ok(())
    }

    /// Reads one part that is a field, or the head of the file's part. False: more must come first.
    fn part(&mut self) -> Result<bool, String> {
        let Some(start) = find(&self.held, &self.delimiter) else { return Ok(false) };
        let begin = start + self.delimiter.len();
        let Some((head, after)) = split_head(&self.held[begin..]) else { return Ok(false) };
        let head = String::from_utf8_lossy(head).into_owned();
        let disposition = head.lines().find_map(|line| line.strip_prefix("Content-Disposition: ")).unwrap_or_default();
        let kind = disposition.split(';').next().unwrap_or_default();
        if kind != "form-data" {
            return Err(format!("wrong Content-Disposition '{kind}' in multipart, expected 'form-data'"));
        }
        let name = quoted(disposition, "; name=\"").unwrap_or_default().to_string();
        if let Some(filename) = quoted(disposition, "; filename=\"") {
            if name != "filename" {
                return Err(format!("wrong field name '{name}' for file upload, expected 'filename'"));
            }
            self.file = Some((filename.trim().to_string(), 0));
            self.held.drain(..begin + after);
            return Ok(true);
        }
        if !FIELDS.contains(&name.as_str()) {
            return Err(failed());
        }
        let Some(end) = find(&self.held[begin + after..], &self.delimiter) else { return Ok(false) };
        let value = String::from_utf8_lossy(&self.held[begin + after..begin + after + end]).trim().to_string();
        self.fields.insert(name, value);
        self.held.drain(..begin + after + end);
        Ok(true)
    }

    /// Counts the file's bytes up to where its end could begin.
    fn count(&mut self) {
        let Some((_, size)) = self.file.as_mut().filter(|_| !self.done) else { return self.held.clear() };
        let end = [self.delimiter.as_slice(), b"--"].concat();
        let length = match find(&self.held, &end) {
            Some(at) => {
                self.done = true;
                let newline =
                    [b"\r\n".as_slice(), b"\n"].into_iter().find(|newline| self.held[..at].ends_with(newline));
                at - newline.map_or(0, <[u8]>::len)
            }
            // A newline and the end's own bytes may be cut in two.
            None => self.held.len().saturating_sub(end.len() + 2),
        };
        *size += length as u64;
        self.held.drain(..length);
    }

    /// The whole body has come.
    pub fn end(self) -> Result<Upload, String> {
        match self.file {
            Some((filename, size)) if self.done => Ok(Upload { fields: self.fields, filename, size }),
            _ => Err(failed()),
        }
    }
}

fn failed() -> String {
    "upload failed".to_string()
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

/// The head of a part, and where its content begins.
fn split_head(bytes: &[u8]) -> Option<(&[u8], usize)> {
    let ends = [b"\r\n\r\n".as_slice(), b"\n\n"];
    let found = ends.into_iter().filter_map(|end| find(bytes, end).map(|at| (at, end.len())));
    found.min().map(|(at, length)| (&bytes[..at], at + length))
}

/// What stands in quotes behind `start`.
fn quoted<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    text.split_once(start)?.1.split_once('"').map(|(value, _)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(kind: &str) -> Request {
        let headers = vec![("Content-Type".to_string(), kind.as_bytes().to_vec())];
        let (method, target) = ("POST".to_string(), "/".to_string());
        Request { method, target, minor: 1, headers, body: Vec::new(), tls: true, upload: None }
    }

    /// Reads a body that comes in pieces of this many bytes.
    fn read(body: &[u8], piece: usize) -> Result<Upload, String> {
        let mut reader = Reader::of(&request("multipart/form-data; boundary=xyz")).unwrap();
        body.chunks(piece).try_for_each(|bytes| reader.take(bytes))?;
        reader.end()
    }

    const FIELD: &str = "--xyz\r\nContent-Disposition: form-data; name=\"content\"\r\n\r\niso\r\n";
    const FILE: &str = "--xyz\r\nContent-Disposition: form-data; name=\"filename\"; filename=\"a b.iso\"\r\n\
                        Content-Type: application/octet-stream\r\n\r\n";

    #[test]
    fn a_body_is_the_same_in_pieces_of_any_size() {
        // Bytes that begin like the end and go on otherwise.
        let file = b"\r\n--xy\r\n--xyz-\0\r\n--xyz!\n";
        let body = [FIELD.as_bytes(), FILE.as_bytes(), file, b"\r\n--xyz--\r\n"].concat();
        for piece in 1..=body.len() {
            let upload = read(&body, piece).unwrap();
            assert_eq!((upload.filename.as_str(), upload.size), ("a b.iso", file.len() as u64), "{piece}");
            assert_eq!(upload.fields, BTreeMap::from([("content".to_string(), "iso".to_string())]), "{piece}");
        }
    }

    #[test]
    fn a_body_that_is_no_upload_is_refused() {
        let other = FIELD.replace("\"content\"", "\"storage\"");
        let misnamed = FILE.replace("name=\"filename\"", "name=\"file\"");
        for (body, why) in [
            (format!("{FIELD}{FILE}abc"), "upload failed"),
            (format!("{FIELD}--xyz--\r\n"), "upload failed"),
            (format!("{other}{FILE}abc\r\n--xyz--"), "upload failed"),
            (format!("{misnamed}abc\r\n--xyz--"), "wrong field name 'file' for file upload, expected 'filename'"),
            (
                FIELD.replace("form-data", "inline"),
                "wrong Content-Disposition 'inline' in multipart, expected 'form-data'",
            ),
            ("x".repeat(MOST_HELD + 1), "upload failed"),
        ] {
            assert_eq!(read(body.as_bytes(), 1000), Err(why.to_string()), "{body:.80}");
        }
        assert!(Reader::of(&request("application/json")).is_none());
        assert!(Reader::of(&request("multipart/form-data; boundary=")).is_none());
    }
}

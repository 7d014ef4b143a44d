//! A client that sends bytes and keeps what comes, over TLS to a lab or without.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use labwizard::lab::Lab;
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// What can be read from and written to.
pub trait Wire: Read + Write {}
impl<T: Read + Write> Wire for T {}

/// A TLS connection that trusts the lab's CA and nothing else.
pub fn connect(lab: &Lab) -> io::Result<Box<dyn Wire>> {
    connect_by(lab, lab.port())
}

/// The same through another port, as a relay's.
pub fn connect_by(lab: &Lab, port: u16) -> io::Result<Box<dyn Wire>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(lab.ca_pem().as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = builder.with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let mut connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = tcp(port)?;
    connection.complete_io(&mut stream)?;
    Ok(Box::new(StreamOwned::new(connection, stream)))
}

/// A connection without TLS.
pub fn tcp(port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// An answer, taken apart but not judged.
#[derive(Debug, Default, Clone)]
pub struct Answer {
    /// The status line; empty when the connection was closed instead.
    pub status: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Sends a request and reads its answer; a connection that is closed gives an empty one.
pub fn exchange(wire: &mut dyn Wire, request: &[u8]) -> Answer {
    if wire.write_all(request).and_then(|()| wire.flush()).is_err() {
        return Answer::default();
    }
    let mut read = Vec::new();
    let end = loop {
        if let Some(at) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        if !more(wire, &mut read) {
            return Answer::default();
        }
    };
    let head = String::from_utf8_lossy(&read[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap_or_default().to_string();
    let headers =
        lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_string(), value.to_string()));
    let mut answer = Answer { status, headers: headers.collect(), body: read.split_off(end + 4) };
    if request.starts_with(b"HEAD ") {
        return answer;
    }
    match answer.header("Content-Length").and_then(|length| length.parse::<usize>().ok()) {
        Some(length) => while answer.body.len() < length && more(wire, &mut answer.body) {},
        None => while more(wire, &mut answer.body) {},
    }
    answer
}

fn more(wire: &mut dyn Wire, read: &mut Vec<u8>) -> bool {
    let mut chunk = [0u8; 16 * 1024];
    match wire.read(&mut chunk) {
        Ok(count) => {
            read.extend_from_slice(&chunk[..count]);
            count > 0
        }
        // A server that ends without TLS's goodbye is gone all the same.
        Err(_) => false,
    }
}

//! A relay between a client and a host that spoils connections by count, never by time.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What happens to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Closed in good order after so many bytes from the client were passed on.
    EndUp(usize),
    /// Closed in good order after so many bytes from the host were passed on.
    EndDown(usize),
    /// Reset after so many bytes from the host were passed on.
    ResetDown(usize),
    /// Everything is taken and nothing passed on.
    Swallow,
    /// The host is not asked; plain HTTP comes back.
    PlainHttp,
    /// The host is not asked; bytes come back that are no protocol.
    Garbage,
    /// The host is not asked; a TLS record comes back that ends in its middle.
    HalfRecord,
    /// What the host says comes byte by byte, each in a piece of its own.
    Trickle,
}

/// What went through a connection, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    pub up: usize,
    pub down: usize,
}

#[derive(Default)]
struct Plan {
    /// By the connection's number, from 0.
    faults: BTreeMap<usize, Fault>,
    /// To each that has none of its own.
    else_fault: Option<Fault>,
    /// From that connection on.
    upstreams: BTreeMap<usize, SocketAddr>,
    passed: Vec<Passed>,
}

/// A running relay on a port of its own. Dropping it stops it.
pub struct Relay {
    port: u16,
    plan: Arc<Mutex<Plan>>,
    stop: watch::Sender<bool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Relay {
    /// A relay to a port of this machine.
    pub fn to(port: u16) -> io::Result<Relay> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
        let own = listener.local_addr()?.port();
        let upstreams = BTreeMap::from([(0, SocketAddr::from((Ipv4Addr::LOCALHOST, port)))]);
        let plan = Arc::new(Mutex::new(Plan { upstreams, ..Plan::default() }));
        let (stop, mut stopped) = watch::channel(false);
        let shared = plan.clone();
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = listen(listener, shared) => {}
                    _ = stopped.changed() => {}
                }
            });
        });
        Ok(Relay { port: own, plan, stop, thread: Some(thread) })
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Spoils the connection of that number, counted from 0.
    pub fn spoil(&self, connection: usize, fault: Fault) {
        self.plan.lock().unwrap().faults.insert(connection, fault);
    }

    /// Spoils every connection that is not spoiled otherwise.
    pub fn spoil_all(&self, fault: Fault) {
        self.plan.lock().unwrap().else_fault = Some(fault);
    }

    /// Spoils no connection any more that is still to come.
    pub fn mend(&self) {
        let mut plan = self.plan.lock().unwrap();
        plan.faults.clear();
        plan.else_fault = None;
    }

    /// Leads to another port from that connection on.
    pub fn swap(&self, from: usize, port: u16) {
        self.plan.lock().unwrap().upstreams.insert(from, SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    }

    /// What every connection passed on so far.
    pub fn passed(&self) -> Vec<Passed> {
        self.plan.lock().unwrap().passed.clone()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn listen(listener: TcpListener, plan: Arc<Mutex<Plan>>) {
    while let Ok((client, _)) = listener.accept().await {
        let (number, fault, upstream) = {
            let mut plan = plan.lock().unwrap();
            plan.passed.push(Passed::default());
            let number = plan.passed.len() - 1;
            let upstream = plan.upstreams.range(..=number).next_back().map(|(_, address)| *address).unwrap();
            (number, plan.faults.get(&number).copied().or(plan.else_fault), upstream)
        };
        let plan = plan.clone();
        tokio::spawn(async move {
            // A spoiled connection fails; that is what it is for.
            let _ = connection(client, number, fault, upstream, &plan).await;
        });
    }
}

async fn connection(
    mut client: TcpStream,
    number: usize,
    fault: Option<Fault>,
    upstream: SocketAddr,
    plan: &Mutex<Plan>,
) -> io::Result<()> {
    let bytes: Option<&[u8]> = match fault {
        Some(Fault::PlainHttp) => Some(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
        Some(Fault::Garbage) => Some(&[0x00, 0xff, 0x7f, 0x80, 0x0d, 0x0a, 0x1b, 0x5b]),
        // A handshake record of 512 bytes that has 16.
        Some(Fault::HalfRecord) => Some(&[22, 3, 3, 2, 0, 2, 0, 1, 252, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        _ => None,
    };
    let mut chunk = vec![0; 16 * 1024];
    if let Some(bytes) = bytes {
        // What the client says first is taken, so that closing does not reset.
        let _ = client.read(&mut chunk).await?;
        client.write_all(bytes).await?;
        return client.shutdown().await;
    }
    if fault == Some(Fault::Swallow) {
        while client.read(&mut chunk).await? > 0 {}
        return Ok(());
    }
    let mut host = TcpStream::connect(upstream).await?;
    let mut back = vec![0; 16 * 1024];
    loop {
        let passed = plan.lock().unwrap().passed[number];
        let room = |fault_at: Option<usize>, passed: usize| fault_at.map_or(usize::MAX, |at| at.saturating_sub(passed));
        let up_limit = room(if let Some(Fault::EndUp(at)) = fault { Some(at) } else { None }, passed.up);
        let down_at = match fault {
            Some(Fault::EndDown(at) | Fault::ResetDown(at)) => Some(at),
            _ => None,
        };
        let down_limit = room(down_at, passed.down);
        if up_limit == 0 || down_limit == 0 {
            if matches!(fault, Some(Fault::ResetDown(_))) {
                client.set_zero_linger()?;
                return Ok(());
            }
            return client.shutdown().await;
        }
        let piece = if fault == Some(Fault::Trickle) { 1 } else { back.len() };
        let (up, down) = (up_limit.min(chunk.len()), down_limit.min(piece));
        tokio::select! {
            count = client.read(&mut chunk[..up]) => {
                let count = count?;
                if count == 0 {
                    return host.shutdown().await;
                }
                host.write_all(&chunk[..count]).await?;
                plan.lock().unwrap().passed[number].up += count;
            }
            count = host.read(&mut back[..down]) => {
                let count = count?;
                if count == 0 {
                    return client.shutdown().await;
                }
                client.write_all(&back[..count]).await?;
                plan.lock().unwrap().passed[number].down += count;
            }
        }
    }
}

mod tests {
    use std::io::{Read, Write};

    use labwizard::lab::{Lab, LabConfig};

    use super::{Fault, Passed, Relay};
    use crate::wire::{connect_by, exchange, tcp};

    const REQUEST: &[u8] = b"GET /api2/json/access/domains HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";

    #[test]
    fn what_is_not_spoiled_passes_and_is_counted() {
        let lab = Lab::start_in_thread(LabConfig::quick()).unwrap();
        let relay = Relay::to(lab.port()).unwrap();
        let answer = exchange(connect_by(&lab, relay.port()).unwrap().as_mut(), REQUEST);
        assert_eq!(answer.status, "HTTP/1.1 200 OK");
        let passed = relay.passed();
        assert!(passed.len() == 1 && passed[0].up > REQUEST.len() && passed[0].down > answer.body.len(), "{passed:?}");
    }

    #[test]
    fn every_fault_spoils_its_own_connection_only() {
        let lab = Lab::start_in_thread(LabConfig::quick()).unwrap();
        let faults = [
            Fault::EndUp(10),
            Fault::EndDown(10),
            Fault::ResetDown(10),
            Fault::PlainHttp,
            Fault::Garbage,
            Fault::HalfRecord,
        ];
        let relay = Relay::to(lab.port()).unwrap();
        for (at, fault) in faults.into_iter().enumerate() {
            relay.spoil(2 * at, fault);
            assert!(connect_by(&lab, relay.port()).is_err(), "{fault:?}");
            assert!(connect_by(&lab, relay.port()).is_ok(), "after {fault:?}");
        }
        assert_eq!(lab.received().len(), 0);
    }

    #[test]
    fn what_is_swallowed_never_reaches_the_host() {
        let lab = Lab::start_in_thread(LabConfig::quick()).unwrap();
        let relay = Relay::to(lab.port()).unwrap();
        relay.spoil(0, Fault::Swallow);
        let mut stream = tcp(relay.port()).unwrap();
        stream.write_all(REQUEST).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        assert_eq!(stream.read(&mut [0; 1]).unwrap(), 0);
        assert_eq!((lab.connections(), relay.passed()), (0, vec![Passed::default()]));
    }

    #[test]
    fn a_swapped_upstream_is_another_host() {
        let (lab, other) =
            (Lab::start_in_thread(LabConfig::quick()).unwrap(), Lab::start_in_thread(LabConfig::quick()).unwrap());
        let relay = Relay::to(lab.port()).unwrap();
        relay.swap(1, other.port());
        assert!(connect_by(&lab, relay.port()).is_ok());
        assert!(connect_by(&lab, relay.port()).is_err());
        assert_eq!((lab.connections(), other.connections()), (1, 1));
    }
}

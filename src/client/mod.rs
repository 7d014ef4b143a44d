//! Touches the network: looks at hosts, and never judges what it saw.
//!
//! The wire is hyper over tokio-rustls, connection by connection, and not a ready-made HTTP client: a client that has no
//! redirects, proxies, cookies, retries, compression or address lookup of its own cannot be misled into using them.

mod connect;
mod http;
mod options;
pub mod proxmox;
pub mod resolve;
mod survey;
mod tls;

pub use options::{Limits, Options, SystemRoots};
pub use resolve::{Resolver, SystemResolver};
pub use survey::survey;

//! Touches the network: looks at hosts, and never judges what it saw.
//!
//! The wire is hyper over tokio-rustls, connection by connection, and not a ready-made HTTP client: a client that has no
//! redirects, proxies, cookies, retries, compression or address lookup of its own cannot be misled into using them.

mod connect;
mod desk;
mod http;
mod login;
mod options;
pub mod proxmox;
pub mod resolve;
pub mod ssh;
mod survey;
mod tls;

pub use desk::{Changed, Desk};
pub use login::{log_in, renew, still_opens};
pub use options::{Limits, Options, SystemRoots};
pub use resolve::{Resolver, SystemResolver};
pub use survey::survey;

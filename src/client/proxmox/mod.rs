//! Proxmox VE over its API: who may be asked what, over which connection.
//!
//! Two kinds of host. A [`Stranger`] is anybody who has the key of the certificate they show; they can be asked only the
//! questions that need no login, and there is no place for a credential in the call. A [`Trusted`] host is made from a
//! [`Trust`](crate::domain::Trust) and nothing else; only it can be signed in to.

pub(super) mod answer;
mod asker;
pub(super) mod estate;
mod host;
mod lenient;
pub(super) mod recognise;
pub mod request;
mod session;

pub(super) use asker::Asker;
pub(super) use host::{Stranger, Trusted, words};
pub(super) use session::{Session, redactor_of};

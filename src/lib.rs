//! The map of labwizard, and the rule of who may import whom.
//!
//! The pure line, each knowing only what stands left of it:
//! `domain` ← `format` ← `target` ← `diagnosis` ← `plan` ← `wizard` ← `front`.
//! `client` and `disk` touch the world, know only `domain`, and never each other.
//! `runtime` joins these two with the conversation, and with the diagnosis where nothing is asked of a person; `command` joins everything and holds no rule.
//! `lab`, the embedded Proxmox, knows only `domain`. A test reads the `use` lines and holds this.

pub mod cli;
pub mod client;
pub mod command;
pub mod diagnosis;
pub mod disk;
pub mod domain;
pub mod format;
pub mod front;
pub mod lab;
pub mod plan;
pub mod report;
pub mod runtime;
pub mod target;
pub mod wizard;

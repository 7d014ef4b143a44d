//! A Proxmox VE cluster: its state, who may do what in it, and its API.

pub mod access;
pub mod auth;
pub mod call;
pub mod cluster;
pub mod guests;
pub mod nodes;
pub mod permissions;
pub mod route;
pub mod seed;
pub mod tfa;
pub mod tokens;

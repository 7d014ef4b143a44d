//! A Proxmox VE cluster: its state, who may do what in it, and its API.

pub mod access_state;
pub mod agent;
pub mod auth;
pub mod call;
pub mod cluster;
pub mod configuration;
pub mod datacenter;
pub mod drives;
pub mod grants;
pub mod guests;
pub mod network;
pub mod nodes;
mod people;
pub mod permissions;
pub mod realms;
pub mod route;
pub mod seed;
pub mod storage;
pub mod tasks;
pub mod tfa;
pub mod tokens;
pub mod uploads;
pub mod users;
pub mod volumes;

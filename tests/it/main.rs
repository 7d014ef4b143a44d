//! One binary for all tests that need more than one module.

mod answers;
mod captures;
mod client;
mod contract;
mod lab;
mod relay;
mod screens;
mod targets;
mod wire;

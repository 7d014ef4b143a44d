//! One binary for all tests that need more than one module.

mod captures;
mod lab;
mod targets;
mod wire;

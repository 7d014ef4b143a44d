//! One binary for all tests that need more than one module.

mod answers;
mod captures;
mod lab;
mod relay;
mod wire;

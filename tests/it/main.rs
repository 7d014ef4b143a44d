//! One binary for all tests that need more than one module.

mod answers;
mod captures;
mod check;
mod client;
mod contract;
mod failures;
mod findings;
mod flow;
mod imports;
mod lab;
mod make;
mod pty;
mod readers;
mod relay;
mod rights;
mod scenarios;
mod screens;
mod screenshots;
mod ssh;
mod targets;
mod wire;

//! One binary for all tests that need more than one module.

mod captures;
mod client;
mod contract;
mod lab;
<<<<<<< HEAD
mod targets;
=======
mod relay;
>>>>>>> client
mod wire;

//! One binary for all tests that need more than one module.

mod screens;

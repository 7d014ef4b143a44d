//! tf

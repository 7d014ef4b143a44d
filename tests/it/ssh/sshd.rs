//! The real ssh against a real sshd.

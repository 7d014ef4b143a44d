//! Reads and edits config formats in place, byte for byte outside the edited value.

//! The words that everything else is made of.

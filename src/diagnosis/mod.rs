//! Judges what was seen: observations in, findings out; never asks anybody.

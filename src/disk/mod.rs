//! Touches the disk: reads, writes without harm, and keeps the state folder.

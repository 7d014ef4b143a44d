//! Holds the conversation with a person: full screen, line by line, or unattended.

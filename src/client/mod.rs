//! Touches the network: looks at hosts, and never judges what it saw.

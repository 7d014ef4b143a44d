//! The embedded lab: a Proxmox that answers like the real one, for demo and tests.

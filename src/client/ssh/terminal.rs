//! The terminal in the hands of ssh while it asks: the system lets only the foreground read it.

use std::fs::File;
use std::os::fd::AsFd;

use nix::sys::signal::{SigSet, Signal};
use rustix::process::{Pid, getpgrp};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr, tcsetpgrp};

/// A terminal that was lent to a process group. Dropping it takes it back, as it was.
pub struct Lent {
    terminal: File,
    settings: Option<Termios>,
}

impl Lent {
    /// Lends this process's terminal; none where it has none or stands in the background.
    pub fn to(group: Pid) -> Option<Lent> {
        let terminal = File::options().read(true).write(true).open("/dev/tty").ok()?;
        if tcgetpgrp(terminal.as_fd()).ok()? != getpgrp() {
            return None;
        }
        let settings = tcgetattr(terminal.as_fd()).ok();
        tcsetpgrp(terminal.as_fd(), group).ok()?;
        Some(Lent { terminal, settings })
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // From the background this is a request to be stopped, unless its signal is held back.
        let mut held = SigSet::empty();
        held.add(Signal::SIGTTOU);
        let before = held.thread_swap_mask(nix::sys::signal::SigmaskHow::SIG_BLOCK);
        // A terminal that is gone cannot be taken back.
        let _ = tcsetpgrp(self.terminal.as_fd(), getpgrp());
        if let Some(settings) = &self.settings {
            // An ssh that was killed while it read a password leaves the echo off.
            let _ = tcsetattr(self.terminal.as_fd(), OptionalActions::Now, settings);
        }
        if let Ok(before) = before {
            let _ = before.thread_set_mask();
        }
    }
}

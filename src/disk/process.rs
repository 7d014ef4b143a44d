//! Whether the process of a run is still there.

/// Whether a process is still there. A pid that was given to another process since is told by when that one began.
pub(super) fn alive(pid: u32, born: Option<u64>) -> bool {
    let Some(process) = i32::try_from(pid).ok().filter(|pid| *pid > 0).and_then(rustix::process::Pid::from_raw) else {
        return false;
    };
    match rustix::process::test_kill_process(process) {
        Err(rustix::io::Errno::SRCH) => false,
        // EPERM: it is there and belongs to somebody else.
        _ => born.is_none() || self::born(pid).is_none() || self::born(pid) == born,
    }
}

/// When a process began, in the kernel's ticks since boot; `None` where there is no `/proc`.
pub(super) fn born(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name in parentheses and may hold anything; the 22nd is what is looked for.
    stat.rsplit_once(") ")?.1.split(' ').nth(19)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_told_apart_from_a_later_one_of_the_same_pid() {
        let me = std::process::id();
        assert!(alive(me, born(me)));
        assert!(!alive(0, None));
        if let Some(mine) = born(me) {
            assert!(!alive(me, Some(mine + 1)));
        }
    }
}

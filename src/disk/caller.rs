//! Who runs labwizard, as far as files care: the user, and the user behind `sudo`.

/// The user whose files are handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// The effective user id; 0 is root.
    pub uid: u32,
    /// As root: user and group of whoever called `sudo`.
    pub sudo: Option<(u32, u32)>,
}

impl Caller {
    /// The user of this process. `variable` looks up an environment variable; only SUDO_UID and SUDO_GID are asked for,
    /// and only as root.
    pub fn of_process(variable: impl Fn(&str) -> Option<String>) -> Self {
        let uid = rustix::process::geteuid().as_raw();
        let number = |name: &str| variable(name)?.parse::<u32>().ok();
        let sudo = if uid == 0 { number("SUDO_UID").zip(number("SUDO_GID")) } else { None };
        Caller { uid, sudo }
    }

    pub fn is_root(&self) -> bool {
        self.uid == 0
    }

    /// Whether what belongs to `uid` may be taken as the caller's own: their own, and as root also that of the user behind
    /// `sudo`.
    pub fn owns(&self, uid: u32) -> bool {
        uid == self.uid || (self.is_root() && self.sudo.is_some_and(|(user, _)| user == uid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_behind_sudo_also_owns_what_the_caller_of_sudo_owns() {
        let root = Caller { uid: 0, sudo: Some((1000, 1000)) };
        assert!(root.owns(0) && root.owns(1000) && !root.owns(1001));
        let user = Caller { uid: 1000, sudo: Some((1001, 1001)) };
        assert!(user.owns(1000) && !user.owns(1001) && !user.owns(0));
    }

    #[test]
    fn the_sudo_variables_count_for_root_only_and_only_as_numbers() {
        let caller = Caller::of_process(|name| Some(if name == "SUDO_UID" { "1000" } else { "100" }.into()));
        assert_eq!(caller.sudo, caller.is_root().then_some((1000, 100)));
        assert_eq!(Caller::of_process(|_| Some("root".into())).sudo, None);
    }
}

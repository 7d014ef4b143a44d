//! A release of Proxmox VE, as the host names it.

use std::fmt;
use std::str::FromStr;

/// `9.2.11`, or `7.4-20` as the 7 series writes it (captured: GET /version). Ordered by age.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Release {
    pub major: u16,
    pub minor: u16,
    pub patch: u16,
}

impl Release {
    pub const fn new(major: u16, minor: u16, patch: u16) -> Self {
        Release { major, minor, patch }
    }

    /// Whether a refused token is told without its cause: since pve-manager 9.1.5, and in the 8 series since 8.4.17.
    pub fn hides_why(self) -> bool {
        self >= Release::new(9, 1, 5) || (self.major == 8 && self >= Release::new(8, 4, 17))
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is no release of Proxmox VE; one looks like 9.2.11, 9.2 or 7.4-20")]
pub struct ReleaseError(pub String);

impl FromStr for Release {
    type Err = ReleaseError;

    /// Two or three numbers; `.`, `-` and `~` part them. What follows the third is ignored.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ReleaseError(text.to_owned());
        let mut parts = text.trim().split(['.', '-', '~']).map(str::parse::<u16>);
        let major = parts.next().and_then(Result::ok).ok_or_else(wrong)?;
        let minor = parts.next().and_then(Result::ok).ok_or_else(wrong)?;
        let patch = parts.next().and_then(Result::ok).unwrap_or(0);
        Ok(Release { major, minor, patch })
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let join = if self.major < 8 { '-' } else { '.' };
        write!(f, "{}.{}{join}{}", self.major, self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_of_all_series_are_read_and_ordered() {
        let read = |t: &str| t.parse::<Release>().unwrap();
        assert_eq!(read("7.4-20"), Release::new(7, 4, 20));
        assert_eq!(read("7.4-20").to_string(), "7.4-20");
        assert_eq!(read("9.2.11").to_string(), "9.2.11");
        assert!(read("8.4.16") < read("8.4.21") && read("8.4.21") < read("9.0"));
        assert!("nine".parse::<Release>().is_err());
    }

    #[test]
    fn the_releases_that_hide_why_a_token_is_refused_are_known() {
        let hides = |t: &str| t.parse::<Release>().unwrap().hides_why();
        assert!(!hides("7.4-20") && !hides("8.4.16") && !hides("9.1.4") && !hides("9.0.3"));
        assert!(hides("8.4.17") && hides("8.4.21") && hides("9.1.5") && hides("9.2.11"));
    }
}

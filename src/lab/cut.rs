//! Faults of the line that a test asks for: a request cut or held at one of three points, and a line that stays cut.

use super::{Lab, locked};

/// Where the connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CutAt {
    /// The request arrived whole, nothing was done, nothing is answered.
    BeforeActing,
    /// It was done, and nothing is answered.
    BeforeAnswer,
    /// It was done, and of the answer comes the head and half of the body; half of the head where it has no body.
    MidAnswer,
}

impl CutAt {
    /// All three, for tests that go through them.
    pub const ALL: [CutAt; 3] = [CutAt::BeforeActing, CutAt::BeforeAnswer, CutAt::MidAnswer];
}

/// Which request is cut; numbers count from 1 since the start, over all connections.
#[derive(Debug)]
enum Which {
    Request(usize),
    Write(usize),
    Call { method: String, path: String },
}

/// What becomes of a request at a point of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub at: CutAt,
    /// The line is not cut there: nothing more comes, and it stays open.
    pub holds: bool,
}

/// What is to be cut, and what was counted for it.
#[derive(Debug, Default)]
pub(super) struct Cuts {
    rules: Vec<(Which, Fault)>,
    /// Requests that are held.
    held: usize,
    requests: usize,
    writes: usize,
    /// Nobody is answered any more.
    down: bool,
    /// The next cut is followed by that.
    then_down: bool,
}

impl Cuts {
    /// Counts a request, and says where it is to be cut.
    pub fn count(&mut self, method: &str, path: &str) -> Option<Fault> {
        self.requests += 1;
        let is_write = is_write(method, path);
        self.writes += usize::from(is_write);
        let fits = |which: &Which| match which {
            Which::Request(number) => *number == self.requests,
            Which::Write(number) => is_write && *number == self.writes,
            Which::Call { method: wanted, path: part } => wanted == method && path.contains(part.as_str()),
        };
        let found = self.rules.iter().position(|(which, _)| fits(which))?;
        self.down |= self.then_down;
        Some(self.rules.remove(found).1)
    }

    /// Counts a request that is held from now on.
    pub fn hold(&mut self) {
        self.held += 1;
    }

    /// Whether the line is cut for everybody.
    pub fn is_down(&self) -> bool {
        self.down
    }
}

/// Whether a request changes the host. A login does not: it only opens a session.
pub(super) fn is_write(method: &str, path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    matches!(method, "POST" | "PUT" | "DELETE") && !path.ends_with("/access/ticket")
}

impl Lab {
    fn cut(&self, which: Which, at: CutAt) {
        locked(&self.shared.cuts).rules.push((which, Fault { at, holds: false }));
    }

    /// Holds the write of that number, counted from 1 since the start, at a point of it: its line stays open, and nothing more
    /// comes.
    pub fn hold_write(&self, number: usize, at: CutAt) {
        locked(&self.shared.cuts).rules.push((Which::Write(number), Fault { at, holds: true }));
    }

    /// The same for the next request with that method whose path contains the text; once.
    pub fn hold_call(&self, method: &str, path: &str, at: CutAt) {
        let which = Which::Call { method: method.to_string(), path: path.to_string() };
        locked(&self.shared.cuts).rules.push((which, Fault { at, holds: true }));
    }

    /// How many requests are held, at the point that was asked for.
    pub fn held(&self) -> usize {
        locked(&self.shared.cuts).held
    }

    /// Cuts the request of that number, counted from 1 since the start, over all connections.
    pub fn cut_request(&self, number: usize, at: CutAt) {
        self.cut(Which::Request(number), at);
    }

    /// Cuts the write of that number, counted from 1 since the start: anything but reading and logging in.
    pub fn cut_write(&self, number: usize, at: CutAt) {
        self.cut(Which::Write(number), at);
    }

    /// Cuts the next request with that method whose path contains the text; once.
    pub fn cut_call(&self, method: &str, path: &str, at: CutAt) {
        self.cut(Which::Call { method: method.to_string(), path: path.to_string() }, at);
    }

    /// From now on every connection is cut, those that are open too, until it is switched off again.
    pub fn stay_cut(&self, on: bool) {
        let mut cuts = locked(&self.shared.cuts);
        (cuts.down, cuts.then_down) = (on, false);
    }

    /// After the next cut the line stays cut, until [`Lab::stay_cut`] ends that.
    pub fn stay_cut_after(&self) {
        locked(&self.shared.cuts).then_down = true;
    }

    /// How many writes arrived whole, those that were refused or cut too.
    pub fn writes(&self) -> usize {
        locked(&self.shared.cuts).writes
    }
}

//! One command after the other down the pipe, each told apart from the next by a marker that nobody can guess.

use std::io::Write;
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::process::Ends;

/// What is kept of a command's words.
const WORDS: usize = 4 * 1024;
/// So much of them is read before the host is taken for one that never ends.
const MOST_WORDS: usize = 8 << 20;

/// Words with which every shell begins: a way for output past what catches a command's words, and where Proxmox's programs
/// lie, which not every way in has in its `PATH`.
pub const FIRST: &str =
    "exec 3>&1; PATH=\"$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin\"; export PATH";

/// What a command left.
pub struct Ran {
    pub code: i32,
    pub output: Zeroizing<Vec<u8>>,
    /// What it wrote to its standard error, cut.
    pub words: String,
}

/// Why no command came to its end. The shell is of no use any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Halt {
    /// Nothing of it was taken.
    NotWritten,
    Ended,
    TimedOut,
    TooLarge,
}

/// The command, its marker, its words, and the marker once more, as one line for a POSIX shell.
fn script(command: &str, marker: &str) -> String {
    format!(
        "words=$( {{ {command}; }} 2>&1 >&3 3>&- </dev/null ); \
         printf '\\n%s %s\\n%s\\n%s\\n' {marker} \"$?\" \"$words\" {marker}\n"
    )
}

/// Runs a command that [`crate::domain::shell`] has quoted, or a fixed text of ours, behind the commands of `prelude`. At most
/// `limit` bytes of output are read. `wait` is told the time that has passed and says whether to go on waiting.
pub fn run(
    ends: &mut Ends,
    prelude: &str,
    command: &str,
    limit: usize,
    wait: &mut dyn FnMut(Duration) -> bool,
) -> Result<Ran, Halt> {
    let marker = uuid::Uuid::new_v4().simple().to_string();
    write(ends, &format!("{prelude}{}", script(command, &marker)))?;
    let since = Instant::now();
    let first = format!("\n{marker} ").into_bytes();
    let last = format!("\n{marker}\n").into_bytes();
    // Room for all of a small answer at once, so that no half-grown copy of a secret is left behind.
    let mut output = Zeroizing::new(Vec::with_capacity(limit.min(128 * 1024) + 16 * 1024));
    let found = loop {
        let seen = output.len();
        output.extend_from_slice(&next(ends, since, wait)?);
        if let Some(at) = find(&output, &first, seen) {
            break at;
        }
        if output.len() > limit + first.len() {
            return Err(Halt::TooLarge);
        }
    };
    if found > limit {
        return Err(Halt::TooLarge);
    }
    let mut rest = output[found + first.len()..].to_vec();
    output.truncate(found);
    let code = loop {
        if let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = rest.drain(..=end).collect();
            break std::str::from_utf8(&line).ok().and_then(|text| text.trim().parse().ok()).ok_or(Halt::Ended)?;
        }
        if rest.len() > 16 {
            return Err(Halt::Ended);
        }
        rest.extend_from_slice(&next(ends, since, wait)?);
    };
    let mut read = rest.len();
    let mut seen = 0;
    let end = loop {
        if let Some(at) = find(&rest, &last, seen) {
            break at;
        }
        // The beginning is kept, and as much of the end as a marker may begin in.
        if rest.len() > 2 * WORDS {
            rest.drain(WORDS..rest.len() - last.len());
        }
        seen = rest.len();
        let piece = next(ends, since, wait)?;
        read += piece.len();
        if read > MOST_WORDS {
            return Err(Halt::TooLarge);
        }
        rest.extend_from_slice(&piece);
    };
    rest.truncate(end.min(WORDS));
    Ok(Ran { code, output, words: String::from_utf8_lossy(&rest).into_owned() })
}

/// Writes a whole line. What was taken in part counts as taken: the host decides what it makes of it.
fn write(ends: &mut Ends, line: &str) -> Result<(), Halt> {
    let mut left = line.as_bytes();
    let mut begun = false;
    while !left.is_empty() {
        match ends.input.write(left) {
            Ok(count) if count > 0 => {
                begun = true;
                left = &left[count..];
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            _ => return Err(if begun { Halt::Ended } else { Halt::NotWritten }),
        }
    }
    Ok(())
}

/// The next piece of output.
fn next(ends: &Ends, since: Instant, wait: &mut dyn FnMut(Duration) -> bool) -> Result<Zeroizing<Vec<u8>>, Halt> {
    loop {
        if !wait(since.elapsed()) {
            return Err(Halt::TimedOut);
        }
        match ends.output.recv_timeout(Duration::from_millis(50)) {
            Ok(piece) => return Ok(piece),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err(Halt::Ended),
        }
    }
}

/// Where `wanted` begins, given that it did not end in the first `seen` bytes.
fn find(bytes: &[u8], wanted: &[u8], seen: usize) -> Option<usize> {
    let from = seen.saturating_sub(wanted.len());
    bytes[from..].windows(wanted.len()).position(|window| window == wanted).map(|at| at + from)
}

//! The two readers that know lines only: a hand-written split at `=`, and Docker's `--env-file`.

use super::{Fault, Pair, Reading, Value, numbered};
use crate::format::dotenv::is_space;

/// Glassdome's own loop (config.py:251-267): universal newlines, `strip()`, `#`, split at the first `=`, then
/// `.strip().strip('"').strip("'")`.
pub(super) fn read_naive(text: &str) -> Reading<'_> {
    let mut reading = Reading::default();
    let mut line_number = 1;
    let (mut start, mut feed) = (0, text.find('\n').unwrap_or(text.len()));
    while start < text.len() {
        if feed < start {
            feed = text[start..].find('\n').map_or(text.len(), |n| start + n);
        }
        let end = text[start..feed].find('\r').map_or(feed, |n| start + n);
        let line = text[start..end].trim_matches(is_space);
        if !line.starts_with('#')
            && let Some((key, value)) = line.split_once('=')
        {
            let value = value.trim_matches(is_space).trim_matches('"').trim_matches('\'');
            let key = key.trim_matches(is_space);
            reading.pairs.push(Pair { key, value: Value::Plain(value), line: line_number, unsure: None });
        }
        start = end + if text[end..].starts_with("\r\n") { 2 } else { 1 };
        line_number += 1;
    }
    reading
}

/// docker/cli `pkg/kvfile`: BOM dropped, lines by `\n` or `\r\n`, leading blanks dropped, everything behind the first `=` is
/// the value.
pub(super) fn read_docker(text: &str) -> Reading<'_> {
    let mut reading = Reading::default();
    for (number, line) in numbered(text.strip_prefix('\u{feff}').unwrap_or(text)) {
        let line = line.strip_suffix('\r').unwrap_or(line).trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (key, value) = line.split_once('=').map_or((line, None), |(key, value)| (key, Some(value)));
        if key.is_empty() || key.contains([' ', '\t']) {
            let why = "it takes what stands before the = for a name with blanks, and refuses the file.";
            reading.faults.push(Fault { line: number, why, stops: true });
            break;
        }
        // a name alone takes its value from the environment
        if let Some(value) = value {
            reading.pairs.push(Pair { key, value: Value::Plain(value), line: number, unsure: None });
        }
    }
    reading
}

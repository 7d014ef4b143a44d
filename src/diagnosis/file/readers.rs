//! What each program that reads the file takes from its lines: values that differ, that are no values, or that nobody reads.

use super::place::word;
use super::{Judged, Mended, Sight, Told, about, ask, codes};
use crate::domain::Text;
use crate::domain::finding::{Code, Finding, Mend, Severity, Severity::*, Step};
use crate::domain::visible::{is_hidden, upper_first, visible};
use crate::format::{Dialect, Entry, Reader, Reading, read_as};
use crate::target::read::Known;

/// One line of the file that holds a key of the target.
struct Line<'a> {
    entry: Entry<'a>,
    known: Known,
    key: String,
    /// What each reader that takes this line makes of the file.
    read_by: Vec<&'a (Reader, Reading<'a>)>,
}

impl Line<'_> {
    /// What is wrong with this line.
    fn finding(&self, code: Code, severity: Severity, title: impl Into<String>, cause: impl Into<String>) -> Finding {
        about(code, severity, &self.known.fact, self.entry.line(), title, cause)
    }
}

/// Whether the tool takes the lines of this host by this reader.
fn reads(sight: &Sight<'_>, reader: Reader, instance: u8) -> bool {
    let further = sight.spec.instances.as_ref().and_then(|instances| instances.reader);
    instance > 1 || further.is_none_or(|further| Reader::from(further) != reader)
}

/// What is wrong with lines before anybody looks at their values; which keys that settles.
pub(super) fn judge(sight: &Sight<'_>, out: &mut Judged) -> Vec<Told> {
    let mut told = Vec::new();
    let entries: Vec<Entry<'_>> = sight.document.entries().filter(|entry| !entry.is_commented()).collect();
    let readings = readings(sight, out);
    let mut unlike = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        let doubled = entries.iter().enumerate().any(|(other, one)| other != at && one.key() == entry.key());
        let counts = !entries[at + 1..].iter().any(|later| later.key() == entry.key());
        let Some(known) = sight.known(entry.key()).filter(|_| counts) else { continue };
        if !sight.uses(&known.fact, known.instance) {
            continue;
        }
        let read_by = readings.iter().filter(|(reader, _)| reads(sight, *reader, known.instance)).collect();
        let line = Line { entry: *entry, key: visible(entry.key()), known, read_by };
        let Some(finding) = valueless(sight, &line)
            .or_else(|| reference(sight, &line, &readings))
            .or_else(|| (!doubled).then(|| differs(&line)).flatten())
        else {
            out.findings.extend(pasted_into_a_shell(sight, &line));
            continue;
        };
        let settled = !matches!(finding.mends.first(), Some(Mend::Rewrite { .. }));
        if settled {
            out.unfit.push(entry.key().to_owned());
            told.push(Told { of: line.known.of.clone(), instance: line.known.instance });
        }
        match is_unlike(&finding) {
            true => unlike.push((line.entry.line(), line.key, finding)),
            false => out.findings.push(finding),
        }
    }
    out.findings.extend(by_cause(unlike));
    told.extend(no_lines(sight, out));
    told
}

/// What each reader of the form takes from the text. One that gives up, or holds line ends for values, is told at once and
/// asked no more.
fn readings<'a>(sight: &Sight<'a>, out: &mut Judged) -> Vec<(Reader, Reading<'a>)> {
    if sight.document.dialect() != Dialect::Dotenv {
        return Vec::new();
    }
    let text = sight.document.text().as_str();
    let mut readers = sight.form.held_against();
    if readers.is_empty() {
        readers.push(Reader::PythonDotenv);
    }
    let all = readers.len();
    let severity = if all == 1 { Error } else { Warning };
    let mut kept = Vec::new();
    for reader in readers {
        let reading = read_as(reader, text);
        if let Some(fault) = reading.stop() {
            out.findings.push(gives_up(reader, fault.line, fault.why, severity));
        } else if let Some(line) = line_ends(sight, &reading) {
            out.findings.push(carriage_returns(sight, reader, line, severity));
        } else {
            kept.push((reader, reading));
        }
    }
    kept
}

fn gives_up(reader: Reader, line: usize, why: &'static str, severity: Severity) -> Finding {
    Finding::new(
        codes::FILE_DAMAGED,
        severity,
        Step::Review,
        format!("{} gives up at line {line} of the file.", upper_first(&reader.to_string())),
        upper_first(why),
    )
    .seen(format!("line {line}"))
    .say(format!("Mend or remove line {line}; what stands behind it is not read."))
}

/// The first line whose value ends in a carriage return for this reader.
fn line_ends(sight: &Sight<'_>, reading: &Reading<'_>) -> Option<usize> {
    let known = |key: &str| sight.known(key).is_some();
    reading.pairs.iter().find(|pair| pair.value.as_str().ends_with('\r') && known(pair.key)).map(|pair| pair.line)
}

fn carriage_returns(sight: &Sight<'_>, reader: Reader, line: usize, severity: Severity) -> Finding {
    let finding = Finding::new(
        codes::FILE_HIDDEN,
        severity,
        Step::Review,
        format!("The lines of the file end as on Windows, and {reader} takes that for a part of the values."),
        "Before the end of each line stands a character that nobody sees, a carriage return. It would be sent with the secret.",
    )
    .seen(format!("line {line}: U+000D at its end"));
    let finding = finding.run("this machine's shell", format!("sed -i 's/\\r$//' {}", word(&sight.seen.path)));
    finding.say("Or have your editor save it with Unix line ends.")
}

/// A line that has a key and no value that could be read.
fn valueless(sight: &Sight<'_>, line: &Line<'_>) -> Option<Finding> {
    if line.entry.value().is_some() || line.entry.written().trim() == "null" {
        return None;
    }
    let raw = line.entry.written();
    let finding = match sight.document.dialect() {
        Dialect::Hcl if raw.contains("${") || !raw.trim_start().starts_with(['[', '{']) => return Some(refers(line)),
        Dialect::Hcl => line.finding(
            codes::FILE_SHAPE,
            Error,
            format!("{} holds a list or an object, and one value belongs there.", line.key),
            format!("{} reads a plain text here.", sight.title()),
        )
        .say("Write the value in double quotes."),
        Dialect::Dotenv => line.finding(
            codes::FILE_DAMAGED,
            Error,
            format!("The line of {} cannot be read.", line.key),
            "A quote opens and is not closed, or something stands behind the closing one; programs skip such a line.",
        )
        .say("Write the line anew, with the value in one pair of quotes or in none."),
    };
    Some(finding.mended(ask(&line.known.fact)))
}

fn refers(line: &Line<'_>) -> Finding {
    line.finding(
        codes::FILE_REFERENCE,
        Error,
        format!("{} names something else in place of a value.", line.key),
        "What it stands for is not in this file. labwizard fills in nothing from its own environment, and sends nothing that it did not read here.",
    )
    .say("Write the value itself.")
    .mended(ask(&line.known.fact))
}

/// A value that a reader would replace by something from elsewhere.
fn reference(sight: &Sight<'_>, line: &Line<'_>, readings: &[(Reader, Reading<'_>)]) -> Option<Finding> {
    let value = line.entry.value()?;
    let text = value.as_str();
    let expands = |reading: &Reading<'_>| reading.pairs.iter().any(|p| p.key == line.entry.key() && p.unsure.is_some());
    if !readings.iter().any(|(_, reading)| expands(reading)) || !names_another(text) {
        return None;
    }
    let filled = line.read_by.iter().all(|(_, reading)| expands(reading));
    Some(if filled && is_known_here(sight, line.entry.key(), text) { filled_elsewhere(line) } else { refers(line) })
}

/// Whether each variable that is named is set by the file or where labwizard runs, or has a value for when it is not.
fn is_known_here(sight: &Sight<'_>, key: &str, text: &str) -> bool {
    let stands =
        |name: &str| name != key && sight.document.entries().any(|entry| !entry.is_commented() && entry.key() == name);
    let set = |name: &str| stands(name) || sight.traps.environment.iter().any(|one| one == name);
    text.split('$').skip(1).all(|rest| {
        let (rest, braced) = rest.strip_prefix('{').map_or((rest, false), |rest| (rest, true));
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let (name, behind) = rest.split_at(end);
        name.is_empty() || set(name) || (braced && behind.trim_start_matches(':').starts_with('-'))
    })
}

/// The tool's reader puts the value in: a secret that a program keeps is kept well.
fn filled_elsewhere(line: &Line<'_>) -> Finding {
    line.finding(
        codes::FILE_REFERENCE,
        Warning,
        format!("{} was not tested: its value is put in when the file is loaded.", line.key),
        "labwizard runs no command of a file and fills in nothing from its environment, so it signed in to nothing with it.",
    )
    .say("Leave it so where the tool works.")
}

/// `${NAME}`, `$(command)`, `` `command` ``, and `$NAME` alone.
fn names_another(text: &str) -> bool {
    let alone = text.strip_prefix('$').is_some_and(|name| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    });
    alone || text.contains("${") || text.contains("$(") || text.matches('`').count() > 1
}

/// A value that not every reader takes as it stands.
fn differs(line: &Line<'_>) -> Option<Finding> {
    let value = line.entry.value()?;
    if value.is_blank() {
        return None;
    }
    let key = line.entry.key();
    let holds = |(reader, reading): &&(Reader, Reading<'_>)| reading.value(key, *reader).map(Text::new);
    // What all of them hold is what the tool has, whatever another program would make of the line.
    let mut held = line.read_by.iter().map(holds);
    if let Some(Some(first)) = held.next()
        && held.all(|value| value.as_ref() == Some(&first))
    {
        return None;
    }
    let takes = |(reader, reading): &&(Reader, Reading<'_>)| reading.value(key, *reader) == Some(value.as_str());
    let (agree, differ): (Vec<_>, Vec<_>) = line.read_by.iter().copied().partition(takes);
    let (other, reading) = differ.first()?;
    let rewrite = Mend::Rewrite { key: key.to_owned() };
    let unseen = reading.value(key, *other).is_some_and(|text| text.chars().any(|c| is_hidden(c) || c == '\u{a0}'));
    let fix = "Write key, “=” and value without blanks between, without “export”, with no comment behind; a value with blanks, # or $ in single quotes.";
    let severity = if agree.is_empty() { Error } else { Warning };
    let why = why(line, reading);
    let finding = if unseen {
        line.finding(
            codes::FILE_HIDDEN,
            severity,
            format!("{} holds characters that nobody sees.", line.key),
            format!("They came along with copying, and {other} takes them for a part of the value."),
        )
        .say("Take them out; the value itself is good.")
    } else if let Some((first, _)) = agree.first() {
        line.finding(
            codes::FILE_READERS,
            severity,
            format!("{} is not read alike by {first} and {other}.", line.key),
            format!("Which of the two the tool uses decides what it holds. Of {other}: {why}"),
        )
        .say(fix)
    } else {
        let code = if *other == Reader::Sh { codes::FILE_SHELL } else { codes::FILE_READERS };
        line.finding(code, severity, format!("{} is not read as it stands by {other}.", line.key), why).say(fix)
    };
    Some(finding.mend(rewrite))
}

/// Whether it is about how readers take a line, and not about the value in it.
fn is_unlike(finding: &Finding) -> bool {
    [codes::FILE_READERS, codes::FILE_SHELL].contains(&finding.code) && finding.severity > Info
}

/// Lines that are taken apart for one reason are one finding, which names them all.
fn by_cause(lines: Vec<(usize, String, Finding)>) -> Vec<Finding> {
    let mut groups: Vec<Vec<(usize, String, Finding)>> = Vec::new();
    for line in lines {
        let alike = |group: &&mut Vec<(usize, String, Finding)>| {
            let (first, one) = (&group[0].2, &line.2);
            first.code == one.code && first.severity == one.severity && first.cause == one.cause
        };
        match groups.iter_mut().find(alike) {
            Some(group) => group.push(line),
            None => groups.push(vec![line]),
        }
    }
    groups.into_iter().map(as_one).collect()
}

fn as_one(mut group: Vec<(usize, String, Finding)>) -> Finding {
    let (_, key, mut finding) = group.remove(0);
    if group.is_empty() {
        return finding;
    }
    let rest = finding.title.strip_prefix(&format!("{key} is ")).unwrap_or(&finding.title).to_owned();
    finding.title = format!("{} keys are {rest}", group.len() + 1);
    for seen in &mut finding.evidence {
        *seen = format!("{seen}: {key}");
    }
    for (line, key, other) in group {
        finding.evidence.push(format!("line {line}: {key}"));
        finding.mends.extend(other.mends);
    }
    finding
}

/// Why a reader takes something else, by its own words for this line, else by what stands in it.
fn why(line: &Line<'_>, reading: &Reading<'_>) -> String {
    let key = line.entry.key();
    let unsure = reading.pairs.iter().rfind(|pair| pair.key == key).and_then(|pair| pair.unsure);
    let fault = reading.faults.iter().find(|fault| fault.line == line.entry.line()).map(|fault| fault.why);
    if let Some(why) = unsure.or(fault) {
        return upper_first(why);
    }
    if !reading.pairs.iter().any(|pair| pair.key == key) {
        return "It does not see the key: blanks around the “=”, or “export” in front.".into();
    }
    "Quotes, backslashes and comments behind a value are not read alike by all programs.".into()
}

/// Whether bash takes a “!” for an earlier command: not before a blank, “=”, “(”, or the closing quote (bash 5.2, HISTORY
/// EXPANSION).
fn calls_up(raw: &str) -> bool {
    raw.split('!').skip(1).any(|behind| !(behind.is_empty() || behind.starts_with([' ', '\t', '=', '(', '"'])))
}

/// A “!” in double quotes is safe where the file is loaded, and not where its line is pasted.
fn pasted_into_a_shell(sight: &Sight<'_>, line: &Line<'_>) -> Option<Finding> {
    let raw = line.entry.written();
    let read_by_shell = sight.form.held_against().contains(&Reader::Sh);
    (sight.document.dialect() == Dialect::Dotenv && read_by_shell && raw.starts_with('"') && calls_up(raw)).then(|| {
        line.finding(
            codes::FILE_SHELL,
            Info,
            format!("{} holds a “!” in double quotes.", line.key),
            "A shell that loads the file reads it as it stands. A line of it pasted into bash ends in “event not found”: there a “!” in double quotes calls up an earlier command.",
        )
        .say("Single quotes hold it in both.")
    })
}

/// Lines that begin with a key of the target and are no `KEY=value`.
fn no_lines(sight: &Sight<'_>, out: &mut Judged) -> Vec<Told> {
    if sight.document.dialect() != Dialect::Dotenv {
        return Vec::new();
    }
    let text = sight.document.text().as_str();
    let lines: Vec<&str> = text.split('\n').collect();
    let mut told = Vec::new();
    for fault in read_as(Reader::PythonDotenv, text).faults {
        let Some(line) = lines.get(fault.line.saturating_sub(1)) else { continue };
        let word = line.trim_start();
        let end = word.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(word.len());
        let key = &word[..end];
        let stands = sight.document.entries().any(|entry| !entry.is_commented() && entry.key() == key);
        let Some(known) = sight.known(key).filter(|_| !stands) else { continue };
        out.unfit.push(key.to_owned());
        out.findings.push(
            about(
                codes::FILE_DAMAGED,
                Error,
                &known.fact,
                fault.line,
                format!("The line of {} cannot be read.", visible(key)),
                "Between key and value belongs “=”; programs skip a line without it.",
            )
            .say(format!("Write {}, then “=” and the value.", visible(key)))
            .mended(ask(&known.fact)),
        );
        told.push(Told { of: known.of, instance: known.instance });
    }
    told
}

//! Writing `.env` lines: the smallest change to a line after which every reader of the target reads the value back.

use std::collections::HashSet;

use super::BOM;
use super::scan::is_space;
use crate::domain::Text;
use crate::format::document::{Dialect, Document, Form, Slot};
use crate::format::edit::{Edit, Edited};
use crate::format::error::EditError;
use crate::format::quote;
use crate::format::readers::{Pair, Reader, Reading, read_as};
use crate::format::splice::{self, Writer, line_ending};

pub(in crate::format) fn apply(
    document: &Document,
    edits: &[Edit],
    readers: &[Reader],
    heading: Option<&'static str>,
) -> Result<Edited, EditError> {
    let asked: HashSet<&str> = edits.iter().map(|edit| edit.key.as_str()).collect();
    // A quote left open elsewhere would swallow a quote of ours.
    for slot in document.slots() {
        if slot.form == Form::Open && !slot.commented && !asked.contains(document.slice(&slot.key)) {
            return Err(EditError::Damaged { line: slot.line, why: "a quote opens and is not closed" });
        }
    }
    for edit in edits {
        if let Some(value) = edit.value.as_text()
            && let Some(why) = quote::refusal(value.as_str())
        {
            return Err(EditError::BadValue { key: edit.key.clone(), why });
        }
        if edit.key.is_empty()
            || edit.key.as_bytes()[0].is_ascii_digit()
            || !edit.key.chars().all(super::is_name_char)
            || edit.key == "export"
        {
            return Err(EditError::BadKey { key: edit.key.clone() });
        }
    }
    let writer = DotenvWriter { document, readers };
    let mut spliced = splice::splice(document, edits, heading, &writer)?;
    let failed = |what| EditError::CheckFailed { what, key: None, reader: None };
    let new = Document::parse(Dialect::Dotenv, spliced.new).map_err(|_| failed("it cannot be read any more"))?;
    splice::check_structure(document, &new, edits, &mut spliced.changed)?;
    // A key of which only lines go is to every reader what it is without them, like all that is not ours.
    let written: Vec<Edit> = edits.iter().filter(|edit| !edit.value.only_lines()).cloned().collect();
    let edits = written.as_slice();
    for &reader in readers {
        if reads_line_by_line_or_as_document(reader, &new, edits) {
            // every other line is the same to the byte and read for itself: only our own are left to be looked at
            for slot in new.slots().iter().filter(|slot| !slot.commented) {
                if let Some(edit) = edits.iter().find(|edit| edit.key == new.slice(&slot.key)) {
                    check_values(reader, &read_as(reader, new.slice(&slot.whole)), std::slice::from_ref(edit))?;
                }
            }
        } else {
            check_reader(reader, new.text().as_str(), spliced.rest.as_str(), edits)?;
        }
    }
    Ok(Edited { document: new, changed: spliced.changed })
}

/// Whether the reader's view of the other lines is known to be the same: python-dotenv's is the document itself, which was
/// compared; the line by line reader carries nothing over, and our keys stand nowhere else in the text.
fn reads_line_by_line_or_as_document(reader: Reader, new: &Document, edits: &[Edit]) -> bool {
    let text = new.text().as_str();
    let own_lines =
        |edit: &Edit| new.slots().iter().filter(|slot| !slot.commented && new.slice(&slot.key) == edit.key).count();
    !text.starts_with(BOM)
        && match reader {
            Reader::PythonDotenv => true,
            Reader::Naive => edits.iter().all(|edit| text.matches(&edit.key).count() == own_lines(edit)),
            _ => false,
        }
}

/// By this reader's rules: our keys hold what was asked, and everything else is what it is without our lines (`rest`).
fn check_reader(reader: Reader, new: &str, rest: &str, edits: &[Edit]) -> Result<(), EditError> {
    let (after, before) = (read_as(reader, new), read_as(reader, rest));
    if let Some(stop) = after.stop() {
        return Err(EditError::Unreadable { reader, line: stop.line, why: stop.why });
    }
    let is_other = |pair: &&Pair<'_>| !edits.iter().any(|edit| is_ours(pair.key, &edit.key));
    let mut others = before.pairs.iter().filter(is_other);
    let same = after.pairs.iter().filter(is_other).all(|mine| {
        others.next().is_some_and(|theirs| {
            mine.key == theirs.key && mine.value.as_str() == theirs.value.as_str() && mine.unsure == theirs.unsure
        })
    });
    if !same || others.next().is_some() || after.faults.len() != before.faults.len() {
        let what = "this reader takes another key differently";
        return Err(EditError::CheckFailed { what, key: None, reader: Some(reader) });
    }
    check_values(reader, &after, edits)
}

fn check_values(reader: Reader, after: &Reading<'_>, edits: &[Edit]) -> Result<(), EditError> {
    for edit in edits {
        let times = after.pairs.iter().filter(|pair| pair.key == edit.key).count();
        let right = match edit.value.as_text() {
            Some(value) => after.value(&edit.key, reader) == Some(value.as_str()) && times == 1,
            None => times == 0,
        };
        if !right {
            let what = "this reader does not hold the new value";
            return Err(EditError::CheckFailed { what, key: Some(edit.key.clone()), reader: Some(reader) });
        }
    }
    Ok(())
}

/// Whether a reader's key is this one of ours, be it with a BOM, `export` or quotes that the reader takes for a part of it.
fn is_ours(key: &str, ours: &str) -> bool {
    if key.len() <= ours.len() {
        return key == ours;
    }
    let key = key.trim_end_matches('\'').trim_start_matches(BOM);
    key.strip_suffix(ours).is_some_and(|before| {
        let before = before.trim_end_matches('\'').trim_matches(is_space);
        before.is_empty() || before == "export"
    })
}

struct DotenvWriter<'a> {
    document: &'a Document,
    readers: &'a [Reader],
}

/// The parts of a line that a value is put into.
struct Frame {
    before: String,
    after: String,
}

impl Writer for DotenvWriter<'_> {
    fn rewritten(&self, slot: &Slot, edit: &Edit) -> Result<Option<Text>, EditError> {
        let value = edit.value.as_text().unwrap_or_default();
        let text = self.document.text().as_str();
        let whole = self.document.slice(&slot.whole);
        let at = slot.whole.start;
        let expands = self.expands_when_typed(slot, edit, value.as_str());
        if !slot.commented && !expands && self.readers.iter().all(|&reader| self.holds(reader, whole, edit, &value, at))
        {
            return Ok(None);
        }
        let ending = &whole[whole.trim_end_matches(['\n', '\r']).len()..];
        let comment = self.document.slice(&slot.comment);
        let assignment = &text[slot.key.start..slot.value.start];
        let export = if slot.exported { "export " } else { "" };
        let before = match slot.commented {
            false => text[slot.whole.start..slot.value.start].to_owned(),
            true => format!("{export}{assignment}"),
        };
        let mut frames = vec![Frame { before: before.clone(), after: text[slot.value.end..slot.whole.end].to_owned() }];
        let mut above = String::new();
        if !comment.is_empty() {
            // some reader takes an inline comment for a part of the value: it gets a line of its own
            above = format!("{comment}{}", line_ending(text, slot.whole.end));
            frames.push(Frame { before: format!("{above}{before}"), after: ending.to_owned() });
        }
        // and some take blanks and `export` for a part of the name; only a shell needs the latter
        let export = if self.readers.contains(&Reader::Sh) { export } else { "" };
        frames.push(Frame { before: format!("{above}{export}{}=", edit.key), after: ending.to_owned() });
        let kept = if expands { Form::Single } else { slot.form };
        self.fitting(&frames, Some(kept), edit, &value, at).map(Some)
    }

    fn fresh(&self, edits: &[&Edit], at: usize, _: bool) -> Result<Text, EditError> {
        let ending = line_ending(self.document.text().as_str(), at);
        let mut lines = String::with_capacity(edits.len() * 96);
        for edit in edits {
            let value = edit.value.as_text().unwrap_or_default();
            let frame = Frame { before: format!("{}=", edit.key), after: ending.to_owned() };
            lines.push_str(self.fitting(&[frame], None, edit, &value, at)?.as_str());
        }
        Ok(Text::new(lines))
    }
}

impl DotenvWriter<'_> {
    /// bash takes a `!` between double quotes for its history where somebody types (bash(1), HISTORY EXPANSION).
    fn expands_when_typed(&self, slot: &Slot, edit: &Edit, value: &str) -> bool {
        edit.for_typing && slot.form == Form::Double && value.contains('!') && self.readers.contains(&Reader::Sh)
    }

    /// The first way of writing that all readers read back.
    fn fitting(
        &self,
        frames: &[Frame],
        kept: Option<Form>,
        edit: &Edit,
        value: &Text,
        at: usize,
    ) -> Result<Text, EditError> {
        let kept = kept.filter(|_| !self.readers.contains(&Reader::Naive));
        let forms = quote::dotenv_forms(value.as_str(), kept);
        let written =
            |frame: &Frame, form: &Text| Text::new(format!("{}{}{}", frame.before, form.as_str(), frame.after));
        for frame in frames {
            for form in &forms {
                let lines = written(frame, form);
                if leaves_no_quote_open(lines.as_str())
                    && self.readers.iter().all(|&reader| self.holds(reader, lines.as_str(), edit, value, at))
                {
                    return Ok(lines);
                }
            }
        }
        // to blame: the reader with the fewest ways to hold it in the plainest frame
        let plainest: Vec<Text> = frames
            .last()
            .into_iter()
            .flat_map(|frame| forms.iter().map(|form| written(frame, form)))
            .filter(|lines| leaves_no_quote_open(lines.as_str()))
            .collect();
        let ways = |reader| plainest.iter().filter(|lines| self.holds(reader, lines.as_str(), edit, value, at)).count();
        let (reader, ways) = self
            .readers
            .iter()
            .map(|&reader| (reader, ways(reader)))
            .min_by_key(|&(_, ways)| ways)
            .unwrap_or((Reader::PythonDotenv, 0));
        let why = match ways {
            0 => self.why_not(reader, edit, value, at),
            _ => {
                "the quotes that another reader of this file needs, it takes for a part of the value, or the other way round."
            }
        };
        Err(EditError::CannotHold { key: edit.key.clone(), reader, why })
    }

    /// Whether these lines, standing at this place of the file, are just this pair to the reader.
    fn holds(&self, reader: Reader, lines: &str, edit: &Edit, value: &Text, at: usize) -> bool {
        let with_bom;
        let lines = if self.after_bom(at) {
            with_bom = Text::new(format!("{BOM}{lines}"));
            with_bom.as_str()
        } else {
            lines
        };
        let reading = read_as(reader, lines);
        reading.faults.is_empty()
            && reading.pairs.len() == 1
            && reading.value(&edit.key, reader) == Some(value.as_str())
    }

    fn after_bom(&self, at: usize) -> bool {
        at <= BOM.len() && self.document.text().as_str().starts_with(BOM)
    }

    fn why_not(&self, reader: Reader, edit: &Edit, value: &Text, at: usize) -> &'static str {
        let ending = line_ending(self.document.text().as_str(), at);
        let plain = |ending: &str| {
            let probe = Text::new(format!("{}=x{ending}", edit.key));
            self.holds(reader, probe.as_str(), edit, &Text::from("x"), at)
        };
        if self.after_bom(at) && !plain("\n") {
            return "the file begins with a byte order mark, which it takes for a part of the name.";
        }
        if !plain("\n") {
            return "it does not take this name.";
        }
        if !plain(ending) {
            return "the file's lines end with CR LF, and it takes the CR for a part of the value.";
        }
        match reader {
            Reader::PythonDotenv if value.as_str().contains("${") => {
                "it puts a variable's value in place of ${…}, even in single quotes."
            }
            Reader::Naive => "it strips blanks and quotes from both ends and knows no escapes.",
            Reader::DockerEnvFile => "it takes everything behind the = as it stands.",
            _ => "it has no way of quoting that gives these characters back.",
        }
    }
}

/// A quote left open would, for most readers, swallow the lines that follow, whatever this file's reader makes of it. So a comment
/// with quotes is put behind, and must stay a comment.
fn leaves_no_quote_open(lines: &str) -> bool {
    let end = lines.len() + usize::from(!lines.ends_with(['\n', '\r']));
    let probe = Text::new(format!("{lines}{}# ' \" ' \"\n", if end > lines.len() { "\n" } else { "" }));
    super::slots(probe.as_str()).is_ok_and(|slots| {
        slots.iter().all(|slot| slot.commented || (slot.form != Form::Open && slot.whole.end <= end))
    })
}

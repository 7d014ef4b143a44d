//! What a check found: as one JSON object, and as lines that a person can act on.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

use crate::diagnosis::checked::Checked;
use crate::diagnosis::shared::{Cause, causes, sharing};
use crate::domain::finding::{Finding, Fix, Mend, Severity};
use crate::domain::{shell, visible};
use crate::front::Look;
use crate::front::glyph::Glyph;
use crate::front::shown::shown;
use crate::front::words::cause_in_words;

/// Whether no tool is kept from working: something was checked, and no finding is an error.
pub fn is_ok(files: &[Checked]) -> bool {
    let mut findings = files.iter().flat_map(|file| &file.findings);
    !files.is_empty() && findings.all(|finding| finding.severity != Severity::Error)
}

/// `ok`, and `files`: of each `file`, `target`, `findings`. What is wrong with several files is in each of them, and names all
/// of them as `files`.
pub fn json(files: &[Checked]) -> Value {
    let each = files.iter().enumerate().map(|(at, file)| {
        let findings = file.findings.iter().map(|finding| {
            let mut value = super::finding(finding);
            let all = sharing(files, at, finding);
            if let (Value::Object(object), false) = (&mut value, all.is_empty()) {
                let all = all.iter().map(|path| path.to_string_lossy()).collect::<Vec<_>>();
                object.insert("files".to_owned(), json!(all));
            }
            value
        });
        json!({
            "file": file.path.to_string_lossy(),
            "target": file.target.as_ref().map(|(name, _)| name),
            "proved": file.proved,
            "findings": findings.collect::<Vec<_>>(),
        })
    });
    json!({ "ok": is_ok(files), "files": each.collect::<Vec<_>>() })
}

/// A JSON text whose strings hold nothing that acts on a terminal or hides: such characters stand there escaped.
pub fn escaped(json: &Value) -> String {
    let mut out = String::new();
    let mut units = [0; 2];
    for letter in json.to_string().chars() {
        if letter.is_ascii() && letter != '\u{7f}' || visible(letter.encode_utf8(&mut [0; 4])).chars().eq([letter]) {
            out.push(letter);
        } else {
            for unit in letter.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    out
}

/// How lines are set.
#[derive(Clone, Copy, Debug)]
pub struct Sheet<'a> {
    pub look: Look,
    /// The columns that there are; none where nobody looks at them.
    pub width: Option<usize>,
    /// The folder one stands in: paths below it are shown without it.
    pub here: &'a Path,
}

/// The lines for a person: per file what was proved and what is wrong; at the end what labwizard can mend.
pub fn lines(files: &[Checked], sheet: Sheet<'_>) -> Vec<String> {
    let causes = causes(files);
    let mut lines = Vec::new();
    for (at, file) in files.iter().enumerate() {
        if at > 0 {
            lines.push(String::new());
        }
        lines.extend(sheet.file(files, at, file, &causes));
    }
    lines.push(String::new());
    lines.extend(sheet.end(files, &causes));
    lines
}

impl Sheet<'_> {
    fn file(&self, files: &[Checked], at: usize, file: &Checked, causes: &[Cause<'_>]) -> Vec<String> {
        let title = file.target.as_ref().map(|(_, title)| format!(" {} {title}", Glyph::Dot.of(false)));
        let mut lines = vec![self.text(&format!("{}{}", self.path(&file.path), title.unwrap_or_default()))];
        for sentence in &file.proved {
            lines.extend(self.marked(Glyph::Good, sentence));
        }
        for finding in &file.findings {
            let cause = causes.iter().find(|cause| cause.files.contains(&at) && *cause.finding == *finding);
            let mark = if finding.severity == Severity::Error { Glyph::Bad } else { Glyph::Warning };
            let head = format!("{}: {}", finding.severity.word(), finding.title);
            match cause.map(|cause| cause.files.as_slice()) {
                Some([first, ..]) if *first != at => {
                    lines.extend(self.marked(mark, &format!("{head} See {} above.", self.path(&files[*first].path))));
                }
                Some([_, others @ ..]) if !others.is_empty() => {
                    lines.extend(self.marked(mark, &head));
                    let others: Vec<String> = others.iter().map(|one| self.path(&files[*one].path)).collect();
                    lines.extend(self.prose(4, &format!("The same in {}.", others.join(", "))));
                    lines.extend(self.finding(finding));
                }
                _ => {
                    lines.extend(self.marked(mark, &head));
                    lines.extend(self.finding(finding));
                }
            }
        }
        if file.proved.is_empty() && file.findings.is_empty() {
            lines.extend(self.marked(Glyph::Good, "Nothing in its text is wrong; no host was asked."));
        }
        lines
    }

    /// Everything of a finding below its first line.
    fn finding(&self, finding: &Finding) -> Vec<String> {
        let mut lines = self.prose(4, &finding.cause);
        lines.extend(finding.evidence.iter().flat_map(|seen| self.prose(6, seen)));
        if !finding.possible.is_empty() {
            let causes: Vec<String> = finding.possible.iter().map(|code| cause_in_words(*code)).collect();
            lines.extend(self.prose(4, &format!("It may be, likeliest first: {}.", causes.join("; "))));
        }
        for fix in &finding.fix {
            match fix {
                Fix::Say(sentence) => lines.extend(self.prose(4, &format!("{} {sentence}", Glyph::Arrow.of(false)))),
                Fix::Run { on, command } => {
                    lines.extend(self.prose(4, &format!("{} {on}:", Glyph::Arrow.of(false))));
                    // A command is copied whole, so it is never broken.
                    lines.extend(command.lines().map(|line| format!("      {}", self.text(line))));
                }
            }
        }
        lines
    }

    fn end(&self, files: &[Checked], causes: &[Cause<'_>]) -> Vec<String> {
        let count = |severity| causes.iter().filter(|cause| cause.finding.severity == severity).count();
        let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
        let files_in_words = counted(files.len(), "file");
        let sum = match (errors, warnings) {
            (0, 0) => format!("{files_in_words} checked, nothing is wrong."),
            (0, warnings) => {
                format!("{files_in_words} checked: {}, and every tool can work.", counted(warnings, "warning"))
            }
            (errors, 0) => format!("{files_in_words} checked: {}.", counted(errors, "error")),
            (errors, warnings) => {
                format!("{files_in_words} checked: {} and {}.", counted(errors, "error"), counted(warnings, "warning"))
            }
        };
        let mut lines = self.prose(0, &sum);
        for file in files {
            let mut all: Vec<&str> = file.findings.iter().flat_map(|one| &one.mends).map(mend_in_words).collect();
            let mut once: Vec<&str> = Vec::new();
            all.drain(..).for_each(|words| {
                if !once.contains(&words) {
                    once.push(words)
                }
            });
            // A name that no shell takes as it is has no command.
            if let (false, Ok(path)) = (once.is_empty(), shell::quote(&self.path(&file.path))) {
                lines.extend(
                    self.prose(0, &format!("To mend it, with a look at each change first: {}", once.join("; "))),
                );
                lines.push(format!("  {}", self.text(&format!("labwizard {path}"))));
            }
        }
        lines
    }

    fn marked(&self, mark: Glyph, text: &str) -> Vec<String> {
        let mut lines = self.prose(4, text);
        let sign = mark.of(self.look.ascii);
        let sign = match (mark, self.look.color) {
            (_, false) => sign.to_owned(),
            (Glyph::Good, true) => format!("\u{1b}[32m{sign}\u{1b}[0m"),
            (Glyph::Bad, true) => format!("\u{1b}[31m{sign}\u{1b}[0m"),
            (_, true) => format!("\u{1b}[33m{sign}\u{1b}[0m"),
        };
        if let Some(first) = lines.first_mut() {
            *first = format!("  {sign} {}", first.trim_start());
        }
        lines
    }

    /// Our own sentences, broken between words where somebody looks at them.
    fn prose(&self, indent: usize, text: &str) -> Vec<String> {
        let text = self.text(text);
        let room = self.width.map_or(usize::MAX, |width| width.min(100).saturating_sub(indent).max(20));
        let mut lines: Vec<String> = Vec::new();
        let mut line = String::new();
        for word in text.split(' ') {
            if !line.is_empty() && line.width() + 1 + word.width() > room {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
        lines.into_iter().map(|line| format!("{:indent$}{line}", "")).collect()
    }

    fn text(&self, text: &str) -> String {
        shown(text, self.look.ascii).into_owned()
    }

    fn path(&self, path: &PathBuf) -> String {
        path.strip_prefix(self.here).unwrap_or(path).display().to_string()
    }
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

fn mend_in_words(mend: &Mend) -> &'static str {
    match mend {
        Mend::Ask(_) => "ask for the right value",
        Mend::Rewrite { .. } => "write what stands there in the right shape",
        Mend::Remove { .. } => "remove a line",
        Mend::Close => "close the file to others",
        Mend::Ignore => "keep the file out of git",
        Mend::Grant => "grant exactly what is missing",
        Mend::NewSecret => "make a new secret",
        Mend::NewToken => "make another token",
        Mend::Certificate => "compare the certificate",
        Mend::Verify => "switch on verification",
        Mend::LookUp => "sign in and look up the reason",
    }
}

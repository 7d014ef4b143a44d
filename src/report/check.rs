//! What a check found: as one JSON object, and as lines that a person can act on.

use std::path::Path;

use serde_json::{Value, json};

use crate::diagnosis::checked::Checked;
use crate::diagnosis::shared::{Cause, causes, sharing};
use crate::domain::finding::{Finding, Fix, Severity};
use crate::domain::{shell, visible};
use crate::front::Look;
use crate::front::glyph::Glyph;
use crate::front::shown::shown;
use crate::front::words::{self, cause_in_words};

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
    /// No file was named: what lies here comes first, then what earlier runs wrote elsewhere.
    pub found: bool,
}

/// The lines for a person: per file what was proved and what is wrong; at the end what labwizard can mend.
pub fn lines(files: &[Checked], sheet: Sheet<'_>) -> Vec<String> {
    let causes = causes(files);
    let mut lines = Vec::new();
    for (at, file) in files.iter().enumerate() {
        let elsewhere = |at: usize| sheet.found && !files[at].path.starts_with(sheet.here);
        let earlier = elsewhere(at);
        if earlier && !at.checked_sub(1).is_some_and(elsewhere) {
            lines.extend((at > 0).then(String::new));
            lines.extend(sheet.prose(0, "Also, written in earlier runs:"));
        }
        if earlier && file.findings.is_empty() && !file.proved.is_empty() {
            lines.extend(sheet.marked(Glyph::Good, &format!("{}: nothing is wrong.", sheet.title(file))));
            continue;
        }
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
        let mut lines = vec![self.text(&self.title(file))];
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
                    lines.extend(self.finding(finding, file));
                }
                _ => {
                    lines.extend(self.marked(mark, &head));
                    lines.extend(self.finding(finding, file));
                }
            }
        }
        if file.proved.is_empty() && file.findings.is_empty() {
            lines.extend(self.marked(Glyph::Good, "Nothing in its text is wrong; no host was asked."));
        }
        lines
    }

    /// The file, and whose it is.
    fn title(&self, file: &Checked) -> String {
        let title = file.target.as_ref().map(|(_, title)| format!(" {} {title}", Glyph::Dot.of(false)));
        format!("{}{}", self.path(&file.path), title.unwrap_or_default())
    }

    /// Everything of a finding below its first line.
    fn finding(&self, finding: &Finding, file: &Checked) -> Vec<String> {
        let mut lines = self.prose(4, &finding.cause);
        lines.extend(finding.evidence.iter().flat_map(|seen| self.prose(6, seen)));
        if !finding.possible.is_empty() {
            let causes: Vec<String> = finding.possible.iter().map(|code| cause_in_words(*code)).collect();
            lines.extend(self.prose(4, &format!("It may be, likeliest first: {}.", causes.join("; "))));
        }
        let mut place = None;
        for fix in &finding.fix {
            let before = place.take();
            match fix {
                Fix::Say(sentence) => {
                    let sentence = self.named(sentence, file);
                    lines.extend(self.prose(4, &format!("{} {sentence}", Glyph::Arrow.of(false))));
                }
                Fix::Run { on, command } => {
                    // Where the last one was run too is not said again.
                    if before != Some(on) {
                        lines.extend(self.prose(4, &format!("{} {on}:", Glyph::Arrow.of(false))));
                    }
                    place = Some(on);
                    // A command is copied whole, so it is never broken.
                    lines.extend(command.lines().map(|line| format!("      {}", self.text(line))));
                }
            }
        }
        lines
    }

    /// A sentence with this file in place of `FILE`, so that its command can be pasted.
    fn named(&self, sentence: &str, file: &Checked) -> String {
        match shell::quote(&self.path(&file.path)) {
            Ok(path) => sentence.replace("labwizard FILE", &format!("labwizard {path}")),
            Err(_) => sentence.to_owned(),
        }
    }

    fn end(&self, files: &[Checked], causes: &[Cause<'_>]) -> Vec<String> {
        let count = |severity| causes.iter().filter(|cause| cause.finding.severity == severity).count();
        let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
        let files_in_words = counted(files.len(), "file");
        let sum = match (errors, warnings) {
            (0, 0) => format!("{files_in_words} checked, nothing is wrong."),
            (0, warnings) => {
                let end = match files.iter().all(|file| file.signed_in) {
                    true => ", and every tool can work",
                    false => ", and no error; not everything was tested",
                };
                format!("{files_in_words} checked: {}{end}.", counted(warnings, "warning"))
            }
            (errors, 0) => format!("{files_in_words} checked: {}.", counted(errors, "error")),
            (errors, warnings) => {
                format!("{files_in_words} checked: {} and {}.", counted(errors, "error"), counted(warnings, "warning"))
            }
        };
        let mut lines = self.prose(0, &sum);
        let mended = files.iter().filter(|file| file.findings.iter().any(|finding| !finding.mends.is_empty()));
        // A name that no shell takes as it is has no command.
        let commands = mended.filter_map(|file| shell::quote(&self.path(&file.path)).ok());
        let commands: Vec<String> = commands.map(|path| self.text(&format!("labwizard {path}"))).collect();
        if !commands.is_empty() {
            lines.extend(self.prose(0, "labwizard can mend it with you, and shows each change before it makes it:"));
            lines.extend(commands.into_iter().map(|command| format!("  {command}")));
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
        let lines = words::folded(&text, room);
        lines.into_iter().map(|line| format!("{:indent$}{line}", "")).collect()
    }

    fn text(&self, text: &str) -> String {
        shown(text, self.look.ascii).into_owned()
    }

    fn path(&self, path: &Path) -> String {
        path.strip_prefix(self.here).unwrap_or(path).display().to_string()
    }
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::diagnosis::codes;
    use crate::domain::finding::{Mend, Step};

    fn finding(title: &str, severity: Severity) -> Finding {
        Finding::new(codes::CONNECT_REFUSED, severity, Step::Host, title, "Nothing listens there.")
            .seen("port 8006: refused")
            .say("Check the address.")
            .run("root's shell on the host", "systemctl status pveproxy")
            .mend(Mend::Close)
    }

    fn file(name: &str, findings: Vec<Finding>) -> Checked {
        let target = Some(("tool".to_owned(), "Tool".to_owned()));
        let proved = if findings.is_empty() { vec!["It signs in.".to_owned()] } else { Vec::new() };
        Checked { path: PathBuf::from("/here").join(name), target, proved, findings, signed_in: true }
    }

    fn sheet() -> Sheet<'static> {
        Sheet { look: Look { color: false, ascii: false }, width: None, here: Path::new("/here"), found: false }
    }

    #[test]
    fn one_cause_stands_once_and_names_all_its_files() {
        let one = || vec![finding("Nobody is there.", Severity::Error)];
        let files = [file("a.env", one()), file("b c.env", one()), file("d.env", Vec::new())];
        let text = lines(&files, sheet()).join("\n");
        insta::assert_snapshot!(text, @r"
        a.env · Tool
          ✗ error: Nobody is there.
            The same in b c.env.
            Nothing listens there.
              port 8006: refused
            → Check the address.
            → root's shell on the host:
              systemctl status pveproxy

        b c.env · Tool
          ✗ error: Nobody is there. See a.env above.

        d.env · Tool
          ✓ It signs in.

        3 files checked: 1 error.
        labwizard can mend it with you, and shows each change before it makes it:
          labwizard a.env
          labwizard 'b c.env'
        ");
        assert!(!is_ok(&files));
        let json = json(&files);
        assert_eq!(json["files"][1]["findings"][0]["files"], json!(["/here/a.env", "/here/b c.env"]));
    }

    #[test]
    fn what_earlier_runs_wrote_elsewhere_stands_under_a_line_of_its_own_and_is_short_where_nothing_is_wrong() {
        let elsewhere =
            |name: &str, findings| Checked { path: PathBuf::from("/far").join(name), ..file(name, findings) };
        let wrong = vec![finding("Nobody is there.", Severity::Error)];
        let files = [file("a.env", Vec::new()), elsewhere("b.env", Vec::new()), elsewhere("c.env", wrong)];
        let text = lines(&files, Sheet { found: true, ..sheet() }).join("\n");
        let found = "a.env · Tool\n  ✓ It signs in.\n\nAlso, written in earlier runs:\n  ✓ /far/b.env · Tool: nothing is wrong.\n\n\
                     /far/c.env · Tool\n  ✗ error: Nobody is there.\n";
        assert!(text.starts_with(found), "{text}");
        assert!(!lines(&files, sheet()).join("\n").contains("earlier runs"), "each was named");
    }

    #[test]
    fn a_command_for_the_file_names_it() {
        let wrong = finding("Who is it?", Severity::Error).say("labwizard FILE looks up which it is.");
        let text = lines(&[file("b c.env", vec![wrong])], sheet()).join("\n");
        assert!(text.contains("→ labwizard 'b c.env' looks up which it is.") && !text.contains("FILE"), "{text}");
    }

    #[test]
    fn a_warning_keeps_no_tool_from_working_and_no_file_is_not_well() {
        assert!(is_ok(&[file("a", vec![finding("x", Severity::Warning)])]));
        assert!(!is_ok(&[]));
    }

    #[test]
    fn sentences_are_broken_between_words_and_commands_never() {
        let sheet = Sheet { width: Some(30), look: Look { color: false, ascii: true }, ..sheet() };
        let mut long = finding("A title that is longer than thirty columns are.", Severity::Error);
        long.fix = vec![Fix::Run { on: "root".into(), command: "x".repeat(60) }];
        let text = lines(&[file("a", vec![long])], sheet);
        assert!(text.iter().all(|line| line.chars().count() <= 30 || line.trim() == "x".repeat(60)), "{text:#?}");
        assert!(text.contains(&"  x error: A title that is".to_owned()), "{text:#?}");
    }

    #[test]
    fn no_character_of_a_json_text_acts_on_a_terminal_and_all_are_there() {
        let value = json!({ "a": "\u{1b}\u{9b}\u{202e}\u{200b}\u{e0041}é\u{7f}\n" });
        let text = escaped(&value);
        assert!(text.chars().all(|c| c.is_ascii_graphic() || c == 'é'), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }
}

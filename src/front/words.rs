//! Pages as plain lines: for line by line, for the bare view, and for what stays on the screen after quitting.
//!
//! Each line says by itself what it is; nothing is drawn, framed or wrapped. Secrets are dots.

use std::collections::BTreeSet;

use unicode_width::UnicodeWidthStr;

use crate::diagnosis::codes;
use crate::domain::{Certificate, Code, Finding, Fix};
use crate::front::glyph::Glyph;
use crate::front::shown::shown;
use crate::wizard::page::{Block, CertificateCard, DiffSide, Field, LinkState, Page, Pick, PlanLine, RoadLink, Tone};

/// How many items of a list are written out.
const LONGEST_LIST: usize = 30;

/// The plain lines of a page: banner, title, blocks.
pub fn page(page: &Page, ascii: bool) -> Vec<String> {
    let mut lines: Vec<String> = page.banner.iter().cloned().collect();
    lines.push(page.title.clone());
    for part in page.blocks.iter().map(block) {
        lines.push(String::new());
        lines.extend(part);
    }
    fit(lines, ascii)
}

/// Makes lines fit to be shown, and one line of each.
pub fn fit(lines: Vec<String>, ascii: bool) -> Vec<String> {
    lines.iter().flat_map(|line| line.split('\n')).map(|line| shown(line, ascii).trim_end().to_owned()).collect()
}

/// Folds a line at blanks, to at most so many columns where its words allow; what is carried over stands below the line's own text.
pub fn folded(line: &str, width: usize) -> Vec<String> {
    let indent = line.len() - line.trim_start().len();
    let mut lines = Vec::new();
    let mut now = line[..indent].to_owned();
    for word in line[indent..].split(' ') {
        let begun = now.len() > indent;
        if begun && now.width() + 1 + word.width() > width {
            lines.push(std::mem::replace(&mut now, " ".repeat(indent)));
        } else if begun {
            now.push(' ');
        }
        now.push_str(word);
    }
    lines.push(now);
    lines
}

/// The commands of a page, which are never folded: they are copied whole.
pub fn commands(page: &Page) -> BTreeSet<String> {
    let of_findings = |findings: &[Finding]| -> Vec<String> {
        let fixes = findings.iter().flat_map(|finding| &finding.fix);
        fixes.filter_map(|fix| if let Fix::Run { command, .. } = fix { Some(command.clone()) } else { None }).collect()
    };
    let of_block = |block: &Block| match block {
        Block::Command(command) => command.text.lines().map(str::to_owned).collect(),
        Block::Findings(findings) => of_findings(findings),
        _ => Vec::new(),
    };
    page.blocks.iter().flat_map(of_block).collect()
}

/// The lines of one block; questions with their answer so far.
pub fn block(block: &Block) -> Vec<String> {
    match block {
        Block::Text(paragraph) => vec![match paragraph.tone {
            Tone::Plain | Tone::Quiet => paragraph.text.clone(),
            Tone::Good => format!("{} {}", Glyph::Good.of(false), paragraph.text),
            Tone::Warning => format!("Warning: {}", paragraph.text),
            Tone::Bad => format!("Error: {}", paragraph.text),
        }],
        Block::Field(field) => vec![format!("{}: {}", field.label, value(field))],
        Block::Choice(choice) => {
            let mut lines: Vec<String> =
                Some(&choice.label).filter(|label| !label.is_empty()).cloned().into_iter().collect();
            for option in &choice.options {
                let mark = if choice.chosen.as_ref() == Some(&option.id) { Glyph::Here.of(false) } else { " " };
                lines.push(format!("{mark} {}", option.title));
                lines.extend(option.about.iter().map(|about| format!("    {about}")));
            }
            lines
        }
        Block::Pick(pick) => picks(pick),
        Block::Road(links) => links.iter().map(link).collect(),
        Block::Certificate(card) => certificate(card),
        Block::Findings(findings) => findings.iter().flat_map(finding).collect(),
        Block::Plan(groups) => {
            let mut number = 0;
            let mut lines = Vec::new();
            for group in groups {
                lines.push(group.heading.clone());
                for action in &group.actions {
                    number += 1;
                    lines.push(planned(number, action));
                }
            }
            lines
        }
        Block::Diff(diff) => {
            let mut lines =
                vec![if diff.about.is_empty() { diff.path.clone() } else { format!("{} ({})", diff.path, diff.about) }];
            lines.extend(diff.lines.iter().map(|(side, line)| match side {
                DiffSide::Removed => format!("- {line}"),
                DiffSide::Added => format!("+ {line}"),
                DiffSide::Kept => format!("  {line}"),
            }));
            if !diff.notes.is_empty() {
                lines.push(joined(&diff.notes));
            }
            lines
        }
        Block::Command(command) => {
            let mut lines: Vec<String> =
                Some(&command.about).filter(|about| !about.is_empty()).cloned().into_iter().collect();
            lines.extend(command.text.lines().map(|line| format!("  {line}")));
            lines
        }
        Block::Facts(facts) => facts.iter().map(|(name, value)| format!("{name}: {value}")).collect(),
    }
}

/// A field's text as it may be shown: a secret as dots.
pub fn value(field: &Field) -> String {
    match (field.value.as_str(), field.secret) {
        ("", _) => field.placeholder.clone(),
        (_, true) => crate::domain::MASK.to_owned(),
        (text, false) => text.to_owned(),
    }
}

fn picks(pick: &Pick) -> Vec<String> {
    let chosen = pick.items.iter().find(|item| Some(&item.id) == pick.chosen.as_ref());
    let picked = chosen.map_or(if pick.items.is_empty() { pick.empty.as_str() } else { "" }, |item| &item.title);
    let mut lines = vec![format!("{}: {picked}", pick.label)];
    lines.extend(pick.items.iter().take(LONGEST_LIST).map(|item| format!("    {}   {}", item.title, item.about)));
    if pick.items.len() > LONGEST_LIST {
        lines.push(format!("    … and {} more", pick.items.len() - LONGEST_LIST));
    }
    lines
}

/// The word of how far something is.
pub fn state(state: LinkState) -> &'static str {
    match state {
        LinkState::Waiting => "waits",
        LinkState::Running => "runs",
        LinkState::Good => "ok",
        LinkState::Warning => "warning",
        LinkState::Broken => "failed",
    }
}

/// `connect: ok, port 8006 (2 ms)`.
pub fn link(link: &RoadLink) -> String {
    let took = link.took_ms.map(|ms| format!(" ({ms} ms)")).unwrap_or_default();
    format!("{}: {}, {}{took}", link.word, state(link.state), link.sentence)
}

/// `3. make the token: ok, it is made`.
pub fn planned(number: usize, action: &PlanLine) -> String {
    let mut line = format!("{number}. {}", action.sentence);
    if action.state != LinkState::Waiting {
        line.truncate(line.trim_end_matches('.').len());
        line.push_str(": ");
        line.push_str(state(action.state));
    }
    if let Some(outcome) = &action.outcome {
        line.push_str(", ");
        line.push_str(outcome);
    }
    line
}

/// A finding, with its severity as a word in front.
pub fn finding(finding: &Finding) -> Vec<String> {
    let mut lines = vec![format!("{}: {}", finding.severity.word(), finding.title)];
    if !finding.cause.is_empty() {
        lines.push(format!("  {}", finding.cause));
    }
    lines.extend(finding.evidence.iter().map(|seen| format!("    {seen}")));
    if !finding.possible.is_empty() {
        let causes: Vec<String> = finding.possible.iter().map(|code| cause_in_words(*code)).collect();
        lines.push(format!("  It may be, likeliest first: {}", causes.join("; ")));
    }
    for fix in &finding.fix {
        match fix {
            Fix::Say(sentence) => lines.push(format!("  To do: {sentence}")),
            Fix::Run { on, command } => lines.extend([format!("  To do: {on}"), format!("    {command}")]),
        }
    }
    lines
}

fn certificate(card: &CertificateCard) -> Vec<String> {
    let (first, second) = card.certificate.fingerprint.halves();
    vec![
        card.heading.clone(),
        format!("  for      {}", names(&card.certificate)),
        format!("  by       {}", issuer(&card.certificate)),
        format!("  until    {}", until(card)),
        format!("  SHA-256  {first}"),
        format!("           {second}"),
    ]
}

/// What a code stands for, as part of a list: `the user is disabled`.
pub fn cause_in_words(code: Code) -> String {
    let about = codes::ALL.iter().find(|(known, _)| *known == code).map_or(code.0, |(_, about)| about);
    let about = about.trim_end_matches('.');
    let mut letters = about.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// The names that a certificate is good for; without any, its subject.
pub fn names(certificate: &Certificate) -> String {
    if certificate.names.is_empty() {
        return certificate.subject.clone();
    }
    let names: Vec<String> = certificate.names.iter().map(ToString::to_string).collect();
    names.join(", ")
}

pub fn issuer(certificate: &Certificate) -> String {
    if certificate.self_issued { format!("itself ({})", certificate.subject) } else { certificate.issuer.clone() }
}

/// `2027-03-04, 103 days`.
pub fn until(card: &CertificateCard) -> String {
    match card.days_left {
        ..0 => format!("{}: it ended {} ago", card.until, days(-card.days_left)),
        0 => format!("{}: it ends today", card.until),
        left => format!("{}, {}", card.until, days(left)),
    }
}

fn days(count: i64) -> String {
    if count == 1 { "1 day".to_owned() } else { format!("{count} days") }
}

/// Notes on one line.
pub fn joined(notes: &[String]) -> String {
    notes.join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_folded_at_its_blanks_and_carried_over_below_its_text() {
        assert_eq!(folded("  To do: look at it again", 14), ["  To do: look", "  at it again"]);
        assert_eq!(folded("short", 14), ["short"]);
        assert_eq!(folded("", 14), [""]);
        assert_eq!(folded("a-word-that-is-longer than that", 10), ["a-word-that-is-longer", "than that"]);
    }
}

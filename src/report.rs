//! Findings and outcomes as JSON, in one place. No secret reaches it: findings hold none.

pub mod check;

use serde_json::{Value, json};

use crate::domain::finding::{Finding, Fix, Severity};
use crate::front::unattended::Stopped;
use crate::plan::action::Outcome;
use crate::wizard::Wizard;
use crate::wizard::errand::Errand;
use crate::wizard::step::{details, host, login, made, make, review, ssh, token, verify};

/// Everything that was found in a conversation, each finding once.
pub fn findings(w: &Wizard) -> Vec<Finding> {
    let mut all: Vec<Finding> = Vec::new();
    let mut told = vec![host::findings(w), ssh::findings(w), login::findings(w), token::findings(w), made::findings(w)];
    // An errand picks, makes and writes nothing.
    if w.setting.errand == Errand::SetUp {
        told.splice(4..4, [make::findings(w), details::findings(w), verify::findings(w), review::findings(w)]);
    }
    for finding in told.concat() {
        if !all.contains(&finding) {
            all.push(finding);
        }
    }
    all
}

/// One finding: `code`, `severity`, `step`, `title`, `cause`, `fix[]`, `possible[]`, `evidence[]`.
pub fn finding(finding: &Finding) -> Value {
    let fix: Vec<Value> = finding
        .fix
        .iter()
        .map(|fix| match fix {
            Fix::Say(sentence) => json!({ "say": sentence }),
            Fix::Run { on, command } => json!({ "on": on, "run": command }),
        })
        .collect();
    json!({
        "code": finding.code.0,
        "severity": finding.severity.word(),
        "step": finding.step.word().to_lowercase(),
        "title": finding.title,
        "cause": finding.cause,
        "fix": fix,
        "possible": finding.possible.iter().map(|code| code.0).collect::<Vec<_>>(),
        "evidence": finding.evidence,
    })
}

/// What came of an unattended conversation.
pub fn conversation(w: &Wizard, ended_well: bool, stopped: Option<&Stopped>) -> Value {
    let found = findings(w);
    let ok = ended_well && found.iter().all(|finding| finding.severity != Severity::Error || verify::untested(w));
    let planned: Vec<&str> = match &w.plan {
        Some(Ok(draw)) => draw.plan.actions.iter().map(|planned| planned.sentence.as_str()).collect(),
        _ => Vec::new(),
    };
    let done: Vec<Value> = w
        .run
        .iter()
        .flat_map(|run| &run.steps)
        .map(|step| {
            json!({
                "in": step.planned.heading,
                "what": step.planned.sentence,
                "done": matches!(step.outcome, Some(Outcome::Done { .. } | Outcome::Unsafe(_))),
                "taken_back": step.back.as_ref().map(|back| matches!(back, Outcome::Done { .. } | Outcome::Unsafe(_))),
            })
        })
        .collect();
    json!({
        "ok": ok,
        "untested": verify::untested(w),
        "run": w.run.as_ref().and_then(|run| run.name.clone()),
        "plan": planned,
        "done": done,
        "stopped": stopped.map(ToString::to_string),
        "findings": found.iter().map(finding).collect::<Vec<_>>(),
    })
}

//! Verify: judges the whole against what was picked, and draws the road that was travelled.

pub mod making;

use crate::diagnosis::{self, Reading};
use crate::domain::finding::{Finding, Fix, Mend, Severity};
use crate::domain::visible::visible;
use crate::domain::{Credential, Grantee, Id, Need, Trust};
use crate::target::needs;
use crate::wizard::Wizard;
use crate::wizard::evidence::Survey;
use crate::wizard::message::Effect;
use crate::wizard::page::{Answer, Block, Choice, LinkState, RoadLink, Tone};
use crate::wizard::step::{
    By, Next, PageId, Parts, access, checkup, count, details, ends, file, guide, host, make, road, token, toned, tool,
    trust,
};

pub const NEXT: Id = Id::fixed("verdict");
const AGAIN: Id = Id::fixed("again");
const COMMANDS: Id = Id::fixed("commands");
const TOKEN: Id = Id::fixed("token");
const UNTESTED: Id = Id::fixed("untested");

/// Lends the judge what it must know besides what was seen.
pub fn reading<R>(w: &Wizard, trust: Option<&Trust>, judge: impl FnOnce(&Reading<'_>) -> R) -> R {
    let host = host::shown(w);
    let who = token::credential(w).map(|c| visible(&c.to_string())).unwrap_or_default();
    let target = tool::title(w);
    // Whoever makes the token needs not what the tool will do with it.
    let needs: Vec<Need> = if making::here(w) { Vec::new() } else { details::rights(w) };
    let never = details::limits(w);
    let uses: Vec<String> = tool::spec(w).map(|spec| needs::named(spec).into_iter().collect()).unwrap_or_default();
    let nodes = tool::spec(w).map(|spec| diagnosis::picks::nodes(spec, &details::picks(w))).unwrap_or_default();
    let signer = token::credential(w).and_then(|credential| match credential {
        Credential::Token { id, .. } => Some(Grantee::Token(id)),
        Credential::Password { user, .. } => Some(Grantee::User(user)),
        Credential::Ticket(_) | Credential::Shell(_) => None,
    });
    judge(&Reading {
        part_will_do: false,
        pins: true,
        host: &host,
        who: &who,
        signer,
        password: access::by_password(w),
        trust,
        remembered: trust::leaned_on(w, trust),
        target: &target,
        needs: &needs,
        uses: &uses,
        nodes: &nodes,
        never: &never,
        surroundings: &w.setting.surroundings,
        now: w.setting.now,
    })
}

/// The paths that whoever signs in is asked about.
fn paths(w: &Wizard) -> Vec<String> {
    if making::here(w) { make::paths(w) } else { details::paths(w) }
}

/// The survey that was made with what is answered now, the paths included. Root's shell may do everything on all of them.
fn survey(w: &Wizard) -> Option<&Survey> {
    let paths = paths(w);
    let of_root = |survey: &&Survey| matches!(survey.inputs.credential, Some(Credential::Shell(_)));
    token::survey(w).filter(|survey| survey.inputs.paths == paths || of_root(survey))
}

/// Everything that is wrong or worth knowing about the token and what the tool needs.
pub fn findings(w: &Wizard) -> Vec<Finding> {
    match survey(w).filter(|survey| survey.ended) {
        Some(survey) => {
            let judged = reading(w, survey.inputs.trust.as_ref(), |reading| diagnosis::judge(&survey.seen, reading));
            judged.into_iter().chain(ends::of_this(w)).collect()
        }
        None => Vec::new(),
    }
}

fn proved(w: &Wizard) -> bool {
    if making::here(w) {
        return making::may(w);
    }
    survey(w).is_some_and(|survey| survey.ended && survey.signed_in() && survey.rights().is_some())
        && findings(w).iter().all(|finding| finding.severity != Severity::Error)
}

/// The person goes on though it was not proved.
pub fn untested(w: &Wizard) -> bool {
    host::offline(w) || (w.draft.is(&NEXT, &UNTESTED) && !proved(w))
}

/// The gravest of what the test found, where the host was asked and the person goes on all the same.
pub fn failed(w: &Wizard) -> Option<Finding> {
    let found = untested(w) && !host::offline(w);
    found.then(|| findings(w).into_iter().find(|finding| finding.severity == Severity::Error)).flatten()
}

pub fn done(w: &Wizard) -> bool {
    proved(w) || untested(w)
}

pub fn enter(w: &mut Wizard) -> Vec<Effect> {
    w.draft.forget(&NEXT);
    if survey(w).is_some_and(|survey| survey.ended && survey.signed_in()) {
        return Vec::new();
    }
    ask(w)
}

fn ask(w: &mut Wizard) -> Vec<Effect> {
    let paths = paths(w);
    token::inquiry(w, paths).map(|inquiry| w.ask_survey(inquiry)).into_iter().collect()
}

pub fn page(w: &Wizard) -> Parts {
    if making::here(w) {
        return making::page(w);
    }
    let target = tool::title(w);
    let who = token::credential(w).map(|c| visible(&c.to_string())).unwrap_or_default();
    let mut blocks = Vec::new();
    let survey = survey(w);
    let findings = findings(w);
    if let Some(survey) = survey {
        blocks.push(Block::Road(links(w, survey, &findings)));
    }
    let failed = findings.iter().any(|finding| finding.severity == Severity::Error);
    let ended = survey.is_some_and(|survey| survey.ended);
    if ended && !failed && proved(w) {
        blocks.push(toned(Tone::Good, proof(w)));
    }
    let grants = findings.iter().any(|finding| finding.mends.contains(&Mend::Grant));
    if !findings.is_empty() {
        blocks.push(Block::Findings(findings.into_iter().map(without_grant).collect()));
    }
    if ended && !proved(w) {
        blocks.push(Block::Choice(options(w, failed, grants)));
    }
    Parts {
        title: if tool::token_only(w) {
            format!("What may {who} do?")
        } else {
            format!("Will {target} be able to work with {who}?")
        },
        blocks,
        submit: if proved(w) { "next" } else { "go on" },
        busy: w.waiting().then(|| "Testing".into()),
        focus: None,
        help: vec![
            "That a token signs in proves little: a token without any right is answered too. labwizard compares what the token may do, path by path, with what the tool will do.".into(),
        ],
    }
}

/// What labwizard can do about it stands among the answers.
fn without_grant(mut finding: Finding) -> Finding {
    if finding.mends.contains(&Mend::Grant) {
        finding.fix.retain(|fix| !matches!(fix, Fix::Say(sentence) if sentence.starts_with("labwizard ")));
    }
    finding
}

fn proof(w: &Wizard) -> String {
    let needs = details::rights(w);
    let privileges: usize = needs.iter().map(|need| need.privileges.len()).sum();
    let paths = details::paths(w).len();
    if tool::token_only(w) {
        return match survey(w).and_then(Survey::rights) {
            Some(rights) if rights.is_empty() => "The token signs in, and may do nothing.".into(),
            Some(rights) => {
                let names: Vec<String> = rights
                    .paths()
                    .map(|(path, privileges)| {
                        let names: Vec<String> = privileges.keys().map(|privilege| visible(privilege)).collect();
                        format!("  {}: {}", visible(path), names.join(" "))
                    })
                    .collect();
                format!("The token signs in. What it may do:\n{}", names.join("\n"))
            }
            None => "The token signs in.".into(),
        };
    }
    format!(
        "It has every right that {} needs for this: {} on {}.",
        tool::title(w),
        count(privileges, "privilege", "privileges"),
        count(paths, "path", "paths")
    )
}

/// The road, its last two links judged.
fn links(w: &Wizard, survey: &Survey, findings: &[Finding]) -> Vec<RoadLink> {
    use crate::domain::observation::Link;
    let mut links = road::of_survey(survey);
    let lacks: usize = reading(w, None, |reading| {
        survey.rights().map_or(0, |rights| crate::domain::missing(reading.needs, rights).len())
    });
    if let Some(rights) = links.iter_mut().find(|link| link.link == Link::Rights)
        && survey.rights().is_some()
    {
        (rights.state, rights.sentence) = if lacks == 0 {
            (
                LinkState::Good,
                if tool::token_only(w) { "read".into() } else { format!("all that {} needs", tool::title(w)) },
            )
        } else {
            (
                LinkState::Broken,
                format!("{} that {} needs {} missing", lacks, tool::title(w), if lacks == 1 { "is" } else { "are" }),
            )
        };
    }
    if !tool::token_only(w) {
        let wrong = findings.iter().filter(|f| f.severity == Severity::Error).count();
        let (state, sentence) = match (survey.ended && survey.rights().is_some(), lacks, wrong) {
            (true, 0, 0) => (LinkState::Good, "everything that was picked is there".to_owned()),
            (true, 0, _) => (LinkState::Broken, "see below".into()),
            (true, _, _) => (LinkState::Waiting, "waits for the rights".into()),
            (false, ..) => (LinkState::Waiting, String::new()),
        };
        links.push(RoadLink { link: Link::Target, word: Link::Target.word().into(), state, sentence, took_ms: None });
    }
    links
}

/// `grants`: rights are missing, which labwizard grants once there is a file to begin with.
fn options(w: &Wizard, failed: bool, grants: bool) -> Choice {
    let mut options = vec![Answer {
        id: AGAIN,
        title: "Test again".into(),
        about: vec!["after something was changed on the host".into()],
        risky: false,
    }];
    let lacking = token::survey(w).is_some_and(Survey::signed_in) && failed && guide::possible(w);
    if lacking {
        let commands = Answer {
            id: COMMANDS,
            title: "Show the commands that grant what is missing".into(),
            about: vec!["for root's shell on the host".into()],
            risky: false,
        };
        // Nothing changes by itself: what changes something stands first.
        options.insert(if grants { 0 } else { 1 }, commands);
    }
    options.push(Answer { id: TOKEN, title: "Use another token".into(), about: Vec::new(), risky: false });
    if !tool::token_only(w) {
        let (title, mended) = match (failed && lacking, grants) {
            (_, true) => (
                "Write it, and have what is missing granted after that",
                format!(": {} then logs in and grants it, every grant shown first.", file::again(w)),
            ),
            (true, false) => ("Write it as it is", ".".to_owned()),
            (false, false) => ("Write it untested", ".".to_owned()),
        };
        options.push(Answer {
            id: UNTESTED,
            title: title.into(),
            about: vec![format!("{} fails at what is named above until it is mended{mended}", tool::title(w))],
            risky: true,
        });
    }
    let first = options.first().map(|option| option.id.clone());
    Choice {
        id: NEXT,
        label: "What now?".into(),
        options,
        // Unattended nobody is there to test again.
        chosen: w.draft.choice(&NEXT).cloned().or(first.filter(|_| !w.setting.unattended)),
        error: None,
    }
}

pub fn submit(w: &mut Wizard, by: By) -> Next {
    if making::here(w) {
        return making::submit(w, by);
    }
    if w.waiting() || survey(w).is_some_and(|survey| !survey.ended) {
        return Next::Wait(Vec::new());
    }
    if by == By::World {
        if proved(w) && checkup::here(w) && !checkup::shows(w, PageId::Verify) {
            return Next::Go;
        }
        // The result is looked at before anybody goes on.
        return Next::Do(Vec::new());
    }
    if proved(w) {
        return Next::Go;
    }
    // What is preselected is what Enter does.
    let failed = findings(w);
    let grants = failed.iter().any(|finding| finding.mends.contains(&Mend::Grant));
    let failed = failed.iter().any(|finding| finding.severity == Severity::Error);
    match options(w, failed, grants).chosen.unwrap_or(AGAIN) {
        choice if choice == UNTESTED && !tool::token_only(w) => Next::Go,
        choice if choice == TOKEN => Next::To(PageId::Token),
        choice if choice == COMMANDS => {
            guide::show_missing(w);
            Next::To(PageId::Guide)
        }
        _ => {
            w.draft.forget(&NEXT);
            Next::Wait(ask(w))
        }
    }
}

//! Checkup: the first page where a conversation begins with a file. What is wrong with it, and what shall be done about it.

pub mod after;
mod ask;
mod fill;
mod may;
mod order;
mod realms;
mod told;
mod ways;
mod words;

use crate::domain::finding::{Finding, Mend, Severity};
use crate::domain::{Credential, Id};
use crate::target::Verify;
use crate::target::spec::VerifyWord;
use crate::wizard::Wizard;
use crate::wizard::message::{Effect, Exit};
use crate::wizard::page::{Answer, Block, Choice, Tone};
use crate::wizard::step::{
    By, Next, PageId, Parts, details, guide, host, login, make, road, say, token, toned, trust, wrong,
};

pub use order::{goes_on, pages, shows, skips};
pub use told::Told;
pub use ways::Way;

/// What shall be done about what was found.
pub const MEND: Id = Id::fixed("mend");
const ALL: Id = Id::fixed("all");
const AGAIN: Id = Id::fixed("again");
const LEAVE: Id = Id::fixed("leave");
/// The block for root's shell is to be shown.
const NO_LOGIN: Id = Id::fixed("no-login");

/// What a person chose to have mended, with what was wrong then.
#[derive(Debug)]
pub struct Repair {
    pub way: Way,
    /// Of which host of the file, from 1.
    pub instance: u8,
    pub before: Vec<Finding>,
    /// The page that the mend is about: it is shown, though it may be done already.
    pub wanted: Option<PageId>,
    /// What the file itself says of that host.
    says: fill::Says,
    /// Which of user and token name the file tells.
    filled: Vec<Id>,
}

/// The conversation is about a file that is there.
pub fn here(w: &Wizard) -> bool {
    w.setting.mend.is_some()
}

fn way(w: &Wizard) -> Option<&Way> {
    w.repair.as_ref().filter(|_| here(w)).map(|repair| &repair.way)
}

/// What is changed in the file alone, where nothing else is.
pub fn in_file(w: &Wizard) -> Option<&[Mend]> {
    match way(w)? {
        Way::File(mends) => Some(mends),
        _ => None,
    }
}

/// The host's number in the file that is repaired.
pub fn number(w: &Wizard) -> Option<u8> {
    w.repair.as_ref().filter(|_| here(w)).map(|repair| repair.instance)
}

/// How the tool verifies from now on where nobody is asked: as its file has it. A file that verifies is never made one that
/// does not: where the certificate is another one, it is held against what can be had of the new one.
pub fn verification(w: &Wizard) -> Option<(VerifyWord, Verify)> {
    let says = &w.repair.as_ref()?.says;
    match way(w)? {
        Way::Verify => None,
        Way::Certificate if says.pins() => {
            let pin = trust::agreed(w).map(|agreed| agreed.seen.fingerprint);
            Some(pin.map_or_else(|| says.verification(), |pin| (VerifyWord::Pin, Verify::Pin(pin))))
        }
        Way::Certificate if says.verifies() && details::can_verify(w) && !ask::names_the_ca(w) => None,
        _ => Some(says.verification()),
    }
}

/// The tool is to verify from now on, whatever it costs: that is what is mended, or what the file says.
pub fn verifies(w: &Wizard) -> bool {
    matches!(way(w), Some(Way::Verify | Way::Certificate))
}

/// Whether the page of details asks this, where it stands between a mend and its review: only what is mended.
pub fn asks(w: &Wizard, field: &Id) -> bool {
    match way(w) {
        Some(Way::Verify | Way::Certificate) => *field == details::VERIFY,
        Some(Way::Ask(asked)) if asked.as_str().starts_with("pick.") => asked == field,
        _ => true,
    }
}

/// The file tells it, and it is not what is answered anew: nobody is asked for it.
pub fn tells(w: &Wizard, field: &Id) -> bool {
    w.repair.as_ref().is_some_and(|repair| here(w) && repair.filled.contains(field)) && !anew(w, field)
}

/// It is what is answered anew.
pub fn anew(w: &Wizard, field: &Id) -> bool {
    matches!(way(w), Some(Way::Ask(asked)) if asked == field)
}

/// The token that the file names gets a new secret, or another one its place: whose it is and what it is called is known.
pub fn renews(w: &Wizard) -> bool {
    way(w) == Some(&Way::NewSecret) && make::existing(w).is_some()
}

/// What whoever signs in is wanted for, where nothing new is made.
pub fn who_signs_in(w: &Wizard) -> Option<&'static str> {
    match way(w)? {
        Way::LookUp => Some("Who may look it up?"),
        Way::Grant => Some("Who may grant it?"),
        Way::NewSecret => Some("Who gives the token a new secret?"),
        Way::Wake => Some("Who lets the token sign in again?"),
        _ => None,
    }
}

/// A host of the file has refused this.
pub fn has_refused(w: &Wizard, credential: &Credential) -> bool {
    ask::has_refused(w, credential)
}

/// The look for the cause is over, and the page says what it found.
pub fn returns(w: &Wizard) -> bool {
    way(w) == Some(&Way::LookUp) && w.at() < PageId::Make && make::estate(w).is_some()
}

pub fn enter(w: &mut Wizard) -> Vec<Effect> {
    match &w.evidence.checkup {
        Some(_) => Vec::new(),
        None => ask::begin(w),
    }
}

/// Everything that was found, and may be looked at.
pub fn told(w: &Wizard) -> Option<Told> {
    w.evidence.checkup.as_ref().filter(|checkup| !checkup.is_awaited() && checkup.asked)?;
    told::of(w, w.evidence.checkup.as_ref()?)
}

pub fn findings(w: &Wizard) -> Vec<Finding> {
    told(w).map(|told| told.all()).unwrap_or_default()
}

/// There is nothing to be chosen: the page is the last one.
pub fn is_over(w: &Wizard) -> bool {
    w.at() == PageId::Checkup && told(w).is_some_and(|told| !told.asks())
}

/// How the conversation ends that ends here.
pub fn exit(w: &Wizard) -> Exit {
    match findings(w).iter().any(|finding| finding.severity == Severity::Error) {
        true => Exit::Failed,
        false => Exit::Done,
    }
}

pub fn page(w: &Wizard) -> Parts {
    let path = words::path(w);
    let help = vec![
        "labwizard reads the file as its tool reads it, and asks the host in its place. Nothing is changed before the review page, which shows every line that changes.".into(),
        "What is wrong is told gravest first. What stands in the file and holds is not asked again.".into(),
    ];
    let Some(told) = told(w) else {
        return Parts {
            title: format!("Is {path} all right?"),
            blocks: under_way(w),
            submit: "check",
            busy: w.waiting().then(|| "Checking the file and its hosts".into()),
            help,
            ..Parts::default()
        };
    };
    let mut blocks = Vec::new();
    let without_login = words::without_login(&told);
    if w.draft.choice(&NO_LOGIN).is_some() && !without_login.is_empty() {
        blocks.extend(without_login);
        blocks.push(Block::Choice(choice(w, &told)));
        return Parts {
            title: "Where no login works.".into(),
            blocks,
            submit: "go on",
            focus: Some(MEND),
            help,
            ..Parts::default()
        };
    }
    // Where something is to be chosen the title says whose file it is, and what is wrong comes next.
    let about = || told.about().map(say);
    if !told.asks() {
        blocks.extend(about());
    }
    blocks.extend(words::in_vain(w, &told));
    if told.worst() < Some(Severity::Warning) {
        blocks.extend(
            w.evidence.checkup.iter().flat_map(|c| &c.hosts).map(|host| Block::Road(road::of_survey(&host.survey))),
        );
        blocks.extend(words::tested(&told));
    }
    // What labwizard can do stands before what can be done by hand: the answers are to be in sight.
    for (heading, mut findings) in told.groups() {
        blocks.extend(heading.map(|heading| toned(Tone::Plain, heading)));
        findings.iter_mut().filter(|_| told.asks()).for_each(|finding| finding.fix.clear());
        blocks.push(Block::Findings(findings));
    }
    if told.asks() {
        blocks.push(Block::Choice(choice(w, &told)));
        blocks.extend(about());
        blocks.extend(words::by_hand(&told));
    }
    Parts {
        title: words::title(&path, &told),
        blocks,
        submit: if told.asks() { "go on" } else { "finish" },
        focus: told.asks().then_some(MEND),
        help,
        ..Parts::default()
    }
}

/// The roads that are travelled.
fn under_way(w: &Wizard) -> Vec<Block> {
    let hosts = w.evidence.checkup.iter().flat_map(|checkup| &checkup.hosts);
    let mut blocks = Vec::new();
    for host in hosts {
        let place = host.survey.inputs.endpoints.first().map(|endpoint| endpoint.to_string()).unwrap_or_default();
        blocks.push(say(crate::domain::visible::visible(&place)));
        blocks.push(Block::Road(road::of_survey(&host.survey)));
    }
    blocks
}

fn choice(w: &Wizard, told: &Told) -> Choice {
    let mut options = Vec::new();
    let all = told.file_mends();
    let several = (all.len() > 1).then(|| Answer {
        id: ALL,
        title: format!("Mend all {} that need no question", all.len()),
        about: vec!["every change is shown first".into()],
        risky: false,
    });
    let offers = told.offers();
    let in_file = offers.first().is_some_and(|(mend, _)| ways::is_file(mend));
    if in_file {
        options.extend(several.clone());
    }
    for (mend, instance) in &offers {
        options.extend(words::answers(w, told, (mend, *instance)));
    }
    if !in_file {
        options.extend(several);
    }
    if w.draft.choice(&NO_LOGIN).is_none() && !words::without_login(told).is_empty() {
        options.push(Answer {
            id: NO_LOGIN,
            title: "No login works either".into(),
            about: vec!["commands for root's shell: why, unlock, renew".into()],
            risky: false,
        });
    }
    options.push(Answer {
        id: AGAIN,
        title: "Check again".into(),
        about: vec!["after a change elsewhere".into()],
        risky: false,
    });
    options.push(Answer { id: LEAVE, title: "Leave it as it is".into(), about: Vec::new(), risky: false });
    let chosen = w.draft.choice(&MEND).filter(|id| options.iter().any(|option| option.id == **id)).cloned();
    // A look that told nothing is not what comes first a second time.
    let looked = words::looked_in_vain(w, told).is_some();
    let first = options.iter().find(|option| !looked || option.id != ways::id(&Mend::LookUp));
    Choice {
        id: MEND,
        label: "What shall be done?".into(),
        chosen: chosen.or_else(|| first.map(|option| option.id.clone())),
        options,
        error: if w.tried() { wrong("This cannot be done here.", None) } else { None },
    }
}

pub fn submit(w: &mut Wizard, by: By) -> Next {
    let Some(checkup) = &w.evidence.checkup else { return Next::Wait(ask::begin(w)) };
    if checkup.is_awaited() {
        return Next::Wait(Vec::new());
    }
    if !checkup.asked {
        let effects = ask::go_on(w, false);
        let awaited = w.evidence.checkup.as_ref().is_some_and(|checkup| checkup.is_awaited());
        return if effects.is_empty() && !awaited { Next::Do(effects) } else { Next::Wait(effects) };
    }
    if by == By::World {
        // The result is looked at before anybody goes on.
        return Next::Do(Vec::new());
    }
    let Some(told) = told(w) else { return Next::Stay };
    if !told.asks() {
        return Next::Leave(exit(w));
    }
    let Some(chosen) = choice(w, &told).chosen else { return Next::Stay };
    w.draft.forget(&MEND);
    if chosen == NO_LOGIN {
        w.draft.choose(NO_LOGIN, NO_LOGIN);
        return Next::Do(Vec::new());
    }
    w.draft.forget(&NO_LOGIN);
    if chosen == LEAVE {
        return Next::Leave(exit(w));
    }
    if chosen == AGAIN {
        return Next::Wait(ask::begin(w));
    }
    let Some((way, instance)) = ways::chosen(&told, &chosen) else { return Next::Stay };
    set_out(w, told, way, instance)
}

/// Turns to what was chosen, with everything else filled in from the file.
fn set_out(w: &mut Wizard, told: Told, way: Way, instance: Option<u8>) -> Next {
    let instance = instance.or(told.first_instance()).unwrap_or(1);
    let Some(says) = fill::fill(w, &told, instance, &way) else { return Next::Stay };
    let wanted = way.page();
    let before = told.all();
    let filled = token::filled(w);
    w.repair = Some(Repair { instance, before, wanted, says, way, filled });
    match way_of(w) {
        Way::Commands if host::look(w).is_some() => guide::show_missing(w),
        // Whoever is signed in sees too little: somebody else is to.
        Way::LookUp if returns(w) => {
            w.session.sign_out();
            w.evidence.survey = None;
            w.draft.forget(&login::USER);
        }
        way if may::takes_another(w, way) => {
            w.session.sign_out();
            w.evidence.survey = None;
            w.draft.forget(&login::USER);
        }
        _ => {}
    }
    let next = super::pages(w).into_iter().find(|page| *page > PageId::Checkup && !super::skips(w, *page));
    next.map_or(Next::Stay, Next::To)
}

fn way_of(w: &Wizard) -> &Way {
    w.repair.as_ref().map_or(&Way::LookUp, |repair| &repair.way)
}

//! Lines that beat, double or lack each other: the target's traps as findings with their mends.

use super::{Doubt, Judged, Mended, Sight, Told, ask, asked_at, codes, made_anew, put_in, value};
use crate::domain::finding::{Code, Finding, Mend, Severity, Step};
use crate::domain::visible::{visible, whole};
use crate::domain::{Endpoint, PROXMOX_PORT, parse_host};
use crate::target::Fact;
use crate::target::read::{Held, held_by, read};
use crate::target::spec::{Both, VerifyWord};
use crate::target::switch::Parser;
use crate::target::traps::{TrapHit, TrapKind, hits};
use crate::target::{meant, nearby};

pub(super) fn code(kind: &TrapKind) -> Code {
    match kind {
        TrapKind::Beaten | TrapKind::Shadowed | TrapKind::Outranked | TrapKind::BothWays(_) => codes::FILE_SHADOWED,
        TrapKind::Ignored(_) | TrapKind::Undeclared => codes::FILE_IGNORED,
        TrapKind::MissingKey => codes::FILE_MISSING,
        TrapKind::Placeholder => codes::FILE_PLACEHOLDER,
        TrapKind::Duplicate(_) => codes::FILE_DUPLICATE,
        TrapKind::Clash { .. } => codes::FILE_CLASH,
        kind if kind.is_shape() => codes::FILE_SHAPE,
        _ => codes::FILE_SHAPE,
    }
}

/// What is said of the lines, besides what single values look like.
pub(super) fn judge(sight: &Sight<'_>, told: &[Told], out: &mut Judged) {
    let hits = hits(sight.spec, sight.form, &held_by(sight.form, sight.document), sight.traps);
    let is_told =
        |key: &str| sight.known(key).is_some_and(|known| told.iter().any(|told| told.is(&known.of, known.instance)));
    let of = |wanted: fn(&TrapKind) -> bool| hits.iter().filter(move |hit| wanted(&hit.kind));
    for hit in &hits {
        let finding = match &hit.kind {
            TrapKind::Placeholder | TrapKind::Shadowed | TrapKind::Undeclared | TrapKind::MissingKey => None,
            kind if kind.is_shape() => None,
            TrapKind::Duplicate(lines) => sight.known(&hit.key).map(|known| duplicate(sight, hit, &known.fact, lines)),
            TrapKind::NoSwitch(..) if is_told(&hit.key) => None,
            kind => Some(line(sight, hit, kind)),
        };
        if let (Some(finding), Some(known)) = (&finding, sight.known(&hit.key)) {
            let mends = where_it_fails(sight, hit, finding);
            let doubt = mends.and_then(|mends| Doubt::of_line(&known.fact, known.instance, finding, mends));
            out.doubts.extend(doubt);
        }
        if let (Some(finding), TrapKind::Ignored(_), Some(line), Some(_)) =
            (&finding, &hit.kind, hit.line, behind(sight, hit))
        {
            let moved = Mend::Port { key: hit.key.clone(), line };
            let mends = [moved].into_iter().chain(finding.mends.clone()).collect();
            out.doubts.extend(Doubt::of_line(&Fact::Address, 1, finding, mends));
        }
        out.findings.extend(finding);
    }
    let shadowed: Vec<&TrapHit> = of(|kind| *kind == TrapKind::Shadowed).collect();
    out.unfit.extend(shadowed.iter().map(|hit| hit.key.clone()));
    out.findings.extend(shadowed_by_environment(sight, &shadowed));
    // A secret of this file is not sent to an address of another.
    out.unfit.extend(of(|kind| *kind == TrapKind::Outranked).map(|hit| hit.key.clone()));
    let undeclared: Vec<&TrapHit> = of(|kind| *kind == TrapKind::Undeclared).collect();
    out.findings.extend(without_declaration(&undeclared));
    let lacks: Vec<&TrapHit> = of(|kind| *kind == TrapKind::MissingKey)
        .filter(|hit| !is_told(&hit.key) && !has_default(sight, &hit.key))
        .collect();
    missing(sight, &lacks, out);
}

/// Of a line that counts before another one: where the tool does not get in with it, it is the one to go, and the other counts.
fn where_it_fails(sight: &Sight<'_>, hit: &TrapHit, finding: &Finding) -> Option<Vec<Mend>> {
    let first = match &hit.kind {
        TrapKind::Beaten => remove(sight, hit.other.as_ref())?,
        TrapKind::Duplicate(lines) if !sight.is_hcl() => Mend::Remove { key: hit.key.clone(), line: *lines.last()? },
        _ => return None,
    };
    Some([first].into_iter().chain(finding.field.clone().map(Mend::Ask)).collect())
}

fn base(sight: &Sight<'_>, hit: &TrapHit, severity: Severity) -> Finding {
    let words = hit.words(sight.title());
    let known = sight.known(&hit.key);
    let (step, field) = known.map_or((Step::Review, None), |known| {
        let (step, field) = asked_at(&known.fact);
        (step, Some(field))
    });
    let mut finding = Finding::new(code(&hit.kind), severity, step, whole(&words.title), whole(&words.cause));
    finding.field = field;
    if let Some(line) = hit.line {
        finding = finding.seen(format!("line {line}"));
    }
    finding.say(whole(&words.fix))
}

fn line_of(sight: &Sight<'_>, key: &str) -> Option<usize> {
    sight.read.values.iter().find(|value| value.key == key).map(|value| value.line)
}

fn remove(sight: &Sight<'_>, key: Option<&String>) -> Option<Mend> {
    let key = key?;
    let line = line_of(sight, key)?;
    Some(Mend::Remove { key: key.clone(), line })
}

fn line(sight: &Sight<'_>, hit: &TrapHit, kind: &TrapKind) -> Finding {
    let rewrite = Mend::Rewrite { key: hit.key.clone() };
    match kind {
        // Both then say what the tool uses already; or the one that beats goes, and the other counts.
        TrapKind::Beaten => {
            let mut finding = base(sight, hit, Severity::Warning);
            finding.evidence = [hit.other.as_ref(), Some(&hit.key)]
                .into_iter()
                .flatten()
                .filter_map(|key| Some((line_of(sight, key)?, visible(key))))
                .zip(["counts", "does not"])
                .map(|((line, key), counts)| format!("line {line}: {key}, which {counts}"))
                .collect();
            finding.mend(rewrite).mended(remove(sight, hit.other.as_ref()))
        }
        TrapKind::Ignored(why) => {
            let finding = match behind(sight, hit) {
                Some((port, host)) => astray(base(sight, hit, Severity::Warning), hit, why, port, &host),
                None => base(sight, hit, Severity::Warning),
            };
            match hit.line {
                Some(line) => finding.mend(Mend::Remove { key: hit.key.clone(), line }),
                None => finding,
            }
        }
        TrapKind::BothWays(both) => {
            let severity = if *both == Both::Error { Severity::Error } else { Severity::Warning };
            let password = remove(sight, hit.other.as_ref());
            let token = remove(sight, Some(&hit.key));
            let (first, second) = if *both == Both::Password { (token, password) } else { (password, token) };
            base(sight, hit, severity).mended(first).mended(second)
        }
        TrapKind::NoSwitch(..) => {
            let known = sight.known(&hit.key).map_or(1, |known| known.instance);
            match sight.read.verifies(sight.spec, known) {
                Some(_) => base(sight, hit, Severity::Warning).mend(rewrite),
                None => {
                    let finding = base(sight, hit, Severity::Error);
                    words_of(sight, &hit.key).into_iter().fold(finding, Finding::mend)
                }
            }
        }
        _ => base(sight, hit, Severity::Warning),
    }
}

/// What a switch can be put to that says neither: what its word means in common speech first, and where that is nothing, the
/// word by which the tool verifies. A tool that takes a CA is best made to verify by that.
fn words_of(sight: &Sight<'_>, key: &str) -> Vec<Mend> {
    let Some(value) = sight.read.values.iter().find(|value| value.key == key) else { return vec![Mend::Verify] };
    let Some(spec) = sight.spec.keys.get(&value.of) else { return vec![Mend::Verify] };
    let [yes, no] = spec.words.as_slice() else { return vec![Mend::Verify] };
    let meant = Parser::Pydantic.says([yes.as_str(), no.as_str()], meant::plain(value.text.as_str()).as_str());
    let positive = value.fact == Fact::Verify;
    let word = |on: bool| Mend::Switch {
        key: key.to_owned(),
        word: if on { yes } else { no }.to_string(),
        verifies: on == positive,
    };
    let first = meant.unwrap_or(positive);
    let by_ca = sight.form.verify.contains(&VerifyWord::Ca).then_some(Mend::Verify);
    match meant {
        Some(_) => [word(first), word(!first)].into_iter().chain(by_ca).collect(),
        None => by_ca.into_iter().chain([word(first), word(!first)]).collect(),
    }
}

/// The port in a line that has no effect, and the key and the host that it belongs behind. Proxmox's own is taken anyway.
fn behind(sight: &Sight<'_>, hit: &TrapHit) -> Option<(u16, (String, Endpoint))> {
    let held = held_by(sight.form, sight.document);
    let line = held.iter().find(|one| one.key == hit.key && Some(one.line) == hit.line)?;
    let port = port_of(&hit.key, line.value.as_ref()?.as_str()).filter(|port| *port != PROXMOX_PORT)?;
    let address = sight.read.get(1, &Fact::Address)?;
    let input = parse_host(meant::plain(address.text.as_str()).as_str()).ok()?;
    // Where a port stands behind the host, that is the one that counts.
    let host = input.endpoints.first().filter(|_| input.endpoints.len() > 1)?.host.clone();
    Some((port, (visible(&address.key), Endpoint { host, port })))
}

/// The port that a value holds, where its key is named after one.
pub fn port_of(key: &str, value: &str) -> Option<u16> {
    let named = key.rsplit('_').next().is_some_and(|last| last.eq_ignore_ascii_case("port"));
    let digits = named && value.bytes().all(|b| b.is_ascii_digit());
    value.parse().ok().filter(|port| digits && *port != 0)
}

/// A port that the tool never sees: where nobody answers without it, that is the cause.
fn astray(mut finding: Finding, hit: &TrapHit, why: &str, port: u16, (key, place): &(String, Endpoint)) -> Finding {
    finding.title = format!("{} has no effect: the port {port} belongs behind the host.", visible(&hit.key));
    finding.cause = whole(why);
    finding.fix.clear();
    finding.say(format!("Write {key}={place}, and remove {}.", visible(&hit.key)))
}

/// Of several lines the last counts for most readers, and is the one to stay; HCL takes none of them.
fn duplicate(sight: &Sight<'_>, hit: &TrapHit, fact: &Fact, lines: &[usize]) -> Finding {
    let severity = if sight.is_hcl() { Severity::Error } else { Severity::Warning };
    let mut finding = base(sight, hit, severity);
    let (step, field) = asked_at(fact);
    (finding.step, finding.field) = (step, Some(field));
    if sight.is_hcl() {
        finding.cause = "A name that is set twice is an error here, and nothing of the file is read.".into();
    }
    let remove = |line: &usize| Mend::Remove { key: hit.key.clone(), line: *line };
    let too_many = lines.split_last().map(|(_, earlier)| earlier).unwrap_or_default();
    match lines {
        // Nobody knows which of two is meant: the one that cannot work goes first.
        [first, last] if sight.is_hcl() => {
            let (bad, good) = if !is_sound(sight, hit, *last) && is_sound(sight, hit, *first) {
                finding = finding.seen(format!("line {last} is not in the shape that the tool takes, line {first} is"));
                (last, first)
            } else {
                (first, last)
            };
            finding.mend(remove(bad)).mend(remove(good))
        }
        _ => too_many.iter().map(remove).fold(finding, Finding::mend),
    }
}

/// Whether nothing is wrong with the value that stands in this line for the key.
fn is_sound(sight: &Sight<'_>, hit: &TrapHit, line: usize) -> bool {
    let Some(known) = sight.read.values.iter().find(|value| value.key == hit.key) else { return true };
    let entries = || sight.document.entries().filter(|entry| !entry.is_commented() && entry.key() == hit.key);
    let Some(value) = entries().find(|entry| entry.line() == line).and_then(|entry| entry.value()) else { return true };
    let alone = held_by(sight.form, sight.document).into_iter().filter(|held| held.key != hit.key);
    let alone = alone.chain([Held { key: hit.key.clone(), value: Some(value), line }]).collect::<Vec<_>>();
    let read = read(sight.spec, sight.form, &alone);
    let stands = read.values.iter().find(|value| value.key == known.key);
    stands.is_some_and(|stands| value::judge(&Sight { read: &read, ..*sight }, stands).is_none())
}

/// All lines that the environment beats, as the one thing that they are.
fn shadowed_by_environment(sight: &Sight<'_>, hits: &[&TrapHit]) -> Option<Finding> {
    let [first, rest @ ..] = hits else { return None };
    if rest.is_empty() {
        return Some(base(sight, first, Severity::Warning).say(UNASKED));
    }
    let keys: Vec<String> = hits.iter().map(|hit| visible(&hit.key)).collect();
    let mut finding = Finding::new(
        codes::FILE_SHADOWED,
        Severity::Warning,
        Step::Review,
        format!("{} keys of the file are set in the environment, which counts before the file.", hits.len()),
        "A variable that is set when the tool starts is not replaced by the file's line.",
    );
    for (hit, key) in hits.iter().zip(&keys) {
        finding = finding.seen(match hit.line {
            Some(line) => format!("line {line}: {key}"),
            None => key.clone(),
        });
    }
    Some(finding.say(format!("Unset {} where the tool is started.", keys.join(", "))).say(UNASKED))
}

const UNASKED: &str = "labwizard never looks at the variable's value, and signs in with nothing that it might replace.";

fn without_declaration(hits: &[&TrapHit]) -> Option<Finding> {
    let [first, ..] = hits else { return None };
    let title = match hits {
        [one] => format!("No variable {} is declared beside this file.", visible(&one.key)),
        many => format!("{} keys of the file are declared nowhere beside it.", many.len()),
    };
    let mut finding = Finding::new(
        codes::FILE_IGNORED,
        Severity::Warning,
        Step::Review,
        title,
        "A value without a declaration is not used; a warning is all that is seen of it.",
    );
    for hit in hits {
        let line = hit.line.or(first.line).unwrap_or_default();
        finding = finding.seen(format!("line {line}: {}", visible(&hit.key)));
    }
    finding = finding.say("Remove what is not declared, or use the names that the code declares.");
    finding.mends =
        hits.iter().filter_map(|hit| Some(Mend::Remove { key: hit.key.clone(), line: hit.line? })).collect();
    Some(finding)
}

/// How grave it is that nothing stands for a fact, and what writes it.
fn lack(sight: &Sight<'_>, fact: &Fact, key: &str, instance: u8) -> (Severity, Option<Mend>) {
    let rewrite = Some(Mend::Rewrite { key: key.to_owned() });
    match fact {
        Fact::Instance => (Severity::Error, rewrite),
        // The tool's own default is the usual one; what is missing is comfort.
        Fact::Port | Fact::Cluster => (Severity::Warning, rewrite),
        Fact::Verify | Fact::Insecure => (Severity::Warning, Some(Mend::Verify)),
        Fact::User | Fact::UserName | Fact::Realm if meant::id(sight.read, instance).is_some() => {
            (Severity::Error, rewrite)
        }
        fact => (Severity::Error, ask(fact)),
    }
}

/// Whether the code gives the variable a value of its own, or a file that is loaded by itself does.
fn has_default(sight: &Sight<'_>, key: &str) -> bool {
    if sight.traps.declared.is_none() {
        return false;
    }
    let plain = key.strip_prefix(sight.form.prefix.as_deref().unwrap_or_default()).unwrap_or(key);
    let given: Vec<String> =
        sight.document.entries().filter(|e| !e.is_commented()).map(|e| e.key().to_owned()).collect();
    let open = nearby::without_value(sight.form, sight.around, &given);
    !open.iter().any(|name| name == plain) || sight.traps.loaded.iter().any(|(_, name)| name == plain)
}

/// What is missing, one finding for all that is mended in one place.
fn missing(sight: &Sight<'_>, hits: &[&TrapHit], out: &mut Judged) {
    let mut groups: Vec<(Severity, Option<Mend>, Vec<&TrapHit>)> = Vec::new();
    for hit in hits {
        let known = sight.known(&hit.key);
        let (severity, mend) = match &known {
            Some(known) => lack(sight, &known.fact, &hit.key, known.instance),
            None => (Severity::Error, None),
        };
        match groups.iter_mut().find(|(of, one, _)| *of == severity && *one == mend) {
            Some((_, _, group)) => group.push(hit),
            None => groups.push((severity, mend, vec![hit])),
        }
    }
    for (severity, mend, group) in groups {
        let mut finding = base(sight, group[0], severity);
        if let ([hit], Some(known)) = (group.as_slice(), sight.known(&group[0].key)) {
            finding.fix.clear();
            finding = finding.say(put_in(&known.fact, &visible(&hit.key)));
            // The target's own words for the key say why it is needed.
            let about = sight.spec.keys.get(&known.of).and_then(|key| key.about.as_ref());
            if let Some(about) = about {
                finding.cause = format!("{} {}", finding.cause, visible(about.as_str()));
            }
        }
        if group.len() > 1 {
            let keys: Vec<String> = group.iter().map(|hit| visible(&hit.key)).collect();
            let (last, others) = keys.split_last().unwrap_or((&keys[0], &[]));
            let list = format!("{} and {last}", others.join(", "));
            finding.title = format!("{list} are missing, or empty.");
            finding.cause = format!("{} needs them.", sight.title());
            finding.fix.clear();
            finding = finding.say(format!("Write {list}."));
        }
        let mut finding = finding.mended(mend);
        if let Some(known) = sight.known(&group[0].key).filter(|known| known.fact.is_secret()) {
            finding.mends.extend(made_anew(sight, &known.fact, known.instance));
        }
        out.findings.push(finding);
    }
}

//! The conversation by itself: a message in, the model and what it asks for out. No world, so every order of things can be had.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use labwizard::domain::Trouble;
use labwizard::domain::around::Around;
use labwizard::domain::finding::Step;
use labwizard::domain::observation::{ConnectTrouble, Link};
use labwizard::domain::{FileSeen, Id, Seen, Trust};
use labwizard::wizard::draft::Draft;
use labwizard::wizard::message::{Effect, Input, Msg, ProbeId, ReadId};
use labwizard::wizard::page::{Block, StepState};
use labwizard::wizard::step::{PageId, host, token, trust};
use labwizard::wizard::{Wizard, walk};

use super::hand::*;
use super::setting;

#[test]
fn an_answer_to_another_question_is_dropped() {
    let [leaf, _] = certificates();
    let mut hand = Hand::new();
    hand.reach_host();
    hand.typed(host::HOST, "pve.lan");
    hand.submit();
    let (id, inquiry) = hand.survey();
    let endpoint = inquiry.endpoints[0].clone();
    for other in [ProbeId(0), ProbeId(id.0 + 1), ProbeId(u64::MAX)] {
        hand.saw(other, road(endpoint.clone(), &leaf, None));
        hand.tell(Msg::Ended(other));
        assert!(hand.asked.is_empty());
    }
    assert_eq!(hand.w.at(), PageId::Host);
    assert!(hand.w.waiting() && hand.page().busy.is_some());
    assert!(hand.w.evidence.look.as_ref().unwrap().seen.is_empty());
}

#[test]
fn an_answer_about_another_file_is_dropped() {
    let mut hand = Hand::new();
    hand.chose("target".into(), "glassdome");
    hand.submit();
    hand.typed("file".into(), ".env");
    hand.submit();
    let (id, path) = hand.look();
    assert_eq!(path, Path::new(HERE).join(".env"));
    hand.tell(Msg::Looked(ReadId(id.0 + 1), Box::new(Err(trouble()))));
    assert!(hand.w.waiting());
    hand.tell(Msg::Looked(id, Box::new(Err(trouble()))));
    assert!(!hand.w.waiting());
    assert_eq!(hand.field(&"file".into()).error.unwrap().what, "It is a folder of stones.");
    assert_eq!(hand.field(&"file".into()).value.as_str(), ".env");
}

fn trouble() -> Trouble {
    Trouble::new("It is a folder of stones.", None)
}

#[test]
fn esc_in_a_probe_cancels_it_and_a_late_answer_changes_nothing() {
    let [leaf, _] = certificates();
    let mut hand = Hand::new();
    hand.reach_host();
    hand.typed(host::HOST, "pve.lan");
    hand.submit();
    let (id, inquiry) = hand.survey();
    let endpoint = inquiry.endpoints[0].clone();
    hand.saw(id, [Seen::Started(Link::Resolve)]);
    hand.say(Input::Stop);
    assert!(matches!(hand.asked[..], [Effect::Cancel(cancelled)] if cancelled == id), "{:?}", hand.asked);
    let before = hand.page();
    assert_eq!(before.busy, None);
    hand.saw(id, road(endpoint, &leaf, None));
    hand.tell(Msg::Ended(id));
    assert!(hand.asked.is_empty());
    assert_eq!(hand.page(), before);
    assert_eq!(hand.w.at(), PageId::Host);
    // Enter starts it anew, under another name.
    hand.submit();
    assert_ne!(hand.survey().0, id);
}

#[test]
fn going_back_in_a_probe_cancels_it() {
    let [leaf, _] = certificates();
    let mut hand = Hand::new();
    hand.reach_token(&leaf);
    hand.typed(token::TOKEN, &format!("apex@pve!tool={SECRET}"));
    hand.submit();
    let (id, _) = hand.survey();
    hand.say(Input::Back);
    assert!(matches!(hand.asked[..], [Effect::Cancel(cancelled)] if cancelled == id), "{:?}", hand.asked);
    assert_eq!(hand.w.at(), PageId::Access);
    hand.tell(Msg::Ended(id));
    assert_eq!(hand.w.at(), PageId::Access);
}

#[test]
fn a_certificate_is_agreed_to_by_nobody_but_the_person() {
    let [leaf, _] = certificates();
    let mut hand = Hand::new();
    hand.reach_trust(&leaf);
    hand.submit();
    assert_eq!(hand.w.at(), PageId::Trust);
    assert!(trust::agreed(&hand.w).is_none());
    let chosen = hand.page().blocks.into_iter().find_map(|block| match block {
        Block::Choice(choice) if choice.id == trust::TRUST => Some((choice.chosen, choice.error)),
        _ => None,
    });
    let (chosen, error) = chosen.unwrap();
    assert!(chosen.is_none() && error.is_some());
}

#[test]
fn a_changed_host_makes_trust_and_token_stale() {
    let [leaf, _] = certificates();
    let mut hand = Hand::new();
    hand.reach_verify(&leaf);
    assert_eq!([Step::Host, Step::Trust, Step::Access].map(|step| hand.state(step)), [StepState::Done; 3]);
    hand.say(Input::GoTo(Step::Host));
    assert_eq!(hand.w.at(), PageId::Host);
    hand.typed(host::HOST, "other.lan");
    assert!(trust::agreed(&hand.w).is_none() && !token::done(&hand.w));
    for step in [Step::Trust, Step::Verify] {
        assert_ne!(hand.state(step), StepState::Done, "{step:?}");
    }
    // The other host has the same certificate: it was agreed for the first one.
    hand.submit();
    hand.proxmox_answers(&leaf, None);
    assert_eq!(hand.w.at(), PageId::Trust);
    assert!(trust::agreed(&hand.w).is_none());
}

#[test]
fn an_agreement_does_not_survive_another_certificate() {
    let [leaf, other] = certificates();
    let mut hand = Hand::new();
    hand.reach_token(&leaf);
    assert!(matches!(trust::agreed(&hand.w).unwrap().trust, Trust::Pin(pin) if pin == leaf.fingerprint));
    hand.say(Input::GoTo(Step::Host));
    hand.typed(host::HOST, "pve.lan:8006");
    hand.submit();
    if hand.w.waiting() {
        hand.proxmox_answers(&other, None);
    }
    assert_eq!(hand.w.at(), PageId::Trust);
    assert!(trust::agreed(&hand.w).is_none());
    // Without an agreement nothing is signed in with.
    assert!(token::inquiry(&hand.w, Vec::new()).is_none());
}

#[test]
fn another_secret_makes_the_proof_stale() {
    let [leaf, _] = certificates();
    let mut hand = Hand::new();
    hand.reach_verify(&leaf);
    assert!(token::done(&hand.w));
    hand.say(Input::GoTo(Step::Access));
    hand.typed(token::TOKEN, &format!("apex@pve!tool={OTHER}"));
    assert!(!token::done(&hand.w) && token::survey(&hand.w).is_none());
}

#[test]
fn back_is_never_blocked_and_forgets_nothing() {
    let [leaf, _] = certificates();
    let mut hand = Hand::new();
    hand.reach_verify(&leaf);
    let mut seen = vec![hand.w.at()];
    while hand.w.at() != PageId::Tool {
        // Nonsense in the fields holds nobody.
        let fields: Vec<Id> = hand.page().questions().cloned().collect();
        for id in fields {
            if hand.page().blocks.iter().any(|b| matches!(b, Block::Field(f) if f.id == id)) {
                hand.typed(id, "\u{7}!!");
            }
        }
        let here = hand.w.at();
        hand.submit();
        hand.say(Input::Stop);
        // A page that has nothing wrong goes on; from there it is two steps back.
        if hand.w.at() > here {
            hand.say(Input::Back);
        }
        let before = hand.w.at();
        assert_eq!(before, here);
        hand.say(Input::Back);
        assert!(hand.w.at() < before, "{before:?} is not left");
        seen.push(hand.w.at());
    }
    assert_eq!(seen.first(), Some(&PageId::Verify));
    assert_eq!(hand.w.draft.raw(&host::HOST).as_str(), "\u{7}!!");
    assert!(!hand.page().back);
}

#[test]
fn a_page_with_an_error_keeps_what_was_typed_until_the_next_edit_and_says_why() {
    let mut hand = Hand::new();
    hand.reach_host();
    for typed in ["", "pve lan", "https://", "10.0.0.999", "pve:99999"] {
        hand.typed(host::HOST, typed);
        assert!(hand.field(&host::HOST).error.is_none(), "{typed}: no error before it was submitted");
        hand.submit();
        assert_eq!(hand.w.at(), PageId::Host);
        assert!(hand.asked.is_empty(), "{typed}: {:?}", hand.asked);
        let field = hand.field(&host::HOST);
        assert_eq!(field.value.as_str(), typed);
        assert!(field.error.is_some(), "{typed}");
    }
    hand.typed(host::HOST, "pve");
    assert!(hand.field(&host::HOST).error.is_none());
}

#[test]
fn a_token_without_its_half_is_asked_for_and_never_sent() {
    let [leaf, _] = certificates();
    let mut hand = Hand::new();
    hand.reach_token(&leaf);
    for typed in [SECRET, "apex@pve!tool", "apex@pve!tool=", "TOKENID=UUID"] {
        hand.typed(token::TOKEN, typed);
        hand.submit();
        assert_eq!(hand.w.at(), PageId::Token, "{typed}");
        assert!(!hand.asked.iter().any(|effect| matches!(effect, Effect::Survey(..))), "{typed}");
        assert_eq!(hand.field(&token::TOKEN).value.as_str(), typed);
    }
}

#[test]
fn an_unknown_target_is_said_and_nothing_goes_on() {
    let mut draft = Draft::default();
    draft.choose("target".into(), Id::new("sandcastle"));
    let (mut w, _) = Wizard::new(setting(Path::new(HERE)), draft);
    w.update(Msg::Person(Input::Submit));
    assert_eq!(w.at(), PageId::Tool);
    let error = w.page().blocks.into_iter().find_map(|block| match block {
        Block::Choice(choice) => choice.error,
        _ => None,
    });
    assert!(error.is_some_and(|error| error.what.contains("sandcastle")));
}

#[test]
fn an_unfinished_walk_is_kept_without_secret_and_without_agreement() {
    let [leaf, _] = certificates();
    let mut hand = Hand::new();
    hand.reach_verify(&leaf);
    hand.say(Input::GoTo(Step::Host));
    hand.say(Input::Quit);
    let kept = hand.asked.iter().find_map(|effect| match effect {
        Effect::KeepWalk(walk) => walk.clone(),
        _ => None,
    });
    let kept = kept.expect("a walk that is left is kept");
    assert!(!kept.contains(SECRET) && !kept.contains(&SECRET[..12]), "{kept}");
    let draft = walk::resume(&kept).unwrap();
    assert_eq!(draft.text(&host::HOST), "pve.lan");
    assert!(draft.text(&token::TOKEN).is_empty());
    assert!(draft.choice(&trust::TRUST).is_none(), "a certificate is agreed to anew");
}

#[test]
fn a_secret_in_a_field_where_none_belongs_is_not_kept_either() {
    for field in [host::HOST, "file".into(), trust::COMPARE, trust::CA_FILE, token::USER] {
        for text in [
            format!("apex@pve!tool={SECRET}"),
            SECRET.to_owned(),
            format!("PVEAPIToken=apex@pve!tool={SECRET}"),
            format!("https://root:{SECRET}@pve.lan:8006"),
        ] {
            let mut hand = Hand::new();
            hand.reach_host();
            hand.typed(field.clone(), &text);
            hand.say(Input::Quit);
            let kept = format!("{:?}", hand.asked);
            assert!(!kept.contains(&SECRET[..12]), "{field}: {text}");
        }
    }
}

#[test]
fn a_secret_that_was_pasted_as_the_host_is_neither_looked_up_nor_shown() {
    for text in [
        format!("apex@pve!tool={SECRET}"),
        SECRET.to_owned(),
        format!("Authorization: PVEAPIToken=apex@pve!tool={SECRET}"),
    ] {
        let mut hand = Hand::new();
        hand.reach_host();
        hand.typed(host::HOST, &text);
        hand.submit();
        assert!(hand.asked.is_empty(), "{:?}", hand.asked);
        let error = hand.field(&host::HOST).error.unwrap();
        assert!(!format!("{error:?}").contains(&SECRET[..12]));
    }
}

#[test]
fn a_suspended_probe_starts_again_and_its_old_answer_counts_no_more() {
    let [leaf, _] = certificates();
    let mut hand = Hand::new();
    hand.reach_host();
    hand.typed(host::HOST, "pve.lan");
    hand.submit();
    let (old, inquiry) = hand.survey();
    let endpoint = inquiry.endpoints[0].clone();
    hand.say(Input::Resumed);
    let (new, _) = hand.survey();
    assert_ne!(old, new);
    hand.saw(old, road(endpoint, &leaf, None));
    hand.tell(Msg::Ended(old));
    assert_eq!(hand.w.at(), PageId::Host);
    assert!(hand.w.waiting());
}

#[test]
fn nobody_answers_and_the_walk_stays_until_it_is_said_to_go_on_without() {
    let mut hand = Hand::new();
    hand.chose("target".into(), "glassdome");
    hand.submit();
    hand.submit();
    let (id, path) = hand.look();
    hand.tell(Msg::Looked(id, Box::new(Ok((new_file(&path), Around::default())))));
    if hand.w.at() == PageId::Uses {
        hand.submit();
    }
    assert_eq!(hand.w.at(), PageId::Host);
    hand.typed(host::HOST, "192.0.2.11:8006");
    hand.submit();
    let (id, inquiry) = hand.survey();
    let dark = (inquiry.endpoints[0].clone(), IpAddr::V4(Ipv4Addr::new(192, 0, 2, 11)), ConnectTrouble::Refused);
    hand.saw(id, [Seen::NotConnected(vec![dark])]);
    hand.tell(Msg::Ended(id));
    assert_eq!(hand.w.at(), PageId::Host);
    assert_eq!(host::findings(&hand.w)[0].code.0, "connect.refused");
    hand.chose(host::OFFLINE, "untested");
    hand.submit();
    assert_eq!(hand.w.at(), PageId::Access, "there is no certificate to agree to");
    assert!(host::offline(&hand.w));
}

fn new_file(path: &Path) -> FileSeen {
    let folder = tempfile::tempdir().unwrap();
    let mut seen = labwizard::disk::read_config(&folder.path().join(".env"), &super::Stage::caller()).unwrap();
    seen.given = path.to_owned();
    seen.path = path.to_owned();
    seen
}

#[test]
fn no_debug_output_of_the_conversation_holds_the_secret() {
    let [leaf, _] = certificates();
    let mut hand = Hand::new();
    hand.reach_verify(&leaf);
    let all = format!("{:?} {:?} {:#?}", hand.w, hand.asked, hand.page());
    assert!(!all.contains(&SECRET[..12]));
}

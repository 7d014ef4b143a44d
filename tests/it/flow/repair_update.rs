//! The repair by itself: a message in, the model and what it asks for out.

use std::path::Path;

use labwizard::domain::around::Around;
use labwizard::domain::{FileSeen, Seen};
use labwizard::wizard::draft::Draft;
use labwizard::wizard::message::{Effect, Input, Msg};
use labwizard::wizard::step::{PageId, checkup, token};
use labwizard::wizard::{Setting, Wizard};

use super::hand::*;
use super::setting;

/// A file of Glassdome's with these lines beside the host's.
fn text(more: &str) -> String {
    format!(
        "PROXMOX_HOST=pve.lan:8006\nPROXMOX_USER=apex@pve\nPROXMOX_VERIFY_SSL=false\nPROXMOX_NODE=pve1\nLAB_PROXMOX_INSTANCE=01\n{more}"
    )
}

fn token_lines(secret: &str) -> String {
    format!("PROXMOX_TOKEN_NAME=tool\nPROXMOX_TOKEN_VALUE={secret}\n")
}

fn begin() -> Hand {
    let setting = Setting { mend: Some(Path::new(HERE).join(".env")), ..setting(Path::new(HERE)) };
    let (w, asked) = Wizard::new(setting, Draft::default());
    Hand { w, asked }
}

/// The file as it would be seen on disk.
fn seen(text: &str) -> FileSeen {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".env");
    std::fs::write(&path, text).unwrap();
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    let mut seen = labwizard::disk::read_config(&path, &super::Stage::caller()).unwrap();
    seen.path = Path::new(HERE).join(".env");
    seen.given = seen.path.clone();
    seen
}

fn reads(hand: &mut Hand, text: &str) {
    let (id, _) = hand.look();
    let around = Around { folder: HERE.into(), ..Around::default() };
    hand.tell(Msg::Looked(id, Box::new(Ok((seen(text), around)))));
}

fn surveys(hand: &Hand) -> usize {
    hand.asked.iter().filter(|effect| matches!(effect, Effect::Survey(..))).count()
}

#[test]
fn the_file_is_read_before_its_host_is_asked_and_the_host_once() {
    let mut hand = begin();
    assert_eq!((hand.w.at(), surveys(&hand)), (PageId::Checkup, 0));
    reads(&mut hand, &text(&token_lines(SECRET)));
    let (_, inquiry) = hand.survey();
    assert!(inquiry.credential.is_some() && inquiry.trust.is_some());
    assert_eq!(surveys(&hand), 1);
    assert!(hand.page().busy.is_some());
}

#[test]
fn two_hosts_of_one_address_and_token_are_asked_once() {
    let mut hand = begin();
    let second = format!(
        "PROXMOX_02_HOST=pve.lan:8006\nPROXMOX_02_USER=apex@pve\nPROXMOX_02_TOKEN_NAME=tool\nPROXMOX_TOKEN_VALUE_02={SECRET}\n"
    );
    reads(&mut hand, &(text(&token_lines(SECRET)) + &second));
    assert_eq!(surveys(&hand), 1);
    assert_eq!(hand.w.evidence.checkup.as_ref().unwrap().hosts[0].instances, [1, 2]);
}

#[test]
fn a_secret_of_another_origin_is_sent_to_nobody_and_fills_nothing() {
    for value in ["${VICTIM_TOKEN}", "$(cat /run/secret)", "\"${VICTIM_TOKEN}\""] {
        let mut hand = begin();
        hand.w.setting.environment = vec!["VICTIM_TOKEN".into(), "PROXMOX_TOKEN_VALUE".into()];
        reads(&mut hand, &text(&token_lines(value)));
        let sent =
            hand.asked.iter().any(|effect| matches!(effect, Effect::Survey(_, asked) if asked.credential.is_some()));
        assert!(!sent, "{value}");
        for effect in std::mem::take(&mut hand.asked) {
            if let Effect::Survey(id, _) = effect {
                hand.tell(Msg::Ended(id));
            }
        }
        hand.submit();
        assert!(hand.w.draft.raw(&token::TOKEN).is_blank(), "{value}");
    }
}

#[test]
fn esc_ends_the_checkup_and_enter_begins_it_anew() {
    let mut hand = begin();
    reads(&mut hand, &text(&token_lines(SECRET)));
    let (id, _) = hand.survey();
    hand.say(Input::Stop);
    assert!(hand.asked.iter().any(|effect| matches!(effect, Effect::Cancel(cancelled) if *cancelled == id)));
    hand.saw(id, [Seen::Started(labwizard::domain::Link::Resolve)]);
    hand.tell(Msg::Ended(id));
    assert!(hand.page().busy.is_none() && hand.w.evidence.checkup.is_none());
    hand.submit();
    assert_eq!(hand.look().1, Path::new(HERE).join(".env"));
}

#[test]
fn whoever_leaves_a_repair_leaves_nothing_behind() {
    let mut hand = begin();
    reads(&mut hand, &text(&token_lines(SECRET)));
    hand.say(Input::Quit);
    assert!(!hand.asked.iter().any(|effect| matches!(effect, Effect::KeepWalk(_))), "{:?}", hand.asked);
    assert!(!format!("{:?} {:?}", hand.w, hand.page()).contains(&SECRET[..12]));
    assert!(checkup::findings(&hand.w).is_empty());
}

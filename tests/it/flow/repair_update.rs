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

/// The search for the file's secrets brings nothing.
fn searched(hand: &mut Hand) {
    let asked = std::mem::take(&mut hand.asked);
    let search = asked.into_iter().find_map(|effect| match effect {
        Effect::Search(id, what) => Some((id, what.1)),
        _ => None,
    });
    let (id, around) = search.expect("it is searched for");
    hand.tell(Msg::Searched(id, Box::new(around)));
}

/// A road to a host that takes the token.
fn fine(inquiry: &labwizard::domain::Inquiry) -> Vec<Seen> {
    let release = labwizard::domain::Release::new(9, 2, 0);
    let leaf = Box::new(leaf());
    vec![
        Seen::Connected(inquiry.endpoints[0].clone(), std::net::Ipv4Addr::LOCALHOST.into()),
        Seen::Certificate { leaf, chain: 1, verdict: Some(Ok(())), system: false },
        Seen::IsProxmox { realms: Vec::new(), release_hint: None, via: None },
        Seen::Started(labwizard::domain::Link::SignIn),
        Seen::SignedIn { release, clock_off: None },
    ]
}

fn leaf() -> labwizard::domain::Certificate {
    let ca = labwizard::lab::Lab::start(labwizard::lab::LabConfig::quick());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let pem = runtime.block_on(async { ca.await.unwrap().ca_pem() });
    labwizard::domain::Certificate::from_der(&labwizard::domain::certificates_from_pem(&pem).unwrap()[0].0).unwrap()
}

#[test]
fn the_search_for_the_secret_begins_beside_the_hosts_road_and_the_page_waits_for_both() {
    let mut hand = begin();
    reads(&mut hand, &text(&token_lines(SECRET)));
    let (probe, inquiry) = hand.survey();
    let road = fine(inquiry);
    let search = hand.asked.iter().find_map(|effect| match effect {
        Effect::Search(id, what) => Some((*id, what.1.clone(), what.2.iter().map(|s| s.share()).collect::<Vec<_>>())),
        _ => None,
    });
    let (id, around, secrets) = search.expect("with the survey");
    assert_eq!(secrets.iter().map(|secret| secret.reveal()).collect::<Vec<_>>(), [SECRET]);
    hand.saw(probe, road);
    assert!(hand.page().blocks.iter().any(|block| matches!(block, labwizard::wizard::page::Block::Road(_))));
    hand.tell(Msg::Ended(probe));
    assert!(hand.page().busy.is_some(), "the search goes on");
    let git = labwizard::domain::around::Git::WouldTrack;
    let found = Around { history: labwizard::domain::around::History::Found, git, ..around };
    hand.tell(Msg::Searched(id, Box::new(found)));
    assert!(hand.page().busy.is_none());
    assert!(checkup::findings(&hand.w).iter().any(|finding| finding.code.0 == "file.secret-in-history"));
}

#[test]
fn two_hosts_that_verify_otherwise_are_held_against_what_each_says_and_sign_in_once() {
    let mut hand = begin();
    let second = format!(
        "PROXMOX_02_HOST=pve.lan:8006\nPROXMOX_02_USER=apex@pve\nPROXMOX_02_TOKEN_NAME=tool\nPROXMOX_TOKEN_VALUE_02={SECRET}\nPROXMOX_02_VERIFY_SSL=true\n"
    );
    reads(&mut hand, &(text(&token_lines(SECRET)) + &second));
    let (probe, inquiry) = hand.survey();
    assert_eq!(inquiry.trust, Some(labwizard::domain::Trust::System), "the stricter one first");
    let road = fine(inquiry);
    searched(&mut hand);
    hand.saw(probe, road);
    hand.tell(Msg::Ended(probe));
    let (probe, inquiry) = hand.survey();
    assert!(inquiry.credential.is_none(), "one has signed in");
    assert_eq!(inquiry.trust, Some(labwizard::domain::Trust::Unverified));
    let road = fine(inquiry).into_iter().take(3).collect::<Vec<_>>();
    hand.saw(probe, road);
    hand.tell(Msg::Ended(probe));
    let hosts: Vec<u8> = checkup::told(&hand.w).unwrap().findings.iter().filter_map(|(host, _)| *host).collect();
    assert!(hosts.contains(&1) && checkup::findings(&hand.w).iter().any(|f| f.code.0 == "tls.unverified"));
}

#[test]
fn of_a_key_in_three_lines_both_that_are_too_many_go_at_once() {
    let mut hand = begin();
    let more = format!("PROXMOX_NODE=pve2\nPROXMOX_NODE=pve3\n{}", token_lines(SECRET));
    reads(&mut hand, &text(&more));
    let (probe, _) = hand.survey();
    searched(&mut hand);
    hand.tell(Msg::Ended(probe));
    let told = checkup::told(&hand.w).unwrap();
    assert_eq!(told.file_mends().len(), 2, "{:?}", told.findings);
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
        let surveys = hand.asked.iter().filter_map(|effect| match effect {
            Effect::Survey(id, _) => Some(*id),
            _ => None,
        });
        let surveys = surveys.collect::<Vec<_>>();
        searched(&mut hand);
        surveys.into_iter().for_each(|id| hand.tell(Msg::Ended(id)));
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

/// A conversation in a folder with this config.
fn in_folder(text: &str) -> Hand {
    let (w, asked) = Wizard::new(setting(Path::new(HERE)), Draft::default());
    let mut hand = Hand { w, asked };
    let around = Around { folder: HERE.into(), names: vec![".env".into()], ..Around::default() };
    hand.tell(Msg::Around(Box::new(around)));
    reads(&mut hand, text);
    hand
}

#[test]
fn the_first_page_says_that_the_folders_config_is_broken_and_leads_to_its_mend() {
    let mut hand = in_folder(&text(&format!("PROXMOX_TOKEN_NAME=apex@pve!tool\nPROXMOX_TOKEN_VALUE={SECRET}\n")));
    let words = super::repair::words(&hand.page());
    assert!(words.contains("is there and does not work"), "{words}");
    assert_eq!((hand.w.at(), surveys(&hand)), (PageId::Tool, 0), "no host is asked");
    hand.submit();
    assert_eq!(hand.w.at(), PageId::Checkup);
    assert_eq!(hand.look().1, Path::new(HERE).join(".env"));
}

#[test]
fn enter_past_a_sound_config_sets_its_own_tool_up_and_knows_its_host() {
    let mut hand = in_folder(&text(&token_lines(SECRET)));
    hand.submit();
    assert_eq!(hand.w.at(), PageId::File);
    hand.submit();
    reads(&mut hand, &text(&token_lines(SECRET)));
    while hand.w.at() < PageId::Host {
        hand.submit();
    }
    assert_eq!(hand.w.draft.text(&"host".into()), "pve.lan:8006");
    assert!(hand.w.draft.raw(&token::TOKEN).is_blank());
}

#[test]
fn an_address_is_no_name_of_a_file() {
    for (typed, is_file) in
        [("127.0.0.1:41455", false), ("10.0.0.2", false), ("https://pve.lan:8006/", false), ("a:b", true)]
    {
        let mut hand = Hand::new();
        hand.chose("target".into(), "glassdome");
        hand.submit();
        hand.typed("file".into(), typed);
        hand.submit();
        let (id, path) = hand.look();
        let seen = labwizard::domain::FileSeen { there: None, path, ..seen("") };
        hand.tell(Msg::Looked(id, Box::new(Ok((seen, Around { folder: HERE.into(), ..Around::default() })))));
        let words = format!("{:?}", hand.page());
        assert_eq!(
            (hand.w.at() > PageId::File, words.contains("” is an address")),
            (is_file, !is_file),
            "{typed}: {words}"
        );
    }
}

/// A line that is asked for before the news has come is answered without it.
#[test]
fn the_first_page_is_not_all_there_until_the_folder_and_its_config_were_read() {
    let (w, asked) = Wizard::new(setting(Path::new(HERE)), Draft::default());
    let mut hand = Hand { w, asked };
    assert!(hand.w.looks_around());
    let around = Around { folder: HERE.into(), names: vec![".env".into()], ..Around::default() };
    hand.tell(Msg::Around(Box::new(around)));
    assert!(hand.w.looks_around());
    reads(&mut hand, &text(&token_lines(SECRET)));
    assert!(!hand.w.looks_around());
    assert!(!Hand::new().w.looks_around(), "an empty folder has nothing to read");
}

#[test]
fn a_config_that_is_not_filled_in_yet_is_not_mentioned_and_a_no_goes_on() {
    let hand = in_folder(&text(&token_lines("your-token-secret-here")));
    assert!(!super::repair::words(&hand.page()).contains(".env is there"));
    let mut hand = in_folder(&text(&format!("PROXMOX_TOKEN_NAME=apex@pve!tool\nPROXMOX_TOKEN_VALUE={SECRET}\n")));
    hand.chose("mend_here".into(), "no");
    hand.chose("target".into(), "token-only");
    hand.submit();
    assert_eq!(hand.w.at(), PageId::Host);
}

/// Whoever chooses another tool below has turned from what is broken.
#[test]
fn a_broken_config_holds_nobody_who_chose_something_else() {
    let mut hand = in_folder(&text(&format!("PROXMOX_TOKEN_NAME=apex@pve!tool\nPROXMOX_TOKEN_VALUE={SECRET}\n")));
    hand.chose("target".into(), "token-only");
    hand.submit();
    assert_eq!(hand.w.at(), PageId::Host);
}

#[test]
fn the_first_page_says_that_a_sound_config_is_there_and_goes_on_unless_it_is_turned_to() {
    let there = || in_folder(&text(&token_lines(SECRET)));
    let words = super::repair::words(&there().page());
    assert!(words.contains(".env is there, Glassdome's, for pve.lan:8006. Its text has nothing wrong."), "{words}");
    assert!(!words.contains(SECRET) && surveys(&there()) == 0, "{words}");
    let turned = |choice: &'static str| {
        let mut hand = there();
        hand.chose("mend_here".into(), choice);
        hand.submit();
        hand
    };
    let checked = turned("yes");
    assert_eq!((checked.w.at(), checked.look().1), (PageId::Checkup, Path::new(HERE).join(".env")));
    let added = turned("add");
    let draft = &added.w.draft;
    assert_eq!((added.w.at(), draft.text(&"file".into())), (PageId::File, "/nowhere/project/.env"));
    assert_eq!(draft.choice(&"instance".into()).map(|id| id.as_str()), Some("2"));
    assert!(draft.raw(&token::TOKEN).is_blank(), "no secret goes along to another host");
    // By itself Enter goes on below, with the target that the folder looks like.
    for mut hand in [there(), turned("no")] {
        if hand.w.at() == PageId::Tool {
            hand.submit();
        }
        assert_ne!(hand.w.at(), PageId::Checkup);
        assert!(hand.w.setting.mend.is_none());
    }
}

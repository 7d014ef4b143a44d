//! Logging in, by hand: each press sends once, what comes late is nobody's, and no secret outlasts what it is needed for.

use labwizard::domain::{
    Credential, Factor, Factors, HostAt, Login, LoginAnswer, Release, Rights, Secret, Seen, Ticket, UserId,
};
use labwizard::wizard::message::{AttemptId, Effect, Input, Msg};
use labwizard::wizard::page::{Block, Choice};
use labwizard::wizard::step::{PageId, access, code, login, make, trust};
use labwizard::wizard::walk;

use super::hand::*;

const PASSWORD: &str = "not-a-password-00000000";
const CODE: &str = "123456";

fn user() -> UserId {
    "admin@pve".parse().unwrap()
}

fn choice(hand: &Hand, id: &labwizard::domain::Id) -> Option<Choice> {
    hand.page().blocks.into_iter().find_map(|block| match block {
        Block::Choice(choice) if choice.id == *id => Some(choice),
        _ => None,
    })
}

impl Hand {
    /// Up to the page that asks who signs in.
    pub fn reach_login(&mut self) {
        let [leaf, _] = certificates();
        self.reach_trust(&leaf);
        self.reach_access();
        self.submit();
        assert_eq!(self.w.at(), PageId::Login);
    }

    fn press_login(&mut self) -> (AttemptId, HostAt) {
        self.typed(login::USER, "admin@pve");
        self.typed(login::PASSWORD, PASSWORD);
        self.submit();
        self.attempt()
    }

    /// The one attempt that was asked for last.
    fn attempt(&self) -> (AttemptId, HostAt) {
        match &self.asked[..] {
            [Effect::LogIn(id, login)] => match login.as_ref() {
                Login::Password { at, .. } | Login::Code { at, .. } => (*id, at.clone()),
            },
            other => panic!("one attempt was to be asked for, and not {other:?}"),
        }
    }

    fn needs_code(&mut self, id: AttemptId) {
        let factors = Factors { totp: true, recovery: 3, yubico: false, webauthn: false };
        let challenge = Secret::new("PVE:!tfa!challenge".into());
        self.tell(Msg::LoggedIn(id, Box::new(LoginAnswer::NeedsCode { challenge, factors })));
    }

    fn signed_in(&mut self, id: AttemptId) {
        self.signed_in_as(id, user());
    }

    /// The host answers with its own spelling of the user.
    fn signed_in_as(&mut self, id: AttemptId, user: UserId) {
        let ticket = Ticket {
            user,
            ticket: Secret::new("PVE:admin@pve:ticket".into()),
            csrf: Secret::new("csrf-csrf-csrf".into()),
            since: 0,
        };
        self.tell(Msg::LoggedIn(id, Box::new(LoginAnswer::SignedIn(ticket))));
    }

    fn looked_around(&mut self) {
        let (id, inquiry) = self.survey();
        assert!(inquiry.estate && matches!(inquiry.credential, Some(Credential::Ticket(_))));
        let [leaf, _] = certificates();
        let endpoint = inquiry.endpoints[0].clone();
        self.saw(id, road(endpoint, &leaf, Some(Ok(()))));
        let signed_in = Seen::SignedIn { release: Release::new(9, 2, 11), clock_off: None };
        let all = ["User.Modify", "Realm.AllocateUser", "Sys.Modify", "Permissions.Modify"];
        let rights = Rights::new([("/".to_owned(), all.map(|name| (name.to_owned(), true)).into())].into());
        self.saw(id, [signed_in, Seen::Rights(rights), Seen::Estate(Box::default())]);
        self.tell(Msg::Ended(id));
    }

    fn refused(&mut self, id: AttemptId) {
        let phrase = "authentication failure".to_owned();
        self.tell(Msg::LoggedIn(id, Box::new(LoginAnswer::Refused { status: 401, phrase, clock_off: Some(0) })));
    }

    fn kept(&self) -> String {
        walk::walk(&self.w)
    }
}

#[test]
fn each_press_sends_one_attempt_and_a_refusal_sends_none_by_itself() {
    let mut hand = Hand::new();
    hand.reach_login();
    let (id, _) = hand.press_login();
    assert!(hand.w.waiting() && hand.page().busy.unwrap().contains("3 seconds"));
    // Enter while it is under way sends nothing.
    hand.submit();
    assert!(hand.asked.is_empty(), "{:?}", hand.asked);
    hand.refused(id);
    assert!(hand.asked.is_empty() && hand.w.at() == PageId::Login, "{:?}", hand.asked);
    let codes: Vec<_> = login::findings(&hand.w).iter().map(|finding| finding.code.0).collect();
    assert_eq!(codes, ["login.refused"]);
    // `fg` after a suspension is no press.
    hand.say(Input::Resumed);
    assert!(hand.asked.is_empty());
    // What was refused is not sent again: it is typed anew.
    hand.submit();
    assert!(hand.asked.is_empty());
    hand.typed(login::PASSWORD, PASSWORD);
    hand.submit();
    assert_ne!(hand.attempt().0, id);
}

#[test]
fn esc_drops_the_attempt_and_its_late_answer_is_nobodys() {
    let mut hand = Hand::new();
    hand.reach_login();
    let (id, _) = hand.press_login();
    hand.say(Input::Stop);
    assert!(matches!(hand.asked[..], [Effect::Drop(dropped)] if dropped == id), "{:?}", hand.asked);
    let before = hand.page();
    hand.signed_in(id);
    assert!(hand.asked.is_empty());
    assert_eq!(hand.page(), before);
    assert!(login::credential(&hand.w).is_none());
}

#[test]
fn the_password_is_forgotten_once_it_was_taken_and_never_kept() {
    let mut hand = Hand::new();
    hand.reach_login();
    let (id, _) = hand.press_login();
    assert!(!hand.kept().contains(PASSWORD));
    hand.needs_code(id);
    assert_eq!(hand.w.at(), PageId::Code);
    hand.typed(code::CODE, CODE);
    assert!(!hand.kept().contains(CODE));
    hand.submit();
    let (id, _) = hand.attempt();
    assert_eq!(hand.w.draft.text(&code::CODE), "", "a code is used up as soon as it is sent");
    hand.signed_in(id);
    assert_eq!(hand.w.draft.text(&login::PASSWORD), "");
    assert!(hand.page().busy.unwrap().starts_with("Looking around as admin@pve"));
    hand.looked_around();
    assert_eq!(hand.w.at(), PageId::Make);
    assert!(!format!("{:?}", hand.w).contains("PVE:admin@pve:ticket"));
    // Back at the login it is not asked for again.
    hand.say(Input::Back);
    assert_eq!(hand.w.at(), PageId::Login);
    hand.submit();
    assert!(hand.asked.is_empty() && hand.w.at() == PageId::Make);
}

#[test]
fn a_realm_that_minds_no_case_signs_in_under_its_own_spelling() {
    let mut hand = Hand::new();
    hand.reach_login();
    let (id, _) = hand.press_login();
    hand.signed_in_as(id, "Admin@pve".parse().unwrap());
    hand.looked_around();
    assert_eq!(hand.w.at(), PageId::Make);
    let signer = make::signer(&hand.w).map(|user| user.to_string());
    assert_eq!(signer.as_deref(), Some("Admin@pve"), "the token belongs to the user as the host writes it");
    // Whoever is typed in their place is somebody else, who did not sign in.
    hand.say(Input::Back);
    hand.typed(login::USER, "other@pve");
    hand.submit();
    assert!(hand.w.at() == PageId::Login && hand.asked.is_empty());
}

#[test]
fn a_refused_code_asks_for_a_new_one_and_counts() {
    let mut hand = Hand::new();
    hand.reach_login();
    let (id, _) = hand.press_login();
    hand.needs_code(id);
    for wrong in 1..=2 {
        assert!(choice(&hand, &code::AGAIN).is_none());
        hand.typed(code::CODE, CODE);
        hand.submit();
        let (id, _) = hand.attempt();
        hand.refused(id);
        assert_eq!((hand.w.at(), hand.w.draft.text(&code::CODE)), (PageId::Code, ""));
        let found = login::findings(&hand.w);
        assert!(found[0].evidence.iter().any(|line| line.starts_with(&format!("{wrong} of 8"))), "{found:?}");
        // Enter on the empty field sends nothing.
        hand.submit();
        assert!(hand.asked.is_empty());
    }
    assert!(choice(&hand, &code::AGAIN).is_some());
    hand.chose(code::AGAIN, "login");
    hand.submit();
    assert_eq!((hand.w.at(), hand.w.draft.text(&login::PASSWORD)), (PageId::Login, ""));
}

#[test]
fn what_cannot_be_a_code_is_not_sent() {
    let mut hand = Hand::new();
    hand.reach_login();
    let (id, _) = hand.press_login();
    hand.needs_code(id);
    hand.typed(code::CODE, "12345");
    hand.submit();
    assert!(hand.asked.is_empty());
    assert!(hand.field(&code::CODE).error.unwrap().what.ends_with("Nothing was sent."));
    hand.chose(code::FACTOR, "recovery");
    hand.typed(code::CODE, "2D94105567 07a616");
    hand.submit();
    let Some(Effect::LogIn(_, login)) = hand.asked.first() else { panic!("{:?}", hand.asked) };
    let Login::Code { factor, code, .. } = login.as_ref() else { panic!("{login:?}") };
    assert_eq!((*factor, code.reveal()), (Factor::Recovery, "2d94-1055-6707-a616"));
}

#[test]
fn a_factor_that_no_terminal_can_give_is_said_with_the_other_ways_in() {
    let mut hand = Hand::new();
    hand.reach_login();
    let (id, _) = hand.press_login();
    let factors = Factors { webauthn: true, ..Factors::default() };
    let challenge = Secret::new("PVE:!tfa!challenge".into());
    hand.tell(Msg::LoggedIn(id, Box::new(LoginAnswer::NeedsCode { challenge, factors })));
    assert_eq!(hand.w.at(), PageId::Login);
    assert_eq!(login::findings(&hand.w)[0].code.0, "login.no-usable-factor");
}

#[test]
fn nobody_logs_in_where_the_certificate_is_not_verified() {
    let [leaf, _] = certificates();
    let mut hand = Hand::new();
    hand.reach_trust(&leaf);
    hand.chose(trust::TRUST, "insecure");
    hand.submit();
    if hand.w.at() == PageId::Trust {
        let (id, inquiry) = hand.survey();
        let endpoint = inquiry.endpoints[0].clone();
        hand.saw(id, road(endpoint, &leaf, Some(Ok(()))));
        hand.tell(Msg::Ended(id));
    }
    assert_eq!(hand.w.at(), PageId::Access);
    let offered = choice(&hand, &access::ACCESS).unwrap();
    assert!(offered.options.iter().all(|option| option.id != access::LOGIN));
    // Also where an answers file asks for it.
    hand.chose(access::ACCESS, "login");
    hand.submit();
    assert!(hand.asked.is_empty() && hand.w.at() == PageId::Access);
    assert!(choice(&hand, &access::ACCESS).unwrap().error.is_some());
}

#[test]
fn a_certificate_that_was_not_compared_is_said_where_the_password_is_asked() {
    let mut hand = Hand::new();
    hand.reach_login();
    let said = |hand: &Hand| {
        let page = hand.page();
        page.blocks.iter().any(|block| matches!(block, Block::Text(text) if text.text.contains("did not compare it")))
    };
    assert!(said(&hand));
}

#[test]
fn what_is_made_has_no_silent_expiry() {
    let mut hand = Hand::new();
    hand.reach_login();
    let (id, _) = hand.press_login();
    hand.signed_in(id);
    hand.looked_around();
    assert_eq!(hand.w.at(), PageId::Make);
    assert_eq!(choice(&hand, &make::EXPIRE).unwrap().chosen, None);
    hand.submit();
    assert_eq!(hand.w.at(), PageId::Make);
    assert!(choice(&hand, &make::EXPIRE).unwrap().error.is_some());
    // A day that is over, and one that is none.
    hand.chose(make::EXPIRE, "date");
    for day in ["2001-01-01", "tomorrow"] {
        hand.typed(make::EXPIRE_DATE, day);
        hand.submit();
        assert_eq!(hand.w.at(), PageId::Make);
        assert!(hand.field(&make::EXPIRE_DATE).error.is_some(), "{day}");
    }
}

#[test]
fn a_login_that_the_host_takes_no_more_is_begun_anew_by_the_person() {
    let mut hand = Hand::new();
    hand.reach_login();
    let (id, _) = hand.press_login();
    hand.signed_in(id);
    hand.looked_around();
    hand.chose(make::EXPIRE, "never");
    hand.submit();
    assert_eq!(hand.w.at(), PageId::Verify);
    let (id, _) = hand.survey();
    let phrase = "permission denied - invalid PVE ticket".to_owned();
    hand.saw(id, [Seen::SignInRefused { status: 401, phrase, clock_off: None }]);
    hand.tell(Msg::Ended(id));
    assert_eq!(hand.w.at(), PageId::Login);
    assert!(hand.asked.is_empty(), "nothing logs in by itself: {:?}", hand.asked);
    let page = hand.page();
    assert!(page.blocks.iter().any(|block| matches!(block, Block::Text(text) if text.text.contains("two hours"))));
}

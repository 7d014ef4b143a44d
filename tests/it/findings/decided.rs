//! What the host tells apart for nobody, and what it is after somebody looked who may see users: on every release.

use labwizard::domain::{Estate, Release, UserId};
use labwizard::lab::LabRelease;

use super::samples::{Case, NOW, Names, estate, proxmox, refused, rights, seen, token};

/// A state of user and token, the words of a host that tells, and the code.
type State = (&'static str, fn(&mut Estate), &'static str);

const STATES: &[State] = &[
    ("invalid token value!", |_| (), "token.wrong-secret"),
    ("no such token 'glassdome-token' for user 'apex@pve'", |all| all.users[1].tokens.clear(), "token.unknown"),
    ("token 'glassdome-token' access expired", |all| all.users[1].tokens[0].expire = Some(NOW - 1), "token.expired"),
    ("user 'apex@pve' is disabled", |all| all.users[1].enabled = false, "user.disabled"),
    ("user 'apex@pve' access expired", |all| all.users[1].expire = Some(NOW - 1), "user.expired"),
    ("no such user ('apex@pve')", |all| all.users.truncate(1), "user.unknown"),
];

fn told(release: LabRelease) -> bool {
    matches!(release, LabRelease::V7_4_20 | LabRelease::V8_4_16 | LabRelease::V9_1_4)
}

#[test]
fn a_refusal_without_words_is_a_list_until_an_administrator_looked_and_then_one_cause() {
    let names = Names::default();
    let case = Case::of(&names);
    for lab in LabRelease::all() {
        let release: Release = lab.version().parse().unwrap();
        assert_eq!(release.hides_why(), !told(*lab), "{lab}");
        for (words, change, code) in STATES {
            let phrase = if told(*lab) { words } else { "Authentication failed!" };
            let before = || vec![proxmox(&names, release, false), refused(401, phrase)];
            let codes = |all: Vec<_>| -> Vec<&str> { case.found(&seen(all)).iter().map(|one| one.code.0).collect() };
            let wanted = if told(*lab) { *code } else { "token.refused" };
            assert_eq!(codes(before()), [wanted], "{lab}: {words}");
            if !told(*lab) {
                let refused = case.found(&seen(before())).remove(0);
                assert!(refused.possible.iter().any(|one| one.0 == *code), "{code}: {refused:?}");
            }
            let mut looked = before();
            looked.push(estate(&names, change));
            assert_eq!(codes(looked), [*code], "{lab}, looked at: {words}");
        }
    }
}

#[test]
fn whoever_is_not_shown_all_users_decides_nothing_by_their_absence() {
    let names = Names::default();
    let all = seen([
        proxmox(&names, Release::new(9, 2, 11), false),
        refused(401, "Authentication failed!"),
        estate(&names, |all| {
            all.users.truncate(1);
            all.acl_whole = false;
        }),
    ]);
    let found = Case::of(&names).found(&all);
    assert_eq!(found.iter().map(|one| one.code.0).collect::<Vec<_>>(), ["token.refused"]);
    assert!(!found[0].possible.is_empty());
}

#[test]
fn what_an_administrator_may_do_is_not_held_to_be_the_refused_tokens() {
    let names = Names::default();
    let all = seen([
        refused(401, "Authentication failed!"),
        estate(&names, |_| ()),
        rights(&[("/", &["Permissions.Modify", "Sys.Modify"])]),
    ]);
    let found = Case::of(&names).found(&all);
    assert_eq!(found.iter().map(|one| one.code.0).collect::<Vec<_>>(), ["token.wrong-secret"]);
}

#[test]
fn the_causes_are_held_in_the_order_of_the_hosts_own_checks() {
    let names = Names::default();
    let id = token(&names).unwrap();
    let decided = |change: fn(&mut Estate)| {
        let labwizard::domain::Seen::Estate(estate) = estate(&names, change) else { unreachable!() };
        labwizard::diagnosis::decide(&id, &estate, NOW).map(|code| code.0)
    };
    let all_wrong: fn(&mut Estate) = |all| {
        all.users[1].enabled = false;
        all.users[1].expire = Some(NOW - 1);
        all.users[1].tokens.clear();
    };
    assert_eq!(decided(all_wrong), Some("user.disabled"));
    assert_eq!(decided(|all| all.users[1].tokens[0].expire = Some(NOW + 1)), Some("token.wrong-secret"));
    // root@pam of another realm is another user.
    assert_eq!(decided(|all| all.users[1].id = UserId::new("apex", "pam").unwrap()), Some("user.unknown"));
}

#[test]
fn what_is_seen_to_be_gone_is_made_anew_first_and_what_is_misspelt_is_picked() {
    use labwizard::domain::finding::Mend;
    let names = Names::default();
    let mends = |change: fn(&mut Estate)| {
        let all = seen([
            proxmox(&names, Release::new(9, 2, 11), false),
            refused(401, "Authentication failed!"),
            estate(&names, change),
        ]);
        Case::of(&names).found(&all).remove(0).mends
    };
    let paste = || Mend::Ask(labwizard::domain::Id::fixed("token"));
    assert_eq!(mends(|all| all.users[1].tokens.clear()), [Mend::NewToken, paste()]);
    assert_eq!(mends(|all| all.users.truncate(1)), [Mend::NewToken, paste()]);
    let near = mends(|all| all.users[1].tokens[0].name = "glassdom-token".parse().unwrap());
    let meant = Mend::Token("apex@pve!glassdom-token".parse().unwrap());
    assert_eq!(near, [meant, paste(), Mend::NewToken]);
    // Without a look nobody knows that it is gone.
    let all = seen([refused(401, "no such token 'glassdome-token' for user 'apex@pve'")]);
    assert_eq!(Case::of(&names).found(&all).remove(0).mends, [paste(), Mend::NewToken]);
}

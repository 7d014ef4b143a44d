//! Answers in every form that Proxmox writes, and answers that are none.

use super::*;

#[test]
fn truths_and_numbers_are_read_in_every_form_that_proxmox_writes() {
    let body = br#"{"data":[{"vmid":"100","template":"1","type":"qemu","node":"pve"},{"vmid":200,"template":0,"type":"lxc","name":"ct","node":"pve"},{"type":"qemu"},{"type":"node"}]}"#;
    let seen = guests(body).unwrap();
    assert_eq!(seen.len(), 2);
    assert_eq!((seen[0].id, seen[0].name.as_str(), seen[0].template, seen[0].container), (100, "VM 100", true, false));
    assert!(!seen[1].template && seen[1].container);
}

#[test]
fn a_token_without_rights_is_read_as_no_paths_at_all() {
    for body in [&br#"{"data":{}}"#[..], br#"{"data":[]}"#, br#"{"data":null}"#] {
        assert!(permissions(body).unwrap().is_empty());
    }
    let some = permissions(br#"{"data":{"/vms":{"VM.Audit":1,"VM.Clone":"0"}}}"#).unwrap();
    assert_eq!((some["/vms"]["VM.Audit"], some["/vms"]["VM.Clone"]), (true, false));
}

/// Why a body is not read.
type Reader = fn(&[u8]) -> Option<Unreadable>;

#[test]
fn what_cannot_be_read_is_named_by_place_and_not_by_content() {
    let canary = "c4n4ry-c4n4ry";
    let readers: [Reader; 12] = [
        |body| release(body).err(),
        |body| login(body).err(),
        |body| token_secret(body, &"a@pve!tok".parse().unwrap()).err(),
        |body| nothing(body).err(),
        |body| realms(body).err(),
        |body| permissions(body).err(),
        |body| privileges(body).err(),
        |body| nodes(body).err(),
        |body| guests(body).err(),
        |body| storages(body, "pve").err(),
        |body| bridges(body).err(),
        |body| cluster_ca(body).err(),
    ];
    let mut refused = [0; 12];
    for body in [
        format!(r#"{{"data":"{canary}"}}"#),
        format!(r#"{{"data":[{{"node":["{canary}"]}}]}}"#),
        format!(r#"{{"data":[{{"{canary}":1}}]}}"#),
        format!("<html>{canary}</html>"),
        format!(r#"{{"data":[{{"node":"{canary}"#),
        format!(r#"{{"data":{{"{canary}":1}}}}"#),
        format!(r#"{{"data":{{"value":"{canary}\u"}}}}"#),
        format!(r#"{{"data":{{"value":"{canary}","value":7}}}}"#),
        format!(r#"{{"data":{{"ticket":{{"{canary}":"{canary}"}}}}}}"#),
        format!(r#"{{"data":"{canary}"}} {canary}"#),
        format!("\u{feff}{{\"data\":\"{canary}\"}}"),
        canary.to_owned(),
    ] {
        for (read, refused) in readers.iter().zip(&mut refused) {
            if let Some(said) = read(body.as_bytes()) {
                *refused += 1;
                assert!(!format!("{said} {said:?}").contains(canary), "{said:?}");
            }
        }
    }
    // What is damaged as JSON is refused by all that read any of it; a write's answer counts by its status alone.
    assert!(refused.iter().filter(|times| **times >= 3).count() >= 10, "{refused:?}");
}

#[test]
fn a_challenge_names_its_factors_and_is_no_ticket() {
    for (offered, wanted) in [
        (r#"{\"totp\"%3Atrue}"#, Factors { totp: true, ..Factors::default() }),
        (r#"{\"totp\"%3Atrue,\"recovery\"%3A[0,3,9]}"#, Factors { totp: true, recovery: 3, ..Factors::default() }),
        (r#"{\"recovery\"%3A\"low\",\"yubico\"%3A1}"#, Factors { recovery: 1, yubico: true, ..Factors::default() }),
        (r#"{\"webauthn\"%3A{\"publicKey\"%3A{}},\"totp\"%3Afalse}"#, Factors { webauthn: true, ..Factors::default() }),
        ("{}", Factors::default()),
    ] {
        for flag in [r#","NeedTFA":1"#, r#","NeedTFA":"1""#, ""] {
            let body = format!(
                r#"{{"data":{{"ticket":"PVE:!tfa!{offered}:6B02345E::sig","CSRFPreventionToken":"x"{flag}}}}}"#
            );
            let Ok(Login::NeedsCode { challenge, factors }) = login(body.as_bytes()) else {
                panic!("a challenge was taken for a ticket: {body}")
            };
            assert_eq!(factors, wanted);
            assert!(challenge.reveal().ends_with(":6B02345E::sig"));
        }
    }
    // The old form of 7.4, a ticket without CSRF token, and none at all.
    for other in [
        r#""NeedTFA":1,"ticket":"PVE:tfa!totp@pve:6B::sig","CSRFPreventionToken":"x""#,
        r#""ticket":"PVE:tfa!totp@pve:6B::sig","CSRFPreventionToken":"x""#,
        r#""ticket":"PVE:root@pam:6B::sig""#,
        r#""ticket":null,"CSRFPreventionToken":"x""#,
    ] {
        assert!(matches!(login(format!("{{\"data\":{{{other}}}}}").as_bytes()), Err(Unreadable::Ticket)), "{other}");
    }
}

#[test]
fn a_secret_is_taken_only_for_the_token_that_was_asked_for() {
    let asked: TokenId = "apex@pve!tool".parse().unwrap();
    let read = |text: &str| token_secret(format!("{{\"data\":{text}}}").as_bytes(), &asked);
    let good =
        r#"{"full-tokenid":"apex@pve!tool","value":"00000000-0000-4000-8000-000000000001","info":{"privsep":"0"}}"#;
    assert_eq!(read(good).unwrap().reveal(), "00000000-0000-4000-8000-000000000001");
    assert_eq!(read(r#"{"full-tokenid":"apex@pve!tool","value":17}"#).unwrap().reveal(), "17");
    for other in [
        r#"{"full-tokenid":"apex@pve!tool2","value":"x"}"#,
        r#"{"value":"x"}"#,
        r#"{"full-tokenid":"apex@pve!tool"}"#,
        r#"{"full-tokenid":"apex@pve!tool","value":""}"#,
        r#"{"full-tokenid":"apex@pve!tool","value":"a b"}"#,
    ] {
        assert_eq!(read(other).unwrap_err(), Unreadable::Value, "{other}");
    }
    assert!(read("null").is_err());
}

#[test]
fn releases_and_realms_are_read() {
    assert_eq!(release(br#"{"data":{"version":"7.4-20","release":"7.4"}}"#), Ok(Release::new(7, 4, 20)));
    let all = realms(br#"{"data":[{"realm":"pam","type":"pam","comment":"Linux"},{"realm":"pve","type":"pve","tfa":"oath","default":1}]}"#);
    let all = all.unwrap();
    assert!(!all[0].tfa && all[1].tfa && all[1].default);
    assert!(message(br#"{"data":null,"message":"no such user\n"}"#).is_some_and(|m| m == "no such user"));
}

//! What becomes of a token that is there already.

use super::*;

fn used() -> Host {
    Host::new()
        .user("lab@pve")
        .token("wiz", true, Some(LATER + 5), "CI, ask Ann")
        .row("/", "lab@pve", "Administrator")
        .row("/", "lab@pve!wiz", "PVEAuditor")
}

#[test]
fn a_token_that_is_there_is_never_touched_without_a_word() {
    let wanted = want(&[("/vms", "VM.Audit")]);
    let id: TokenId = "lab@pve!wiz".parse().unwrap();
    assert_eq!(used().plan(&wanted).unwrap_err(), NoMaking::Exists(id));
    let taken = Want { existing: beside(true), ..wanted };
    let host = used().token("wiz-2", true, None, "");
    assert_eq!(host.plan(&taken).unwrap_err(), NoMaking::Exists("lab@pve!wiz-2".parse().unwrap()));
}

#[test]
fn a_token_beside_another_has_what_that_one_has_and_what_is_needed() {
    for remove in [false, true] {
        let making = used().plan(&Want { existing: beside(remove), ..want(&[("/vms", "VM.Clone VM.Audit")]) }).unwrap();
        let mut expected = vec![
            "role add LabwizardTool --privs Sys.Audit,VM.Audit,VM.Clone",
            "user token add lab@pve wiz-2 --privsep 1 --expire 1803081600",
            "acl modify / --tokens 'lab@pve!wiz-2' --roles PVEAuditor",
            "acl modify /vms --tokens 'lab@pve!wiz-2' --roles LabwizardTool",
        ];
        expected.extend(remove.then_some("user token remove lab@pve wiz"));
        assert_eq!(lines(&making), expected);
        assert_eq!(making.token.unwrap().name.as_str(), "wiz-2");
        assert_eq!(making.afterwards.len(), usize::from(remove));
        assert!(making.remarks.contains(&"lab@pve!wiz-2 keeps what it has on /vms: Sys.Audit.".to_owned()));
    }
}

#[test]
fn a_new_secret_in_place_comes_after_all_that_can_be_taken_back() {
    let wanted = Want { existing: Existing::InPlace, ..want(&[("/vms", "VM.Audit VM.Clone")]) };
    assert_eq!(
        used().lines(&wanted),
        [
            "role add LabwizardTool --privs Sys.Audit,VM.Audit,VM.Clone",
            "acl modify /vms --tokens 'lab@pve!wiz' --roles LabwizardTool",
            "user token modify lab@pve wiz --regenerate 1",
        ]
    );
    let enough = Want { existing: Existing::InPlace, ..want(&[("/vms", "VM.Audit")]) };
    let making = used().plan(&enough).unwrap();
    assert_eq!(lines(&making), ["user token modify lab@pve wiz --regenerate 1"]);
    assert_eq!(making.remarks, ["lab@pve!wiz ends on 2027-02-20, as before."]);
}

#[test]
fn where_a_host_gives_no_new_secret_the_token_is_made_again_as_it_was() {
    let wanted = Want { existing: Existing::InPlace, release: EIGHT, ..want(&[("/vms", "VM.Audit VM.Clone")]) };
    let making = used().plan(&wanted).unwrap();
    assert_eq!(
        lines(&making),
        [
            "role add LabwizardTool --privs Sys.Audit,VM.Audit,VM.Clone",
            "user token remove lab@pve wiz",
            "user token add lab@pve wiz --privsep 1 --expire 1803081605",
            "acl modify / --tokens 'lab@pve!wiz' --roles PVEAuditor",
            "acl modify /vms --tokens 'lab@pve!wiz' --roles LabwizardTool",
        ]
    );
    let comment = making.changes.iter().find_map(|change| match change {
        Change::MakeToken(token) => Some(token.comment.as_str()),
        _ => None,
    });
    assert_eq!(comment, Some("labwizard 3f9a1c: CI, ask Ann"));
}

#[test]
fn a_token_that_has_ended_is_made_again_also_where_new_secrets_are_given() {
    let host = Host::new().user("lab@pve").token("wiz", true, Some(NOW - 1), "").row("/", "lab@pve", "Administrator");
    let lines = host.lines(&Want { existing: Existing::InPlace, ..want(&[("/vms", "VM.Audit VM.Clone")]) });
    assert_eq!(
        lines,
        [
            "user token remove lab@pve wiz",
            "user token add lab@pve wiz --privsep 1 --expire 1803081600",
            "acl modify /vms --tokens 'lab@pve!wiz' --roles PVETemplateUser",
        ]
    );
}

#[test]
fn no_token_is_made_that_has_ended_before_it_begins() {
    let dead = |existing| Want { expire: Some(NOW), existing, ..want(&[("/vms", "VM.Audit")]) };
    let past = |name: &str| NoMaking::Past(format!("lab@pve!{name}").parse().unwrap());
    let ended = Host::new().user("lab@pve").token("wiz", true, Some(NOW - 1), "");
    assert_eq!(Host::new().plan(&dead(Existing::Refuse)).unwrap_err(), past("wiz"));
    assert_eq!(ended.plan(&dead(beside(false))).unwrap_err(), past("wiz-2"));
    assert_eq!(ended.plan(&dead(Existing::InPlace)).unwrap_err(), past("wiz"));
    assert!(Host::new().plan(&Want { expire: Some(0), ..dead(Existing::Refuse) }).is_ok());
    assert!(Host::new().plan(&Want { expire: None, ..dead(Existing::Refuse) }).is_ok());
}

#[test]
fn a_token_with_all_rights_of_its_user_is_given_none_of_its_own() {
    let host = Host::new().user("lab@pve").token("wiz", false, None, "");
    for release in [EIGHT, NINE] {
        let wanted = Want { existing: Existing::InPlace, release, ..want(&[("/vms", "VM.Audit VM.Clone")]) };
        let making = host.plan(&wanted).unwrap();
        assert_eq!(lines(&making)[0], "acl modify /vms --users lab@pve --roles PVETemplateUser");
        assert!(!lines(&making).iter().any(|line| line.contains("--tokens") || line.contains("--privsep 1")));
        assert!(making.remarks.iter().any(|remark| remark.contains("keeps them")), "{:?}", making.remarks);
    }
}

#[test]
fn an_entry_without_what_is_below_is_not_widened_but_told() {
    let host = used().narrow("/nodes", "lab@pve!wiz", "PVEAuditor");
    for (existing, release) in [(beside(true), NINE), (Existing::InPlace, EIGHT)] {
        let making = host.plan(&Want { existing, release, ..want(&[("/vms", "VM.Audit")]) }).unwrap();
        assert!(!lines(&making).iter().any(|line| line.contains("/nodes")));
        let told = making.remarks.iter().any(|remark| remark.contains("pveum acl modify /nodes --tokens"));
        assert!(told && making.remarks.iter().any(|remark| remark.ends_with("--propagate 0")), "{:?}", making.remarks);
    }
}

#[test]
fn a_token_that_is_kept_gets_the_grants_that_it_lacks_and_nothing_else() {
    let keep = |needs| Want { existing: Existing::Keep, ..want(needs) };
    let making = used().plan(&keep(&[("/vms", "VM.Audit VM.Clone")])).unwrap();
    assert_eq!(
        lines(&making),
        [
            "role add LabwizardTool --privs Sys.Audit,VM.Audit,VM.Clone",
            "acl modify /vms --tokens 'lab@pve!wiz' --roles LabwizardTool",
        ]
    );
    assert_eq!(making.token, Some("lab@pve!wiz".parse().unwrap()));
    assert!(!making.gives_secret() && making.afterwards.is_empty());
    let told = ["lab@pve!wiz keeps its secret and its end.", "lab@pve!wiz keeps what it has on /vms: Sys.Audit."];
    assert_eq!(making.remarks, told);
    assert!(used().lines(&keep(&[("/vms", "VM.Audit")])).is_empty(), "it has that already");
}

#[test]
fn the_owner_of_a_kept_token_gets_what_it_lacks_too() {
    let keep = |needs| Want { existing: Existing::Keep, ..want(needs) };
    let host = Host::new().user("lab@pve").token("wiz", true, None, "").row("/", "lab@pve!wiz", "PVEAuditor");
    let lines = host.lines(&keep(&[("/vms", "VM.Audit")]));
    assert_eq!(
        lines,
        ["role add LabwizardTool --privs VM.Audit", "acl modify /vms --users lab@pve --roles LabwizardTool"]
    );
    let whole = Host::new().user("lab@pve").token("wiz", false, None, "");
    let making = whole.plan(&keep(&[("/vms", "VM.Audit VM.Clone")])).unwrap();
    assert_eq!(super::lines(&making), ["acl modify /vms --users lab@pve --roles PVETemplateUser"]);
}

#[test]
fn a_token_is_woken_by_what_keeps_it_asleep_and_is_granted_nothing() {
    let wake = |end| Want { existing: Existing::Wake, expire: end, ..want(&[("/vms", "VM.Audit")]) };
    let day = 86_400;
    let host = |enabled, user: Option<Timestamp>, token| {
        let mut host = Host::new().user("lab@pve").token("wiz", true, token, "");
        host = host.row("/", "lab@pve", "PVEAuditor").row("/", "lab@pve!wiz", "PVEAuditor");
        (host.0.users[0].enabled, host.0.users[0].expire) = (enabled, user);
        host
    };
    let enable = "user modify lab@pve --enable 1";
    let user = "user modify lab@pve --expire 1803081600";
    let token = "user token modify lab@pve wiz --expire 1803081600";
    for (host, lines) in [
        (host(false, None, None), vec![enable]),
        (host(true, Some(NOW - 1), None), vec![user]),
        (host(true, None, Some(NOW + 30 * day)), vec![token]),
        (host(false, Some(0), Some(NOW - 1)), vec![enable, token]),
        (host(true, Some(NOW + 31 * day), Some(NOW + 31 * day)), vec![]),
    ] {
        let making = host.plan(&wake(Some(LATER))).unwrap();
        assert_eq!(super::lines(&making), lines);
        assert!(!making.gives_secret() && making.remarks.iter().any(|one| one.contains("keeps its secret")));
    }
    let lines = host(true, None, Some(NOW - 1)).lines(&wake(None));
    assert_eq!(lines, ["user token modify lab@pve wiz --expire 0"]);
    let bare = Host::new().user("lab@pve").token("wiz", true, Some(NOW - 1), "");
    assert_eq!(bare.lines(&wake(None)), lines, "what it lacks is granted by a repair of its own");
    assert_eq!(bare.in_part().lines(&wake(None)), lines, "so nobody needs to see all grants");
    let bare = Host::new().user("lab@pve").token("wiz", true, Some(NOW - 1), "");
    let id: TokenId = "lab@pve!wiz".parse().unwrap();
    assert_eq!(bare.plan(&wake(Some(NOW))).unwrap_err(), NoMaking::Past(id.clone()));
    assert_eq!(Host::new().user("lab@pve").plan(&wake(None)).unwrap_err(), NoMaking::Gone(id));
}

#[test]
fn no_grant_is_made_to_a_token_that_is_gone_or_has_ended_or_whose_entries_are_not_shown() {
    let keep = Want { existing: Existing::Keep, ..want(&[("/vms", "VM.Audit VM.Clone")]) };
    let id: TokenId = "lab@pve!wiz".parse().unwrap();
    assert_eq!(Host::new().user("lab@pve").plan(&keep).unwrap_err(), NoMaking::Gone(id.clone()));
    let ended = Host::new().user("lab@pve").token("wiz", true, Some(NOW - 1), "");
    assert_eq!(ended.plan(&keep).unwrap_err(), NoMaking::Ended(id.clone()));
    let unseen = NoMaking::AclUnseen(Grantee::Token(id));
    assert_eq!(used().in_part().plan(&keep).unwrap_err(), unseen);
    assert_eq!(used().in_part().plan(&Want { existing: Existing::InPlace, ..keep }).unwrap_err(), unseen);
}

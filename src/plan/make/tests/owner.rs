//! What the token's owner is granted beside it, and where there is no plan because of the owner.

use super::*;

#[test]
fn an_owner_who_has_enough_is_granted_nothing() {
    let only_token = "acl modify /vms --tokens 'lab@pve!wiz' --roles PVETemplateUser";
    let add = "user token add lab@pve wiz --privsep 1 --expire 1803081600";
    let wanted = want(&[("/vms", "VM.Audit VM.Clone")]);
    for host in [
        Host::new().user("lab@pve").row("/", "lab@pve", "Administrator"),
        Host::new().user("lab@pve").row("/vms", "lab@pve", "PVETemplateUser"),
        Host::new().user("lab@pve").row("/", "staff", "Administrator"),
    ] {
        assert_eq!(host.lines(&wanted), [add, only_token]);
    }
    // What does not reach below is not enough, and is no entry to be changed.
    let host = Host::new().user("lab@pve").narrow("/vms", "lab@pve", "PVETemplateUser");
    let lines = host.lines(&wanted);
    assert!(lines.contains(&"role add LabwizardTool --privs VM.Audit,VM.Clone".to_owned()), "{lines:?}");
    assert!(lines.iter().filter(|line| line.contains("--users")).all(|line| line.ends_with("LabwizardTool")));
}

#[test]
fn an_owner_keeps_what_a_deeper_grant_would_replace() {
    for (holder, said) in [("lab@pve", true), ("staff", true), ("other@pve", false)] {
        let host = Host::new().role("Screens", "VM.Console").user("lab@pve").row("/", holder, "Screens");
        let making = host.plan(&want(&[("/vms", "VM.Audit VM.PowerMgmt")])).unwrap();
        let user = UserId::new("lab", "pve").unwrap();
        let given = laid_out(&host.0, &making);
        let held = given.granted(&Grantee::User(user), "/vms/100");
        assert_eq!(held.contains_key("VM.Console"), said);
        assert_eq!(making.remarks.contains(&"lab@pve keeps what it has on /vms: VM.Console.".to_owned()), said);
        // The token gets none of it.
        assert_eq!(making.grants, [Grant { path: "/vms".into(), privileges: set("VM.Audit VM.PowerMgmt") }]);
    }
}

#[test]
fn where_no_access_stands_at_the_path_itself_there_is_no_plan_and_above_it_is_said() {
    let wanted = want(&[("/vms", "VM.Audit")]);
    let user = Grantee::User("lab@pve".parse().unwrap());
    let host = Host::new().user("lab@pve").row("/vms", "lab@pve", "NoAccess");
    assert_eq!(host.plan(&wanted).unwrap_err(), NoMaking::ShutOut { who: user, path: "/vms".into() });
    let host = Host::new().user("lab@pve").row("/", "lab@pve", "NoAccess");
    assert!(host.plan(&wanted).unwrap().remarks[0].contains("the role NoAccess"));
}

#[test]
fn an_owner_that_is_looked_at_gets_more_than_its_token() {
    let wanted = Want { owner: vec![need("/", "Sys.Audit VM.Audit VM.Console")], ..want(&[("/vms", "VM.Audit")]) };
    assert_eq!(
        Host::new().lines(&wanted)[1..],
        [
            "role add LabwizardTool --privs VM.Audit",
            "role add LabwizardTool-root --privs Sys.Audit,VM.Audit,VM.Console",
            "user token add lab@pve wiz --privsep 1 --expire 1803081600",
            "acl modify / --users lab@pve --roles LabwizardTool-root",
            "acl modify /vms --tokens 'lab@pve!wiz' --roles LabwizardTool",
        ]
    );
}

#[test]
fn root_is_neither_made_nor_granted_anything() {
    let lines = Host::new().lines(&Want { token: "root@pam!wiz", ..want(&[("/vms", "VM.Audit VM.Clone")]) });
    assert_eq!(
        lines,
        [
            "user token add root@pam wiz --privsep 1 --expire 1803081600",
            "acl modify /vms --tokens 'root@pam!wiz' --roles PVETemplateUser",
        ]
    );
}

#[test]
fn the_same_rights_as_the_user_need_no_grant_and_say_what_they_mean() {
    let host = Host::new().user("lab@pve").user("root@pam");
    for (token, words) in [("lab@pve!wiz", "all rights of lab@pve"), ("root@pam!wiz", "Raw devices")] {
        let making = host.plan(&Want { token, same: true, ..want(&[]) }).unwrap();
        let (user, _) = token.split_once('!').unwrap();
        assert_eq!(lines(&making), [format!("user token add {user} wiz --privsep 0 --expire 1803081600")]);
        assert!(making.remarks.iter().any(|remark| remark.contains(words)), "{:?}", making.remarks);
        assert_eq!(making.grants, []);
    }
}

#[test]
fn an_owner_that_is_off_and_a_privilege_that_is_unknown_leave_no_plan() {
    let wanted = want(&[("/vms", "VM.Audit")]);
    for (enabled, expire) in [(false, None), (true, Some(NOW)), (true, Some(1))] {
        let mut host = Host::new().user("lab@pve");
        (host.0.users[0].enabled, host.0.users[0].expire) = (enabled, expire);
        assert_eq!(host.plan(&wanted).unwrap_err(), NoMaking::OwnerOff("lab@pve".parse().unwrap()));
    }
    for expire in [Some(0), Some(NOW + 1), None] {
        let mut host = Host::new().user("lab@pve");
        host.0.users[0].expire = expire;
        assert!(host.plan(&wanted).is_ok());
    }
    let old = Want { known: vec!["VM.Clone".into()], ..want(&[("/vms", "VM.Audit")]) };
    assert_eq!(Host::new().plan(&old).unwrap_err(), NoMaking::UnknownPrivilege("VM.Audit".into()));
}

/// Anybody may be called so, and a grant to them would reach y@pve.
#[test]
fn an_owner_whose_name_proxmox_takes_for_two_is_granted_nothing() {
    for user in ["x,y@pve", "x;y@pve"] {
        let token = format!("{user}!wiz");
        let wanted = Want { token: &token, ..want(&[("/vms", "VM.Audit")]) };
        assert_eq!(Host::new().plan(&wanted).unwrap_err(), NoMaking::Splits(user.parse().unwrap()));
        assert!(Host::new().user(user).plan(&Want { same: true, ..wanted }).is_ok());
    }
}

#[test]
fn paths_where_the_owner_has_less_and_tokens_that_gain_are_named() {
    let host = Host::new().user("lab@pve").token("whole", false, None, "").row("/vms/100", "staff", "PVEAuditor");
    let remarks = host.plan(&want(&[("/vms", "VM.Audit VM.Clone")])).unwrap().remarks;
    assert_eq!(
        remarks,
        [
            "lab@pve has other rights on /vms/100, so the token can do less there.",
            "What lab@pve is granted, lab@pve!whole can do too: it has all rights of its user.",
        ]
    );
}

//! Each rule of a plan as a small table, over estates made by hand.

mod existing;
mod owner;

use super::*;
use crate::domain::{AclSeen, Holder, RoleSeen, TokenSeen, UserSeen, pveum};

const NOW: Timestamp = 1_795_306_587;
const LATER: Timestamp = 1_803_081_600;
const NINE: Release = Release::new(9, 2, 11);
const EIGHT: Release = Release::new(8, 4, 21);

fn set(names: &str) -> BTreeSet<Privilege> {
    names.split(' ').map(str::to_owned).collect()
}

fn need(path: &str, names: &str) -> Need {
    Need { purpose: "work".into(), path: path.into(), privileges: set(names) }
}

/// An estate in a few words: users with their tokens, roles, entries.
struct Host(Estate);

impl Host {
    fn new() -> Host {
        let mut host = Host(Estate { acl_whole: true, ..Estate::default() });
        for (name, privileges) in [
            ("Administrator", "Sys.Audit Sys.Modify VM.Audit VM.Clone VM.Console VM.PowerMgmt Datastore.AllocateSpace"),
            ("PVETemplateUser", "VM.Audit VM.Clone"),
            ("PVEAuditor", "Sys.Audit VM.Audit"),
        ] {
            host.0.roles.push(RoleSeen { name: name.into(), privileges: set(privileges), built_in: true });
        }
        host.0.roles.push(RoleSeen { name: "NoAccess".into(), privileges: BTreeSet::new(), built_in: true });
        host
    }

    fn role(mut self, name: &str, privileges: &str) -> Host {
        self.0.roles.push(RoleSeen { name: name.into(), privileges: set(privileges), built_in: false });
        self
    }

    fn user(mut self, id: &str) -> Host {
        self.0.users.push(UserSeen { groups: vec!["staff".into()], ..UserSeen::named(id.parse().unwrap()) });
        self
    }

    fn token(mut self, name: &str, separated: bool, expire: Option<Timestamp>, comment: &str) -> Host {
        let token = TokenSeen { name: name.parse().unwrap(), separated, expire, comment: Some(comment.into()) };
        self.0.users.last_mut().unwrap().tokens.push(token);
        self
    }

    fn row(mut self, path: &str, who: &str, role: &str) -> Host {
        self.0.acl.push(AclSeen { path: path.into(), who: holder(who), role: role.into(), propagates: true });
        self
    }

    fn narrow(mut self, path: &str, who: &str, role: &str) -> Host {
        self.0.acl.push(AclSeen { path: path.into(), who: holder(who), role: role.into(), propagates: false });
        self
    }

    /// Not every entry of the ACL was shown.
    fn in_part(mut self) -> Host {
        self.0.acl_whole = false;
        self
    }

    fn plan(&self, want: &Want<'_>) -> Result<Making, NoMaking> {
        make(&Order {
            token: &want.token.parse().unwrap(),
            wanted: if want.same {
                Wanted::Same
            } else {
                Wanted::Least {
                    token: &want.needs,
                    owner: if want.owner.is_empty() { &want.needs } else { &want.owner },
                }
            },
            existing: &want.existing,
            expire: want.expire,
            run: "3f9a1c",
            purpose: "Tool on desk7",
            now: NOW,
            role: want.role,
            release: want.release,
            known: &want.known,
            estate: &self.0,
        })
    }

    fn lines(&self, want: &Want<'_>) -> Vec<String> {
        lines(&self.plan(want).unwrap())
    }
}

fn holder(text: &str) -> Holder {
    if let Ok(token) = text.parse() {
        return Holder::Token(token);
    }
    text.parse().map_or_else(|_| Holder::Group(text.to_owned()), Holder::User)
}

/// The commands, without what every one of them has.
fn lines(making: &Making) -> Vec<String> {
    let line = |change: &Change| {
        let line = pveum::command(change).unwrap();
        let line = line.split(" --comment ").next().unwrap().trim_start_matches("pveum ");
        line.replace(" --output-format json", "")
    };
    making.changes.iter().chain(&making.afterwards).map(line).collect()
}

struct Want<'a> {
    token: &'a str,
    needs: Vec<Need>,
    owner: Vec<Need>,
    same: bool,
    existing: Existing,
    expire: Option<Timestamp>,
    role: &'a str,
    release: Release,
    known: Vec<Privilege>,
}

fn want(needs: &[(&str, &str)]) -> Want<'static> {
    Want {
        token: "lab@pve!wiz",
        needs: needs.iter().map(|(path, names)| need(path, names)).collect(),
        owner: Vec::new(),
        same: false,
        existing: Existing::Refuse,
        expire: Some(LATER),
        role: "LabwizardTool",
        release: NINE,
        known: Vec::new(),
    }
}

fn beside(remove: bool) -> Existing {
    Existing::Beside { name: "wiz-2".parse().unwrap(), remove }
}

#[test]
fn a_fresh_token_gets_its_user_its_roles_and_its_grants_in_the_order_that_a_host_accepts() {
    let lines =
        Host::new().lines(&want(&[("/vms", "VM.Audit VM.PowerMgmt"), ("/storage/a", "Datastore.AllocateSpace")]));
    assert_eq!(
        lines,
        [
            "user add lab@pve",
            "role add LabwizardTool --privs VM.Audit,VM.PowerMgmt",
            "role add LabwizardTool-storage --privs Datastore.AllocateSpace",
            "user token add lab@pve wiz --privsep 1 --expire 1803081600",
            "acl modify /vms --users lab@pve --tokens 'lab@pve!wiz' --roles LabwizardTool",
            "acl modify /storage/a --users lab@pve --tokens 'lab@pve!wiz' --roles LabwizardTool-storage",
        ]
    );
}

#[test]
fn equal_grants_share_a_role_and_others_are_named_after_their_path() {
    let wanted = want(&[
        ("/vms", "VM.PowerMgmt"),
        ("/storage/a", "Datastore.Audit"),
        ("/storage/b", "Datastore.Audit"),
        ("/storage/c", "Datastore.Allocate"),
    ]);
    let lines = Host::new().lines(&wanted);
    let count = |role: &str| lines.iter().filter(|line| line.ends_with(&format!("--roles {role}"))).count();
    assert_eq!(lines.iter().filter(|line| line.starts_with("role add")).count(), 3);
    assert_eq!((count("LabwizardTool"), count("LabwizardTool-storage"), count("LabwizardTool-storage-2")), (1, 2, 1));
}

#[test]
fn what_is_made_says_what_made_it_what_for_and_when() {
    let making = Host::new().plan(&want(&[("/vms", "VM.Audit")])).unwrap();
    let wanted = "labwizard 3f9a1c: Tool on desk7, 2026-11-22";
    let comments: Vec<&String> = making
        .changes
        .iter()
        .filter_map(|change| match change {
            Change::MakeUser { comment, .. } => Some(comment),
            Change::MakeToken(token) => Some(&token.comment),
            _ => None,
        })
        .collect();
    assert_eq!(comments, [wanted, wanted]);
}

#[test]
fn a_role_that_is_there_is_used_only_where_it_gives_exactly_what_is_needed() {
    let exact = want(&[("/vms", "VM.Audit VM.Clone")]);
    let grant = |lines: Vec<String>| lines.last().unwrap().split(" --roles ").nth(1).unwrap().to_owned();
    for (host, role, is_made) in [
        (Host::new(), "PVETemplateUser", false),
        (Host::new().role("LabwizardTool", "VM.Audit VM.Clone"), "LabwizardTool", false),
        (Host::new().role("LabwizardTool-2", "VM.Audit VM.Clone"), "LabwizardTool-2", false),
    ] {
        let lines = host.lines(&exact);
        assert_eq!(lines.iter().any(|line| line.starts_with("role add")), is_made, "{lines:?}");
        assert_eq!(grant(lines), role);
    }
    // One privilege more or less is another role.
    for needs in ["VM.Audit", "VM.Audit VM.Clone VM.PowerMgmt"] {
        assert_eq!(grant(Host::new().lines(&want(&[("/vms", needs)]))), "LabwizardTool", "{needs}");
    }
}

#[test]
fn a_role_of_our_name_with_other_privileges_is_left_alone() {
    let host = Host::new().role("LabwizardTool", "VM.Audit VM.Console").role("LabwizardTool-2", "VM.Console");
    let making = host.plan(&want(&[("/vms", "VM.Audit VM.PowerMgmt")])).unwrap();
    assert!(lines(&making).contains(&"role add LabwizardTool-3 --privs VM.Audit,VM.PowerMgmt".to_owned()));
    assert_eq!(
        making.remarks,
        ["LabwizardTool", "LabwizardTool-2"]
            .map(|role| format!("The role {role} is there already with other privileges and is left alone."))
    );
}

#[test]
fn no_role_has_a_name_that_proxmox_keeps_for_itself() {
    let lines = Host::new().lines(&Want { role: "PveTool", ..want(&[("/vms", "VM.PowerMgmt")]) });
    assert!(lines[1].starts_with("role add LabwizardPveTool "), "{lines:?}");
}

/// What stands once the changes were made.
#[test]
fn who_is_not_shown_every_entry_grants_nothing_to_a_user_who_is_there() {
    let wanted = want(&[("/vms", "VM.Audit")]);
    let (user, token) = ("lab@pve".parse().unwrap(), "lab@pve!wiz".parse().unwrap());
    let unseen = NoMaking::AclUnseen(Grantee::User(user));
    assert_eq!(Host::new().user("lab@pve").in_part().plan(&wanted).unwrap_err(), unseen);
    // One that is made holds nothing yet, and root loses nothing.
    assert!(Host::new().in_part().plan(&wanted).is_ok());
    assert!(Host::new().user("root@pam").in_part().plan(&Want { token: "root@pam!wiz", ..wanted }).is_ok());
    // Who is seen to have enough already is granted nothing, and all rights of a user take none.
    let enough = Host::new().user("lab@pve").row("/vms", "lab@pve", "PVEAuditor").in_part();
    assert!(enough.plan(&want(&[("/vms", "VM.Audit")])).is_ok());
    assert!(enough.plan(&Want { same: true, ..want(&[]) }).is_ok());
    // What is made in the place of a token could not get all that the old one has.
    let used = enough.token("wiz", true, None, "");
    let unseen = NoMaking::AclUnseen(Grantee::Token(token));
    let again = Want { existing: Existing::InPlace, release: EIGHT, ..want(&[("/vms", "VM.Audit")]) };
    assert_eq!(used.plan(&again).unwrap_err(), unseen);
    assert_eq!(used.plan(&Want { existing: beside(false), ..again }).unwrap_err(), unseen);
}

#[test]
fn a_plan_says_whether_the_token_holds_more_than_is_needed() {
    let extent = |host: &Host, want: &Want<'_>| host.plan(want).unwrap().extent;
    let wanted = || want(&[("/vms", "VM.Audit VM.Clone")]);
    let in_place = |release| Want { existing: Existing::InPlace, release, ..wanted() };
    assert_eq!(extent(&Host::new(), &wanted()), Extent::Needs);
    assert_eq!(extent(&Host::new().user("lab@pve"), &Want { same: true, ..wanted() }), Extent::Whole);
    let exact =
        || Host::new().user("lab@pve").token("wiz", true, None, "").row("/vms", "lab@pve!wiz", "PVETemplateUser");
    for release in [NINE, EIGHT] {
        assert_eq!(extent(&exact(), &in_place(release)), Extent::Needs);
        // Another path, another privilege, all rights of its user: what it had, it keeps.
        let more = exact().row("/nodes", "lab@pve!wiz", "PVEAuditor");
        let making = more.plan(&in_place(release)).unwrap();
        assert_eq!(making.extent, Extent::More);
        assert!(making.grants.iter().any(|grant| grant.path == "/nodes"), "it is told: {:?}", making.grants);
        let more = exact().row("/vms", "lab@pve!wiz", "PVEAuditor");
        assert_eq!(extent(&more, &in_place(release)), Extent::More);
        let whole = Host::new().user("lab@pve").token("wiz", false, None, "");
        assert_eq!(extent(&whole, &in_place(release)), Extent::Whole);
        let own = Want { same: true, ..in_place(release) };
        assert_eq!(extent(&exact(), &own), Extent::More, "it keeps its own, which are not all of its user");
    }
    let above = exact().row("/", "lab@pve!wiz", "PVEAuditor");
    assert_eq!(extent(&above, &Want { existing: beside(false), ..wanted() }), Extent::More);
}

fn laid_out(estate: &Estate, making: &Making) -> Estate {
    let mut estate = estate.clone();
    for change in &making.changes {
        match change {
            Change::MakeRole { role, privileges } => {
                estate.roles.push(RoleSeen { name: role.clone(), privileges: privileges.clone(), built_in: false });
            }
            Change::Grant { path, role, to } => {
                for who in to {
                    let (path, role, who) = (path.clone(), role.clone(), holder_of(who));
                    estate.acl.push(AclSeen { path, who, role, propagates: true });
                }
            }
            _ => {}
        }
    }
    estate
}

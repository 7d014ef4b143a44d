//! What can be wrong behind the sign-in: rights, nodes, and what was picked.

use super::*;

pub(super) fn inside(names: &Names, add: Add<'_>) {
    let case = Case::of(names);
    add("no rights at all", case.found(&seen([signed_in(), rights(&[])])));
    add("no rights at all, and the grants are shown", {
        let bare = estate(names, |all| all.acl.truncate(1));
        case.found(&seen([signed_in(), rights(&[]), bare]))
    });
    let some: &[(&str, &[&str])] = &[("/", &["Sys.Audit", "VM.Audit", "VM.Clone"])];
    add("a right is missing", case.found(&seen([signed_in(), rights(some)])));
    add(
        "a right is missing, and the grants are shown",
        case.found(&seen([signed_in(), rights(some), estate(names, |_| ())])),
    );
    let known = Seen::KnownPrivileges(["Sys.Audit", "VM.Audit", "VM.Clone"].map(str::to_owned).to_vec());
    add("a right that the release does not know", case.found(&seen([signed_in(), rights(some), known])));
    let everything: &[(&str, &[&str])] = &[(
        "/",
        &["Sys.Audit", "VM.Audit", "VM.Clone", "VM.PowerMgmt", "Permissions.Modify", "Sys.Modify", "User.Modify"],
    )];
    add(
        "rights far beyond the need",
        case.found(&seen([
            signed_in(),
            rights(everything),
            estate(names, |all| {
                all.users[1].tokens[0].separated = false;
            }),
        ])),
    );
    let root = Case { signer: Some(Grantee::Token("root@pam!auto".parse().unwrap())), ..case.clone() };
    add("a root token", root.found(&seen([signed_in(), rights(everything)])));
    add(
        "the rights are not told",
        case.found(&seen([failed(Link::Rights, "GET /access/permissions", RequestTrouble::TimedOut)])),
    );
    let limit =
        Case { never: vec!["Passing a device through by its address takes root@pam itself.".into()], ..case.clone() };
    add("what no token can do", limit.found(&seen([signed_in()])));
    let nodes = || Seen::Nodes(vec![node(&names.node, true, "BB"), node("pve2", false, "CC")]);
    add("a node is off", case.found(&seen([nodes()])));
    let on_it = Case { nodes: vec!["pve2".into()], ..case.clone() };
    add("the picked node is off", on_it.found(&seen([nodes()])));
    let list = |node: &str| format!("GET /nodes/{node}/storage");
    let here = shown(names, Ok(()), 365 * DAY);
    let both = || Seen::Nodes(vec![node(&names.node, true, "BB"), node("pve2", true, "CC")]);
    for (about, node, trouble) in [
        (
            "another node's certificate",
            "pve2",
            answered(596, "tls_process_server_certificate: certificate verify failed"),
        ),
        ("another node is not reached", "pve2", answered(595, "No route to host")),
        ("the node's own daemon is down", names.node.as_str(), answered(595, "Connection refused")),
        ("a list takes too long", names.node.as_str(), RequestTrouble::TimedOut),
    ] {
        add(about, case.found(&seen([here.clone(), both(), failed(Link::Target, &list(node), trouble)])));
    }
}

pub(super) fn picked(names: &Names, add: Add<'_>) {
    let spec = glassdome();
    let guest = |id, name: &str, node: &str, template| GuestSeen {
        id,
        name: name.into(),
        node: node.into(),
        template,
        container: false,
    };
    let storage = |name: &str, content: &str| StorageSeen {
        name: name.into(),
        node: names.node.clone(),
        kind: "lvmthin".into(),
        content: vec![content.into()],
    };
    let all = seen([
        signed_in(),
        rights(&[("/", &["VM.Audit", "Datastore.Audit", "SDN.Use"])]),
        Seen::Nodes(vec![node(&names.node, true, "BB"), node("pve2", true, "CC")]),
        Seen::Guests(vec![
            guest(9000, "ubuntu-2204", "pve2", true),
            guest(100, &names.words, &names.node, false),
            guest(9001, "debian", &names.node, true),
        ]),
        Seen::Storages(vec![storage("local-lvm", "images"), storage("local", "iso")]),
        Seen::Bridges { node: names.node.clone(), bridges: vec!["vmbr0".into()] },
    ]);
    let mut one = |about: &str, picks: &[(&str, &str)]| {
        let picks = picks.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        add(about, picks::judge(&spec, &picks, &all));
    };
    one("a node by its name in DNS", &[("node", &names.picked)]);
    one("a node in other letters", &[("node", "PVE")]);
    one("a node by its address", &[("node", "10.0.0.5")]);
    one("a node that nobody knows", &[("node", "proxmox")]);
    let here = ("node", names.node.as_str());
    one("a machine where a template belongs", &[here, ("ubuntu2204", "100")]);
    one("a template of another node", &[here, ("ubuntu2204", "9000")]);
    one("a template that is not there", &[here, ("ubuntu2204", &format!("77{}", names.picked))]);
    one("a storage in a slip", &[here, ("storage", "local-lmv")]);
    one("a storage for other things", &[here, ("storage", "local")]);
}

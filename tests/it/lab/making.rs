//! Making a token by hand, from the login to the last trace taken away, on every release: what each call answers.

use labwizard::lab::proxmox::cluster::Subject;
use labwizard::lab::{AccessState, LabRelease, Scenario};
use serde_json::json;

use super::session::{Answer, Session, lab, with_token};

const OK: &str = "200 OK";
const OWNER: &str = "svc@pve";
const TOKEN: &str = "svc@pve!wiz";
const PATH: &str = "/access/users/svc@pve/token/wiz";
const COMMENT: &str = "labwizard 0a1b2c: for a test";
const EXPIRE: &str = "4102444800";
/// A refused secret in words, by releases that tell why.
const DEAD: &str = "401 invalid token value!";

/// The status of an answer whose data is `null`.
fn null(answer: Answer) -> String {
    assert!(answer.data().is_null(), "{}", answer.body);
    answer.status
}

fn secret(answer: &Answer) -> String {
    answer.data()["value"].as_str().unwrap_or_else(|| panic!("no value: {} {}", answer.status, answer.body)).to_string()
}

/// How a release words the refusal of a token.
fn refusal(release: LabRelease, why: &str) -> String {
    let hidden = matches!(release, LabRelease::V8_4_21 | LabRelease::V9_2_11);
    if hidden { "401 Authentication failed!".to_string() } else { why.to_string() }
}

#[test]
fn a_token_is_made_given_rights_and_a_new_secret_and_taken_away_on_every_release() {
    for release in LabRelease::all() {
        let (lab, release) = (lab(*release, Scenario::Fine), *release);
        let before = lab.access_state();
        let admin = Session::of(&lab, "admin@pve");
        let ask = |method: &str, path: &str, form: &[(&str, &str)]| admin.ask(method, path, form);

        // The user.
        let user = [("userid", OWNER), ("comment", COMMENT)];
        assert_eq!(null(ask("POST", "/access/users", &user)), OK, "{release}");
        let again = null(ask("POST", "/access/users", &user));
        assert_eq!(again, "500 create user failed: user 'svc@pve' already exists", "{release}");
        let shown = ask("GET", "/access/users/svc@pve", &[]).data();
        assert_eq!((&shown["comment"], &shown["tokens"], &shown["enable"]), (&json!(COMMENT), &json!(null), &json!(1)));

        // The role.
        let role = |name: &str, privs: &str| ask("POST", "/access/roles", &[("roleid", name), ("privs", privs)]);
        assert_eq!(null(role("LabwizardTest", "VM.Audit,VM.Clone")), OK, "{release}");
        let again = null(role("LabwizardTest", "VM.Audit"));
        assert_eq!(again, "500 create role failed: role 'LabwizardTest' already exists", "{release}");
        let strange = if release >= LabRelease::V9_1_4 { "VM.Monitor" } else { "VM.GuestAgent.Audit" };
        let unknown = role("LabwizardOther", strange);
        assert_eq!(unknown.error("privs"), format!("invalid format - invalid privilege '{strange}'\n"), "{release}");
        let own = role("PVEmine", "VM.Audit");
        if release == LabRelease::V7_4_20 {
            assert_eq!(null(own), OK);
            assert_eq!(null(ask("DELETE", "/access/roles/PVEmine", &[])), OK);
        } else {
            assert_eq!(own.status, "400 Parameter verification failed.", "{release}");
            assert!(own.error("roleid").contains("'PVE' namespace"), "{release}: {}", own.body);
        }
        let built_in = null(ask("DELETE", "/access/roles/PVEAuditor", &[]));
        assert_eq!(built_in, "500 auto-generated role 'PVEAuditor' cannot be deleted", "{release}");

        // The token: what was sent comes back as it was sent, as strings.
        let fields = [("privsep", "1"), ("expire", EXPIRE), ("comment", COMMENT)];
        let made = ask("POST", PATH, &fields);
        let first = secret(&made);
        assert_eq!(made.data()["full-tokenid"], TOKEN);
        assert_eq!(made.data()["info"], json!({ "privsep": "1", "expire": EXPIRE, "comment": COMMENT }), "{release}");
        let again = ask("POST", PATH, &fields);
        assert_eq!(again.status, "400 Parameter verification failed.", "{release}");
        assert_eq!(again.error("tokenid"), "Token already exists.", "{release}");
        let read = json!({ "privsep": 1, "expire": 4_102_444_800_u64, "comment": COMMENT });
        assert_eq!(ask("GET", PATH, &[]).data(), read, "{release}: read, these are numbers");
        assert_eq!(lab.token_secret(TOKEN).as_deref(), Some(first.as_str()));

        // The grants, to user and token at once; nothing before, these privileges after.
        let rights = |secret: &str| with_token(&lab, TOKEN, secret, "/access/permissions?path=/vms/9000").data();
        let grant = [("path", "/vms"), ("roles", "LabwizardTest"), ("users", OWNER), ("tokens", TOKEN)];
        assert_eq!(rights(&first), json!({ "/vms/9000": {} }), "{release}");
        for round in ["granted", "granted again"] {
            assert_eq!(null(ask("PUT", "/access/acl", &grant)), OK, "{release}: {round}");
        }
        let whole = json!({ "/vms/9000": { "VM.Audit": 1, "VM.Clone": 1 } });
        assert_eq!(rights(&first), whole, "{release}");
        let to_none = [("path", "/vms"), ("roles", "Nobody"), ("tokens", TOKEN)];
        let refused = null(ask("PUT", "/access/acl", &to_none));
        assert_eq!(refused, "500 ACL update failed: role 'Nobody' does not exist", "{release}");
        let nowhere = ask("PUT", "/access/acl", &[("path", "/foo"), ("roles", "LabwizardTest"), ("tokens", TOKEN)]);
        assert_eq!(nowhere.error("path"), "invalid ACL path '/foo'", "{release}");

        // Another secret: in place where that is known, else the token is made again and has lost its grants.
        let regenerated = ask("PUT", PATH, &[("regenerate", "1")]);
        let second = if release >= LabRelease::V9_2_11 {
            let mut wanted = read.clone();
            wanted["value"] = json!(secret(&regenerated));
            wanted["full-tokenid"] = json!(TOKEN);
            assert_eq!(regenerated.data(), wanted, "{release}");
            secret(&regenerated)
        } else {
            let unknown = "property is not defined in schema and the schema does not allow additional properties";
            assert_eq!(regenerated.error("regenerate"), unknown, "{release}");
            assert_eq!(rights(&first), whole, "{release}: nothing changed");
            assert_eq!(null(ask("DELETE", PATH, &[])), OK, "{release}");
            let gone = with_token(&lab, TOKEN, &first, "/version").status;
            assert_eq!(gone, refusal(release, "401 no such token 'wiz' for user 'svc@pve'"), "{release}");
            let made = secret(&ask("POST", PATH, &fields));
            assert_eq!(rights(&made), json!({ "/vms/9000": {} }), "{release}: its entries went with it");
            assert_eq!(null(ask("PUT", "/access/acl", &grant)), OK, "{release}");
            made
        };
        assert_eq!(rights(&second), whole, "{release}");
        assert_eq!(with_token(&lab, TOKEN, &first, "/version").status, refusal(release, DEAD), "{release}");
        let comment = ask("PUT", PATH, &[("delete", "comment")]);
        let deletes = release >= LabRelease::V9_1_4;
        assert_eq!(comment.status == OK, deletes, "{release}: {}", comment.body);
        assert_eq!(ask("GET", PATH, &[]).data().get("comment").is_none(), deletes, "{release}");

        // All of it away again, in the order that the host accepts.
        let back = |to: (&str, &str)| {
            null(ask("PUT", "/access/acl", &[("path", "/vms"), ("roles", "LabwizardTest"), to, ("delete", "1")]))
        };
        assert_eq!(null(ask("DELETE", PATH, &[])), OK, "{release}");
        let again = null(ask("DELETE", PATH, &[]));
        assert_eq!(again, "500 no such token 'wiz' for user 'svc@pve'", "{release}");
        let entry = back(("tokens", TOKEN));
        assert_eq!(entry, "500 ACL update failed: no such token 'wiz' for user 'svc@pve'", "{release}");
        for round in ["taken back", "nothing is there to be taken back"] {
            assert_eq!(back(("users", OWNER)), OK, "{release}: {round}");
        }
        assert_eq!(null(ask("DELETE", "/access/roles/LabwizardTest", &[])), OK, "{release}");
        let again = null(ask("DELETE", "/access/roles/LabwizardTest", &[]));
        assert_eq!(again, "500 delete role failed: role 'LabwizardTest' does not exist", "{release}");
        assert_eq!(null(ask("DELETE", "/access/users/svc@pve", &[])), OK, "{release}");
        assert_eq!(null(ask("DELETE", "/access/users/svc@pve", &[])), "500 no such user ('svc@pve')", "{release}");
        assert_eq!(lab.access_state(), before, "{release}");
    }
}

#[test]
fn what_goes_takes_its_grants_along() {
    for release in LabRelease::all() {
        let lab = lab(*release, Scenario::OursExists);
        let (admin, granted) = (Session::of(&lab, "admin@pve"), |state: &AccessState, part: &str| {
            state.acl.iter().filter(|row| row.who.contains(part) || row.role == part).count()
        });
        let paths = if *release == LabRelease::V7_4_20 { 2 } else { 3 };
        let state = lab.access_state();
        assert_eq!((granted(&state, "glassdome@pve"), granted(&state, "LabwizardGlassdome")), (2 * paths, 2));
        assert_eq!(state.users["glassdome@pve"].comment.as_deref(), Some("labwizard 0a1b2c: for Glassdome"));
        // A role that is in use is not kept, and its entries do not come back with it.
        assert_eq!(null(admin.ask("DELETE", "/access/roles/LabwizardGlassdome", &[])), OK);
        let role = [("roleid", "LabwizardGlassdome"), ("privs", "VM.Audit")];
        assert_eq!(null(admin.ask("POST", "/access/roles", &role)), OK);
        assert_eq!(granted(&lab.access_state(), "LabwizardGlassdome"), 0, "{release}");
        assert_eq!(null(admin.ask("DELETE", "/access/users/glassdome@pve", &[])), OK);
        assert_eq!(granted(&lab.access_state(), "glassdome@pve"), 0, "{release}");
        assert_eq!(null(admin.ask("POST", "/access/users", &[("userid", "glassdome@pve")])), OK);
        assert!(lab.access_state().users["glassdome@pve"].tokens.is_empty(), "{release}");
    }
}

/// Who may make a user, a role, a token for somebody else, and a grant; the texts are those that were measured.
#[test]
fn who_may_make_what() {
    const USER: &str = "403 Permission check failed (/access/realm/pve, Realm.AllocateUser)";
    const ROLE: &str = "403 Permission check failed (/access, Sys.Modify)";
    const TOKEN: &str = "403 Permission check failed";
    const GRANT: &str = "403 Permission check failed (/vms, Permissions.Modify)";
    for release in LabRelease::all() {
        // In 7.4 PVEAdmin has Permissions.Modify.
        let helper = [OK, ROLE, OK, if *release == LabRelease::V7_4_20 { OK } else { GRANT }];
        for (who, wanted) in [
            ("root@pam", [OK; 4]),
            ("admin@pve", [OK; 4]),
            ("helper@pve", helper),
            ("guest@pve", [USER, ROLE, TOKEN, GRANT]),
        ] {
            let lab = lab(*release, Scenario::Fine);
            let session = Session::of(&lab, who);
            let got = [
                session.ask("POST", "/access/users", &[("userid", "svc@pve")]),
                session.ask("POST", "/access/roles", &[("roleid", "Mine")]),
                session.ask("POST", "/access/users/monitor@pve/token/mine", &[]),
                session.ask("PUT", "/access/acl", &[("path", "/vms"), ("roles", "PVEVMUser"), ("users", "guest@pve")]),
            ];
            assert_eq!(got.map(|answer| answer.status), wanted.map(String::from), "{release}: {who}");
            let own = session.ask("POST", &format!("/access/users/{who}/token/own-one"), &[]);
            assert_eq!(own.status, OK, "{release}: {who} for themselves");
        }
    }
}

#[test]
fn who_may_allocate_gives_away_their_own_rights_on_single_objects_and_no_more() {
    for release in LabRelease::all().iter().filter(|release| **release > LabRelease::V7_4_20) {
        let lab = lab(*release, Scenario::Fine);
        let helper = Session::of(&lab, "helper@pve");
        let grant = |path: &str, role: &str| {
            helper.ask("PUT", "/access/acl", &[("path", path), ("roles", role), ("users", "guest@pve")]).status
        };
        for (path, role) in
            [("/vms/100", "PVEVMUser"), ("/storage/local", "PVEDatastoreUser"), ("/pool/p", "PVEPoolUser")]
        {
            assert_eq!(grant(path, role), OK, "{release}: {role} on {path}");
        }
        for path in ["/", "/vms", "/sdn/zones/localnetwork"] {
            let wanted = format!("403 Permission check failed ({path}, Permissions.Modify)");
            assert_eq!(grant(path, "PVEVMUser"), wanted, "{release}");
        }
        // Of a message only the first line is a reason phrase.
        let more = "500 ACL update failed: 400 Parameter verification failed.";
        assert_eq!((grant("/vms/100", "Administrator").as_str(), grant("/vms/100", "NoAccess").as_str()), (more, more));
        let seen = helper.ask("GET", "/access/acl", &[]).data();
        let seen = seen.as_array().unwrap().iter().any(|row| row["path"] == "/vms/100" && row["ugid"] == "guest@pve");
        assert!(seen, "{release}: what may be changed is seen");
    }
}

#[test]
fn in_7_4_who_may_allocate_gives_away_anything() {
    for (release, wanted) in
        [(LabRelease::V7_4_20, OK), (LabRelease::V8_4_16, "500 ACL update failed: 400 Parameter verification failed.")]
    {
        let lab = lab(release, Scenario::Fine);
        lab.change(|cluster| cluster.grant("/vms/100", Subject::User, "guest@pve", "LabTool", true));
        let guest = Session::of(&lab, "guest@pve");
        let grant = |path: &str, role: &str, more: &[(&str, &str)]| {
            let form = [&[("path", path), ("roles", role), ("users", "guest@pve")], more].concat();
            guest.ask("PUT", "/access/acl", &form).status
        };
        assert_eq!(grant("/vms/100", "Administrator", &[]), wanted, "{release}");
        assert_eq!(grant("/vms/100", "LabTool", &[("delete", "1")]), OK, "{release}: their own may go");
    }
}

#[test]
fn what_stands_at_a_path_that_is_none_any_more_can_be_removed() {
    let lab = lab(LabRelease::default(), Scenario::Fine);
    let before = lab.access_state();
    lab.change(|cluster| cluster.grant("/sdn/vnets/old", Subject::User, "guest@pve", "PVEAuditor", true));
    let root = Session::of(&lab, "root@pam");
    let form = [("path", "/sdn/vnets/old"), ("roles", "PVEAuditor"), ("users", "guest@pve")];
    assert_eq!(root.ask("PUT", "/access/acl", &form).error("path"), "invalid ACL path '/sdn/vnets/old'");
    assert_eq!(root.ask("PUT", "/access/acl", &[form.as_slice(), &[("delete", "1")]].concat()).status, OK);
    assert_eq!(lab.access_state(), before);
}

#[test]
fn passwords_are_as_long_as_the_release_demands() {
    for release in LabRelease::all() {
        let lab = lab(*release, Scenario::Fine);
        let root = Session::of(&lab, "root@pam");
        let least = if *release == LabRelease::V7_4_20 { 5 } else { 8 };
        let tried =
            |password: &str| root.ask("POST", "/access/users", &[("userid", "new@pve"), ("password", password)]);
        let short = tried(&"x".repeat(least - 1));
        assert_eq!(short.error("password"), format!("value must be at least {least} characters long"), "{release}");
        assert_eq!(tried(&"x".repeat(least)).status, OK, "{release}");
    }
}

#[test]
fn what_is_off_or_has_ended_does_not_sign_in() {
    for release in LabRelease::all() {
        let (lab, release) = (lab(*release, Scenario::TokenExists), *release);
        let id = "glassdome@pve!glassdome";
        let secret = lab.token(id).unwrap().secret;
        let asked = || with_token(&lab, id, &secret, "/version").status;
        assert_eq!(asked(), OK, "{release}");
        let root = Session::of(&lab, "root@pam");
        for (field, value, why, back) in [
            ("enable", "0", "401 user 'glassdome@pve' is disabled", "1"),
            ("expire", "1000000000", "401 user 'glassdome@pve' access expired", "0"),
        ] {
            root.ask("PUT", "/access/users/glassdome@pve", &[(field, value)]);
            assert_eq!(asked(), refusal(release, why), "{release}");
            root.ask("PUT", "/access/users/glassdome@pve", &[(field, back)]);
        }
        root.ask("PUT", "/access/users/glassdome@pve/token/glassdome", &[("expire", "1000000000")]);
        assert_eq!(asked(), refusal(release, "401 token 'glassdome' access expired"), "{release}");
        root.ask("PUT", "/access/users/glassdome@pve/token/glassdome", &[("expire", "0")]);
        assert_eq!(asked(), OK, "{release}");
    }
}

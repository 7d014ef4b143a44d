//! Plans over clusters whose ACL is drawn at random: what is needed is given, nothing is taken away, all of it goes back.

use super::*;
use proptest::prelude::*;

const HOLDERS: [(Subject, &str); 5] = [
    (Subject::User, "u@pve"),
    (Subject::User, "v@pve"),
    (Subject::Group, "g"),
    (Subject::Group, "h"),
    (Subject::Token, "u@pve!tk"),
];

/// A small cluster with an ACL at random: path, holder, role, whether it propagates.
type Rows = Vec<(usize, usize, usize, bool)>;

fn rows() -> impl Strategy<Value = Rows> {
    proptest::collection::vec((0..PATHS.len(), 0..HOLDERS.len(), 0..7usize, proptest::bool::weighted(0.8)), 0..9)
}

fn small(at: LabRelease, separated: bool, rows: &Rows, set: impl Fn(usize) -> BTreeSet<String>) -> Cluster {
    let mut cluster = Cluster::bare(at);
    for (name, groups) in [("u@pve", &["g", "h"][..]), ("v@pve", &["g"])] {
        cluster.users.insert(name.to_owned(), User { enable: true, ..User::default() });
        for group in groups {
            cluster.groups.entry((*group).to_owned()).or_default().members.insert(name.to_owned());
        }
    }
    let token = Token { secret: String::new(), privsep: separated, expire: 0, comment: Some("by hand".into()) };
    cluster.users.get_mut("u@pve").unwrap().tokens.insert("tk".into(), token);
    for role in 0..6 {
        cluster.roles.insert(format!("R{role}"), Role { privileges: set(role), special: false });
    }
    for (path, holder, role, propagate) in rows {
        let (subject, who) = HOLDERS[*holder];
        let role = if *role == 6 { "NoAccess".to_owned() } else { format!("R{role}") };
        cluster.grant(PATHS[*path], subject, who, &role, *propagate);
    }
    cluster
}

/// Who may what everywhere: users and tokens.
fn all_rights(cluster: &Cluster, places: &BTreeSet<String>) -> BTreeMap<(String, String), BTreeMap<String, bool>> {
    let tokens = |(id, user): (&String, &User)| {
        user.tokens.keys().map(|name| format!("{id}!{name}")).chain([id.clone()]).collect::<Vec<_>>()
    };
    let all: Vec<String> = cluster.users.iter().flat_map(tokens).collect();
    all.iter()
        .flat_map(|who| places.iter().map(|path| (who.clone(), path.clone())))
        .map(|(who, path)| ((who.clone(), path.clone()), permissions::at(cluster, &who, &path)))
        .collect()
}

/// A user's own entry below, which does not propagate, hides what the grant above gives: the one added there carries it.
#[test]
fn a_grant_beside_an_entry_of_the_owner_carries_what_is_granted_above() {
    let mut cluster = small(LabRelease::V9_2_11, false, &vec![(2, 0, 0, false)], |_| by_bits(8));
    let (wanted, owned) = (needed(&[(2, 8), (0, 1)]), needed(&[(2, 8), (0, 1), (0, 8)]));
    let least = Wanted::Least { token: &wanted, owner: &owned };
    let making = plan(&cluster, "u@pve!wiz", least, &Existing::Refuse).unwrap();
    apply(&mut cluster, &making.changes);
    for grant in &making.grants {
        assert_eq!(names(&permissions::at(&cluster, "u@pve!wiz", &grant.path)), grant.privileges, "{}", grant.path);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn rights_are_worked_out_as_a_host_does(rows in rows(), separated: bool, seed in 1usize..1000) {
        let cluster = small(LabRelease::default(), separated, &rows, |role| by_bits(seed >> role));
        let estate = estate(&cluster);
        for path in places(&cluster, PATHS.map(str::to_owned)) {
            for who in ["u@pve", "v@pve", "u@pve!tk", "ghost@pve", "u@pve!ghost", "root@pam", "root@pam!ghost"] {
                let grantee = match who.parse::<TokenId>() {
                    Ok(token) => Grantee::Token(token),
                    Err(_) => Grantee::User(who.parse().unwrap()),
                };
                prop_assert_eq!(estate.rights_of(&grantee, &path), permissions::at(&cluster, who, &path), "{} {}", who, path);
            }
        }
    }

    #[test]
    fn a_plan_gives_what_is_needed_takes_nothing_away_and_can_be_taken_back(
        rows in rows(),
        separated: bool,
        seed in 1usize..1000,
        wanted in proptest::collection::vec((0..6usize, 1usize..32), 1..4),
        more in proptest::collection::vec((0..6usize, 1usize..32), 0..3),
        way in 0..5usize,
    ) {
        let at = if way == 3 { LabRelease::V8_4_21 } else { LabRelease::V9_2_11 };
        let mut cluster = small(at, separated, &rows, |role| by_bits(seed >> role));
        let (wanted, owned) = (needed(&wanted), [needed(&wanted), needed(&more)].concat());
        let (token, existing) = match way {
            0 => ("u@pve!wiz", Existing::Refuse),
            4 => ("u@pve!tk", Existing::Keep),
            1 => ("u@pve!tk", Existing::Beside { name: "wiz".parse().unwrap(), remove: false }),
            _ => ("u@pve!tk", Existing::InPlace),
        };
        let making = match plan(&cluster, token, Wanted::Least { token: &wanted, owner: &owned }, &existing) {
            Ok(making) => making,
            Err(NoMaking::ShutOut { path, .. }) => {
                // Only where an entry says so at that very path.
                prop_assert!(cluster.acl.iter().any(|row| row.path == path && row.role == "NoAccess"));
                return Ok(());
            }
            Err(other) => panic!("{other:?}"),
        };
        let places = places(&cluster, PATHS.map(str::to_owned));
        let before = all_rights(&cluster, &places);
        let (acl, roles) = (cluster.acl.clone(), cluster.roles.len());
        apply(&mut cluster, &making.changes);
        let after = all_rights(&cluster, &places);

        let used = making.token.clone().unwrap().to_string();
        // A token that is made again does not get back what did not reach below its path; that is told instead.
        let told = making.remarks.iter().any(|remark| remark.contains("--propagate 0"));
        for ((who, path), held) in &before {
            for (privilege, below) in held.iter().filter(|_| !(told && *who == used)) {
                let now = after[&(who.clone(), path.clone())].get(privilege);
                prop_assert!(now.is_some_and(|now| *now || !below), "{} lost {} on {}: {:?}", who, privilege, path, making);
            }
        }
        let asked = wanted.iter().map(|need| (used.as_str(), need)).chain(owned.iter().map(|need| ("u@pve", need)));
        for (who, need) in asked {
            let held = names(&permissions::at(&cluster, who, &need.path));
            prop_assert!(held.is_superset(&need.privileges), "{} {:?} has {:?}: {:?}", who, need, held, making);
        }
        // A new token has by its own entries what the plan says, as far as its owner has it too.
        if way == 0 {
            for grant in &making.grants {
                prop_assert_eq!(&names(&permissions::at(&cluster, &used, &grant.path)), &grant.privileges);
            }
        }
        let mut seen = Vec::new();
        for change in &making.changes {
            prop_assert!(!seen.contains(&change), "{:?} twice", change);
            seen.push(change);
        }
        if way == 4 {
            let only = |change: &Change| matches!(change, Change::MakeRole { .. } | Change::Grant { .. });
            prop_assert!(making.changes.iter().all(only) && making.afterwards.is_empty(), "{:?}", making);
        }
        if way < 2 || way == 4 {
            for change in making.changes.iter().rev() {
                send(&mut cluster, "root@pam", &change.back().unwrap()).unwrap();
            }
            prop_assert_eq!((cluster.acl, cluster.roles.len()), (acl, roles));
        }
    }
}

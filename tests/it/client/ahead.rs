//! What is asked where the answers are known and only tested, as a check does it: no more than that, and over few connections.

use labwizard::lab::{CutAt, LabConfig, LabRelease, Scenario};

use super::*;
use crate::find;

const TOOL: &str = "apex@pve!glassdome-token";

async fn lab(scenario: Scenario) -> Lab {
    Lab::start(LabConfig { scenario, ..LabConfig::quick() }).await.unwrap()
}

/// What a check asks of the host of a file that names a node and picks nothing else.
fn asked(lab: &Lab, certificates_of: &[&str]) -> Inquiry {
    Inquiry {
        paths: ["/vms", "/storage", "/sdn/zones/localnetwork"].map(str::to_owned).to_vec(),
        guests: false,
        certificates_of: certificates_of.iter().map(|node| (*node).to_owned()).collect(),
        estate: true,
        ..inquiry(lab.port(), pin(lab), credential(&lab.token(TOOL).unwrap()))
    }
}

#[tokio::test]
async fn nothing_is_asked_that_another_answer_tells_and_few_connections_are_opened() {
    let lab = lab(Scenario::Fine).await;
    let all = look(asked(&lab, &["pve1"]), &options()).await;
    assert!(find!(all, Seen::Rights(rights) => rights.holds("/vms", "VM.Clone")));
    let mut paths: Vec<String> = lab.received().into_iter().map(|one| one.path).collect();
    paths.sort();
    assert_eq!(
        paths,
        [
            "/",
            "/api2/json/access/acl",
            "/api2/json/access/domains",
            "/api2/json/access/permissions",
            "/api2/json/access/permissions?path=%2Fsdn%2Fzones%2Flocalnetwork",
            "/api2/json/access/roles",
            "/api2/json/access/users?full=1",
            "/api2/json/nodes",
            "/api2/json/nodes/pve1/certificates/info",
            "/api2/json/version",
        ]
    );
    // What the daemon answers through the web server, the users, ends its connection.
    assert!(lab.connections() <= 7 + 1, "{} connections", lab.connections());
}

#[tokio::test]
async fn the_list_of_roles_tells_the_known_privileges_as_the_role_itself_does() {
    for release in LabRelease::all() {
        let lab = Lab::start(LabConfig { release: *release, ..LabConfig::quick() }).await.unwrap();
        let known = async |estate| {
            let all = look(Inquiry { estate, ..asked(&lab, &[]) }, &options()).await;
            let mut known = find!(all, Seen::KnownPrivileges(known) => known.clone());
            known.sort();
            known
        };
        let alone = known(false).await;
        assert!(alone.len() > 20 && alone == known(true).await, "{release}");
    }
}

#[tokio::test]
async fn the_certificates_of_known_nodes_tell_the_ca_without_a_further_connection() {
    let lab = lab(Scenario::Fine).await;
    let all = look(asked(&lab, &["pve2", "pve1", "gone"]), &options()).await;
    let ca = find!(all, Seen::ClusterCa(ca) => ca.clone()).unwrap();
    assert_eq!(ca.certificate.der, labwizard::domain::certificates_from_pem(&lab.ca_pem()).unwrap()[0]);
    assert!(!ca.proved, "no connection of its own held with it, so it is not for writing");
    assert_eq!(all.iter().filter(|one| matches!(one.seen, Seen::ClusterCa(_))).count(), 1);
    assert!(!all.iter().any(|one| matches!(one.seen, Seen::Failed { .. })), "a node that is not there: {all:#?}");
    assert!(lab.connections() <= 9);
}

#[tokio::test]
async fn a_node_that_is_not_reached_through_the_other_is_seen_and_one_that_is_off_is_not_waited_for() {
    let broken = lab(Scenario::LinkBroken).await;
    let all = look(asked(&broken, &["pve1", "pve2"]), &options()).await;
    let request = find!(all, Seen::Failed { request, .. } => request.clone());
    assert_eq!(request, "GET /nodes/pve2/certificates/info");
    assert!(find!(all, Seen::ClusterCa(ca) => ca.is_ok()));
    let off = lab(Scenario::NodeDown).await;
    off.hold_call("GET", "/nodes/pve2/certificates/info", CutAt::BeforeAnswer);
    let all = look(asked(&off, &["pve1", "pve2"]), &options()).await;
    assert!(!all.iter().any(|one| matches!(one.seen, Seen::Failed { .. })), "{all:#?}");
    assert!(find!(all, Seen::ClusterCa(ca) => ca.is_ok()));
}

#[tokio::test]
async fn a_ca_that_does_not_sign_what_is_served_is_no_matter_of_a_check() {
    let lab = lab(Scenario::AcmeCertificate).await;
    let all = look(asked(&lab, &["pve1"]), &options()).await;
    assert!(find!(all, Seen::Rights(_) => true));
    assert!(!all.iter().any(|one| matches!(one.seen, Seen::ClusterCa(_) | Seen::Failed { .. })), "{all:#?}");
}

//! What a login is good for: the estate that its user may see, and the proof that a token lives or is dead.

use labwizard::client::still_opens;
use labwizard::domain::observation::RequestTrouble;
use labwizard::lab::{CutAt, LabConfig, LabRelease, Scenario};

use super::login::{ADMIN, of, quick};
use super::speakers::{self, http};
use super::*;
use crate::find;

/// Names that are none of Proxmox's grammar do not get in, and texts come as they are: others show them safely.
#[tokio::test]
async fn an_estate_full_of_hostile_texts_is_read() {
    let lab = Lab::start(LabConfig { scenario: Scenario::HostileStrings, ..LabConfig::quick() }).await.unwrap();
    lab.change(|cluster| {
        let hostile = cluster.users["guest@pve"].clone();
        let comment = Some("\u{1b}[2Jlabwizard 3f9a1c\u{202e}\n".to_owned());
        cluster.users.insert("a b@pve".to_owned(), hostile.clone());
        cluster.users.insert("odd@pve".to_owned(), labwizard::lab::proxmox::cluster::User { comment, ..hostile });
    });
    let desk = Credential::Ticket(ticket_of(&lab, "root@pam").await);
    let desk = labwizard::client::Desk::open(&at(&lab), &desk, &options()).await.unwrap();
    let estate = desk.estate().await.unwrap();
    assert!(estate.users.iter().all(|user| !user.id.to_string().contains(' ')));
    let odd = estate.user(&"odd@pve".parse().unwrap()).unwrap();
    assert!(!labwizard::domain::change::is_ours(odd.comment.as_deref().unwrap()));
}

#[tokio::test]
async fn a_tokens_life_and_death_are_proved_by_one_request() {
    for release in LabRelease::all() {
        let lab = of(*release).await;
        let token = lab.token("apex@pve!bare").unwrap();
        let (id, secret) = (token.id.parse().unwrap(), Secret::new(token.secret));
        assert_eq!(still_opens(&at(&lab), &id, &secret, &options()).await, Ok(true), "{release:?}");
        lab.change(|cluster| cluster.users.get_mut("apex@pve").unwrap().tokens.remove("bare"));
        assert_eq!(still_opens(&at(&lab), &id, &secret, &options()).await, Ok(false), "{release:?}");
        assert_eq!(lab.received().len(), 2);
        lab.cut_call("GET", "/version", CutAt::BeforeAnswer);
        assert_eq!(still_opens(&at(&lab), &id, &secret, &options()).await, Err(RequestTrouble::Cut));
    }
    // Only Proxmox's own answer proves anything.
    for (answer, wanted) in [
        (
            http("595 Connection refused", "", ""),
            RequestTrouble::Answered { status: 595, phrase: "Connection refused".into() },
        ),
        (http("200 OK", "", "<html>"), RequestTrouble::Unreadable("no JSON at line 1, column 1".into())),
    ] {
        let host = speakers::host(move |_| answer.clone()).await;
        let at = HostAt { endpoint: local(host.port), address: None, trust: Trust::Pin(host.leaf) };
        let secret = Secret::new("00000000-0000-4000-8000-000000000001".into());
        let opened = still_opens(&at, &"apex@pve!tool".parse().unwrap(), &secret, &options()).await;
        assert_eq!(opened, Err(wanted));
    }
}

#[tokio::test]
async fn a_survey_with_a_ticket_sees_the_estate_beside_everything_else() {
    for release in LabRelease::all() {
        let lab = of(*release).await;
        for (user, sees_all) in [(ADMIN, true), ("apex@pve", false)] {
            let ticket = ticket_of(&lab, user).await;
            let before = lab.received().len();
            let mut asked = inquiry(lab.port(), pin(&lab), Some(Credential::Ticket(ticket)));
            asked.estate = true;
            let all = look(asked, &options()).await;
            let estate = find!(all, Seen::Estate(estate) => estate.clone());
            assert_eq!(estate.users.len() > 1, sees_all, "{release:?} {user}");
            // Whoever may see nobody else still sees themself, tokens and all.
            let own = estate.user(&user.parse().unwrap()).unwrap();
            assert!(own.enabled);
            assert_eq!(own.tokens.len(), if user == "apex@pve" { 4 } else { 0 }, "{release:?}");
            assert!(estate.role("Administrator").unwrap().built_in);
            assert!(!estate.role("LabTool").unwrap().built_in);
            assert_eq!(!estate.acl.is_empty(), sees_all, "{release:?} {user}");
            assert!(find!(all, Seen::Rights(_) => true) && find!(all, Seen::Guests(_) => true));
            let writes = lab.received().into_iter().skip(before).filter(|one| one.method != "GET").count();
            assert_eq!(writes, 0);
        }
        // With a token that may see nobody there is nobody to be seen, and that is no fault.
        let mut asked = inquiry(lab.port(), pin(&lab), credential(&lab.token("apex@pve!bare").unwrap()));
        asked.estate = true;
        let all = look(asked, &options()).await;
        assert!(find!(all, Seen::Estate(estate) => estate.users.is_empty()));
        assert!(!all.iter().any(|o| matches!(o.seen, Seen::Failed { .. })), "{all:#?}");
    }
}

#[tokio::test]
async fn an_estate_that_is_not_read_whole_is_not_seen_at_all() {
    for part in ["/access/users?full=1", "/access/acl"] {
        let lab = quick().await;
        let mut asked = inquiry(lab.port(), pin(&lab), Some(Credential::Ticket(ticket_of(&lab, "root@pam").await)));
        asked.estate = true;
        lab.cut_call("GET", part, CutAt::MidAnswer);
        let all = look(asked, &options()).await;
        let wanted = (labwizard::domain::Link::Rights, format!("GET {part}"), RequestTrouble::Cut);
        assert_eq!(
            find!(all, Seen::Failed { link, request, trouble } => (*link, request.clone(), trouble.clone())),
            wanted
        );
        assert!(!all.iter().any(|o| matches!(o.seen, Seen::Estate(_))));
        assert!(find!(all, Seen::Rights(_) => true));
    }
}

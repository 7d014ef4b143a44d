//! The page that tells what is wrong with a file, and the last one of a repair, with their styles.

use labwizard::wizard::Setting;
use labwizard::wizard::page::{Block, Page};

use super::making::{drawn, setting};
use crate::flow::given;
use crate::flow::repair::{Project, WRONG, checkup};

/// How long a link took differs from run to run.
fn timeless(page: &Page) -> Page {
    let mut page = page.clone();
    for block in &mut page.blocks {
        if let Block::Road(links) = block {
            links.iter_mut().for_each(|link| link.took_ms = link.took_ms.map(|_| 1));
        }
    }
    page
}

#[tokio::test]
async fn a_checkup_looks_as_agreed_where_all_is_well_and_where_the_token_is_refused() {
    let project = Project::new().await;
    let mend = || Setting { mend: Some(project.stage.env_file()), ..setting(&project.stage) };
    let well = project.stage.hold_as(mend(), &given(&[]), None).await;
    drawn("checkup_well", &project.stage, &project.lab, &well, &timeless(well.last()));
    project.set("PROXMOX_TOKEN_VALUE", WRONG);
    let right = project.lab.token(crate::flow::TOOL).unwrap().secret;
    let answers = given(&[("mend", "ask.token"), ("token", &right), ("review", "do")]);
    let broken = project.stage.hold_as(mend(), &answers, None).await;
    drawn("checkup_refused", &project.stage, &project.lab, &broken, checkup(&broken));
    drawn("checkup_mended", &project.stage, &project.lab, &broken, broken.last());
}

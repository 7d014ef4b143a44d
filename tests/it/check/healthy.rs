//! A config that works, and one with a single thing wrong.

use super::*;

#[tokio::test]
async fn a_config_that_works_has_no_finding_and_says_what_was_proved() {
    for release in LabRelease::all() {
        let lab = Lab::start(LabConfig { release: *release, ..LabConfig::quick() }).await.unwrap();
        let bench = Bench::new().knowing(&lab);
        bench.write(".env", &glassdome(&lab, &tool(&lab), "false"));
        let files = bench.check().await.files;
        assert_eq!(files.len(), 1);
        assert_eq!(files[0].findings, [], "{release}");
        assert_eq!(files[0].target.as_ref().map(|(name, _)| name.as_str()), Some("glassdome"));
        let proved = files[0].proved.join("\n");
        assert!(proved.contains("is the agreed one, as remembered"), "{proved}");
        assert!(proved.contains("apex@pve!glassdome-token signs in"), "{proved}");
        assert!(proved.contains("rights that Glassdome needs"), "{proved}");
    }
}

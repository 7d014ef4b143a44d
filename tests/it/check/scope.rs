//! What a check reads, asks and leaves alone (C7), and when it ends.

use std::collections::BTreeMap;

use labwizard::domain::finding::Severity;

use super::*;

/// Every file below a folder with its bytes.
pub fn bytes(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    let Ok(entries) = std::fs::read_dir(folder) else { return all };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.insert(path.clone(), Vec::new());
            all.extend(bytes(&path));
        } else {
            all.insert(path.clone(), std::fs::read(&path).unwrap());
        }
    }
    all
}

#[tokio::test]
async fn what_lies_here_comes_first_then_what_labwizard_wrote_and_each_once() {
    let lab = lab(Scenario::Fine).await;
    let mut bench = Bench::new().knowing(&lab);
    let text = glassdome(&lab, &tool(&lab), "false");
    let elsewhere = tempfile::tempdir().unwrap();
    let far = elsewhere.path().canonicalize().unwrap().join("lab.env");
    std::fs::write(&far, &text).unwrap();
    let near = bench.write("app/.env", &text);
    bench.write("app/deep/er/.env", &text);
    bench.ground.wrote = vec![far.clone(), near.clone(), bench.here().join("gone.env")];
    let files = bench.check().await.files;
    assert_eq!(files.iter().map(|file| file.path.clone()).collect::<Vec<_>>(), [near, far]);
}

#[tokio::test]
async fn a_file_of_no_known_tool_is_passed_over_where_it_was_found_and_told_where_it_was_named() {
    let bench = Bench::new();
    let foreign = bench.write(".env", "DATABASE_URL=postgres://nobody@nowhere/none\nDEBUG=1\n");
    assert!(bench.check().await.files.is_empty());
    let files = bench.check_these(std::slice::from_ref(&foreign)).await;
    assert_eq!(codes(&files[0]), ["file.not-understood"]);
    assert_eq!(files[0].findings[0].severity, Severity::Error);
    assert_eq!(std::fs::read_to_string(&foreign).unwrap(), "DATABASE_URL=postgres://nobody@nowhere/none\nDEBUG=1\n");
}

#[tokio::test]
async fn a_folder_that_is_named_is_looked_through() {
    let lab = lab(Scenario::Fine).await;
    let bench = Bench::new().knowing(&lab);
    bench.write("one/.env", &glassdome(&lab, &tool(&lab), "false"));
    bench.write("two/.env", &glassdome(&lab, &tool(&lab), "false"));
    let files = bench.check_these(&[bench.here().join("one")]).await;
    assert_eq!(files.iter().map(|file| file.path.clone()).collect::<Vec<_>>(), [bench.here().join("one/.env")]);
}

#[tokio::test]
async fn what_cannot_be_read_is_told_and_holds_nobody_up() {
    let bench = Bench::new();
    std::fs::create_dir(bench.here().join("x")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        bench.here().join("pipe"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR,
        0,
    )
    .unwrap();
    std::fs::File::create(bench.here().join("big")).unwrap().set_len(2 << 30).unwrap();
    for name in ["pipe", "big", "none.env"] {
        let files = bench.check_these(&[bench.here().join(name)]).await;
        assert_eq!((files.len(), files[0].findings[0].severity), (1, Severity::Error), "{name}: {files:?}");
    }
}

#[tokio::test]
async fn offline_asks_nobody() {
    let lab = lab(Scenario::Fine).await;
    let mut bench = Bench::new().knowing(&lab);
    bench.order.offline = true;
    bench.write(".env", &glassdome(&lab, &tool(&lab), "false"));
    let files = bench.check().await.files;
    assert_eq!((codes(&files[0]), files[0].proved.len()), (vec![], 0));
    assert_eq!(lab.connections(), 0);
}

#[tokio::test]
async fn a_host_that_says_nothing_is_named_when_the_time_is_over_and_the_others_are_told() {
    let (silent, lab) = (lab(Scenario::Silent).await, lab(Scenario::Fine).await);
    let mut bench = Bench::new().knowing(&silent).knowing(&lab);
    let dark = bench.write("dark.env", &glassdome(&silent, &tool(&silent), "false"));
    let well = bench.write("well.env", &glassdome(&lab, &tool(&lab), "false"));
    bench.order.within = Duration::from_secs(1);
    let files = bench.check_these(&[dark, well]).await;
    assert_eq!((codes(&files[0]), codes(&files[1])), (vec!["check.unfinished"], vec![]));
    let told = &files[0].findings[0];
    assert!(told.evidence[0].contains("stood at the link"), "{told:?}");
}

#[tokio::test]
async fn each_link_has_its_own_patience() {
    let silent = lab(Scenario::Silent).await;
    let mut bench = Bench::new().knowing(&silent);
    let short = Duration::from_millis(200);
    bench.ground.options.limits.total = short;
    bench.ground.options.limits.idle = short;
    bench.write(".env", &glassdome(&silent, &tool(&silent), "false"));
    let files = bench.check().await.files;
    assert_eq!(files[0].findings.len(), 1, "{:?}", files[0].findings);
    assert_ne!(codes(&files[0]), ["check.unfinished"]);
}

#[tokio::test]
async fn nothing_is_written_beside_the_files() {
    let lab = lab(Scenario::MissingRight).await;
    let bench = Bench::new().knowing(&lab);
    bench.write("a/.env", &glassdome(&lab, &tool(&lab), "false"));
    let (before, access) = (bytes(bench.here()), lab.access_state());
    let files = bench.check().await.files;
    assert_eq!(codes(&files[0]), ["rights.missing"]);
    assert_eq!(before, bytes(bench.here()));
    assert_eq!(access, lab.access_state());
}

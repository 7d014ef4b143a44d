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
async fn a_modules_code_points_to_its_values() {
    let bench = Bench::new();
    let code = bench.write("main.tf", "provider \"proxmox\" {\n  endpoint = var.endpoint\n}\n");
    let said = |files: &[Checked]| format!("{:?}", files[0].findings[0].fix);
    let alone = bench.check_these(std::slice::from_ref(&code)).await;
    assert!(said(&alone).contains("makes that"), "{alone:?}");
    bench.write("terraform.tfvars", "endpoint = \"https://127.0.0.1:1/\"\n");
    let files = bench.check_these(std::slice::from_ref(&code)).await;
    assert_eq!(codes(&files[0]), ["file.not-understood"]);
    assert!(said(&files).contains("in terraform.tfvars beside it"), "{files:?}");
}

#[tokio::test]
async fn what_is_passed_over_is_named_with_why() {
    let bench = Bench::new();
    let (empty, foreign) = (bench.write(".env", " \n"), bench.write("app/.env", "DEBUG=1\n"));
    let passed = bench.check().await.passed_over;
    let told: Vec<(&Path, &str)> = passed.iter().map(|(path, why)| (path.as_path(), why.as_str())).collect();
    let foreign_why = "It holds no keys of a tool that labwizard knows.";
    let empty_why = "It is empty, so it tells no tool anything.";
    assert_eq!(told, [(empty.as_path(), empty_why), (foreign.as_path(), foreign_why)]);
}

#[tokio::test]
async fn what_a_check_signed_in_with_and_the_tool_cannot_is_said_and_who_was_let_in_is_known() {
    let lab = lab(Scenario::Fine).await;
    let bench = Bench::new().knowing(&lab);
    let token = tool(&lab);
    let right = glassdome(&lab, &token, "false");
    let twice = right.replace(&token.secret, &format!("PVEAPIToken={}={}", token.id, token.secret));
    let refused = right.replace(&token.secret, crate::flow::repair::WRONG);
    let files = [bench.write("a.env", &right), bench.write("b.env", &twice), bench.write("c.env", &refused)];
    let said = "once the file is put right; as it stands, Glassdome does not";
    let files = bench.check_these(&files).await;
    let told = |file: &Checked| (file.proved.iter().any(|line| line.contains(said)), file.signed_in);
    assert_eq!(files.iter().map(told).collect::<Vec<_>>(), [(false, true), (true, true), (false, false)]);
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

#[tokio::test]
async fn what_nobody_signed_in_with_is_said_to_be_untested() {
    let lab = lab(Scenario::Fine).await;
    let bench = Bench::new();
    bench.write("main.tf", "variable \"proxmox_endpoint\" {}\nvariable \"proxmox_api_token\" {}\nvariable \"proxmox_insecure\" {\n  default = true\n}\nterraform {\n  required_providers {\n    proxmox = { source = \"bpg/proxmox\" }\n  }\n}\n");
    bench.write("secret.auto.tfvars", "proxmox_api_token = \"a@pve!tok=00000000-0000-4000-8000-000000000004\"\n");
    bench.write("terraform.tfvars", &format!("proxmox_endpoint = \"https://127.0.0.1:{}\"\n", lab.port()));
    let files = bench.check().await.files;
    assert_eq!(files.len(), 2);
    for file in &files {
        assert!(!file.findings.is_empty(), "{}", file.path.display());
    }
    assert!(files.iter().any(|file| codes(file).contains(&"target.untested")), "{files:#?}");
}

//! Reading a large file and changing one value of it; every other byte stays.

use std::time::Duration;

use labwizard::domain::Text;
use labwizard::format::{Dialect, Document, Edit};

use crate::{at_least, median, note, timed};

const RUNS: usize = 15;
const SIZE: usize = 1 << 20;
const KEY: &str = "PROXMOX_NODE";

pub fn measure() {
    edit("a .env of 1 MiB", Dialect::Dotenv, |i| match i % 4 {
        0 => format!("# what service {i} is for, and who asked for it\n"),
        1 => format!("SERVICE_{i}_HOST=10.0.{}.{}\n", i / 256 % 256, i % 256),
        2 => format!("export SERVICE_{i}_TITLE=\"number {i} of the rack\" # behind the door\n"),
        _ => format!("SERVICE_{i}_NOTE='it''s'\n").replace("''", " is "),
    });
    edit("a tfvars of 1 MiB", Dialect::Hcl, |i| match i % 4 {
        0 => format!("# what service {i} is for, and who asked for it\n"),
        1 => format!("service_{i}_host  = \"10.0.{}.{}\"\n", i / 256 % 256, i % 256),
        2 => format!("service_{i}_cores = {} # behind the door\n", i % 16),
        _ => format!("service_{i}_disks = [\"local-lvm\", \"ceph\"]\n"),
    });
}

fn edit(what: &str, dialect: Dialect, line: impl Fn(usize) -> String) {
    let (mut head, mut tail) = (String::new(), String::new());
    for i in 0.. {
        let half = if head.len() < SIZE / 2 { &mut head } else { &mut tail };
        half.push_str(&line(i));
        if head.len() + tail.len() >= SIZE {
            break;
        }
    }
    let file = |value: &str| match dialect {
        Dialect::Dotenv => format!("{head}{KEY}={value}\n{tail}"),
        Dialect::Hcl => format!("{head}{KEY} = \"{value}\"\n{tail}"),
    };
    let (old, new) = (file("pve1"), file("pve2"));
    let edits = [Edit::set(KEY, Text::new("pve2"))];
    let rate = |took: Duration| old.len() as f64 / 1e6 / took.as_secs_f64();
    let (mut runs, mut reads) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let text = Text::new(old.clone());
        let (reading, document) = timed(|| Document::parse(dialect, text).expect("the file is well"));
        let (writing, edited) = timed(|| document.apply(&edits, &[], None).expect("the edit is well"));
        assert!(edited.text().as_str() == new, "another byte than those of the value changed");
        runs.push(rate(reading + writing));
        reads.push(rate(reading));
    }
    at_least(&format!("editing {what}"), median(runs), 200.0, "MB/s");
    note("reading it once, without the edit and the check of it", format_args!("{:.0} MB/s", median(reads)));
}

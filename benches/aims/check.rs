//! How long a check takes from the file to the findings, beside the least that it could: healthy, and with each thing wrong
//! that costs waiting.

use std::net::TcpListener;
use std::time::Duration;

use labwizard::lab::{Lab, LabConfig};

use crate::engine::Desk;
use crate::floor::{floor, runtime};
use crate::{at_most, median, ms, note};

const RUNS: usize = 15;
const WRONG: &str = "00000000-0000-4000-8000-000000000001";

pub fn measure() {
    let runtime = runtime();
    for delay in [0, 20, 50] {
        let lab = lab(LabConfig { delay: Duration::from_millis(delay), ..LabConfig::default() });
        let desk = Desk::new().with(&lab, None);
        let (mut checks, mut floors) = (Vec::new(), Vec::new());
        for _ in 0..RUNS {
            checks.push(desk.well(&runtime));
            floors.push(runtime.block_on(floor(&lab)));
        }
        let (check, floor) = (ms(median(checks)), ms(median(floors)));
        let what = format!("healthy check at {delay} ms a round trip");
        match delay {
            0 => at_most(&format!("{what}, over the floor"), check - floor, 5.0, "ms"),
            _ => at_most(&what, check, 1.25 * floor, "ms"),
        }
        note("one connection and two requests", format_args!("{floor:.1} ms"));
    }
    let closed = TcpListener::bind("127.0.0.1:0").and_then(|bound| bound.local_addr()).expect("a port");
    let refused = Desk::new().of(&closed.to_string(), WRONG);
    let took: Vec<Duration> = (0..RUNS).map(|_| refused.wrong(&runtime, "connect.refused")).collect();
    at_most("refused", ms(median(took)), 50.0, "ms");
    let nowhere = Desk::new().of("nobody.invalid:8006", WRONG);
    let (took, files) = nowhere.check(&runtime);
    let code = files.iter().flat_map(|file| &file.findings).next().map(|finding| finding.code.0);
    assert!(code.is_some_and(|code| code.starts_with("name.")), "a name of nobody was found as {code:?}");
    at_most("a name that does not resolve", ms(took), 1000.0, "ms");
    let config = LabConfig::default();
    let hold = config.hold;
    let lab = lab(config);
    let rejected = Desk::new().with(&lab, Some(WRONG)).wrong(&runtime, "token.refused");
    at_most(&format!("rejected token, beside the host's own {hold:?}"), ms(rejected) - ms(hold), 50.0, "ms");
}

fn lab(config: LabConfig) -> Lab {
    Lab::start_in_thread(config).expect("a lab")
}

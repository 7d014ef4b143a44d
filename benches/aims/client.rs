//! How long a live check takes, beside the least that it could; and what a refused token adds to the host's own waiting.

use std::time::Duration;

use labwizard::domain::{Secret, Seen};
use labwizard::lab::{Lab, LabConfig};

use crate::floor::{check, floor, runtime, well};
use crate::{at_most, median, ms, note};

const RUNS: usize = 15;

pub fn measure() {
    let runtime = runtime();
    for delay in [0, 20, 50] {
        let config = LabConfig { delay: Duration::from_millis(delay), ..LabConfig::default() };
        let lab = Lab::start_in_thread(config).expect("a lab");
        for paths in [0, 3] {
            let (mut checks, mut floors) = (Vec::new(), Vec::new());
            for _ in 0..RUNS {
                checks.push(runtime.block_on(well(&lab, paths)));
                floors.push(runtime.block_on(floor(&lab)));
            }
            let (check, floor) = (ms(median(checks)), ms(median(floors)));
            let what = format!("live check at {delay} ms a round trip, {paths} single paths");
            if delay == 0 {
                at_most(&format!("{what}, over the floor"), check - floor, 5.0, "ms");
            } else {
                at_most(&what, check, 1.25 * floor, "ms");
            }
            note("one connection and two requests", format_args!("{floor:.1} ms"));
        }
    }
    let config = LabConfig::default();
    let hold = config.hold;
    let lab = Lab::start_in_thread(config).expect("a lab");
    let wrong = Secret::new("00000000-0000-4000-8000-000000000001".into());
    let (took, all) = runtime.block_on(check(&lab, wrong, 0));
    assert!(all.iter().any(|one| matches!(one, Seen::SignInRefused { .. })), "a wrong token was not refused");
    at_most(&format!("wrong token, beside the host's own {hold:?}"), ms(took) - ms(hold), 50.0, "ms");
}

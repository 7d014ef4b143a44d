//! Many hosts at once, beside the slowest of them alone.

use std::time::Duration;

use labwizard::lab::{Lab, LabConfig};

use crate::engine::Desk;
use crate::floor::runtime;
use crate::{at_most, median, ms, note};

const HOSTS: usize = 50;
const RUNS: usize = 5;

pub fn measure() {
    let runtime = runtime();
    for delay in [20, 50] {
        let config = LabConfig { delay: Duration::from_millis(delay), ..LabConfig::default() };
        let labs: Vec<Lab> = (0..HOSTS).map(|_| Lab::start_in_thread(config.clone()).expect("a lab")).collect();
        let alone = labs.iter().map(|lab| Desk::new().with(lab, None).well(&runtime));
        let slowest = alone.max().expect("there are hosts");
        let all = labs.iter().fold(Desk::new(), |desk, lab| desk.with(lab, None));
        let together = median((0..RUNS).map(|_| all.well(&runtime)).collect());
        at_most(&format!("{HOSTS} hosts at {delay} ms a round trip at once"), ms(together), 1.3 * ms(slowest), "ms");
        note("the slowest of them alone", format_args!("{:.1} ms; the hosts themselves run here too", ms(slowest)));
    }
}

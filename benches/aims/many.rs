//! Many hosts at once, beside the slowest of them alone.

use std::sync::Arc;
use std::time::Duration;

use labwizard::lab::{Lab, LabConfig};
use tokio::task::JoinSet;

use crate::floor::{runtime, well};
use crate::{at_most, ms, note, timed};

const HOSTS: usize = 50;
const DELAY: Duration = Duration::from_millis(20);

pub fn measure() {
    let runtime = runtime();
    let start = |_| Arc::new(Lab::start_in_thread(LabConfig { delay: DELAY, ..LabConfig::default() }).expect("a lab"));
    let labs: Vec<Arc<Lab>> = (0..HOSTS).map(start).collect();
    let alone: Vec<Duration> = labs.iter().map(|lab| runtime.block_on(well(lab, 0))).collect();
    let slowest = alone.into_iter().max().expect("there are hosts");
    let (together, ()) = timed(|| {
        runtime.block_on(async {
            let mut checks = JoinSet::new();
            for lab in &labs {
                let lab = Arc::clone(lab);
                checks.spawn(async move { well(&lab, 0).await });
            }
            while let Some(done) = checks.join_next().await {
                done.expect("a check ends");
            }
        });
    });
    at_most(&format!("{HOSTS} hosts at {DELAY:?} at once"), ms(together), 1.3 * ms(slowest), "ms");
    note("the slowest of them alone", format_args!("{:.1} ms; the hosts themselves run here too", ms(slowest)));
}

//! The journeys to the hosts of a check, side by side, bounded in number and time.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use super::{Notes, Waiting, taken};
use crate::client::{self, survey};
use crate::diagnosis::round::{self, Turn};
use crate::domain::{Inquiry, Observation};

/// How many hosts are asked at once: each takes up to twelve connections, and a process has at least a thousand files.
const AT_ONCE: usize = 64;

/// What came of a journey.
#[derive(Debug, Default)]
pub struct Travelled {
    /// By the number of the trust.
    roads: Vec<Vec<Observation>>,
    /// By the number of the look.
    pub looks: Vec<Vec<Observation>>,
    /// The road of whoever signed in, by its number.
    signed: Option<usize>,
    /// It came to its end in time.
    pub ended: bool,
}

impl Travelled {
    /// Everything that is known under a trust: its own road, and what is behind the one sign-in.
    pub fn seen(&self, trust: usize) -> Vec<Observation> {
        let road = self.roads.get(trust).cloned().unwrap_or_default();
        if round::signed_in(&road) { road } else { round::joined(road, self.signed()) }
    }

    /// What was seen by whoever signed in, from the beginning.
    pub fn signed(&self) -> &[Observation] {
        self.signed.and_then(|at| self.roads.get(at)).map_or(&[], Vec::as_slice)
    }
}

/// Where a journey notes what it sees.
#[derive(Clone, Default)]
struct Log {
    roads: Vec<Notes>,
    looks: Vec<Notes>,
}

/// Travels all of them; what is not finished at `deadline` is left.
pub async fn all(
    turns: &[Arc<Turn>],
    options: &client::Options,
    deadline: Instant,
    waiting: &Waiting,
) -> Vec<Travelled> {
    let options = Arc::new(options.clone());
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut logs = Vec::new();
    let mut going = JoinSet::new();
    for (at, turn) in turns.iter().enumerate() {
        let (trusts, looks) = turn.len();
        let notes = |count| (0..count).map(|_| Notes::default()).collect();
        let log = Log { roads: notes(trusts), looks: notes(looks) };
        logs.push(log.clone());
        let (turn, options, places, waiting) =
            (Arc::clone(turn), Arc::clone(&options), Arc::clone(&places), waiting.clone());
        waiting.add(turn.place());
        going.spawn(async move {
            // The semaphore is never closed.
            let _place = places.acquire().await.ok();
            travel(&turn, &options, &log).await;
            waiting.remove(&turn.place());
            at
        });
    }
    let mut ended = vec![false; turns.len()];
    while let Ok(Some(done)) = timeout_at(deadline, going.join_next()).await {
        if let Ok(at) = done {
            ended[at] = true;
        }
    }
    going.shutdown().await;
    logs.iter().zip(ended).map(|(log, ended)| travelled(log, ended)).collect()
}

async fn travel(turn: &Turn, options: &client::Options, log: &Log) {
    let roads = async {
        let mut signed_in = false;
        for (at, notes) in log.roads.iter().enumerate() {
            ask(turn.inquiry(at, signed_in), options, notes).await;
            signed_in |= round::signed_in(&notes.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        }
    };
    let looks = async {
        for (at, notes) in log.looks.iter().enumerate() {
            ask(turn.look(at), options, notes).await;
        }
    };
    tokio::join!(roads, looks);
}

async fn ask(inquiry: Inquiry, options: &client::Options, notes: &Notes) {
    let into = Arc::clone(notes);
    let see = move |seen| into.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(seen);
    // A survey is large, and a task is moved about before it runs.
    Box::pin(survey(inquiry, options, see)).await;
}

fn travelled(log: &Log, ended: bool) -> Travelled {
    let roads: Vec<Vec<Observation>> = log.roads.iter().map(taken).collect();
    let signed = roads.iter().position(|road| round::signed_in(road));
    Travelled { signed, looks: log.looks.iter().map(taken).collect(), roads, ended }
}

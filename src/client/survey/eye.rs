//! Where observations go: straight on, or held back until it is known that they count.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::domain::{Observation, Seen};

type See<'a> = dyn FnMut(Observation) + Send + 'a;

/// Notes what is seen. A held one keeps its notes until it is released; dropped before that, they were never made.
pub struct Eye<'a> {
    see: &'a Mutex<&'a mut See<'a>>,
    held: Mutex<Option<Vec<Observation>>>,
}

impl<'a> Eye<'a> {
    pub fn open(see: &'a Mutex<&'a mut See<'a>>) -> Self {
        Eye { see, held: Mutex::new(None) }
    }

    /// A further eye whose notes wait.
    pub fn held(&self) -> Eye<'a> {
        Eye { see: self.see, held: Mutex::new(Some(Vec::new())) }
    }

    /// Notes something that was begun at `since`.
    pub fn saw(&self, seen: Seen, since: Instant) {
        let observation = Observation { seen, took: since.elapsed() };
        match &mut *lock(&self.held) {
            Some(notes) => notes.push(observation),
            None => (lock(self.see))(observation),
        }
    }

    /// Passes on what was noted, and from now on everything at once.
    pub fn release(&self) {
        let mut held = lock(&self.held);
        let mut see = lock(self.see);
        held.take().into_iter().flatten().for_each(&mut **see);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

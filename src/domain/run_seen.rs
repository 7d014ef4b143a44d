//! What earlier runs did, as the journal tells: to take back, to clean up, and to know where a token is used.

use std::path::PathBuf;

use crate::domain::{Change, Endpoint, Grantee, Timestamp, TokenId, TokenWas, pveum};

/// One earlier run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunSeen {
    /// Its name, `3f9a1c`.
    pub name: String,
    pub when: Timestamp,
    /// It came to its end in order; else it broke off, or could not take back what it was to.
    pub finished: bool,
    /// What it did on hosts, in the order in which it was done.
    pub changes: Vec<ChangeSeen>,
    pub files: Vec<RunFile>,
}

/// A change on a host that a run announced.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangeSeen {
    /// Its number in the run's journal.
    pub n: usize,
    pub endpoint: Endpoint,
    pub change: Change,
    pub state: ChangeState,
    /// What a token was that was removed to be made again.
    pub was: Option<TokenWas>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeState {
    Made,
    /// Announced, and it is not known what came of it: it may stand on the host.
    Unknown,
    /// It never was, or was refused.
    NotMade,
    TakenBack,
}

/// A file that a run wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFile {
    pub n: usize,
    pub path: PathBuf,
    /// The run's writing still stands, as far as the journal knows.
    pub stands: bool,
    /// The secret that the run made was to be written into it.
    pub holds_secret: bool,
}

impl ChangeSeen {
    /// It stands, or may.
    pub fn may_stand(&self) -> bool {
        matches!(self.state, ChangeState::Made | ChangeState::Unknown)
    }

    /// The token whose secret died by it, or may have.
    pub fn killed(&self) -> Option<&TokenId> {
        match &self.change {
            Change::NewSecret(id) | Change::RemoveToken(id) if self.may_stand() => Some(id),
            _ => None,
        }
    }
}

impl RunSeen {
    /// What may still stand on hosts and can be taken back without harm: nothing, where it serves the token that took the place
    /// of one whose secret is dead.
    pub fn left(&self) -> impl Iterator<Item = &ChangeSeen> {
        self.made().filter(|_| !self.has_replaced())
    }

    /// What was made and stays, since the secret before it is dead and cannot come back.
    pub fn stays(&self) -> impl Iterator<Item = &ChangeSeen> {
        self.made().filter(|_| self.has_replaced())
    }

    /// The files that can be given their old content back: none, where one of them would get a dead secret.
    pub fn files_left(&self) -> impl Iterator<Item = &RunFile> {
        let keeps = self.dead().next().is_some() && self.is_written();
        self.files.iter().filter(move |file| file.stands && !keeps)
    }

    /// The tokens whose secret died in it, or may have.
    pub fn dead(&self) -> impl Iterator<Item = &TokenId> {
        self.changes.iter().filter_map(ChangeSeen::killed)
    }

    /// A secret died, or may have, and another one took its place, or may have.
    pub fn has_replaced(&self) -> bool {
        let successor = |seen: &ChangeSeen| seen.may_stand() && seen.change.gives_secret();
        self.dead().next().is_some() && self.changes.iter().any(successor)
    }

    /// A secret died, or may have, that was to get a successor, and no file holds that.
    pub fn is_open(&self) -> bool {
        let again = |id: &TokenId| {
            self.changes.iter().any(|seen| matches!(&seen.change, Change::MakeToken(make) if make.id == *id))
        };
        let awaits = |seen: &ChangeSeen| {
            let replaces = |id| seen.was.is_some() || matches!(seen.change, Change::NewSecret(_)) || again(id);
            seen.killed().is_some_and(replaces)
        };
        self.changes.iter().any(awaits) && !self.is_written()
    }

    /// The commands for root's shell that give a token whose secret is lost a new one, where it is open.
    pub fn mending(&self) -> Vec<String> {
        self.changes.iter().filter(|_| self.is_open()).flat_map(|seen| self.mends(seen)).collect()
    }

    fn mends(&self, seen: &ChangeSeen) -> Vec<String> {
        let Some(id) = seen.killed() else { return Vec::new() };
        if matches!(seen.change, Change::NewSecret(_)) {
            return pveum::command(&seen.change).into_iter().collect();
        }
        let there =
            |made: &&ChangeSeen| made.may_stand() && matches!(&made.change, Change::MakeToken(made) if made.id == *id);
        // Who knows its secret is nobody: it is made anew.
        let mut commands: Vec<String> = match self.changes.iter().find(there) {
            Some(_) => pveum::command(&Change::RemoveToken(id.clone())).into_iter().collect(),
            None => Vec::new(),
        };
        match &seen.was {
            Some(was) => commands.extend(was.commands()),
            None => commands.extend(self.planned_again(id)),
        }
        commands
    }

    /// The commands of what the run was to make in the place of a token.
    fn planned_again(&self, id: &TokenId) -> Vec<String> {
        let token = Grantee::Token(id.clone());
        let changes = self.changes.iter().filter_map(|seen| match &seen.change {
            Change::MakeToken(make) if make.id == *id => Some(seen.change.clone()),
            Change::Grant { path, role, to } if to.contains(&token) => {
                Some(Change::Grant { path: path.clone(), role: role.clone(), to: vec![token.clone()] })
            }
            _ => None,
        });
        changes.filter_map(|change| pveum::command(&change).ok()).collect()
    }

    fn made(&self) -> impl Iterator<Item = &ChangeSeen> {
        self.changes.iter().filter(|seen| seen.may_stand() && seen.change.back().is_some())
    }

    fn is_written(&self) -> bool {
        self.files.iter().any(|file| file.stands && file.holds_secret)
    }
}

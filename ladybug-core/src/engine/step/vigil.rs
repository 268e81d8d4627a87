//! Noticing early that a machine died: who gets no answer for long asks the cloud.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::StepRun;
use crate::{
    error::{Error, ErrorKind, Result},
    id::NodeName,
};

/// How long a node may be silent before its cloud is asked, and asked again.
const SILENCE: Duration = Duration::from_secs(45);

/// How long the cloud's answer is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// When to ask the cloud of a silent node.
#[derive(Debug)]
pub(super) struct Vigil(Mutex<Instant>);

impl Vigil {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Instant::now() + SILENCE))
    }

    /// The node answered.
    pub(super) fn heard(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now() + SILENCE;
    }

    fn is_due(&self) -> bool {
        let mut ask_at = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due = Instant::now() >= *ask_at;
        if due {
            *ask_at = Instant::now() + SILENCE;
        }
        due
    }
}

impl StepRun {
    /// Asks the cloud of a node that has been silent for long.
    ///
    /// # Errors
    /// When its machine does not run. What the cloud does not tell is no reason to give up.
    pub(super) async fn watch_over(&self, vigil: &Vigil, name: &NodeName) -> Result<()> {
        if !vigil.is_due() {
            return Ok(());
        }
        let known = self.live.known().state.nodes.get(name).cloned();
        let Some((node, machine)) = known.and_then(|node| node.machine.clone().map(|machine| (node, machine))) else {
            return Ok(());
        };
        let driver = self.live.driver(&node.site)?;
        let until = self.deadline.min(Instant::now() + PATIENCE);
        match self.live.shared.machine(&*driver, &machine, until).await {
            Ok(Some(how)) => Err(dead(name, &how)),
            Ok(None) | Err(_) => Ok(()),
        }
    }
}

fn dead(name: &NodeName, how: &str) -> Error {
    Error::new(ErrorKind::Unexpected, format!("reach {name}"))
        .with_message(format!("its machine is {how}"))
        .with_remedy("plan the cluster anew, which replaces the machine; or delete the cluster")
}

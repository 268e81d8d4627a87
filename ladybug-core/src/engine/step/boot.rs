//! Waiting for a machine, the first session to it, and the look whether it will do.

use std::time::Duration;

use super::{StepRun, Yield, vigil::Vigil};
use crate::{
    bootstrap::{Progress, StageKind},
    cloud::{Resource, Waiter},
    error::{Error, ErrorKind, Result},
    id::NodeName,
    secret::Secrets,
    store::StepOutput,
};

/// The longest pause between two knocks at a machine that boots. No account counts them, and all else waits for it.
const LONGEST_KNOCK_PAUSE: Duration = Duration::from_secs(2);

impl StepRun {
    pub(super) async fn boot(&self, name: &NodeName) -> Result<Yield> {
        let (site, machine) = {
            let known = self.live.known();
            let node = known.state.nodes.get(name);
            let pair = node.and_then(|node| Some((node.site.clone(), node.machine.clone()?)));
            pair.ok_or_else(|| Error::new(ErrorKind::Corrupt, format!("boot {name}: its machine is not known")))?
        };
        let driver = self.live.driver(&site)?;
        let machine = Waiter::new().until(self.deadline).ready(&*driver, &self.live.call(), &machine).await?;
        let limits = self.live.shared.limits.with_pauses_up_to(LONGEST_KNOCK_PAUSE);
        let vigil = Vigil::new();
        let greet = || async {
            let greeted = self.meet(name, &machine).await;
            if greeted.is_err() {
                self.watch_over(&vigil, name).await?;
            }
            greeted
        };
        self.persist_within(&limits, greet).await?;
        Ok((StepOutput::Resource { resource: Box::new(machine) }, Secrets::default()))
    }

    /// Logs in and looks what is wrong with the machine, while nothing on it was changed.
    async fn meet(&self, name: &NodeName, machine: &Resource) -> Result<()> {
        self.greet(name, machine).await?;
        match self.run_once(name, &StageKind::Preflight).await? {
            Progress::Done(_) => Ok(()),
            Progress::Pending(missing) => {
                Err(Error::new(ErrorKind::Unavailable, format!("check {name}")).with_message(missing))
            }
        }
    }
}

//! Waiting for a machine, and the first session to it.

use super::{StepRun, Yield};
use crate::{
    cloud::Waiter,
    error::{Error, ErrorKind, Result},
    id::NodeName,
    secret::Secrets,
    store::StepOutput,
};

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
        self.persist(|| self.greet(name, &machine)).await?;
        Ok((StepOutput::Resource { resource: Box::new(machine) }, Secrets::default()))
    }
}

//! Stopping, starting and deleting machines.

use ladybug_core::{
    Disposition, Error, ErrorKind, Result,
    cloud::{Action, Call, Deletion, Resource, ResourceRef, ResourceStatus},
};

use super::{TumblebugDriver, client::Ask, model::Anything};

impl TumblebugDriver {
    /// Deletes the machine with its infra and waits for the cloud, as the server does.
    ///
    /// # Errors
    /// `Conflict`, transient, when the server says that it is done and still shows the machine.
    pub(super) async fn delete_machine(&self, cx: &Call, resource: &ResourceRef) -> Result<Deletion> {
        let (region, name) = (&resource.location.region, resource.id.as_str());
        if self.machine(cx, region, name).await?.is_none() {
            return Ok(Deletion::AlreadyAbsent);
        }
        self.terminate(cx, name).await?;
        if self.machine(cx, region, name).await?.is_none() {
            return Ok(Deletion::Done);
        }
        Err(Error::new(ErrorKind::Conflict, format!("delete {resource}"))
            .with_disposition(Disposition::Transient { after: None })
            .with_message("Tumblebug says that it is deleted and still shows it")
            .with_remedy("ask for the deletion again after a while"))
    }

    pub(super) async fn control(&self, cx: &Call, resource: &ResourceRef, action: Action) -> Result<Resource> {
        let (region, name) = (&resource.location.region, resource.id.as_str());
        let shown = self.machine(cx, region, name).await?.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, format!("stop, start or reboot {resource}"))
                .with_message("there is no such machine")
                .with_remedy("make it anew")
        })?;
        let word = match (action, &shown.status) {
            (Action::Stop, ResourceStatus::Stopped) | (Action::Start, ResourceStatus::Ready) => return Ok(shown),
            (Action::Stop, _) => "suspend",
            (Action::Start, _) => "resume",
            (_, _) => "reboot",
        };
        // A GET that changes something: it is asked once, and its answer may be lost like that of any change.
        let ask = Ask::get(format!("{word} the machine {name}"), self.control_path(name, word));
        self.client.change::<Anything>(cx, ask).await?;
        Ok(self.machine(cx, region, name).await?.unwrap_or(shown))
    }
}

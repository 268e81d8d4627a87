//! Switching a machine.

use ladybug_core::{
    ErrorKind, Result,
    cloud::{Action, Resource, ResourceRef, ResourceStatus},
};

use super::{
    client::Api,
    machine,
    shelf::{At, MACHINES, last, text},
};

/// Starts, stops or restarts the machine. What is under way is not waited for.
pub(super) async fn act(api: Api<'_>, reference: &ResourceRef, action: Action) -> Result<Resource> {
    let missing = || api.error(ErrorKind::NotFound).with_message("there is no such machine of ladybug");
    let (machine, mark) = machine::look(api, reference).await?.ok_or_else(missing)?;
    let known = machine::shown(api, &machine, mark).await?.ok_or_else(missing)?;
    let stopping = text(&machine, "status") == "STOPPING";
    let method = match (action, &known.status) {
        (_, ResourceStatus::Deleting) => return Err(missing()),
        (Action::Start, ResourceStatus::Ready) | (Action::Stop, ResourceStatus::Stopped) => return Ok(known),
        (Action::Stop, _) if stopping => return Ok(known),
        (Action::Start | Action::Reboot, _) if stopping => {
            return Err(api.for_now(ErrorKind::Conflict).with_message("the machine is still stopping"));
        }
        (Action::Start, _) => "instances.start",
        (Action::Stop, _) => "instances.stop",
        (Action::Reboot, _) => "instances.reset",
        (_, _) => return Err(api.error(ErrorKind::Unsupported)),
    };
    let at = At::zone(text(&machine, "name"), last(text(&machine, "zone")));
    let operation = MACHINES.act(api, at, method, None).await?;
    operation.begin(api).await?;
    let (machine, mark) = machine::look(api, reference).await?.ok_or_else(missing)?;
    machine::shown(api, &machine, mark).await?.ok_or_else(missing)
}

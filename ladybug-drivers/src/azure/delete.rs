//! Taking things away.

use http::StatusCode;
use ladybug_core::{
    ErrorKind, Result,
    cloud::{Deletion, ResourceKind, ResourceRef},
};

use super::{
    balancer,
    client::Api,
    group, machine, network,
    shelf::{ADDRESSES, Holder, Shelf, holder},
};
use crate::http::Answer;

/// What an answer to a deletion means; `None` stands for one that says that there was nothing.
pub(super) fn started(answer: Option<Answer>) -> Result<Deletion> {
    Ok(match answer {
        None => Deletion::AlreadyAbsent,
        // An operation is under way although the status says 200.
        Some(answer) if answer.status == StatusCode::OK && answer.header("location").is_none() => Deletion::Done,
        Some(_) => Deletion::Started,
    })
}

/// Deletes whatever the reference names, and the group with the last thing in it.
pub(super) async fn delete(api: Api<'_>, reference: &ResourceRef) -> Result<Deletion> {
    let id = reference.id.as_str();
    if let (ResourceKind::Network, Some(group)) = (reference.kind, group::named(api, id)) {
        return group::delete_left_over(api, &group).await;
    }
    let shelf = Shelf::of(reference.kind).ok_or_else(|| api.error(ErrorKind::Unsupported))?;
    let Some(place) = shelf.place(api.subscription(), id) else { return Ok(Deletion::AlreadyAbsent) };
    let deletion = match reference.kind {
        ResourceKind::Network => network::delete(api, &place).await?,
        ResourceKind::Machine => machine::delete(api, &place).await?,
        ResourceKind::LoadBalancer => balancer::delete(api, &place).await?,
        ResourceKind::Address if holder(&place.name).0 != Holder::Nobody => return Ok(Deletion::AlreadyAbsent),
        ResourceKind::Address => started(api.delete(&ADDRESSES, &place).await?)?,
        _ => started(api.delete(shelf, &place).await?)?,
    };
    // A machine stands on a network, so it is never the last; and its parts go later than this.
    let last = reference.kind != ResourceKind::Machine || deletion != Deletion::Started;
    if last {
        group::take_along(api, &place.group).await?;
    }
    Ok(deletion)
}

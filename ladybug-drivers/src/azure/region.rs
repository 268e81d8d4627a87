//! Whether there is such a region.

use ladybug_core::{Error, ErrorKind};
use serde_json::Value;

use super::client::{Api, Ask};

/// The version of the API of subscriptions.
const SUBSCRIPTIONS: &str = "2022-12-01";

/// The error about a region in which there is no machine type.
pub(super) async fn explain(api: Api<'_>) -> Error {
    let path = api.path("/locations");
    let found = match api.all(Ask::get(&path, SUBSCRIPTIONS)).await {
        Ok(found) => found,
        Err(error) => return error,
    };
    let named = |location: &&Value| location.get("name").and_then(Value::as_str) == Some(api.region.as_str());
    let error = api.error(ErrorKind::NotFound);
    match found.iter().find(named) {
        None => error
            .with_message(format!("Azure has no region {}", api.region))
            .with_remedy("regions look like koreacentral; `az account list-locations` lists them"),
        Some(_) => error
            .with_message(format!("{} has no machines for this subscription", api.region))
            .with_remedy("ask Azure for access to the region, or use another one"),
    }
}

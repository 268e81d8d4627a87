//! What the project may have.

use ladybug_core::{ErrorKind, Result, cloud::MachineQuery};
use serde_json::Value;

use super::{
    client::{Api, Letter},
    shelf::{entries, text},
};

/// Refuses when a quota of the region or of the project leaves no room for `query.count` machines of `machine_type`.
pub(super) async fn check(
    api: Api<'_>,
    query: &MachineQuery,
    region: &Value,
    machine_type: &str,
    vcpu: u32,
) -> Result<()> {
    let vcpus = f64::from(vcpu) * f64::from(query.count);
    let processors = processors(region, machine_type, query.spot);
    for (metric, wanted) in [
        (processors.as_str(), vcpus),
        ("INSTANCES", f64::from(query.count)),
        ("IN_USE_ADDRESSES", f64::from(query.count)),
    ] {
        room(api, region, metric, wanted)?;
    }
    match api.ask(Letter::get("projects.get", format!("projects/{}", api.wire.config().project))).await {
        Ok(project) => room(api, &project, "CPUS_ALL_REGIONS", vcpus),
        // What cannot be read is no refusal: making the machine will tell.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            tracing::warn!("the project's quotas cannot be read, and are not checked: {error}");
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// The quota that processors of a type count against: their family's, where the region has one, else the common one.
fn processors(region: &Value, machine_type: &str, spot: bool) -> String {
    let family = machine_type.split('-').next().unwrap_or_default().to_ascii_uppercase();
    let own = format!("{family}_CPUS");
    let limit = |metric: &str| quota(region, metric).and_then(|quota| quota.get("limit")?.as_f64());
    match (spot, limit("PREEMPTIBLE_CPUS"), limit(&own)) {
        // Without a quota for spot machines they count as all others.
        (true, Some(limit), _) if limit > 0.0 => "PREEMPTIBLE_CPUS".to_owned(),
        (_, _, Some(_)) => own,
        (_, _, None) => "CPUS".to_owned(),
    }
}

fn quota<'a>(thing: &'a Value, metric: &str) -> Option<&'a Value> {
    entries(thing, "quotas").find(|quota| text(quota, "metric") == metric)
}

fn room(api: Api<'_>, thing: &Value, metric: &str, wanted: f64) -> Result<()> {
    let Some(quota) = quota(thing, metric) else { return Ok(()) };
    let number = |name: &str| quota.get(name).and_then(Value::as_f64).unwrap_or_default();
    let (used, limit) = (number("usage"), number("limit"));
    if used + wanted <= limit {
        return Ok(());
    }
    Err(api
        .error(ErrorKind::QuotaExceeded)
        .with_message(format!("{used} of {limit} {metric} are in use, {wanted} more are wanted"))
        .with_context("quota", metric)
        .with_remedy("ask for a higher quota in the console (IAM & Admin, Quotas), or use fewer or smaller machines"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_family_has_its_quota() {
        let region = json!({ "quotas": [
            { "metric": "CPUS", "limit": 24.0 }, { "metric": "N2_CPUS", "limit": 8.0 },
            { "metric": "PREEMPTIBLE_CPUS", "limit": 0.0 }] });
        assert_eq!(processors(&region, "n2-standard-2", true), "N2_CPUS");
        assert_eq!(processors(&region, "n1-standard-2", false), "CPUS");
        let spot = json!({ "quotas": [{ "metric": "PREEMPTIBLE_CPUS", "limit": 8.0 }] });
        assert_eq!(processors(&spot, "n1-standard-2", true), "PREEMPTIBLE_CPUS");
    }
}

//! What the account may have.

use std::collections::BTreeMap;

use futures::future::try_join;
use ladybug_core::{ErrorKind, Result, cloud::MachineQuery};
use serde_json::json;

use super::{client::Api, config::Service, query::Form, shelf::MACHINES, xml::Element};

/// A limit on virtual CPUs over some families of types. Codes: the Service Quotas console, service `ec2`.
struct Quota {
    code: &'static str,
    name: &'static str,
    families: &'static [&'static str],
    spot: bool,
}

const STANDARD: &[&str] = &["a", "c", "d", "h", "i", "m", "r", "t", "z"];
const QUOTAS: [Quota; 6] = [
    quota("L-1216C47A", "running on-demand standard machines", STANDARD, false),
    quota("L-DB2E81BA", "running on-demand G and VT machines", &["g", "vt"], false),
    quota("L-417A185B", "running on-demand P machines", &["p"], false),
    quota("L-34B43A08", "standard spot requests", STANDARD, true),
    quota("L-3819A6DF", "G and VT spot requests", &["g", "vt"], true),
    quota("L-7212CCBC", "P4, P3 and P2 spot requests", &["p"], true),
];

const fn quota(code: &'static str, name: &'static str, families: &'static [&'static str], spot: bool) -> Quota {
    Quota { code, name, families, spot }
}

/// Refuses when the account's limit leaves no room for `query.count` machines of `machine_type`.
///
/// A limit that cannot be read is not a refusal: making the machine will tell.
pub(super) async fn check(
    api: Api<'_>,
    query: &MachineQuery,
    machine_type: &str,
    vcpu: &BTreeMap<String, u32>,
) -> Result<()> {
    let Some(quota) = QUOTAS.iter().find(|quota| quota.covers(machine_type, query.spot)) else { return Ok(()) };
    let each = vcpu.get(machine_type).copied().unwrap_or_default();
    let (limit, used) = try_join(limit(api, quota), used(api, quota)).await?;
    let wanted = u64::from(each) * u64::from(query.count);
    match limit {
        Some(limit) if used + wanted > limit => Err(api
            .error(ErrorKind::QuotaExceeded)
            .with_message(format!("{used} of {limit} vCPU of {} are in use, {wanted} more are wanted", quota.name))
            .with_context("quota", quota.code)
            .with_remedy("ask for a higher limit in the Service Quotas console, or use fewer or smaller machines")),
        _ => Ok(()),
    }
}

impl Quota {
    fn covers(&self, machine_type: &str, spot: bool) -> bool {
        let family: String = machine_type.chars().take_while(char::is_ascii_lowercase).collect();
        // Other families of the same letters, such as inf and trn, have limits of their own.
        let listed = self.families.iter().any(|known| family == *known || family == format!("{known}n"));
        self.spot == spot && listed
    }
}

async fn limit(api: Api<'_>, quota: &Quota) -> Result<Option<u64>> {
    let body = json!({ "ServiceCode": "ec2", "QuotaCode": quota.code });
    let answer = api.json(Service::ServiceQuotas, "ServiceQuotasV20190624", "GetServiceQuota", &body).await;
    match answer {
        Ok(answer) => Ok(answer.pointer("/Quota/Value").and_then(serde_json::Value::as_f64).map(|value| value as u64)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied) => {
            tracing::warn!(quota = quota.code, "a limit of the account cannot be read, and is not checked: {error}");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// The virtual CPUs of the machines that count.
async fn used(api: Api<'_>, quota: &Quota) -> Result<u64> {
    let form = Form::new().filter("instance-state-name", ["pending", "running"]);
    let running = MACHINES.filtered(api, form).await?;
    let counts = |machine: &&Element| {
        let spot = machine.word("instanceLifecycle") == Some("spot");
        machine.word("instanceType").is_some_and(|name| quota.covers(name, spot))
    };
    Ok(running.iter().filter(counts).map(vcpu).sum())
}

fn vcpu(machine: &Element) -> u64 {
    let number = |name| machine.word_at(&["cpuOptions", name]).and_then(|word| word.parse::<u64>().ok());
    number("coreCount").unwrap_or(1) * number("threadsPerCore").unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_common_family_has_its_limit() {
        let of = |name: &str, spot| QUOTAS.iter().find(|quota| quota.covers(name, spot)).map(|quota| quota.code);
        assert_eq!(of("m6i.large", false), Some("L-1216C47A"));
        assert_eq!(of("t3a.micro", true), Some("L-34B43A08"));
        assert_eq!(of("g4dn.xlarge", false), Some("L-DB2E81BA"));
        assert_eq!(of("inf2.xlarge", false), None);
        assert_eq!(of("im4gn.large", false), None);
    }
}

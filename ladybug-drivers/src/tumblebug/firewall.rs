//! Firewalls: security groups with exactly the wanted rules.

use ladybug_core::{
    Error, ErrorKind, Result,
    cloud::{Call, FirewallSpec, Location, Owner, Resource, ResourceKind},
};
use serde_json::{Value, json};

use super::{
    TumblebugDriver,
    client::Ask,
    driver::foreign,
    marker,
    model::{RuleChange, Thing},
    rules::{difference, request},
    thing::Kind,
};

impl TumblebugDriver {
    pub(super) async fn ensure_firewall(
        &self,
        cx: &Call,
        owner: &Owner,
        at: &Location,
        spec: &FirewallSpec,
    ) -> Result<Resource> {
        let body = async || {
            Ok(json!({
                "name": owner.resource_name(),
                "connectionName": at.region.as_str(),
                "vNetId": spec.network.id.as_str(),
                "description": marker::description(owner),
                "firewallRules": spec.rules.iter().map(request).collect::<Vec<_>>(),
            }))
        };
        let thing = self.ensure_thing(cx, owner, Kind::SecurityGroup, body).await?;
        self.correct(cx, &thing, spec).await?;
        let resource = self.resource_of(&at.region, Kind::SecurityGroup, &thing)?;
        resource.ok_or_else(|| foreign(ResourceKind::Firewall, &thing.id))
    }

    /// Lets in what is missing before it takes away what is too much, so that nobody is shut out in between.
    async fn correct(&self, cx: &Call, thing: &Thing, spec: &FirewallSpec) -> Result<()> {
        let (missing, extra) = difference(&thing.firewall_rules, &spec.rules);
        let rules = format!("{}/rules", self.thing_path(Kind::SecurityGroup, &thing.id));
        let body = |rules: Vec<Value>| json!({ "firewallRules": rules });
        if !missing.is_empty() {
            let what = format!("add {} rules to the firewall {}", missing.len(), thing.id);
            self.change_rules(cx, Ask::post(what, rules.clone(), body(missing))).await?;
        }
        if !extra.is_empty() {
            let what = format!("take {} rules from the firewall {}", extra.len(), thing.id);
            self.change_rules(cx, Ask::delete(what, rules).with_body(body(extra))).await?;
        }
        Ok(())
    }

    /// A change counts when the answer says that it succeeded, whatever its HTTP status.
    async fn change_rules(&self, cx: &Call, ask: Ask) -> Result<()> {
        let what = ask.what().to_owned();
        let change: RuleChange = self.client.change(cx, ask).await?;
        if change.success {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Unexpected, what)
            .with_message(change.message)
            .with_remedy("look at the security group in Tumblebug, then try again"))
    }
}

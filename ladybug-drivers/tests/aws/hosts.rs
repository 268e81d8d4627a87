//! Moto's instances as hosts of ladybug's simulated world: a witness of what is said to moto lets them boot and end.

use std::collections::BTreeMap;

use async_trait::async_trait;
use ladybug_core::{
    NodeName, ProviderName,
    sim::{ForeignHost, ForeignHosts, HostId, World},
};
use roxmltree::Document;

use super::{
    bench::{rules_of, unpack},
    proxy::Witness,
    raw::{Raw, members, within, words},
};

/// The witness. Its world lives in the runtime of the proxy.
#[derive(Debug)]
pub(crate) struct Hosts {
    hosts: ForeignHosts,
    provider: ProviderName,
    raw: Raw,
}

impl Hosts {
    pub(crate) fn new(world: &World, provider: ProviderName, raw: Raw) -> Self {
        Self { hosts: world.foreign_hosts(), provider, raw }
    }

    async fn describe(&self, action: &str, name: &str, value: &str) -> String {
        self.raw.ec2(action, &[(name, value)]).await.unwrap()
    }

    async fn boot(&self, id: &str, user_data: &str) {
        let shown = self.describe("DescribeInstances", "InstanceId.1", id).await;
        // It may have ended in the meantime.
        if !shown.contains("<name>running</name>") && !shown.contains("<name>pending</name>") {
            return;
        }
        let word = |name: &str| words(&shown, name).into_iter().next();
        let host = ForeignHost {
            id: HostId::new(id),
            name: NodeName::new(name_tag(&shown).unwrap()).unwrap(),
            provider: self.provider.clone(),
            network: word("vpcId").unwrap(),
            private_ip: word("privateIpAddress").unwrap().parse().unwrap(),
            public_ip: word("ipAddress").map(|ip| ip.parse().unwrap()),
            fits_control_plane: true,
            user_data: unpack(user_data).unwrap(),
        };
        self.hosts.boot(host);
        self.filter(id, &word("groupId").unwrap()).await;
    }

    async fn filter(&self, id: &str, group: &str) {
        let groups = self.describe("DescribeSecurityGroups", "GroupId.1", group).await;
        self.hosts.set_firewall(&HostId::new(id), rules_of(&groups));
    }

    async fn filter_all(&self, group: &str) {
        let pairs = [("Filter.1.Name", "instance.group-id"), ("Filter.1.Value.1", group)];
        let shown = self.raw.ec2("DescribeInstances", &pairs).await.unwrap();
        for id in words(&shown, "instanceId") {
            self.filter(&id, group).await;
        }
    }
}

#[async_trait]
impl Witness for Hosts {
    async fn saw(&self, request: &str, answer: &str) {
        let form: BTreeMap<_, _> = form_urlencoded::parse(request.as_bytes()).into_owned().collect();
        let refused = Document::parse(answer).is_ok_and(|answer| answer.root_element().has_tag_name("Response"));
        match form.get("Action").map(String::as_str) {
            _ if refused => {}
            Some("RunInstances") if !form.contains_key("DryRun") => {
                for id in words(answer, "instanceId") {
                    self.boot(&id, &form["UserData"]).await;
                }
            }
            Some("TerminateInstances") => {
                words(answer, "instanceId").iter().for_each(|id| self.hosts.terminate(&HostId::new(id)));
            }
            Some("AuthorizeSecurityGroupIngress" | "RevokeSecurityGroupIngress") => {
                self.filter_all(&form["GroupId"]).await;
            }
            Some(_) | None => {}
        }
    }
}

fn name_tag(instances: &str) -> Option<String> {
    let document = Document::parse(instances).unwrap();
    let mut tags = members(&document, "tagSet");
    let name = tags.find(|tag| within(*tag, "key") == ["Name"])?;
    within(name, "value").first().map(|name| (*name).to_owned())
}

//! What Azure does that other clouds do not.

use std::time::Duration;

use ladybug_cloudsim::{Cloud, Config as SimConfig, Effect, FaultPlan, When};
use ladybug_core::{
    Disposition, ErrorKind,
    cloud::{
        AddressSpec, Call, CloudDriver, CloudDriverExt, Deletion, MachineQuery, ResourceKind, ResourceSpec,
        ResourceStatus,
    },
    spec::{ImageSpec, MachineSpec, RootDisk},
};

use super::support::{Base, Site, key, network, waiter};

const ADDRESS: ResourceSpec = ResourceSpec::Address(AddressSpec {});

fn calls(site: &Site, operation: &str) -> u64 {
    site.sim.counters().of(Cloud::Azure, operation)
}

#[tokio::test]
async fn a_life_leaves_nothing_behind_and_costs_few_calls() {
    let base = Base::start(SimConfig::default()).await;
    let before = base.site.sim.counters().total();
    let made = base.site.ensure("machine/one", &base.machine()).await.unwrap();
    let making = base.site.sim.counters().total() - before;
    let ready = waiter().ready(&*base.site.driver, &Call::new(), &made.reference).await.unwrap();
    let polls = calls(&base.site, "VirtualMachines_Get");
    assert_eq!(ready.status, ResourceStatus::Ready);
    // Machine, key, interface and address are looked at; address, interface and machine are made; an operation is followed.
    assert!((8..=12).contains(&making), "{making} calls made a machine");
    eprintln!("{making} calls made a machine, {polls} looked whether it runs");
    base.site.remove(&made.reference).await;
    assert_eq!(base.site.owned().await.len(), 3);
    base.end().await;
    assert_eq!(base.site.owned().await, []);
    base.site.empty().await;
    assert_eq!(calls(&base.site, "ResourceGroups_CreateOrUpdate"), 1);
    assert_eq!(calls(&base.site, "ResourceGroups_Delete"), 1);
}

#[tokio::test]
async fn the_group_goes_with_whatever_is_last() {
    for order in [[0, 1], [1, 0]] {
        let site = Site::start(SimConfig::default()).await;
        let made = [site.ready("key/one", &key()).await, site.ready("ip/one", &ADDRESS).await];
        for index in order {
            site.remove(&made[index].reference).await;
        }
        site.empty().await;
    }
}

#[tokio::test]
async fn a_group_that_is_being_deleted_is_waited_for() {
    let site = Site::start(SimConfig::default()).await;
    let made = site.ready("key/one", &key()).await;
    // New things may be missing in lists, so the deletion is to find an old one.
    tokio::time::sleep(Duration::from_millis(60)).await;
    assert_eq!(site.driver.delete(&Call::new(), &made.reference).await.unwrap(), Deletion::Done);
    let again = site.ready("key/one", &key()).await;
    assert_eq!(again.reference, made.reference);
    site.remove(&again.reference).await;
    site.empty().await;
}

#[tokio::test]
async fn a_group_left_behind_is_listed_and_can_be_deleted() {
    let site = Site::start(SimConfig::default()).await;
    let lost = FaultPlan::none().rule(Cloud::Azure, "ResourceGroups_Delete", When::First(1), Effect::DropBefore);
    let made = site.ready("key/one", &key()).await;
    site.sim.follow(lost);
    let error = site.driver.delete(&Call::new(), &made.reference).await.unwrap_err();
    assert_eq!(error.disposition(), Disposition::Ambiguous, "{error}");
    let left = site.owned().await;
    assert_eq!(left.len(), 1);
    assert!(matches!(&left[0].status, ResourceStatus::Failed(why) if why.contains("resource group")), "{left:?}");
    assert_eq!(left[0].reference.kind, ResourceKind::Network);
    site.remove(&left[0].reference).await;
    site.empty().await;
}

#[tokio::test]
async fn a_group_in_which_others_have_something_stays() {
    let site = Site::start(SimConfig::default()).await;
    let (mine, theirs) = (site.ready("key/one", &key()).await, site.ready("ip/theirs", &ADDRESS).await);
    site.sim.tamper(Cloud::Azure, &theirs.reference.id.as_str().to_ascii_lowercase(), |thing| {
        thing.body["tags"] = serde_json::json!({});
        thing.tags.clear();
    });
    site.remove(&mine.reference).await;
    assert_eq!(site.owned().await, []);
    assert_eq!(calls(&site, "ResourceGroups_Delete"), 0);
    assert_eq!(site.sim.everything().len(), 2);
}

#[tokio::test]
async fn an_interface_is_reserved_for_a_while_after_its_machine_failed() {
    let mut config = SimConfig::default();
    config.azure.no_capacity = vec![("1".to_owned(), "*".to_owned())];
    let base = Base::start(config).await;
    let refused = base.site.ensure("machine/one", &base.machine()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NoCapacity, "{refused}");
    let left = base.site.owned().await.into_iter().find(|left| left.reference.kind == ResourceKind::Machine).unwrap();
    assert!(matches!(left.status, ResourceStatus::Failed(_)), "{left:?}");
    let reserved = base.site.driver.delete(&Call::new(), &left.reference).await.unwrap_err();
    assert_eq!(reserved.kind(), ErrorKind::Conflict);
    assert!(reserved.to_string().contains("NicReservedForAnotherVm"), "{reserved}");
    // That there was no machine to delete may be an earlier try's doing.
    assert_eq!(reserved.disposition(), Disposition::Ambiguous);
    base.site.remove(&left.reference).await;
    base.end().await;
    base.site.empty().await;
}

#[tokio::test]
async fn a_disk_that_outlived_its_machine_is_found() {
    let base = Base::start(SimConfig::default()).await;
    let machine = base.site.ready("machine/one", &base.machine()).await;
    let id = machine.reference.id.as_str().to_ascii_lowercase();
    base.site.sim.tamper(Cloud::Azure, &id, |thing| {
        thing.body["properties"]["storageProfile"]["osDisk"]["deleteOption"] = "Detach".into();
    });
    assert_eq!(base.site.driver.delete(&Call::new(), &machine.reference).await.unwrap(), Deletion::Started);
    let look = || async {
        let owned = base.site.owned().await;
        Ok(owned.into_iter().find(|left| left.owner.key.as_str().starts_with("disk/")))
    };
    let left = waiter().poll("the disk in the list", look).await.unwrap();
    base.site.remove(&left.reference).await;
    base.end().await;
    base.site.empty().await;
}

#[tokio::test]
async fn a_machine_that_does_not_come_up_says_why() {
    let base = Base::start(SimConfig::default()).await;
    let fails =
        FaultPlan::none().rule(Cloud::Azure, "VirtualMachines_CreateOrUpdate", When::First(1), Effect::FailsLater);
    base.site.sim.follow(fails);
    let made = base.site.ensure("machine/one", &base.machine()).await.unwrap();
    let error = waiter().ready(&*base.site.driver, &Call::new(), &made.reference).await.unwrap_err();
    assert!(error.to_string().contains("OSProvisioningTimedOut"), "{error}");
    base.site.remove(&made.reference).await;
    base.end().await;
    base.site.empty().await;
}

#[tokio::test]
async fn operations_elsewhere_are_not_followed() {
    let mut config = SimConfig::default();
    config.azure.operations_elsewhere = Some("http://127.0.0.1:9".to_owned());
    let base = Base::start(config).await;
    let error = base.site.ensure("machine/one", &base.machine()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unexpected, "{error}");
    assert!(error.to_string().contains("another host"), "{error}");
}

#[tokio::test]
async fn a_list_that_leads_to_itself_ends() {
    let mut config = SimConfig::default();
    config.azure.page = Some(1);
    let site = Site::start(config.clone()).await;
    for name in ["key/one", "key/two", "key/three"] {
        site.ready(name, &key()).await;
    }
    assert_eq!(site.owned().await.len(), 3);
    config.azure.endless_pages = true;
    let endless = Site::start(config).await;
    for name in ["key/one", "key/two"] {
        endless.ready(name, &key()).await;
    }
    let (cx, cluster) = (Call::new(), super::support::owner("any").cluster);
    let listed = endless.driver.owned(&cx, &cluster, &super::support::at()).await;
    assert_eq!(listed.unwrap_err().kind(), ErrorKind::Unexpected);
}

#[tokio::test]
async fn what_the_subscription_lacks_says_how_to_get_it() {
    let mut config = SimConfig::default();
    config.azure.unregistered = vec!["Microsoft.Network".to_owned()];
    config.azure.policy_denies = vec!["Microsoft.Compute/sshPublicKeys".to_owned()];
    let site = Site::start(config).await;
    let unregistered = site.ensure("network/one", &network()).await.unwrap_err();
    let remedy = "register it: `az provider register --namespace Microsoft.Network`, and wait a few minutes";
    assert_eq!((unregistered.kind(), unregistered.remedy()), (ErrorKind::PermissionDenied, Some(remedy)));
    let query = MachineQuery::new(
        super::support::at().region,
        MachineSpec::default(),
        ImageSpec::default(),
        RootDisk::default(),
        1,
    );
    let planned = site.driver.resolve(&Call::new(), &query).await.unwrap_err();
    assert_eq!(planned.remedy(), Some(remedy), "planning tells it, too");
    let denied = site.ensure("key/one", &key()).await.unwrap_err();
    assert_eq!(denied.kind(), ErrorKind::PermissionDenied, "{denied}");
    assert!(denied.remedy().unwrap().contains("policy"), "{denied:?}");
    site.sim.azure().deny(&["Microsoft.Compute/sshPublicKeys/read"]);
    let denied = site.ensure("key/one", &key()).await.unwrap_err();
    assert!(denied.remedy().unwrap().contains("Microsoft.Compute/sshPublicKeys/read"), "{denied:?}");
}

#[tokio::test]
async fn a_throttle_says_how_long_to_wait() {
    let mut config = SimConfig::default();
    config.azure.rate = Some((0.000_1, 2.0));
    let site = Site::start(config).await;
    let (cx, cluster, at) = (Call::new(), super::support::owner("any").cluster, super::support::at());
    let mut outcomes = Vec::new();
    for _ in 0..3 {
        outcomes.push(site.driver.owned(&cx, &cluster, &at).await);
    }
    let error = outcomes.into_iter().find_map(Result::err).unwrap();
    let after = Disposition::Transient { after: Some(Duration::from_secs(1)) };
    assert_eq!((error.kind(), error.disposition()), (ErrorKind::RateLimited, after), "{error}");
}

#[tokio::test]
async fn somebody_else_s_change_at_the_same_time_is_a_conflict_for_now() {
    let base = Base::start(SimConfig::default()).await;
    let rules = |port: u16| {
        let from = "203.0.113.7/32".parse().unwrap();
        let rule = ladybug_core::cloud::FirewallRule {
            protocol: ladybug_core::cloud::Protocol::Tcp,
            ports: Some((port, port)),
            from,
        };
        ResourceSpec::Firewall(ladybug_core::cloud::FirewallSpec { network: base.network.clone(), rules: vec![rule] })
    };
    let stale = FaultPlan::none().rule(
        Cloud::Azure,
        "NetworkSecurityGroups_CreateOrUpdate",
        When::First(1),
        Effect::Delay(Duration::from_secs(200)),
    );
    base.site.sim.follow(stale);
    let id = base.firewall.id.as_str().to_ascii_lowercase();
    let change = rules(22);
    let slow = base.site.ensure("firewall/one", &change);
    let meddle = async {
        tokio::time::sleep(Duration::from_millis(60)).await;
        base.site.sim.tamper(Cloud::Azure, &id, |thing| thing.body["etag"] = "W/\"other\"".into());
    };
    let (outcome, ()) = futures::join!(slow, meddle);
    let error = outcome.unwrap_err();
    assert_eq!(
        (error.kind(), error.disposition()),
        (ErrorKind::Conflict, Disposition::Transient { after: None }),
        "{error}"
    );
    base.site.ready("firewall/one", &rules(22)).await;
    base.end().await;
    base.site.empty().await;
}

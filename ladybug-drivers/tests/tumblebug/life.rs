//! A cluster's resources from the first to the last, and first contact.

use std::time::Duration;

use ladybug_cloudsim::{Cloud, Config as SimConfig, Effect, FaultPlan, When};
use ladybug_core::{
    Disposition, ErrorKind, Secret,
    cloud::{Access, Action, Call, CloudDriver, Deletion, ResourceDetail, ResourceStatus},
};
use ladybug_drivers::tumblebug::{Config, StandIn, StandIns, TumblebugDriver};

use crate::{
    shell::Machines,
    support::{PUBLIC_KEY, Server, account, query, waiter},
};

#[tokio::test]
async fn everything_comes_up_and_nothing_stays() {
    let server = Server::start(|_| {}).await;
    let base = server.base().await;
    let machine = server.ready("machine/demo-w-1", &base.machine("demo-w-1")).await;
    let ResourceDetail::Machine { private_ip, public_ip, offer, .. } = &machine.detail else { panic!("{machine:?}") };
    assert!(private_ip.is_some() && public_ip.is_some());
    assert_eq!(*offer, base.choice.offers[0]);
    let mut keys: Vec<_> = server.owned().await.into_iter().map(|owned| owned.owner.key.to_string()).collect();
    keys.sort();
    assert_eq!(keys, ["firewall/f", "machine/demo-w-1", "network/n", "ssh-key/k"]);
    assert_eq!(server.delete(&machine.reference).await, Deletion::Done);
    server.clear().await;
    assert_eq!(server.sim.everything(), []);
}

#[tokio::test]
async fn at_first_contact_our_key_comes_in_and_the_server_s_goes_out() {
    let server = Server::start(|_| {}).await;
    let base = server.base().await;
    let machine = server.ready("machine/demo-w-1", &base.machine("demo-w-1")).await;
    let infra = machine.reference.id.as_str();
    assert_eq!(server.machines.keys(infra, "ladybug"), format!("{PUBLIC_KEY}\n"));
    for user in ["cb-user", "ubuntu"] {
        assert_eq!(server.machines.keys(infra, user), "", "{user}");
    }
    let ResourceDetail::Machine { access, .. } = &machine.detail else { panic!("{machine:?}") };
    let shown = Machines::host_key(&format!("/ns/default/infra/{infra}/node/node-1"));
    assert_eq!(*access, Some(Access { port: 22, host_key: Some(shown) }));
    // It happens once.
    server.wait_ready(&machine.reference).await;
    assert_eq!(server.calls("PostCmdInfra"), 2);
    let transcript = server.sim.transcript();
    assert!(!transcript.contains("BEGIN RSA"), "a private key is in the transcript");
}

#[tokio::test]
async fn first_contact_survives_every_lost_answer() {
    for (operation, nth) in
        [("PostCmdInfra", 1), ("CreateOrUpdateLabel", 1), ("PostCmdInfra", 2), ("CreateOrUpdateLabel", 2)]
    {
        let server = Server::start(|_| {}).await;
        let base = server.base().await;
        let lost = FaultPlan::none().rule(Cloud::Tumblebug, operation, When::Nth(nth), Effect::DropAnswer);
        server.sim.follow(lost);
        let machine = server.ready("machine/demo-w-1", &base.machine("demo-w-1")).await;
        let infra = machine.reference.id.as_str();
        assert_eq!(server.machines.keys(infra, "ladybug"), format!("{PUBLIC_KEY}\n"), "{operation} {nth}");
        assert_eq!(server.machines.keys(infra, "cb-user"), "", "{operation} {nth}");
    }
}

#[tokio::test]
async fn a_machine_that_the_server_cannot_log_in_to_says_what_to_do() {
    let server = Server::start(|config| config.tumblebug.shell = None).await;
    let base = server.base().await;
    let made = server.try_ensure("machine/demo-w-1", &base.machine("demo-w-1")).await.unwrap();
    let error = loop {
        match server.driver.get(&Call::new(), &made.reference).await {
            Ok(shown) => assert_eq!(shown.unwrap().status, ResourceStatus::Pending),
            Err(error) => break error,
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    assert_eq!((error.kind(), error.disposition()), (ErrorKind::Unavailable, Disposition::Transient { after: None }));
    assert!(error.remedy().unwrap().contains("TCP 22"), "{error:?}");
    // It can be listed and deleted all the same.
    server.clear().await;
    assert_eq!(server.sim.everything(), []);
}

/// Gives every machine the same host.
#[derive(Debug)]
struct OneHost;

#[async_trait::async_trait]
impl StandIns for OneHost {
    async fn stand_in(
        &self,
        _: &ladybug_core::cloud::ResourceRef,
        public_key: &str,
    ) -> ladybug_core::Result<Option<StandIn>> {
        assert_eq!(public_key, PUBLIC_KEY);
        let access = Access { port: 2222, host_key: Some("ssh-ed25519 AAAA".to_owned()) };
        Ok(Some(StandIn { address: [127, 0, 0, 1].into(), access }))
    }
}

#[tokio::test]
async fn others_can_stand_in_for_machines() {
    let mut server = Server::start(|config| config.tumblebug.shell = None).await;
    let config = account(&server.sim).with_stand_ins(std::sync::Arc::new(OneHost));
    server.driver = TumblebugDriver::new(config).unwrap();
    let base = server.base().await;
    let machine = server.ready("machine/demo-w-1", &base.machine("demo-w-1")).await;
    let ResourceDetail::Machine { public_ip, access, .. } = &machine.detail else { panic!("{machine:?}") };
    assert_eq!(*public_ip, Some([127, 0, 0, 1].into()));
    assert_eq!(access.as_ref().unwrap().port, 2222);
    assert_eq!(server.calls("PostCmdInfra"), 0);
}

#[tokio::test]
async fn a_machine_stops_starts_and_has_another_address_then() {
    let server = Server::start(|_| {}).await;
    let base = server.base().await;
    let machine = server.ready("machine/demo-w-1", &base.machine("demo-w-1")).await;
    let stopped = server.driver.act(&Call::new(), &machine.reference, &Action::Stop).await.unwrap();
    assert_eq!(stopped.status, ResourceStatus::Stopped);
    server.driver.act(&Call::new(), &machine.reference, &Action::Start).await.unwrap();
    let started = waiter().ready(&server.driver, &Call::new(), &machine.reference).await.unwrap();
    server.driver.act(&Call::new(), &machine.reference, &Action::Reboot).await.unwrap();
    let rebooted = server.wait_ready(&machine.reference).await;
    assert_eq!(rebooted.detail, started.detail);
}

#[tokio::test]
async fn a_token_and_a_name_space_of_ones_own_do_as_well() {
    let server = Server::start(|_| {}).await;
    let face = server.sim.tumblebug();
    let token = Secret::new(face.token().to_owned());
    let config = Config::with_token("tb".parse().unwrap(), face.endpoint(), token).unwrap();
    let config = config.with_namespace("team-a").unwrap().with_credential_holder("admin").unwrap();
    let driver = TumblebugDriver::new(config).unwrap();
    driver.resolve(&Call::new(), &query()).await.unwrap();
    let of_team = Server { driver, ..server };
    assert!(of_team.owned().await.is_empty());
    of_team
        .ready(
            "network/n",
            &ladybug_core::cloud::ResourceSpec::Network(ladybug_core::cloud::NetworkSpec {
                cidr: crate::support::cidr(),
            }),
        )
        .await;
    assert!(of_team.sim.everything().iter().all(|thing| thing.id.starts_with("/ns/team-a/")));
    of_team.clear().await;
    assert_eq!(of_team.sim.everything(), []);
}

#[tokio::test]
async fn the_calls_that_are_limited_to_two_in_a_second_are_not_needed() {
    let limited = |config: &mut SimConfig| config.tumblebug.infra_rate = Some(0.0);
    let server = Server::start(limited).await;
    // The question for the dialect is one of two that the bucket holds at first.
    let base = server.base().await;
    for name in ["demo-w-1", "demo-w-2", "demo-w-3"] {
        server.ready(&format!("machine/{name}"), &base.machine(name)).await;
    }
    server.clear().await;
    assert_eq!(server.sim.everything(), []);
    assert_eq!((server.calls("GetInfra"), server.calls("GetAllInfra")), (0, 1));
}

//! Sessions to a host of a simulated cloud, and what goes wrong with them.

use std::{net::IpAddr, time::Duration};

use tokio::time::sleep;
use uuid::Uuid;

use super::SimConnector;
use crate::{
    cloud::{
        Call, FirewallRule, FirewallSpec, Location, MachineQuery, MachineSpec, NetworkSpec, Owner, Protocol, Resource,
        ResourceDetail, ResourceRef, ResourceSpec, SshKeySpec,
    },
    error::{Disposition, Error, ErrorKind},
    id::{ClusterUid, NodeName},
    remote::{Connector, HostKeyPolicy, RemoteCommand, RemoteSession, Target},
    secret::Secret,
    sim::{
        FaultPlan, HostFault, HostVerb, World,
        host::{FirstBoot, public_key},
    },
    spec,
};

/// A world with one machine that lets SSH in.
struct Scene {
    world: World,
    connector: SimConnector,
    machine: Resource,
    target: Target,
}

async fn make(world: &World, key: &str, spec: ResourceSpec) -> Resource {
    let driver = world.drivers().remove(0);
    let cluster = ClusterUid::from_uuid(Uuid::from_u128(7));
    let owner = Owner::new(cluster, "demo".parse().unwrap(), key.parse().unwrap());
    let at = Location::region("ap-northeast-2".parse().unwrap());
    let made = driver.ensure(&Call::new(), &owner, &at, &spec).await.unwrap();
    sleep(Duration::from_secs(120)).await;
    driver.get(&Call::new(), &made.reference).await.unwrap().unwrap()
}

async fn machine_spec(world: &World, network: ResourceRef) -> MachineSpec {
    let from = "203.0.113.0/24".parse().unwrap();
    let rules = vec![FirewallRule { protocol: Protocol::Tcp, ports: Some((22, 22)), from }];
    let firewall = FirewallSpec { network: network.clone(), rules };
    let key = SshKeySpec { public_key: public_key("ssh-ed25519", "me") };
    let wishes = (spec::MachineSpec::default(), spec::ImageSpec::default(), spec::RootDisk::default());
    let query = MachineQuery::new("ap-northeast-2".parse().unwrap(), wishes.0, wishes.1, wishes.2, 1);
    let choice = world.drivers().remove(0).resolve(&Call::new(), &query).await.unwrap();
    let first = FirstBoot {
        user: "ladybug".to_owned(),
        authorized_key: public_key("ssh-ed25519", "me"),
        host_key: "host".to_owned(),
    };
    MachineSpec {
        name: NodeName::new("w-1").unwrap(),
        network,
        firewall: make(world, "firewall/x", ResourceSpec::Firewall(firewall)).await.reference,
        ssh_key: make(world, "ssh-key/x", ResourceSpec::SshKey(key)).await.reference,
        offer: choice.offers[0].clone(),
        image: choice.image,
        arch: spec::Arch::Amd64,
        disk: spec::RootDisk::default(),
        spot: false,
        user_data: Secret::new(first.render()),
    }
}

/// Its private and its public address.
fn addresses(machine: &Resource) -> (IpAddr, IpAddr) {
    match machine.detail {
        ResourceDetail::Machine { private_ip, public_ip, .. } => (private_ip.unwrap(), public_ip.unwrap()),
        ResourceDetail::None | ResourceDetail::Address { .. } | ResourceDetail::LoadBalancer { .. } => {
            panic!("no machine")
        }
    }
}

impl Scene {
    async fn new() -> Self {
        let world = World::new(1);
        let cidr = "10.0.0.0/20".parse().unwrap();
        let network = make(&world, "network/x", ResourceSpec::Network(NetworkSpec { cidr })).await.reference;
        let spec = machine_spec(&world, network).await;
        let machine = make(&world, "machine/w-1", ResourceSpec::Machine(spec)).await;
        let host_key = HostKeyPolicy::Pinned(public_key("ssh-ed25519", "host"));
        let ip = addresses(&machine).1.to_string();
        let target = Target::new(ip, "ladybug", Secret::new(b"me".to_vec()), host_key);
        Self { connector: SimConnector::new(world.clone()), world, machine, target }
    }

    /// The `nth` time, counted from 1, that this is done to the host it goes wrong.
    fn fail(&self, verb: HostVerb, nth: u32, fault: HostFault) {
        self.world.set_faults(FaultPlan::none().at_host("w-1", verb, nth, fault));
    }

    async fn session(&self) -> Box<dyn RemoteSession> {
        self.connector.connect(&self.target).await.unwrap()
    }

    async fn refused(&self, change: impl FnOnce(&mut Target)) -> Error {
        let mut target = self.target.clone();
        change(&mut target);
        self.connector.connect(&target).await.unwrap_err()
    }

    /// What a file holds, read over a new session.
    async fn read(&self, path: &str) -> Option<String> {
        let output = self.session().await.run(&words(&format!("cat {path}")), &mut |_| {}).await.unwrap();
        (output.status == 0).then_some(output.stdout)
    }
}

fn words(text: &str) -> RemoteCommand {
    RemoteCommand::new(text.split(' '))
}

fn text(content: &str) -> Secret<Vec<u8>> {
    Secret::new(content.as_bytes().to_vec())
}

async fn put(session: &mut dyn RemoteSession, content: &str) -> Result<(), Error> {
    session.put("/etc/it", 0o600, &text(content)).await
}

fn is_ambiguous(error: &Error) -> bool {
    (error.kind(), error.disposition()) == (ErrorKind::Unavailable, Disposition::Ambiguous)
}

#[tokio::test(start_paused = true)]
async fn a_session_writes_files_runs_commands_and_counts_them() {
    let scene = Scene::new().await;
    let mut session = scene.session().await;
    put(&mut *session, "one\ntwo").await.unwrap();
    let mut lines = Vec::new();
    let output = session.run(&words("cat /etc/it"), &mut |line| lines.push(line.to_owned())).await.unwrap();
    assert_eq!((output.status, output.stdout.as_str()), (0, "one\ntwo"));
    assert_eq!(lines, ["one", "two"]);
    session.run(&words("cat /etc/it").with_secret_output(), &mut |line| panic!("{line}")).await.unwrap();
    let name = NodeName::new("w-1").unwrap();
    assert_eq!(scene.connector.sessions(), [(name.clone(), 1)].into());
    assert_eq!(scene.connector.commands(), [(name.clone(), 2)].into());
    assert_eq!(scene.connector.touched(), [name].into());
    scene.connector.reset_touched();
    assert!(scene.connector.touched().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_stranger_is_told_from_the_host_and_kept_out_of_it() {
    let scene = Scene::new().await;
    let wrong = HostKeyPolicy::Pinned("ssh-ed25519 other".to_owned());
    let error = scene.refused(|target| (target.host_key, target.identity) = (wrong, text("other"))).await;
    assert_eq!((error.kind(), error.disposition()), (ErrorKind::HostKeyMismatch, Disposition::Permanent));
    let error = scene.refused(|target| target.identity = text("other")).await;
    assert_eq!((error.kind(), error.disposition()), (ErrorKind::Unauthenticated, Disposition::Permanent));
    assert!(scene.connector.sessions().is_empty());
}

#[tokio::test(start_paused = true)]
async fn nobody_answers_at_a_wrong_address_port_or_from_elsewhere() {
    let scene = Scene::new().await;
    for error in [
        scene.refused(|target| target.host = "198.51.100.99".to_owned()).await,
        scene.refused(|target| target.host = "no address".to_owned()).await,
        scene.refused(|target| target.port = 23).await,
        SimConnector::from(scene.world.clone(), "192.0.2.1".parse().unwrap()).connect(&scene.target).await.unwrap_err(),
    ] {
        assert_eq!(error.disposition(), Disposition::Transient { after: None }, "{error}");
        assert_eq!(error.kind(), ErrorKind::Unavailable);
    }
}

#[tokio::test(start_paused = true)]
async fn a_machine_behind_another_is_reached_through_it() {
    let scene = Scene::new().await;
    let mut inner = scene.target.clone();
    inner.host = addresses(&scene.machine).0.to_string();
    let error = scene.connector.connect(&inner).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "a private address is not seen from outside");
    inner.via = Some(Box::new(scene.target.clone()));
    scene.connector.connect(&inner).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_session_that_breaks_before_leaves_nothing_and_after_leaves_it_done() {
    let scene = Scene::new().await;
    for (nth, fault, left) in [(1, HostFault::DropBefore, None), (2, HostFault::DropAfter, Some("new".to_owned()))] {
        scene.fail(HostVerb::Put, nth, fault);
        let mut session = scene.session().await;
        assert!(is_ambiguous(&put(&mut *session, "new").await.unwrap_err()));
        assert!(is_ambiguous(&put(&mut *session, "later").await.unwrap_err()), "it is of no more use");
        assert_eq!(scene.read("/etc/it").await, left, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_command_or_file_changes_nothing_and_the_session_goes_on() {
    let scene = Scene::new().await;
    let mut session = scene.session().await;
    scene.fail(HostVerb::Run, 1, HostFault::Fail);
    let output = session.run(&words("install kubeadm=1"), &mut |_| {}).await.unwrap();
    assert_eq!(output.status, 1);
    assert!(output.stderr.starts_with("network"));
    assert_eq!(session.run(&words("kubeadm init"), &mut |_| {}).await.unwrap().status, 127);
    scene.fail(HostVerb::Put, 1, HostFault::Fail);
    let error = put(&mut *session, "new").await.unwrap_err();
    assert_eq!((error.kind(), error.disposition()), (ErrorKind::RemoteCommand, Disposition::Transient { after: None }));
    assert_eq!(scene.read("/etc/it").await, None);
}

#[tokio::test(start_paused = true)]
async fn a_reboot_loses_the_command_and_the_session_but_not_the_disk() {
    let scene = Scene::new().await;
    let mut session = scene.session().await;
    put(&mut *session, "kept").await.unwrap();
    scene.fail(HostVerb::Run, 1, HostFault::Reboot);
    let mut other = scene.session().await;
    assert!(is_ambiguous(&session.run(&words("rm -f /etc/it"), &mut |_| {}).await.unwrap_err()));
    assert!(is_ambiguous(&put(&mut *other, "lost").await.unwrap_err()), "sessions of the last boot are gone");
    assert_eq!(scene.refused(|_| {}).await.kind(), ErrorKind::Unavailable, "it boots");
    sleep(Duration::from_secs(40)).await;
    assert_eq!(scene.read("/etc/it").await.as_deref(), Some("kept"));
}

#[tokio::test(start_paused = true)]
async fn a_refused_connection_may_be_tried_again() {
    let scene = Scene::new().await;
    scene.fail(HostVerb::Connect, 1, HostFault::Refuse);
    let error = scene.refused(|_| {}).await;
    assert_eq!((error.kind(), error.disposition()), (ErrorKind::Unavailable, Disposition::Transient { after: None }));
    scene.session().await;
}

#[tokio::test(start_paused = true)]
async fn a_command_that_takes_too_long_is_given_up() {
    let scene = Scene::new().await;
    let mut session = scene.session().await;
    let short = words("install kubeadm=1").with_timeout(Duration::from_secs(1));
    let error = session.run(&short, &mut |_| {}).await.unwrap_err();
    assert_eq!((error.kind(), error.disposition()), (ErrorKind::Timeout, Disposition::Ambiguous));
    assert!(is_ambiguous(&session.run(&words("true"), &mut |_| {}).await.unwrap_err()));
}

#[tokio::test(start_paused = true)]
async fn a_deleted_machine_takes_its_sessions_with_it() {
    let scene = Scene::new().await;
    let mut session = scene.session().await;
    scene.world.drivers().remove(0).delete(&Call::new(), &scene.machine.reference).await.unwrap();
    sleep(Duration::from_secs(120)).await;
    assert!(is_ambiguous(&session.run(&words("true"), &mut |_| {}).await.unwrap_err()));
}

//! The conformance kit on moto, a third party's emulator of AWS; skipped, loudly, where `moto_server` is not installed.

use std::{
    collections::BTreeMap,
    process::{Child, Command, Stdio},
    time::Duration,
};

use async_trait::async_trait;
use ladybug_core::conformance::driver::{Fault, Outcome, Wishes, outcomes};
use tokio::time::{Instant, sleep};

use super::{
    bench::{AwsBench, REGION, Site},
    raw::{Raw, words},
};

/// The checks that cannot pass on moto 5.2.1, and what moto does there that AWS does not.
const GAPS: &[(&str, &str)] = &[
    ("calls_at_the_same_time_make_one_resource", "two load balancers of one name can be made at the same time"),
    ("the_base_of_a_machine_is_in_use", "a security group in use is deleted"),
    ("the_network_of_a_load_balancer_is_in_use", "load balancers have no interfaces, so their network looks unused"),
    ("an_unknown_region_is_not_found", "every region is taken, and then answered with 500"),
];

/// Who may do everything.
const ALL: &str =
    r#"{ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*" }] }"#;
/// What else is put on a user who may do nothing here.
const NOTHING: &str = r#"{ "Version": "2012-10-17", "Statement":
    [{ "Effect": "Deny", "Action": ["ec2:*", "elasticloadbalancing:*", "servicequotas:*"], "Resource": "*" }] }"#;

/// What is particular about moto.
#[derive(Debug)]
pub(crate) struct Moto(Raw);

impl Moto {
    async fn policy(&self, action: &str, more: &[(&str, &str)]) {
        let names = [("UserName", "driver"), ("PolicyName", "limit")];
        self.0.iam(action, &[&names, more].concat()).await.unwrap();
    }
}

#[async_trait]
impl Site for Moto {
    async fn deny(&self, fault: Fault) -> bool {
        if fault == Fault::NoPermission {
            self.policy("PutUserPolicy", &[("PolicyDocument", NOTHING)]).await;
        }
        fault == Fault::NoPermission
    }

    async fn allow(&self) {
        self.policy("PutUserPolicy", &[("PolicyDocument", ALL)]).await;
    }

    fn tune(&self, wishes: &mut Wishes) {
        wishes.patience = Duration::from_secs(10);
        wishes.pauses = (Duration::from_millis(5), Duration::from_millis(100));
        wishes.many = 12;
        wishes.cuts = 8;
        wishes.at_once = 4;
    }
}

/// A server of its own, until it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) endpoint: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// Starts moto with every check that it has; `None`, with a word on stderr, where it is not installed.
    pub(crate) async fn start() -> Option<Self> {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let images = std::env::var("LADYBUG_FIXTURES").map(|path| format!("{path}/ec2/moto-amis-ubuntu.json"));
        let Ok(images) = images else {
            eprintln!("SKIPPED: moto needs the images that LADYBUG_FIXTURES leads to");
            return None;
        };
        let child = Command::new("moto_server")
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .env("MOTO_ENABLE_KEYPAIR_VALIDATION", "1")
            .env("MOTO_ENABLE_AMI_VALIDATION", "1")
            .env("MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION", "1")
            .env("MOTO_AMIS_PATH", images)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(child) = child else {
            eprintln!("SKIPPED: moto_server is not installed (`pip install 'moto[server]==5.2.1'`)");
            return None;
        };
        let server = Self { child, endpoint: format!("http://127.0.0.1:{port}") };
        let deadline = Instant::now() + Duration::from_secs(60);
        while reqwest::get(format!("{}/moto-api/", server.endpoint)).await.is_err() {
            assert!(Instant::now() < deadline, "moto_server does not answer");
            sleep(Duration::from_millis(100)).await;
        }
        Some(server)
    }

    /// A bench on an account without anything but its user, who may do everything.
    pub(crate) async fn bench(&self) -> AwsBench {
        let (key, secret) = self.only_user(ALL).await;
        self.bench_of(&key, &secret).await
    }

    /// A bench with this key.
    pub(crate) async fn bench_of(&self, key: &str, secret: &str) -> AwsBench {
        let moto = Moto(self.raw(key, secret));
        AwsBench::new(&self.endpoint, key, secret, Duration::from_millis(20), moto).await
    }

    /// Empties the account, makes a user with this policy, and verifies the signatures and permissions of everything that
    /// comes after; gives the user's key.
    pub(crate) async fn only_user(&self, policy: &str) -> (String, String) {
        let post = |path: &str, body: &'static str| {
            reqwest::Client::new().post(format!("{}/moto-api/{path}", self.endpoint)).body(body).send()
        };
        post("reset", "").await.unwrap();
        // The three calls of this function are the ones that nobody verifies.
        post("reset-auth", "3").await.unwrap();
        let (raw, name) = (self.raw("AKIAIOSFODNN7EXAMPLE", "nobody asks"), ("UserName", "driver"));
        raw.iam("CreateUser", &[name]).await.unwrap();
        raw.iam("PutUserPolicy", &[name, ("PolicyName", "all"), ("PolicyDocument", policy)]).await.unwrap();
        let made = raw.iam("CreateAccessKey", &[name]).await.unwrap();
        let word = |field| words(&made, field).into_iter().next().unwrap();
        (word("AccessKeyId"), word("SecretAccessKey"))
    }

    fn raw(&self, key: &str, secret: &str) -> Raw {
        let endpoint = format!("{}/", self.endpoint);
        Raw { endpoint, key: key.to_owned(), secret: secret.to_owned(), region: REGION.to_owned() }
    }
}

#[tokio::test]
async fn the_kit_passes_on_moto_but_for_its_gaps() {
    if std::env::var_os("LADYBUG_MOTO_KIT").is_none() {
        eprintln!("SKIPPED: the whole kit takes five minutes on moto: ask for it with LADYBUG_MOTO_KIT=1");
        return;
    }
    let Some(server) = Server::start().await else { return };
    let ended = outcomes(async || server.bench().await).await;
    let gaps: BTreeMap<_, _> = GAPS.iter().copied().collect();
    let (mut passed, mut skipped, mut wrong) = (0, 0, Vec::new());
    for (check, outcome) in &ended {
        match (outcome, gaps.get(check.name())) {
            (Outcome::Passed, None) => passed += 1,
            (Outcome::Skipped(why), _) => {
                skipped += 1;
                eprintln!("skipped {}: {why}", check.name());
            }
            (Outcome::Failed(_), Some(gap)) => eprintln!("gap of moto, {}: {gap}", check.name()),
            (Outcome::Failed(why), None) => wrong.push(format!("{}: {why}", check.name())),
            (_, Some(_)) => wrong.push(format!("{} is listed as a gap of moto and passes", check.name())),
            (other, None) => wrong.push(format!("{}: {other:?}", check.name())),
        }
    }
    eprintln!("moto: {passed} passed, {skipped} skipped, {} gaps of {} checks", gaps.len(), ended.len());
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

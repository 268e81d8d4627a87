//! Moto where it verifies signatures, with botocore's own signer, and the permissions of users.

use ladybug_core::{
    ClusterName, Error, ErrorKind, Region, ResourceKey,
    cloud::{Call, CloudDriver, Location, NetworkSpec, Owner, Resource, ResourceSpec, SshKeySpec},
};

use super::{bench::REGION, moto::Server};

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKXdDFif6CQJ/K5qSuFAvAAX1pstDbAb0PPRy1x8n4iz";
/// Who may look at everything and import keys.
const POLICY: &str = r#"{ "Version": "2012-10-17", "Statement":
    [{ "Effect": "Allow", "Action": ["ec2:Describe*", "ec2:ImportKeyPair"], "Resource": "*" }] }"#;

async fn ensure(driver: &dyn CloudDriver, spec: ResourceSpec) -> Result<Resource, Error> {
    let uid = "0190163d-8694-739b-aea5-966c26f8ad02".parse().unwrap();
    let owner = Owner::new(uid, ClusterName::new("guarded").unwrap(), ResourceKey::new("one").unwrap());
    driver.ensure(&Call::new(), &owner, &Location::region(Region::new(REGION).unwrap()), &spec).await
}

#[tokio::test]
async fn botocore_s_signer_agrees_and_what_is_not_allowed_is_named() {
    let Some(server) = Server::start().await else { return };
    let (key, secret) = server.only_user(POLICY).await;
    let bench = async |secret: &str| server.bench_of(&key, secret).await;
    let ssh_key = || ResourceSpec::SshKey(SshKeySpec { public_key: KEY.to_owned() });

    let right = bench(&secret).await;
    ensure(&*right.driver, ssh_key()).await.unwrap();

    let network = ResourceSpec::Network(NetworkSpec { cidr: "10.1.0.0/16".parse().unwrap() });
    let denied = ensure(&*right.driver, network).await.unwrap_err();
    assert_eq!(denied.kind(), ErrorKind::PermissionDenied, "{}", denied.report());
    assert_eq!(denied.remedy(), Some("allow ec2:CreateVpc in the policy of this credential"));

    let wrong = ensure(&*bench("another secret").await.driver, ssh_key()).await.unwrap_err();
    assert_eq!(wrong.kind(), ErrorKind::Unauthenticated, "{}", wrong.report());
}

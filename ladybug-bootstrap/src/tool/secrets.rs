//! What only the cluster and its nodes may know.

use base64::{Engine, engine::general_purpose::STANDARD};
use ladybug_core::{
    Entropy, Error, ErrorKind, Result, Secret, SecretName, Secrets, Timestamp, remote::HostKeyPolicy,
    spec::ClusterSpec, state::NodeState,
};
use serde::Serialize;

use super::Options;
use crate::{
    login::SshKey,
    pki::{Authority, Client, Key},
    template::Templates,
};

/// Who logs in.
const USER: &str = "ladybug";

/// The CAs that kubeadm looks for, by file and name.
pub(super) const AUTHORITIES: [(&str, &str); 3] =
    [("ca", "kubernetes"), ("etcd/ca", "etcd-ca"), ("front-proxy-ca", "front-proxy-ca")];

/// The alphabet of bootstrap tokens.
const TOKEN_ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Everything that a new cluster starts with.
pub(super) fn of_cluster(
    options: &Options,
    spec: &ClusterSpec,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> Result<Secrets> {
    let mut secrets = Secrets::default();
    for (file, name) in AUTHORITIES {
        let authority = Authority::new(name, Key::generate(entropy)?);
        insert(&mut secrets, &format!("{file}.crt"), authority.certificate(now, entropy)?);
        insert(&mut secrets, &format!("{file}.key"), authority.key().private_pem().expose().clone());
        if file == "ca" {
            insert(&mut secrets, "ca.hash", authority.key().public_hash());
            administrator(&mut secrets, &authority, (options, spec), now, entropy)?;
        }
    }
    let accounts = Key::generate(entropy)?;
    insert(&mut secrets, "sa.key", accounts.private_pem().expose().clone());
    insert(&mut secrets, "sa.pub", accounts.public_pem());
    insert(&mut secrets, "encryption.key", STANDARD.encode(random::<32>(entropy)?));
    insert(&mut secrets, "init.token", token(entropy)?);
    let ssh = SshKey::generate(entropy)?;
    insert(&mut secrets, "ssh.pub", ssh.public_line());
    insert(&mut secrets, "ssh.key", ssh.private_pem().expose().clone());
    Ok(secrets)
}

/// The administrator's certificate. Since 1.29 there is a group for administrators whose rights can be taken away.
fn administrator(
    secrets: &mut Secrets,
    authority: &Authority,
    (options, spec): (&Options, &ClusterSpec),
    now: Timestamp,
    entropy: &dyn Entropy,
) -> Result<()> {
    let group = if spec.kubernetes.minor() >= 29 { "kubeadm:cluster-admins" } else { "system:masters" };
    let client = Client { name: "ladybug-admin", group, lifetime: options.admin_lifetime };
    let key = Key::generate(entropy)?;
    insert(secrets, "admin.crt", authority.issue(&client, &key, now, entropy)?);
    insert(secrets, "admin.key", key.private_pem().expose().clone());
    Ok(())
}

/// The host key of a new node.
pub(super) fn of_node(node: &NodeState, entropy: &dyn Entropy) -> Result<Secrets> {
    let mut secrets = Secrets::default();
    let key = SshKey::generate(entropy)?;
    insert(&mut secrets, &host_key(node, "key"), key.private_pem().expose().clone());
    insert(&mut secrets, &host_key(node, "pub"), key.public_line());
    Ok(secrets)
}

/// What cloud-init makes of a machine at its first boot.
pub(super) fn user_data(templates: &Templates, node: &NodeState, secrets: &Secrets) -> Result<Secret<String>> {
    #[derive(Serialize)]
    struct UserData<'a> {
        hostname: &'a str,
        user: &'a str,
        authorized_key: &'a str,
        host_private: &'a str,
        host_public: &'a str,
    }
    let (private, public) = (host_key(node, "key"), host_key(node, "pub"));
    let data = UserData {
        hostname: node.name.as_str(),
        user: USER,
        authorized_key: text(secrets, "ssh.pub")?,
        host_private: text(secrets, &private)?,
        host_public: text(secrets, &public)?,
    };
    templates.render("user-data.yaml", &data)
}

/// Who logs in, with which key, to a machine that shows which key.
pub(super) fn access(node: &NodeState, secrets: &Secrets) -> Result<(String, Secret<Vec<u8>>, HostKeyPolicy)> {
    let identity = Secret::new(text(secrets, "ssh.key")?.as_bytes().to_vec());
    let shown = match node.access.as_ref().and_then(|access| access.host_key.as_deref()) {
        Some(known) => known.to_owned(),
        None => text(secrets, &host_key(node, "pub"))?.to_owned(),
    };
    Ok((USER.to_owned(), identity, HostKeyPolicy::Pinned(shown)))
}

/// The secret of that name, which is text.
pub(super) fn text<'a>(secrets: &'a Secrets, name: &str) -> Result<&'a str> {
    let found = secrets.get(name).and_then(|secret| std::str::from_utf8(secret.expose()).ok());
    found.ok_or_else(|| {
        Error::new(ErrorKind::Corrupt, format!("find the secret {name}"))
            .with_message("it is not among the cluster's secrets")
    })
}

/// Adds a secret.
pub(super) fn insert(secrets: &mut Secrets, name: &str, text: String) {
    let name = SecretName::new(name).expect("a node's name fits into a secret's");
    secrets.insert(name, Secret::new(text.into_bytes()));
}

fn host_key(node: &NodeState, part: &str) -> String {
    format!("host-key/{}.{part}", node.name)
}

fn random<const N: usize>(entropy: &dyn Entropy) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes)?;
    Ok(bytes)
}

/// A bootstrap token: 110 random bits.
fn token(entropy: &dyn Entropy) -> Result<String> {
    let letter = |byte: u8| TOKEN_ALPHABET.get(usize::from(byte % 32)).expect("the alphabet has 32 letters");
    let letters = random::<22>(entropy)?.map(|byte| char::from(*letter(byte)));
    let (id, secret) = letters.split_at(6);
    Ok(id.iter().chain(&['.']).chain(secret).collect())
}

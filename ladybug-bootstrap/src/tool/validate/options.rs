//! Rules of what is chosen beside the spec, so that no text of it can mean more than itself where it lands: in lists
//! that scripts split at white space, in the package manager's files, in URLs.

use std::time::Duration;

use ladybug_core::spec::{ClusterSpec, Etcd, Problem};

use super::super::{EtcdClient, Options, downloads};
use crate::{
    kubeadm::{is_hex_digest, is_repository},
    pki::CA_LIFETIME,
};

/// A kubeconfig that is gone before somebody can use it helps nobody.
const SHORTEST: Duration = Duration::from_secs(60);

pub(super) fn problems(options: &Options, spec: &ClusterSpec) -> Vec<Problem> {
    let mut found = Vec::new();
    found.extend(mirror(options, spec));
    found.extend(repository(options));
    found.extend(checksums(options));
    found.extend(images(options));
    found.extend(manifest(options));
    found.extend(lifetime(options));
    found.extend(heartbeat(options));
    found.extend(external_etcd(options, spec));
    found
}

fn mirror(options: &Options, spec: &ClusterSpec) -> Option<Problem> {
    let mirror = options.mirror.as_deref()?;
    let rest = ["https://", "http://", "file:///"].iter().find_map(|scheme| mirror.strip_prefix(scheme));
    let fits = rest.is_some_and(|rest| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._~/:".contains(c);
        !rest.is_empty() && rest.len() <= 1000 && !rest.ends_with('/') && rest.chars().all(plain)
    });
    if !fits {
        let rule = "must be https://, http:// or file:///, then letters, digits and '-._~/:', without a last '/'; \
                    passwords have no place in it";
        return Some(Problem::new("options.mirror", rule));
    }
    let unsafe_sums = mirror.starts_with("http://") && !downloads::all_pinned(options, spec);
    unsafe_sums.then(|| {
        let message = format!(
            "leaves nothing to check Kubernetes {} with, whose checksums are not built in: set options.checksums, or \
             serve https",
            spec.kubernetes
        );
        Problem::new("options.mirror", message)
    })
}

fn repository(options: &Options) -> Option<Problem> {
    let fits = options.image_repository.as_deref().is_none_or(is_repository);
    (!fits).then(|| {
        Problem::new("options.image_repository", "must be a host and a path without scheme and last '/', in lower case")
    })
}

fn checksums(options: &Options) -> Vec<Problem> {
    let path =
        |path: &str| path.starts_with('v') && path.chars().all(|c| c.is_ascii_alphanumeric() || "-._/".contains(c));
    let wrong = options.checksums.iter().filter(|(name, sum)| !path(name) || !is_hex_digest(sum));
    let rule = "must be a path such as v1.36.5/bin/linux/amd64/kubeadm and 64 hex digits in lower case";
    wrong.map(|(name, _)| Problem::new(format!("options.checksums[{name:?}]"), rule)).collect()
}

fn images(options: &Options) -> Option<Problem> {
    let fits = options.images_dir.as_deref().is_none_or(|dir| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
        dir.starts_with('/') && dir.len() <= 1000 && dir.chars().all(plain)
    });
    (!fits).then(|| Problem::new("options.images_dir", "must be /, then letters, digits and any of '._-/'"))
}

/// YAML that cannot be read would be found out by `kubectl`, when all machines are paid for.
fn manifest(options: &Options) -> Option<Problem> {
    let manifest = options.cni_manifest.as_deref()?;
    let problem = |message: &str| Some(Problem::new("options.cni_manifest", message));
    if manifest.contains('\0') {
        return problem("must be text without NUL");
    }
    match serde_saphyr::from_multiple::<serde_json::Value>(manifest) {
        Ok(documents) if documents.iter().any(|document| document.get("kind").is_some()) => None,
        Ok(_) => problem("must hold at least one Kubernetes object, with its kind"),
        Err(_) => problem("must be YAML"),
    }
}

fn lifetime(options: &Options) -> Option<Problem> {
    let fits = (SHORTEST..=CA_LIFETIME).contains(&options.admin_lifetime);
    (!fits).then(|| Problem::new("options.admin_lifetime", "must be one minute to ten years, which the CA lives"))
}

fn heartbeat(options: &Options) -> Option<Problem> {
    let fits = options.etcd_heartbeat_ms.is_none_or(|beat| (10..=5000).contains(&beat));
    (!fits).then(|| Problem::new("options.etcd_heartbeat_ms", "must be 10 to 5000"))
}

fn external_etcd(options: &Options, spec: &ClusterSpec) -> Vec<Problem> {
    let external = matches!(spec.etcd, Etcd::External { .. });
    let Some(EtcdClient { ca, certificate, key }) = &options.external_etcd else {
        let rule = "external etcd needs a CA, a certificate and a key: set options.external_etcd";
        return Vec::from_iter(external.then(|| Problem::new("etcd", rule)));
    };
    let pem = |text: &str, what: &str| text.contains("-----BEGIN ") && text.contains(what);
    let parts = [
        (pem(ca, "CERTIFICATE-----"), "ca", "must be a certificate in PEM"),
        (pem(certificate, "CERTIFICATE-----"), "certificate", "must be a certificate in PEM"),
        (pem(key.expose(), "PRIVATE KEY-----"), "key", "must be a private key in PEM"),
    ];
    let wrong = parts.into_iter().filter(|(fits, ..)| !fits);
    wrong.map(|(_, part, rule)| Problem::new(format!("options.external_etcd.{part}"), rule)).collect()
}

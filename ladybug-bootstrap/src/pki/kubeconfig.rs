//! The file with which somebody reaches a cluster.

use base64::{Engine, engine::general_purpose::STANDARD};
use ladybug_core::{Error, ErrorKind, Result, Secret};
use serde_json::json;

/// Where a cluster is reached, and how it proves that it is the one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reach<'a> {
    /// The cluster's name.
    pub(crate) cluster: &'a str,
    /// The API server's `https` URL.
    pub(crate) server: &'a str,
    /// The name in the API server's certificate, when it is not the URL's.
    pub(crate) tls_name: Option<&'a str>,
    /// The cluster's CA, in PEM.
    pub(crate) ca: &'a str,
}

/// A kubeconfig for the user with this certificate and key, both in PEM.
pub(crate) fn kubeconfig(reach: &Reach<'_>, certificate: &str, key: &Secret<String>) -> Result<Secret<String>> {
    let user = format!("{}-admin", reach.cluster);
    let mut cluster = json!({ "server": reach.server, "certificate-authority-data": STANDARD.encode(reach.ca) });
    if let (Some(name), Some(cluster)) = (reach.tls_name, cluster.as_object_mut()) {
        cluster.insert("tls-server-name".to_owned(), name.into());
    }
    let document = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": reach.cluster,
        "clusters": [{ "name": reach.cluster, "cluster": cluster }],
        "contexts": [{ "name": reach.cluster, "context": { "cluster": reach.cluster, "user": user } }],
        "users": [{ "name": user, "user": {
            "client-certificate-data": STANDARD.encode(certificate),
            "client-key-data": STANDARD.encode(key.expose()),
        } }],
    });
    let failed = |cause| Error::new(ErrorKind::Unexpected, "write a kubeconfig").with_source(cause);
    serde_saphyr::to_string(&document).map(Secret::new).map_err(failed)
}

//! Rules of the API endpoint.

use super::{
    mesh::control_plane_sites,
    rules::{Found, Rule},
    syntax::is_host,
};
use crate::spec::{ApiEndpoint, ClusterSpec};

pub(super) const RULES: &[Rule] = &[balancer_in_one_site, external_host, external_port];

fn balancer_in_one_site(spec: &ClusterSpec, found: &mut Found) {
    let sites = control_plane_sites(spec).len();
    found.unless(spec.endpoint != ApiEndpoint::LoadBalancer || sites <= 1, "endpoint.kind", || {
        format!("load_balancer needs the control plane in one provider and region, not {sites}; use node_local")
    });
}

fn external_host(spec: &ClusterSpec, found: &mut Found) {
    if let ApiEndpoint::External { host, .. } = &spec.endpoint {
        found.unless(is_host(host), "endpoint.host", || {
            "must be a DNS name in lower case or the address of another machine".to_owned()
        });
    }
}

fn external_port(spec: &ClusterSpec, found: &mut Found) {
    if let ApiEndpoint::External { port, .. } = &spec.endpoint {
        found.unless(*port != 0, "endpoint.port", || "must be 1 to 65535".to_owned());
    }
}

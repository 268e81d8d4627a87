//! Which path calls which operation; the names are the `operationId`s of the server's own document.

use super::{catalog, command, face::Cx, fail::Answer, infra, label, names::Asked, node, power, request, rule, thing};

/// What answers an operation.
pub(super) type Handler = fn(&mut Cx<'_>, &Asked) -> Answer;

/// A path, its method, its operation, and what answers it.
type Route = (&'static str, &'static str, &'static str, Handler);

const ROUTES: &[Route] = &[
    ("GET", "/readyz", "GetReadyz", catalog::ready),
    ("GET", "/ns", "GetAllNs", catalog::namespaces),
    ("POST", "/ns", "PostNs", catalog::make_namespace),
    ("GET", "/ns/{}", "GetNs", catalog::namespace),
    ("DELETE", "/ns/{}", "DelNs", catalog::delete_namespace),
    ("GET", "/connConfig", "GetConnConfigList", catalog::connections),
    ("GET", "/connConfig/{}", "GetConnConfig", catalog::connection),
    ("POST", "/recommendSpec", "RecommendSpec", catalog::recommend),
    ("GET", "/availableZonesForSpec", "GetAvailableZonesForSpec", catalog::zones),
    ("POST", "/specImagePairReview", "PostSpecImagePairReview", catalog::review),
    ("GET", "/ns/{}/resources/spec/{}", "GetSpec", catalog::spec),
    ("GET", "/ns/{}/resources/image/{}", "GetImage", catalog::image),
    ("POST", "/ns/{}/resources/searchImage", "SearchImage", catalog::search_image),
    ("GET", "/ns/{}/resources/vNet", "GetAllVNet", |cx, asked| thing::all(cx, asked, "vNet")),
    ("POST", "/ns/{}/resources/vNet", "PostVNet", thing::make_vnet),
    ("GET", "/ns/{}/resources/vNet/{}", "GetVNet", |cx, asked| thing::one(cx, asked, "vNet")),
    ("DELETE", "/ns/{}/resources/vNet/{}", "DelVNet", thing::delete_vnet),
    ("GET", "/ns/{}/resources/securityGroup", "GetAllSecurityGroup", |cx, asked| {
        thing::all(cx, asked, "securityGroup")
    }),
    ("POST", "/ns/{}/resources/securityGroup", "PostSecurityGroup", thing::make_group),
    ("GET", "/ns/{}/resources/securityGroup/{}", "GetSecurityGroup", |cx, asked| {
        thing::one(cx, asked, "securityGroup")
    }),
    ("PUT", "/ns/{}/resources/securityGroup/{}", "PutSecurityGroup", rule::replace),
    ("DELETE", "/ns/{}/resources/securityGroup/{}", "DelSecurityGroup", |cx, asked| {
        thing::delete(cx, asked, "securityGroup")
    }),
    ("POST", "/ns/{}/resources/securityGroup/{}/rules", "PostFirewallRules", rule::add),
    ("DELETE", "/ns/{}/resources/securityGroup/{}/rules", "DelFirewallRules", rule::remove),
    ("GET", "/ns/{}/resources/sshKey", "GetAllSshKey", |cx, asked| thing::all(cx, asked, "sshKey")),
    ("POST", "/ns/{}/resources/sshKey", "PostSshKey", thing::make_key),
    ("GET", "/ns/{}/resources/sshKey/{}", "GetSshKey", |cx, asked| thing::one(cx, asked, "sshKey")),
    ("DELETE", "/ns/{}/resources/sshKey/{}", "DelSshKey", |cx, asked| thing::delete(cx, asked, "sshKey")),
    ("GET", "/ns/{}/infra", "GetAllInfra", infra::all),
    ("POST", "/ns/{}/infra", "PostInfra", infra::make),
    ("GET", "/ns/{}/infra/{}", "GetInfra", infra::one),
    ("DELETE", "/ns/{}/infra/{}", "DelInfra", infra::delete),
    ("GET", "/ns/{}/infra/{}/node/{}", "GetInfraNode", node::one),
    ("GET", "/ns/{}/control/infra/{}", "GetControlInfra", power::control),
    ("POST", "/ns/{}/cmd/infra/{}", "PostCmdInfra", command::run),
    ("GET", "/label/{}/{}", "GetLabels", label::of),
    ("PUT", "/label/{}/{}", "CreateOrUpdateLabel", label::set),
    ("GET", "/resources/{}", "GetResourcesByLabelSelector", label::find),
    ("GET", "/request/{}", "GetRequest", request::progress),
];

/// The operation of a method and a path below `/tumblebug`, with the parts of the path that vary.
pub(super) fn route(method: &str, path: &str) -> Option<(&'static str, Handler, Vec<String>)> {
    ROUTES.iter().filter(|route| route.0 == method).find_map(|(_, pattern, operation, handler)| {
        let parts = fitting(pattern, path)?;
        Some((*operation, *handler, parts))
    })
}

fn fitting(pattern: &str, path: &str) -> Option<Vec<String>> {
    let (mut parts, mut words) = (Vec::new(), path.split('/'));
    for wanted in pattern.split('/') {
        let word = words.next()?;
        if wanted == "{}" && !word.is_empty() {
            parts.push(decoded(word));
        } else if wanted != word {
            return None;
        }
    }
    words.next().is_none().then_some(parts)
}

/// A part of a path without its percent signs; a plus stays one, as in paths.
fn decoded(part: &str) -> String {
    let kept = part.replace('+', "%2B");
    let pairs = form_urlencoded::parse(kept.as_bytes());
    pairs.map(|(key, _)| key.into_owned()).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_operations_with_their_parts() {
        let (operation, _, parts) = route("GET", "/ns/system/resources/spec/aws%2Bus-east-1%2Bt3.small").unwrap();
        assert_eq!((operation, parts), ("GetSpec", vec!["system".to_owned(), "aws+us-east-1+t3.small".to_owned()]));
        assert!(route("PATCH", "/ns/system").is_none());
        assert!(route("GET", "/ns//infra").is_none());
    }
}

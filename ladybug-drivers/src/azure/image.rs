//! What machines boot: images of the marketplace, named `publisher:offer:sku:version`, or images by their id.

use ladybug_core::{
    Error, ErrorKind, Result,
    spec::{Arch, ImageSpec},
};
use serde_json::{Value, json};

use super::{
    client::{Api, Ask},
    shelf::COMPUTE,
};

/// A marketplace image without its version.
struct Line<'a> {
    publisher: &'a str,
    offer: &'a str,
    sku: &'a str,
}

/// The newest image of the family and version, or the one of that name or id.
pub(super) async fn find(api: Api<'_>, wish: &ImageSpec, arch: Arch) -> Result<String> {
    let Some(id) = &wish.id else {
        let (publisher, offer, sku) = published(&wish.family, &wish.version, arch).ok_or_else(|| unknown(api, wish))?;
        return newest(api, &Line { publisher, offer: &offer, sku: &sku }).await;
    };
    match urn(id) {
        Some((line, "latest")) => newest(api, &line).await,
        Some((line, version)) => exact(api, &line, version, arch).await,
        None => reference(api, id).map(|_| id.clone()),
    }
}

fn unknown(api: Api<'_>, wish: &ImageSpec) -> Error {
    api.error(ErrorKind::NotFound)
        .with_message(format!("no publisher of {} {} images is known", wish.family, wish.version))
        .with_remedy("use ubuntu or debian, or name an image as publisher:offer:sku:version or by its id")
}

async fn newest(api: Api<'_>, line: &Line<'_>) -> Result<String> {
    let path = line.path(api);
    let query = [("$orderby", "name desc"), ("$top", "1")];
    let found = api.ask(Ask { query: &query, ..Ask::get(&path, COMPUTE) }).await;
    let found = found.map_err(|error| {
        if error.kind() == ErrorKind::NotFound { missing(api, line, "latest", Some(error)) } else { error }
    })?;
    let version = found.pointer("/0/name").and_then(Value::as_str);
    let version = version.ok_or_else(|| missing(api, line, "latest", None))?;
    Ok(format!("{}:{}:{}:{version}", line.publisher, line.offer, line.sku))
}

/// Looks whether there is that version, and whether it is of the architecture.
async fn exact(api: Api<'_>, line: &Line<'_>, version: &str, arch: Arch) -> Result<String> {
    let path = format!("{}/{version}", line.path(api));
    let found = api.ask(Ask::get(&path, COMPUTE)).await;
    let found = found.map_err(|error| {
        if error.kind() == ErrorKind::NotFound { missing(api, line, version, Some(error)) } else { error }
    })?;
    let theirs = found.pointer("/properties/architecture").and_then(Value::as_str);
    if theirs.is_some_and(|theirs| theirs != arch_name(arch)) {
        return Err(missing(api, line, version, None).with_message(format!("the image is not for {arch:?}")));
    }
    Ok(format!("{}:{}:{}:{version}", line.publisher, line.offer, line.sku))
}

fn missing(api: Api<'_>, line: &Line<'_>, version: &str, cause: Option<Error>) -> Error {
    let name = format!("{}:{}:{}:{version}", line.publisher, line.offer, line.sku);
    let error = cause.unwrap_or_else(|| api.error(ErrorKind::NotFound));
    error
        .with_message(format!("{} has no image {name}", api.region))
        .with_remedy("name another version, or an image of this region and architecture")
}

impl Line<'_> {
    fn path(&self, api: Api<'_>) -> String {
        let (publisher, offer, sku) = (self.publisher, self.offer, self.sku);
        api.path(&format!(
            "/providers/Microsoft.Compute/locations/{}/publishers/{publisher}/artifacttypes/vmimage/offers/{offer}/skus/{sku}/versions",
            api.region
        ))
    }
}

/// The four parts of a marketplace image's name.
fn urn(name: &str) -> Option<(Line<'_>, &str)> {
    let parts: Vec<&str> = name.split(':').collect();
    let [publisher, offer, sku, version] = parts[..] else { return None };
    let fits = |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    parts.iter().all(fits).then_some((Line { publisher, offer, sku }, version))
}

/// An image as machines are given it.
///
/// # Errors
/// `InvalidSpec` for what is no image of Azure.
pub(super) fn reference(api: Api<'_>, image: &str) -> Result<Value> {
    if let Some((Line { publisher, offer, sku }, version)) = urn(image) {
        return Ok(json!({ "publisher": publisher, "offer": offer, "sku": sku, "version": version }));
    }
    let begins = |start: &str| image.to_ascii_lowercase().starts_with(start);
    if begins("/subscriptions/") {
        return Ok(json!({ "id": image }));
    }
    if begins("/communitygalleries/") {
        return Ok(json!({ "communityGalleryImageId": image }));
    }
    if begins("/sharedgalleries/") {
        return Ok(json!({ "sharedGalleryImageId": image }));
    }
    Err(api
        .error(ErrorKind::InvalidSpec)
        .with_message(format!("{image} is no image of Azure"))
        .with_remedy("name it as publisher:offer:sku:version, or by its id"))
}

/// Who publishes a distribution's images, and how they are called.
///
/// Sources: Canonical's and Debian's pages on their images on Azure; the names that kops, cluster-api's image-builder and
/// CB-Tumblebug use.
fn published(family: &str, version: &str, arch: Arch) -> Option<(&'static str, String, String)> {
    let by_arch = |amd64: &str, arm64: &str| match arch {
        Arch::Amd64 => Some(amd64.to_owned()),
        Arch::Arm64 => Some(arm64.to_owned()),
        _ => None,
    };
    let number = version.replace('.', "_");
    let ubuntu = |offer: String, sku: Option<String>| Some(("Canonical", offer, sku?));
    match (family, version) {
        ("ubuntu", "26.04" | "24.04") => ubuntu(format!("ubuntu-{number}-lts"), by_arch("server", "server-arm64")),
        ("ubuntu", "22.04") => {
            ubuntu("0001-com-ubuntu-server-jammy".to_owned(), by_arch("22_04-lts-gen2", "22_04-lts-arm64"))
        }
        ("ubuntu", "20.04") => {
            ubuntu("0001-com-ubuntu-server-focal".to_owned(), by_arch("20_04-lts-gen2", "20_04-lts-arm64"))
        }
        ("debian", "11" | "12" | "13") => {
            let sku = by_arch(&format!("{version}-gen2"), &format!("{version}-arm64"))?;
            Some(("Debian", format!("debian-{version}"), sku))
        }
        _ => None,
    }
}

/// Azure's name of an architecture.
pub(super) const fn arch_name(arch: Arch) -> &'static str {
    match arch {
        Arch::Amd64 => "x64",
        Arch::Arm64 => "Arm64",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_and_harmless_names_are_names() {
        assert!(urn("Canonical:ubuntu-24_04-lts:server:latest").is_some());
        for bad in ["ubuntu", "a:b:c", "a:b:c:d:e", "a:b:c:", "a:../b:c:d", "a:b:c:d?x"] {
            assert!(urn(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn distributions_have_their_publishers() {
        let name = |family, version, arch| {
            published(family, version, arch).map(|(who, offer, sku)| format!("{who}:{offer}:{sku}"))
        };
        let arm = name("ubuntu", "24.04", Arch::Arm64);
        assert_eq!(arm.as_deref(), Some("Canonical:ubuntu-24_04-lts:server-arm64"));
        assert_eq!(name("debian", "12", Arch::Amd64).as_deref(), Some("Debian:debian-12:12-gen2"));
        assert_eq!(name("ubuntu", "4.10", Arch::Amd64), None);
    }
}

//! What machines boot.

use ladybug_core::{
    Error, ErrorKind, Result,
    spec::{Arch, ImageSpec},
};
use serde_json::Value;

use super::{
    client::{Api, Letter},
    shelf::{is_name, text},
};

/// The newest image of the family and version, or the one of that id; and its architecture must fit.
pub(super) async fn find(api: Api<'_>, wish: &ImageSpec, arch: Arch) -> Result<String> {
    let (method, path) = place(api, wish, arch)?;
    let image = api.look(Letter::get(method, path)).await?.ok_or_else(|| missing(api, wish, arch))?;
    if arch_of(&image) != arch || text(&image, "status") != "READY" {
        return Err(missing(api, wish, arch));
    }
    let link = text(&image, "selfLink");
    match link.split_once("/projects/") {
        Some((_, path)) => Ok(format!("projects/{path}")),
        None => Err(api.error(ErrorKind::Unexpected).with_message("the image has no link")),
    }
}

fn missing(api: Api<'_>, wish: &ImageSpec, arch: Arch) -> Error {
    let name = wish.id.clone().unwrap_or_else(|| format!("{} {}", wish.family, wish.version));
    api.error(ErrorKind::NotFound)
        .with_message(format!("there is no image {name} for {arch:?}"))
        .with_remedy("name another version, or an image of this architecture as projects/PROJECT/global/images/NAME")
}

/// Images without an architecture are for x86.
fn arch_of(image: &Value) -> Arch {
    if text(image, "architecture") == "ARM64" { Arch::Arm64 } else { Arch::Amd64 }
}

/// Where the image is asked for. An id is an image's name in this project, or its path or URL.
fn place(api: Api<'_>, wish: &ImageSpec, arch: Arch) -> Result<(&'static str, String)> {
    let Some(id) = &wish.id else {
        let (project, family) = publisher(&wish.family, &wish.version, arch).ok_or_else(|| missing(api, wish, arch))?;
        return Ok(("images.getFromFamily", format!("projects/{project}/global/images/family/{family}")));
    };
    let path = id.rsplit_once("/projects/").map_or(id.as_str(), |(_, path)| path);
    match path.trim_start_matches("projects/").split('/').collect::<Vec<_>>().as_slice() {
        [name] if is_name(name) => Ok(("images.get", api.in_project(&format!("global/images/{name}")))),
        [project, "global", "images", name] if is_name(project) && is_name(name) => {
            Ok(("images.get", format!("projects/{project}/global/images/{name}")))
        }
        [project, "global", "images", "family", family] if is_name(project) && is_name(family) => {
            Ok(("images.getFromFamily", format!("projects/{project}/global/images/family/{family}")))
        }
        _ => Err(missing(api, wish, arch)),
    }
}

/// Who publishes a distribution's images, and the family of a version.
///
/// Source: Google's page on operating system images.
fn publisher(family: &str, version: &str, arch: Arch) -> Option<(&'static str, String)> {
    if !version.chars().all(|c| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let short = version.replace('.', "");
    let (arm, ubuntu) = match arch {
        Arch::Amd64 => ("", "-amd64"),
        Arch::Arm64 => ("-arm64", "-arm64"),
        _ => return None,
    };
    Some(match (family, version) {
        // Until 22.04 x86 has no word of its own.
        ("ubuntu", "18.04" | "20.04" | "22.04") => ("ubuntu-os-cloud", format!("ubuntu-{short}-lts{arm}")),
        ("ubuntu", _) => ("ubuntu-os-cloud", format!("ubuntu-{short}-lts{ubuntu}")),
        ("debian", _) => ("debian-cloud", format!("debian-{short}{arm}")),
        ("rocky", _) => ("rocky-linux-cloud", format!("rocky-linux-{short}{arm}")),
        ("rhel", _) => ("rhel-cloud", format!("rhel-{short}{arm}")),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_have_their_publishers() {
        let of = |family, version, arch| publisher(family, version, arch).map(|(_, family)| family);
        assert_eq!(of("ubuntu", "24.04", Arch::Amd64).unwrap(), "ubuntu-2404-lts-amd64");
        assert_eq!(of("ubuntu", "24.04", Arch::Arm64).unwrap(), "ubuntu-2404-lts-arm64");
        assert_eq!(of("ubuntu", "22.04", Arch::Amd64).unwrap(), "ubuntu-2204-lts");
        assert_eq!(of("debian", "12", Arch::Arm64).unwrap(), "debian-12-arm64");
        assert_eq!(of("ubuntu", "../x", Arch::Amd64), None);
        assert_eq!(of("gentoo", "1", Arch::Amd64), None);
    }
}

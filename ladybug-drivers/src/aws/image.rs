//! What machines boot.

use ladybug_core::{
    ErrorKind, Result,
    spec::{Arch, ImageSpec},
};

use super::{client::Api, query::Form, xml::Element};

/// The newest image of the family and version, or the one of that id; and its architecture must fit.
pub(super) async fn find(api: Api<'_>, wish: &ImageSpec, arch: Arch) -> Result<String> {
    let found = api.ec2_all("DescribeImages", "imagesSet", search(api, wish, arch)?).await?;
    let fits = |image: &&Element| image.word("architecture") == Some(arch_name(arch));
    let newest = found.iter().filter(fits).max_by_key(|image| (image.word("creationDate"), image.word("name")));
    let image = newest.ok_or_else(|| {
        let name = wish.id.clone().unwrap_or_else(|| format!("{} {}", wish.family, wish.version));
        api.error(ErrorKind::NotFound)
            .with_message(format!("{} has no image {name} for {arch:?}", api.region))
            .with_remedy("name another version, or the id of an image of this region and architecture")
    })?;
    let id = image.need(api.what, "imageId")?;
    api.wire.facts().learn_root_device(api.region, id, image.need(api.what, "rootDeviceName")?);
    Ok(id.to_owned())
}

/// The name of the image's root device: a disk by another name would be a second disk.
pub(super) async fn root_device(api: Api<'_>, image: &str) -> Result<String> {
    if let Some(known) = api.wire.facts().root_device(api.region, image) {
        return Ok(known);
    }
    let answer = api.ec2("DescribeImages", Form::new().list("ImageId", [image])).await?;
    let shown = answer.items("imagesSet").next();
    let shown = shown
        .ok_or_else(|| api.error(ErrorKind::NotFound).with_message(format!("{} has no image {image}", api.region)))?;
    let device = shown.need(api.what, "rootDeviceName")?.to_owned();
    api.wire.facts().learn_root_device(api.region, image, &device);
    Ok(device)
}

fn search(api: Api<'_>, wish: &ImageSpec, arch: Arch) -> Result<Form> {
    if let Some(id) = &wish.id {
        return Ok(Form::new().list("ImageId", [id]));
    }
    let (owner, name) = publisher(&wish.family, &wish.version, arch).ok_or_else(|| {
        api.error(ErrorKind::NotFound)
            .with_message(format!("no publisher of {} {} images is known", wish.family, wish.version))
            .with_remedy("use ubuntu, debian, rocky or rhel, or name an image's id")
    })?;
    let form = Form::new().list("Owner", [owner]).filter("name", [name]);
    Ok(form.filter("architecture", [arch_name(arch)]).filter("state", ["available"]))
}

/// Who publishes a distribution's images, and how they are called. Without the owner, anybody's image could match.
///
/// Sources: Canonical's, Debian's, Rocky Linux's and Red Hat's pages on their images on AWS.
fn publisher(family: &str, version: &str, arch: Arch) -> Option<(&'static str, String)> {
    let (debian, linux) = match arch {
        Arch::Amd64 => ("amd64", "x86_64"),
        Arch::Arm64 => ("arm64", "aarch64"),
        _ => return None,
    };
    let ubuntu = |disk: &str, name: &str| format!("ubuntu/images/{disk}/ubuntu-{name}-{version}-{debian}-server-*");
    Some(match (family, version) {
        ("ubuntu", "26.04") => ("099720109477", ubuntu("hvm-ssd-gp3", "*")),
        ("ubuntu", "24.04") => ("099720109477", ubuntu("hvm-ssd-gp3", "noble")),
        ("ubuntu", "22.04") => ("099720109477", ubuntu("hvm-ssd", "jammy")),
        ("ubuntu", "20.04") => ("099720109477", ubuntu("hvm-ssd", "focal")),
        ("ubuntu", "18.04") => ("099720109477", ubuntu("hvm-ssd", "bionic")),
        ("debian", _) => ("136693071363", format!("debian-{version}-{debian}-*")),
        ("rocky", _) => ("792107900819", format!("Rocky-{version}-EC2-Base-*.{linux}*")),
        ("rhel", _) => ("309956199498", format!("RHEL-{version}*_HVM-*")),
        _ => return None,
    })
}

/// EC2's name of an architecture.
pub(super) const fn arch_name(arch: Arch) -> &'static str {
    match arch {
        Arch::Amd64 => "x86_64",
        Arch::Arm64 => "arm64",
        _ => "unknown",
    }
}

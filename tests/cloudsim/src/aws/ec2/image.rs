//! Machine images.

use serde_json::{Value, json};

use super::{
    super::{
        face::{ACCOUNT, Cx},
        fail::{Answer, Fail},
        input::Input,
    },
    list, place,
};

/// One image.
#[derive(Clone, Debug)]
pub(in super::super) struct Image {
    pub(in super::super) id: String,
    name: String,
    pub(in super::super) arch: &'static str,
    owner: &'static str,
    date: &'static str,
    pub(in super::super) root: &'static str,
    /// The size of its root snapshot in GiB.
    pub(in super::super) size: i64,
}

const CANONICAL: &str = "099720109477";
const DEBIAN: &str = "136693071363";
/// Somebody who gives images the names of Canonical's.
const IMPOSTOR: &str = "999900009999";

/// Name before the architecture, name after it, owner, date, root device.
const MADE: [(&str, &str, &str, &str, &str); 8] = [
    (
        "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-",
        "-server-20250805",
        CANONICAL,
        "2025-08-05T08:41:12.000Z",
        "/dev/sda1",
    ),
    (
        "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-",
        "-server-20251022",
        CANONICAL,
        "2025-10-22T07:15:40.000Z",
        "/dev/sda1",
    ),
    (
        "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-",
        "-server-20250712",
        CANONICAL,
        "2025-07-12T05:02:31.000Z",
        "/dev/sda1",
    ),
    (
        "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-",
        "-server-20251015",
        CANONICAL,
        "2025-10-15T06:30:05.000Z",
        "/dev/sda1",
    ),
    (
        "ubuntu/images/hvm-ssd/ubuntu-focal-20.04-",
        "-server-20250529",
        CANONICAL,
        "2025-05-29T03:11:22.000Z",
        "/dev/sda1",
    ),
    ("debian-12-", "-20251006-2257", DEBIAN, "2025-10-06T23:20:48.000Z", "/dev/xvda"),
    ("debian-13-", "-20251117-2299", DEBIAN, "2025-11-17T22:04:19.000Z", "/dev/xvda"),
    (
        "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-",
        "-server-20251120",
        IMPOSTOR,
        "2025-11-20T00:00:00.000Z",
        "/dev/sda1",
    ),
];

/// All images of a region; every region has ids of its own.
pub(in super::super) fn images(region: &str) -> Vec<Image> {
    let both = [("amd64", "x86_64"), ("arm64", "arm64")];
    let all = MADE.iter().enumerate().flat_map(|(number, (before, after, owner, date, root))| {
        both.iter().map(move |(word, arch)| Image {
            id: id(region, number, word),
            name: format!("{before}{word}{after}"),
            arch,
            owner,
            date,
            root,
            size: 8,
        })
    });
    all.collect()
}

fn id(region: &str, number: usize, word: &str) -> String {
    use sha2::{Digest, Sha256};
    let sum = Sha256::digest(format!("{region} {number} {word}"));
    let digits: String = sum.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("ami-0{digits}")
}

/// The image of that id.
pub(in super::super) fn named(region: &str, id: &str) -> Answer<Image> {
    if !id.starts_with("ami-") {
        return Err(Fail::new("InvalidAMIID.Malformed", format!("Invalid id: \"{id}\" (expecting \"ami-...\")")));
    }
    let found = images(region).into_iter().find(|image| image.id == id);
    found.ok_or_else(|| Fail::new("InvalidAMIID.NotFound", format!("The image id '[{id}]' does not exist")))
}

/// The newest image that a public parameter of Canonical or Debian stands for.
pub(in super::super) fn parameter(region: &str, name: &str) -> Option<String> {
    let parts: Vec<&str> = name.trim_start_matches('/').split('/').collect();
    let (family, arch) = match parts.as_slice() {
        [
            "aws",
            "service",
            "canonical",
            "ubuntu",
            "server",
            "24.04",
            "stable",
            "current",
            arch,
            "hvm",
            "ebs-gp3",
            "ami-id",
        ] => ("noble", arch),
        [
            "aws",
            "service",
            "canonical",
            "ubuntu",
            "server",
            "22.04",
            "stable",
            "current",
            arch,
            "hvm",
            "ebs-gp2",
            "ami-id",
        ] => ("jammy", arch),
        [
            "aws",
            "service",
            "canonical",
            "ubuntu",
            "server",
            "20.04",
            "stable",
            "current",
            arch,
            "hvm",
            "ebs-gp2",
            "ami-id",
        ] => ("focal", arch),
        ["aws", "service", "debian", "release", "12", "latest", arch] => ("debian-12-", arch),
        ["aws", "service", "debian", "release", "13", "latest", arch] => ("debian-13-", arch),
        _ => return None,
    };
    let fits = |image: &Image| {
        image.owner != IMPOSTOR && image.name.contains(family) && image.name.contains(&format!("-{arch}-"))
    };
    images(region).into_iter().filter(fits).max_by_key(|image| image.date).map(|image| image.id)
}

impl Image {
    /// The snapshot of its root volume.
    pub(in super::super) fn snapshot(&self) -> String {
        self.id.replace("ami-", "snap-")
    }

    fn shown(&self) -> Value {
        let alias = if self.owner == CANONICAL || self.owner == DEBIAN { json!("amazon") } else { Value::Null };
        json!({ "imageId": self.id, "imageLocation": format!("{}/{}", self.owner, self.name), "imageState": "available",
            "imageOwnerId": self.owner, "imageOwnerAlias": alias, "isPublic": true, "architecture": self.arch,
            "imageType": "machine", "name": self.name, "description": self.name, "creationDate": self.date,
            "rootDeviceType": "ebs", "rootDeviceName": self.root, "virtualizationType": "hvm", "hypervisor": "xen",
            "enaSupport": true, "sriovNetSupport": "simple", "platformDetails": "Linux/UNIX",
            "blockDeviceMapping": [{ "deviceName": self.root, "ebs": { "snapshotId": self.snapshot(), "volumeSize": self.size,
            "volumeType": "gp3", "deleteOnTermination": true, "encrypted": false } }], "tagSet": [] })
    }
}

/// What DescribeImages can be filtered by.
const FILTERS: [(&str, &str); 13] = [
    ("image-id", "imageId"),
    ("name", "name"),
    ("architecture", "architecture"),
    ("state", "imageState"),
    ("owner-id", "imageOwnerId"),
    ("owner-alias", "imageOwnerAlias"),
    ("virtualization-type", "virtualizationType"),
    ("root-device-type", "rootDeviceType"),
    ("root-device-name", "rootDeviceName"),
    ("image-type", "imageType"),
    ("is-public", "isPublic"),
    ("hypervisor", "hypervisor"),
    ("creation-date", "creationDate"),
];

pub(in super::super) fn describe(cx: &mut Cx<'_>, input: &Value) -> Answer {
    let (ids, owners) = (input.texts("ImageId"), input.texts("Owner"));
    for id in &ids {
        named(cx.region, id)?;
    }
    let owned = |image: &Image| {
        let by = |owner: &&str| match *owner {
            "self" => image.owner == ACCOUNT,
            "amazon" => image.owner != IMPOSTOR,
            id => image.owner == id,
        };
        owners.is_empty() || owners.iter().any(by)
    };
    let mut all = images(cx.region);
    // The order means nothing; here it is not the order of dates.
    all.sort_by(|one, other| one.id.cmp(&other.id));
    let wanted = all.iter().filter(|image| (ids.is_empty() || ids.contains(&image.id.as_str())) && owned(image));
    let kept = place::kept(wanted.map(Image::shown), input, &FILTERS)?;
    list::paged(cx, input, "ImageId", "imagesSet", kept, (1, 1_000))
}

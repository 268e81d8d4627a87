use std::{fs, os::unix::fs::PermissionsExt, path::Path, thread};

use super::{Sealed, Sealer};
use crate::{
    error::ErrorKind,
    id::{ClusterUid, SecretName},
    secret::{Secret, Secrets},
    time::SystemEntropy,
};

fn uid(number: u128) -> ClusterUid {
    ClusterUid::from_uuid(uuid::Uuid::from_u128(number))
}

fn name(text: &str) -> SecretName {
    SecretName::new(text).unwrap()
}

fn secret() -> Secret<Vec<u8>> {
    Secret::new(b"canary".to_vec())
}

fn sealer() -> Sealer {
    Sealer::from_key(Secret::new([7; 32]))
}

fn sealed() -> Sealed {
    sealer().seal(&uid(1), &name("ca.key"), &secret(), &SystemEntropy).unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn write_key(path: &Path, len: usize, mode: u32) {
    fs::write(path, vec![7; len]).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn what_is_sealed_opens_again() {
    assert_eq!(sealer().open(&uid(1), &name("ca.key"), &sealed()).unwrap(), secret());
    let secrets: Secrets = [(name("a"), secret()), (name("b"), Secret::new(Vec::new()))].into_iter().collect();
    let all = sealer().seal_all(&uid(1), &secrets, &SystemEntropy).unwrap();
    assert_eq!(sealer().open_all(&uid(1), &all).unwrap(), secrets);
}

#[test]
fn a_secret_sealed_in_format_1_opens() {
    let golden: Sealed = serde_json::from_str(include_str!("../../../tests/format-1/sealed.json")).unwrap();
    assert_eq!(sealer().open(&uid(1), &name("ca.key"), &golden).unwrap(), secret());
}

#[test]
fn equal_secrets_look_different_when_sealed() {
    assert!(sealed() != sealed());
}

#[test]
fn a_sealed_secret_opens_nowhere_else() {
    let elsewhere = [
        sealer().open(&uid(2), &name("ca.key"), &sealed()),
        sealer().open(&uid(1), &name("ca.crt"), &sealed()),
        Sealer::random(&SystemEntropy).unwrap().open(&uid(1), &name("ca.key"), &sealed()),
    ];
    for outcome in elsewhere {
        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        assert!(error.to_string().contains("secret ca."), "{error}");
    }
}

#[test]
fn a_damaged_secret_is_refused_wherever_it_is_damaged() {
    let text = serde_json::to_value(sealed()).unwrap().as_str().unwrap().to_owned();
    for place in 0..text.len() {
        let mut damaged = text.clone().into_bytes();
        damaged[place] = if damaged[place] == b'B' { b'C' } else { b'B' };
        let damaged: Sealed = serde_json::from_value(String::from_utf8(damaged).unwrap().into()).unwrap();
        assert_eq!(
            sealer().open(&uid(1), &name("ca.key"), &damaged).unwrap_err().kind(),
            ErrorKind::Corrupt,
            "{place}"
        );
    }
    for text in ["", "AQ", "####", "AQIC"] {
        let damaged: Sealed = serde_json::from_value(text.into()).unwrap();
        assert_eq!(sealer().open(&uid(1), &name("ca.key"), &damaged).unwrap_err().kind(), ErrorKind::Corrupt, "{text}");
    }
}

#[test]
fn nothing_shows_a_secret_or_a_key() {
    let shown = format!("{:?} {:?} {}", sealer(), sealed(), serde_json::to_string(&sealed()).unwrap());
    assert!(shown.starts_with("Sealer(..) Sealed(..) \"A") && !shown.contains("canary"), "{shown}");
}

#[test]
fn a_wrong_key_file_is_named_in_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.key");
    let error = Sealer::from_file(&path).unwrap().open(&uid(1), &name("ca.key"), &sealed()).unwrap_err();
    assert!(error.remedy().unwrap().contains(path.to_str().unwrap()), "{error:?}");
}

#[test]
fn a_key_file_is_made_once_and_only_for_its_owner() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/down/seal.key");
    let sealed = Sealer::from_file(&path).unwrap().seal(&uid(1), &name("ca.key"), &secret(), &SystemEntropy).unwrap();
    assert_eq!(Sealer::from_file(&path).unwrap().open(&uid(1), &name("ca.key"), &sealed).unwrap(), secret());
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no draft may stay behind");
}

#[test]
fn racers_get_the_same_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("seal.key");
    let racers: Vec<_> = (0..16)
        .map(|_| {
            thread::spawn({
                let path = path.clone();
                move || Sealer::from_file(path)
            })
        })
        .collect();
    let sealers: Vec<Sealer> = racers.into_iter().map(|racer| racer.join().unwrap().unwrap()).collect();
    let sealed = sealers[0].seal(&uid(1), &name("ca.key"), &secret(), &SystemEntropy).unwrap();
    for sealer in &sealers {
        assert_eq!(sealer.open(&uid(1), &name("ca.key"), &sealed).unwrap(), secret());
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft may stay behind");
}

#[test]
fn a_key_file_that_is_not_right_is_refused_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    write_key(&path("open"), 32, 0o640);
    write_key(&path("short"), 31, 0o600);
    write_key(&path("long"), 33, 0o600);
    std::os::unix::fs::symlink(path("nowhere"), path("link")).unwrap();
    let wanted = [
        ("open", ErrorKind::PermissionDenied),
        ("short", ErrorKind::Corrupt),
        ("long", ErrorKind::Corrupt),
        ("link", ErrorKind::NotFound),
    ];
    for (name, kind) in wanted {
        let error = Sealer::from_file(path(name)).unwrap_err();
        assert_eq!(error.kind(), kind, "{name}");
        assert!(error.to_string().contains(path(name).to_str().unwrap()) && error.remedy().is_some(), "{error:?}");
    }
    assert!(!path("nowhere").exists());
}

#[test]
fn a_link_to_a_good_key_file_is_fine() {
    let folder = tempfile::tempdir().unwrap();
    write_key(&folder.path().join("key"), 32, 0o600);
    std::os::unix::fs::symlink(folder.path().join("key"), folder.path().join("link")).unwrap();
    let opened = Sealer::from_file(folder.path().join("link")).unwrap();
    assert_eq!(opened.open(&uid(1), &name("ca.key"), &sealed()).unwrap(), secret());
}

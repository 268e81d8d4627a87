//! Certificates, as OpenSSL sees them.

use std::{fs, path::Path, process::Command, time::Duration};

use ladybug_core::{SystemEntropy, Timestamp};
use sha2::{Digest, Sha256};

use super::{Authority, Client, Key};

/// A day in 2026.
const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_000);

/// What `openssl` says in a directory; `None`, loudly, where there is none.
fn openssl(dir: &Path, words: &str) -> Option<String> {
    let Ok(output) = Command::new("openssl").args(words.split(' ')).current_dir(dir).output() else {
        eprintln!("skipped: this machine has no openssl");
        return None;
    };
    assert!(output.status.success(), "{words}: {}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn authority() -> Authority {
    Authority::new("kubernetes", Key::generate(&SystemEntropy).unwrap())
}

#[test]
fn a_client_is_vouched_for_by_its_ca_and_lives_as_long_as_asked() {
    let dir = tempfile::tempdir().unwrap();
    let (ca, key) = (authority(), Key::generate(&SystemEntropy).unwrap());
    let client = Client { name: "ladybug-admin", group: "system:masters", lifetime: Duration::from_secs(7200) };
    fs::write(dir.path().join("ca.crt"), ca.certificate(NOW, &SystemEntropy).unwrap()).unwrap();
    fs::write(dir.path().join("a.crt"), ca.issue(&client, &key, NOW, &SystemEntropy).unwrap()).unwrap();
    fs::write(dir.path().join("a.key"), key.private_pem().expose()).unwrap();
    let at = NOW.as_millis() / 1000;
    let Some(verified) = openssl(dir.path(), &format!("verify -attime {at} -purpose sslclient -CAfile ca.crt a.crt"))
    else {
        return;
    };
    assert_eq!(verified.trim(), "a.crt: OK");
    let shown = openssl(dir.path(), "x509 -in a.crt -noout -subject -nameopt RFC2253 -enddate").unwrap();
    assert!(shown.contains("CN=ladybug-admin,O=system:masters"), "{shown}");
    assert!(shown.contains("notAfter=Nov 18 13:06:40 2026 GMT"), "{shown}");
    let pair = openssl(dir.path(), "pkey -in a.key -pubout").unwrap();
    assert_eq!(pair, key.public_pem());
    let late = format!("verify -attime {} -CAfile ca.crt a.crt", at + 7201);
    let expired = Command::new("openssl").args(late.split(' ')).current_dir(dir.path()).output().unwrap();
    assert!(!expired.status.success());
}

#[test]
fn the_hash_is_what_kubeadm_computes() {
    let dir = tempfile::tempdir().unwrap();
    let ca = authority();
    fs::write(dir.path().join("ca.key"), ca.key().private_pem().expose()).unwrap();
    if openssl(dir.path(), "pkey -in ca.key -pubout -outform der -out ca.der").is_none() {
        return;
    }
    let hash = Sha256::digest(fs::read(dir.path().join("ca.der")).unwrap());
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(ca.key().public_hash(), format!("sha256:{hex}"));
}

#[test]
fn a_key_reads_itself_back_and_says_nothing_of_what_it_cannot_read() {
    let key = Key::generate(&SystemEntropy).unwrap();
    assert_eq!(Key::from_pem(key.private_pem().expose()).unwrap().public_pem(), key.public_pem());
    let error = Key::from_pem("hunter2").err().unwrap();
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}

#[test]
fn keys_are_written_as_kubeadm_takes_them_and_read_as_they_were_written_before() {
    use p256::pkcs8::{EncodePrivateKey, LineEnding};
    let key = Key::generate(&SystemEntropy).unwrap();
    let pem = key.private_pem();
    assert!(pem.expose().starts_with("-----BEGIN EC PRIVATE KEY-----\n"), "an elliptic key in SEC 1");
    let again = Key::from_pem(pem.expose()).unwrap();
    assert_eq!(again.public_hash(), key.public_hash());
    let old = p256::SecretKey::from_pem(pem.expose()).unwrap().to_pkcs8_pem(LineEnding::LF).unwrap();
    assert_eq!(Key::from_pem(&old).unwrap().public_hash(), key.public_hash());
}

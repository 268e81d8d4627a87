//! What first-boot data asks for, where there is no first boot.

use ladybug_core::{Error, ErrorKind, NodeName, Result, Secret};
use serde::Deserialize;

use super::read::{is_public_key, is_user};

/// Who is let in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FirstBoot {
    pub(super) user: String,
    pub(super) key: String,
}

/// The part of cloud-config that a machine is given. Host keys and the settings of sshd stay the machine's own.
#[derive(Deserialize)]
struct CloudConfig {
    users: Vec<User>,
    #[serde(default)]
    runcmd: Vec<serde::de::IgnoredAny>,
    #[serde(default)]
    write_files: Vec<serde::de::IgnoredAny>,
    #[serde(default)]
    packages: Vec<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct User {
    name: String,
    ssh_authorized_keys: Vec<String>,
}

impl FirstBoot {
    /// Reads a cloud-config.
    ///
    /// # Errors
    /// `Unsupported` for what asks for more than one user with one key; never with its text, which is secret.
    pub(super) fn read(node: &NodeName, data: &Secret<String>) -> Result<Self> {
        let unsupported = |why: &str| {
            Error::new(ErrorKind::Unsupported, format!("read the first-boot data of {node}")).with_message(why)
        };
        let parsed: Result<CloudConfig, _> = serde_saphyr::from_str(data.expose());
        let config = parsed.map_err(|_| unsupported("it is no cloud-config with users"))?;
        if !(config.runcmd.is_empty() && config.write_files.is_empty() && config.packages.is_empty()) {
            return Err(unsupported("on machines that are there already it can make a user and nothing else"));
        }
        let [User { name, ssh_authorized_keys }] = &*config.users else {
            return Err(unsupported("it must have one user"));
        };
        match &**ssh_authorized_keys {
            [key] if is_user(name) && is_public_key(key) => Ok(Self { user: name.clone(), key: key.clone() }),
            _ => Err(unsupported("its user must have a plain name and one public key")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";

    fn read(text: &str) -> Result<FirstBoot> {
        FirstBoot::read(&NodeName::new("n-1").unwrap(), &Secret::new(text.to_owned()))
    }

    #[test]
    fn the_user_and_the_key_are_found() {
        let text =
            format!("#cloud-config\nhostname: a\nusers:\n  - name: lb\n    ssh_authorized_keys:\n      - {KEY}\n");
        assert_eq!(read(&text).unwrap(), FirstBoot { user: "lb".to_owned(), key: KEY.to_owned() });
        let error = read(&format!("{text}runcmd: [hunter2]\n")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(!format!("{error:?}").contains("hunter2"));
    }

    #[test]
    fn what_is_not_one_plain_user_is_refused() {
        let user = |name: &str, key: &str| format!("users: [{{name: \"{name}\", ssh_authorized_keys: [\"{key}\"]}}]");
        for text in ["", "x", "users: []", &user("a b", KEY), &user("lb", "ssh-ed25519 AAAA"), &user("-r", KEY)] {
            assert_eq!(read(text).unwrap_err().kind(), ErrorKind::Unsupported, "{text}");
        }
        let line = format!("users: [{{name: lb, ssh_authorized_keys: [\"{KEY}\\n{KEY}\"]}}]");
        assert_eq!(read(&line).unwrap_err().kind(), ErrorKind::Unsupported);
    }
}

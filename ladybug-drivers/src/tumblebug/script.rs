//! What is run on a machine at first contact, by the server's own login: pure text.
//!
//! The server makes the key pair that first logs in, keeps its private half, and hands no first-boot data to machines.
//! So it is asked to let our key in, and then to shut itself out.

use ladybug_core::{Error, ErrorKind, Result};

/// What a script prints when it has come to its end; the server tells no exit status.
pub(super) const DONE: &str = "ladybug-done";

/// The script that makes `user`, who may become root and logs in with `public_key` alone. Run twice it changes nothing.
///
/// # Errors
/// `InvalidSpec` when a shell, or the server's own `$$Func(…)`, could find a meaning in one of the two.
pub(super) fn let_in(user: &str, public_key: &str) -> Result<String> {
    let (user, key) = (plain(user, "user", "_-.")?, plain(public_key.trim(), "public key", " +/=@_-.:,")?);
    Ok(format!(
        "sudo sh -euc 'u={user}; \
         id \"$u\" >/dev/null 2>&1 || useradd --create-home --shell /bin/bash \"$u\"; \
         h=$(getent passwd \"$u\" | cut -d: -f6); g=$(id -gn \"$u\"); \
         install -d -m 0700 -o \"$u\" -g \"$g\" \"$h/.ssh\"; \
         printf \"%s\\n\" \"{key}\" > \"$h/.ssh/authorized_keys\"; \
         chown \"$u:$g\" \"$h/.ssh/authorized_keys\"; chmod 0600 \"$h/.ssh/authorized_keys\"; \
         printf \"%s ALL=(ALL) NOPASSWD:ALL\\n\" \"$u\" > /etc/sudoers.d/90-ladybug; \
         chmod 0440 /etc/sudoers.d/90-ladybug; echo {DONE}'"
    ))
}

/// The script after which no key but that of `user` opens anything.
///
/// # Errors
/// As [`let_in`].
pub(super) fn shut_others_out(user: &str) -> Result<String> {
    let user = plain(user, "user", "_-.")?;
    Ok(format!(
        "sudo sh -euc 'k=$(getent passwd {user} | cut -d: -f6)/.ssh/authorized_keys; test -s \"$k\"; \
         for f in /root/.ssh/authorized_keys /home/*/.ssh/authorized_keys; do \
         test \"$f\" = \"$k\" || test ! -e \"$f\" || : > \"$f\"; done; echo {DONE}'"
    ))
}

/// Whether the server says that its key opens nothing (any more).
pub(super) fn is_shut_out(error: &str) -> bool {
    error.contains("unable to authenticate") || error.contains("no supported methods remain")
}

fn plain<'a>(text: &'a str, what: &str, extra: &str) -> Result<&'a str> {
    let fits = |c: char| c.is_ascii_alphanumeric() || extra.contains(c);
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(fits) {
        return Ok(text);
    }
    Err(Error::new(ErrorKind::InvalidSpec, format!("write the {what} into a script"))
        .with_message(format!("it must be of letters, digits and {extra:?}"))
        .with_remedy("use a key in OpenSSH's one-line form whose comment is one plain word, and a plain user name"))
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

    use super::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIK/K2sPr5Ap5z5ZNVJ+i/uF2oyEEshKE4/ZrrjKOaUC+ demo";

    /// Runs a script with a real shell, whose machine is a folder: programs that change users are stubs, and the
    /// absolute paths of the script lead into the folder.
    fn run(root: &Path, script: &str) -> String {
        let at = root.display().to_string();
        let stubs = [
            ("sudo", "exec \"$@\"".to_owned()),
            ("id", format!("test -d {at}/home/ladybug && echo ladybug")),
            ("useradd", format!("mkdir -p {at}/home/ladybug")),
            ("getent", format!("echo x:x:1:1::{at}/home/ladybug:/bin/bash")),
            ("install", format!("mkdir -p {at}/home/ladybug/.ssh")),
            ("chown", "true".to_owned()),
        ];
        let bin = root.join("bin");
        fs::create_dir_all(&bin).unwrap();
        fs::create_dir_all(root.join("etc/sudoers.d")).unwrap();
        for (name, body) in stubs {
            fs::write(bin.join(name), format!("#!/bin/sh\n{body}\n")).unwrap();
            fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
        let script = ["/etc/", "/home/", "/root/"]
            .iter()
            .fold(script.to_owned(), |script, path| script.replace(&format!(" {path}"), &format!(" {at}{path}")));
        let path = format!("{}:/usr/bin:/bin", bin.display());
        let output = Command::new("sh").args(["-c", &script]).env("PATH", path).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        String::from_utf8(output.stdout).unwrap()
    }

    #[test]
    fn a_real_shell_lets_us_in_and_others_out() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let server = root.join("home/cb-user/.ssh");
        fs::create_dir_all(&server).unwrap();
        fs::write(server.join("authorized_keys"), "ssh-rsa AAAA server\n").unwrap();
        for _ in 0..2 {
            assert_eq!(run(root, &let_in("ladybug", KEY).unwrap()), format!("{DONE}\n"));
        }
        let ours = root.join("home/ladybug/.ssh/authorized_keys");
        assert_eq!(fs::read_to_string(&ours).unwrap(), format!("{KEY}\n"));
        let sudoers = fs::read_to_string(root.join("etc/sudoers.d/90-ladybug")).unwrap();
        assert_eq!(sudoers, "ladybug ALL=(ALL) NOPASSWD:ALL\n");
        assert_eq!(run(root, &shut_others_out("ladybug").unwrap()), format!("{DONE}\n"));
        assert_eq!(fs::read_to_string(server.join("authorized_keys")).unwrap(), "");
        assert_eq!(fs::read_to_string(&ours).unwrap(), format!("{KEY}\n"));
    }

    #[test]
    fn nothing_is_shut_out_before_we_are_in() {
        let folder = tempfile::tempdir().unwrap();
        let server = folder.path().join("home/cb-user/.ssh");
        fs::create_dir_all(&server).unwrap();
        fs::write(server.join("authorized_keys"), "ssh-rsa AAAA server\n").unwrap();
        assert_eq!(run(folder.path(), &shut_others_out("ladybug").unwrap()), "");
        assert_eq!(fs::read_to_string(server.join("authorized_keys")).unwrap(), "ssh-rsa AAAA server\n");
    }

    #[test]
    fn hostile_words_reach_no_shell() {
        for bad in ["", "-x", "a'b", "a\"b", "$(x)", "$$Func(x)", "a\nb", "`x`", "a;b", "a\\b", "ä"] {
            assert!(let_in("ladybug", bad).is_err(), "{bad:?}");
            assert!(let_in(bad, KEY).is_err(), "{bad:?}");
            assert!(shut_others_out(bad).is_err(), "{bad:?}");
        }
    }
}

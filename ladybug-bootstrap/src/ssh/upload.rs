//! Files: beside the old one first, checked, then in its place.

use std::time::Duration;

use ladybug_core::{Error, ErrorKind, Result, Secret, remote::RemoteCommand};
use sha2::{Digest, Sha256};

/// Writes standard input to a hidden file beside the wanted one, which no program that reads the directory takes for
/// one of its own; a link that broke shows in the checksum. Renaming is atomic. Programs are what an upload costs, so
/// the mode comes from the umask where it can.
const SCRIPT: &str = r#"
set -eu
path=$1 temp=$2 mode=$3 mask=$4 sum=$5
umask 022
[ -d "${path%/*}/" ] || mkdir -p "${path%/*}/"
umask "$mask"
trap 'rm -f "$temp"' EXIT
dd of="$temp" bs=64k conv=excl,fsync status=none
if [ "$(sha256sum <"$temp")" != "$sum  -" ]; then
    echo 'the content did not arrive whole' >&2
    exit 74
fi
[ "$mask" != 0077 ] || chmod "$mode" "$temp"
mv -fT "$temp" "$path"
trap - EXIT
"#;

/// Time for the smallest file.
const PATIENCE: Duration = Duration::from_secs(60);

/// The slowest link that is waited for, in bytes a second.
const SLOWEST: usize = 64 << 10;

/// The command that writes `content` to `path`.
///
/// # Errors
/// `InvalidSpec` for a path that is not absolute or names a directory, and for a mode that is none.
pub(super) fn command(path: &str, mode: u32, content: &Secret<Vec<u8>>) -> Result<RemoteCommand> {
    let name = path.rsplit('/').next().unwrap_or_default();
    if !path.starts_with('/') || matches!(name, "" | "." | "..") || mode > 0o7777 {
        return Err(Error::new(ErrorKind::InvalidSpec, format!("write the file {path:?}"))
            .with_message("the path must be absolute and name a file, the mode must be at most 07777"));
    }
    let temp = format!("{}.{:016x}.ladybug", hidden(path, name), random()?);
    let sum = hex(&Sha256::digest(content.expose()));
    let (mode, mask) = (format!("{mode:04o}"), format!("{:04o}", mask(mode)));
    let mut command = RemoteCommand::new(["sh", "-c", SCRIPT, "ladybug-put", path, &temp, &mode, &mask, &sum])
        .with_stdin(content.clone())
        .with_timeout(PATIENCE + Duration::from_secs((content.expose().len() / SLOWEST) as u64));
    command.secret_output = true;
    Ok(command)
}

/// The umask under which a new file has this mode; 0077, which is that of no such file, where it takes a chmod(1).
const fn mask(mode: u32) -> u32 {
    if mode & !0o666 == 0 { 0o777 & !mode } else { 0o077 }
}

/// The path with a dot before its last name.
fn hidden(path: &str, name: &str) -> String {
    format!("{}.{name}", path.strip_suffix(name).unwrap_or_default())
}

fn random() -> Result<u64> {
    getrandom::u64().map_err(|cause| Error::new(ErrorKind::Unexpected, "make a random name").with_source(cause))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        io::Write,
        process::{Command, Stdio},
    };

    use super::*;

    #[test]
    fn a_link_that_broke_halfway_leaves_the_old_file_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        fs::write(&path, "old").unwrap();
        let put = command(path.to_str().unwrap(), 0o600, &Secret::new(b"new content".to_vec())).unwrap();
        let (program, arguments) = put.argv.split_first().unwrap();
        let mut shell =
            Command::new(program).args(arguments).stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        shell.stdin.take().unwrap().write_all(b"new con").unwrap();
        assert_eq!(shell.wait().unwrap().code(), Some(74));
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn only_an_absolute_path_of_a_file_is_written() {
        let content = Secret::new(Vec::new());
        for path in ["", "relative", "/", "/etc/", "/etc/.", "/etc/.."] {
            assert_eq!(command(path, 0o600, &content).unwrap_err().kind(), ErrorKind::InvalidSpec, "{path}");
        }
        assert!(command("/f", 0o10000, &content).is_err());
        assert!(command("/f", 0o4755, &content).is_ok());
    }

    #[test]
    fn the_file_beside_is_hidden_and_new_each_time() {
        let content = Secret::new(b"hunter2".to_vec());
        let temp = || command("/etc/cni/net.d/10.conf", 0o600, &content).unwrap().argv[5].clone();
        assert!(temp().starts_with("/etc/cni/net.d/.10.conf.") && temp().ends_with(".ladybug"));
        assert_ne!(temp(), temp());
    }

    #[test]
    fn the_content_is_no_argument() {
        let command = command("/f", 0o600, &Secret::new(b"hunter2".to_vec())).unwrap();
        assert!(!format!("{command:?}").contains("hunter2"));
    }
}

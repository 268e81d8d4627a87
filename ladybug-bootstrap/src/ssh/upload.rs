//! Files: beside the old one first, checked, then in its place.

use std::time::Duration;

use ladybug_core::{Error, ErrorKind, Result, Secret, remote::RemoteCommand};
use sha2::{Digest, Sha256};

/// Writes files for as long as somebody asks; `request` says how to ask. Starting programs is what an upload costs, the
/// shell and sudo(8) most of all, so one serves all files of a session, and the mode comes from the umask where it can.
///
/// A file is first written beside the wanted one under a hidden name, which no program that reads the directory takes for
/// one of its own; a link that broke shows in the checksum. Renaming is atomic. The first failure is the end.
const SCRIPT: &str = r#"
set -eu
cd /
while read -r length mode mask sum random breaks; do
    IFS= read -r path
    while [ "$breaks" -gt 0 ]; do
        IFS= read -r more
        path="$path
$more"
        breaks=$((breaks - 1))
    done
    temp="${path%/*}/.${path##*/}.$random.ladybug"
    umask 022
    [ -d "${path%/*}/" ] || mkdir -p "${path%/*}/"
    umask "$mask"
    trap 'rm -f "$temp"' EXIT
    dd of="$temp" bs=64k count="$length" iflag=count_bytes,fullblock conv=excl,fsync status=none
    if [ "$(sha256sum <"$temp")" != "$sum  -" ]; then
        echo 'the content did not arrive whole' >&2
        exit 74
    fi
    [ "$mask" != 0077 ] || chmod "$mode" "$temp"
    mv -fT "$temp" "$path"
    trap - EXIT
    echo written
done
"#;

/// Time for the smallest file.
const PATIENCE: Duration = Duration::from_secs(60);

/// The slowest link that is waited for, in bytes a second.
const SLOWEST: usize = 64 << 10;

/// The command that writes `content` to `path`, says so in a line, and waits for the next such input.
///
/// # Errors
/// `InvalidSpec` for a path that is not absolute or names a directory, and for a mode that is none.
pub(super) fn command(path: &str, mode: u32, content: &Secret<Vec<u8>>) -> Result<RemoteCommand> {
    let name = path.rsplit('/').next().unwrap_or_default();
    if !path.starts_with('/') || matches!(name, "" | "." | "..") || mode > 0o7777 {
        return Err(Error::new(ErrorKind::InvalidSpec, format!("write the file {path:?}"))
            .with_message("the path must be absolute and name a file, the mode must be at most 07777"));
    }
    let mut command = RemoteCommand::new(["sh", "-c", SCRIPT, "ladybug-put"])
        .with_stdin(request(path, mode, content.expose())?)
        .with_timeout(PATIENCE + Duration::from_secs((content.expose().len() / SLOWEST) as u64));
    command.secret_output = true;
    Ok(command)
}

/// What the script reads: all about the file in one line, its path, which may have lines of its own, and the content.
fn request(path: &str, mode: u32, content: &[u8]) -> Result<Secret<Vec<u8>>> {
    let (length, mask, sum) = (content.len(), mask(mode), hex(&Sha256::digest(content)));
    let (random, breaks) = (random()?, path.matches('\n').count());
    let head = format!("{length} {mode:04o} {mask:04o} {sum} {random:016x} {breaks}\n{path}\n");
    Ok(Secret::new([head.as_bytes(), content].concat()))
}

/// The umask under which a new file has this mode; 0077, which is that of no such file, where it takes a chmod(1).
const fn mask(mode: u32) -> u32 {
    if mode & !0o666 == 0 { 0o777 & !mode } else { 0o077 }
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
        path::Path,
        process::{Command, Stdio},
    };

    use super::*;

    fn put(path: &Path, content: &[u8]) -> (RemoteCommand, Vec<u8>) {
        let put = command(path.to_str().unwrap(), 0o600, &Secret::new(content.to_vec())).unwrap();
        let input = put.stdin.as_ref().unwrap().expose().clone();
        (put, input)
    }

    /// The status and the output of the script when it reads this.
    fn fed(command: &RemoteCommand, input: &[u8]) -> (Option<i32>, String) {
        let (program, arguments) = command.argv.split_first().unwrap();
        let mut shell = Command::new(program);
        shell.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut shell = shell.spawn().unwrap();
        shell.stdin.take().unwrap().write_all(input).unwrap();
        let output = shell.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    }

    #[test]
    fn a_link_that_broke_halfway_leaves_the_old_file_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        fs::write(&path, "old").unwrap();
        let (command, input) = put(&path, b"new content");
        for kept in 1..input.len() {
            assert_eq!(fed(&command, &input[..kept]).1, "", "{kept} bytes");
            assert_eq!(fs::read(&path).unwrap(), b"old");
            assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
        }
    }

    #[test]
    fn one_run_writes_many_files_and_each_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let content = |n: usize| b"12 0600 and no head\n".repeat(n * 5000);
        let puts: Vec<_> = (0..4).map(|n| put(&directory.path().join(format!("a\n{n}")), &content(n))).collect();
        let input: Vec<u8> = puts.iter().flat_map(|(_, input)| input.clone()).collect();
        assert_eq!(fed(&puts[0].0, &input), (Some(0), "written\n".repeat(4)));
        for n in 0..4 {
            assert!(fs::read(directory.path().join(format!("a\n{n}"))).unwrap() == content(n), "{n}");
        }
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 4);
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
    fn the_content_is_no_argument() {
        let command = command("/f", 0o600, &Secret::new(b"hunter2".to_vec())).unwrap();
        assert!(!format!("{command:?}").contains("hunter2"));
    }
}

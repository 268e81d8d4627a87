//! From argv to the one string that SSH can carry.

use ladybug_core::{Error, ErrorKind, Result, remote::RemoteCommand};

/// Longer lines fit neither into libssh2's packet nor, with their quotes, safely into a kernel's single argument.
const MAX_LEN: usize = 32_000;

/// Builds the line that makes a POSIX shell run exactly `command`, as root when asked; `root` tells that the user is
/// root already.
///
/// # Errors
/// `InvalidSpec` for what no program can be given: nothing to run, a NUL, a broken name, too much.
pub(super) fn build(command: &RemoteCommand, root: bool) -> Result<String> {
    let program = command.argv.first().filter(|program| !program.is_empty());
    let program = program.ok_or_else(|| refuse("there is no program to run"))?;
    if program.contains('=') && !command.env.is_empty() {
        return Err(refuse("a program with '=' in its name cannot be given variables"));
    }
    if let Some(name) = command.env.keys().find(|name| !is_name(name)) {
        return Err(refuse(&format!("{name:?} is no name of a variable")));
    }
    let sudo: &[&str] = if command.sudo && !root { &["sudo", "-n", "--"] } else { &[] };
    join(sudo, command)
}

fn join(sudo: &[&str], command: &RemoteCommand) -> Result<String> {
    let env: &[&str] = if command.env.is_empty() { &[] } else { &["env", "--"] };
    let variables: Vec<String> = command.env.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let words = sudo.iter().chain(env).copied();
    let words = words.chain(variables.iter().chain(&command.argv).map(String::as_str));
    let line = shlex::try_join(words).map_err(|_| refuse("an argument holds a NUL"))?;
    if line.len() > MAX_LEN {
        return Err(refuse(&format!("it is {} bytes long; more than {MAX_LEN} cannot be sent", line.len()))
            .with_remedy("send large content by standard input or as a file"));
    }
    Ok(line)
}

fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn refuse(why: &str) -> Error {
    Error::new(ErrorKind::InvalidSpec, "put the command into one line").with_message(why)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    fn plain<S: Into<String>>(argv: impl IntoIterator<Item = S>) -> RemoteCommand {
        RemoteCommand::new(argv)
    }

    /// What real shells make of a line: the arguments, each ended by a NUL.
    fn in_shell(shell: &str, line: &str) -> Vec<u8> {
        let output = Command::new(shell).args(["-c", line]).output().unwrap();
        assert!(output.status.success(), "{shell}: {line:?}: {output:?}");
        output.stdout
    }

    fn hostile() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("'".to_owned()),
            Just("\"".to_owned()),
            Just("\n".to_owned()),
            Just("$(touch /tmp/pwned)".to_owned()),
            Just("`id`".to_owned()),
            Just("{{ x }}".to_owned()),
            Just("\\".to_owned()),
            Just("!!".to_owned()),
            Just("-n".to_owned()),
            Just("a=b;&|<>*?[~#".to_owned()),
            "[^\\x00]{0,8}",
        ];
        proptest::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn every_argument_arrives_as_it_is_in_bash_and_sh(words in proptest::collection::vec(hostile(), 1..20)) {
            let line = build(&plain(["printf", "%s\\0"].map(str::to_owned).into_iter().chain(words.clone())), true).unwrap();
            let wanted: Vec<u8> = words.iter().flat_map(|word| word.bytes().chain([0])).collect();
            prop_assert_eq!(&in_shell("bash", &line), &wanted);
            prop_assert_eq!(&in_shell("sh", &line), &wanted);
        }

        #[test]
        fn every_variable_arrives_as_it_is(value in hostile()) {
            let mut command = plain(["sh", "-c", "printf %s \"$LADYBUG_x1\""]);
            command.env.insert("LADYBUG_x1".to_owned(), value.clone());
            prop_assert_eq!(in_shell("bash", &build(&command, true).unwrap()), value.into_bytes());
        }
    }

    #[test]
    fn only_who_is_not_root_needs_sudo() {
        assert_eq!(build(&plain(["id"]), false).unwrap(), "sudo -n -- id");
        assert_eq!(build(&plain(["id"]), true).unwrap(), "id");
    }

    #[test]
    fn what_no_program_can_be_given_is_refused() {
        let mut strange = plain(["id"]);
        strange.env.insert("A B".to_owned(), String::new());
        let mut assigned = plain(["A=b"]);
        assigned.env.insert("A".to_owned(), String::new());
        let huge = plain(["echo".to_owned(), "x".repeat(MAX_LEN)]);
        for command in [plain(["a\0b"]), plain([""]), plain([] as [&str; 0]), strange, assigned, huge] {
            assert_eq!(build(&command, true).unwrap_err().kind(), ErrorKind::InvalidSpec);
        }
    }
}

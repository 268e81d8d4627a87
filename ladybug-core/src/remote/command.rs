//! A command and what it printed.

use std::{collections::BTreeMap, fmt, time::Duration};

use crate::secret::Secret;

/// A program with its arguments, never a shell string.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RemoteCommand {
    /// Program and arguments; never empty, never a secret.
    pub argv: Vec<String>,
    /// Environment variables to add; never a secret.
    pub env: BTreeMap<String, String>,
    /// What the program reads; the place for secrets.
    pub stdin: Option<Secret<Vec<u8>>>,
    /// Whether to run as root.
    pub sudo: bool,
    /// How long it may take.
    pub timeout: Duration,
    /// Whether its output may hold a secret and must not be shown.
    pub secret_output: bool,
}

impl RemoteCommand {
    /// Makes a command that runs as root and may take a minute.
    pub fn new<S: Into<String>>(argv: impl IntoIterator<Item = S>) -> Self {
        Self {
            argv: argv.into_iter().map(Into::into).collect(),
            env: BTreeMap::new(),
            stdin: None,
            sudo: true,
            timeout: Duration::from_secs(60),
            secret_output: false,
        }
    }

    /// The same command, reading `stdin`.
    #[must_use]
    pub fn with_stdin(mut self, stdin: Secret<Vec<u8>>) -> Self {
        self.stdin = Some(stdin);
        self
    }

    /// The same command, given up after `timeout`.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The same command, its output kept from logs and events.
    #[must_use]
    pub fn with_secret_output(mut self) -> Self {
        self.secret_output = true;
        self
    }
}

/// What a command left.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RemoteOutput {
    /// The exit status; 128 + n for signal n.
    pub status: i32,
    /// What it printed.
    pub stdout: String,
    /// What it complained.
    pub stderr: String,
}

impl RemoteOutput {
    /// Makes an output.
    pub fn new(status: i32, stdout: impl Into<String>, stderr: impl Into<String>) -> Self {
        Self { status, stdout: stdout.into(), stderr: stderr.into() }
    }
}

impl fmt::Debug for RemoteOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteOutput")
            .field("status", &self.status)
            .field("stdout_bytes", &self.stdout.len())
            .field("stderr_bytes", &self.stderr.len())
            .finish()
    }
}

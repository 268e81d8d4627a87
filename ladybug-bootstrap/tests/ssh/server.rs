//! An OpenSSH server of one test: own keys, own port, own log.

use std::{
    fs,
    net::{Shutdown, TcpListener, TcpStream},
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use ladybug_bootstrap::ssh::SshConnector;
use ladybug_core::{
    Result, Secret,
    remote::{Connector, HostKeyPolicy, RemoteCommand, RemoteOutput, RemoteSession, Target},
};

const SSHD: &str = "/usr/sbin/sshd";

/// Longer than anything here takes; only a failing test waits that long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Whether this machine can run the tests; says loudly when not.
pub(crate) fn possible(test: &str) -> bool {
    let possible = Path::new(SSHD).exists();
    if !possible {
        eprintln!("SKIPPED {test}: there is no {SSHD}; install openssh-server");
    }
    possible
}

/// Leaves a test that this machine cannot run.
macro_rules! need_sshd {
    () => {
        if !crate::server::possible(module_path!()) {
            return;
        }
    };
}
pub(crate) use need_sshd;

/// A listening server. Every connection gets an sshd of its own, which ends with it.
#[derive(Debug)]
pub(crate) struct Server {
    port: u16,
    directory: tempfile::TempDir,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    stopped: AtomicBool,
    connections: Mutex<Connections>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Connections {
    accepted: usize,
    open: Vec<(usize, TcpStream)>,
}

impl Server {
    /// A server with an ed25519 host key.
    pub(crate) fn new() -> Self {
        Self::with_host_keys(&["ed25519"])
    }

    /// A server with host keys of these types.
    pub(crate) fn with_host_keys(types: &[&str]) -> Self {
        Self::inside(types, Vec::new())
    }

    /// A server whose sshds are started by `entry`, a command that takes another, such as nsenter(1); there, keys in
    /// homes may log in too.
    pub(crate) fn inside(types: &[&str], entry: Vec<String>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        types.iter().for_each(|kind| make_key(&directory.path().join(format!("host_{kind}")), kind));
        make_key(&directory.path().join("user_ed25519"), "ed25519");
        fs::copy(directory.path().join("user_ed25519.pub"), directory.path().join("authorized_keys")).unwrap();
        fs::write(directory.path().join("sshd_config"), config(directory.path(), types, !entry.is_empty())).unwrap();
        if is_root() {
            fs::create_dir_all("/run/sshd").unwrap();
        }
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self { port: listener.local_addr().unwrap().port(), directory, shared: Arc::default() };
        let (shared, path) = (Arc::clone(&server.shared), server.directory.path().to_owned());
        thread::spawn(move || accept(&listener, &shared, &path, &entry));
        server
    }

    /// Makes a user's key of `kind` that may log in.
    pub(crate) fn user_key(&self, kind: &str) -> Secret<Vec<u8>> {
        let path = self.file(&format!("user_{kind}"));
        if !path.exists() {
            make_key(&path, kind);
            let keys = fs::read_to_string(self.file("authorized_keys")).unwrap();
            let key = fs::read_to_string(path.with_extension("pub")).unwrap();
            fs::write(self.file("authorized_keys"), keys + &key).unwrap();
        }
        Secret::new(fs::read(path).unwrap())
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// A file in the server's own directory.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The host key of that type, as a pin.
    pub(crate) fn pin(&self, kind: &str) -> HostKeyPolicy {
        HostKeyPolicy::Pinned(fs::read_to_string(self.file(&format!("host_{kind}.pub"))).unwrap())
    }

    /// This server, known by its ed25519 key.
    pub(crate) fn target(&self) -> Target {
        let mut target = Target::new("127.0.0.1", user(), self.user_key("ed25519"), self.pin("ed25519"));
        target.port = self.port;
        target
    }

    pub(crate) async fn connect(&self) -> Box<dyn RemoteSession> {
        SshConnector::new().connect(&self.target()).await.unwrap()
    }

    /// Everything that its sshds said.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.file("log")).unwrap_or_default()
    }

    pub(crate) fn accepted(&self) -> usize {
        self.shared.connections.lock().unwrap().accepted
    }

    /// Breaks every open connection.
    pub(crate) fn cut(&self) {
        for (_, stream) in &self.shared.connections.lock().unwrap().open {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Waits until every sshd has ended.
    pub(crate) fn wait_until_idle(&self) {
        let connections = self.shared.connections.lock().unwrap();
        let busy = |connections: &mut Connections| !connections.open.is_empty();
        let (connections, waited) = self.shared.changed.wait_timeout_while(connections, PATIENCE, busy).unwrap();
        assert!(!waited.timed_out(), "{} sessions are still open", connections.open.len());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        self.cut();
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>, directory: &Path, entry: &[String]) {
    for stream in listener.incoming().map_while(std::io::Result::ok) {
        if shared.stopped.load(Ordering::SeqCst) {
            return;
        }
        stream.set_nodelay(true).unwrap();
        let mut connections = shared.connections.lock().unwrap();
        connections.accepted += 1;
        let number = connections.accepted;
        connections.open.push((number, stream.try_clone().unwrap()));
        drop(connections);
        let (shared, directory, entry) = (Arc::clone(shared), directory.to_owned(), entry.to_vec());
        thread::spawn(move || attend(stream, number, &shared, &directory, &entry));
    }
}

/// Runs one sshd on a connection and closes it when that has ended.
fn attend(stream: TcpStream, number: usize, shared: &Shared, directory: &Path, entry: &[String]) {
    let ends = [stream.try_clone().unwrap(), stream].map(|end| Stdio::from(OwnedFd::from(end)));
    let [input, output] = ends;
    let (log, config) = (directory.join("log"), directory.join("sshd_config"));
    let mut words = entry.iter().map(String::as_str).chain([SSHD]);
    let mut command = Command::new(words.next().unwrap());
    command.args(words);
    command.arg("-i").arg("-E").arg(log).arg("-f").arg(config).stdin(input).stdout(output);
    let status = command.status();
    drop(command);
    let mut connections = shared.connections.lock().unwrap();
    for (_, stream) in connections.open.extract_if(.., |(open, _)| *open == number) {
        let _ = stream.shutdown(Shutdown::Both);
    }
    shared.changed.notify_all();
    status.unwrap();
}

fn config(directory: &Path, host_keys: &[&str], homes: bool) -> String {
    let keys = host_keys.iter().map(|kind| format!("HostKey {}/host_{kind}\n", directory.display()));
    keys.collect::<String>()
        + &format!("AuthorizedKeysFile {}/authorized_keys", directory.display())
        + if homes { " .ssh/authorized_keys\n" } else { "\n" }
        + "StrictModes no\nUsePAM no\nPermitRootLogin prohibit-password\nPasswordAuthentication no\n"
        + "KbdInteractiveAuthentication no\nAllowTcpForwarding yes\nLogLevel DEBUG1\nUseDNS no\nPrintMotd no\n"
        // To bash this is no login, so it reads nobody's .bashrc.
        + "SetEnv SHLVL=2\n"
}

/// Makes a key pair with a file `path` and a file `path.pub`.
pub(crate) fn make_key(path: &Path, kind: &str) {
    let mut command = Command::new("ssh-keygen");
    command.args(["-q", "-t", kind, "-N", "", "-C", "", "-f"]).arg(path);
    if kind == "rsa" {
        command.args(["-b", "2048"]);
    }
    assert!(command.status().unwrap().success(), "ssh-keygen -t {kind}");
}

/// Who runs the tests, and so can log in.
pub(crate) fn user() -> String {
    let output = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn is_root() -> bool {
    user() == "root"
}

/// A command that needs no root.
pub(crate) fn plain<S: Into<String>>(argv: impl IntoIterator<Item = S>) -> RemoteCommand {
    let mut command = RemoteCommand::new(argv).with_timeout(PATIENCE);
    command.sudo = false;
    command
}

/// A shell's command.
pub(crate) fn shell(script: &str) -> RemoteCommand {
    plain(["sh", "-c", script])
}

/// A command that lives as long as the sshd that runs it.
pub(crate) fn endless() -> RemoteCommand {
    shell("echo begun; exec tail --pid=$PPID -s 0.02 -f /dev/null")
}

pub(crate) async fn run(session: &mut Box<dyn RemoteSession>, command: &RemoteCommand) -> Result<RemoteOutput> {
    session.run(command, &mut |_| {}).await
}

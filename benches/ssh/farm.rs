//! Many sshds on loopback addresses.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command},
    time::{Duration, Instant},
};

use crate::Result;

pub(crate) const SSHD: &str = "/usr/sbin/sshd";

/// The servers; gone when dropped.
#[derive(Debug)]
pub(crate) struct Farm {
    directory: tempfile::TempDir,
    servers: Vec<Child>,
}

/// Where host number `host` listens.
pub(crate) fn address(host: u32) -> String {
    format!("127.0.1.{}", host + 1)
}

impl Farm {
    /// Starts so many and waits until they listen. Files lie in memory, so that no disk is measured.
    pub(crate) fn new(hosts: u32) -> Result<Self> {
        fs::create_dir_all("/run/sshd")?;
        let directory = tempfile::tempdir_in(if Path::new("/dev/shm").exists() { "/dev/shm" } else { "/tmp" })?;
        let at = directory.path();
        make_key(&at.join("user"))?;
        fs::copy(at.join("user.pub"), at.join("authorized_keys"))?;
        let port = TcpListener::bind("127.0.1.1:0")?.local_addr()?.port();
        fs::write(at.join("port"), port.to_string())?;
        fs::write(at.join("content"), vec![b'x'; 4096])?;
        let mut farm = Self { directory, servers: Vec::new() };
        for host in 0..hosts {
            farm.start(host, port)?;
        }
        (0..hosts).try_for_each(|host| listens(&address(host), port))?;
        Ok(farm)
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    fn start(&mut self, host: u32, port: u16) -> Result<()> {
        let at = self.directory.path();
        let key = at.join(format!("host-{host}"));
        make_key(&key)?;
        fs::create_dir(at.join(format!("files-{host}")))?;
        let config = at.join(format!("config-{host}"));
        let text = format!(
            "ListenAddress {}:{port}\nHostKey {}\nAuthorizedKeysFile {}/authorized_keys\nStrictModes no\nUsePAM no\n\
             PermitRootLogin prohibit-password\nPidFile none\nUseDNS no\nPrintMotd no\nSetEnv SHLVL=2\nSubsystem sftp internal-sftp\n",
            address(host),
            key.display(),
            at.display()
        );
        fs::write(&config, text)?;
        let log = at.join(format!("log-{host}"));
        self.servers.push(Command::new(SSHD).arg("-D").arg("-f").arg(config).arg("-E").arg(log).spawn()?);
        Ok(())
    }

    /// How many logins there were so far.
    pub(crate) fn logins(&self) -> Result<usize> {
        let logs = (0..self.servers.len()).map(|host| fs::read_to_string(self.path().join(format!("log-{host}"))));
        Ok(logs.collect::<std::io::Result<Vec<_>>>()?.iter().map(|log| log.matches("Accepted publickey").count()).sum())
    }
}

impl Drop for Farm {
    fn drop(&mut self) {
        for server in &mut self.servers {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

fn make_key(path: &Path) -> Result<()> {
    let mut command = Command::new("ssh-keygen");
    let status = command.args(["-q", "-t", "ed25519", "-N", "", "-C", "", "-f"]).arg(path).status()?;
    if status.success() { Ok(()) } else { Err("ssh-keygen failed".into()) }
}

fn listens(address: &str, port: u16) -> Result<()> {
    let end = Instant::now() + Duration::from_secs(30);
    while TcpStream::connect((address, port)).is_err() {
        if Instant::now() > end {
            return Err(format!("nobody listens at {address}").into());
        }
        std::thread::yield_now();
    }
    Ok(())
}

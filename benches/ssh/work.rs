//! The work, twice.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    sync::Arc,
    thread,
};

use ladybug_bootstrap::ssh::SshConnector;
use ladybug_core::{
    Secret,
    remote::{Connector, HostKeyPolicy, RemoteCommand, Target},
};
use tokio::task::JoinSet;

use crate::{Result, farm::address};

const STEPS: u32 = 8;
const USER: &str = "root";

/// What a command prints.
fn said(step: u32) -> String {
    format!("step {step} is done\n")
}

fn file(directory: &Path, host: u32, step: u32) -> String {
    format!("{}/files-{host}/file-{step}", directory.display())
}

/// By the connector.
pub(crate) fn ours(directory: &Path, hosts: u32) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let content = Arc::new(Secret::new(fs::read(directory.join("content"))?));
    let (port, key) = (fs::read_to_string(directory.join("port"))?.parse()?, fs::read(directory.join("user"))?);
    runtime.block_on(async {
        let mut running = JoinSet::new();
        for host in 0..hosts {
            let line = fs::read_to_string(directory.join(format!("host-{host}.pub")))?;
            let mut target = Target::new(address(host), USER, Secret::new(key.clone()), HostKeyPolicy::Pinned(line));
            target.port = port;
            running.spawn(ours_on(target, directory.to_owned(), host, Arc::clone(&content)));
        }
        running.join_all().await.into_iter().collect::<ladybug_core::Result<()>>().map_err(Into::into)
    })
}

async fn ours_on(
    target: Target,
    directory: std::path::PathBuf,
    host: u32,
    content: Arc<Secret<Vec<u8>>>,
) -> ladybug_core::Result<()> {
    let mut session = SshConnector::new().connect(&target).await?;
    for step in 0..STEPS {
        session.put(&file(&directory, host, step), 0o600, &content).await?;
        let command = RemoteCommand::new(["sh", "-c", &format!("sleep 0.05; echo step {step} is done")]);
        assert_eq!(session.run(&command, &mut |_| {}).await?.stdout, said(step));
    }
    Ok(())
}

/// By hand: a thread and a session a host, `TCP_NODELAY`, files by SCP.
pub(crate) fn plain(directory: &Path, hosts: u32) -> Result<()> {
    let content = Arc::new(fs::read(directory.join("content"))?);
    let (port, key) =
        (fs::read_to_string(directory.join("port"))?.parse()?, fs::read_to_string(directory.join("user"))?);
    let threads: Vec<_> = (0..hosts)
        .map(|host| {
            let (directory, key, content) = (directory.to_owned(), key.clone(), Arc::clone(&content));
            thread::spawn(move || plain_on(&directory, host, (port, &key), &content).map_err(|error| error.to_string()))
        })
        .collect();
    for thread in threads {
        thread.join().map_err(|_| "a thread panicked")??;
    }
    Ok(())
}

fn plain_on(directory: &Path, host: u32, (port, key): (u16, &str), content: &[u8]) -> Result<()> {
    let stream = TcpStream::connect((address(host), port))?;
    stream.set_nodelay(true)?;
    let mut session = ssh2::Session::new()?;
    session.set_tcp_stream(stream);
    session.handshake()?;
    session.userauth_pubkey_memory(USER, None, key, None)?;
    for step in 0..STEPS {
        let path = file(directory, host, step);
        let mut upload = session.scp_send(Path::new(&path), 0o600, content.len() as u64, None)?;
        upload.write_all(content)?;
        upload.send_eof()?;
        upload.wait_eof()?;
        upload.close()?;
        upload.wait_close()?;
        let mut channel = session.channel_session()?;
        channel.exec(&format!("sh -c 'sleep 0.05; echo step {step} is done'"))?;
        let mut output = String::new();
        channel.read_to_string(&mut output)?;
        channel.wait_close()?;
        assert_eq!((output, channel.exit_status()?), (said(step), 0));
    }
    Ok(())
}

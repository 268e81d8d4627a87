//! A moto server that counts its calls.

use std::{
    fs::{self, File},
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::{REGION, Result};

/// How long the server may take to answer for the first time.
const PATIENCE: Duration = Duration::from_secs(120);

/// The server, until it is dropped.
pub(crate) struct Moto {
    child: Child,
    port: u16,
    folder: TempDir,
}

impl Drop for Moto {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Moto {
    /// Starts it; `None`, with a word on it, where it is not installed.
    pub(crate) fn start() -> Result<Option<Self>> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let folder = tempfile::tempdir()?;
        let mut command = Command::new("moto_server");
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]).stdout(Stdio::null());
        if let Ok(fixtures) = std::env::var("LADYBUG_FIXTURES") {
            command.env("MOTO_AMIS_PATH", format!("{fixtures}/ec2/moto-amis-ubuntu.json"));
        } else {
            println!("SKIPPED: LADYBUG_FIXTURES leads to no images of Ubuntu, which moto lacks");
            return Ok(None);
        }
        let Ok(child) = command.stderr(File::create(folder.path().join("log"))?).spawn() else {
            println!("SKIPPED: moto_server is not installed (`pip install 'moto[server]' boto3`)");
            return Ok(None);
        };
        let moto = Self { child, port, folder };
        let deadline = Instant::now() + PATIENCE;
        while moto.reset().is_err() {
            if Instant::now() > deadline {
                return Err("moto_server does not answer".into());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(Some(moto))
    }

    /// Empties the account.
    pub(crate) fn reset(&self) -> Result<()> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.write_all(b"POST /moto-api/reset HTTP/1.0\r\nContent-Length: 0\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        if answer.contains(" 200 ") { Ok(()) } else { Err(format!("moto answers {answer}").into()) }
    }

    /// How many calls it has had, as its log says.
    pub(crate) fn calls(&self) -> Result<usize> {
        let log = fs::read_to_string(self.folder.path().join("log"))?;
        Ok(log.lines().filter(|line| line.contains("POST / ")).count())
    }

    /// What leads the tools to it.
    pub(crate) fn environment(&self) -> [(&'static str, String); 5] {
        [
            ("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{}", self.port)),
            ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "a secret".to_owned()),
            ("AWS_DEFAULT_REGION", REGION.to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ]
    }
}

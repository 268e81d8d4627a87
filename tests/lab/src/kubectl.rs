//! A look into a cluster of the lab from outside: by the issued kubeconfig, over a public address.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write,
    path::PathBuf,
    process::Stdio,
};

use futures::future::{try_join, try_join_all};
use ladybug::{ClusterUid, Error, ErrorKind, Ladybug, Result};
use tempfile::NamedTempFile;
use tokio::process::Command;

use crate::Lab;

/// A pod on every node that tells its node's name over HTTP.
const PROBE: &str = include_str!("../probe.yaml");

/// kubectl on this computer, with the kubeconfig that ladybug issued: a file that is gone when this is dropped, and that
/// [`Left`](crate::Left) counts where a process died before.
#[derive(Debug)]
pub struct Kubectl {
    program: PathBuf,
    config: NamedTempFile,
}

/// Which pod reached which.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pairs {
    /// How many pairs there are, each pod with itself included.
    pub all: usize,
    /// How many of them reached each other.
    pub reached: usize,
    /// What the others said.
    pub failures: Vec<String>,
}

impl Kubectl {
    /// Writes the kubeconfig of `cluster` into a file that only this user reads, and takes it.
    ///
    /// # Errors
    /// When the cluster has none yet.
    pub async fn new(lab: &Lab, ladybug: &Ladybug, cluster: &ClusterUid) -> Result<Self> {
        let what = || format!("write the kubeconfig of {cluster}");
        let secrets = ladybug.secrets(cluster).await?;
        let text = secrets
            .get("kubeconfig")
            .ok_or_else(|| Error::new(ErrorKind::NotFound, what()).with_message("the cluster has not started yet"))?;
        let config = lab
            .secret_file("kubeconfig-")
            .and_then(|mut file| file.write_all(text.expose()).map(|()| file))
            .map_err(|cause| Error::new(ErrorKind::Unexpected, what()).with_source(cause))?;
        Ok(Self { program: lab.cache().join("bin/kubectl"), config })
    }

    /// Runs it; what it prints.
    ///
    /// # Errors
    /// `Unavailable` with what it complained of.
    pub async fn run(&self, arguments: &[&str]) -> Result<String> {
        let what = || format!("run kubectl {}", arguments.join(" "));
        let failed = |cause: std::io::Error| Error::new(ErrorKind::Unavailable, what()).with_source(cause);
        let mut command = Command::new(&self.program);
        command.arg("--kubeconfig").arg(self.config.path()).arg("--request-timeout=20s").args(arguments);
        let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await.map_err(failed)?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let complained = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(Error::new(ErrorKind::Unavailable, what()).with_message(complained))
    }

    /// Puts a pod on every node and lets each ask every other.
    ///
    /// # Errors
    /// When the pods do not run within two minutes, or cannot be entered.
    pub async fn pairs(&self, lab: &Lab) -> Result<Pairs> {
        let manifest = lab.cache().join("probe.yaml");
        fs::write(&manifest, PROBE).map_err(|cause| {
            Error::new(ErrorKind::Unexpected, format!("write {}", manifest.display())).with_source(cause)
        })?;
        self.run(&["apply", "-f", &manifest.to_string_lossy()]).await?;
        self.run(&["rollout", "status", "daemonset/probe", "--timeout=120s"]).await?;
        let pods = self.pods().await?;
        let urls: Vec<String> = pods.values().map(|ip| format!("http://{ip}:8080/")).collect();
        let asked = pods.keys().map(|pod| self.ask(pod, &urls));
        let answers: Vec<(String, String)> = try_join_all(asked).await?.into_iter().flatten().collect();
        let right = |answer: &str| pods.contains_key(answer);
        let failures: Vec<String> =
            answers.iter().filter(|(_, said)| !right(said)).map(|(who, said)| format!("{who}: {said}")).collect();
        let all = pods.len() * pods.len();
        Ok(Pairs { all, reached: answers.len().saturating_sub(failures.len()), failures })
    }

    /// The probes by name, with their addresses. Kubernetes remembers those of a node that has left for a minute.
    async fn pods(&self) -> Result<BTreeMap<String, String>> {
        let path = "jsonpath={range .items[*]}{.metadata.name} {.status.podIP} {.spec.nodeName}{\"\\n\"}{end}";
        let asked = ["get", "pods", "-l", "app=probe", "--field-selector=status.phase=Running", "-o", path];
        let names = ["get", "nodes", "-o", "jsonpath={.items[*].metadata.name}"];
        let (pods, nodes) = try_join(self.run(&asked), self.run(&names)).await?;
        let nodes: BTreeSet<&str> = nodes.split_whitespace().collect();
        let pods = pods.lines().filter_map(|line| {
            let (name, rest) = line.split_once(' ')?;
            let (ip, node) = rest.split_once(' ')?;
            nodes.contains(node).then(|| (name.to_owned(), ip.to_owned()))
        });
        Ok(pods.collect())
    }

    /// What one pod hears from all: who was asked by whom, and the answer.
    async fn ask(&self, pod: &str, urls: &[String]) -> Result<Vec<(String, String)>> {
        let mut arguments = vec!["exec", pod, "--", "/probe", "get"];
        arguments.extend(urls.iter().map(String::as_str));
        let text = self.run(&arguments).await?;
        let lines = text.lines().filter_map(|line| line.split_once(' '));
        Ok(lines.map(|(url, said)| (format!("{pod} asks {url}"), said.to_owned())).collect())
    }
}

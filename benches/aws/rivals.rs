//! The others: boto3 and Terraform.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use tempfile::TempDir;

use crate::Result;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/aws");

/// Applies and destroys, and prints seconds, and the peak memory of the largest process in MB.
const APPLY_AND_DESTROY: &str = "
import resource, subprocess, sys, time
begun = time.monotonic()
for verb in ('apply', 'destroy'):
    subprocess.run(['terraform', verb, '-no-color', '-input=false', '-auto-approve', '-var', 'machines=' + sys.argv[1]],
                   check=True, stdout=sys.stderr)
print(time.monotonic() - begun, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000)
";

/// The hand-written script.
pub(crate) fn boto3(machines: u32) -> Command {
    let mut command = Command::new("python3");
    command.arg(Path::new(FOLDER).join("boto3_cluster.py")).arg(machines.to_string());
    command
}

/// A folder where Terraform is initialized.
pub(crate) struct Terraform {
    folder: TempDir,
    machines: u32,
}

impl Terraform {
    /// `None`, with a word on it, where Terraform or its plugin is missing.
    pub(crate) fn new(machines: u32) -> Result<Option<Self>> {
        let mirror = std::env::var("LADYBUG_TF_PLUGINS").unwrap_or_else(|_| "/opt/tf-plugins".to_owned());
        let known = Command::new("terraform").arg("version").stdout(Stdio::null()).status();
        if !known.is_ok_and(|status| status.success()) || !Path::new(&mirror).is_dir() {
            println!("SKIPPED: terraform is not installed, or there are no plugins in {mirror} (LADYBUG_TF_PLUGINS)");
            return Ok(None);
        }
        let it = Self { folder: tempfile::tempdir()?, machines };
        fs::copy(Path::new(FOLDER).join("main.tf"), it.folder.path().join("main.tf"))?;
        let config = format!("provider_installation {{\n  filesystem_mirror {{ path = \"{mirror}\" }}\n}}\n");
        fs::write(it.folder.path().join("cli.tfrc"), config)?;
        let output = it.inside("terraform").args(["init", "-no-color", "-input=false"]).output()?;
        if !output.status.success() {
            return Err(format!("terraform init: {}", String::from_utf8_lossy(&output.stderr)).into());
        }
        Ok(Some(it))
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = self.inside("python3");
        command.args(["-c", APPLY_AND_DESTROY, &self.machines.to_string()]);
        command
    }

    fn inside(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.folder.path()).env("TF_CLI_CONFIG_FILE", self.folder.path().join("cli.tfrc"));
        command
    }
}

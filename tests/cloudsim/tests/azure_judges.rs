//! Microsoft's own clients judge the Azure face: they create, list and delete, and every answer passes their parsers.
#![allow(
    clippy::allow_attributes,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test's helpers are no product code"
)]

mod support;

use std::path::PathBuf;

use ladybug_cloudsim::{Cloud, CloudSim, Config};
use support::{has, judge, printed};
use tokio::process::Command;

/// A Python that has Microsoft's clients: of the environment that the variable names, or the usual one.
fn python() -> PathBuf {
    let venv = std::env::var_os("LADYBUG_AZURE_CLIENTS").map(PathBuf::from);
    venv.map_or_else(|| PathBuf::from("python3"), |venv| venv.join("bin/python3"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn microsoft_s_clients_make_list_and_delete() {
    let python = python();
    let imports = "import azure.mgmt.compute, azure.mgmt.network, azure.mgmt.resource.resources";
    if !has(python.to_str().unwrap(), &["-c", imports]).await {
        return;
    }
    let mut config = Config::default();
    config.azure.page = Some(2);
    let sim = CloudSim::start(config).await.unwrap();
    let login = sim.azure().login();
    let mut command = Command::new(&python);
    command
        .env("AZURE_ENDPOINT", sim.azure().endpoint())
        .env("AZURE_TENANT_ID", login.tenant)
        .env("AZURE_CLIENT_ID", login.client)
        .env("AZURE_CLIENT_SECRET", login.secret)
        .env("AZURE_SUBSCRIPTION_ID", login.subscription);
    let output = command.arg(judge("azure_clients.py")).output().await.unwrap();
    eprintln!("azure-mgmt: {}", printed(&output).trim());
    assert_eq!(sim.everything(), []);
    let counters = sim.counters();
    assert_eq!(counters.of(Cloud::Azure, "VirtualMachines_CreateOrUpdate"), 3);
    eprintln!("{} calls", counters.total());
}

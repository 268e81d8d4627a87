//! Machines as containers.

use std::path::Path;

use ladybug::{Result, Secret};

use crate::{
    lab::SPACE,
    shell::bash,
    tag::{Machine, Tags},
};

/// The interface of a network's bridge.
pub(crate) fn bridge(network: &str) -> String {
    format!("lbbr-{}", short(network))
}

/// The chain of a firewall.
pub(crate) fn chain(firewall: &str) -> String {
    format!("fw_{}", short(firewall))
}

/// The part of an id that is its own, ten characters long: names of interfaces are short.
fn short(id: &str) -> &str {
    id.rsplit('-').next().unwrap_or(id)
}

/// Gives a machine its disk, addresses and first-boot data, unless it has them, and switches it on.
pub(crate) async fn create(
    cache: &Path,
    tags: &Tags,
    (id, machine): (&str, &Machine),
    user_data: &Secret<String>,
) -> Result<()> {
    let folder = tags.folder(id);
    let address = format!("{}/{}", machine.private, machine.prefix);
    let arguments = [
        SPACE,
        &cache.to_string_lossy(),
        &folder.to_string_lossy(),
        id,
        &address,
        &machine.gateway.to_string(),
        &machine.public.to_string(),
        &chain(&machine.firewall),
        &machine.host,
        &machine.public_key,
    ];
    let data = user_data.expose().as_bytes();
    bash(format!("make machine {id}"), include_str!("scripts/machine-up.sh"), arguments, data).await?;
    start(cache, tags, (id, machine)).await
}

/// Switches a machine on, unless it runs.
pub(crate) async fn start(cache: &Path, tags: &Tags, (id, machine): (&str, &Machine)) -> Result<()> {
    let folder = tags.folder(id);
    let arguments = [SPACE, &cache.to_string_lossy(), &folder.to_string_lossy(), id, &bridge(&machine.network)];
    bash(format!("start machine {id}"), include_str!("scripts/machine-start.sh"), arguments, b"").await?;
    Ok(())
}

/// Cuts a machine's power.
pub(crate) async fn stop(tags: &Tags, id: &str) -> Result<()> {
    let folder = tags.folder(id);
    let arguments = [SPACE, &*folder.to_string_lossy(), id];
    bash(format!("stop machine {id}"), include_str!("scripts/machine-stop.sh"), arguments, b"").await?;
    Ok(())
}

/// Takes a machine away, tag included.
pub(crate) async fn delete(tags: &Tags, (id, machine): (&str, &Machine)) -> Result<()> {
    stop(tags, id).await?;
    let folder = tags.folder(id);
    let (private, public) = (machine.private.to_string(), machine.public.to_string());
    let arguments = [SPACE, &*folder.to_string_lossy(), &private, &public, &chain(&machine.firewall)];
    bash(format!("delete machine {id}"), include_str!("scripts/machine-delete.sh"), arguments, b"").await?;
    Ok(())
}

/// Whether any process of the machine is alive.
pub(crate) fn runs(id: &str) -> bool {
    let group = Path::new("/sys/fs/cgroup/pids").join(format!("ladybug-lab-{id}"));
    any_process(&group)
}

fn any_process(group: &Path) -> bool {
    let processes = std::fs::read_to_string(group.join("cgroup.procs")).unwrap_or_default();
    if !processes.trim().is_empty() {
        return true;
    }
    let entries = std::fs::read_dir(group).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_dir()).any(|path| any_process(&path))
}

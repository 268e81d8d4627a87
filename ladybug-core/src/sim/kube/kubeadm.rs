//! `kubeadm init|token|upload-certs|reset`; joins are in their own file.

use super::{
    InitConfig, Kube,
    admin::{ask, kubeconfig, own_cluster},
    authority,
    config::path,
    join::join,
};
use crate::sim::host::{Outcome, Refusal, Shell};

/// `kubeadm init|join|token create|token delete|upload-certs|reset`.
pub(in crate::sim) fn kubeadm(shell: &mut Shell<'_>) -> Outcome {
    match (shell.word(1), shell.word(2)) {
        ("init", _) => init(shell),
        ("join", _) => join(shell),
        ("token", "create") => invite(shell),
        ("token", "delete") => uninvite(shell),
        ("upload-certs", _) => upload(shell),
        ("reset", _) => reset(shell),
        (verb, _) => Err(Refusal::new(format!("unknown command {verb:?} for \"kubeadm\""))),
    }
}

/// Whether what the command is to create exists already.
pub(super) fn is_created(shell: &Shell<'_>) -> bool {
    shell.option("creates").is_some_and(|path| shell.host().disk.has(path))
}

/// kubeadm's preflight checks of a host that shall become a node.
pub(super) fn preflight(shell: &Shell<'_>, control_plane: bool) -> Result<(), Refusal> {
    let host = shell.host();
    let taken = [path::API, path::ETCD, path::KUBELET].into_iter().find(|path| host.disk.has(path));
    let missing = ["containerd", "kubelet"].into_iter().find(|unit| !host.has_package(unit));
    if let Some(path) = taken {
        return Err(error(format!("[ERROR FileAvailable]: {path} already exists")));
    }
    if let Some(unit) = missing {
        return Err(error(format!("[ERROR FileExisting]: {unit} not found in system path")));
    }
    if host.serves_since("containerd").is_none() {
        return Err(error("[ERROR CRI]: container runtime is not running"));
    }
    let small = control_plane && !host.fits_control_plane;
    if small { Err(error("[ERROR NumCPU]: the number of available CPUs is less than the required 2")) } else { Ok(()) }
}

fn error(why: impl std::fmt::Display) -> Refusal {
    Refusal::new(format!("error execution phase preflight: {why}"))
}

fn init(shell: &mut Shell<'_>) -> Outcome {
    if is_created(shell) {
        return Ok("already initialised".to_owned());
    }
    preflight(shell, true)?;
    let config = shell.host().disk.json::<InitConfig>(path::INIT);
    let config = config.ok_or_else(|| error(format!("{}: no such file or directory", path::INIT)))?;
    let ca = own_authority(shell)?;
    may_start(shell, &config, &ca.0)?;
    let (id, at) = (shell.id.clone(), shell.moment.ends);
    become_control_plane(shell, &ca);
    start_kubelet(shell, &ca.0);
    shell.kubes.insert(ca.0, Kube::start(config.node, id, config.ip, at));
    Ok("Your Kubernetes control-plane has initialized successfully!".to_owned())
}

/// The CA in the files, as (certificate, key).
fn own_authority(shell: &Shell<'_>) -> Result<(String, String), Refusal> {
    let disk = &shell.host().disk;
    let pair = disk.read(path::CA_CRT).zip(disk.read(path::CA_KEY));
    let (crt, key) = pair.ok_or_else(|| error("the CA's certificate or key is missing"))?;
    let fit = authority(key) == crt;
    fit.then(|| (crt.to_owned(), key.to_owned())).ok_or_else(|| error("the CA's certificate and key do not match"))
}

fn may_start(shell: &Shell<'_>, config: &InitConfig, ca: &str) -> Result<(), Refusal> {
    if shell.kubes.get(ca).is_some_and(|kube| !kube.is_lost(&shell.net())) {
        return Err(error("a cluster with this CA runs already; a second init would split it"));
    }
    let own = |ip| shell.net().reach(shell.id, ip, 6443).is_some_and(|host| host.id == *shell.id);
    if !own(config.ip) {
        return Err(error(format!("advertise address {} is not on this host", config.ip)));
    }
    if !shell.host().proxy.iter().any(|ip| own(*ip)) {
        return Err(error("the control-plane endpoint does not lead to this host"));
    }
    Ok(())
}

/// Writes what makes a host a control-plane node.
pub(super) fn become_control_plane(shell: &mut Shell<'_>, ca: &(String, String)) {
    let disk = &mut shell.host_mut().disk;
    disk.write(path::CA_CRT, 0o644, ca.0.as_str());
    disk.write(path::CA_KEY, 0o600, ca.1.as_str());
    disk.write(path::ADMIN, 0o600, kubeconfig(&ca.0, &ca.1));
    disk.write(path::API, 0o600, "kube-apiserver");
    disk.write(path::ETCD, 0o600, "etcd");
}

/// Has the kubelet serve this cluster.
pub(super) fn start_kubelet(shell: &mut Shell<'_>, ca: &str) {
    let at = shell.moment.ends;
    let host = shell.host_mut();
    host.disk.write(path::KUBELET, 0o600, ca);
    host.enable("kubelet", at);
}

fn invite(shell: &mut Shell<'_>) -> Outcome {
    let now = shell.moment.now;
    ask(shell, |kube, ca| Ok(kube.invite(ca, now)))
}

fn uninvite(shell: &mut Shell<'_>) -> Outcome {
    ask(shell, |kube, _| {
        kube.uninvite();
        Ok(String::new())
    })
}

fn upload(shell: &mut Shell<'_>) -> Outcome {
    let (now, (_, key)) = (shell.moment.now, own_authority(shell)?);
    ask(shell, |kube, ca| Ok(kube.upload(ca, &key, now)))
}

/// Takes the etcd member out if the rest can do without, then the files.
fn reset(shell: &mut Shell<'_>) -> Outcome {
    if let Ok(ca) = own_cluster(shell) {
        leave(shell, &ca);
    }
    let host = shell.host_mut();
    host.disable("kubelet");
    host.disk.remove_under(path::KUBERNETES);
    Ok(String::new())
}

fn leave(shell: &mut Shell<'_>, ca: &str) {
    let Some(kube) = shell.kubes.get(ca) else { return };
    let net = shell.net();
    let own = kube.members.iter().find(|(_, member)| member.host == *shell.id).map(|(name, _)| name.clone());
    let Some(own) = own else { return };
    let free = kube.has_quorum(shell.id, &net) && kube.keeps_member(&own, &net).is_none();
    if kube.members.len() == 1 {
        shell.kubes.remove(ca);
    } else if free && let Some(kube) = shell.kubes.get_mut(ca) {
        kube.members.remove(&own);
    }
}

//! The programs that have nothing to do with Kubernetes.

use super::{Outcome, Refusal, Shell, key::digest, machine::overlay_public, path};

/// `cat FILE`
pub(super) fn cat(shell: &mut Shell<'_>) -> Outcome {
    let path = shell.word(1);
    let text = shell.host().disk.read(path).map(str::to_owned);
    text.ok_or_else(|| Refusal::new(format!("cat: {path}: No such file or directory")))
}

/// `rm -f FILE`
pub(super) fn rm(shell: &mut Shell<'_>) -> Outcome {
    let path = shell.word(2).to_owned();
    shell.host_mut().disk.remove(&path);
    Ok(String::new())
}

/// `check-host node|control-plane`: what the host must have before anything of it is changed.
pub(super) fn check_host(shell: &mut Shell<'_>) -> Outcome {
    if shell.word(1) == "control-plane" && !shell.host().fits_control_plane {
        return Err(Refusal::new("a control plane needs 2 CPUs and 2 GiB of memory"));
    }
    Ok(String::new())
}

/// `install NAME=VERSION…`
pub(super) fn install(shell: &mut Shell<'_>) -> Outcome {
    let wanted: Vec<(String, String)> =
        shell.words().filter_map(|word| word.split_once('=')).map(|(a, b)| (a.to_owned(), b.to_owned())).collect();
    for (name, version) in wanted {
        shell.host_mut().disk.write(&format!("/usr/bin/{name}"), 0o755, version);
    }
    Ok(String::new())
}

/// `systemctl enable|disable|reload UNIT`; all of them also take effect at once.
pub(super) fn systemctl(shell: &mut Shell<'_>) -> Outcome {
    let (verb, unit, at) = (shell.word(1).to_owned(), shell.word(2).to_owned(), shell.moment.ends);
    if !shell.host().has_package(&unit) {
        return Err(Refusal::with_status(5, format!("Unit {unit}.service not found.")));
    }
    match verb.as_str() {
        "enable" | "reload" => shell.host_mut().enable(&unit, at),
        "disable" => shell.host_mut().disable(&unit),
        _ => return Err(Refusal::new(format!("Unknown command verb {verb}."))),
    }
    Ok(String::new())
}

/// `sim-wg key`: makes the host's key once, prints the public part. `sim-wg set`: takes the peers from the file.
pub(super) fn wg(shell: &mut Shell<'_>) -> Outcome {
    match shell.word(1) {
        "key" => Ok(make_key(shell)),
        "set" => set_peers(shell),
        verb => Err(Refusal::new(format!("sim-wg: unknown verb {verb}"))),
    }
}

fn make_key(shell: &mut Shell<'_>) -> String {
    let fresh = digest(&["overlay", &shell.id.to_string()]);
    let host = shell.host_mut();
    if !host.disk.has(path::OVERLAY_KEY) {
        host.disk.write(path::OVERLAY_KEY, 0o600, fresh.as_str());
    }
    let public = overlay_public(host.disk.read(path::OVERLAY_KEY).unwrap_or(&fresh));
    let text = public.to_string();
    shell.machines.keys.insert(public, shell.id.clone());
    text
}

fn set_peers(shell: &mut Shell<'_>) -> Outcome {
    let at = shell.moment.ends;
    let host = shell.host_mut();
    if host.overlay_key().is_none() {
        return Err(Refusal::new(format!("sim-wg: {}: no private key", path::OVERLAY_KEY)));
    }
    host.enable("overlay", at);
    let up = host.overlay.is_some();
    up.then(String::new).ok_or_else(|| Refusal::new(format!("sim-wg: {}: no configuration", path::OVERLAY_CONFIG)))
}

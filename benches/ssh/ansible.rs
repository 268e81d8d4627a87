//! The same work as a playbook.

use std::{
    fmt::Write,
    fs,
    process::{Command, Stdio},
    time::Instant,
};

use crate::{
    Result,
    farm::{Farm, address},
};

/// Seconds that ansible-playbook takes for it: pipelining, one connection a host, all hosts at once.
pub(crate) fn measure(program: &str, farm: &Farm, hosts: u32) -> Result<f64> {
    let at = farm.path().display();
    let port = fs::read_to_string(farm.path().join("port"))?;
    let mut inventory = String::from("[farm]\n");
    for host in 0..hosts {
        writeln!(inventory, "{} number={host}", address(host))?;
    }
    fs::write(farm.path().join("inventory"), inventory)?;
    let mut book = String::from("- hosts: farm\n  gather_facts: false\n  tasks:\n");
    for step in 0..8 {
        writeln!(
            book,
            "  - copy: {{src: {at}/content, dest: '{at}/files-{{{{ number }}}}/ansible-{step}', mode: '0600'}}"
        )?;
        writeln!(book, "  - command: sh -c 'sleep 0.05; echo step {step} is done'")?;
    }
    fs::write(farm.path().join("book.yaml"), book)?;
    let begun = Instant::now();
    let mut command = Command::new(program);
    command.args(["-i", "inventory", "-f", &hosts.to_string(), "-u", "root", "--private-key", "user", "book.yaml"]);
    command.current_dir(farm.path()).env("ANSIBLE_PIPELINING", "True").env("ANSIBLE_HOST_KEY_CHECKING", "False");
    command.env("ANSIBLE_REMOTE_PORT", port).env("ANSIBLE_PYTHON_INTERPRETER", "/usr/bin/python3");
    let output = command.stdin(Stdio::null()).output()?;
    let seconds = begun.elapsed().as_secs_f64();
    if output.status.success() {
        return Ok(seconds);
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let from = text.len().saturating_sub(2000);
    Err(format!("ansible-playbook: {}", text.get(from..).unwrap_or(&text)).into())
}

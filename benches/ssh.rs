//! The connector against the same work by a hand-written program and by Ansible, on many true OpenSSH servers.
//!
//! `cargo bench -p ladybug-benches --bench ssh -- [HOSTS [PAIRS [ANSIBLE_PLAYBOOK]]]`
//!
//! Every host is an sshd with an address and a key of its own. On each, eight steps: a file of 4 KiB is written, and
//! a command of 50 ms run and its output read. Both programs run in turn, each run in a process of its own; fails
//! when the median of the pairs' ratios or the memory is above what is promised.
#![expect(clippy::print_stdout, reason = "a program that prints a table")]
#![expect(clippy::disallowed_methods, reason = "true time is what is measured")]

#[path = "ssh/ansible.rs"]
mod ansible;
#[path = "ssh/farm.rs"]
mod farm;
#[path = "ssh/work.rs"]
mod work;

use std::{
    error::Error,
    path::Path,
    process::{Command, ExitCode},
    time::Instant,
};

use ladybug_benches::peak_memory;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Ours in the time of the hand-written program.
const RATIO: f64 = 1.15;
const MEMORY: f64 = 40.0;
/// Ansible in our time.
const FASTER: f64 = 50.0;

fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let ["--work", program, directory, hosts] = *words {
        return work_once(program, Path::new(directory), hosts.parse()?);
    }
    if !Path::new(farm::SSHD).exists() {
        println!("SKIPPED: there is no {}; install openssh-server", farm::SSHD);
        return Ok(ExitCode::SUCCESS);
    }
    let hosts = words.first().map_or(Ok(100), |word| word.parse())?;
    let pairs = words.get(1).map_or(Ok(5), |word| word.parse())?;
    compare(hosts, pairs, words.get(2).copied())
}

/// One run, in a process of its own: seconds, and peak memory in MB.
fn work_once(program: &str, directory: &Path, hosts: u32) -> Result<ExitCode> {
    let begun = Instant::now();
    match program {
        "plain" => work::plain(directory, hosts)?,
        _ => work::ours(directory, hosts)?,
    }
    println!("{} {}", begun.elapsed().as_secs_f64(), peak_memory()? as f64 / 1e6);
    Ok(ExitCode::SUCCESS)
}

fn compare(hosts: u32, pairs: u32, ansible: Option<&str>) -> Result<ExitCode> {
    let farm = farm::Farm::new(hosts)?;
    let (mut ratios, mut seconds, mut peak) = (Vec::new(), Vec::new(), 0_f64);
    for pair in 1..=pairs {
        let plain = measure("plain", farm.path(), hosts)?;
        let before = farm.logins()?;
        let ours = measure("ours", farm.path(), hosts)?;
        let sessions = (farm.logins()? - before) as f64 / f64::from(hosts);
        let ratio = ours.0 / plain.0;
        println!(
            "pair {pair}: ours {:.2} s, {:.1} MB, {sessions} sessions a host; hand-written {:.2} s, {:.1} MB; ratio {ratio:.3}",
            ours.0, ours.1, plain.0, plain.1
        );
        ratios.push(ratio);
        seconds.push(ours.0);
        peak = peak.max(ours.1);
    }
    let (ratio, ours) = (median(&mut ratios), median(&mut seconds));
    println!(
        "{hosts} hosts, 8 steps: median {ours:.2} s, ratio {ratio:.3} (at most {RATIO}), {peak:.1} MB (at most {MEMORY})"
    );
    let slower = ansible.map(|program| ansible::measure(program, &farm, hosts)).transpose()?;
    if let Some(seconds) = slower {
        println!(
            "ansible-playbook with pipelining: {seconds:.1} s, {:.0} times ours (at least {FASTER})",
            seconds / ours
        );
    }
    let met = ratio <= RATIO && peak < MEMORY && slower.is_none_or(|seconds| seconds >= FASTER * ours);
    Ok(if met { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn measure(program: &str, directory: &Path, hosts: u32) -> Result<(f64, f64)> {
    let mut command = Command::new(std::env::current_exe()?);
    let output = command.args(["--work", program]).arg(directory).arg(hosts.to_string()).output()?;
    let text = String::from_utf8(output.stdout)?;
    let numbers: Vec<f64> = text.split_whitespace().map(str::parse).collect::<std::result::Result<_, _>>()?;
    match *numbers {
        [seconds, memory] if output.status.success() => Ok((seconds, memory)),
        _ => Err(format!("{program}: {}", String::from_utf8_lossy(&output.stderr)).into()),
    }
}

fn median(numbers: &mut [f64]) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}

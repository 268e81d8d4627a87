//! The AWS driver against a hand-written boto3 script and against Terraform, all on the same moto server.
//!
//! `cargo bench -p ladybug-benches --bench aws -- [MACHINES...]` (3, 10 and 30 unless given).
//!
//! Each creates and destroys the infrastructure of a cluster of one site: a network with a subnet in every zone, its
//! gateway and route, a packet filter, a key, machines. Every run is a process of its own and begins with an empty
//! account. Needs `moto_server` and boto3; Terraform is left out, loudly, where it or its plugin is missing. Fails when
//! a figure is missed.
#![expect(clippy::print_stdout, reason = "a program that prints a table")]
#![expect(clippy::disallowed_methods, reason = "true time is what is measured")]

#[path = "aws/moto.rs"]
mod moto;
#[path = "aws/ours.rs"]
mod ours;
#[path = "aws/rivals.rs"]
mod rivals;

use std::{
    error::Error,
    process::{Command, ExitCode},
};

use moto::Moto;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const REGION: &str = "us-east-1";
const SIZES: [u32; 3] = [3, 10, 30];
/// Where Terraform is compared.
const TERRAFORM_SIZE: u32 = 10;
const FASTER_THAN_TERRAFORM: f64 = 20.0;
const TIME_OF_BOTO3: f64 = 1.2;
const MEMORY_OF_TERRAFORM: f64 = 0.1;
const CALLS_OF_BOTO3: f64 = 1.1;

/// What one run took.
#[derive(Clone, Copy)]
struct Figures {
    seconds: f64,
    megabytes: f64,
    calls: usize,
}

fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let ["--work", machines] = *words {
        ours::run(machines.parse()?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let Some(moto) = Moto::start()? else { return Ok(ExitCode::SUCCESS) };
    let asked: Vec<u32> = words.iter().map(|word| word.parse()).collect::<std::result::Result<_, _>>()?;
    let sizes = if asked.is_empty() { SIZES.to_vec() } else { asked };
    println!("| machines | who | seconds | peak MB | calls |\n|---|---|---|---|---|");
    run(&moto, 1, "boto3, to warm the server up", rivals::boto3(1))?;
    let mut met = true;
    for size in sizes {
        met &= compare(&moto, size)?;
    }
    Ok(if met { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Whether the promises are kept at this size.
fn compare(moto: &Moto, size: u32) -> Result<bool> {
    let mut own = Command::new(std::env::current_exe()?);
    own.args(["--work", &size.to_string()]);
    let ours = run(moto, size, "ladybug", own)?;
    let boto3 = run(moto, size, "boto3", rivals::boto3(size))?;
    let mut met = [
        said("time, of boto3's", ours.seconds / boto3.seconds, TIME_OF_BOTO3),
        said("calls, of boto3's", ours.calls as f64 / boto3.calls as f64, CALLS_OF_BOTO3),
    ]
    .into_iter()
    .all(|met| met);
    if let Some(terraform) = rivals::Terraform::new(size)? {
        let slow = run(moto, size, "terraform", terraform.command())?;
        let most = if size == TERRAFORM_SIZE { 1.0 / FASTER_THAN_TERRAFORM } else { 1.0 };
        met &= said("time, of Terraform's", ours.seconds / slow.seconds, most);
        met &= said("memory, of Terraform's", ours.megabytes / slow.megabytes, MEMORY_OF_TERRAFORM);
    }
    Ok(met)
}

fn said(what: &str, share: f64, most: f64) -> bool {
    println!("| | {what} | {share:.3} | at most {most:.3} | {} |", if share <= most { "met" } else { "MISSED" });
    share <= most
}

/// Runs a program that prints seconds and megabytes in its last line.
fn run(moto: &Moto, size: u32, name: &str, mut command: Command) -> Result<Figures> {
    moto.reset()?;
    let before = moto.calls()?;
    let output = command.envs(moto.environment()).output()?;
    if !output.status.success() {
        return Err(format!("{name}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let text = String::from_utf8(output.stdout)?;
    let last = text.lines().last().unwrap_or_default().split_whitespace();
    let numbers: Vec<f64> = last.map(str::parse).collect::<std::result::Result<_, _>>()?;
    let [seconds, megabytes] = *numbers else { return Err(format!("{name} printed {text:?}").into()) };
    let figures = Figures { seconds, megabytes, calls: moto.calls()? - before };
    println!("| {size} | {name} | {seconds:.2} | {megabytes:.0} | {} |", figures.calls);
    Ok(figures)
}

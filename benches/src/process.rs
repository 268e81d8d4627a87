//! What this process has used, as Linux counts it.

use std::{fs, io, time::Duration};

/// The CPU time of all living threads of this process (Linux's `Documentation/scheduler/sched-stats.rst`).
///
/// # Errors
/// When the system has no `/proc` or does not count.
pub fn cpu_time() -> io::Result<Duration> {
    // The time of a thread is brought up to date when it gives its turn away.
    std::thread::yield_now();
    let mut nanos = 0;
    for thread in fs::read_dir("/proc/self/task")? {
        let text = fs::read_to_string(thread?.path().join("schedstat"))?;
        nanos += number(text.split_whitespace().next())?;
    }
    Ok(Duration::from_nanos(nanos))
}

/// The memory that this process has resident, in bytes (proc(5), `VmRSS`).
///
/// # Errors
/// When the system has no `/proc`.
pub fn memory() -> io::Result<u64> {
    status("VmRSS:")
}

/// The most memory that this process has had resident so far, in bytes (proc(5), `VmHWM`).
///
/// # Errors
/// When the system has no `/proc`.
pub fn peak_memory() -> io::Result<u64> {
    status("VmHWM:")
}

fn status(field: &str) -> io::Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    Ok(number(line.and_then(|line| line.split_whitespace().next()))? * 1024)
}

fn number(word: Option<&str>) -> io::Result<u64> {
    word.and_then(|word| word.parse().ok()).ok_or_else(|| io::Error::other("/proc shows no number"))
}

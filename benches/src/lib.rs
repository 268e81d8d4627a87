//! What the benches share: a big cluster in a simulated world, what a process uses, and the least time that a plan
//! can take.

mod critical;
mod process;
mod scene;
mod shelf;

pub use critical::critical_path;
pub use process::{cpu_time, memory, peak_memory};
pub use scene::{chosen, run, spec, world};
pub use shelf::{read_clusters, write_clusters};

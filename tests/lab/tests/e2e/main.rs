//! The whole life of a true cluster on true machines: kubeadm 1.20.2, containerd, OpenSSH, WireGuard, cloud-init.
//!
//! Runs with `LADYBUG_LAB=1`, as root, after `build/all.sh`; says loudly what it skips otherwise. One test at a time, for
//! there is one lab on a computer: `--test-threads 1`.

mod again;
mod bench;
mod death;
mod life;

/// The name of the test under which this program, started by another test, is a process that gets killed.
const VICTIM: &str = "victim";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_lives_from_its_spec_to_nothing_left() {
    if let Some(bench) = bench::Bench::open("life").await {
        life::run(&bench).await;
        bench.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stages_that_ran_change_nothing_when_they_run_again() {
    if let Some(bench) = bench::Bench::open("again").await {
        again::run(&bench).await;
        bench.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_create_that_is_killed_ten_times_ends_as_if_it_had_not_been() {
    if let Some(bench) = bench::Bench::open("death").await {
        death::run(&bench).await;
        bench.close().await;
    }
}

/// Not a test of its own: what the one above kills.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn victim() {
    if std::env::var_os("LADYBUG_LAB_VICTIM").is_some() {
        death::victim().await;
    }
}

//! A whole cluster on moto whose process dies at a call.
//!
//! `LADYBUG_EVERY_CALL=1` tries every call instead of a sample.

use std::sync::Mutex;

use futures::future::join_all;

use super::{
    deaths::{alone, die_at_any_call},
    moto::Server,
    points::AT_ONCE,
    stage::Stage,
};

#[test]
fn a_process_that_dies_at_any_call_to_moto_leaves_nothing_behind() {
    let servers = alone(join_all((0..AT_ONCE).map(|_| Server::start())));
    let servers: Vec<_> = servers.into_iter().flatten().collect();
    if servers.is_empty() {
        return;
    }
    let servers = Mutex::new(servers);
    eprintln!("moto: {}", die_at_any_call(|| Stage::new(&servers)));
}

//! The layers around drivers, the waiter and the registry, on a driver that plays a script under a paused clock.

#[cfg(test)]
#[path = "layers/chaos.rs"]
mod chaos;
#[cfg(test)]
#[path = "layers/fake.rs"]
mod fake;
#[cfg(test)]
#[path = "layers/limits.rs"]
mod limits;
#[cfg(test)]
#[path = "layers/record.rs"]
mod record;
#[cfg(test)]
#[path = "layers/registry.rs"]
mod registry;
#[cfg(test)]
#[path = "layers/retry.rs"]
mod retry;
#[cfg(test)]
#[path = "layers/trace.rs"]
mod trace;
#[cfg(test)]
#[path = "layers/wait.rs"]
mod wait;

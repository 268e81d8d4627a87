//! Machines that are there already: claimed for a cluster, and given back as they were.
//!
//! There is no account that remembers whose a machine is, so the machine does: a claim, taken atomically, lies in a
//! directory on it ([`HostsDriver::DIRECTORY`]). What clouds keep beside machines is kept the same way: a network, a
//! firewall and a key are records on one machine of the region, and the firewall's rules are an nftables table of
//! our own on every claimed machine.

mod claims;
mod driver;
mod fault;
mod filter;
mod first_boot;
mod inventory;
mod jump;
mod ledger;
mod machine;
mod read;
mod record;
mod remote;
mod resolve;
#[cfg(test)]
mod tests;

pub use driver::HostsDriver;
pub use inventory::{Host, Inventory, Login};

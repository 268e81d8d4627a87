//! The connector against true OpenSSH servers, started here on loopback. Without sshd the tests say so and pass.
#![cfg(feature = "ssh-system-openssl")]

#[cfg(test)]
mod command;
#[cfg(test)]
mod file;
#[cfg(test)]
mod identity;
#[cfg(test)]
mod network;
#[cfg(test)]
mod server;
#[cfg(test)]
mod tap;

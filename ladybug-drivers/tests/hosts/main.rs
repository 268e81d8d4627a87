//! The `hosts` driver against true machines as far as one machine has them: OpenSSH, users, nftables and host names
//! in namespaces of their own. Without root or a tool the tests say so and pass.
#![cfg(feature = "hosts")]

#[cfg(test)]
mod claim;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod death;
#[cfg(test)]
mod filter;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod life;
#[cfg(test)]
mod machine;
#[cfg(test)]
mod rack;
#[cfg(test)]
mod reach;
#[cfg(test)]
mod resolve;
#[cfg(test)]
mod scene;
#[cfg(test)]
#[expect(dead_code, unused_imports, unused_macros, reason = "the connector's own tests need more of it")]
#[path = "../../../ladybug-bootstrap/tests/ssh/server.rs"]
mod server;
#[cfg(test)]
mod touch;

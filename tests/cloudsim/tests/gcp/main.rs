//! The Google Cloud face, asked over plain HTTP, by recordings, and by Google's own client.
#![cfg(test)]

mod client;
mod judges;
mod recorded;
mod strict;

//! Inputs that the tests share.

mod bash;
mod contract;
mod scripts;
mod support;

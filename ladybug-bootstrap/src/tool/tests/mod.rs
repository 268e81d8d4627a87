//! Inputs that the tests share.

mod bash;
mod contract;
mod documents;
mod kubeadm;
mod scripts;
mod support;

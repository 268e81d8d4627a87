//! Inputs that the tests share.

mod bash;
mod contract;
mod documents;
mod hostile;
mod kubeadm;
mod scripts;
mod support;

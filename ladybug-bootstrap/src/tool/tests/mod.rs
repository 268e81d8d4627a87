//! Inputs that the tests share.

mod bash;
mod contract;
mod documents;
mod hostile;
mod kubeadm;
mod prepare;
mod sandbox;
mod scripts;
mod support;

//! Inputs that the tests share.

mod bash;
mod contract;
mod documents;
mod hostile;
mod kubeadm;
mod overlay;
mod prepare;
mod running;
mod sandbox;
mod scripts;
mod support;

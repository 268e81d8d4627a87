//! The rules of a spec, by theme. Each is one small function; all of them run, so that all problems come at once.

mod add_ons;
mod control_plane;
mod endpoint;
mod etcd;
mod labels;
mod machines;
mod mesh;
mod network;
mod operators;
mod policies;
mod pools;
mod rules;
mod syntax;
mod version;

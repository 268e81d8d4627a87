//! Reading a spec: text to value, value against the schema, then the rules.

mod names;
mod parse;
mod suggest;
mod walk;
mod yaml;

pub(super) use names::network_problem;

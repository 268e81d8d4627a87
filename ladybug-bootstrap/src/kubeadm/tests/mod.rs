mod golden;
mod rules;
mod safety;
mod schema;
mod support;
mod traps;

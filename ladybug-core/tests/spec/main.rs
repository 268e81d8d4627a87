//! What a program sees of specs: reading, building, the rules and the schema.

#[cfg(test)]
mod building;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod reading;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod schema;

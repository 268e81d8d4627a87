//! Templates, in which every value is quoted for the language it lands in.

mod engine;
mod escape;
#[cfg(test)]
mod tests;

pub(crate) use engine::Templates;

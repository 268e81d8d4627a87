//! Test kits.

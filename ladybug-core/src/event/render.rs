//! Events as plain text.

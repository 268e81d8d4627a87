//! Layers around drivers.

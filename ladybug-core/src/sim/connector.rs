//! Sessions to simulated hosts.
/// Opens sessions to simulated hosts.
#[derive(Debug)]
pub struct SimConnector;

//! Loopback fakes of cloud APIs that refuse what the clouds refuse.

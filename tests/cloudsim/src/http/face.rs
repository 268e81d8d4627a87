//! What a cloud's face must be able to do.

use std::fmt;

use super::{Reply, Request};
use crate::{
    fault::Effect,
    hook::{Birth, Opening, Presence},
    transcript::Exchange,
    world::{Cloud, Happening, Ledger},
};

/// What a request calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Called {
    pub(crate) service: String,
    /// The name that counters and fault rules use.
    pub(crate) operation: String,
}

/// What a hook is to be told.
#[derive(Clone, Debug)]
pub(crate) enum Deed {
    Boot(Box<Birth>),
    Stop(Cloud, String),
    Terminate(Cloud, String),
    Filter(Cloud, String, Vec<Opening>),
}

/// A cloud's face. All of it is pure but for the ledger, and never waits.
pub(crate) trait Face: fmt::Debug + Send + Sync + 'static {
    fn cloud(&self) -> Cloud;

    /// Puts in place what comes with an account.
    fn settle(&self, ledger: &mut Ledger);

    /// Names what a request calls. What is not known gets a name too, and is refused by `answer`.
    fn called(&self, request: &Request) -> Called;

    /// Answers a request.
    fn answer(&self, ledger: &mut Ledger, request: &Request, called: &Called) -> Reply;

    /// The answer that `later` of a reply stands for, once there is one. Only faces with calls that last need it.
    fn conclude(&self, _ledger: &mut Ledger, _later: &str) -> Option<Reply> {
        None
    }

    /// Says in the cloud's own words what a fault says; called only for effects that are answers.
    fn refuse(&self, ledger: &mut Ledger, request: &Request, called: &Called, effect: &Effect) -> Reply;

    /// Makes something planned happen.
    fn happen(&self, ledger: &mut Ledger, happening: &Happening);

    /// A machine has booted as far as the hook is concerned, or could not.
    fn booted(&self, ledger: &mut Ledger, id: &str, presence: Result<Presence, String>);

    /// Takes the secrets out of both bodies.
    fn redact(&self, exchange: &mut Exchange);
}

//! One broken rule of a spec.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A rule that the input breaks, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Problem {
    /// Where, as a JSON path without the root: `pools[1].machine.vcpu`; empty for the whole document.
    pub path: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl Problem {
    /// Makes a problem.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() { f.write_str(&self.message) } else { write!(f, "{}: {}", self.path, self.message) }
    }
}

/// All problems in one line, separated by semicolons, with their number in front when there are several.
#[must_use]
pub fn list_problems(problems: &[Problem]) -> String {
    let all = problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    if problems.len() > 1 { format!("{} problems: {all}", problems.len()) } else { all }
}

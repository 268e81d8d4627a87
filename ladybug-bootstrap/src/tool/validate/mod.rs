//! The rules of this tool.

mod cni;
mod options;
mod spec;

use ladybug_core::spec::{ClusterSpec, Problem};

use super::Options;

/// Every rule that the spec and the options break: pools first, options last.
pub(super) fn problems(options: &Options, spec: &ClusterSpec) -> Vec<Problem> {
    let mut found = spec::problems(spec);
    found.extend(cni::problems(options, spec));
    found.extend(options::problems(options, spec));
    found
}

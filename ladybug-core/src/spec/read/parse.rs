//! The way from text to a spec.

use serde_json::Value;

use super::{walk, yaml};
use crate::{
    error::{Error, Result},
    spec::{ClusterSpec, Problem, schema::schema},
};

impl ClusterSpec {
    /// Reads a spec from YAML or JSON and checks it.
    ///
    /// ```
    /// use ladybug_core::spec::ClusterSpec;
    ///
    /// let spec = ClusterSpec::parse(
    ///     "
    ///     name: demo
    ///     kubernetes: 1.36.4
    ///     operators: [203.0.113.7/32]
    ///     pools:
    ///       - {name: cp, role: control_plane, provider: aws, region: ap-northeast-2}
    ///       - {name: w, role: worker, provider: gcp, region: asia-northeast3, count: 2}
    ///     ",
    /// )?;
    /// assert_eq!(spec.pools[1].count, 2);
    ///
    /// let error = ClusterSpec::parse("{name: Demo, kubernetes: 1.36.4, pool: []}").unwrap_err();
    /// let paths: Vec<_> = error.problems().iter().map(|problem| problem.path.as_str()).collect();
    /// assert_eq!(paths, ["name", "pool", "pools"]);
    /// # Ok::<(), ladybug_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidSpec` with all [problems](Error::problems), each with its path: one with line and column if the text
    /// is not YAML; else all fields of a wrong name, type or spelling; and once there are none, all broken rules of
    /// [`ClusterSpec::problems`].
    pub fn parse(text: &str) -> Result<Self> {
        read(text).map_err(|problems| Error::invalid_spec("read the cluster spec", problems))
    }

    /// The spec as YAML that [`ClusterSpec::parse`] reads back to an equal one, if it keeps the rules.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        serde_saphyr::to_string(self).expect("a spec holds only what YAML can say")
    }
}

fn read(text: &str) -> Result<ClusterSpec, Vec<Problem>> {
    let spec = shaped(yaml::read(text).map_err(|problem| vec![problem])?)?;
    let problems = spec.problems();
    if problems.is_empty() { Ok(spec) } else { Err(problems) }
}

fn shaped(value: Value) -> Result<ClusterSpec, Vec<Problem>> {
    let problems = walk::problems(schema(), &value);
    if !problems.is_empty() {
        return Err(problems);
    }
    serde_json::from_value(value).map_err(|error| vec![Problem::new("", error.to_string())])
}

//! Plans for people.

use std::{collections::BTreeMap, fmt::Display};

use super::{Ailment, Estimate, Goal, Plan, PlannedNode, Quorum, Step};
use crate::{
    cloud::ResourceKind,
    id::{NodeName, ResourceKey, StepKey},
};

/// How many lines a list in a summary may have.
const LINES: usize = 10;

/// How many names a line may have.
const NAMES: usize = 4;

impl Plan {
    /// What will be done, what it costs, how long it takes and what it disturbs; no list in it has more than about ten lines,
    /// however many nodes there are.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut lines = vec![self.headline()];
        if !self.is_empty() {
            lines.push(self.money());
            lines.push(format!("time: {}", time(&self.forecast.duration)));
        }
        lines.extend(list("broken", self.broken()));
        lines.extend(list("did not answer", self.survey.silent.clone()));
        lines.extend(list("nodes", machines(&self.nodes)));
        lines.extend(self.moves());
        lines.extend(list("steps", work(&self.steps)));
        lines.extend(list("deletes", deletions(&self.forecast.destroys)));
        lines.extend(list("disturbs", self.forecast.disruptions.clone()));
        lines.extend(list("etcd", self.forecast.quorum.iter().map(majority).collect()));
        lines.push(String::new());
        lines.join("\n")
    }

    /// The graph of steps as a Mermaid flowchart.
    #[must_use]
    pub fn to_mermaid(&self) -> String {
        let mut lines = vec!["flowchart LR".to_owned()];
        for (number, step) in self.steps.iter().enumerate() {
            lines.push(format!("  s{number}[\"{}\"]", step.key));
            lines.extend(step.after.iter().map(|before| format!("  s{before} --> s{number}")));
        }
        lines.push(String::new());
        lines.join("\n")
    }

    fn headline(&self) -> String {
        let what = format!("{} cluster {}", self.goal, self.spec.name);
        if self.is_empty() {
            return format!("{what}: nothing to do");
        }
        let sites: std::collections::BTreeSet<_> = self.nodes.iter().map(|node| &node.site).collect();
        let new = if self.nodes.is_empty() {
            String::new()
        } else {
            format!("{} in {}, ", count(self.nodes.len(), "new node"), count(sites.len(), "site"))
        };
        format!("{what}: {new}{}", count(self.steps.len(), "step"))
    }

    fn money(&self) -> String {
        let (before, after) = (self.forecast.cost_before, self.forecast.cost_after);
        match self.forecast.unpriced.len() {
            0 => format!("cost: {before} -> {after}"),
            unknown => format!("cost: {before} -> {after} and {} of unknown price", count(unknown, "node")),
        }
    }

    /// The broken nodes that stay.
    fn broken(&self) -> Vec<String> {
        let leaving: &[NodeName] = match &self.goal {
            Goal::Scale { remove, .. } => remove,
            Goal::Create | Goal::Drain { .. } | Goal::Undrain { .. } | Goal::Delete => &[],
        };
        let stays = |(name, _): &(&NodeName, &Ailment)| !leaving.contains(name);
        let line = |(name, ailment): (&NodeName, &Ailment)| format!("{name}: {ailment}; replace it");
        self.survey.broken.iter().filter(stays).map(line).collect()
    }

    fn moves(&self) -> Vec<String> {
        let Goal::Scale { remove, promote } = &self.goal else { return Vec::new() };
        let line = |what: &str, names: &[NodeName]| (!names.is_empty()).then(|| format!("{what}: {}", some(names)));
        line("takes out", remove).into_iter().chain(line("new gateways", promote)).collect()
    }
}

/// Nodes alike in one line each.
fn machines(nodes: &[PlannedNode]) -> Vec<String> {
    let mut groups: BTreeMap<(usize, String), Vec<&NodeName>> = BTreeMap::new();
    let mut pools = Vec::new();
    for node in nodes {
        let pool = pools.iter().position(|pool| *pool == &node.pool).unwrap_or_else(|| {
            pools.push(&node.pool);
            pools.len() - 1
        });
        groups.entry((pool, machine(node))).or_default().push(&node.name);
    }
    groups.into_iter().map(|((_, machine), names)| format!("{} x {machine}: {}", names.len(), some(names))).collect()
}

/// What kind of machine, where, for how much.
fn machine(node: &PlannedNode) -> String {
    let Some(offer) = node.choice.offers.first() else { return node.site.to_string() };
    let zone = offer.zone.as_ref().map(|zone| format!("/{zone}")).unwrap_or_default();
    let price = offer.price.map_or_else(|| "price unknown".to_owned(), |price| price.to_string());
    format!("{} in {}{zone}, {price}", offer.machine_type, node.site)
}

/// How many steps of each sort, in the order in which the sorts first appear.
fn work(steps: &[Step]) -> Vec<String> {
    let mut sorts: Vec<(&str, usize)> = Vec::new();
    for step in steps {
        let sort = step.key.as_str().split('/').next().unwrap_or_default();
        match sorts.iter_mut().find(|(known, _)| *known == sort) {
            Some((_, count)) => *count += 1,
            None => sorts.push((sort, 1)),
        }
    }
    let told: Vec<String> = sorts.iter().map(|(sort, count)| format!("{count} {sort}")).collect();
    told.chunks(2 * NAMES).map(|line| line.join(", ")).collect()
}

fn deletions(destroys: &[(ResourceKind, ResourceKey)]) -> Vec<String> {
    let mut kinds: BTreeMap<ResourceKind, Vec<&ResourceKey>> = BTreeMap::new();
    destroys.iter().for_each(|(kind, key)| kinds.entry(*kind).or_default().push(key));
    kinds.into_iter().map(|(kind, keys)| format!("{}: {}", count(keys.len(), &kind.to_string()), some(keys))).collect()
}

fn majority((step, quorum): &(StepKey, Quorum)) -> String {
    let Quorum { members, needed, tolerated } = quorum;
    format!(
        "{}, {needed} needed, {tolerated} may fail, after {step}",
        count(usize::try_from(*members).unwrap_or_default(), "member")
    )
}

fn time(estimate: &Estimate) -> String {
    format!("about {}, 95 of 100 times under {}", span(estimate.p50_ms), span(estimate.p95_ms))
}

fn span(ms: u64) -> String {
    let seconds = ms.div_ceil(1_000);
    if seconds < 120 { format!("{seconds} s") } else { format!("{} min", seconds.div_ceil(60)) }
}

fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// The first names, and how many more there are.
fn some<T: Display>(names: impl IntoIterator<Item = T>) -> String {
    let all: Vec<String> = names.into_iter().map(|name| name.to_string()).collect();
    let shown = all.iter().take(NAMES).cloned().collect::<Vec<_>>().join(", ");
    let hidden = all.len().saturating_sub(NAMES);
    if hidden == 0 { shown } else { format!("{shown} and {hidden} more") }
}

/// A title and the first lines, indented, and how many more there are.
fn list(title: &str, lines: Vec<String>) -> Vec<String> {
    if lines.is_empty() {
        return Vec::new();
    }
    let hidden = lines.len().saturating_sub(LINES);
    let more = (hidden > 0).then(|| format!("  and {hidden} more"));
    let shown = lines.into_iter().take(LINES).map(|line| format!("  {line}"));
    std::iter::once(format!("{title}:")).chain(shown).chain(more).collect()
}

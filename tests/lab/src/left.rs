//! What is left of the lab on this computer.

use std::{fmt, fs, path::Path};

use ladybug::{Error, ErrorKind, Result};

use crate::{lab::SPACE, shell};

/// What there is of the lab on this computer, read from the kernel and the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Left {
    /// Containers with live processes.
    pub containers: usize,
    /// Control groups.
    pub control_groups: usize,
    /// Mounted root file systems.
    pub mounts: usize,
    /// Bridges of clouds.
    pub bridges: usize,
    /// Network interfaces of machines.
    pub interfaces: usize,
    /// Chains of firewalls, and entries of addresses.
    pub rules: usize,
    /// Network interfaces that lead to the Internet between the clouds.
    pub uplinks: usize,
    /// Network namespaces.
    pub namespaces: usize,
    /// Tags.
    pub tags: usize,
    /// Files with the credentials of a cluster's administrator.
    pub kubeconfigs: usize,
}

impl Left {
    /// Everything, the Internet between the clouds included.
    #[must_use]
    pub const fn total(&self) -> usize {
        self.of_clouds() + self.uplinks + self.namespaces
    }

    /// What belongs to clouds: everything but the Internet between them.
    #[must_use]
    pub const fn of_clouds(&self) -> usize {
        self.containers
            + self.control_groups
            + self.mounts
            + self.bridges
            + self.interfaces
            + self.rules
            + self.tags
            + self.kubeconfigs
    }
}

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            containers,
            control_groups,
            mounts,
            bridges,
            interfaces,
            rules,
            uplinks,
            namespaces,
            tags,
            kubeconfigs,
        } = self;
        write!(
            f,
            "{containers} containers, {control_groups} control groups, {mounts} mounts, {bridges} bridges, \
             {interfaces} interfaces, {rules} rules, {uplinks} uplinks, {namespaces} namespaces, \
             {tags} tags, {kubeconfigs} kubeconfigs"
        )
    }
}

/// Prints one `name count` a line.
const COUNT: &str = r#"
space=$1 state=$2
groups() { find /sys/fs/cgroup -maxdepth 2 -name 'ladybug-lab-*' -type d; }
inside() { if [[ -e /run/netns/$space ]]; then nsenter --net="/run/netns/$space" "$@"; fi; }
echo containers "$(groups | xargs -r -n1 -I{} sh -c 'find {} -name cgroup.procs -exec cat {{}} + | grep -q . && basename {}' | sort -u | grep -c .)"
echo control_groups "$(groups | grep -c .)"
echo mounts "$(grep -c " $state/" /proc/self/mountinfo)"
echo bridges "$(inside ip -o link show type bridge | grep -c ': lbbr-')"
echo interfaces "$(inside ip -o link show | grep -c ': vb-')"
echo uplinks "$( (inside ip -o link show; ip -o link show) | grep -c ': lblab')"
table=$(inside nft list table ip ladybug_lab 2>/dev/null)
echo rules "$( (grep -oE 'chain fw_[0-9a-f]+' <<<"$table"; grep -oE '[0-9.]+ : (jump |[0-9])' <<<"$table") | grep -c .)"
echo namespaces "$(ip netns list | grep -cw "$space")"
echo tags "$(find "$state" -mindepth 2 -maxdepth 2 -name tag.json 2>/dev/null | grep -c .)"
echo kubeconfigs "$(find "$state" -maxdepth 1 -name 'kubeconfig-*' 2>/dev/null | grep -c .)"
"#;

/// Counts everything.
pub(crate) async fn count(state: &Path) -> Result<Left> {
    let state = fs::canonicalize(state).unwrap_or_else(|_| state.to_owned());
    let printed = shell::bash("count what is left of the lab", COUNT, [SPACE.as_ref(), state.as_os_str()], b"").await?;
    let count = |name: &str| {
        let found = printed.lines().filter_map(|line| line.split_once(' ')).find(|(found, _)| *found == name);
        found.and_then(|(_, count)| count.parse().ok()).ok_or_else(|| {
            Error::new(ErrorKind::Unexpected, "count what is left of the lab")
                .with_message(format!("{name} is not among what was counted"))
        })
    };
    Ok(Left {
        containers: count("containers")?,
        control_groups: count("control_groups")?,
        mounts: count("mounts")?,
        bridges: count("bridges")?,
        interfaces: count("interfaces")?,
        rules: count("rules")?,
        uplinks: count("uplinks")?,
        namespaces: count("namespaces")?,
        tags: count("tags")?,
        kubeconfigs: count("kubeconfigs")?,
    })
}

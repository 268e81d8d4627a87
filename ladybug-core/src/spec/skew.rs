//! Which versions may follow or meet which. Source: kubernetes.io/releases/version-skew-policy and kubeadm's upgrade.

use super::KubernetesVersion;

impl KubernetesVersion {
    /// The oldest and the newest minor that clusters can be made of: those whose exact component versions are known
    /// (kubernetes.io/releases and endoflife.date/kubernetes of 2026-08-21).
    pub(super) const SUPPORTED_MINORS: std::ops::RangeInclusive<u16> = 18..=36;

    /// Why a control plane of this version cannot be upgraded to `to` in one go; `None` if it can, or is there already.
    ///
    /// kubeadm upgrades to a patch of the same minor or of the next one, and never back.
    #[must_use]
    pub fn upgrade_problem(self, to: Self) -> Option<String> {
        if to < self {
            Some(format!("{to} is older than {self}: kubeadm cannot downgrade"))
        } else if to.minor() > self.minor().saturating_add(1) {
            let next = self.minor().saturating_add(1);
            Some(format!("{to} skips a minor version after {self}: go to 1.{next} first"))
        } else {
            None
        }
    }

    /// Why a kubelet of this version cannot work with an API server of version `api`; `None` if it can.
    ///
    /// A kubelet is never of a newer minor, and at most three minors older; two if it is older than 1.25.
    #[must_use]
    pub fn kubelet_problem(self, api: Self) -> Option<String> {
        let most = if self.minor() < 25 { 2 } else { 3 };
        if self.minor() > api.minor() {
            Some(format!("kubelet {self} is newer than API server {api}: upgrade the control plane first"))
        } else if api.minor() - self.minor() > most {
            Some(format!("kubelet {self} is more than {most} minor versions older than API server {api}"))
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Row = (&'static str, &'static str, Option<&'static str>);

    fn check(rows: &[Row], problem: fn(KubernetesVersion, KubernetesVersion) -> Option<String>) {
        for (from, to, wanted) in rows {
            let found = problem(from.parse().unwrap(), to.parse().unwrap());
            let right = match (&found, wanted) {
                (Some(text), Some(part)) => text.contains(part),
                (found, wanted) => found.is_none() && wanted.is_none(),
            };
            assert!(right, "{from} and {to}: {found:?}, not {wanted:?}");
        }
    }

    #[test]
    fn an_upgrade_takes_one_minor_at_a_time_and_never_goes_back() {
        let rows: [Row; 8] = [
            ("1.35.8", "1.35.8", None),
            ("1.35.0", "1.35.8", None),
            ("1.35.8", "1.36.0", None),
            ("1.35.8", "1.36.4", None),
            ("1.34.11", "1.36.4", Some("go to 1.35 first")),
            ("1.18.20", "1.36.4", Some("go to 1.19 first")),
            ("1.36.4", "1.36.3", Some("cannot downgrade")),
            ("1.36.0", "1.35.8", Some("cannot downgrade")),
        ];
        check(&rows, KubernetesVersion::upgrade_problem);
    }

    #[test]
    fn the_largest_minor_does_not_overflow() {
        let last = KubernetesVersion::new(u16::MAX, 0);
        assert_eq!(last.upgrade_problem(last), None);
        assert!(KubernetesVersion::new(0, 0).upgrade_problem(last).is_some());
    }

    #[test]
    fn a_kubelet_is_never_newer_and_at_most_three_minors_older() {
        let rows: [Row; 9] = [
            ("1.36.4", "1.36.0", None),
            ("1.33.0", "1.36.4", None),
            ("1.32.13", "1.36.4", Some("more than 3")),
            ("1.36.0", "1.35.8", Some("newer than API server")),
            ("1.25.16", "1.28.15", None),
            ("1.24.17", "1.27.16", Some("more than 2")),
            ("1.24.17", "1.26.15", None),
            ("1.22.17", "1.24.17", None),
            ("1.24.0", "1.23.17", Some("upgrade the control plane first")),
        ];
        check(&rows, KubernetesVersion::kubelet_problem);
    }
}

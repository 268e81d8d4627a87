use proptest::prelude::*;

use super::{
    choices,
    play::Player,
    random::{recounted, specs},
};
use crate::{
    lifecycle::ClusterPhase,
    plan::{Goal, Survey, plan_scale},
};

proptest! {
    #![proptest_config(super::cases(64))]
    #[test]
    fn a_create_that_is_undone_anywhere_leaves_nothing(spec in specs(), steps in 0..200_usize, seed in any::<u64>()) {
        let mut player = Player::new(&spec, seed);
        let plan = super::created(&spec);
        player.begin(&plan);
        player.step_by(&plan, steps);
        player.unwind(&plan);
        prop_assert_eq!(player.state.phase, ClusterPhase::Deleted);
    }

    #[test]
    fn a_growth_that_is_undone_anywhere_leaves_the_cluster_as_it_was(
        spec in specs(),
        counts in prop::collection::vec(0..4_u32, 6),
        steps in 0..150_usize,
        seed in any::<u64>(),
    ) {
        let mut player = Player::new(&spec, seed);
        player.play(&super::created(&spec));
        let mut wanted = recounted(&spec, &counts);
        wanted.pools.iter_mut().zip(&spec.pools).for_each(|(new, old)| new.count = new.count.max(old.count));
        let plan = plan_scale(&player.state, &wanted, &[], &choices(&wanted), &Survey::default()).unwrap();
        if plan.is_empty() {
            return Ok(());
        }
        prop_assert_eq!(&plan.goal, &Goal::Scale { remove: vec![], promote: vec![] });
        let before = player.clone();
        player.begin(&plan);
        player.step_by(&plan, steps);
        player.unwind(&plan);
        prop_assert_eq!(&player.state.nodes, &before.state.nodes);
        prop_assert_eq!(&player.state.resources, &before.state.resources);
        prop_assert_eq!(&player.world.members, &before.world.members);
        prop_assert_eq!(&player.world.firewalls, &before.world.firewalls);
        prop_assert_eq!(&player.world.targets, &before.world.targets);
        prop_assert!(!player.world.invited);
    }
}

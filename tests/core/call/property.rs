//! Random scenarios: every step is one that a naive model of the rules allows, and nothing is left behind.

use crate::simulation::World;
use crate::simulation::scenario::Scenario;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_scenario_ends_as_the_rules_say(bytes in prop::collection::vec(any::<u8>(), 0..90)) {
        World::run(&Scenario::from_bytes(&bytes));
    }

    #[test]
    fn every_scenario_with_a_route_ends_once(bytes in prop::collection::vec(any::<u8>(), 0..90), route in 0..7usize) {
        World::run(&Scenario::from_bytes(&bytes).routed(route));
    }
}

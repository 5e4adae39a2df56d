//! Random sequences of events on any calls of a client: a naive model allows every step, and nothing is left behind.

use crate::simulation::World;
use crate::simulation::scenario::Scenario;

/// The bytes are the choices of a scenario.
pub fn hold(data: &[u8]) {
    World::run(&Scenario::from_bytes(data));
}

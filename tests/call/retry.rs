//! What is tried again, after how long, and with what.

use crate::simulation::World;
use crate::simulation::scenario::{Plan, Scenario};

#[test]
fn a_status_is_tried_again_or_not() {
    for (status, story) in [
        (500, "send hf_a, pause 251, send hf_a, answer"),
        (400, "send hf_a, BadRequestError"),
    ] {
        let world = World::run(&Scenario::with("").call(Plan::chat().met_by([status])));
        assert_eq!(world.flights[0].story.join(", "), story, "{status}");
    }
}

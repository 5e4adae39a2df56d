//! The rules for calls with a route, whose candidates the naive model doesn't follow: every request takes its steps one after the
//! other, attempts are bounded and counted, a cancel is the end, and nothing follows the last step.

use hfetch::call::{Call, Step};
use hfetch::policy::ledger::{Outcome, Settlement};
use hfetch::unit::Millis;

use super::super::heard::Heard;
use super::{Judge, Moment, Phase};

impl Judge {
    pub(super) fn witness(&mut self, m: &Moment<'_>, heard: &Heard, step: &Step) {
        self.read(m.now);
        let request = self.requests.entry((m.number, m.index)).or_default();
        if matches!(request.phase, Phase::Over) {
            assert!(
                matches!(step, Step::Nothing),
                "a step after the last: {step:?}"
            );
            return;
        }
        if matches!(heard, Heard::Cancelled(_)) {
            assert!(matches!(step, Step::Fail(_)), "{step:?}");
        }
        match step {
            Step::Send { index, key } => {
                assert_eq!(*index, m.index);
                assert_eq!(key.is_some(), self.shared.has_key());
                request.attempts += 1;
                let most = m.call.options.retry.attempts(8) + u32::from(m.call.stream);
                assert!(request.attempts <= most, "{} tries", request.attempts);
                self.sums.entry(m.number).or_default().sends += 1;
            }
            Step::Deliver | Step::Fail(_) => request.phase = Phase::Over,
            Step::Sleep { ms, .. } => assert!(ms.is_finite() && *ms > Millis(0.0)),
            _ => {}
        }
        if let Step::Fail(failure) = step {
            assert!(!format!("{failure:?}").contains("hf_"), "{failure:?}");
        }
    }

    pub(super) fn witness_end(
        &mut self,
        call: &Call,
        number: usize,
        settlement: Option<&Settlement>,
        outcome: Outcome,
    ) {
        for index in 0..=call.requests.len() {
            self.requests.entry((number, index)).or_default().phase = Phase::Over;
        }
        let Some(settlement) = settlement else { return };
        self.settled += 1;
        let sends = self.sums.remove(&number).unwrap_or_default().sends;
        assert_eq!(settlement.outcome, outcome);
        assert_eq!(settlement.attempts, sends);
        assert_eq!(settlement.key.is_empty(), sends == 0);
        assert!(settlement.tried.len() <= sends as usize);
        for tried in &settlement.tried {
            assert!(tried.model.starts_with("org/"), "{tried:?}");
            assert!(tried.error.ends_with("Error"), "{tried:?}");
        }
    }
}

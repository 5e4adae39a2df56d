//! The amounts that must be booked, and the content that the settlement must have.

use hfetch::call::Call;
use hfetch::policy::clock::Now;
use hfetch::policy::ledger::{Outcome, Settlement, Source};
use hfetch::unit::Usd;

use super::super::rules;
use super::super::scenario::Reported;
use super::{Judge, Moment, Phase, Request};

impl Judge {
    /// A request was sent and never answered: its prompt counts and, with limits and budgets, the longest possible whole answer.
    pub(super) fn sent_in_vain(&mut self, m: &Moment<'_>, request: &mut Request) {
        self.vain(m.call, m.number, m.index, request);
    }

    fn vain(&mut self, call: &Call, number: usize, index: usize, request: &mut Request) {
        let prompt = call.requests[index].ask.prompt_tokens;
        request.unseen = (!call.stream).then_some(index);
        self.count(call, number, request, (prompt, 0), true);
    }

    pub(super) fn count(
        &mut self,
        call: &Call,
        number: usize,
        request: &mut Request,
        used: (u64, u64),
        estimated: bool,
    ) {
        let (prompt, completion) = used;
        self.book(call, request, prompt, completion);
        let sum = self.sums.entry(number).or_default();
        sum.prompt += prompt;
        sum.completion += completion;
        sum.estimated |= estimated;
        sum.reported |= !estimated;
    }

    pub(super) fn book(
        &mut self,
        call: &Call,
        request: &mut Request,
        prompt: u64,
        completion: u64,
    ) {
        let tokens = prompt + completion;
        if let (Some(name), Some(store)) = (request.reservation.take(), &mut self.store) {
            let usd = rules::usd(
                &self.shared,
                call,
                call.provider().as_deref(),
                prompt as f64,
                completion as f64,
            );
            let unseen = request
                .unseen
                .map(|index| rules::unseen(&self.shared, call, index));
            let (least, most) = unseen.unwrap_or_default();
            store.settle(&name, tokens.max(least), Usd(usd.max(most)), self.now);
        }
        self.pool.settled(request.key, tokens, self.now);
        request.open = false;
    }

    /// The driver has said what an answer used.
    pub fn account(&mut self, call: &Call, number: usize, index: usize, usage: Reported, now: Now) {
        // A driver that never says anything reads no clock for it.
        if usage != Reported::Never {
            self.read(now);
        }
        let used = match usage {
            Reported::ByServer(prompt, completion) => (prompt, completion),
            Reported::Delivered(completion) => (call.requests[index].ask.prompt_tokens, completion),
            Reported::Never => return,
        };
        if self.has_routes {
            return;
        }
        let mut request = self.requests.remove(&(number, index)).unwrap_or_default();
        if request.open {
            let estimated = matches!(usage, Reported::Delivered(_));
            self.count(call, number, &mut request, used, estimated);
        }
        self.requests.insert((number, index), request);
    }

    /// A call has been closed: a request that wasn't booked used its prompt, and the settlement is the sum.
    pub fn close(
        &mut self,
        call: &Call,
        number: usize,
        settlement: Option<&Settlement>,
        outcome: Outcome,
        now: Now,
    ) {
        self.read(now);
        if self.has_routes {
            return self.witness_end(call, number, settlement, outcome);
        }
        for index in 0..call.requests.len() {
            self.release(number, index);
            let mut request = self.requests.remove(&(number, index)).unwrap_or_default();
            if request.open {
                self.vain(call, number, index, &mut request);
            }
            self.leave(&mut request);
            request.phase = Phase::Over;
            self.requests.insert((number, index), request);
        }
        self.close_whole(call, number);
        let Some(settlement) = settlement else { return };
        self.settled += 1;
        let sum = self.sums.remove(&number).unwrap_or_default();
        let usage = &settlement.usage;
        assert_eq!(settlement.outcome, outcome);
        assert_eq!(settlement.attempts, sum.sends);
        assert_eq!(
            settlement.key,
            sum.key
                .map(|key| self.shared.label(key))
                .unwrap_or_default()
        );
        assert_eq!(usage.prompt_tokens, sum.prompt as f64);
        assert_eq!(usage.completion_tokens, sum.completion as f64);
        assert_eq!(
            usage.source == Source::Reported,
            sum.reported && !sum.estimated
        );
        let rates = self
            .shared
            .rates(&call.model, settlement.provider.as_deref());
        let usd = rates
            .map(|(rates, _)| rules::price(rates, usage.prompt_tokens, usage.completion_tokens));
        let off = settlement.cost.usd.unwrap_or_default().0 - usd.unwrap_or(0.0);
        assert!(off.abs() < 1e-9, "{settlement:?}");
    }
}

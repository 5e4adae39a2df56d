//! Calls of several requests that may not wait: either all requests are let through or none.

use hfetch::call::{Call, Step};
use hfetch::policy::limit_store::Refusal;
use hfetch::unit::Usd;

use super::super::rules;
use super::{Judge, Moment, Phase, Request};

impl Judge {
    /// The parts that count the call come first, then each request.
    pub(super) fn whole(&mut self, m: &Moment<'_>, request: &mut Request, step: &Step) {
        assert!(rules::is_split(&self.shared, m.call));
        let parts = rules::call_parts(&self.shared, m.call, 0..m.call.requests.len(), m.own);
        request.lets_through = Some(0);
        if parts.is_empty() {
            return self.each(m, request, step);
        }
        let Some(store) = &mut self.store else {
            assert!(
                matches!(step, Step::Reserve { parts: asked } if *asked == parts),
                "{step:?}"
            );
            request.phase = Phase::ReservingWhole;
            return;
        };
        let answer = store.reserve(&parts, m.now);
        if let Ok(name) = &answer {
            self.wholes.insert(m.number, name.clone());
        }
        self.reserved_whole(m, request, &answer, step);
    }

    pub(super) fn reserved_whole(
        &mut self,
        m: &Moment<'_>,
        request: &mut Request,
        answer: &Result<String, Refusal>,
        step: &Step,
    ) {
        match answer {
            Ok(_) => self.each(m, request, step),
            Err(refusal) => self.give_up(request, step, refusal.limit.reason.name()),
        }
    }

    fn each(&mut self, m: &Moment<'_>, request: &mut Request, step: &Step) {
        let is_over = request.lets_through == Some(m.call.requests.len());
        if is_over || !rules::counts_requests(&self.shared) {
            assert!(matches!(step, Step::Deliver), "{step:?}");
            return request.phase = Phase::Over;
        }
        self.wait(m, request, step);
    }

    /// The limits said yes to a request.
    pub(super) fn admitted(
        &mut self,
        m: &Moment<'_>,
        request: &mut Request,
        key: usize,
        reservation: Option<String>,
        step: &Step,
    ) {
        if let Some(index) = request.lets_through {
            let admitted = self.requests.entry((m.number, index)).or_default();
            admitted.let_through = Some((key, reservation));
            request.lets_through = Some(index + 1);
            return self.each(m, request, step);
        }
        (request.key, request.reservation) = (key, reservation);
        self.sent(m, request, step);
    }

    /// Whether the store was asked for the call, and nothing else counts its requests.
    pub(super) fn is_counted_already(&self, m: &Moment<'_>) -> bool {
        let is_counted = !m.own.is_empty() && !rules::counts_requests(&self.shared);
        is_counted && rules::is_split(&self.shared, m.call)
    }

    /// A request was let through and never sent.
    pub(super) fn release(&mut self, number: usize, index: usize) {
        let request = self.requests.entry((number, index)).or_default();
        if let (Some((_, Some(name))), Some(store)) = (request.let_through.take(), &mut self.store)
        {
            store.release(&name);
        }
    }

    /// The reservation of the call as a whole ends with the sum of what its requests used.
    pub(super) fn close_whole(&mut self, call: &Call, number: usize) {
        if let Some(whole) = self.requests.get_mut(&(number, call.requests.len())) {
            whole.phase = Phase::Over;
        }
        let (Some(name), Some(store)) = (self.wholes.remove(&number), &mut self.store) else {
            return;
        };
        let Some(sum) = self.sums.get(&number).filter(|sum| sum.sends > 0) else {
            return store.release(&name);
        };
        let (prompt, completion) = (sum.prompt, sum.completion);
        let provider = call.provider();
        let used = (prompt as f64, completion as f64);
        let usd = rules::usd(&self.shared, call, provider.as_deref(), used.0, used.1);
        store.settle(&name, prompt + completion, Usd(usd), self.now);
    }
}

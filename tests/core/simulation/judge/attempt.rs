//! The steps that must follow a response, an error or silence.

use hfetch::call::{Lost, Step};
use hfetch::unit::Millis;

use super::super::driver::RUNTIME_LIMIT;
use super::super::rules;
use super::super::scenario::Reply;
use super::{Judge, Moment, Phase, Request};

impl Judge {
    pub(super) fn answered(
        &mut self,
        m: &Moment<'_>,
        request: &mut Request,
        reply: &Reply,
        step: &Step,
    ) {
        if !(200..300).contains(&reply.status()) {
            assert!(matches!(step, Step::ReadError { .. }), "{step:?}");
            request.phase = Phase::Reading(reply.clone());
            return;
        }
        assert!(matches!(step, Step::Deliver), "{step:?}");
        self.block(m, request.key, reply);
        // A server that answers only without stream options never gets them again.
        self.options_refused |= m.call.stream && request.is_bare;
        let refused = self.shared.stream_options_refused.get();
        assert_eq!(refused, self.options_refused);
    }

    /// A pause applies to the key for the model; to the key alone if its window is spent, unless the model's pause is longer.
    /// A pause for the catalogue blocks nothing.
    pub(super) fn block(&mut self, m: &Moment<'_>, key: usize, reply: &Reply) {
        let of_key = rules::rest_of_key(reply);
        let of_model = rules::rest(reply).filter(|rest| of_key.is_none_or(|of_key| of_key < *rest));
        let scopes = [
            (self.shared.scope(key), of_key),
            (rules::pause_scope(&self.shared, m.call, key), of_model),
        ];
        for (scope, rest) in scopes {
            if let (Some(rest), Some(store), true) = (rest, &mut self.store, m.call.kind.is_some())
            {
                store.expire(m.now);
                store.block(&scope, m.now.wall + Millis(rest));
            }
        }
    }

    /// A lost connection is tried again. After a time limit, whoever set it, the model may be working, so it isn't.
    pub(super) fn lost(
        &mut self,
        m: &Moment<'_>,
        request: &mut Request,
        lost: Lost<'_>,
        step: &Step,
    ) {
        if lost == Lost::TimedOut || lost == Lost::Connection(RUNTIME_LIMIT) {
            self.sent_in_vain(m, request);
            return self.fail(request, step, "APIConnectionTimeoutError");
        }
        self.book(m.call, request, 0, 0);
        let pause = rules::pause(None, "", request.attempts, m.random, &m.call.options.retry);
        self.pause_or_fail(request, step, pause, "APIConnectionError");
    }

    pub(super) fn error(
        &mut self,
        m: &Moment<'_>,
        request: &mut Request,
        reply: &Reply,
        body: &'static str,
        step: &Step,
    ) {
        let status = reply.status();
        let (model, policy) = (&m.call.model, &m.call.options.retry);
        let rest = rules::rest(reply);
        self.book(m.call, request, 0, 0);
        let class = rules::class_of(status, body);
        if [400, 422].contains(&status) && body.contains("stream_options") && !request.is_bare {
            request.is_bare = true;
            request.has_twice = true;
            request.tried.pop();
            request.failed = Some(class);
            return self.next_attempt(m, request, step);
        }
        if m.call.kind.is_some() {
            self.pool
                .failed(request.key, model, status, rest.map(Millis), m.now);
        }
        self.block(m, request.key, reply);
        let last = request.attempts >= policy.max_attempts;
        if !last && status == 401 && self.shared.config.key_from_function {
            request.failed = Some(class);
            request.refused_key = request.given_key.take();
            return self.next_attempt(m, request, step);
        }
        let another = !last && self.pool.has_another(model, &request.tried, m.now);
        if another && [401, 402, 403, 429].contains(&status) {
            request.failed = Some(class);
            return self.next_attempt(m, request, step);
        }
        let pause = rules::pause(Some(reply), body, request.attempts, m.random, policy);
        self.pause_or_fail(request, step, pause, class);
    }

    pub(super) fn pause_or_fail(
        &mut self,
        request: &mut Request,
        step: &Step,
        pause: Option<f64>,
        class: &'static str,
    ) {
        let Some(pause) = pause else {
            return self.fail(request, step, class);
        };
        let Step::Sleep { ms, waiter: None } = step else {
            panic!("a pause of {pause}, not {step:?}");
        };
        assert_eq!(*ms, Millis(pause));
        request.failed = Some(class);
        request.phase = Phase::Pausing;
    }
}

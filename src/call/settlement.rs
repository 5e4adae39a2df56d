//! The end of a call: open requests are booked, and the one settlement is made.

use std::rc::Rc;

use serde::Serialize;

use super::Call;
use super::account::Progress;
use crate::policy::clock::Now;
use crate::policy::ledger::{Cached, Kind, Outcome, Reasoning, Settlement, Source, Tried, Usage};
use crate::trap::{self, Place};
use crate::unit::{Millis, SteadyTime};

/// The usage of an embeddings answer: embeddings have no completion tokens.
#[derive(Debug, Serialize)]
pub struct EmbeddingUsage {
    prompt_tokens: f64,
    total_tokens: f64,
    source: Source,
}

/// How a call ended, as its driver observed it.
#[derive(Clone, Debug)]
pub struct End {
    /// The outcome.
    pub outcome: Outcome,
    /// The model's finish reason, in the server's words.
    pub finish_reason: Option<String>,
    /// When the first token arrived, on the steady clock.
    pub first_token_at: Option<SteadyTime>,
}

impl Call {
    /// Ends the call and returns its settlement. `None` while live prices that the settlement needs are still being fetched: the
    /// driver then asks again. Also `None` for a request to the catalogue.
    ///
    /// Each step is marked before it is taken. If a trap interrupts this function, a second call continues after the
    /// interrupted step. Once the settlement exists, every further call returns the same one, and it is counted only once.
    pub fn close(&self, end: &End, now: impl Into<Now>) -> Option<Rc<Settlement>> {
        let now = self.read_clock(now);
        let ended_at = self.ended_at.get().unwrap_or(self.shared.clock());
        if self.ended_at.replace(Some(ended_at)).is_none() && self.kind.is_some() {
            let in_flight = &self.shared.in_flight;
            in_flight.set(in_flight.get().saturating_sub(1));
        }
        self.machines.get(|machines| {
            for machine in machines.iter_mut().flatten() {
                machine.close();
            }
        });
        self.leave_line();
        self.answered_in_part(end.outcome);
        self.close_open(now);
        self.close_whole(now);
        for request in &self.requests {
            request.forget_body();
        }
        let kind = self.kind?;
        // Another call may have fetched the prices before this call's driver noticed. In a Worker whose visitor has left, the
        // driver never will.
        if self.awaits_prices.replace(false) && self.shared.wants_prices() {
            return None;
        }
        trap::here(Place::Settle);
        // If a trap happens in here, `settled` is empty afterwards.
        self.settled.get(|settled| {
            if settled.is_some() {
                return settled.clone();
            }
            let settlement = Rc::new(self.settlement(kind, end, ended_at));
            *settled = Some(settlement.clone());
            self.shared.spend(|spend| spend.add(&settlement));
            Some(settlement)
        })
    }

    /// Books a request that is still open: if it was sent, its headers arrived and nothing more.
    fn close_open(&self, now: Now) {
        while let Some(open) = self.account.first_open() {
            if open.sent.get() {
                self.sent_in_vain(&open, now);
            } else {
                self.release(&open);
            }
        }
    }

    fn settlement(&self, kind: Kind, end: &End, ended_at: SteadyTime) -> Settlement {
        let tried = self.tried();
        let finish_reason = end.finish_reason.as_deref().map(|text| self.redact(text));
        let since_start = |at: SteadyTime| whole(at - self.began);
        // Nothing in here may ask for the progress again: it is out of its place, and a trap would lose it.
        self.account.progress.get(|progress| Settlement {
            outcome: end.outcome,
            finish_reason,
            kind,
            model: match &progress.candidate {
                Some(candidate) => candidate.named.clone(),
                None => self.model.clone(),
            },
            key: progress
                .key
                .map(|key| self.shared.label(key))
                .unwrap_or_default(),
            usage: usage(progress),
            cost: self.cost_of(progress),
            provider: self.provider_as(progress.candidate.as_deref(), progress),
            attempts: self.account.attempts.get(),
            tried,
            request_id: progress.request_id.clone(),
            started_at: self.started_at,
            first_token_ms: end.first_token_at.map(since_start),
            duration_ms: since_start(ended_at),
        })
    }

    /// The candidates that failed, oldest first. At servers other than the router, the catalogue says whether the part after a
    /// model's name is a provider; the catalogue may have arrived after the candidate failed.
    pub(super) fn tried(&self) -> Vec<Tried> {
        let mut tried = self.account.progress.get(|progress| progress.tried.clone());
        if !self.shared.config.base_url.is_router {
            for one in tried.iter_mut().filter(|one| one.provider.is_none()) {
                one.provider = self.shared.prices.listed_provider(&one.model);
            }
        }
        tried
    }

    /// The call's usage as an embeddings answer has it.
    pub fn embedding_usage(&self) -> EmbeddingUsage {
        let used = self.account.progress.get(|progress| usage(progress));
        EmbeddingUsage {
            prompt_tokens: used.prompt_tokens,
            total_tokens: used.total_tokens,
            source: used.source,
        }
    }
}

/// A length as callers are told it: whole milliseconds, and none where a clock went back.
pub(super) fn whole(length: Millis) -> Millis {
    Millis(length.0.round()).max(Millis::ZERO)
}

fn usage(progress: &Progress) -> Usage {
    Usage {
        prompt_tokens: progress.prompt_tokens as f64,
        completion_tokens: progress.completion_tokens as f64,
        total_tokens: progress.total_tokens as f64,
        source: match progress.reported && !progress.estimated {
            true => Source::Reported,
            false => Source::Estimated,
        },
        prompt_tokens_details: progress
            .beside
            .cached
            .map(|cached_tokens| Cached { cached_tokens }),
        completion_tokens_details: progress
            .beside
            .reasoning
            .map(|reasoning_tokens| Reasoning { reasoning_tokens }),
        doubt: progress.doubt,
    }
}

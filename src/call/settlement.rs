//! The end of a call: what is still open is accounted for, and the one settlement is made.

use serde::Serialize;

use super::Call;
use super::account::Progress;
use super::machine::Machine;
use crate::policy::clock::Now;
use crate::policy::ledger::{Cached, Kind, Outcome, Reasoning, Settlement, Source, Tried, Usage};
use crate::trap::{self, Place};
use crate::unit::{Millis, SteadyTime};

/// Usage as an embeddings answer has it: embeddings have no completion.
#[derive(Debug, Serialize)]
pub struct EmbeddingUsage {
    prompt_tokens: f64,
    total_tokens: f64,
    source: Source,
}

/// How a call ended, as its driver saw it.
#[derive(Clone, Debug)]
pub struct End {
    /// The outcome.
    pub outcome: Outcome,
    /// Why the model stopped, in the server's words.
    pub finish_reason: Option<String>,
    /// When the first token came, by the clock that only passes.
    pub first_token_at: Option<SteadyTime>,
}

impl Call {
    /// Ends the call with its settlement; none while live prices that belong into it are still on their way, after which
    /// the driver asks again, and none for a look into the catalogue.
    ///
    /// Each step is marked before it is taken, so that a call that is asked again after a trap goes on behind it. A call
    /// that is asked again after its settlement gives the same one, which has been counted.
    pub fn close(&self, end: &End, now: impl Into<Now>) -> Option<Settlement> {
        let now = self.read_clock(now);
        let ended_at = self.ended_at.get().unwrap_or(self.shared.clock());
        if self.ended_at.replace(Some(ended_at)).is_none() && self.kind.is_some() {
            let in_flight = &self.shared.in_flight;
            in_flight.set(in_flight.get().saturating_sub(1));
        }
        self.machines
            .get(|machines| machines.iter_mut().for_each(Machine::close));
        self.leave_line();
        self.answered_in_part(end.outcome);
        self.close_open(now);
        self.close_whole(now);
        for request in &self.requests {
            request.forget_body();
        }
        let kind = self.kind?;
        // The prices may have come for another call: this one's driver has not heard of it yet, and in a Worker whose visitor has
        // left it never will.
        if self.awaits_prices.replace(false) && self.shared.wants_prices() {
            return None;
        }
        trap::here(Place::Settle);
        // A trap in here forgets that there was one.
        self.settled.get(|settled| {
            if settled.is_some() {
                return settled.clone();
            }
            let settlement = self.settlement(kind, end, ended_at);
            *settled = Some(settlement.clone());
            self.shared.spend(|spend| spend.add(&settlement));
            Some(settlement)
        })
    }

    /// A request that nobody has accounted for has its headers and nothing more, if it was sent at all.
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
        let provider = self.provider();
        let progress = self.account.progress.get(|progress| progress.clone());
        let since_start = |at: SteadyTime| whole(at - self.began);
        let named = progress.candidate.as_ref().map(|of| of.named.clone());
        Settlement {
            outcome: end.outcome,
            finish_reason: end.finish_reason.as_deref().map(|text| self.redact(text)),
            kind,
            model: named.unwrap_or_else(|| self.model.clone()),
            key: progress
                .key
                .map(|key| self.shared.label(key))
                .unwrap_or_default(),
            usage: usage(&progress),
            cost: self.cost_of(&progress),
            provider,
            attempts: self.account.attempts.get(),
            tried: self.tried(),
            request_id: progress.request_id,
            started_at: self.started_at,
            first_token_ms: end.first_token_at.map(since_start),
            duration_ms: since_start(ended_at),
        }
    }

    /// The candidates that failed, oldest first. Elsewhere than at the router the catalogue says whether what stands behind a model's
    /// name is a provider, and it may have come after a candidate had failed.
    pub(super) fn tried(&self) -> Vec<Tried> {
        let mut tried = self.account.progress.get(|progress| progress.tried.clone());
        if !self.shared.config.base_url.is_router {
            for one in tried.iter_mut().filter(|one| one.provider.is_none()) {
                one.provider = self.shared.prices.listed_provider(&one.model);
            }
        }
        tried
    }

    /// Usage as an embeddings answer has it.
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

//! What a call comes to: its usage so far, and its one settlement.

use wasm_bindgen::JsValue;

use super::in_flight::{InFlight, Progress};
use super::now;
use super::plain::to_js;
use super::trap::{self, Place};
use crate::policy::ledger::{Kind, Outcome, Settlement, Source, Usage};

/// Usage of embeddings, which have no completion.
#[derive(serde::Serialize)]
pub struct EmbeddingUsage {
    prompt_tokens: f64,
    total_tokens: f64,
    source: Source,
}

impl InFlight {
    /// Ends the call: gives its settlement, or a promise of the prices that it waits for, after which to ask again.
    ///
    /// Each step is marked before it is taken: asked again after a trap, this goes on behind it.
    pub fn close(&self, outcome: Outcome, finish_reason: Option<String>) -> JsValue {
        let ended_at = self.ended_at.get().unwrap_or_else(now);
        if self.ended_at.replace(Some(ended_at)).is_none() {
            let in_flight = &self.shared.in_flight;
            in_flight.set(in_flight.get().saturating_sub(1));
        }
        self.shared.line.leave(self.number());
        self.close_exchanges();
        self.close_whole();
        for wire in &self.requests {
            wire.forget_body();
        }
        if let Some(prices) = self.prices.get(Option::take) {
            return prices.into();
        }
        trap::here(Place::Settle);
        let settlement = self.settlement(outcome, finish_reason, ended_at);
        let data = to_js(&settlement);
        self.shared.spend(|spend| spend.add(&settlement));
        data
    }

    /// Whoever left an exchange open has its headers and nothing more, if it was sent at all.
    fn close_exchanges(&self) {
        while let Some(open) = self.first_open() {
            if open.sent.get() {
                self.sent_in_vain(&open);
            } else {
                self.release(&open);
            }
        }
    }

    fn settlement(
        &self,
        outcome: Outcome,
        finish_reason: Option<String>,
        ended_at: f64,
    ) -> Settlement {
        let provider = self.provider();
        self.progress.get(|progress| Settlement {
            outcome,
            finish_reason: finish_reason.map(|reason| self.redact(&reason)),
            kind: self.kind.unwrap_or(Kind::Chat),
            model: self.model.clone(),
            key: progress
                .key
                .map(|key| self.shared.label(key))
                .unwrap_or_default(),
            usage: usage(progress),
            cost: self.cost(
                provider.as_deref(),
                progress.prompt_tokens,
                progress.completion_tokens,
            ),
            provider,
            attempts: self.attempts.get(),
            request_id: progress.request_id.clone(),
            started_at: self.started_at,
            first_token_ms: progress
                .first_token_at
                .map(|at| (at - self.started_at).max(0.0)),
            duration_ms: (ended_at - self.started_at).max(0.0),
        })
    }

    /// Usage as an embeddings answer has it.
    pub fn embedding_usage(&self) -> EmbeddingUsage {
        let Usage {
            prompt_tokens,
            total_tokens,
            source,
            ..
        } = self.progress.get(|progress| usage(progress));
        EmbeddingUsage {
            prompt_tokens,
            total_tokens,
            source,
        }
    }
}

fn usage(progress: &Progress) -> Usage {
    Usage {
        prompt_tokens: progress.prompt_tokens as f64,
        completion_tokens: progress.completion_tokens as f64,
        total_tokens: progress.total_tokens as f64,
        source: if progress.reported && !progress.estimated {
            Source::Reported
        } else {
            Source::Estimated
        },
    }
}

//! One settlement for each request, and the sum of them.

use serde::Serialize;

use super::budget::Money;
use super::cost::Cost;
use crate::unit::{Millis, Usd, WallTime};

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Well.
    Ok,
    /// By the caller: `break`, a signal, `abort()`.
    Aborted,
    /// Without an end.
    Truncated,
    /// With an error, a refusal included.
    Error,
}

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A chat completion.
    Chat,
    /// A text completion.
    Completion,
    /// Embeddings.
    Embeddings,
    /// A response of the Responses API.
    Responses,
    /// Scores of documents.
    Rerank,
}

/// Who counted the tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The server.
    Reported,
    /// Nobody: they are estimates.
    Estimated,
}

/// What a prompt's tokens were.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Cached {
    /// From a cache.
    pub cached_tokens: f64,
}

/// What a completion's tokens were.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Reasoning {
    /// Reasoning.
    pub reasoning_tokens: f64,
}

/// Tokens; names as on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Usage {
    /// Of the prompt.
    pub prompt_tokens: f64,
    /// Of the completion.
    pub completion_tokens: f64,
    /// As the server adds them up; not always the sum.
    pub total_tokens: f64,
    /// Of the prompt's tokens, where the server told it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt_tokens_details: Option<Cached>,
    /// Of the completion's tokens, where the server told it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completion_tokens_details: Option<Reasoning>,
    /// Who counted.
    pub source: Source,
    /// Which count of the server's can't be right, for which an estimate stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doubt: Option<&'static str>,
}

/// A candidate that failed, as another one was there to be asked.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tried {
    /// The model as the caller named it.
    pub model: String,
    /// The provider, where known.
    pub provider: Option<String>,
    /// HTTP status; none where there was no response.
    pub status: Option<u16>,
    /// The class of its error.
    pub error: &'static str,
    /// From its first request until it had failed.
    pub duration_ms: Millis,
}

/// What became of one request; `metadata` is the caller's and joins it at the border.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Settlement {
    /// How it ended.
    pub outcome: Outcome,
    /// Why the model stopped, in the server's words.
    pub finish_reason: Option<String>,
    /// What was asked for.
    pub kind: Kind,
    /// The model as asked for, or the one of the route's that was asked last.
    pub model: String,
    /// Who answered, where known.
    pub provider: Option<String>,
    /// Label of the key that was sent; empty where none was.
    pub key: String,
    /// Tokens.
    pub usage: Usage,
    /// Money.
    pub cost: Cost,
    /// Requests that went out.
    pub attempts: u32,
    /// The candidates that failed before the one that answered, oldest first.
    pub tried: Vec<Tried>,
    /// The server's id of the last one.
    pub request_id: Option<String>,
    /// When the call began.
    pub started_at: WallTime,
    /// To the first token of a stream.
    pub first_token_ms: Option<Millis>,
    /// In all.
    pub duration_ms: Millis,
}

/// The sum of all settlements.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spend {
    money: Money,
    unpriced: u64,
    requests: u64,
    prompt_tokens: u64,
    completion_tokens: u64,
}

/// [`Spend`] in the shape of a client's snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SpendSnapshot {
    /// Of the settlements that have a price.
    pub usd: Usd,
    /// Settlements whose price nobody knows.
    pub unpriced: f64,
    /// Settlements.
    pub requests: f64,
    /// Tokens of all prompts.
    pub prompt_tokens: f64,
    /// Tokens of all completions.
    pub completion_tokens: f64,
}

impl Spend {
    /// Counts one settlement.
    pub fn add(&mut self, settlement: &Settlement) {
        let usage = &settlement.usage;
        self.requests = self.requests.saturating_add(1);
        // `as` saturates, and takes what is no number for 0.
        self.prompt_tokens = self
            .prompt_tokens
            .saturating_add(usage.prompt_tokens as u64);
        self.completion_tokens = self
            .completion_tokens
            .saturating_add(usage.completion_tokens as u64);
        match settlement.cost.usd {
            Some(usd) => self.money = self.money.plus(Money::from_usd(usd)),
            None => self.unpriced = self.unpriced.saturating_add(1),
        }
    }

    /// The sums so far.
    pub fn snapshot(&self) -> SpendSnapshot {
        SpendSnapshot {
            usd: self.money.usd(),
            unpriced: self.unpriced as f64,
            requests: self.requests as f64,
            prompt_tokens: self.prompt_tokens as f64,
            completion_tokens: self.completion_tokens as f64,
        }
    }
}

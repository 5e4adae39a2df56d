//! The settlement of each request, and the sum of all settlements.

use serde::Serialize;

use super::budget::Money;
use super::cost::Cost;
use crate::unit::{Millis, Usd, WallTime};

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The answer is complete.
    Ok,
    /// The caller stopped it: `break`, a signal, `abort()`.
    Aborted,
    /// The stream ended without its final event.
    Truncated,
    /// The request failed or was refused.
    Error,
}

/// The kind of call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A chat completion.
    Chat,
    /// A text completion.
    Completion,
    /// Embeddings.
    Embeddings,
    /// An answer of the Responses API.
    Responses,
    /// Scores of documents.
    Rerank,
}

/// Where token counts come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The server counted.
    Reported,
    /// The server didn't count, so these are estimates.
    Estimated,
}

/// Details of the prompt's tokens.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Cached {
    /// Tokens read from the provider's cache.
    pub cached_tokens: f64,
}

/// Details of the completion's tokens.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Reasoning {
    /// Tokens of reasoning.
    pub reasoning_tokens: f64,
}

/// Token counts, with the names that the API uses.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Usage {
    /// Tokens of the prompt.
    pub prompt_tokens: f64,
    /// Tokens of the completion.
    pub completion_tokens: f64,
    /// The total as the server reports it, which is not always the sum.
    pub total_tokens: f64,
    /// Details of the prompt's tokens, where the server reported them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt_tokens_details: Option<Cached>,
    /// Details of the completion's tokens, where the server reported them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completion_tokens_details: Option<Reasoning>,
    /// Where the counts come from.
    pub source: Source,
    /// The name of a reported count that can't be right and was replaced by an estimate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doubt: Option<&'static str>,
}

/// A candidate that failed before another one was asked.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tried {
    /// The model as the caller named it.
    pub model: String,
    /// The provider, where it is known.
    pub provider: Option<String>,
    /// HTTP status; `None` where no response came.
    pub status: Option<u16>,
    /// The name of the error's class.
    pub error: &'static str,
    /// From its first request until it had failed.
    pub duration_ms: Millis,
}

/// The record of one call. The caller's `metadata` is added in JavaScript.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Settlement {
    /// How the call ended.
    pub outcome: Outcome,
    /// The model's finish reason, in the server's words.
    pub finish_reason: Option<String>,
    /// The kind of call.
    pub kind: Kind,
    /// The model that the caller asked for, or the route's model that was asked last.
    pub model: String,
    /// The provider that answered, where it is known.
    pub provider: Option<String>,
    /// The label of the key that was used; empty where none was.
    pub key: String,
    /// Token counts.
    pub usage: Usage,
    /// The cost.
    pub cost: Cost,
    /// How many requests were sent.
    pub attempts: u32,
    /// The candidates that failed before the one that answered, oldest first.
    pub tried: Vec<Tried>,
    /// The request id of the last response.
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
    /// The number of settlements whose price is unknown.
    pub unpriced: f64,
    /// The number of settlements.
    pub requests: f64,
    /// Tokens of all prompts.
    pub prompt_tokens: f64,
    /// Tokens of all completions.
    pub completion_tokens: f64,
}

impl Spend {
    /// Adds a settlement.
    pub fn add(&mut self, settlement: &Settlement) {
        let usage = &settlement.usage;
        self.requests = self.requests.saturating_add(1);
        // `as` saturates, and turns NaN into 0.
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

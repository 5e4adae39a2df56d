//! Some servers' reports besides the token counts of a usage: the cost of the answer, and which tokens were cached or reasoning.

use crate::json::Value;
use crate::unit::Usd;

/// The members of a usage object that are read here.
pub const MEMBERS: [&str; 8] = [
    "cost",
    "estimated_cost",
    "prompt_tokens_details",
    "completion_tokens_details",
    "cached_tokens",
    "prompt_cache_hit_tokens",
    "input_tokens_details",
    "output_tokens_details",
];

/// A usage object's report besides its counts. A value that is no amount counts as absent.
///
/// ```
/// use hfetch::json;
/// use hfetch::wire::usage::Beside;
///
/// // Two ways in which servers report the same facts.
/// let one = json::parse(br#"{"cost": 0.002, "prompt_tokens_details": {"cached_tokens": 64}}"#).unwrap();
/// let other = json::parse(br#"{"estimated_cost": 0.002, "prompt_cache_hit_tokens": 64}"#).unwrap();
/// assert_eq!(Beside::of(&one), Beside::of(&other));
/// assert_eq!(Beside::of(&one).cached, Some(64.0));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Beside {
    /// What the answer cost.
    pub usd: Option<Usd>,
    /// Tokens of the prompt that came from a cache.
    pub cached: Option<f64>,
    /// Tokens of the answer that were reasoning.
    pub reasoning: Option<f64>,
}

impl Beside {
    /// Reads a usage object.
    pub fn of(usage: &Value) -> Self {
        let [
            cost,
            estimated,
            prompt,
            completion,
            cached,
            hit,
            input,
            output,
        ] = MEMBERS.map(|name| usage.get(name));
        // The Responses API has other names for the counts: input and output.
        let cached_within = prompt.or(input).and_then(|of| of.get("cached_tokens"));
        let reasoning = completion.or(output);
        Beside {
            usd: amount(&[cost, estimated]).map(Usd),
            cached: amount(&[cached_within, cached, hit]),
            reasoning: amount(&[reasoning.and_then(|of| of.get("reasoning_tokens"))]),
        }
    }

    /// The sum of two usages.
    pub fn plus(self, other: Beside) -> Self {
        let sum = |one: Option<f64>, other: Option<f64>| match (one, other) {
            (Some(one), Some(other)) => Some(one + other),
            (one, other) => one.or(other),
        };
        Beside {
            usd: sum(self.usd.map(|usd| usd.0), other.usd.map(|usd| usd.0)).map(Usd),
            cached: sum(self.cached, other.cached),
            reasoning: sum(self.reasoning, other.reasoning),
        }
    }
}

/// The first of the values that is an amount.
#[inline(never)]
fn amount(values: &[Option<&Value>]) -> Option<f64> {
    let mut numbers = values.iter().filter_map(|value| (*value)?.as_f64());
    numbers.find(|amount| amount.is_finite() && *amount >= 0.0)
}

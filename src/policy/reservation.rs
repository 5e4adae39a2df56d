//! How much a request reserves before it is sent.

/// How many completion tokens are reserved if the body names no `max_tokens`.
const USUAL_COMPLETION: f64 = 512.0;

/// The `max_tokens` that is added to a body without one if there is a budget: the server may then send no more than the budget
/// holds.
pub const LONGEST_COMPLETION: &str = "4096";

/// The most reasoning tokens that a model is assumed to produce without sending them; also the longest answer where the body names
/// no maximum.
const SILENT: f64 = 32_768.0;
const LONGEST: f64 = 131_072.0;

/// The most bytes that one token has, on average over an answer.
const TOKEN_BYTES: f64 = 64.0;

/// The amounts that a request asks for, as far as they are known before it is sent.
///
/// ```
/// use hfetch::policy::reservation::Ask;
///
/// let ask = Ask {
///     prompt_tokens: 10,
///     max_tokens: Some(9_000.0),
///     choices: 1.0,
///     most_prompt: 100.0,
/// };
/// // A limiter holds at most a quarter of a minute's tokens; a budget holds the whole answer.
/// assert_eq!(ask.tokens(Some(1_000.0)), 260);
/// assert_eq!(ask.most_completion(), 9_000.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ask {
    /// The estimated tokens of the prompt.
    pub prompt_tokens: u64,
    /// The body's `max_tokens`; 0 for a request without a completion.
    pub max_tokens: Option<f64>,
    /// How many choices the body asks for.
    pub choices: f64,
    /// The most tokens that the prompt can have by any server's count.
    pub most_prompt: f64,
}

impl Ask {
    /// The tokens to reserve: the prompt and a usual answer. A request whose maximum is the whole minute's tokens
    /// holds only a quarter of them, otherwise one such request would block all others.
    pub fn tokens(&self, tokens_per_minute: Option<f64>) -> u64 {
        let wanted = self.max_tokens.unwrap_or(USUAL_COMPLETION) * self.choices;
        let most = tokens_per_minute
            .filter(|limit| *limit > 0.0)
            .map_or(f64::INFINITY, |limit| limit / 4.0);
        // `as` saturates.
        self.prompt_tokens
            .saturating_add(wanted.min(most).ceil() as u64)
    }

    /// The most completion tokens that a server can count for so many bytes of text: a model may have reasoned without sending it.
    pub fn most_told(&self, said: usize) -> f64 {
        (self.max_tokens.unwrap_or(LONGEST) + SILENT) * self.choices.max(1.0) + said as f64
    }

    /// The fewest tokens that so many bytes can be.
    pub fn least_told(said: usize) -> f64 {
        (said as f64 / TOKEN_BYTES).floor()
    }

    /// The completion tokens that a budget holds: the longest answer that the server may send.
    pub fn most_completion(&self) -> f64 {
        self.max_tokens.unwrap_or(f64::INFINITY) * self.choices
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prompt_and_at_most_a_quarter_of_the_minute() {
        let table = [
            (Some(100.0), 1.0, None, 110),
            (None, 1.0, None, 522),
            (Some(100.0), 3.0, None, 310),
            (Some(9_000.0), 1.0, Some(1_000.0), 260),
            (Some(0.0), 1.0, Some(1_000.0), 10),
            (Some(1e300), 1.0, Some(0.0), u64::MAX),
        ];
        for (max_tokens, choices, limit, tokens) in table {
            let ask = Ask {
                prompt_tokens: 10,
                max_tokens,
                choices,
                most_prompt: 0.0,
            };
            assert_eq!(ask.tokens(limit), tokens, "{ask:?} {limit:?}");
        }
    }

    #[test]
    fn a_budget_holds_the_whole_answer() {
        let ask = Ask {
            prompt_tokens: 10,
            max_tokens: None,
            choices: 2.0,
            most_prompt: 0.0,
        };
        assert_eq!(ask.most_completion(), f64::INFINITY);
        assert_eq!(
            Ask {
                max_tokens: Some(7.0),
                ..ask
            }
            .most_completion(),
            14.0
        );
    }
}

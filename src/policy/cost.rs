//! The cost of tokens: prices in their two forms, and how costs add up.

use serde::Serialize;

use crate::error::Error;
use crate::field::{Bounds, Fields};
use crate::json::Value;
use crate::text::{count, split_once};
use crate::unit::Usd;

/// US dollars per million tokens, the unit of the router's catalogue.
///
/// ```
/// use hfetch::policy::cost::{Rates, Source};
/// use hfetch::unit::Usd;
///
/// let rates = Rates { input_per_million: 0.2, output_per_million: 0.6 };
/// let cost = rates.cost(1_000.0, 500.0, Source::Configured);
/// assert_eq!((cost.input_usd, cost.usd), (Some(Usd(0.0002)), Some(Usd(0.0005))));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rates {
    /// Per million prompt tokens.
    pub input_per_million: f64,
    /// Per million completion tokens.
    pub output_per_million: f64,
}

/// Rates as a caller gave them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Price {
    /// The rates.
    pub rates: Rates,
    /// Whether the price has no unit and a size that is improbable for its presumed unit.
    pub doubtful: bool,
}

/// The source of prices.
#[derive(Clone, Debug, PartialEq)]
pub enum Pricing {
    /// One price for all models.
    One(Price),
    /// Prices by model id.
    PerModel(Vec<(String, Price)>),
    /// The prices in the server's catalogue.
    Live,
}

/// The warning for a price whose unit is probably wrong.
pub const DOUBTFUL: &str = "without a unit is taken as US dollars per 1000 tokens, which makes a price of below $0.001 or above $1000 \
    per million tokens: set unit to \"token\", \"1k\" or \"1m\"";

const NATIVE: [&str; 2] = ["inputPerMillion", "outputPerMillion"];
const PAGE: [&str; 2] = ["input_token_cost", "output_token_cost"];
const UNIT: &str = "unit";

impl Pricing {
    /// Reads one price, prices by model id, or `"live"`; `path` names the value in errors.
    pub fn from_value(value: &Value, path: &str) -> Result<Self, Error> {
        match value {
            Value::String(text) if text == "live" => Ok(Pricing::Live),
            Value::Object(entries) if is_map(entries) => {
                let mut prices = Vec::new();
                for (model, value) in entries {
                    let path = [path, "[\"", model, "\"]"].concat();
                    prices.push((model.clone(), Price::from_value(value, &path)?));
                }
                Ok(Pricing::PerModel(prices))
            }
            Value::Object(_) => Ok(Pricing::One(Price::from_value(value, path)?)),
            _ => Err(Error::config(
                path,
                "must be a price, prices by model id, or \"live\"",
            )),
        }
    }

    /// The configured rates of a model. A `:provider` suffix counts where the prices name it. Only the router's names, "org/name",
    /// can have such a suffix: in `llama3.1:8b` the part after the colon belongs to the name.
    pub fn rates(&self, model: &str) -> Option<Rates> {
        match self {
            Pricing::One(price) => Some(price.rates),
            Pricing::PerModel(prices) => {
                let base = match split_once(model, b':') {
                    Some((base, _)) if count(base, b'/') == 1 => base,
                    _ => model,
                };
                let named = |name: &str| prices.iter().rev().find(|entry| entry.0 == name);
                named(model)
                    .or_else(|| named(base))
                    .map(|entry| entry.1.rates)
            }
            Pricing::Live => None,
        }
    }

    /// Whether at least one price is [doubtful](Price::doubtful).
    pub fn is_doubtful(&self) -> bool {
        match self {
            Pricing::One(price) => price.doubtful,
            Pricing::PerModel(prices) => prices.iter().any(|entry| entry.1.doubtful),
            Pricing::Live => false,
        }
    }
}

/// Whether the entries are prices by model: each price is an object, and no field of a single price is one.
fn is_map(entries: &[(String, Value)]) -> bool {
    !entries.is_empty()
        && entries
            .iter()
            .all(|entry| matches!(entry.1, Value::Object(_)))
}

impl Price {
    /// Reads either form of a price: USD per million tokens, or the provider page's form with its `unit`. `path` names the value in
    /// errors.
    pub fn from_value(value: &Value, path: &str) -> Result<Self, Error> {
        let Value::Object(_) = value else {
            let problem = "must be an object with inputPerMillion and outputPerMillion";
            return Err(Error::config(path, problem));
        };
        let fields = Fields::of(value, path);
        let price = match PAGE.iter().any(|name| fields.get(name).is_some()) {
            true => page_price(&fields),
            false => {
                fields.only(&NATIVE);
                Price {
                    rates: Rates {
                        input_per_million: rate(&fields, NATIVE[0]),
                        output_per_million: rate(&fields, NATIVE[1]),
                    },
                    doubtful: false,
                }
            }
        };
        fields.ok().map(|()| price)
    }
}

fn page_price(fields: &Fields<'_>) -> Price {
    fields.only(&[PAGE[0], PAGE[1], UNIT]);
    // The factors that turn a rate in each unit into one per million tokens.
    const FACTORS: [f64; 3] = [1e6, 1e3, 1.0];
    let unit = fields.word(UNIT, &["token", "1k", "1m"]);
    let factor = unit.and_then(|place| FACTORS.get(place)).unwrap_or(&1e3);
    let rates = Rates {
        input_per_million: round(rate(fields, PAGE[0]) * factor),
        output_per_million: round(rate(fields, PAGE[1]) * factor),
    };
    let odd = |rate: f64| rate > 0.0 && !(0.001..=1_000.0).contains(&rate);
    let doubtful = odd(rates.input_per_million) || odd(rates.output_per_million);
    Price {
        rates,
        doubtful: unit.is_none() && doubtful,
    }
}

fn rate(fields: &Fields<'_>, name: &str) -> f64 {
    let rate = fields.number(name, Bounds::USD);
    if rate.is_none() {
        fields.refuse(name, "is missing");
    }
    rate.unwrap_or_default()
}

/// Rounds to a whole 1e-12: 2e-7 × 1000 is 2e-4 again, which binary fractions miss.
fn round(rate: f64) -> f64 {
    (rate * 1e12).round_ties_even() / 1e12
}

/// Where a cost comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The server reported it.
    Reported,
    /// The caller's own prices.
    Configured,
    /// The catalogue's price for the provider that answered.
    Live,
    /// The highest price in the catalogue, because the provider is unknown.
    LiveMax,
    /// No price is known.
    Unknown,
}

/// The cost of a request. `None` means unknown, which differs from 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cost {
    /// In all.
    pub usd: Option<Usd>,
    /// The prompt's share.
    pub input_usd: Option<Usd>,
    /// The completion's share.
    pub output_usd: Option<Usd>,
    /// Where the price comes from.
    pub source: Source,
}

impl Cost {
    /// A cost that the server reported.
    pub fn reported(usd: Usd) -> Self {
        Cost {
            usd: Some(usd),
            source: Source::Reported,
            ..Cost::unknown()
        }
    }

    /// The sum of two costs; its source is the less certain of the two.
    pub fn plus(self, other: Cost) -> Self {
        let sum = |one: Option<Usd>, other: Option<Usd>| Some(one? + other?);
        let worse = [Source::Unknown, Source::LiveMax].into_iter();
        let mut worse = worse.filter(|source| [self.source, other.source].contains(source));
        Cost {
            usd: sum(self.usd, other.usd),
            input_usd: sum(self.input_usd, other.input_usd),
            output_usd: sum(self.output_usd, other.output_usd),
            source: worse.next().unwrap_or(self.source),
        }
    }

    /// An unknown cost.
    pub fn unknown() -> Self {
        Cost {
            usd: None,
            input_usd: None,
            output_usd: None,
            source: Source::Unknown,
        }
    }
}

impl Rates {
    /// The cost of a request.
    ///
    /// Rates are rounded to a whole 1e-18 USD per token, so that the sum is exact to its last binary digit:
    /// 1000 tokens at $0.2 per million cost 0.0002 and not 0.00019999999999999998.
    pub fn cost(&self, prompt: f64, completion: f64, source: Source) -> Cost {
        let input = prompt * (self.input_per_million * 1e12).round_ties_even();
        let output = completion * (self.output_per_million * 1e12).round_ties_even();
        Cost {
            usd: Some(Usd((input + output) / 1e18)),
            input_usd: Some(Usd(input / 1e18)),
            output_usd: Some(Usd(output / 1e18)),
            source,
        }
    }
}

//! What usage costs: prices in their two forms, and the sum.

use serde::Serialize;

use crate::error::Error;
use crate::json::Value;

/// US dollars per one million tokens, the unit of the router's catalogue.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rates {
    /// For a million prompt tokens.
    pub input_per_million: f64,
    /// For a million completion tokens.
    pub output_per_million: f64,
}

/// Rates as a caller gave them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Price {
    /// Their values.
    pub rates: Rates,
    /// Whether they came without a unit and in a size that no price has.
    pub doubtful: bool,
}

/// Where prices come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Pricing {
    /// One price for every model.
    One(Price),
    /// Prices by model id.
    PerModel(Vec<(String, Price)>),
    /// The server's catalogue.
    Live,
}

/// What says so in a doubtful case.
pub const DOUBTFUL: &str = "without a unit is taken as US dollars per 1000 tokens, which makes a price of below $0.001 or above $1000 \
    per million tokens: set unit to \"token\", \"1k\" or \"1m\"";

const NATIVE: [&str; 2] = ["inputPerMillion", "outputPerMillion"];
const PAGE: [&str; 2] = ["input_token_cost", "output_token_cost"];
const UNIT: &str = "unit";

impl Pricing {
    /// One price, prices by model id, or `"live"`; `path` names it in errors.
    pub fn from_value(value: &Value, path: &str) -> Result<Self, Error> {
        match value {
            Value::String(text) if text == "live" => Ok(Pricing::Live),
            Value::Object(entries) if is_map(entries) => {
                let prices = entries.iter().map(|(model, value)| {
                    let path = [path, "[\"", model, "\"]"].concat();
                    Ok((model.clone(), Price::from_value(value, &path)?))
                });
                Ok(Pricing::PerModel(prices.collect::<Result<_, Error>>()?))
            }
            Value::Object(_) => Ok(Pricing::One(Price::from_value(value, path)?)),
            _ => Err(Error::config(
                path,
                "must be a price, prices by model id, or \"live\"",
            )),
        }
    }

    /// The configured rates of a model, its `:provider` suffix counting where the prices name it.
    pub fn rates(&self, model: &str) -> Option<Rates> {
        match self {
            Pricing::One(price) => Some(price.rates),
            Pricing::PerModel(prices) => {
                let named = |name: &str| prices.iter().rev().find(|entry| entry.0 == name);
                let base = model.split(':').next().unwrap_or(model);
                named(model)
                    .or_else(|| named(base))
                    .map(|entry| entry.1.rates)
            }
            Pricing::Live => None,
        }
    }

    /// Whether any price is [doubtful](Price::doubtful).
    pub fn is_doubtful(&self) -> bool {
        match self {
            Pricing::One(price) => price.doubtful,
            Pricing::PerModel(prices) => prices.iter().any(|entry| entry.1.doubtful),
            Pricing::Live => false,
        }
    }
}

/// No field of a price is an object, and every price is one.
fn is_map(entries: &[(String, Value)]) -> bool {
    !entries.is_empty()
        && entries
            .iter()
            .all(|entry| matches!(entry.1, Value::Object(_)))
}

impl Price {
    /// Either form: USD per million, or the provider page's with its `unit`; `path` names it in errors.
    pub fn from_value(value: &Value, path: &str) -> Result<Self, Error> {
        let Value::Object(entries) = value else {
            return Err(Error::config(
                path,
                "must be an object with inputPerMillion and outputPerMillion",
            ));
        };
        let given = || {
            entries
                .iter()
                .filter(|entry| entry.1 != Value::Other("undefined"))
        };
        let page = given().any(|entry| PAGE.contains(&entry.0.as_str()));
        let names = if page { PAGE } else { NATIVE };
        let field = |name: &str| {
            if path.is_empty() {
                name.to_string()
            } else {
                [path, ".", name].concat()
            }
        };
        for (name, _) in given() {
            let known = names.contains(&name.as_str()) || (page && name == UNIT);
            if !known {
                return Err(Error::config(
                    field(name),
                    &[
                        "is not part of a price; there are ",
                        names[0],
                        " and ",
                        names[1],
                    ]
                    .concat(),
                ));
            }
        }
        let find = |name: &str| {
            given()
                .rev()
                .find(|entry| entry.0 == name)
                .map(|entry| &entry.1)
        };
        let rate = |name: &str| match find(name) {
            Some(Value::Number(rate)) if (0.0..=1e9).contains(rate) => Ok(*rate),
            Some(_) => Err(Error::config(
                field(name),
                "must be a number of US dollars from 0 to 1000000000",
            )),
            None => Err(Error::config(field(name), "is missing")),
        };
        let [input, output] = [rate(names[0])?, rate(names[1])?];
        if !page {
            return Ok(Price {
                rates: Rates {
                    input_per_million: input,
                    output_per_million: output,
                },
                doubtful: false,
            });
        }
        let unit = find(UNIT);
        // What a rate has to be multiplied by to be one per million tokens.
        let factor = match unit {
            None => 1e3,
            Some(Value::String(unit)) if unit == "token" => 1e6,
            Some(Value::String(unit)) if unit == "1k" => 1e3,
            Some(Value::String(unit)) if unit == "1m" => 1.0,
            Some(_) => {
                return Err(Error::config(
                    field(UNIT),
                    "must be \"token\", \"1k\" or \"1m\"",
                ));
            }
        };
        let rates = Rates {
            input_per_million: round(input * factor),
            output_per_million: round(output * factor),
        };
        let odd = |rate: f64| rate > 0.0 && !(0.001..=1_000.0).contains(&rate);
        let doubtful =
            unit.is_none() && (odd(rates.input_per_million) || odd(rates.output_per_million));
        Ok(Price { rates, doubtful })
    }
}

/// The nearest whole 1e-12: 2e-7 × 1000 is 2e-4 again, which binary fractions miss.
fn round(rate: f64) -> f64 {
    (rate * 1e12).round_ties_even() / 1e12
}

/// Where a cost comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The caller's own prices.
    Configured,
    /// The catalogue's price of the provider that answered.
    Live,
    /// The dearest in the catalogue, the provider being unknown.
    LiveMax,
    /// Nobody knows.
    Unknown,
}

/// What a request cost; nothing is not 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cost {
    /// US dollars in all.
    pub usd: Option<f64>,
    /// Of these, for the prompt.
    pub input_usd: Option<f64>,
    /// Of these, for the completion.
    pub output_usd: Option<f64>,
    /// Where the price comes from.
    pub source: Source,
}

impl Cost {
    /// Of a request whose price nobody knows.
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
    /// Rates count as whole 1e-18 USD per token, so that the sum is off by no more than its last binary digit:
    /// 1000 tokens at $0.2 per million are 0.0002 and not 0.00019999999999999998.
    pub fn cost(&self, prompt: f64, completion: f64, source: Source) -> Cost {
        let input = prompt * (self.input_per_million * 1e12).round_ties_even();
        let output = completion * (self.output_per_million * 1e12).round_ties_even();
        Cost {
            usd: Some((input + output) / 1e18),
            input_usd: Some(input / 1e18),
            output_usd: Some(output / 1e18),
            source,
        }
    }
}

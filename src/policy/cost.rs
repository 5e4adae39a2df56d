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

    /// The configured rates of a model, its `:provider` suffix counting where the prices name it. Only a name of the
    /// router's form, "org/name", has such a suffix: `llama3.1:8b` is a name as it stands.
    pub fn rates(&self, model: &str) -> Option<Rates> {
        match self {
            Pricing::One(price) => Some(price.rates),
            Pricing::PerModel(prices) => {
                let base = match model.split_once(':') {
                    Some((base, _)) if base.matches('/').count() == 1 => base,
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
            let problem = "must be an object with inputPerMillion and outputPerMillion";
            return Err(Error::config(path, problem));
        };
        let fields = Fields { entries, path };
        if PAGE.iter().any(|name| fields.find(name).is_some()) {
            return fields.page_price();
        }
        fields.only(&NATIVE)?;
        Ok(Price {
            rates: Rates {
                input_per_million: fields.rate(NATIVE[0])?,
                output_per_million: fields.rate(NATIVE[1])?,
            },
            doubtful: false,
        })
    }
}

/// The fields of a price, and the path that leads to them.
struct Fields<'a> {
    entries: &'a [(String, Value)],
    path: &'a str,
}

impl<'a> Fields<'a> {
    fn page_price(&self) -> Result<Price, Error> {
        self.only(&[PAGE[0], PAGE[1], UNIT])?;
        let unit = self.find(UNIT);
        // What a rate has to be multiplied by to be one per million tokens.
        let factor = match unit {
            None => 1e3,
            Some(Value::String(unit)) if unit == "token" => 1e6,
            Some(Value::String(unit)) if unit == "1k" => 1e3,
            Some(Value::String(unit)) if unit == "1m" => 1.0,
            Some(_) => return Err(self.refuse(UNIT, "must be \"token\", \"1k\" or \"1m\"")),
        };
        let rates = Rates {
            input_per_million: round(self.rate(PAGE[0])? * factor),
            output_per_million: round(self.rate(PAGE[1])? * factor),
        };
        let odd = |rate: f64| rate > 0.0 && !(0.001..=1_000.0).contains(&rate);
        let doubtful = odd(rates.input_per_million) || odd(rates.output_per_million);
        Ok(Price {
            rates,
            doubtful: unit.is_none() && doubtful,
        })
    }

    fn find(&self, name: &str) -> Option<&'a Value> {
        let given = self.entries.iter().rev().find(|entry| entry.0 == name);
        given
            .map(|entry| &entry.1)
            .filter(|value| !matches!(value, Value::Other("undefined")))
    }

    fn only(&self, known: &[&str]) -> Result<(), Error> {
        for (name, _) in self.entries {
            if !known.contains(&name.as_str()) && self.find(name).is_some() {
                let there = known.join(", ");
                let problem = ["is not part of such a price; there are ", &there].concat();
                return Err(self.refuse(name, &problem));
            }
        }
        Ok(())
    }

    fn rate(&self, name: &str) -> Result<f64, Error> {
        match self.find(name) {
            Some(Value::Number(rate)) if (0.0..=1e9).contains(rate) => Ok(*rate),
            Some(_) => {
                Err(self.refuse(name, "must be a number of US dollars from 0 to 1000000000"))
            }
            None => Err(self.refuse(name, "is missing")),
        }
    }

    fn refuse(&self, name: &str, problem: &str) -> Error {
        let path = if self.path.is_empty() {
            name.to_string()
        } else {
            [self.path, ".", name].concat()
        };
        Error::config(path, problem)
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
    /// The server said what it cost.
    Reported,
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
    /// Of a request whose server said what it cost.
    pub fn reported(usd: f64) -> Self {
        Cost {
            usd: Some(usd),
            source: Source::Reported,
            ..Cost::unknown()
        }
    }

    /// The sum of two, which is as good as the worse of them.
    pub fn plus(self, other: Cost) -> Self {
        let sum = |one: Option<f64>, other: Option<f64>| Some(one? + other?);
        let worse = [Source::Unknown, Source::LiveMax].into_iter();
        let mut worse = worse.filter(|source| [self.source, other.source].contains(source));
        Cost {
            usd: sum(self.usd, other.usd),
            input_usd: sum(self.input_usd, other.input_usd),
            output_usd: sum(self.output_usd, other.output_usd),
            source: worse.next().unwrap_or(self.source),
        }
    }

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

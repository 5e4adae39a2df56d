//! Models: the router's live catalogue with its offers and prices, and the list on Hugging Face's provider page.

use serde::Serialize;

use crate::error::{Class, Error};
use crate::json::{self, Value};
use crate::text::split_once;
use crate::unit::Millis;
use crate::wire::failure::message_of;
use crate::wire::request::is_routing;

/// One model of the catalogue, in the public form.
///
/// ```
/// use hfetch::wire::model::{parse, price};
///
/// let models = parse(br#"{"data": [{"id": "org/name", "providers": [
///     {"provider": "one", "status": "live", "pricing": {"input": 1, "output": 4}},
///     {"provider": "two", "status": "live", "pricing": {"input": 2, "output": 3}}]}]}"#).unwrap();
/// assert_eq!(price(&models, "org/name:one", None), Some((1.0, 4.0, true)));
/// // The router may choose either provider, so the price is an upper bound of both.
/// assert_eq!(price(&models, "org/name", None), Some((2.0, 4.0, false)));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Model {
    /// "org/name"
    pub id: String,
    /// Seconds since the epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<f64>,
    /// The organisation that owns it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owned_by: Option<String>,
    /// The kinds of input that the model reads: "text", "image", …
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub input_modalities: Vec<String>,
    /// The providers that serve it.
    pub providers: Vec<Offer>,
}

/// One provider's offer of a model.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Offer {
    /// The provider's name in "org/name:provider".
    pub provider: String,
    /// "live", "error" or "staging".
    pub status: String,
    /// Tokens of the prompt and the completion together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context_length: Option<f64>,
    /// The price; `None` means unknown, not free.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pricing: Option<Price>,
    /// Whether the offer is free.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_free: Option<bool>,
    /// Whether the provider accepts tools.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supports_tools: Option<bool>,
    /// Whether the provider accepts a JSON schema for the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supports_structured_output: Option<bool>,
    /// The time to the first token, as last measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_token_latency_ms: Option<Millis>,
    /// Tokens per second, as last measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub throughput: Option<f64>,
}

/// US dollars per one million tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Price {
    /// Per million prompt tokens.
    pub input_per_million: f64,
    /// Per million completion tokens.
    pub output_per_million: f64,
}

/// Reads a catalogue, `{data: [model]}`. Missing and odd fields are left out.
pub fn parse(body: &[u8]) -> Result<Vec<Model>, Error> {
    let value = read(body)?;
    let list = match value.get("data") {
        Some(Value::Array(list)) => list.as_slice(),
        _ => return Err(unknown("a list of models", &value)),
    };
    let mut models = Vec::new();
    for entry in list {
        if let Some(model) = Model::from_value(entry) {
            models.push(model);
        }
    }
    Ok(models)
}

/// Reads the entry of one model: the entry itself, or a catalogue that contains only this model.
pub fn parse_one(body: &[u8]) -> Result<Model, Error> {
    let value = read(body)?;
    let entry = match value.get("data") {
        Some(Value::Array(list)) => list.first(),
        Some(entry) => Some(entry),
        None => Some(&value),
    };
    entry
        .and_then(Model::from_value)
        .ok_or_else(|| unknown("a model", &value))
}

fn read(body: &[u8]) -> Result<Value, Error> {
    json::parse(json::without_mark(body)).map_err(|malformed| {
        let message = ["The answer is not JSON: ", malformed.problem].concat();
        Error::new(Class::Api, message)
    })
}

fn unknown(wanted: &str, answer: &Value) -> Error {
    let said = message_of(answer).map_or_else(|| ".".into(), |said| [": ", &said].concat());
    let message = ["The answer is not ", wanted, &said].concat();
    Error::new(Class::Api, message)
}

impl Model {
    fn from_value(value: &Value) -> Option<Self> {
        let id = text(value, "id")?;
        let mut providers = Vec::new();
        let offers = value.get("providers").and_then(Value::as_array);
        for offer in offers.unwrap_or_default() {
            if let Some(offer) = Offer::from_value(offer) {
                providers.push(offer);
            }
        }
        let architecture = value.get("architecture");
        let input = architecture.and_then(|value| value.get("input_modalities"));
        let mut input_modalities = Vec::new();
        for name in input.and_then(Value::as_array).unwrap_or_default() {
            if let Some(name) = name.as_str() {
                input_modalities.push(name.to_string());
            }
        }
        Some(Model {
            id,
            input_modalities,
            created: number(value, "created"),
            owned_by: text(value, "owned_by"),
            providers,
        })
    }

    fn offer(&self, provider: &str) -> Option<&Offer> {
        let mut offers = self.providers.iter();
        offers.find(|offer| offer.provider == provider)
    }

    fn live(&self) -> impl Iterator<Item = &Offer> {
        self.providers.iter().filter(|offer| offer.status == "live")
    }

    /// The live offer that the router chooses for `:cheapest`: the lowest price of the output, then of the input.
    pub fn cheapest(&self) -> Option<&Offer> {
        let priced = self
            .live()
            .filter_map(|offer| Some((offer, offer.pricing?)));
        let order = |a: &Price, b: &Price| {
            let by_output = a.output_per_million.total_cmp(&b.output_per_million);
            by_output.then(a.input_per_million.total_cmp(&b.input_per_million))
        };
        let least = priced.min_by(|a, b| order(&a.1, &b.1));
        least.map(|(offer, _)| offer)
    }

    /// The highest live price of the input, and that of the output.
    pub fn dearest(&self) -> Option<Price> {
        let prices = self.live().filter_map(|offer| offer.pricing);
        prices.reduce(|a, b| Price {
            input_per_million: a.input_per_million.max(b.input_per_million),
            output_per_million: a.output_per_million.max(b.output_per_million),
        })
    }
}

impl Offer {
    fn from_value(value: &Value) -> Option<Self> {
        Some(Offer {
            provider: text(value, "provider")?,
            status: text(value, "status").unwrap_or_else(|| "unknown".to_string()),
            context_length: number(value, "context_length"),
            pricing: value.get("pricing").and_then(Price::from_value),
            is_free: flag(value, "is_free"),
            supports_tools: flag(value, "supports_tools"),
            supports_structured_output: flag(value, "supports_structured_output"),
            first_token_latency_ms: number(value, "first_token_latency_ms").map(Millis),
            throughput: number(value, "throughput"),
        })
    }
}

impl Price {
    /// Both rates or none, since half a price would make half a cost.
    fn from_value(value: &Value) -> Option<Self> {
        Some(Price {
            input_per_million: number(value, "input")?,
            output_per_million: number(value, "output")?,
        })
    }
}

#[inline(never)]
fn text(value: &Value, name: &str) -> Option<String> {
    let text = value.get(name)?.as_str()?;
    (!text.is_empty()).then(|| text.to_string())
}

#[inline(never)]
fn number(value: &Value, name: &str) -> Option<f64> {
    let number = value.get(name)?.as_f64()?;
    (number.is_finite() && number >= 0.0).then_some(number)
}

fn flag(value: &Value, name: &str) -> Option<bool> {
    value.get(name)?.as_bool()
}

/// The current rates of a model string for input and output, and whether they are those of the provider that answers.
///
/// That provider is the one in the model string, otherwise the one that a response names, otherwise for `:cheapest` the cheapest
/// one. If it is unknown, the rates are the highest of all live offers. If it is known and has no price, the price is unknown,
/// whatever others ask.
pub fn price(models: &[Model], model: &str, answered_by: Option<&str>) -> Option<(f64, f64, bool)> {
    let (entry, suffix) = find(models, model)?;
    let named = Some(suffix).filter(|suffix| !is_routing(suffix));
    let (price, exact) = match named.or(answered_by) {
        Some(provider) => (entry.offer(provider)?.pricing?, true),
        None if suffix == "cheapest" => (entry.cheapest()?.pricing?, true),
        None => (entry.dearest()?, false),
    };
    Some((price.input_per_million, price.output_per_million, exact))
}

/// The provider in a model string, if the catalogue lists it for that model.
pub fn listed_provider<'a>(models: &[Model], model: &'a str) -> Option<&'a str> {
    let (entry, suffix) = find(models, model)?;
    entry.offer(suffix).map(|_| suffix)
}

/// Whether the catalogue lists the model, but without a live offer of the provider in the model string.
pub fn is_gone(models: &[Model], model: &str) -> bool {
    let Some((entry, suffix)) = find(models, model) else {
        return false;
    };
    !entry.live().any(|offer| offer.provider == suffix)
}

/// A model's entry, and the part of the model string after its id. At servers other than the router, an id may contain a colon.
fn find<'a, 'm>(models: &'m [Model], model: &'a str) -> Option<(&'m Model, &'a str)> {
    let entry = |id: &str| models.iter().find(|entry| entry.id == id);
    let (id, suffix) = split_once(model, b':').unwrap_or((model, ""));
    match entry(model) {
        Some(whole) => Some((whole, "")),
        None => Some((entry(id)?, suffix)),
    }
}

/// The models on the provider page, in the page's order: each model's id, its heading on the page, and what it was made for. The
/// JavaScript side reads the same file.
pub const LISTED: [[&str; 3]; 10] = include!("models.json");

/// The purpose of a model that continues a text; it fails in chat.
const TEXT_GENERATION: &str = "text-generation";

/// Whether a model, with its provider or without, is known to complete texts only.
///
/// ```
/// use hfetch::wire::model::only_completes;
///
/// assert!(only_completes("microsoft/phi-2:together"));
/// assert!(!only_completes("microsoft/Phi-3-mini-4k-instruct"));
/// ```
pub fn only_completes(model: &str) -> bool {
    let name = split_once(model, b':').map_or(model, |(name, _)| name);
    let is_it =
        |[id, _, task]: &[&str; 3]| *task == TEXT_GENERATION && id.eq_ignore_ascii_case(name);
    LISTED.iter().any(is_it)
}

/// The one model of the page that providers behind the router still serve in chat.
pub const USABLE_IN_CHAT: &str = "meta-llama/Llama-3.1-8B-Instruct";

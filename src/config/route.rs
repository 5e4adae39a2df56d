//! `route`: who may answer, in what order.

use super::field::{Bounds, Fields, item, wrong_type};
use super::{BaseUrl, check_model};
use crate::error::Error;
use crate::json::Value;

const FIELDS: [&str; 11] = [
    "models",
    "order",
    "only",
    "ignore",
    "sort",
    "has",
    "maxPrice",
    "maxFirstTokenMs",
    "minThroughput",
    "minContext",
    "sticky",
];

/// Models that one route may name.
const MOST_MODELS: usize = 32;

/// In what order offers are asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// The router's own: the fastest first.
    #[default]
    Router,
    /// The cheapest first: 3 parts of the prompt's price and 1 of the answer's.
    Cost,
    /// The most tokens a second first.
    Throughput,
    /// The shortest time to the first token first.
    FirstToken,
}

/// What an offer must support.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ability {
    /// Tools.
    Tools,
    /// A JSON schema for the answer.
    StructuredOutput,
    /// Images in the prompt.
    Vision,
}

/// Who may answer a call, in what order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Route {
    /// Models that are asked behind the body's own.
    pub models: Vec<String>,
    /// Providers that are asked first, in this order.
    pub order: Vec<String>,
    /// The only providers that may be asked; empty: all.
    pub only: Vec<String>,
    /// Providers that are not asked.
    pub ignore: Vec<String>,
    /// The order of the others; none: nothing was said of it.
    pub sort: Option<Sort>,
    /// What an offer must support.
    pub has: Vec<Ability>,
    /// The highest price for a million prompt tokens, in US dollars.
    pub max_input: Option<f64>,
    /// The highest price for a million tokens of the answer, in US dollars.
    pub max_output: Option<f64>,
    /// The longest time to the first token, in ms.
    pub max_first_token: Option<f64>,
    /// The least tokens a second.
    pub min_throughput: Option<f64>,
    /// The least length of a context, in tokens.
    pub min_context: Option<f64>,
    /// Calls of this name go to the provider that last answered one of them.
    pub sticky: Option<String>,
}

impl Route {
    /// Reads a route that is given for a server.
    pub fn read(value: &Value, path: &str, server: &BaseUrl) -> Result<Self, Error> {
        let Value::Object(_) = value else {
            return Err(wrong_type(path, "an object", value));
        };
        let given = Fields::of(value, path)?;
        given.only(&FIELDS)?;
        let mut route = Route {
            models: texts(&given, "models")?,
            order: texts(&given, "order")?,
            only: texts(&given, "only")?,
            ignore: texts(&given, "ignore")?,
            max_first_token: given.number("maxFirstTokenMs", Bounds::WAIT)?,
            min_throughput: given.number("minThroughput", Bounds::AMOUNT)?,
            min_context: given.number("minContext", Bounds::COUNT_OR_ZERO)?,
            sticky: given.text("sticky")?.map(str::to_string),
            ..Route::default()
        };
        for (index, model) in route.models.iter().enumerate() {
            check_model(model, &item(&given.path("models"), index))?;
        }
        if route.models.len() > MOST_MODELS {
            return Err(Error::config(given.path("models"), "must be 32 at most"));
        }
        if given.get("only").is_some() && route.only.is_empty() {
            let problem = "must not be empty: nobody could answer";
            return Err(Error::config(given.path("only"), problem));
        }
        route.sort = match given.text("sort")? {
            None => None,
            Some("cost") => Some(Sort::Cost),
            Some("tps") => Some(Sort::Throughput),
            Some("ttft") => Some(Sort::FirstToken),
            Some(_) => {
                let problem = "must be \"cost\", \"tps\" or \"ttft\"";
                return Err(Error::config(given.path("sort"), problem));
            }
        };
        for (index, name) in texts(&given, "has")?.iter().enumerate() {
            route.has.push(match name.as_str() {
                "tools" => Ability::Tools,
                "structured-output" => Ability::StructuredOutput,
                "vision" => Ability::Vision,
                _ => {
                    let problem = "must be \"tools\", \"structured-output\" or \"vision\"";
                    return Err(Error::config(item(&given.path("has"), index), problem));
                }
            });
        }
        if let Some(most) = given.object("maxPrice")? {
            most.only(&["inputPerMillion", "outputPerMillion"])?;
            route.max_input = most.number("inputPerMillion", Bounds::USD)?;
            route.max_output = most.number("outputPerMillion", Bounds::USD)?;
        }
        let of_offers = |name: &&str| given.get(name).is_some();
        let elsewhere = ["models", "sticky"];
        let mut of_router = FIELDS.iter().filter(|name| !elsewhere.contains(name));
        if !server.is_router
            && let Some(name) = of_router.find(|name| of_offers(name))
        {
            let problem = "is known behind Hugging Face's router alone; with another baseURL a route has models and sticky";
            return Err(Error::config(given.path(name), problem));
        }
        Ok(route)
    }

    /// Whether offers of the catalogue are looked at: it is more than `models` and `sticky`.
    pub fn looks_at_offers(&self) -> bool {
        !self.order.is_empty() || self.sort.is_some() || self.has_conditions()
    }

    /// Whether an offer may be refused, and does not just come later.
    pub fn has_conditions(&self) -> bool {
        let numbers = [
            self.max_input,
            self.max_output,
            self.max_first_token,
            self.min_throughput,
            self.min_context,
        ];
        !self.only.is_empty()
            || !self.ignore.is_empty()
            || !self.has.is_empty()
            || numbers.iter().any(Option::is_some)
    }
}

/// A list of strings that hold something.
fn texts(given: &Fields<'_>, name: &str) -> Result<Vec<String>, Error> {
    let mut texts = Vec::new();
    for (index, value) in given.list(name)?.unwrap_or_default().iter().enumerate() {
        let path = item(&given.path(name), index);
        match value {
            Value::String(text) if text.is_empty() => {
                return Err(Error::config(path, "must not be empty"));
            }
            Value::String(text) => texts.push(text.clone()),
            other => return Err(wrong_type(&path, "a string", other)),
        }
    }
    Ok(texts)
}

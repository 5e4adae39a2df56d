//! The option `route`: which models and providers may answer, and in what order.

use super::{BaseUrl, model_problem};
use crate::error::Error;
use crate::field::{Bounds, Fields, item, one_of, wrong_type};
use crate::json::Value;
use crate::unit::Millis;

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

/// The most models that one route may name.
const MOST_MODELS: usize = 32;

/// The order in which offers are asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// The router's own order: the fastest offer first.
    #[default]
    Router,
    /// The cheapest offer first: 3 parts of the prompt's price and 1 part of the answer's.
    Cost,
    /// The offer with the most tokens per second first.
    Throughput,
    /// The offer with the shortest time to the first token first.
    FirstToken,
}

/// An ability that an offer must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ability {
    /// Calling tools.
    Tools,
    /// Following a JSON schema.
    StructuredOutput,
    /// Reading images.
    Vision,
}

/// Their names.
const ABILITIES: [(&str, Ability); 3] = [
    ("tools", Ability::Tools),
    ("structured-output", Ability::StructuredOutput),
    ("vision", Ability::Vision),
];

/// Which models and providers may answer a call, and in what order.
///
/// ```
/// use hfetch::config::{BaseUrl, Route};
/// use hfetch::json;
///
/// let router = BaseUrl::default();
/// let given = json::parse(br#"{"models": ["org/backup"], "maxPrice": {"outputPerMillion": 1}}"#).unwrap();
/// let route = Route::read(&given, "route", &router).unwrap();
/// // With this condition the client has to read the catalogue before it sends anything.
/// assert!(route.looks_at_offers() && route.has_conditions());
///
/// // Only the router has a catalogue of offers, so such a route is refused for any other server.
/// let other = BaseUrl::parse("http://localhost:8080/v1", "baseURL").unwrap();
/// assert!(Route::read(&given, "route", &other).is_err());
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Route {
    /// Models that are asked after the body's own.
    pub models: Vec<String>,
    /// Providers that are asked first, in this order.
    pub order: Vec<String>,
    /// The only providers that may be asked; empty: all.
    pub only: Vec<String>,
    /// Providers that are not asked.
    pub ignore: Vec<String>,
    /// The order of the other providers; `None` if the option is absent.
    pub sort: Option<Sort>,
    /// Abilities that an offer must have.
    pub has: Vec<Ability>,
    /// The highest price per million prompt tokens, in US dollars.
    pub max_input: Option<f64>,
    /// The highest price per million tokens of the answer, in US dollars.
    pub max_output: Option<f64>,
    /// The longest time to the first token.
    pub max_first_token: Option<Millis>,
    /// The lowest number of tokens per second.
    pub min_throughput: Option<f64>,
    /// The shortest context length, in tokens.
    pub min_context: Option<f64>,
    /// A name: calls with the same name go to the provider that last answered one of them.
    pub sticky: Option<String>,
}

impl Route {
    /// Reads and checks a route for a client of this server.
    pub fn read(value: &Value, path: &str, server: &BaseUrl) -> Result<Self, Error> {
        let Value::Object(_) = value else {
            return Err(wrong_type(path, "an object", value));
        };
        let given = Fields::of(value, path);
        given.only(&FIELDS);
        let mut route = Route {
            models: given.texts("models"),
            order: given.texts("order"),
            only: given.texts("only"),
            ignore: given.texts("ignore"),
            max_first_token: given.number("maxFirstTokenMs", Bounds::WAIT).map(Millis),
            min_throughput: given.number("minThroughput", Bounds::AMOUNT),
            min_context: given.number("minContext", Bounds::COUNT_OR_ZERO),
            sticky: given.text("sticky").map(str::to_string),
            ..Route::default()
        };
        for (index, model) in route.models.iter().enumerate() {
            if let Some(problem) = model_problem(model) {
                given.refuse(&item("models", index), problem);
            }
        }
        if route.models.len() > MOST_MODELS {
            given.refuse("models", "must be 32 at most");
        }
        if given.get("only").is_some() && route.only.is_empty() {
            given.refuse("only", "must not be empty: nobody could answer");
        }
        const SORTS: [Sort; 3] = [Sort::Cost, Sort::Throughput, Sort::FirstToken];
        let sort = given.word("sort", &["cost", "tps", "ttft"]);
        route.sort = sort.and_then(|place| SORTS.get(place).copied());
        for (index, name) in given.texts("has").iter().enumerate() {
            match ABILITIES.iter().find(|row| row.0 == name) {
                Some(row) => route.has.push(row.1),
                None => given.refuse(&item("has", index), &one_of(&ABILITIES.map(|row| row.0))),
            }
        }
        given.object("maxPrice", &mut |most| {
            most.only(&["inputPerMillion", "outputPerMillion"]);
            route.max_input = most.number("inputPerMillion", Bounds::USD);
            route.max_output = most.number("outputPerMillion", Bounds::USD);
        });
        if !server.is_router {
            for name in FIELDS {
                if !matches!(name, "models" | "sticky") && given.get(name).is_some() {
                    let problem = "is known behind Hugging Face's router alone; with another baseURL a route has models and sticky";
                    given.refuse(name, problem);
                }
            }
        }
        given.ok().map(|()| route)
    }

    /// Whether the route needs the catalogue's offers: it has more than `models` and `sticky`.
    pub fn looks_at_offers(&self) -> bool {
        !self.order.is_empty() || self.sort.is_some() || self.has_conditions()
    }

    /// Whether the route can rule offers out, and doesn't only sort them.
    pub fn has_conditions(&self) -> bool {
        let numbers = [
            self.max_input,
            self.max_output,
            self.min_throughput,
            self.min_context,
        ];
        !self.only.is_empty()
            || !self.ignore.is_empty()
            || !self.has.is_empty()
            || self.max_first_token.is_some()
            || numbers.iter().any(Option::is_some)
    }
}

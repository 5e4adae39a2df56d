//! The catalogue's offers as a route judges them: which may be asked, in what order, and why the others may not.

use serde::Serialize;

use crate::config::{Ability, Route, Sort};
use crate::error::Error;
use crate::text::{digits, join, split_once};
use crate::wire::model::{Model, Offer, Price};

/// The conditions that can rule an offer out, in the order in which they are checked.
const CONDITIONS: [&str; 9] = [
    "model",
    "status",
    "only",
    "ignore",
    "has",
    "maxPrice",
    "maxFirstTokenMs",
    "minThroughput",
    "minContext",
];

/// Words after a model id that tell the router how to choose; they are no provider names.
const ROUTING: [(&str, Sort); 3] = [
    ("cheapest", Sort::Cost),
    ("fastest", Sort::Throughput),
    ("preferred", Sort::Router),
];

/// An offer as a route judges it: a row of `models.offers`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Judged {
    /// The model string that asks for this offer: "org/name:provider".
    pub model: String,
    /// The catalogue's offer.
    pub offer: Offer,
    /// The condition that rules the offer out; `None` if it may be asked.
    pub left_out: Option<&'static str>,
    /// Whether the offer has just failed and is therefore asked after the others.
    pub rests: bool,
    /// The offer's place among the others, which are asked from the smallest rank on: whether it is ruled out, whether it rests, its
    /// place in `route.order`, and the value by which it is sorted.
    #[serde(skip)]
    rank: [f64; 4],
}

/// Judges the offers of the model that a caller named. Offers that may be asked come first, in order; among these, resting ones
/// come last. `None` where the catalogue doesn't list the model.
///
/// ```
/// use hfetch::call::offer::judge;
/// use hfetch::config::Route;
/// use hfetch::wire::model;
///
/// let catalogue = br#"{"data":[{"id":"org/a","providers":[
///     {"provider":"dear","status":"live"},{"provider":"down","status":"error"},{"provider":"cheap","status":"live"}]}]}"#;
/// let models = model::parse(catalogue).unwrap();
/// let route = Route { order: vec!["cheap".to_string()], ..Route::default() };
/// let judged = judge(&models, "org/a", &route, &|_| false).unwrap();
/// let told: Vec<_> = judged.iter().map(|of| (of.model.as_str(), of.left_out)).collect();
/// assert_eq!(told, [("org/a:cheap", None), ("org/a:dear", None), ("org/a:down", Some("status"))]);
/// ```
pub fn judge(
    models: &[Model],
    named: &str,
    route: &Route,
    rests: &dyn Fn(&str) -> bool,
) -> Option<Vec<Judged>> {
    let (id, suffix) = split_once(named, b':').unwrap_or((named, ""));
    let model = models.iter().find(|model| model.id == id)?;
    let routing = ROUTING.iter().find(|(word, _)| *word == suffix);
    let pin = match routing {
        None if !suffix.is_empty() => Some(suffix),
        _ => None,
    };
    let sort = route.sort.or(routing.map(|(_, sort)| *sort));
    let mut all: Vec<Judged> = Vec::new();
    for offer in &model.providers {
        let left_out = left_out(model, offer, route, pin);
        let mut first = route.order.iter();
        let place = first.position(|name| *name == offer.provider);
        let model = [id, ":", &offer.provider].concat();
        let rests = rests(&model);
        let rank = [
            f64::from(left_out.is_some()),
            f64::from(rests && left_out.is_none()),
            place.unwrap_or(route.order.len()) as f64,
            value(offer, sort),
        ];
        // The lists are short, and the standard library's sort would be larger than this whole module.
        let at = all.partition_point(|other| other.rank <= rank);
        all.insert(
            at,
            Judged {
                model,
                left_out,
                offer: offer.clone(),
                rests,
                rank,
            },
        );
    }
    Some(all)
}

/// The number by which an offer is sorted, the smallest first. Offers without that number in the catalogue come last.
fn value(offer: &Offer, sort: Option<Sort>) -> f64 {
    let value = match sort.unwrap_or_default() {
        Sort::Cost => {
            price(offer).map(|price| 3.0 * price.input_per_million + price.output_per_million)
        }
        Sort::Router | Sort::Throughput => offer.throughput.map(|speed| -speed),
        Sort::FirstToken => offer.first_token_latency_ms.map(|wait| wait.0),
    };
    value.unwrap_or(f64::INFINITY)
}

/// An offer's price; zero where the offer is free.
fn price(offer: &Offer) -> Option<Price> {
    let free = offer.is_free == Some(true);
    offer.pricing.or(free.then(Price::default))
}

/// The first condition that an offer fails.
fn left_out(
    model: &Model,
    offer: &Offer,
    route: &Route,
    pin: Option<&str>,
) -> Option<&'static str> {
    let is_in = |list: &[String]| list.contains(&offer.provider);
    // What the catalogue doesn't say meets no limit.
    let most = |most: Option<f64>, known: Option<f64>| {
        known.unwrap_or(f64::INFINITY) <= most.unwrap_or(f64::INFINITY)
    };
    let least = |least: Option<f64>, known: Option<f64>| {
        known.unwrap_or(f64::NEG_INFINITY) >= least.unwrap_or(f64::NEG_INFINITY)
    };
    let price = price(offer);
    let meets = [
        pin.is_none_or(|pin| pin == offer.provider),
        offer.status == "live",
        route.only.is_empty() || is_in(&route.only),
        !is_in(&route.ignore),
        route.has.iter().all(|ability| has(model, offer, *ability)),
        most(route.max_input, price.map(|price| price.input_per_million))
            && most(
                route.max_output,
                price.map(|price| price.output_per_million),
            ),
        most(
            route.max_first_token.map(|wait| wait.0),
            offer.first_token_latency_ms.map(|wait| wait.0),
        ),
        least(route.min_throughput, offer.throughput),
        least(route.min_context, offer.context_length),
    ];
    let unmet = meets.iter().position(|meets| !meets)?;
    CONDITIONS.get(unmet).copied()
}

fn has(model: &Model, offer: &Offer, ability: Ability) -> bool {
    match ability {
        Ability::Tools => offer.supports_tools == Some(true),
        Ability::StructuredOutput => offer.supports_structured_output == Some(true),
        Ability::Vision => model.input_modalities.iter().any(|name| name == "image"),
    }
}

/// The error for a route that no offer fits. It names the condition that ruled out the last offers, and how many offers each
/// condition ruled out.
pub fn nobody(judged: &[Judged], named: &[String]) -> Error {
    let mut counts = Vec::new();
    let mut last = "models";
    for condition in CONDITIONS {
        let is_it = |offer: &&Judged| offer.left_out == Some(condition);
        let left_out = judged.iter().filter(is_it).count();
        if left_out > 0 {
            last = condition;
            counts.push([condition, " rules out ", &digits(left_out)].concat());
        }
    }
    let names = join(named, ", ");
    if counts.is_empty() {
        let problem = ["has no offer of the catalogue: ", &names].concat();
        return Error::config("model", &problem)
            .advise("models.list() gives the models that are offered.");
    }
    let path = match last {
        "model" => "model".to_string(),
        "status" => "route".to_string(),
        condition => ["route.", condition].concat(),
    };
    let counts = join(&counts, ", ");
    let problem = [
        "leaves no offer of ",
        &names,
        ": ",
        &counts,
        "; nothing was sent",
    ]
    .concat();
    Error::config(path, &problem)
        .advise("models.offers(model, route) lists every offer and what rules it out.")
}

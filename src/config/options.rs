//! The options of a client.

use std::rc::Rc;

use super::{
    BaseUrl, Batching, Config, Draft, KeySource, Route, Waiting, header, id_problem, key,
    model_problem, retry,
};
use crate::error::Error;
use crate::field::{Bounds, Fields, one_of, wrong_type};
use crate::json::Value;
use crate::policy::budget::{Budget, Per};
use crate::policy::cost::Pricing;
use crate::policy::rate_limit::Limits;
use crate::unit::Usd;

const OPTIONS: [&str; 21] = [
    "id",
    "apiKey",
    "apiKeys",
    "baseURL",
    "model",
    "pricing",
    "limits",
    "budget",
    "embeddings",
    "retry",
    "maxRetries",
    "route",
    "timeout",
    "maxEventBytes",
    "maxAnswerBytes",
    "billTo",
    "headers",
    "fetch",
    "store",
    "onSettled",
    IN_A_PAGE,
];
/// Options of other clients, with the name that hfetch uses instead.
const ELSEWHERE: [(&str, &str); 9] = [
    ("accessToken", "apiKey"),
    ("token", "apiKey"),
    ("endpointUrl", "baseURL"),
    ("defaultHeaders", "headers"),
    ("fetchOptions", "fetch"),
    ("httpAgent", "fetch"),
    ("organization", "billTo"),
    ("retry_on_error", "retry"),
    ("provider", "model, as \"org/name:provider\""),
];
/// An option that the `openai` package requires in pages.
const IN_A_PAGE: &str = "dangerouslyAllowBrowser";
const LIMITS: [&str; 6] = [
    "requestsPerMinute",
    "tokensPerMinute",
    "requestsPerMonth",
    "maxConcurrent",
    "onLimit",
    "maxWait",
];

/// Whether the options bring keys, so that no other source is needed.
pub fn bring_keys(given: &Fields<'_>, source: &KeySource) -> bool {
    given.get("apiKey").is_some()
        || given.get("apiKeys").is_some()
        || *source == KeySource::Function
}

/// Reads options; they replace what the draft holds.
///
/// Groups of options have reading functions of their own, called only if the group is given: a WebAssembly engine compiles a
/// function at its first call.
pub fn read(draft: &mut Draft, given: &Fields<'_>, source: &KeySource) {
    for (name, ours) in ELSEWHERE {
        if given.get(name).is_some() {
            given.refuse(name, &["is not an option; here it is ", ours].concat());
        }
    }
    if given.get(IN_A_PAGE).is_some() {
        let needless = "hfetch: dangerouslyAllowBrowser is not needed: this client runs in pages, with the visitor's token or a gateway's ticket";
        draft.config.warnings.push(needless.to_string());
    }
    given.only(&OPTIONS);
    for name in ["fetch", "onSettled"] {
        given.function(name);
    }
    let config = &mut draft.config;
    if let Some(id) = given.text_if("id", id_problem) {
        config.id = id.to_string();
    }
    read_keys(config, given, source);
    read_address(config, given, "baseURL");
    given.object("limits", &mut |limits| {
        read_limits(&mut config.limits, &mut config.waiting, limits);
    });
    given.object("embeddings", &mut |batching| {
        read_batching(&mut config.batching, batching);
    });
    retry::read(&mut config.retry, given);
    if let Some(route) = given.get("route") {
        let route = Route::read(route, "route", &config.base_url);
        config.route = given.read(route).map(Rc::new);
    }
    if let Some(timeout) = given.get("timeout") {
        given.read(config.timeouts.read(timeout, "timeout"));
    }
    given.set_count("maxEventBytes", &mut config.max_event_bytes);
    given.set_count("maxAnswerBytes", &mut config.max_answer_bytes);
    if let Some(organisation) = given.text_if("billTo", header::value_problem) {
        config.bill_to = Some(organisation.to_string());
    }
    given.object("headers", &mut |headers| {
        header::read(headers, &mut config.headers)
    });
    if let Some(pricing) = given.get("pricing") {
        config.pricing = given.read(Pricing::from_value(pricing, "pricing"));
        draft.pricing_path = "pricing".to_string();
    }
    given.object("budget", &mut |budget| config.budget = read_budget(budget));
}

/// Reads the base URL and the default model. The provider page has another name for the base URL.
pub fn read_address(config: &mut Config, given: &Fields<'_>, base_url: &str) {
    if let Some(url) = given.text(base_url)
        && let Some(url) = given.read(BaseUrl::parse(url, &given.path(base_url)))
    {
        config.base_url = url;
    }
    if let Some(model) = given.text_if("model", model_problem) {
        config.model = Some(model.to_string());
    }
}

fn read_keys(config: &mut Config, given: &Fields<'_>, source: &KeySource) {
    let list = given.list("apiKeys");
    let from_function = *source == KeySource::Function;
    if list.is_some() && (from_function || given.get("apiKey").is_some()) {
        given.refuse("apiKeys", "can't be given together with apiKey");
    }
    if let Some(items) = list {
        let keys = key::list(items, "apiKeys", &|given, _| Ok(given.to_string()));
        config.keys = given.read(keys).unwrap_or_default();
    }
    match given.get("apiKey") {
        None => config.key_from_function = from_function,
        Some(Value::Other("function")) => config.key_from_function = true,
        Some(Value::String(key)) => {
            given.read(key::check(key, "apiKey"));
            config.keys = vec![key.clone()];
        }
        Some(other) => given.fail(wrong_type("apiKey", "a string or a function", other)),
    }
    if config.key_from_function {
        config.keys.clear();
    }
}

pub fn read_limits(limits: &mut Limits, waiting: &mut Waiting, given: &Fields<'_>) {
    given.only(&LIMITS);
    let set = |name, limit| given.set_some(name, Bounds::LIMIT, limit);
    set("requestsPerMinute", &mut limits.requests_per_minute);
    set("tokensPerMinute", &mut limits.tokens_per_minute);
    set("requestsPerMonth", &mut limits.requests_per_month);
    set("maxConcurrent", &mut limits.max_concurrent);
    if let Some(place) = given.word("onLimit", &["wait", "error"]) {
        waiting.waits = place == 0;
    }
    given.set("maxWait", Bounds::WAIT, &mut waiting.max_wait.0);
}

pub fn read_batching(batching: &mut Batching, given: &Fields<'_>) {
    given.only(&["batchSize", "concurrency"]);
    given.set_count("batchSize", &mut batching.size);
    given.set_count("concurrency", &mut batching.concurrency);
}

/// The limits in an object that is no client's options; `path` names it in errors.
pub fn limits(given: &Value, path: &str) -> Result<Limits, Error> {
    let mut limits = Limits::default();
    let given = Fields::of(given, path);
    read_limits(&mut limits, &mut Waiting::default(), &given);
    given.ok().map(|()| limits)
}

/// The budget in an object that is no client's options; `path` names it in errors.
pub fn budget(given: &Value, path: &str) -> Result<Option<Budget>, Error> {
    let given = Fields::of(given, path);
    let budget = read_budget(&given);
    given.ok().map(|()| budget)
}

pub fn read_budget(given: &Fields<'_>) -> Option<Budget> {
    given.only(&["usd", "per"]);
    let usd = given.number("usd", Bounds::USD);
    if usd.is_none() {
        given.refuse("usd", "is missing");
    }
    let names = Per::ALL.map(Per::name);
    let per = given.word("per", &names);
    if per.is_none() {
        given.refuse("per", &one_of(&names));
    }
    Some(Budget {
        usd: Usd(usd?),
        per: *Per::ALL.get(per?)?,
    })
}

//! A client's options.

use super::field::{Bounds, Fields, wrong_type};
use std::rc::Rc;

use super::{BaseUrl, Config, Draft, KeySource, Route, check_id, check_model, header, key, retry};
use crate::error::Error;
use crate::json::Value;
use crate::policy::budget::{Budget, Per};
use crate::policy::cost::Pricing;

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
/// Options of other clients by what they are called here.
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
/// What the `openai` package wants to be told before it runs in a page.
const IN_A_PAGE: &str = "dangerouslyAllowBrowser";
const LIMITS: [&str; 6] = [
    "requestsPerMinute",
    "tokensPerMinute",
    "requestsPerMonth",
    "maxConcurrent",
    "onLimit",
    "maxWait",
];

/// Whether the options say where keys come from, so that nobody else needs to.
pub fn bring_keys(given: &Fields<'_>, source: &KeySource) -> bool {
    given.get("apiKey").is_some()
        || given.get("apiKeys").is_some()
        || *source == KeySource::Function
}

/// Reads options over what a draft holds.
///
/// What reads a group of them is called for who gives some: an engine compiles a function when it is first called.
pub fn read(draft: &mut Draft, given: &Fields<'_>, source: &KeySource) -> Result<(), Error> {
    for (name, ours) in ELSEWHERE {
        if given.get(name).is_some() {
            let problem = ["is not an option; here it is ", ours].concat();
            return Err(Error::config(given.path(name), &problem));
        }
    }
    if given.get(IN_A_PAGE).is_some() {
        let needless = "hfetch: dangerouslyAllowBrowser is not needed: this client runs in pages, with the visitor's token or a gateway's ticket";
        draft.config.warnings.push(needless.to_string());
    }
    given.only(&OPTIONS)?;
    for name in ["fetch", "onSettled"] {
        match given.get(name) {
            None | Some(Value::Other("function")) => {}
            Some(other) => return Err(wrong_type(&given.path(name), "a function", other)),
        }
    }
    let config = &mut draft.config;
    if let Some(id) = given.text("id")? {
        check_id(id, "id")?;
        config.id = id.to_string();
    }
    read_keys(config, given, source)?;
    if let Some(url) = given.text("baseURL")? {
        config.base_url = BaseUrl::parse(url, "baseURL")?;
    }
    if let Some(model) = given.text("model")? {
        check_model(model, "model")?;
        config.model = Some(model.to_string());
    }
    if let Some(limits) = given.object("limits")? {
        read_limits(config, &limits)?;
    }
    if let Some(batching) = given.object("embeddings")? {
        read_batching(config, &batching)?;
    }
    retry::read(&mut config.retry, given)?;
    if let Some(route) = given.get("route") {
        let route = Route::read(route, "route", &config.base_url)?;
        config.route = Some(Rc::new(route));
    }
    if let Some(timeout) = given.get("timeout") {
        config.timeouts.read(timeout, &given.path("timeout"))?;
    }
    if let Some(bytes) = given.number("maxEventBytes", Bounds::COUNT)? {
        config.max_event_bytes = bytes as usize;
    }
    if let Some(bytes) = given.number("maxAnswerBytes", Bounds::COUNT)? {
        config.max_answer_bytes = bytes as usize;
    }
    if let Some(organisation) = given.text("billTo")? {
        header::check_value(organisation, "billTo")?;
        config.bill_to = Some(organisation.to_string());
    }
    if let Some(headers) = given.object("headers")? {
        header::read(&headers, &mut config.headers)?;
    }
    if let Some(pricing) = given.get("pricing") {
        config.pricing = Some(Pricing::from_value(pricing, "pricing")?);
        draft.pricing_path = "pricing".to_string();
    }
    if let Some(budget) = given.object("budget")? {
        draft.config.budget = Some(read_budget(&budget)?);
    }
    Ok(())
}

fn read_keys(config: &mut Config, given: &Fields<'_>, source: &KeySource) -> Result<(), Error> {
    let list = given.list("apiKeys")?;
    let from_function = *source == KeySource::Function;
    if list.is_some() && (from_function || given.get("apiKey").is_some()) {
        return Err(Error::config(
            "apiKeys",
            "can't be given together with apiKey",
        ));
    }
    if let Some(items) = list {
        config.keys = key::list(items, "apiKeys", &|given, _| Ok(given.to_string()))?;
    }
    match given.get("apiKey") {
        None => config.key_from_function = from_function,
        Some(Value::Other("function")) => config.key_from_function = true,
        Some(Value::String(key)) => {
            key::check(key, "apiKey")?;
            config.keys = vec![key.clone()];
        }
        Some(other) => return Err(wrong_type("apiKey", "a string or a function", other)),
    }
    if config.key_from_function {
        config.keys.clear();
    }
    Ok(())
}

fn read_limits(config: &mut Config, given: &Fields<'_>) -> Result<(), Error> {
    given.only(&LIMITS)?;
    let limits = &mut config.limits;
    let per_minute = given.number("requestsPerMinute", Bounds::LIMIT)?;
    limits.requests_per_minute = per_minute.or(limits.requests_per_minute);
    let tokens = given.number("tokensPerMinute", Bounds::LIMIT)?;
    limits.tokens_per_minute = tokens.or(limits.tokens_per_minute);
    let per_month = given.number("requestsPerMonth", Bounds::LIMIT)?;
    limits.requests_per_month = per_month.or(limits.requests_per_month);
    let at_once = given.number("maxConcurrent", Bounds::LIMIT)?;
    limits.max_concurrent = at_once.or(limits.max_concurrent);
    config.waiting.waits = match given.text("onLimit")? {
        None => config.waiting.waits,
        Some("wait") => true,
        Some("error") => false,
        Some(_) => {
            return Err(Error::config(
                given.path("onLimit"),
                "must be \"wait\" or \"error\"",
            ));
        }
    };
    if let Some(wait) = given.number("maxWait", Bounds::WAIT)? {
        config.waiting.max_wait = wait;
    }
    Ok(())
}

fn read_batching(config: &mut Config, given: &Fields<'_>) -> Result<(), Error> {
    given.only(&["batchSize", "concurrency"])?;
    if let Some(size) = given.number("batchSize", Bounds::COUNT)? {
        config.batching.size = size as usize;
    }
    if let Some(requests) = given.number("concurrency", Bounds::COUNT)? {
        config.batching.concurrency = requests as usize;
    }
    Ok(())
}

fn read_budget(given: &Fields<'_>) -> Result<Budget, Error> {
    given.only(&["usd", "per"])?;
    let usd = given.number("usd", Bounds::USD)?;
    let usd = usd.ok_or_else(|| Error::config(given.path("usd"), "is missing"))?;
    let per = given.text("per")?.and_then(Per::from_name);
    let per = per.ok_or_else(|| {
        let problem = "must be \"hour\", \"day\", \"month\" or \"total\"";
        Error::config(given.path("per"), problem)
    })?;
    Ok(Budget { usd, per })
}

//! The provider page's config block, as any YAML or JSON loader gives it.

use super::base_url::BaseUrl;
use super::field::{Bounds, Fields, item, wrong_type};
use super::{Config, Draft, check_id, check_model, key};
use crate::error::Error;
use crate::json::Value;
use crate::policy::cost::{Price, Pricing};

const TYPE: &str = "huggingface";
const FIELDS: [&str; 8] = [
    "id", "type", "name", "api_keys", "base_url", "model", "pricing", "limits",
];
const LIMITS: [&str; 5] = [
    "req_per_min",
    "tokens_per_min",
    "max_tokens",
    "session_limit",
    "session_type",
];

/// What of the page is read but has no meaning here.
const IGNORED_LIMITS: [&str; 3] = ["max_tokens", "session_limit", "session_type"];

/// The one entry that is meant, and the path to it.
pub fn select<'a>(page: &'a Value, id: Option<&str>) -> Result<(&'a Value, String), Error> {
    let root = match page {
        Value::Object(_) => Fields::of(page, "")?,
        other => return Err(wrong_type("config", "an object", other)),
    };
    let Some(entries) = root.list("llm_providers")? else {
        return single(page, &root, id);
    };
    let mut chosen = None;
    for (index, entry) in entries.iter().enumerate() {
        let matches = match id {
            Some(id) => text(entry, "id") == Some(id),
            None => text(entry, "type") == Some(TYPE),
        };
        if !matches {
            continue;
        }
        if chosen.is_some() {
            let problem = match id {
                Some(_) => "holds several entries with the selected id",
                None => "holds several entries of type huggingface; select one by its id",
            };
            return Err(Error::config("llm_providers", problem));
        }
        chosen = Some((entry, item("llm_providers", index)));
    }
    let Some((entry, path)) = chosen else {
        let problem = match id {
            Some(id) => ["holds no entry with the id \"", id, "\""].concat(),
            None => "holds no entry of type huggingface".to_string(),
        };
        return Err(Error::config("llm_providers", &problem));
    };
    check_type(entry, &path)?;
    Ok((entry, path))
}

fn single<'a>(
    page: &'a Value,
    root: &Fields<'_>,
    id: Option<&str>,
) -> Result<(&'a Value, String), Error> {
    if root.get("type").is_none() && root.get("api_keys").is_none() {
        return Err(Error::config(
            "llm_providers",
            "is missing: give a list of providers, or one entry of type huggingface",
        ));
    }
    check_type(page, "")?;
    match id {
        Some(id) if text(page, "id") != Some(id) => {
            let problem = ["is not the selected id \"", id, "\""].concat();
            Err(Error::config("id", &problem))
        }
        _ => Ok((page, String::new())),
    }
}

fn check_type(entry: &Value, path: &str) -> Result<(), Error> {
    let fields = Fields::of(entry, path)?;
    match fields.text("type")? {
        Some(TYPE) => Ok(()),
        Some(_) => Err(Error::config(
            fields.path("type"),
            "must be huggingface in the selected entry",
        )),
        None => Err(missing(&fields, "type")),
    }
}

fn text<'a>(entry: &'a Value, name: &str) -> Option<&'a str> {
    match Fields::of(entry, "").ok()?.get(name)? {
        Value::String(text) => Some(text),
        _ => None,
    }
}

fn missing(fields: &Fields<'_>, name: &str) -> Error {
    Error::config(fields.path(name), "is missing")
}

/// Reads the selected entry into a draft.
pub fn read(
    draft: &mut Draft,
    entry: &Value,
    path: &str,
    needs_keys: bool,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<(), Error> {
    let fields = Fields::of(entry, path)?;
    fields.only(&FIELDS)?;
    let id = fields.text("id")?.ok_or_else(|| missing(&fields, "id"))?;
    check_id(id, &fields.path("id"))?;
    let config = &mut draft.config;
    config.id = id.to_string();
    match fields.list("api_keys")? {
        // Keys of the options win, so that those of the file need not even resolve.
        _ if !needs_keys => {}
        Some(items) => {
            let resolve = |given: &str, path: &str| key::resolve(given, path, env);
            config.keys = key::list(items, &fields.path("api_keys"), &resolve)?;
        }
        None => return Err(missing(&fields, "api_keys")),
    }
    if let Some(url) = fields.text("base_url")? {
        config.base_url = BaseUrl::parse(url, &fields.path("base_url"))?;
    }
    if let Some(model) = fields.text("model")? {
        check_model(model, &fields.path("model"))?;
        config.model = Some(model.to_string());
    }
    read_pricing(draft, &fields)?;
    draft.ignored = read_limits(&mut draft.config, &fields)?;
    Ok(())
}

fn read_pricing(draft: &mut Draft, fields: &Fields<'_>) -> Result<(), Error> {
    let (Some(value), Some(given)) = (fields.get("pricing"), fields.object("pricing")?) else {
        return Ok(());
    };
    given.only(&["input_token_cost", "output_token_cost", "unit"])?;
    if given.get("input_token_cost").is_none() {
        return Err(missing(&given, "input_token_cost"));
    }
    draft.pricing_path = fields.path("pricing");
    let price = Price::from_value(value, &draft.pricing_path)?;
    draft.config.pricing = Some(Pricing::One(price));
    Ok(())
}

fn read_limits(config: &mut Config, fields: &Fields<'_>) -> Result<Vec<String>, Error> {
    let mut ignored = Vec::new();
    if fields.get("name").is_some() {
        ignored.push(fields.path("name"));
    }
    let Some(limits) = fields.object("limits")? else {
        return Ok(ignored);
    };
    limits.only(&LIMITS)?;
    if let Some(limit) = limits.number("req_per_min", Bounds::LIMIT)? {
        config.limits.requests_per_minute = Some(limit);
    }
    if let Some(limit) = limits.number("tokens_per_min", Bounds::LIMIT)? {
        config.limits.tokens_per_minute = Some(limit);
    }
    let without_meaning = IGNORED_LIMITS
        .iter()
        .filter(|name| limits.get(name).is_some());
    ignored.extend(without_meaning.map(|name| limits.path(name)));
    Ok(ignored)
}

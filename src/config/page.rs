//! The provider page's config block, in the form that any YAML or JSON loader returns.

use super::options::read_address;
use super::{Config, Draft, id_problem, key};
use crate::error::Error;
use crate::field::{Bounds, Fields, item, wrong_type};
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

/// Limits on the page that are accepted and have no meaning here.
const IGNORED_LIMITS: [&str; 3] = ["max_tokens", "session_limit", "session_type"];

/// The selected entry of the page, and the path to it.
pub fn select<'a>(page: &'a Value, id: Option<&str>) -> Result<(&'a Value, String), Error> {
    let root = match page {
        Value::Object(_) => Fields::of(page, ""),
        other => return Err(wrong_type("config", "an object", other)),
    };
    let entries = root.list("llm_providers");
    root.ok()?;
    let Some(entries) = entries else {
        return single(page, &root, id);
    };
    let name = if id.is_some() { "id" } else { "type" };
    let wanted = id.unwrap_or(TYPE);
    let mut chosen = None;
    for (index, entry) in entries.iter().enumerate() {
        if text(entry, name) == Some(wanted) && chosen.replace((entry, index)).is_some() {
            let problem = match id {
                Some(_) => "holds several entries with the selected id",
                None => "holds several entries of type huggingface; select one by its id",
            };
            return Err(Error::config("llm_providers", problem));
        }
    }
    let Some((entry, index)) = chosen else {
        let problem = match id {
            Some(id) => ["holds no entry with the id \"", id, "\""].concat(),
            None => "holds no entry of type huggingface".to_string(),
        };
        return Err(Error::config("llm_providers", &problem));
    };
    let path = item("llm_providers", index);
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
    let fields = Fields::of(entry, path);
    match fields.text("type") {
        Some(TYPE) => {}
        Some(_) => fields.refuse("type", "must be huggingface in the selected entry"),
        None => fields.refuse("type", MISSING),
    }
    fields.ok()
}

fn text<'a>(entry: &'a Value, name: &str) -> Option<&'a str> {
    Fields::of(entry, "").get(name)?.as_str()
}

const MISSING: &str = "is missing";

/// Reads the selected entry into a draft.
pub fn read(
    draft: &mut Draft,
    fields: &Fields<'_>,
    entry: &Value,
    needs_keys: bool,
    env: &dyn Fn(&str) -> Option<String>,
) {
    fields.only(&FIELDS);
    let config = &mut draft.config;
    match fields.text_if("id", id_problem) {
        Some(id) => config.id = id.to_string(),
        None => fields.refuse("id", MISSING),
    }
    match fields.list("api_keys") {
        // If the options bring keys, they win, and the variables of the file need not exist.
        _ if !needs_keys => {}
        Some(items) => {
            let resolve = |given: &str, path: &str| key::resolve(given, path, env);
            let keys = key::list(items, &fields.path("api_keys"), &resolve);
            config.keys = fields.read(keys).unwrap_or_default();
        }
        None => fields.refuse("api_keys", MISSING),
    }
    read_address(config, fields, "base_url");
    fields.object("pricing", &mut |given| {
        given.only(&["input_token_cost", "output_token_cost", "unit"]);
        if given.get("input_token_cost").is_none() {
            given.refuse("input_token_cost", MISSING);
        }
        draft.pricing_path = fields.path("pricing");
        let value = entry.get("pricing").unwrap_or(&Value::Null);
        let price = given.read(Price::from_value(value, &draft.pricing_path));
        draft.config.pricing = price.map(Pricing::One);
    });
    if fields.get("name").is_some() {
        draft.ignored.push(fields.path("name"));
    }
    fields.object("limits", &mut |limits| {
        read_limits(&mut draft.config, limits, &mut draft.ignored);
    });
}

fn read_limits(config: &mut Config, given: &Fields<'_>, ignored: &mut Vec<String>) {
    given.only(&LIMITS);
    let limits = &mut config.limits;
    given.set_some(
        "req_per_min",
        Bounds::LIMIT,
        &mut limits.requests_per_minute,
    );
    given.set_some(
        "tokens_per_min",
        Bounds::LIMIT,
        &mut limits.tokens_per_minute,
    );
    for name in IGNORED_LIMITS {
        if given.get(name).is_some() {
            ignored.push(given.path(name));
        }
    }
}

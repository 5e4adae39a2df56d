//! Keys. A bad one is refused here, because the error of `fetch` would quote it.

use crate::error::Error;
use crate::field::{item, wrong_type};
use crate::json::Value;
use crate::text::find;

/// Where the keys come from, apart from the options' own `apiKey` and `apiKeys`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum KeySource {
    /// No other source.
    #[default]
    None,
    /// A function of the caller's that is asked before each request. It replaces every other source.
    Function,
    /// The value of the environment variable `HF_TOKEN`.
    Environment(String),
}

/// Checks one key. The error doesn't quote it.
pub fn check(key: &str, path: &str) -> Result<(), Error> {
    problem(key).map_or(Ok(()), |problem| Err(Error::config(path, problem)))
}

/// Checks what a key function returned. Often that is a server's error page or JSON instead of a key.
pub fn check_given(key: &str) -> Result<(), Error> {
    let problem = match key.trim_ascii_start().bytes().next() {
        Some(b'<') => "is an HTML page",
        Some(b'{' | b'"') => "is JSON: give the key in it",
        _ => match problem(key) {
            Some(problem) => problem,
            None => return Ok(()),
        },
    };
    Err(not_given(problem))
}

/// The error for a key function's result that isn't a key.
pub fn not_given(problem: &str) -> Error {
    Error::config("apiKey", &["what the key function gave ", problem].concat())
}

fn problem(key: &str) -> Option<&'static str> {
    Some(if key.is_empty() {
        "must not be empty"
    } else if key
        .get(..7)
        .is_some_and(|start| start.eq_ignore_ascii_case("bearer "))
    {
        "must be the key alone, without \"Bearer\""
    } else {
        match key.bytes().find(|byte| !byte.is_ascii_graphic()) {
            None => return None,
            Some(b'\n' | b'\r') => {
                "must not hold a line break; was it read from a file without trimming?"
            }
            Some(b' ' | b'\t') => "must not hold white space",
            // A placeholder from documentation, such as "hf_…".
            Some(_) if key.ends_with('…') => {
                "is the placeholder of an example: put your own key there"
            }
            Some(_) => "must hold printable ASCII characters only",
        }
    })
}

/// The keys in a list, without duplicates: the same key twice would get two separate limits for one account.
pub fn list(
    items: &[Value],
    path: &str,
    resolve: &dyn Fn(&str, &str) -> Result<String, Error>,
) -> Result<Vec<String>, Error> {
    if items.is_empty() {
        return Err(Error::config(path, "must hold at least one key"));
    }
    let mut keys: Vec<String> = Vec::with_capacity(items.len());
    for (index, value) in items.iter().enumerate() {
        let path = item(path, index);
        let Value::String(given) = value else {
            return Err(wrong_type(&path, "a string", value));
        };
        let key = resolve(given, &path)?;
        check(&key, &path)?;
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    Ok(keys)
}

/// Resolves a key in the provider page's form: the key itself, or `${NAME}` for an environment variable.
pub fn resolve(
    given: &str,
    path: &str,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<String, Error> {
    if find(given, "${").is_none() {
        return Ok(given.to_string());
    }
    let name = given
        .strip_prefix("${")
        .and_then(|rest| rest.strip_suffix("}"));
    let Some(name) = name.filter(|name| is_variable(name)) else {
        return Err(Error::config(
            path,
            "must be a key, or exactly ${NAME} for a variable of the environment",
        ));
    };
    match env(name) {
        Some(key) if !key.is_empty() => Ok(key),
        _ => {
            let problem = ["the environment variable ", name, " is not set"].concat();
            Err(Error::config(path, &problem))
        }
    }
}

fn is_variable(name: &str) -> bool {
    let starts_well = !name.bytes().next().is_some_and(|b| b.is_ascii_digit());
    !name.is_empty() && starts_well && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

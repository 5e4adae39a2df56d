//! Where text completions are sent: Hugging Face's router has no path of its own for them, but some providers behind it do.

use super::name_and_provider;
use crate::error::Error;

/// The path to a provider through the router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route<'m> {
    /// The path after the router's origin.
    pub path: &'static str,
    /// The model without its provider.
    pub model: &'m str,
}

/// Providers with a path for completions.
const ROUTES: [(&str, &str); 5] = [
    ("together", "/together/v1/completions"),
    ("featherless-ai", "/featherless-ai/v1/completions"),
    ("scaleway", "/scaleway/v1/completions"),
    ("ovhcloud", "/ovhcloud/v1/completions"),
    ("deepinfra", "/deepinfra/v1/openai/completions"),
];

/// Where else a model runs that only completes text.
pub const ELSEWHERE: &str = "Models that only complete text (DialoGPT, FLAN-T5, Phi-2, Gemma, BLOOM) run on an Inference Endpoint, or on a server of your own with TGI, vLLM, llama.cpp or transformers: give its address as baseURL.";

/// The URL for a completion, and the model in its body. `router` is the origin of Hugging Face's router, if `base_url` is the
/// router's.
#[inline(never)]
pub fn way<'m>(
    base_url: &str,
    router: Option<&str>,
    model: &'m str,
) -> Result<(String, &'m str), Error> {
    let Some(origin) = router else {
        return Ok(([base_url, "/completions"].concat(), model));
    };
    let route = on_router(model)?;
    Ok(([origin, route.path].concat(), route.model))
}

/// The path for "org/name:provider" through the router.
pub fn on_router(model: &str) -> Result<Route<'_>, Error> {
    let pinned = name_and_provider(model);
    if let Some((model, provider)) = pinned
        && let Some((_, path)) = ROUTES.iter().find(|(name, _)| *name == provider)
    {
        return Ok(Route { path, model });
    }
    let problem = match pinned {
        Some(_) => "names a provider whose completions the router does not pass on",
        None => "needs a provider here: the router has no route of its own for completions",
    };
    let names = ROUTES.map(|(name, _)| name).join(", ");
    let hint = [
        "Write \"org/name:provider\" with one of ",
        &names,
        ". ",
        ELSEWHERE,
    ]
    .concat();
    Err(Error::config("model", problem).advise(&hint))
}

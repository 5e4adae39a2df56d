//! An embeddings request: its URL, and its inputs in batches of limited number and size.

use std::ops::Range;

use super::body::Draft;
use super::rerank;
use crate::error::Error;
use crate::json::{quoted, unescape};
use crate::text::{count, join, split, split_once};
use crate::wire::request::{Defaults, Prompt, PromptReader, listed, resolve_model};

/// The most bytes that text-embeddings-inference accepts in one body by default.
pub const PAYLOAD_LIMIT: usize = 2_000_000;

/// Providers with an OpenAI-compatible path for embeddings behind the router.
const ROUTES: [(&str, &str); 3] = [
    ("deepinfra", "/deepinfra/v1/openai/embeddings"),
    ("together", "/together/v1/embeddings"),
    ("scaleway", "/scaleway/v1/embeddings"),
];
pub(super) const HF_INFERENCE: &str = "hf-inference";

/// The server for embeddings requests.
#[derive(Clone, Copy, Debug)]
pub struct Endpoint<'a> {
    /// The base URL, without a trailing slash.
    pub base_url: &'a str,
    /// Whether this is Hugging Face's router, which has no `/v1/embeddings`.
    pub is_router: bool,
    /// The URL to which another library wanted to send the request.
    pub address: Option<&'a str>,
}

impl<'a> Endpoint<'a> {
    /// The origin of the router. A base URL below it that names a provider's own path is used as it is.
    pub(super) fn router(&self) -> Option<&'a str> {
        let origin = self.base_url.strip_suffix("/v1");
        origin.filter(|origin| self.is_router && count(origin, b'/') == 2)
    }
}

/// How many inputs fit into one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The most inputs.
    pub inputs: usize,
    /// The most bytes of the body; an input that is longer by itself is sent alone.
    pub bytes: usize,
}

/// The form in which each embedding is returned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// A `Float32Array`, if the caller didn't choose.
    #[default]
    Floats,
    /// A list of numbers.
    Numbers,
    /// Base64 text.
    Base64,
}

impl Format {
    /// The public name.
    pub fn name(self) -> &'static str {
        match self {
            Format::Floats => "floats",
            Format::Numbers => "numbers",
            Format::Base64 => "base64",
        }
    }
}

/// An embeddings request, ready to be sent batch by batch.
///
/// ```
/// use hfetch::wire::embedding::request::{Bounds, Endpoint, read};
/// use hfetch::wire::request::{Caps, Defaults};
///
/// let defaults = Defaults { id: "", model: Some("org/name"), needs_usage: false, max_tokens: None, renames: false, caps: Caps::NONE };
/// let endpoint = Endpoint { base_url: "http://localhost:8080/v1", is_router: false, address: None };
/// let request = read(r#"{"input": ["a", "b", "c"]}"#, defaults, endpoint).unwrap();
/// assert_eq!(request.url, "http://localhost:8080/v1/embeddings");
/// // Three inputs with at most two per request are two batches.
/// assert_eq!(request.batches(Bounds { inputs: 2, bytes: 1_000_000 }), [0..2, 2..3]);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EmbeddingRequest {
    /// The URL for every batch.
    pub url: String,
    /// The model as the caller named it, without the client's prefix.
    pub model: String,
    /// The provider, where the URL determines it.
    pub provider: Option<String>,
    /// The form in which the caller wants each embedding.
    pub format: Format,
    /// Warnings about parameters that are probably misspelt, for the developer.
    pub doubts: Vec<String>,
    /// How many documents of a reranking the caller wants.
    pub most: Option<f64>,
    /// The JSON text of each input.
    pub(super) inputs: Vec<String>,
    /// The query of a reranking, as JSON.
    pub(super) query: Option<String>,
    /// The JSON text before and after each input.
    pub(super) around: (String, String),
    /// Other members that may reach the model with each input.
    pub(super) beside: Vec<(String, String)>,
    /// Whether the caller gave one input that is not in a list.
    pub(super) single: bool,
    /// The body as it came, which is sent if the server needs no other form.
    pub(super) whole: Option<String>,
    /// Whether the inputs are token ids.
    pub(super) token_ids: bool,
    /// The body before the inputs.
    pub(super) head: String,
    pub(super) tail: String,
}

/// A range of inputs that is sent as one request.
pub type Batch = Range<usize>;

/// The form of an input, for an estimate of its tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Input<'a> {
    /// Text.
    Text(&'a str),
    /// This many token ids.
    TokenIds(usize),
}

#[derive(Debug, PartialEq)]
enum Route {
    /// Feature extraction: the inputs are under `inputs`, and the body names no model.
    FeatureExtraction,
    OpenAi,
}

struct Target<'a> {
    route: Route,
    url: String,
    /// The model in the body.
    model: &'a str,
    provider: Option<String>,
}

/// The URL for a model's inputs, and the body around them.
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    /// The URL.
    pub url: String,
    /// The provider behind the URL, where the URL determines it.
    pub provider: Option<String>,
    pub(super) head: String,
    pub(super) tail: String,
}

/// Checks a caller's body and finds the URL for it.
pub fn read(
    text: &str,
    defaults: Defaults<'_>,
    endpoint: Endpoint<'_>,
) -> Result<EmbeddingRequest, Error> {
    let draft = Draft::read(text, "input")?;
    let inputs = draft
        .inputs
        .ok_or_else(|| Error::config("input", "is missing: a string, or a list of strings"))?;
    let named = draft.model;
    let model = resolve_model(named.as_deref(), defaults)?;
    let target = target(&model, endpoint)?;
    let is_complete = target.route == Route::OpenAi && named.as_deref() == Some(target.model);
    let whole = endpoint.address.filter(|_| is_complete);
    check_inputs(&target, inputs.token_ids)?;
    let (head, tail) = write(&target, &draft.members);
    Ok(EmbeddingRequest {
        url: target.url,
        provider: target.provider,
        model,
        format: draft.format,
        doubts: draft.doubts,
        most: None,
        inputs: inputs.texts,
        query: None,
        around: Default::default(),
        beside: draft.members,
        single: inputs.single,
        whole: whole.map(|_| text.to_string()),
        token_ids: inputs.token_ids,
        head,
        tail,
    })
}

fn check_inputs(target: &Target<'_>, token_ids: bool) -> Result<(), Error> {
    if target.route == Route::FeatureExtraction && token_ids {
        return Err(Error::config(
            "input",
            "must be text: this route takes no token ids",
        ));
    }
    Ok(())
}

impl EmbeddingRequest {
    /// The number of inputs.
    pub fn input_count(&self) -> usize {
        self.inputs.len()
    }

    /// The batches, in order.
    pub fn batches(&self, bounds: Bounds) -> Vec<Batch> {
        let around = self
            .head
            .len()
            .saturating_add(self.tail.len())
            .saturating_add(2);
        let each = 1 + self.around.0.len() + self.around.1.len();
        let mut batches = Vec::new();
        let mut start = 0;
        let mut bytes = around;
        for (index, input) in self.inputs.iter().enumerate() {
            let more = input.len().saturating_add(each);
            let full = index - start == bounds.inputs || bytes.saturating_add(more) > bounds.bytes;
            if full && index > start {
                batches.push(start..index);
                start = index;
                bytes = around;
            }
            bytes = bytes.saturating_add(more);
        }
        batches.push(start..self.inputs.len());
        batches
    }

    /// The body of a batch.
    pub fn body(&self, batch: Batch) -> String {
        if let Some(whole) = &self.whole
            && batch.len() == self.inputs.len()
        {
            return whole.clone();
        }
        let (before, behind) = &self.around;
        let between = [behind, ",", before].concat();
        let inputs = join(self.inputs.get(batch).unwrap_or_default(), &between);
        let inputs = [before, &*inputs, behind].concat();
        let (open, close) = if self.single { ("", "") } else { ("[", "]") };
        [&self.head, open, &inputs, close, &self.tail].concat()
    }

    /// The URL and body for the same inputs with another model.
    pub fn way(&self, model: &str, endpoint: Endpoint<'_>) -> Result<Way, Error> {
        if let Some(query) = &self.query {
            return rerank::way(model, query, &self.beside, endpoint);
        }
        let target = target(model, endpoint)?;
        check_inputs(&target, self.token_ids)?;
        let (head, tail) = write(&target, &self.beside);
        let Target { url, provider, .. } = target;
        Ok(Way {
            url,
            provider,
            head,
            tail,
        })
    }

    /// The body of a batch for another model.
    pub fn body_on(&self, way: &Way, batch: Batch) -> String {
        let own = self.head.len();
        let body = self.body(batch);
        let inputs = body.get(own..body.len().saturating_sub(self.tail.len()));
        [&way.head, inputs.unwrap_or_default(), &way.tail].concat()
    }

    /// Calls `hear` for each input of a batch.
    pub fn each(&self, batch: Batch, hear: &mut dyn FnMut(Input<'_>)) {
        for text in self.inputs.get(batch).unwrap_or_default() {
            match text.as_bytes() {
                [b'"', raw @ .., b'"'] => hear(Input::Text(&unescape(raw))),
                [b'[', ids @ ..] => hear(Input::TokenIds(count_ids(ids))),
                _ => hear(Input::TokenIds(1)),
            }
        }
    }
}

impl EmbeddingRequest {
    /// Calls `hear` for what may reach the model with each input: an instruction, a prompt.
    pub fn beside(&self, hear: &mut dyn FnMut(Prompt<'_>)) {
        let mut reader = PromptReader::new(hear);
        if let Some(query) = &self.query {
            let _ = reader.unknown("query", query.as_bytes());
        }
        for (name, value) in &self.beside {
            if !listed(NO_PROMPT, name.as_bytes()) {
                // The member was read before, so it can't fail here.
                let _ = reader.unknown(name, value.as_bytes());
            }
        }
    }
}

/// Members that are settings.
const NO_PROMPT: &str = "encoding_format user truncate truncation_direction";

fn count_ids(list: &[u8]) -> usize {
    let commas = list.iter().filter(|byte| **byte == b',').count();
    commas.saturating_add(1)
}

fn target<'a>(model: &'a str, endpoint: Endpoint<'_>) -> Result<Target<'a>, Error> {
    let open_ai = |url: String, model, provider: Option<&str>| Target {
        route: Route::OpenAi,
        url,
        model,
        provider: provider.map(str::to_string),
    };
    // The router itself has no such path: a request to it is sent to the provider's path instead.
    let routed = |address: &&str| {
        let own = address.strip_prefix(endpoint.base_url);
        !endpoint.is_router || own.is_some_and(|way| !way.starts_with("/embeddings"))
    };
    if let Some(address) = endpoint.address.filter(routed) {
        return Ok(open_ai(address.to_string(), model, None));
    }
    let Some(origin) = endpoint.router() else {
        return Ok(open_ai(
            [endpoint.base_url, "/embeddings"].concat(),
            model,
            None,
        ));
    };
    let (name, provider) = match split_once(model, b':') {
        Some((name, provider)) => (name, provider),
        None => (model, HF_INFERENCE),
    };
    if provider == HF_INFERENCE {
        let model = hf_inference(origin, name)?;
        return Ok(Target {
            route: Route::FeatureExtraction,
            url: model + "/pipeline/feature-extraction",
            model: name,
            provider: Some(provider.to_string()),
        });
    }
    match ROUTES.iter().find(|(known, _)| *known == provider) {
        Some((_, route)) => Ok(open_ai([origin, route].concat(), name, Some(provider))),
        None => {
            let problem = "names a provider without embeddings on the router; there are hf-inference (the default), deepinfra, together and scaleway";
            Err(Error::config("model", problem))
        }
    }
}

/// A model's URL at hf-inference. The name becomes part of it, so nothing in the name may lead elsewhere.
pub(super) fn hf_inference(origin: &str, name: &str) -> Result<String, Error> {
    let segment = |part: &str| {
        !matches!(part, "" | "." | "..")
            && part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
    };
    let segments = split(name, b"/");
    if segments.len() <= 2 && segments.into_iter().all(segment) {
        return Ok([origin, "/hf-inference/models/", name].concat());
    }
    Err(Error::config(
        "model",
        "must be a model id such as \"org/name\"",
    ))
}

/// The body before the inputs, and after them.
fn write(target: &Target<'_>, members: &[(String, String)]) -> (String, String) {
    let mut head = String::from("{");
    if target.route == Route::OpenAi {
        head.push_str("\"model\":");
        head.push_str(&quoted(target.model));
        head.push_str(",\"input\":");
    } else {
        head.push_str("\"inputs\":");
    }
    // The pipeline knows neither of these; base64 is made here.
    let unknown = |key: &str| {
        target.route == Route::FeatureExtraction && matches!(key, "encoding_format" | "user")
    };
    let known = members.iter().filter(|(key, _)| !unknown(key));
    (head, tail_of(known))
}

/// The body after the inputs.
pub(super) fn tail_of<'a>(members: impl Iterator<Item = &'a (String, String)>) -> String {
    let mut tail = String::new();
    for (key, value) in members {
        tail.extend([",", &quoted(key), ":", value]);
    }
    tail.push('}');
    tail
}

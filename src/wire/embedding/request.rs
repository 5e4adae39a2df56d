//! An embeddings request: where it goes, and its inputs in batches of bounded count and bytes.

use std::ops::Range;

use super::body::Draft;
use super::rerank;
use crate::error::Error;
use crate::json::{unescape, write_string};
use crate::text::join;
use crate::wire::request::{Defaults, Prompt, PromptReader, listed, resolve_model};

/// Bytes that text-embeddings-inference takes in one body by default.
pub const PAYLOAD_LIMIT: usize = 2_000_000;

/// Providers with an OpenAI-compatible embeddings route behind the router.
const ROUTES: [(&str, &str); 3] = [
    ("deepinfra", "/deepinfra/v1/openai/embeddings"),
    ("together", "/together/v1/embeddings"),
    ("scaleway", "/scaleway/v1/embeddings"),
];
pub(super) const HF_INFERENCE: &str = "hf-inference";

/// Where requests go.
#[derive(Clone, Copy, Debug)]
pub struct Endpoint<'a> {
    /// The base URL, without a trailing slash.
    pub base_url: &'a str,
    /// Whether that is Hugging Face's router, which has no `/v1/embeddings`.
    pub is_router: bool,
    /// Where the request was to go to, by whoever wrote its body for the wire.
    pub address: Option<&'a str>,
}

impl<'a> Endpoint<'a> {
    /// The origin of the router. A base URL inside it that names a provider's own route is taken at its word.
    pub(super) fn router(&self) -> Option<&'a str> {
        let origin = self.base_url.strip_suffix("/v1");
        origin.filter(|origin| self.is_router && origin.matches('/').count() == 2)
    }
}

/// How many inputs go into one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Inputs.
    pub inputs: usize,
    /// Bytes of the body; an input that is longer by itself goes alone.
    pub bytes: usize,
}

/// What each embedding is given as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// A `Float32Array`, when nothing was asked for.
    #[default]
    Floats,
    /// A list of numbers.
    Numbers,
    /// Base64 text.
    Base64,
}

impl Format {
    /// Its public name.
    pub fn name(self) -> &'static str {
        match self {
            Format::Floats => "floats",
            Format::Numbers => "numbers",
            Format::Base64 => "base64",
        }
    }
}

/// An embeddings request, ready to be sent batch by batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EmbeddingRequest {
    /// Where every batch is posted.
    pub url: String,
    /// The model as the caller named it, without the client's prefix.
    pub model: String,
    /// The provider, where the URL tells it.
    pub provider: Option<String>,
    /// What the caller wants each embedding as.
    pub format: Format,
    /// What to tell the developer of parameters that were probably meant otherwise.
    pub doubts: Vec<String>,
    /// How many documents of a reranking are wanted.
    pub most: Option<f64>,
    /// The JSON text of each input.
    pub(super) inputs: Vec<String>,
    /// What documents are held against, as its JSON.
    pub(super) query: Option<String>,
    /// What stands around each.
    pub(super) around: (String, String),
    /// What other members may tell the model beside each input.
    pub(super) beside: Vec<(String, String)>,
    /// Whether the caller gave one input, not a list.
    pub(super) single: bool,
    /// The body as it came, which goes out where it needs no other.
    pub(super) whole: Option<String>,
    /// Whether they are token ids.
    pub(super) token_ids: bool,
    /// The body around the inputs.
    pub(super) head: String,
    pub(super) tail: String,
}

/// A run of inputs that is sent as one request.
pub type Batch = Range<usize>;

/// What an input is for an estimate of its tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Input<'a> {
    /// Text.
    Text(&'a str),
    /// So many token ids.
    TokenIds(usize),
}

#[derive(Debug, PartialEq)]
enum Route {
    /// `inputs`, no model in the body.
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

/// Where a model's inputs are posted, and the body around them.
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    /// The URL.
    pub url: String,
    /// The provider behind it, where the URL tells it.
    pub provider: Option<String>,
    pub(super) head: String,
    pub(super) tail: String,
}

/// Checks a caller's body and finds its way.
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
    let model = resolve_model(named.clone(), defaults)?;
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
    /// How many inputs there are.
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

    /// The way of the same inputs to another model.
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

    /// The body of a batch on its way to another model.
    pub fn body_on(&self, way: &Way, batch: Batch) -> String {
        let own = self.head.len();
        let body = self.body(batch);
        let inputs = body.get(own..body.len().saturating_sub(self.tail.len()));
        [&way.head, inputs.unwrap_or_default(), &way.tail].concat()
    }

    /// Tells the inputs of a batch one by one.
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
    /// Tells what may go to the model with each input: an instruction, a prompt.
    pub fn beside(&self, hear: &mut dyn FnMut(Prompt<'_>)) {
        let mut reader = PromptReader::new(hear);
        if let Some(query) = &self.query {
            let _ = reader.unknown("query", query.as_bytes());
        }
        for (name, value) in &self.beside {
            if !listed(NO_PROMPT, name.as_bytes()) {
                // It was read before.
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
    // The router's own route is not there: a request that was to go to it goes to the provider's.
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
    let (name, provider) = match model.split_once(':') {
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

/// A model's address at hf-inference. The name becomes a part of it: nothing in it may lead elsewhere.
pub(super) fn hf_inference(origin: &str, name: &str) -> Result<String, Error> {
    let segment = |part: &str| {
        !matches!(part, "" | "." | "..")
            && part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
    };
    if name.split('/').count() <= 2 && name.split('/').all(segment) {
        return Ok([origin, "/hf-inference/models/", name].concat());
    }
    Err(Error::config(
        "model",
        "must be a model id such as \"org/name\"",
    ))
}

/// The body up to the inputs, and what follows them.
fn write(target: &Target<'_>, members: &[(String, String)]) -> (String, String) {
    let mut head = String::from("{");
    if target.route == Route::OpenAi {
        head.push_str("\"model\":");
        head.push_str(&quoted(target.model));
        head.push_str(",\"input\":");
    } else {
        head.push_str("\"inputs\":");
    }
    // The pipeline knows neither; base64 is made here.
    let unknown = |key: &str| {
        target.route == Route::FeatureExtraction && matches!(key, "encoding_format" | "user")
    };
    let known = members.iter().filter(|(key, _)| !unknown(key));
    (head, tail_of(known))
}

/// The body behind the inputs.
pub(super) fn tail_of<'a>(members: impl Iterator<Item = &'a (String, String)>) -> String {
    let mut tail = String::new();
    for (key, value) in members {
        tail.extend([",", &quoted(key), ":", value]);
    }
    tail.push('}');
    tail
}

pub(super) fn quoted(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len().saturating_add(2));
    write_string(text, &mut bytes);
    String::from_utf8(bytes).unwrap_or_default()
}

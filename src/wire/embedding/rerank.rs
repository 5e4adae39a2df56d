//! Reranking: how well documents answer a query, each with a score. The request is like one for embeddings with the documents as
//! its inputs, and the answer has a number instead of a row for each.
//!
//! | form of the answer | from |
//! |---|---|
//! | `[{index, score}]`, best first | text-embeddings-inference |
//! | `{results: [{index, relevance_score}], usage}` | vLLM, llama.cpp, Jina's API |
//! | `[{label, score}]`, `[[{label, score}]]` | text classification, in the order of the pairs |

use super::body::Draft;
use super::request::{EmbeddingRequest, Endpoint, HF_INFERENCE, Way, hf_inference, tail_of};
use super::{Usage, unknown, usage_of};
use crate::error::{Class, Error};
use crate::json::{self, Value, number, quoted};
use crate::text::split_once;
use crate::wire::request::{Defaults, resolve_model};
use crate::wire::usage::Beside;

/// Checks a caller's body and finds the URL for it.
pub fn read(
    text: &str,
    defaults: Defaults<'_>,
    endpoint: Endpoint<'_>,
) -> Result<EmbeddingRequest, Error> {
    let mut draft = Draft::read(text, "documents")?;
    let wrong = || Error::config("documents", "must be a list of strings");
    let inputs = draft.inputs.take().ok_or_else(wrong)?;
    if inputs.single || inputs.token_ids {
        return Err(wrong());
    }
    let query = draft.member_of("query");
    let query = query
        .filter(|query| query.starts_with("\"") && query.len() > 2)
        .ok_or_else(|| Error::config("query", "must be a string that is not empty"))?;
    let most = draft.member_of("top_n");
    let model = resolve_model(draft.model.as_deref(), defaults)?;
    let way = way(&model, &query, &draft.members, endpoint)?;
    let router = endpoint.router();
    Ok(EmbeddingRequest {
        url: way.url,
        model,
        provider: router.map(|_| HF_INFERENCE.to_string()),
        doubts: draft.doubts,
        most: most.map(|most| number(most.as_bytes())),
        inputs: inputs.texts,
        around: match router {
            Some(_) => (
                ["{\"text\":", &query, ",\"text_pair\":"].concat(),
                "}".to_string(),
            ),
            None => Default::default(),
        },
        query: Some(query),
        beside: draft.members,
        head: way.head,
        tail: way.tail,
        ..EmbeddingRequest::default()
    })
}

/// The URL and body for a model.
pub(super) fn way(
    model: &str,
    query: &str,
    members: &[(String, String)],
    endpoint: Endpoint<'_>,
) -> Result<Way, Error> {
    let tail = tail_of(members.iter());
    if let Some(origin) = endpoint.router() {
        let (name, provider) = split_once(model, b':').unwrap_or((model, HF_INFERENCE));
        if provider != HF_INFERENCE {
            let problem = "names a provider without reranking on the router; there is hf-inference (the default)";
            return Err(Error::config("model", problem));
        }
        let url = hf_inference(origin, name)?;
        let head = "{\"inputs\":".to_string();
        let provider = Some(HF_INFERENCE.to_string());
        return Ok(Way {
            url,
            provider,
            head,
            tail,
        });
    }
    // The path is next to those of the OpenAI-compatible API, and not below them.
    let base = endpoint.base_url;
    let base = base.strip_suffix("/v1").unwrap_or(base);
    let url = [base, "/rerank"].concat();
    let parts = [
        "{\"model\":",
        &quoted(model),
        ",\"query\":",
        query,
        ",\"texts\":",
    ];
    let head = parts.concat();
    Ok(Way {
        url,
        provider: None,
        head,
        tail,
    })
}

/// The scores of one answer, in the order of the documents.
///
/// ```
/// use hfetch::wire::embedding::rerank::decode;
///
/// // text-embeddings-inference sorts by score; the index says which document is meant.
/// let scores = decode(br#"[{"index": 1, "score": 0.9}, {"index": 0, "score": 0.2}]"#, 2).unwrap();
/// assert_eq!(scores.values, [0.2, 0.9]);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scores {
    /// One score per document.
    pub values: Vec<f64>,
    /// The model that the answer names.
    pub model: Option<String>,
    /// Tokens as the server reported them.
    pub usage: Option<Usage>,
    /// The usage's report besides its counts.
    pub beside: Beside,
}

/// Reads the answer to a request with so many documents.
pub fn decode(body: &[u8], documents: usize) -> Result<Scores, Error> {
    let answer = json::parse(json::without_mark(body)).ok();
    let found = answer.as_ref().and_then(|answer| scores(answer, documents));
    found.ok_or_else(|| {
        let reason = match answer.as_ref().and_then(rows_of) {
            Some(_) => "it has not one score for each document".to_string(),
            None => unknown(body),
        };
        let message = ["The answer is not the scores asked for: ", &reason].concat();
        Error::new(Class::Api, message)
    })
}

fn rows_of(answer: &Value) -> Option<&[Value]> {
    let named = answer.get("results").or_else(|| answer.get("data"));
    named.unwrap_or(answer).as_array()
}

fn scores(answer: &Value, documents: usize) -> Option<Scores> {
    let mut rows = rows_of(answer)?;
    // Some pipelines return a list inside of a list.
    if let ([Value::Array(inner)], true) = (rows, documents > 1) {
        rows = inner;
    }
    let mut values = vec![f64::NAN; documents];
    for (at, row) in rows.iter().enumerate() {
        // If there are several labels, the likeliest comes first.
        let row = row.as_array().and_then(<[_]>::first).unwrap_or(row);
        let index = row.get("index").and_then(Value::as_f64);
        let place = index.map_or(at, |index| index as usize);
        let named = row.get("relevance_score").or_else(|| row.get("score"));
        if index.is_none_or(|index| index == place as f64) {
            *values.get_mut(place)? = named.unwrap_or(row).as_f64()?;
        }
    }
    let is_whole = rows.len() == documents && values.iter().all(|score| score.is_finite());
    is_whole.then(|| Scores {
        values,
        model: answer
            .get("model")
            .and_then(Value::as_str)
            .map(str::to_string),
        usage: answer.get("usage").and_then(usage_of),
        beside: answer.get("usage").map(Beside::of).unwrap_or_default(),
    })
}

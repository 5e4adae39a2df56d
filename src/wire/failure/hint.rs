//! Advice for the reader of an error, by the error's status and the server's message.

use super::{PAGE, Response};
use crate::error::{Class, Error};
use crate::text::find;

fn mentions(said: &str, words: &[&str]) -> bool {
    let said = said.to_ascii_lowercase();
    words.iter().any(|word| find(&said, word).is_some())
}

const NOT_A_CHAT_MODEL: &[&str] = &[
    "not a chat model",
    "chat template",
    "chat_template",
    "template not found",
    "task conversational",
    "not support chat",
    "text-generation instead",
    "supported task: text-generation",
];

const UNSUPPORTED_MODEL: &[&str] = &[
    "model not supported",
    "not supported by any provider",
    "not supported by provider",
    "does not exist",
    "no longer supported",
    "deprecated",
];

/// Words in Hugging Face's own messages: only after these an error gives advice about Hugging Face's tokens.
const OF_HUGGING_FACE: &[&str] = &[
    "hugging",
    "hf.co",
    "inference provider",
    "gated",
    "invalid username or password",
];

/// Why another model should be asked, if so.
fn wrong_model(error: &Error, said: &str, of_hugging_face: bool) -> Option<&'static str> {
    if !matches!(error.status, Some(400 | 404 | 410 | 422)) {
        return None;
    }
    let code = error.code.as_deref().unwrap_or_default();
    let of_model = error.param.as_deref().is_none_or(|param| param == "model");
    if mentions(said, NOT_A_CHAT_MODEL) {
        Some(
            "This model only completes text: it has no chat template, so it can't be used in chat; completions.create takes a prompt.",
        )
    } else if code == "model_not_supported" && of_hugging_face {
        Some(
            "No inference provider enabled for your account serves this model (huggingface.co/settings/inference-providers).",
        )
    } else if matches!(code, "model_not_found" | "model_not_supported")
        || of_model && mentions(said, &["model"]) && mentions(said, UNSUPPORTED_MODEL)
    {
        Some("The model is not served here: check its spelling, or it has been retired.")
    } else {
        None
    }
}

/// Which model answers chat requests at the router, as an addition to other advice.
pub fn usable_instead(model: &str) -> String {
    [
        " Use an instruction-tuned model such as \"",
        model,
        "\"; models.list() shows what is live.",
    ]
    .concat()
}

/// The advice for an error. Hugging Face's accounts and catalogue are mentioned only if the request went there.
pub fn hint(error: &Error, said: &str, response: Response<'_>) -> String {
    let here = response.of_hugging_face;
    if let Some(reason) = wrong_model(error, said, here) {
        let mut text = reason.to_string();
        if here {
            text.push_str(&usable_instead(response.usable_model));
        }
        return text;
    }
    if error.class == Class::ModelLoading {
        let wait = error.estimated_time.map_or_else(String::new, |wait| {
            let seconds = ((wait.0 / 1000.0).ceil() as u64).to_string();
            [" in about ", &seconds, " s"].concat()
        });
        let text = [
            "The model is loading: retry",
            &wait,
            ", or raise retry.maxLoadingWait.",
        ];
        return text.concat();
    }
    let theirs = here && mentions(said, OF_HUGGING_FACE);
    let without_words = said.is_empty() || said.starts_with(PAGE);
    let text = match error.class {
        Class::Authentication if !(theirs || here && without_words) => {
            "Check the token, or pass one as apiKey."
        }
        Class::Authentication if !response.has_key => {
            "Pass apiKey or set HF_TOKEN: create a token at huggingface.co/settings/tokens with the permission \"Make calls to Inference Providers\"."
        }
        Class::Authentication => {
            "Check the token, or create one at huggingface.co/settings/tokens with the permission \"Make calls to Inference Providers\"."
        }
        Class::PaymentRequired if here => {
            "The account's inference credits are used up: buy credits or subscribe at huggingface.co/settings/billing, or use billTo to bill an organisation."
        }
        Class::PaymentRequired => {
            "The account has no credits left: renew them, or use another key."
        }
        Class::PermissionDenied if theirs => {
            "The token needs the permission \"Make calls to Inference Providers\" (huggingface.co/settings/tokens); a gated model must also be accepted on its page."
        }
        Class::NotFound => "Check baseURL and the model's name.",
        Class::UnprocessableEntity if error.status == Some(413) => {
            "The request is larger than the server takes: send fewer or shorter inputs at once (embeddings.batchSize)."
        }
        Class::RateLimit => "Slow down, add keys, or let hfetch wait: see limits and retry.",
        Class::InternalServer if here => {
            "The provider failed: retry, or pin another one with \"model:provider\"."
        }
        Class::InternalServer => "The server failed: send the request again later.",
        _ if matches!(error.status, Some(300..=399)) => "Give the right address as baseURL.",
        _ => "",
    };
    text.to_string()
}

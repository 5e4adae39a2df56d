//! The handle of a client: how it is made, and how it makes calls.

use std::rc::Rc;

use gloo_net::http::Headers;
use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise};

use super::at;
use super::call::CallHandle;
use super::convert::{self, Returned};
use super::error::to_js as error_to_js;
use super::plain::to_js;
use super::policy::parts;
use super::protocol;
use crate::call::open::Given;
use crate::call::passage::Passage;
use crate::call::shared::{Host, Shared};
use crate::call::{Call, route};
use crate::config::{Config, KeySource, RequestOptions, Route};
use crate::json::Value;
use crate::policy::ledger::Kind;
use crate::trap::{self, Place};
use crate::wire::model;

#[wasm_bindgen(raw_module = "./notify.js")]
extern "C" {
    /// Shows the developer a warning once, however many clients and calls cause it.
    #[wasm_bindgen(js_name = warnOnce)]
    fn warn(message: &str);

    /// Reports that a fault inside this package has lost something.
    #[wasm_bindgen(js_name = warnOfLoss)]
    fn warn_of_loss(what: &str);
}

/// The client behind `HuggingFace`.
#[wasm_bindgen]
pub struct ClientHandle(Rc<Shared>);

#[wasm_bindgen]
impl ClientHandle {
    /// Makes a client from options in the form of options.js, or from a provider page's block, its environment and options; all are
    /// JSON texts. `around`: bits that describe its surroundings, see protocol.rs; `token`: the environment's token.
    #[wasm_bindgen(constructor)]
    pub fn new(
        options: Option<String>,
        around: u8,
        token: Option<String>,
        page: Option<String>,
        select: Option<String>,
        env: Option<String>,
    ) -> Result<ClientHandle, JsValue> {
        let has = |bit: u8| around & bit != 0;
        let source = match token {
            _ if has(protocol::KEY_FUNCTION) => KeySource::Function,
            Some(token) => KeySource::Environment(token),
            None => KeySource::None,
        };
        let config = if has(protocol::PAGE) {
            let env = convert::options(env)?;
            let variable = |name: &str| env.get(name).and_then(Value::as_str).map(str::to_string);
            let (page, options) = (convert::options(page)?, convert::options(options)?);
            Config::from_page(&page, select.as_deref(), &variable, &options, &source)
        } else {
            Config::from_options(&convert::options(options)?, &source)
        };
        let config = config.map_err(error_to_js)?;
        for warning in &config.warnings {
            warn(warning);
        }
        let host = Host {
            wakes_across_requests: has(protocol::WAKES),
            has_store: has(protocol::STORE),
            counts_places_of_keys: has(protocol::GATEWAY),
        };
        Ok(ClientHandle(Rc::new(Shared::new(config, host))))
    }

    /// Makes a call of one of the APIs in protocol.rs; bad arguments throw. `parts`: further limits as JSON; `address`: the URL to
    /// which another library wanted to send the body. For an answer that is text: `metered` makes the stream report its usage, and
    /// caps bound what the body may ask for.
    #[allow(clippy::too_many_arguments)] // one crossing for all of it
    pub fn open(
        &self,
        api: u8,
        wall: f64,
        steady: f64,
        body: &str,
        options: Option<String>,
        parts: Option<String>,
        address: Option<String>,
        metered: bool,
        max_tokens: Option<String>,
        max_choices: Option<f64>,
    ) -> Result<CallHandle, JsValue> {
        let is_own = parts.is_none() && address.is_none();
        let given = Given {
            options: self.request_options(options)?,
            parts: match parts {
                None => Vec::new(),
                given => self::parts(given)?,
            },
            metered,
            max_tokens: max_tokens.as_deref(),
            max_choices,
            address: address.as_deref(),
        };
        let (client, now) = (&self.0, at(wall, steady));
        let call = match api {
            protocol::COMPLETION => Call::completion(client, body, given, now),
            protocol::RESPONSE => Call::responses(client, body, given, now),
            protocol::EMBEDDING => Call::embeddings(client, body, given, now),
            protocol::RERANK => Call::rerank(client, body, given, now),
            _ => Call::chat(client, body, given, now),
        };
        let call = call.map_err(error_to_js)?;
        // Warnings about a body are shown to the developer who wrote it. A call with limits of its own (a gateway makes those) or
        // with an address has a body that another program wrote.
        for doubt in call.doubts.iter().filter(|_| is_own) {
            warn(doubt);
        }
        Ok(CallHandle::of(call))
    }

    /// The treatment of another library's request, by its method and absolute URL: a number in protocol.rs.
    pub fn passage(&self, method: &str, url: &str) -> u8 {
        match Passage::of(&self.0.config.base_url, method, url) {
            Passage::Foreign => protocol::FOREIGN,
            Passage::Astray => protocol::ASTRAY,
            Passage::Keyed => protocol::KEYED,
            Passage::Call(Kind::Embeddings) => protocol::TO_EMBEDDINGS,
            Passage::Call(Kind::Completion) => protocol::TO_COMPLETIONS,
            Passage::Call(_) => protocol::TO_CHAT,
        }
    }

    /// A request for the whole catalogue or for one model.
    pub fn catalogue(
        &self,
        id: &str,
        options: Option<String>,
        wall: f64,
        steady: f64,
    ) -> Result<CallHandle, JsValue> {
        let options = self.request_options(options)?;
        let call = Call::catalogue(&self.0, id, options, at(wall, steady));
        Ok(CallHandle::of(call.map_err(error_to_js)?))
    }

    /// The headers of all requests of one form: with or without a body, for a stream or a whole answer. The key isn't among them.
    pub fn headers(&self, body: bool, stream: bool) -> Returned<JsValue> {
        let config = &self.0.config;
        let headers = Headers::new();
        headers.set(
            "accept",
            match stream {
                true => "text/event-stream",
                false => "application/json",
            },
        );
        if body {
            headers.set("content-type", "application/json");
        }
        if let Some(organisation) = &config.bill_to {
            headers.set("x-hf-bill-to", organisation);
        }
        for (name, value) in &config.headers {
            headers.set(name, value);
        }
        Ok(headers.into_raw().into())
    }

    /// Waits for the body of the catalogue and passes its bytes to `keep`. A trap inside that JavaScript function is an ordinary
    /// error, while nobody would notice a trap in a Rust future.
    pub fn load_prices(&self, body: Promise, keep: Function) -> Returned<Promise> {
        Ok(future_to_promise(async move {
            let bytes = JsFuture::from(body).await?;
            keep.call1(&JsValue::UNDEFINED, &bytes)
        }))
    }

    /// The offers of a model for a route, given as JSON, or for the client's own route; undefined if the catalogue has to be read
    /// first.
    pub fn offers(
        &self,
        model: &str,
        route: Option<String>,
        is_last: bool,
        wall: f64,
        steady: f64,
    ) -> Result<JsValue, JsValue> {
        let shared = &self.0;
        if shared.lacks_catalogue(at(wall, steady)) && !is_last {
            return Ok(JsValue::UNDEFINED);
        }
        let route = match route {
            None => shared.config.route.clone().unwrap_or_default(),
            given => {
                let given = convert::options(given)?;
                let route = Route::read(&given, "route", &shared.config.base_url);
                Rc::new(route.map_err(error_to_js)?)
            }
        };
        let offers = route::offers(shared, model, &route);
        offers.map(|offers| to_js(&offers)).map_err(error_to_js)
    }

    /// Keeps live prices from the body of the whole catalogue; throws if it can't be read. Without a body it records that prices
    /// could not be fetched.
    pub fn keep_prices(
        &self,
        body: Option<Vec<u8>>,
        wall: f64,
        steady: f64,
    ) -> Result<(), JsValue> {
        trap::here(Place::Prices);
        let models = body.map(|body| model::parse(&body)).transpose();
        let models = models.map_err(error_to_js)?.map(Rc::new);
        self.0.keep_prices(models, at(wall, steady));
        Ok(())
    }

    /// Counts that a given store has become free; returns the number of the call to wake, 0 for none.
    pub fn freed(&self) -> f64 {
        self.0.line.wake_first().map_or(0.0, |waiter| waiter as f64)
    }

    /// The state of keys, limits and spend.
    pub fn snapshot(&self, wall: f64, steady: f64) -> Returned<JsValue> {
        let snapshot = to_js(&self.0.snapshot(at(wall, steady)));
        self.tell_losses();
        Ok(snapshot)
    }
}

impl ClientHandle {
    fn tell_losses(&self) {
        for what in self.0.take_losses() {
            warn_of_loss(what);
        }
    }

    fn request_options(&self, text: Option<String>) -> Result<RequestOptions, JsValue> {
        if text.is_none() {
            return Ok(self.0.default_options());
        }
        RequestOptions::from_value(&convert::options(text)?, &self.0.config).map_err(error_to_js)
    }
}

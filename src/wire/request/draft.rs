//! The members that have been read from a body, and how the body is written for the server.

use std::ops::Range;

use super::member::{Form, MEANINGFUL, Meaning, ROWS, most_or_null, without_include_usage};
use super::{Api, STREAM_OPTIONS};
use crate::error::Error;
use crate::json::{RawString, inside, number, put, write_string};

/// The members that have been read from a body.
#[derive(Default)]
pub struct Draft<'a> {
    /// Which of the first [`ROWS`] have come, bit by bit.
    seen: u32,
    pub model: Option<String>,
    pub messages: bool,
    /// The number of prompts of a text completion.
    pub prompts: usize,
    pub token_ids: usize,
    pub stream: bool,
    pub asks_usage: bool,
    pub max_tokens: Option<f64>,
    pub choices: Option<f64>,
    /// The longest answer, and the reasoning before it, in members that other servers know.
    pub others: Option<f64>,
    pub reasoning: Option<f64>,
    /// The members in the caller's order.
    pub members: Vec<Member<'a>>,
    pub doubts: Vec<String>,
}

impl<'a> Draft<'a> {
    /// Gives the body a maximum under the first of the names, unless it has one. With `renames`, a maximum under another name
    /// doesn't count. A member that says that there is no maximum isn't sent. Returns whether the body has changed.
    #[inline(never)]
    pub fn bound(&mut self, most: &'a [u8], names: &'static [&'static str], renames: bool) -> bool {
        let (mut first, mut other, mut kept) = (false, None, Vec::new());
        self.max_tokens = None;
        for member in &self.members {
            let key = member.key.decoded();
            let place = names.iter().position(|name| name.as_bytes() == &*key);
            if let Some(place) = place {
                let most = most_or_null("", member.value).ok().flatten();
                let Some(most) = most.filter(|most| most.is_finite()) else {
                    continue;
                };
                self.max_tokens = larger(self.max_tokens, Some(most));
                first |= place == 0;
                if place > 0 {
                    other = Some((kept.len(), member.value));
                }
            }
            kept.push(*member);
        }
        let all = kept.len() == self.members.len();
        self.members = kept;
        if first || (other.is_some() && !renames) {
            return !all;
        }
        let value = match other {
            Some((place, value)) => {
                self.members.remove(place);
                value
            }
            None => most,
        };
        let key = RawString {
            raw: names.first().copied().unwrap_or_default().as_bytes(),
            escaped: false,
        };
        self.members.push(Member {
            key,
            value,
            form: Form::AsItStands,
        });
        self.max_tokens = Some(number(value));
        true
    }

    /// How many answers the body asks for: each prompt has as many.
    pub fn answers(&self) -> f64 {
        self.choices.unwrap_or(1.0) * self.prompts.max(1) as f64
    }

    /// Adds a maximum. Nobody knows which of two a server uses, so the larger one is reserved.
    pub fn most(&mut self, given: Option<f64>) {
        self.max_tokens = larger(self.max_tokens, given);
    }

    /// What a member is called and means in the bodies of an API; of one that is not known there is no name. Which of two values a server
    /// takes is its own affair, and the one that was checked may be the other.
    pub fn once(&mut self, key: &[u8], api: Api) -> Result<(&'static str, Meaning), Error> {
        let Some(index) = ROWS.iter().position(|row| row.0.as_bytes() == key) else {
            return Ok(("", Meaning::Unknown));
        };
        let Some(&(name, apis, meaning)) = ROWS.get(index) else {
            return Ok(("", Meaning::Unknown));
        };
        let bit = u32::from(index < MEANINGFUL) << (index % MEANINGFUL);
        if self.seen & bit != 0 {
            return Err(Error::config(name, "appears twice"));
        }
        self.seen |= bit;
        let is_meant = apis & api.bit() != 0;
        Ok((name, if is_meant { meaning } else { Meaning::Known }))
    }
}

/// The larger of two optional numbers.
pub fn larger(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.max(other)),
        (one, other) => one.or(other),
    }
}

/// A member as the caller wrote it.
#[derive(Clone, Copy)]
pub struct Member<'a> {
    pub key: RawString<'a>,
    pub value: &'a [u8],
    pub form: Form,
}

/// The body, and where its stream options are.
pub fn write(
    draft: &Draft<'_>,
    model: &str,
    api: Api,
    needs_usage: bool,
) -> (String, Option<Range<usize>>) {
    let length: usize = draft
        .members
        .iter()
        .map(|member| member.key.raw.len() + member.value.len() + 4)
        .sum();
    let mut body = Vec::with_capacity(length + model.len() + 64);
    put(&mut body, &[b"{\"model\":"]);
    write_string(model, &mut body);
    let mut usage_settled = !draft.stream || api == Api::Responses;
    let mut stream_options = None;
    for Member { key, value, form } in &draft.members {
        let start = body.len();
        if *form == Form::Omitted {
            usage_settled |= !needs_usage;
            continue;
        }
        put(&mut body, &[b",\"", key.raw, b"\":"]);
        match form {
            Form::List => put(&mut body, &[b"[", value, b"]"]),
            Form::AskForUsage if draft.stream => write_stream_options(value, &mut body),
            // If there are two statements about usage, a server may read the other one.
            Form::AsksForUsage | Form::DeclinesUsage if draft.stream && needs_usage => {
                write_stream_options(&without_include_usage(value), &mut body);
            }
            _ => put(&mut body, &[value]),
        }
        if &*key.decoded() == STREAM_OPTIONS.as_bytes() {
            usage_settled = true;
            stream_options = Some(start..body.len());
        }
    }
    if !usage_settled {
        let start = body.len();
        put(
            &mut body,
            &[b",\"stream_options\":{\"include_usage\":true}"],
        );
        stream_options = Some(start..body.len());
    }
    body.push(b'}');
    // This never fails: the members are parts of the caller's text, cut at ASCII characters, so they are UTF-8.
    (String::from_utf8(body).unwrap_or_default(), stream_options)
}

/// The caller's stream options, which don't mention usage, with `include_usage`.
#[inline(never)]
fn write_stream_options(given: &[u8], body: &mut Vec<u8>) {
    put(body, &[b"{\"include_usage\":true"]);
    let inner = inside(given).trim_ascii();
    if !inner.is_empty() {
        put(body, &[b",", inner]);
    }
    body.push(b'}');
}

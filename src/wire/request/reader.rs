//! Checks a body's members one by one, in their order.

use super::bound::{self, Caps, Measure};
use super::draft::{Draft, Member, larger, write};
use super::member::{
    Form, Meaning, begin_body, broken, doubt, flag_or_null, most_or_null, number_or_null,
    stop_form, stream_options_form, text_or_null,
};
use super::{Api, ChatRequest, Defaults, PromptReader, resolve_model, route};
use crate::error::Error;
use crate::json::{RawString, Scanner};

/// Reads the body of one API.
pub struct Reader<'p> {
    pub api: Api,
    pub caps: Caps,
    pub prompt: PromptReader<'p>,
}

impl Reader<'_> {
    /// Reads a body and returns it in the form in which it is sent.
    pub fn read<'a>(
        &mut self,
        text: &'a str,
        defaults: Defaults<'a>,
    ) -> Result<ChatRequest, Error> {
        let mut scanner = Scanner::new(text.as_bytes());
        let mut draft = Draft::default();
        self.members(&mut scanner, &mut draft)
            .map_err(|error| broken(&scanner, error))?;
        self.check(&draft)?;
        let mut is_complete = true;
        if let Some(most) = defaults.max_tokens {
            is_complete = !draft.bound(most.as_bytes(), self.api.maxima(), defaults.renames);
        }
        let named = draft.model.take();
        let model = resolve_model(named.as_deref(), defaults)?;
        let sent = match self.api {
            Api::Completion { on_router: true } => route::on_router(&model)?.model,
            _ => &model,
        };
        is_complete &= named.as_deref() == Some(sent);
        let (body, stream_options) = write(&draft, sent, self.api, defaults.needs_usage);
        Ok(ChatRequest {
            body,
            stream_options,
            model,
            stream: draft.stream,
            asks_usage: draft.asks_usage || self.api == Api::Responses,
            max_tokens: larger(draft.max_tokens, draft.others)
                .map(|most| most + draft.reasoning.unwrap_or(0.0))
                .filter(|most| most.is_finite()),
            choices: draft.answers(),
            token_ids: draft.token_ids,
            doubts: draft.doubts,
            is_complete,
        })
    }

    /// Checks that the required members are there.
    fn check(&self, draft: &Draft<'_>) -> Result<(), Error> {
        match self.api {
            Api::Chat if !draft.messages => Err(Error::config(
                "messages",
                "is missing: a list of {role, content} (a prompt goes to completions.create)",
            )),
            Api::Completion { .. } if draft.prompts == 0 => Err(Error::config(
                "prompt",
                "is missing: a string, or a list of strings (messages go to chat.completions.create)",
            )),
            Api::Completion { .. }
                if self.caps.count.is_some_and(|most| draft.answers() > most) =>
            {
                Err(Error::config(
                    "prompt",
                    "asks for more answers than are allowed here",
                ))
            }
            _ => Ok(()),
        }
    }

    #[inline(never)]
    fn members<'a>(
        &mut self,
        scanner: &mut Scanner<'a>,
        draft: &mut Draft<'a>,
    ) -> Result<(), Error> {
        begin_body(scanner)?;
        while let Some(key) = scanner.next_key()? {
            self.member(draft, key, scanner.skip()?)?;
        }
        Ok(scanner.end()?)
    }

    fn member<'a>(
        &mut self,
        draft: &mut Draft<'a>,
        key: RawString<'a>,
        value: &'a [u8],
    ) -> Result<(), Error> {
        let mut form = Form::AsItStands;
        let decoded = key.decoded();
        let (name, meaning) = draft.once(&decoded, self.api)?;
        let given = String::from_utf8_lossy(&decoded);
        if !self.api.maxima().contains(&name) {
            self.measure(draft, &given, value)?;
        }
        match meaning {
            Meaning::Model => {
                draft.model = text_or_null(name, value)?;
                return Ok(());
            }
            Meaning::Stream => draft.stream = flag_or_null(name, value)?,
            Meaning::Messages => {
                self.prompt.messages(value)?;
                draft.messages = true;
            }
            Meaning::Prompt => (draft.prompts, draft.token_ids) = self.prompt.prompts(value)?,
            Meaning::Input => self.prompt.items(value)?,
            Meaning::Tools => self.prompt.tools(value)?,
            Meaning::Most => draft.most(most_or_null(name, value)?),
            Meaning::Number(bounds) => drop(number_or_null(name, value, bounds)?),
            Meaning::Stop => form = stop_form(value)?,
            Meaning::StreamOptions => {
                form = stream_options_form(value)?;
                draft.asks_usage = form == Form::AsksForUsage;
            }
            Meaning::Setting => {}
            Meaning::Known => self.prompt.unknown(&given, value)?,
            Meaning::Unknown => {
                self.prompt.unknown(&given, value)?;
                if self.api != Api::Responses {
                    doubt(&given, draft.members.len(), &mut draft.doubts);
                }
            }
        }
        draft.members.push(Member { key, value, form });
        Ok(())
    }

    /// Reads a member with which some server is told how much it may write.
    fn measure(&self, draft: &mut Draft<'_>, name: &str, value: &[u8]) -> Result<(), Error> {
        bound::read(name, value, &self.caps, &mut |measure, asked| {
            let most = match measure {
                Measure::Length => &mut draft.others,
                Measure::Count => &mut draft.choices,
                Measure::Reasoning => &mut draft.reasoning,
            };
            *most = larger(*most, Some(asked));
        })
    }
}

//! A plain implementation over parsed chunks: what docs/streaming.md says about `final()`, without any of the product's code.

use serde_json::{Map, Value, json};
use std::cell::Cell;

thread_local! {
    /// How much text has arrived, including text that was replaced within the same chunk.
    static SAID: Cell<usize> = const { Cell::new(0) };
}

fn say(text: &str) {
    SAID.set(SAID.get() + text.len());
}

const TEXTS: [&str; 6] = [
    "content",
    "refusal",
    "reasoning",
    "reasoning_content",
    "reasoning_text",
    "arguments",
];
const INNER: [&str; 5] = ["text", "thinking", "summary", "data", "transcript"];

#[derive(Clone, Copy, PartialEq)]
enum Within {
    Envelope,
    Tokens,
    Delta,
    Nested,
    Function,
    Part,
}

use Within::{Delta, Envelope, Function, Nested, Part, Tokens};

#[derive(Clone, Default)]
enum Tree {
    #[default]
    Nothing,
    Leaf(Value),
    Text(String),
    List(List),
    Object(Vec<(String, Tree)>),
}

#[derive(Clone, Default)]
struct List {
    plain: Vec<Value>,
    last: usize,
    items: Vec<(Option<u64>, Tree)>,
}

#[derive(Default)]
struct Call {
    index: u64,
    id: Value,
    kind: String,
    name: String,
    arguments: String,
    function: Tree,
    rest: Tree,
}

#[derive(Default)]
struct Choice {
    index: u64,
    begun: bool,
    role: String,
    content: Option<String>,
    parts: Option<List>,
    message: Tree,
    calls: Vec<Call>,
    at_hand: usize,
    rest: Tree,
    finish: Value,
}

/// The result of `final()` for chunks.
pub fn fold(chunks: &[Value]) -> Value {
    let mut head = json!({"id": "", "created": 0, "model": ""});
    let mut told = Vec::new();
    let (mut usage, mut rest) = (Value::Null, Tree::Nothing);
    let mut choices: Vec<Choice> = Vec::new();
    for chunk in chunks {
        for name in ["id", "created", "model"] {
            let empty = |value: &Value| *value == "" || *value == 0;
            let first = !told.contains(&name) || empty(&head[name]) && !empty(&chunk[name]);
            if first && !chunk[name].is_null() {
                head[name] = chunk[name].clone();
                told.push(name);
            }
        }
        for candidate in [&chunk["x_groq"]["usage"], &chunk["usage"]] {
            if candidate.is_object() && (usage.is_null() || has_counts(candidate)) {
                usage = candidate.clone();
            }
        }
        let known = [
            "id",
            "object",
            "created",
            "model",
            "choices",
            "usage",
            "error",
            "error_message",
        ];
        let members = without(chunk, &known);
        rest.fold("", &members, Envelope);
        for part in list(&chunk["choices"])
            .iter()
            .filter(|part| part.is_object())
        {
            let index = number(&part["index"]).unwrap_or(0);
            let at = choices.iter().position(|choice| choice.index == index);
            let at = at.unwrap_or_else(|| {
                let index = Choice {
                    index,
                    ..Choice::default()
                };
                choices.push(index);
                choices.len() - 1
            });
            choices[at].fold(part);
        }
    }
    choices.sort_by_key(|choice| choice.index);
    let choices: Vec<Value> = choices.into_iter().map(Choice::value).collect();
    let mut whole = json!({"object": "chat.completion", "choices": choices});
    extend(&mut whole, head);
    extend(&mut whole, rest.value());
    if !usage.is_null() {
        whole["usage"] = usage;
    }
    whole
}

fn extend(object: &mut Value, more: Value) {
    if let (Some(object), Value::Object(more)) = (object.as_object_mut(), more) {
        object.extend(more);
    }
}

fn has_counts(usage: &Value) -> bool {
    let counted = |(name, value): (&String, &Value)| {
        name.ends_with("_tokens") && (value.is_number() || value.is_string())
    };
    usage.as_object().unwrap().iter().any(counted)
}

fn without(object: &Value, keys: &[&str]) -> Value {
    let members = object.as_object().into_iter().flatten();
    let rest = members.filter(|(key, _)| !keys.contains(&key.as_str()));
    Value::Object(
        rest.map(|(key, value)| (key.clone(), value.clone()))
            .collect(),
    )
}

fn list(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(list) => list.clone(),
        Value::Object(_) => vec![value.clone()],
        _ => Vec::new(),
    }
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

impl Choice {
    fn fold(&mut self, part: &Value) {
        let delta = &part["delta"];
        let mut known = vec!["index", "delta", "message", "finish_reason", "logprobs"];
        let mut new = false;
        if !delta.is_null() {
            self.begun = true;
            known.push("text");
            new = self.delta(delta);
        }
        self.rest.fold("", &without(part, &known), Envelope);
        let logprobs = &part["logprobs"];
        if part.get("logprobs").is_some() {
            let within = if new { Tokens } else { Envelope };
            self.rest.fold("", &json!({"logprobs": logprobs}), within);
        }
        if let Some(reason) = part["finish_reason"]
            .as_str()
            .filter(|reason| !reason.is_empty())
        {
            self.finish = json!(reason);
        }
        if delta.is_null() && part["message"].is_object() && !self.begun {
            self.delta(&part["message"]);
        }
    }

    /// Whether text arrived.
    fn delta(&mut self, delta: &Value) -> bool {
        let before = SAID.get();
        if let Some(role) = delta["role"].as_str().filter(|role| !role.is_empty()) {
            self.role = role.to_string();
        }
        let mut names = 0;
        match &delta["content"] {
            Value::String(text) => self.text(text),
            Value::Null => {}
            parts => {
                let parts = list(parts);
                if parts.is_empty() && self.content.is_none() {
                    self.parts.get_or_insert_default();
                }
                for part in parts {
                    match &part {
                        Value::String(text) => self.text(text),
                        Value::Object(_) => self.part(&part),
                        _ => {}
                    }
                }
            }
        }
        let members = without(delta, &["role", "content", "tool_calls"]);
        self.message.fold("", &members, Delta);
        let calls = list(&delta["tool_calls"]);
        if let Some(none) = delta.get("tool_calls").filter(|_| calls.is_empty()) {
            self.message.fold("", &json!({"tool_calls": none}), Delta);
        }
        let several = calls.len() > 1;
        for (position, call) in calls
            .iter()
            .enumerate()
            .filter(|(_, call)| call.is_object())
        {
            names += self.call(call, several.then_some(position));
        }
        // A name that is repeated counts as text, though it adds nothing.
        SAID.get() > before || names > 0 || repeated_name(delta)
    }

    fn text(&mut self, text: &str) {
        match &mut self.parts {
            Some(parts) if !parts.items.is_empty() => {
                if !text.is_empty() {
                    parts.part(&json!({"type": "text", "text": text}));
                }
            }
            _ => {
                say(text);
                self.parts = None;
                self.content.get_or_insert_default().push_str(text);
            }
        }
    }

    fn part(&mut self, part: &Value) {
        let before = self.content.take().unwrap_or_default();
        let parts = self.parts.get_or_insert_default();
        if !before.is_empty() {
            parts.part(&json!({"type": "text", "text": before}));
            // This text arrived earlier.
            SAID.set(SAID.get() - before.len());
        }
        parts.part(part);
    }

    fn call(&mut self, entry: &Value, position: Option<usize>) -> usize {
        let id = match &entry["id"] {
            Value::String(id) if id.is_empty() => Value::Null,
            id => id.clone(),
        };
        let function = &entry["function"];
        let name = function["name"].as_str().unwrap_or_default();
        self.at_hand = match number(&entry["index"]) {
            Some(index) => self.by_index(index, &id, name),
            None => self.by_place(position.unwrap_or(self.at_hand), &id, name),
        };
        let call = &mut self.calls[self.at_hand];
        if call.id.is_null() {
            call.id = id;
        }
        if name.starts_with(&call.name) {
            call.name = name.to_string();
        } else {
            call.name.push_str(name);
        }
        let kind = entry["type"].as_str().unwrap_or_default();
        if !kind.is_empty() {
            call.kind = kind.to_string();
        }
        let arguments = match &function["arguments"] {
            Value::String(text) => text.clone(),
            Value::Array(_) => "{}".to_string(),
            object @ Value::Object(_) => object.to_string(),
            _ => String::new(),
        };
        say(&arguments);
        call.arguments.push_str(&arguments);
        call.function
            .fold("", &without(function, &["name", "arguments"]), Nested);
        let rest = without(entry, &["index", "id", "type", "function"]);
        call.rest.fold("", &rest, Nested);
        name.len() + kind.len()
    }

    fn by_index(&mut self, index: u64, id: &Value, name: &str) -> usize {
        let with_index = |call: &&Call| call.index == index;
        let Some(last) = self.calls.iter().rfind(with_index) else {
            return self.start(index);
        };
        let same = |call: &Call| call.index == index && call.id == *id;
        if !id.is_null()
            && let Some(at) = self.calls.iter().rposition(same)
        {
            return at;
        }
        if !id.is_null() && last.is_other(name) {
            return self.start(index);
        }
        self.calls
            .iter()
            .rposition(|call| call.index == index)
            .unwrap()
    }

    fn by_place(&mut self, at: usize, id: &Value, name: &str) -> usize {
        let next = self.calls.last().map_or(0, |call| call.index + 1);
        let Some(call) = self.calls.get(at) else {
            return self.start(next);
        };
        let goes_on = match id {
            Value::Null => name.is_empty() || name.starts_with(&call.name) || !call.is_complete(),
            id => call.id == *id || call.id.is_null() && !call.is_other(name),
        };
        if goes_on {
            return at;
        }
        let known = self
            .calls
            .iter()
            .rposition(|call| !id.is_null() && call.id == *id);
        known.unwrap_or_else(|| self.start(next))
    }

    fn start(&mut self, index: u64) -> usize {
        let behind = self.calls.iter().rposition(|call| call.index <= index);
        let at = behind.map_or(0, |at| at + 1);
        self.calls.insert(
            at,
            Call {
                index,
                ..Call::default()
            },
        );
        at
    }

    fn value(self) -> Value {
        let content = match (self.parts, self.content) {
            (Some(parts), _) => Tree::List(parts).value(),
            (None, content) => json!(content),
        };
        let role = if self.role.is_empty() {
            "assistant"
        } else {
            &self.role
        };
        let mut message = json!({"role": role, "content": content});
        extend(&mut message, self.message.value());
        if !self.calls.is_empty() {
            message["tool_calls"] = self.calls.into_iter().map(Call::value).collect();
        }
        let mut choice = json!({"index": self.index, "message": message});
        extend(&mut choice, self.rest.value());
        choice["finish_reason"] = self.finish;
        choice
    }
}

fn repeated_name(delta: &Value) -> bool {
    let name = delta["function_call"]["name"].as_str();
    name.is_some_and(|name| !name.is_empty())
}

impl Call {
    fn is_other(&self, name: &str) -> bool {
        let differs = !self.name.is_empty() && self.name != name;
        !name.is_empty() && (differs || self.is_complete())
    }

    /// Every bracket is closed, so that what follows is another value.
    fn is_complete(&self) -> bool {
        let (mut depth, mut opened, mut quoted, mut escaped) = (0usize, false, false, false);
        for letter in self.arguments.chars() {
            match letter {
                _ if escaped => escaped = false,
                '\\' if quoted => escaped = true,
                '"' => quoted = !quoted,
                '{' | '[' if !quoted => {
                    opened = true;
                    depth += 1;
                }
                '}' | ']' if !quoted => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        let scalar = || serde_json::from_str::<Value>(&self.arguments).is_ok();
        if opened {
            depth == 0 && !quoted
        } else {
            scalar()
        }
    }

    fn value(self) -> Value {
        let kind = if self.kind.is_empty() {
            "function"
        } else {
            &self.kind
        };
        let id = if self.id.is_null() {
            json!("")
        } else {
            self.id
        };
        let mut call = json!({"id": id, "type": kind});
        let function = self.function.value();
        let empty = function.as_object().is_none_or(Map::is_empty);
        if kind == "function" || !self.name.is_empty() || !self.arguments.is_empty() || !empty {
            call["function"] = json!({"name": self.name, "arguments": self.arguments});
            extend(&mut call["function"], function);
        }
        extend(&mut call, self.rest.value());
        call
    }
}

impl Tree {
    fn fold(&mut self, key: &str, new: &Value, within: Within) {
        let enveloped = matches!(within, Envelope | Tokens);
        let nested = matches!(within, Nested | Part);
        let is_text = !enveloped && TEXTS.contains(&key) || nested && INNER.contains(&key);
        let inside = match within {
            Envelope | Tokens | Part => within,
            Delta if key == "function_call" => Function,
            // The members of the delta itself.
            Delta if key.is_empty() => Delta,
            _ => Nested,
        };
        match new {
            Value::Null if matches!(self, Tree::Nothing) => *self = Tree::Leaf(Value::Null),
            Value::Null => {}
            Value::String(text) if is_text => self.append(text),
            Value::String(name) if within == Function && key == "name" => match self {
                Tree::Text(known) if !name.starts_with(known.as_str()) => known.push_str(name),
                _ => *self = Tree::Text(name.clone()),
            },
            Value::Object(_) if is_text && key == "arguments" => self.append(&new.to_string()),
            Value::Object(members) => {
                if !matches!(self, Tree::Object(_)) {
                    *self = Tree::Object(Vec::new());
                }
                let Tree::Object(known) = self else { return };
                for (key, value) in members {
                    let at = known.iter().position(|member| member.0 == *key);
                    let at = at.unwrap_or_else(|| {
                        known.push((key.clone(), Tree::Nothing));
                        known.len() - 1
                    });
                    known[at].1.fold(key, value, inside);
                }
            }
            Value::Array(elements) => {
                if !matches!(self, Tree::List(_)) {
                    *self = Tree::List(List::default());
                }
                let Tree::List(list) = self else { return };
                list.fold(elements, inside);
            }
            leaf => *self = Tree::Leaf(leaf.clone()),
        }
    }

    fn append(&mut self, text: &str) {
        say(text);
        match self {
            Tree::Text(known) => known.push_str(text),
            _ => *self = Tree::Text(text.to_string()),
        }
    }

    fn value(self) -> Value {
        match self {
            Tree::Nothing => Value::Null,
            Tree::Leaf(value) => value,
            Tree::Text(text) => json!(text),
            Tree::List(list) => {
                let items = list.items.into_iter().map(|item| item.1.value());
                list.plain.into_iter().chain(items).collect()
            }
            Tree::Object(members) => {
                let members = members.into_iter();
                Value::Object(members.map(|(key, tree)| (key, tree.value())).collect())
            }
        }
    }
}

impl List {
    fn fold(&mut self, elements: &[Value], within: Within) {
        let Some(first) = elements.first() else {
            return;
        };
        if within == Tokens {
            self.last = self.plain.len();
            self.plain.extend_from_slice(elements);
        } else if index(first).is_some() || within == Part && has_text(first) {
            for element in elements {
                self.item(element, within);
            }
        } else if elements.starts_with(&self.plain) {
            self.last = 0;
            self.plain = elements.to_vec();
        } else {
            if elements.starts_with(&self.plain[self.last..]) {
                self.plain.truncate(self.last);
            }
            self.last = self.plain.len();
            self.plain.extend_from_slice(elements);
        }
    }

    fn part(&mut self, part: &Value) {
        self.item(part, Part);
    }

    fn item(&mut self, item: &Value, within: Within) {
        let at = match index(item) {
            Some(index) => {
                let ours = kind(item);
                let same = |(known, tree): &(Option<u64>, Tree)| {
                    let theirs = kind(&tree.clone().value());
                    *known == Some(index) && (ours.is_none() || theirs.is_none() || theirs == ours)
                };
                self.items.iter().rposition(same).unwrap_or_else(|| {
                    let is_before = |(known, _): &&(Option<u64>, Tree)| {
                        known.is_some_and(|known| known <= index)
                    };
                    let at = self.items.iter().take_while(is_before).count();
                    self.items.insert(at, (Some(index), Tree::Nothing));
                    at
                })
            }
            None => {
                let goes_on = match self.items.last() {
                    Some((None, last @ Tree::Object(_))) if within == Part && has_text(item) => {
                        kind(&last.clone().value()) == kind(item)
                    }
                    _ => false,
                };
                if !goes_on {
                    self.items.push((None, Tree::Nothing));
                }
                self.items.len() - 1
            }
        };
        self.items[at].1.fold("", item, within);
    }
}

fn index(item: &Value) -> Option<u64> {
    item.get("index")?.as_u64()
}

fn kind(item: &Value) -> Option<Value> {
    item.get("type").filter(|kind| kind.is_string()).cloned()
}

fn has_text(item: &Value) -> bool {
    let is_text = |key: &&str| item[*key].is_string() || item[*key].is_array();
    item.is_object() && INNER.iter().any(is_text)
}

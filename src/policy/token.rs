//! Estimates how many tokens a text has, by its length with weights per script.
//!
//! The weights are fitted to the mean of three tokenizers; tests/token compares the estimate with them and reports the difference.

/// The tokens of an image, whatever its size in bytes.
pub const IMAGE_TOKENS: u64 = 1_000;

/// The tokens of audio, video, or a file whose text can't be read: a minimum, and how many bytes of the body count as one more
/// token. The rate fits a recording in a compact format.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    least: u64,
    bytes: u64,
}

/// Audio.
pub const AUDIO: Rate = Rate {
    least: 1_000,
    bytes: 100,
};

/// Video.
pub const VIDEO: Rate = Rate {
    least: 5_000,
    bytes: 100,
};

/// A file, whose text may be compressed.
pub const FILE: Rate = Rate {
    least: 1_000,
    bytes: 20,
};

impl Rate {
    /// The tokens of so many bytes.
    pub fn tokens(self, bytes: usize) -> u64 {
        self.least.max((bytes as u64).div_ceil(self.bytes))
    }
}

/// The most tokens that a model's template adds to a prompt, and the factor by which a medium can exceed its usual count.
const TEMPLATE_TOKENS: f64 = 16_384.0;
const MEDIA_FACTOR: f64 = 200.0;

/// Tokens of a message's role and separators.
const MESSAGE_TOKENS: u64 = 4;

/// Tokens that open the answer, once per request.
const ANSWER_TOKENS: u64 = 3;

/// The tokens of a text; at least 1 if the text isn't empty.
pub fn estimate_text(text: &str) -> u64 {
    let mut estimator = Estimator::default();
    estimator.add_text(text);
    estimator.tokens()
}

/// Counts the tokens of a text that arrives in pieces. Where the text is split makes no difference.
///
/// ```
/// use hfetch::policy::token::{Estimator, estimate_text};
///
/// let mut pieces = Estimator::default();
/// for piece in ["How many tok", "ens may this be?"] {
///     pieces.add_text(piece);
/// }
/// assert_eq!(pieces.tokens(), estimate_text("How many tokens may this be?"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Estimator {
    /// Hundredths of a token.
    hundredths: u64,
    messages: u64,
    media: u64,
    any: bool,
    last: Option<char>,
    last_class: Class,
    /// Letters in the current word.
    word: u32,
    /// The highest weight of an accented letter in the current word.
    accent: u64,
}

impl Estimator {
    /// Adds a message: its role and separators. The next text starts a new word.
    pub fn add_message(&mut self) {
        self.messages = self.messages.saturating_add(1);
        (self.last, self.last_class, self.word) = (None, Class::Start, 0);
    }

    /// Adds a part that isn't text, with its tokens.
    pub fn add_medium(&mut self, tokens: u64) {
        self.media = self.media.saturating_add(tokens);
    }

    /// Adds known tokens.
    pub fn add_tokens(&mut self, count: u64) {
        let hundredths = count.saturating_mul(100);
        self.hundredths = self.hundredths.saturating_add(hundredths);
    }

    /// Adds more text.
    #[cfg_attr(optimize_attribute, optimize(speed))]
    pub fn add_text(&mut self, text: &str) {
        self.any |= !text.is_empty();
        for c in text.chars() {
            let class = class(c);
            let weight = self.weight(c, class);
            self.hundredths = self.hundredths.saturating_add(weight);
            (self.last, self.last_class) = (Some(c), class);
        }
    }

    /// The most tokens that a server can count for a body of so many bytes. A token has at least one byte, except in media, which
    /// cost by their content, and in what a model's template adds.
    pub fn most(&self, bytes: usize) -> f64 {
        bytes as f64 + TEMPLATE_TOKENS + self.media as f64 * MEDIA_FACTOR
    }

    /// The estimate so far.
    pub fn tokens(&self) -> u64 {
        let text = self.hundredths.div_ceil(100).max(u64::from(self.any));
        let messages = self.messages.saturating_mul(MESSAGE_TOKENS);
        let answer = if self.messages > 0 { ANSWER_TOKENS } else { 0 };
        [messages, answer, self.media]
            .into_iter()
            .fold(text, u64::saturating_add)
    }

    fn weight(&mut self, c: char, class: Class) -> u64 {
        let repeated = self.last == Some(c);
        match class {
            Class::Lower | Class::Upper | Class::Accented(_) => self.latin(class),
            Class::Cyrillic => self.cyrillic(),
            // One space belongs to the word after it; several are indentation, which is one token of any length.
            Class::Space => match self.last_class {
                Class::Space if self.word == 1 => 2,
                Class::Space => {
                    self.word = 1;
                    80
                }
                _ => {
                    self.word = 0;
                    0
                }
            },
            Class::Punctuation if repeated => 5,
            Class::Punctuation => match self.last_class {
                Class::Punctuation => 21,
                Class::Space | Class::Other(LINE) => 104,
                _ => 72,
            },
            // Two of the three vocabularies have tokens for three digits, and none has them with a space before.
            Class::Digit => match self.last_class {
                Class::Digit => 42,
                Class::Space => 255,
                _ => 160,
            },
            Class::Other(weight) => weight,
            Class::Start => 0,
        }
    }

    fn latin(&mut self, class: Class) -> u64 {
        let goes_on = match self.last_class {
            // camelCase counts as two words.
            Class::Lower | Class::Accented(_) => class != Class::Upper,
            Class::Upper => true,
            _ => false,
        };
        if !goes_on {
            (self.word, self.accent) = (0, 0);
        }
        let mut weight = self.letter(97, 4, 7);
        if self.word > 10 {
            weight = weight.saturating_add(82);
        }
        match class {
            Class::Upper if self.last_class == Class::Upper => weight.saturating_add(13),
            Class::Accented(accent) if accent > self.accent => {
                let more = accent.saturating_sub(std::mem::replace(&mut self.accent, accent));
                weight.saturating_add(more)
            }
            _ => weight,
        }
    }

    fn cyrillic(&mut self) -> u64 {
        if self.last_class != Class::Cyrillic {
            self.word = 0;
        }
        self.letter(175, 3, 10)
    }

    /// The first letter pays for the word; letters beyond `short` pay for its length.
    fn letter(&mut self, word: u64, short: u32, more: u64) -> u64 {
        self.word = self.word.saturating_add(1);
        match self.word {
            1 => word,
            length if length > short => more,
            _ => 0,
        }
    }
}

/// The class of a character for a tokenizer, with a weight for some classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Class {
    #[default]
    Start,
    Lower,
    Upper,
    /// A Latin letter outside ASCII; the weight is added to its word once.
    Accented(u64),
    Cyrillic,
    Space,
    Digit,
    Punctuation,
    Other(u64),
}

const LINE: u64 = 68;
const TAB: u64 = 100;

/// Letters of languages that are rarer in vocabularies than those with é and ñ: words with them split into more tokens.
const RARE: Class = Class::Accented(335);
const USUAL: Class = Class::Accented(157);
const SYMBOL: Class = Class::Other(110);

fn class(c: char) -> Class {
    match c {
        'a'..='z' => Class::Lower,
        'A'..='Z' => Class::Upper,
        ' ' => Class::Space,
        '0'..='9' => Class::Digit,
        '\n' | '\r' => Class::Other(LINE),
        '\t' => Class::Other(TAB),
        '\0'..='\x7f' => Class::Punctuation,
        'ä' | 'ö' | 'ü' | 'ß' | 'Ä' | 'Ö' | 'Ü' => RARE,
        _ => {
            let index = SCRIPTS.partition_point(|script| script.0 <= c);
            let found = SCRIPTS.get(index.saturating_sub(1));
            found.map_or(SYMBOL, |script| script.1)
        }
    }
}

/// The first character of each script.
const SCRIPTS: [(char, Class); 19] = [
    ('\u{80}', SYMBOL),
    ('À', USUAL),
    ('Ā', RARE),
    // Greek, then Armenian, Hebrew, Arabic, the scripts of India and others.
    ('\u{370}', Class::Other(70)),
    ('\u{400}', Class::Cyrillic),
    ('\u{530}', Class::Other(70)),
    // Vietnamese, and Greek again.
    ('\u{1e00}', RARE),
    ('\u{1f00}', Class::Other(70)),
    // Dashes, quotes, joiners; then arrows, boxes and other symbols.
    ('\u{2000}', Class::Other(140)),
    ('\u{2070}', SYMBOL),
    ('\u{3000}', Class::Other(100)),
    // Hiragana, Katakana, Han, Hangul.
    ('\u{3040}', Class::Other(88)),
    ('\u{30a0}', Class::Other(68)),
    ('\u{3100}', SYMBOL),
    ('\u{3400}', Class::Other(86)),
    ('\u{a000}', SYMBOL),
    // Full-width forms.
    ('\u{ff00}', Class::Other(100)),
    ('\u{fff0}', SYMBOL),
    // Emoji, and other rare characters.
    ('\u{10000}', Class::Other(260)),
];

//! `null`, `true` and `false`.

/// A literal and a comma after it, as the first bytes of a number.
struct Literal {
    text: u64,
    number: u32,
    length: usize,
}

impl Literal {
    const fn new(text: &[u8; 8], number: u32, length: usize) -> Self {
        let text = u64::from_le_bytes(*text);
        Literal {
            text,
            number,
            length,
        }
    }
}

/// The literals, each at the place that two bits of its first letter name. Which one comes next can't be foreseen, and a processor loses
/// some nanoseconds with a wrong guess; so a literal is looked up instead of compared with one after the other.
static LITERALS: [Literal; 4] = [
    Literal::new(b"false,\0\0", 2, 5),
    Literal::new(b"null,\0\0\0", 0, 4),
    Literal::new(b"true,\0\0\0", 1, 4),
    Literal::new(b"null,\0\0\0", 0, 4), // other letters are here as well, and equal it nowhere
];

/// `null`, `true` or `false` at the start of `rest`: 0, 1 or 2, and its length.
#[inline(always)]
pub(crate) fn literal(rest: &[u8]) -> Option<(u32, usize)> {
    let known = LITERALS.get(usize::from(
        rest.first().copied().unwrap_or_default() >> 3 & 3,
    ))?;
    let word = first_word(rest);
    ((word ^ known.text) << (64 - 8 * known.length) == 0).then_some((known.number, known.length))
}

/// Calls `visit` with the number of each element at the start of `rest` that is a literal with a comma right behind it; returns the length
/// of these elements with their commas. Eight bytes hold both, so that one load also tells where the next element begins.
#[inline(always)]
pub(crate) fn literals(rest: &[u8], mut visit: impl FnMut(u32)) -> usize {
    let mut at = 0;
    while let Some(word) = rest.get(at..).and_then(<[u8]>::first_chunk) {
        let word = u64::from_le_bytes(*word);
        let Some(known) = LITERALS.get((word >> 3 & 3) as usize) else {
            break;
        };
        if (word ^ known.text) << (56 - 8 * known.length) != 0 {
            break;
        }
        visit(known.number);
        at += known.length + 1;
    }
    at
}

/// The first eight bytes as a number; missing ones are zero.
#[inline(always)]
pub(crate) fn first_word(bytes: &[u8]) -> u64 {
    if let Some(word) = bytes.first_chunk() {
        return u64::from_le_bytes(*word);
    }
    let mut word = [0; 8];
    for (place, byte) in word.iter_mut().zip(bytes) {
        *place = *byte;
    }
    u64::from_le_bytes(word)
}

//! Base64 (RFC 4648 §4, padded) of 32-bit floats, lowest byte first.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// Marks a byte that stands for nothing: no six bits have it set.
const BAD: u32 = 1 << 31;

const VALUES: [u8; 256] = values();

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
const fn values() -> [u8; 256] {
    let mut values = [0xFF; 256];
    let mut value = 0;
    while value < 64 {
        values[ALPHABET[value] as usize] = value as u8;
        value += 1;
    }
    values
}

/// Appends the floats; how many there were.
pub fn decode_floats(text: &[u8], floats: &mut Vec<f32>) -> Result<usize, &'static str> {
    const LENGTH: &str = "is base64 of a wrong length";
    let start = floats.len();
    let padding = text.iter().rev().take_while(|byte| **byte == b'=').count();
    if padding > 2 || !text.len().is_multiple_of(4) {
        return Err(LENGTH);
    }
    let (quads, tail) = text.split_at(text.len().saturating_sub(if padding > 0 { 4 } else { 0 }));
    let bytes = (text.len() / 4).saturating_mul(3).saturating_sub(padding);
    if bytes == 0 || !bytes.is_multiple_of(4) {
        return Err(LENGTH);
    }
    floats.reserve(bytes / 4);
    let (blocks, rest) = quads.as_chunks::<16>();
    let mut seen = 0;
    for block in blocks {
        let (three, checked) = three_floats(block);
        seen |= checked;
        floats.extend_from_slice(&three);
    }
    let mut last = Vec::with_capacity(16);
    for quad in rest.as_chunks::<4>().0 {
        let bits = four(quad);
        seen |= bits;
        last.extend_from_slice(bits.to_be_bytes().get(1..).unwrap_or_default());
    }
    if let Some(mut quad) = tail.as_chunks::<4>().0.first().copied() {
        // An "A" in place of the padding: zeros, cut off again.
        quad.iter_mut()
            .rev()
            .take(padding)
            .for_each(|byte| *byte = b'A');
        let bits = four(&quad);
        let unused = (1_u32 << (8 * padding)) - 1;
        seen |= if bits & unused == 0 { bits } else { BAD };
        let bytes = bits.to_be_bytes();
        let used = bytes.get(1..4_usize.saturating_sub(padding));
        last.extend_from_slice(used.unwrap_or_default());
    }
    if seen & BAD != 0 {
        return Err("holds what is not base64");
    }
    let (words, _) = last.as_chunks::<4>();
    floats.extend(words.iter().map(|word| f32::from_le_bytes(*word)));
    let count = floats.len().saturating_sub(start);
    let all_finite = floats.iter().skip(start).all(|value| value.is_finite());
    if all_finite {
        Ok(count)
    } else {
        Err("holds NaN or Infinity: the model failed on this input")
    }
}

/// 16 characters are 12 bytes are three floats; the second part has [`BAD`] set if a character is none.
fn three_floats(block: &[u8; 16]) -> ([f32; 3], u32) {
    let mut quads = block.as_chunks::<4>().0.iter().map(four);
    let mut next = || quads.next().unwrap_or(BAD);
    let (a, b, c, d) = (next(), next(), next(), next());
    let first = (a << 8 | (b >> 16 & 0xFF)).swap_bytes();
    let second = (b << 16 | (c >> 8 & 0xFFFF)).swap_bytes();
    let third = (c << 24 | (d & 0xFF_FFFF)).swap_bytes();
    ([first, second, third].map(f32::from_bits), a | b | c | d)
}

/// Four characters are 24 bits.
fn four(quad: &[u8; 4]) -> u32 {
    let [a, b, c, d] = quad.map(|byte| VALUES.get(usize::from(byte)).copied().unwrap_or(0xFF));
    let bad = if (a | b | c | d) & 0x80 == 0 { 0 } else { BAD };
    bad | u32::from(a) << 18 | u32::from(b) << 12 | u32::from(c) << 6 | u32::from(d)
}

/// The base64 of floats, lowest byte first.
pub fn encode_floats(floats: &[f32]) -> String {
    let bytes: Vec<u8> = floats
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    let mut text = String::with_capacity(bytes.len().div_ceil(3).saturating_mul(4));
    for chunk in bytes.chunks(3) {
        let mut three = [0; 4];
        for (place, byte) in three.iter_mut().skip(1).zip(chunk) {
            *place = *byte;
        }
        let bits = u32::from_be_bytes(three);
        for place in 0..4 {
            let six = bits >> (18 - 6 * place) & 63;
            let character = ALPHABET.get(six as usize).filter(|_| place <= chunk.len());
            text.push(character.map_or('=', |byte| char::from(*byte)));
        }
    }
    text
}

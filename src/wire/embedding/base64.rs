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
    let padding = text.iter().rev().take_while(|byte| **byte == b'=').count();
    let bytes = (text.len() / 4).saturating_mul(3).saturating_sub(padding);
    let count = bytes / 4;
    if padding > 2 || !text.len().is_multiple_of(4) || !bytes.is_multiple_of(4) || count == 0 {
        return Err(LENGTH);
    }
    // Zeroed by the allocator, which is faster than growing `floats` by so many zeros.
    let mut decoded = vec![0.0; count];
    let (threes, rest) = decoded.as_chunks_mut::<3>();
    let (blocks, tail) = text.as_chunks::<16>();
    let seen = decode_blocks(blocks, threes) | decode_tail(tail, padding, rest);
    if seen & BAD != 0 {
        return Err("holds what is not base64");
    }
    if !decoded.iter().all(|value| value.is_finite()) {
        return Err("holds NaN or Infinity: the model failed on this input");
    }
    floats.append(&mut decoded);
    Ok(count)
}

/// 16 characters are 12 bytes are three floats; the result has [`BAD`] set if any character is none.
fn decode_blocks(blocks: &[[u8; 16]], threes: &mut [[f32; 3]]) -> u32 {
    let mut seen = 0;
    for (three, block) in threes.iter_mut().zip(blocks) {
        let [a, b, c, d] = block.as_chunks::<4>().0 else {
            break;
        };
        let (a, b, c, d) = (four(a), four(b), four(c), four(d));
        seen |= a | b | c | d;
        let first = a << 8 | (b >> 16 & 0xFF);
        let second = b << 16 | (c >> 8 & 0xFFFF);
        let third = c << 24 | (d & 0xFF_FFFF);
        *three = [first, second, third].map(|bits| f32::from_bits(bits.swap_bytes()));
    }
    seen
}

/// The characters after the last whole block: none, or those of one or two floats with their padding.
fn decode_tail(tail: &[u8], padding: usize, floats: &mut [f32]) -> u32 {
    let mut block = [b'A'; 16];
    let used = tail.len().saturating_sub(padding);
    for (place, character) in block.iter_mut().zip(tail.iter().take(used)) {
        *place = *character;
    }
    let mut three = [0.0; 3];
    let seen = decode_blocks(&[block], std::slice::from_mut(&mut three));
    let (filled, unused) = three.split_at(floats.len().min(2));
    for (float, value) in floats.iter_mut().zip(filled) {
        *float = *value;
    }
    // Bits beyond the floats must be zero, or two texts would mean the same.
    let spare = unused.iter().any(|value| value.to_bits() != 0);
    if spare { BAD } else { seen }
}

/// Four characters are 24 bits.
#[inline]
fn four(characters: &[u8; 4]) -> u32 {
    let &[a, b, c, d] = characters;
    let (a, b, c, d) = (value(a), value(b), value(c), value(d));
    // Only the value of a character that is none has bit 7.
    let bad = (a | b | c | d) << 24;
    (bad & BAD) | (a << 18 | b << 12 | c << 6 | d)
}

#[inline]
fn value(character: u8) -> u32 {
    let value = VALUES.get(usize::from(character)).copied();
    u32::from(value.unwrap_or(0xFF))
}

/// The base64 of floats, lowest byte first.
pub fn encode_floats(floats: &[f32]) -> String {
    let mut bytes = Vec::with_capacity(floats.len().saturating_mul(4));
    for value in floats {
        bytes.extend_from_slice(&value.to_le_bytes());
    }
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

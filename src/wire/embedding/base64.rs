//! Base64 (RFC 4648 §4, padded) of 32-bit floats, lowest byte first.

use crate::json::block::WIDTH;
use sextets::Sextets;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Sixteen characters are twelve bytes, which are three floats.
const FLOATS: usize = 3;

/// Appends the floats; returns how many there are.
#[cfg_attr(optimize_attribute, optimize(speed))]
#[inline(never)]
pub fn decode_floats(text: &[u8], floats: &mut Vec<f32>) -> Result<usize, &'static str> {
    const LENGTH: &str = "is base64 of a wrong length";
    let padding = text.iter().rev().take_while(|byte| **byte == b'=').count();
    let bytes = (text.len() / 4).saturating_mul(3).saturating_sub(padding);
    let count = bytes / 4;
    if padding > 2 || !text.len().is_multiple_of(4) || !bytes.is_multiple_of(4) || count == 0 {
        return Err(LENGTH);
    }
    let mut sextets = Sextets::new();
    let (blocks, tail) = text.as_chunks();
    // A part at a time is appended to `floats`, since filling it with zeros first would take a third of the time.
    let mut part = [[0.0; FLOATS]; 64];
    for blocks in blocks.chunks(part.len()) {
        for (three, block) in part.iter_mut().zip(blocks) {
            *three = sextets.floats(block);
        }
        let read = part.get(..blocks.len()).unwrap_or_default();
        floats.extend_from_slice(read.as_flattened());
    }
    // The characters after the last whole block: none, or those of one or two floats with their padding.
    let mut block = [b'A'; WIDTH];
    let used = tail.len().saturating_sub(padding);
    for (place, character) in block.iter_mut().zip(tail.iter().take(used)) {
        *place = *character;
    }
    let last = sextets.floats(&block);
    let (last, unused) = last.split_at(count.saturating_sub(blocks.len() * FLOATS).min(2));
    floats.extend_from_slice(last);
    // Bits beyond the floats must be zero, otherwise two texts would mean the same.
    if !sextets.are_all() || unused.iter().any(|value| value.to_bits() != 0) {
        return Err("holds what is not base64");
    }
    match sextets.are_finite() {
        true => Ok(count),
        false => Err("holds NaN or Infinity: the model failed on this input"),
    }
}

/// The base64 of floats, lowest byte first.
#[cfg_attr(optimize_attribute, optimize(speed))]
#[inline(never)]
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

#[cfg(target_feature = "simd128")]
mod sextets {
    use super::FLOATS;
    use crate::json::block::{Block16, WIDTH};
    use core::arch::wasm32::{
        f32x4_extract_lane, i8x16_add, i8x16_swizzle, i32x4_dot_i16x8, u8x16, u8x16_eq, u8x16_shr,
        u8x16_splat, u16x8, u16x8_shl, u16x8_shr, u16x8_splat, u32x4_eq, u32x4_splat, v128,
        v128_and, v128_any_true, v128_or,
    };
    use std::hint::black_box;

    /// Decodes the characters of one text, and remembers whether they were valid.
    pub(super) struct Sextets {
        constants: Constants,
        others: v128,
        endless: v128,
    }

    /// Constants over the table of ASCII with sixteen rows of sixteen characters; rows 2 to 7 contain the alphabet.
    struct Constants {
        column: v128,
        slash: v128,
        /// A bit for each row, from row 2 on.
        rows: v128,
        /// By column: the rows that have a character of the alphabet there.
        columns: v128,
        /// By row: what turns a character into its value. The offset of `/`, which differs from that of `+`, is one entry earlier.
        offsets: v128,
        two_sextets: v128,
        four_sextets: v128,
        /// Reorders four bytes, highest first with an empty highest one, to three bytes, lowest first.
        order: v128,
        exponent: v128,
    }

    impl Sextets {
        pub(super) fn new() -> Self {
            // An engine would load a constant again at every use; a value that it can't know beforehand stays in its register.
            let constants = Constants {
                column: black_box(u8x16_splat(0x0F)),
                slash: black_box(u8x16_splat(b'/')),
                rows: black_box(u8x16(0, 0, 1, 2, 4, 8, 16, 32, 0, 0, 0, 0, 0, 0, 0, 0)),
                columns: black_box(u8x16(
                    0x2A, 0x3E, 0x3E, 0x3E, 0x3E, 0x3E, 0x3E, 0x3E, 0x3E, 0x3E, 0x3C, 0x15, 0x14,
                    0x14, 0x14, 0x15,
                )),
                offsets: black_box(u8x16(
                    0, 16, 19, 4, 191, 191, 185, 185, 0, 0, 0, 0, 0, 0, 0, 0,
                )),
                two_sextets: black_box(u16x8_splat(0x0FFF)),
                four_sextets: black_box(u16x8(4096, 1, 4096, 1, 4096, 1, 4096, 1)),
                order: black_box(u8x16(
                    2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, 255, 255, 255, 255,
                )),
                exponent: black_box(u32x4_splat(0x7F80_0000)),
            };
            let none = u8x16_splat(0);
            Sextets {
                constants,
                others: none,
                endless: none,
            }
        }

        #[inline(always)]
        pub(super) fn floats(&mut self, characters: &[u8; WIDTH]) -> [f32; FLOATS] {
            let with = &self.constants;
            let all = Block16::new(characters).lanes();
            let row = u8x16_shr(all, 4);
            let column = v128_and(all, with.column);
            let fits = v128_and(
                i8x16_swizzle(with.rows, row),
                i8x16_swizzle(with.columns, column),
            );
            self.others = v128_or(self.others, u8x16_eq(fits, u8x16_splat(0)));
            let row = i8x16_add(row, u8x16_eq(all, with.slash));
            let sextets = i8x16_add(all, i8x16_swizzle(with.offsets, row));
            let twos = v128_or(u16x8_shl(sextets, 6), u16x8_shr(sextets, 8));
            let fours = i32x4_dot_i16x8(v128_and(twos, with.two_sextets), with.four_sextets);
            let floats = i8x16_swizzle(fours, with.order);
            let exponents = v128_and(floats, with.exponent);
            self.endless = v128_or(self.endless, u32x4_eq(exponents, with.exponent));
            // Not by `map`, whose loop a compiler for the least size keeps: that takes twice as long.
            [
                f32x4_extract_lane::<0>(floats),
                f32x4_extract_lane::<1>(floats),
                f32x4_extract_lane::<2>(floats),
            ]
        }

        /// Whether all characters belong to the alphabet.
        pub(super) fn are_all(&self) -> bool {
            !v128_any_true(self.others)
        }

        /// Whether no float is NaN or infinite.
        pub(super) fn are_finite(&self) -> bool {
            !v128_any_true(self.endless)
        }
    }
}

/// The same one by one, for hosts without these vectors.
#[cfg(not(target_feature = "simd128"))]
mod sextets {
    use super::{ALPHABET, FLOATS};
    use crate::json::block::WIDTH;

    pub(super) struct Sextets {
        are_all: bool,
        are_finite: bool,
    }

    impl Sextets {
        pub(super) fn new() -> Self {
            Sextets {
                are_all: true,
                are_finite: true,
            }
        }

        pub(super) fn floats(&mut self, characters: &[u8; WIDTH]) -> [f32; FLOATS] {
            let mut bits: u128 = 0;
            for character in characters {
                let value = ALPHABET.iter().position(|known| known == character);
                self.are_all &= value.is_some();
                bits = bits << 6 | value.unwrap_or_default() as u128;
            }
            // Twelve bytes, highest first.
            let [first, second, third] = [64, 32, 0].map(|shift| (bits >> shift) as u32);
            let floats = [first, second, third].map(|bits| f32::from_bits(bits.swap_bytes()));
            self.are_finite &= floats.iter().all(|float| float.is_finite());
            floats
        }

        pub(super) fn are_all(&self) -> bool {
            self.are_all
        }

        pub(super) fn are_finite(&self) -> bool {
            self.are_finite
        }
    }
}

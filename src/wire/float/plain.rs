//! Parses the numbers of embeddings, `-?d.ddd` without an exponent: sixteen digits at a time, and without branches that depend on
//! them, since a processor can't predict signs and lengths.

use super::{BELOW, DOUBT, HALF, POWERS, STEP};
use crate::json::block::{Block16, WIDTH};
use digits::Digits;

/// How many bytes are searched for commas at a time.
const BLOCK: usize = 64;
/// A sign, a digit, the point, and the digits that fit into two vectors with them.
const LONGEST: usize = 2 * WIDTH;

/// Appends the numbers of `text`, beginning at `start`, as long as each is plain and directly followed by a comma and at most one
/// space. Returns the index of the first number that has to be read in another way.
pub fn plain_numbers(text: &[u8], mut start: usize, values: &mut Vec<f32>) -> usize {
    let digits = Digits::new();
    let (blocks, _) = text.get(start..).unwrap_or_default().as_chunks::<BLOCK>();
    let mut behind = start;
    for block in blocks {
        let mut commas = commas(block);
        while commas != 0 {
            let comma = behind + commas.trailing_zeros() as usize;
            commas &= commas - 1;
            let Some(value) = plain_number(text, start, comma, digits) else {
                return start;
            };
            values.push(value);
            start = comma + 1;
            start += usize::from(text.get(start) == Some(&b' '));
        }
        behind += BLOCK;
    }
    start
}

/// One bit for each comma.
#[inline(always)]
fn commas(block: &[u8; BLOCK]) -> u64 {
    let [a, b, c, d] = block.as_chunks().0 else {
        return 0;
    };
    let commas = |part| u64::from(Block16::new(part).equal_to(b','));
    commas(a) | commas(b) << 16 | commas(c) << 32 | commas(d) << 48
}

/// The number between `start` and `end`, if it is plain and its nearest `f32` is beyond doubt.
#[inline(always)]
fn plain_number(text: &[u8], start: usize, end: usize, digits: Digits) -> Option<f32> {
    // The number is read from its end: its digits are then in the same lanes, however many there are.
    let window: &[u8; LONGEST] = text.get(..end)?.last_chunk()?;
    let length = end.wrapping_sub(start);
    if !("0.0".len()..=LONGEST).contains(&length) {
        return None;
    }
    let start = LONGEST - length;
    let negative = *window.get(start)? == b'-';
    let start = start + usize::from(negative);
    let head = window.get(start..)?.first_chunk()?;
    let whole = u16::from_le_bytes(*head).wrapping_sub(u16::from_le_bytes(*b"0."));
    let places = LONGEST - start - head.len();
    if whole > 9 || places == 0 {
        return None;
    }
    let [high, low] = window.as_chunks().0 else {
        return None;
    };
    // At most 30 digits: their value is wrong by at most three halves of its last place, and the power of ten by another half.
    let (fraction, places) = if places <= WIDTH {
        (digits.last(low, places)?, places)
    } else {
        let high = digits.last(high, places - WIDTH)?;
        (high + digits.last(low, WIDTH)? * 1e-16, places - WIDTH)
    };
    let power = POWERS.get(STEP as usize - places)?;
    let value = f64::from(whole) + fraction * power;
    // The value is zero, or far from both ends of the range of `f32`.
    let is_doubtful = value.to_bits().wrapping_sub(HALF - DOUBT) & BELOW <= 2 * DOUBT;
    let sign = u32::from(negative) << 31;
    (!is_doubtful).then(|| f32::from_bits((value as f32).to_bits() | sign))
}

#[cfg(target_feature = "simd128")]
mod digits {
    use crate::json::block::{Block16, WIDTH};
    use core::arch::wasm32::{
        i16x8, i16x8_mul, i16x8_narrow_i32x4, i16x8_splat, i32x4_dot_i16x8, i32x4_extract_lane,
        u8x16_add_sat, u8x16_bitmask, u8x16_splat, u16x8_shr, v128, v128_and, v128_xor,
    };
    use std::hint::black_box;

    /// The constants with which digits are combined.
    #[derive(Clone, Copy)]
    pub(super) struct Digits {
        zeros: v128,
        above_nine: v128,
        tens: v128,
        hundreds: v128,
        ten_thousands: v128,
    }

    /// Sixteen bytes of this, from a number's place on, keep that many of the last lanes.
    static KEPT: [u8; 2 * WIDTH] = {
        let mut kept = [0; 2 * WIDTH];
        let (_, last) = kept.split_at_mut(WIDTH);
        last.copy_from_slice(&[0xFF; WIDTH]);
        kept
    };

    impl Digits {
        /// An engine would load a constant again at every use, which takes a quarter of the time of a number. A value that it can't
        /// know beforehand stays in its register.
        #[inline(always)]
        pub(super) fn new() -> Self {
            Digits {
                zeros: black_box(u8x16_splat(b'0')),
                above_nine: black_box(u8x16_splat(0x80 - 10)),
                tens: black_box(i16x8_splat(10 << 8 | 1)),
                hundreds: black_box(i16x8(100, 1, 100, 1, 100, 1, 100, 1)),
                ten_thousands: black_box(i16x8(10_000, 1, 10_000, 1, 10_000, 1, 10_000, 1)),
            }
        }

        /// The number in the last `count` characters, if all of them are digits.
        #[inline(always)]
        pub(super) fn last(self, characters: &[u8; WIDTH], count: usize) -> Option<f64> {
            let kept = Block16::new(KEPT.get(count..)?.first_chunk()?).lanes();
            let all = v128_xor(Block16::new(characters).lanes(), self.zeros);
            let digits = v128_and(all, kept);
            if u8x16_bitmask(u8x16_add_sat(digits, self.above_nine)) != 0 {
                return None;
            }
            // Neighbours are joined to pairs, fours and eights.
            let pairs = u16x8_shr(i16x8_mul(digits, self.tens), 8);
            let fours = i32x4_dot_i16x8(pairs, self.hundreds);
            let eights = i32x4_dot_i16x8(i16x8_narrow_i32x4(fours, fours), self.ten_thousands);
            let high = f64::from(i32x4_extract_lane::<0>(eights));
            let low = f64::from(i32x4_extract_lane::<1>(eights));
            Some(high * 1e8 + low)
        }
    }
}

/// The same one by one, for hosts without these vectors.
#[cfg(not(target_feature = "simd128"))]
mod digits {
    use crate::json::block::WIDTH;

    #[derive(Clone, Copy)]
    pub(super) struct Digits;

    impl Digits {
        pub(super) fn new() -> Self {
            Digits
        }

        pub(super) fn last(self, characters: &[u8; WIDTH], count: usize) -> Option<f64> {
            let digits = characters.get(WIDTH.checked_sub(count)?..)?;
            let all = digits.iter().try_fold(0_u64, |all, digit| {
                digit
                    .is_ascii_digit()
                    .then(|| all * 10 + u64::from(digit - b'0'))
            });
            Some(all? as f64)
        }
    }
}

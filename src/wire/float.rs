//! Parses a JSON number directly to the nearest `f32`, without the standard library's parser and its tables.
//!
//! The digits are read into a `u64`, which is scaled by a power of ten in `f64`. The result is wrong by a few units of its last
//! place. That matters only next to a half-way point between two `f32`; these few cases are decided exactly, in whole numbers.
//! (Rounding a correct `f64` a second time would not work: a decimal just above a half-way point becomes that point.)

mod plain;

pub use plain::plain_numbers;

use std::cmp::Ordering;

/// Powers of ten from 10⁻²² to 10²². Those with a fraction are wrong by half a unit, which [`DOUBT`] allows for: multiplying by
/// them takes a quarter of the time of a division.
const POWERS: [f64; 45] = [
    1e-22, 1e-21, 1e-20, 1e-19, 1e-18, 1e-17, 1e-16, 1e-15, 1e-14, 1e-13, 1e-12, 1e-11, 1e-10,
    1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7,
    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];
/// The exponent at either end of [`POWERS`].
const STEP: i64 = 22;

/// For decimal exponents outside of this range, 20 digits are 0 or infinite in `f32`.
const EXPONENTS: std::ops::RangeInclusive<i64> = -70..=40;

/// The bits of an `f64` mantissa below the last bit of an `f32`; the half-way point is among them.
const BELOW: u64 = (1 << 29) - 1;
const HALF: u64 = 1 << 28;
/// By how many units of the last place the `f64` may be wrong: half a unit for the digits, and one for each of at most five
/// products.
const DOUBT: u64 = 16;

/// A number of digits that always fits a `u64`.
const DIGITS: usize = 19;
/// More digits than any half-way point of `f32` has (112); about further digits only matters whether they are zero.
const DECISIVE_DIGITS: usize = 128;

/// A number's text, split into its parts.
#[derive(Clone, Copy)]
struct Decimal<'a> {
    whole: &'a [u8],
    fraction: &'a [u8],
    exponent: i64,
}

/// The number at the start of `text`, and the text after it; `None` if there is no JSON number.
///
/// The function is inlined, since its result would otherwise pass through memory, which takes a third of the time of a number.
#[inline(always)]
#[cfg_attr(optimize_attribute, optimize(speed))]
pub fn number(text: &[u8]) -> Option<(f32, &[u8])> {
    let (negative, unsigned) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        _ => (false, text),
    };
    let mut mantissa = 0;
    let (whole, mut rest) = digits(unsigned, &mut mantissa);
    if whole.len() != 1 && (whole.is_empty() || whole.first() == Some(&b'0')) {
        return None;
    }
    let mut fraction: &[u8] = &[];
    if let Some((b'.', after)) = rest.split_first() {
        (fraction, rest) = digits(after, &mut mantissa);
        if fraction.is_empty() {
            return None;
        }
    }
    let mut exponent = 0;
    if let Some((b'e' | b'E', after)) = rest.split_first() {
        (exponent, rest) = read_exponent(after)?;
    }
    let decimal = Decimal {
        whole,
        fraction,
        exponent,
    };
    let magnitude = match decimal.quick(mantissa) {
        Some(magnitude) => magnitude,
        None => decimal.slow(),
    };
    Some((if negative { -magnitude } else { magnitude }, rest))
}

impl Decimal<'_> {
    /// The power of ten of the last digit.
    fn last_place(self) -> i64 {
        self.exponent.saturating_sub(places(self.fraction))
    }

    /// The values of all digits from the first one that isn't zero.
    #[cold]
    #[inline(never)]
    fn significant(self) -> Vec<u8> {
        let mut digits = Vec::new();
        for byte in self.whole.iter().chain(self.fraction) {
            if *byte != b'0' || !digits.is_empty() {
                digits.push(byte - b'0');
            }
        }
        digits
    }

    /// The value of nearly every number in practice: its digits fit `mantissa`, and its exponent the table.
    #[inline]
    fn quick(self, mantissa: u64) -> Option<f32> {
        let whole = if self.whole == b"0" {
            0
        } else {
            self.whole.len()
        };
        let digits = whole.saturating_add(self.fraction.len());
        if digits > DIGITS && self.significant().len() > DIGITS {
            return None;
        }
        let place = usize::try_from(self.last_place().saturating_add(STEP)).ok()?;
        // Converted as a signed number, which is one instruction; the rare mantissas that don't fit take the other way.
        let value = i64::try_from(mantissa).ok()? as f64 * POWERS.get(place)?;
        round(value)
    }

    /// The value of all other numbers: the first 19 significant digits stand for all, and the exponent is applied in steps.
    #[cold]
    #[inline(never)]
    fn slow(self) -> f32 {
        let digits = self.significant();
        let (first, dropped) = digits.split_at(digits.len().min(DIGITS));
        let mut mantissa: u64 = 0;
        for digit in first {
            mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(*digit));
        }
        let mut left = self.last_place().saturating_add(places(dropped));
        if mantissa == 0 || left < *EXPONENTS.start() {
            return 0.0;
        }
        if left > *EXPONENTS.end() {
            return f32::INFINITY;
        }
        let mut value = mantissa as f64;
        while left != 0 {
            let step = left.clamp(-STEP, STEP);
            let place = usize::try_from(step + STEP).ok();
            value *= place.and_then(|place| POWERS.get(place)).unwrap_or(&1.0);
            left -= step;
        }
        round(value).unwrap_or_else(|| decide(value, &digits, self.last_place()))
    }
}

/// How many places digits take.
fn places(digits: &[u8]) -> i64 {
    i64::try_from(digits.len()).unwrap_or(i64::MAX)
}

/// The nearest `f32`, if an error of [`DOUBT`] can't change it.
#[inline]
fn round(value: f64) -> Option<f32> {
    let from_half = (value.to_bits() & BELOW).abs_diff(HALF);
    let is_normal = value >= f64::from(f32::MIN_POSITIVE) && value < f64::from(f32::MAX);
    (from_half > DOUBT && is_normal).then_some(value as f32)
}

/// The digits at the start, added to `mantissa` modulo 2⁶⁴, and the text after them.
#[cfg_attr(optimize_attribute, optimize(speed))]
fn digits<'a>(text: &'a [u8], mantissa: &mut u64) -> (&'a [u8], &'a [u8]) {
    let mut rest = text;
    while let Some((byte, after)) = rest.split_first()
        && byte.is_ascii_digit()
    {
        *mantissa = mantissa
            .wrapping_mul(10)
            .wrapping_add(u64::from(byte - b'0'));
        rest = after;
    }
    (run(text, rest), rest)
}

/// The part of `text` before `rest`, which is its end.
fn run<'a>(text: &'a [u8], rest: &[u8]) -> &'a [u8] {
    text.get(..text.len().saturating_sub(rest.len()))
        .unwrap_or_default()
}

fn read_exponent(text: &[u8]) -> Option<(i64, &[u8])> {
    let (negative, text) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    };
    let mut value: i64 = 0;
    let mut rest = text;
    while let Some((byte, after)) = rest.split_first()
        && byte.is_ascii_digit()
    {
        value = value
            .saturating_mul(10)
            .saturating_add(i64::from(byte - b'0'));
        rest = after;
    }
    (rest.len() < text.len()).then_some((if negative { -value } else { value }, rest))
}

/// The nearest `f32` to the number with these digits, the last of which counts 10^`last_place`; ties go to the even one. `near`
/// says between which two it is.
#[cold]
#[inline(never)]
fn decide(near: f64, digits: &[u8], last_place: i64) -> f32 {
    let candidate = (near as f32).min(f32::MAX).to_bits();
    let odd = candidate & 1 == 1;
    match above_half_way(digits, last_place, candidate) {
        Ordering::Greater => return f32::from_bits(candidate + 1),
        Ordering::Equal if odd => return f32::from_bits(candidate + 1),
        _ => {}
    }
    let Some(below) = candidate.checked_sub(1) else {
        return 0.0;
    };
    match above_half_way(digits, last_place, below) {
        Ordering::Less => f32::from_bits(below),
        Ordering::Equal if odd => f32::from_bits(below),
        _ => f32::from_bits(candidate),
    }
}

/// Whether these digits are above or below the point half-way between the `f32` with these bits and the next one up.
fn above_half_way(digits: &[u8], last_place: i64, bits: u32) -> Ordering {
    let fraction = bits & 0x007F_FFFF;
    // Twice the mantissa plus one, times 2^binary.
    let (mantissa, binary) = match bits >> 23 {
        0 => (fraction, -150),
        exponent => (fraction | 0x0080_0000, i64::from(exponent) - 151),
    };
    let mut half_way = Whole::from(mantissa * 2 + 1);
    let mut value = Whole::from(0);
    let (decisive, dropped) = digits.split_at(digits.len().min(DECISIVE_DIGITS));
    for digit in decisive {
        value.multiply_add(10, u32::from(*digit));
    }
    let sticky = dropped.iter().any(|digit| *digit > 0);
    value.multiply_add(10, u32::from(sticky));
    let ten = last_place.saturating_add(places(dropped)).saturating_sub(1);
    // Tens are fives and twos. A divisor of one side multiplies the other.
    let fives = if ten < 0 { &mut half_way } else { &mut value };
    for _ in 0..ten.unsigned_abs() {
        fives.multiply_add(5, 0);
    }
    let twos = ten - binary;
    let shifted = if twos < 0 { &mut half_way } else { &mut value };
    for _ in 0..twos.unsigned_abs() {
        shifted.multiply_add(2, 0);
    }
    value.compare(&half_way)
}

/// A whole number of any size: its parts, lowest first, without leading zeros.
struct Whole(Vec<u32>);

impl From<u32> for Whole {
    fn from(value: u32) -> Self {
        Whole(if value == 0 { Vec::new() } else { vec![value] })
    }
}

impl Whole {
    fn multiply_add(&mut self, factor: u32, term: u32) {
        let mut carry = u64::from(term);
        for part in &mut self.0 {
            carry += u64::from(*part) * u64::from(factor);
            *part = carry as u32;
            carry >>= 32;
        }
        if carry > 0 {
            self.0.push(carry as u32);
        }
    }

    fn compare(&self, other: &Whole) -> Ordering {
        let by_length = self.0.len().cmp(&other.0.len());
        by_length.then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }
}

//! Converts the text of numbers, without a full decimal parser, which would be large.

/// Powers of ten that an f64 holds exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// The sign, digits and decimal exponent in a number's text; the flag says that no digit was left out.
fn decimal(text: &[u8]) -> (bool, u64, i32, bool) {
    let negative = text.first() == Some(&b'-');
    let (mut mantissa, mut exponent, mut whole, mut fraction) = (0u64, 0i32, true, false);
    let mut bytes = text.iter().skip(negative as usize);
    for byte in bytes.by_ref() {
        match byte {
            b'.' => fraction = true,
            b'0'..=b'9' if mantissa < 10u64.pow(18) => {
                mantissa = mantissa * 10 + u64::from(byte - b'0');
                exponent = exponent.saturating_sub(fraction as i32);
            }
            b'0'..=b'9' => {
                whole &= *byte == b'0';
                exponent = exponent.saturating_add(!fraction as i32);
            }
            _ => break,
        }
    }
    let (mut power, mut sign) = (0i32, 1);
    for byte in bytes {
        match byte {
            b'-' => sign = -1,
            b'0'..=b'9' => {
                power = power
                    .saturating_mul(10)
                    .saturating_add(i32::from(byte - b'0'))
            }
            _ => {}
        }
    }
    (
        negative,
        mantissa,
        exponent.saturating_add(sign * power),
        whole,
    )
}

/// The f64 of a number's text, if a single rounding produces it; it then equals the result of `JSON.parse`.
#[inline(always)]
pub fn exact_number(text: &[u8]) -> Option<f64> {
    short_number(text).or_else(|| exact_decimal(text))
}

/// The same for a short and plain number, as nearly all are; `None` for any other.
#[inline(always)]
fn short_number(text: &[u8]) -> Option<f64> {
    let (negative, digits) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        _ => (false, text),
    };
    // This many digits fit a u64.
    if digits.len() > 17 {
        return None;
    }
    let (mut mantissa, mut places) = (0u64, None);
    for byte in digits {
        match byte {
            b'0'..=b'9' => {
                mantissa = mantissa * 10 + u64::from(byte - b'0');
                places = places.map(|places| places + 1);
            }
            b'.' => places = Some(0),
            _ => return None,
        }
    }
    if mantissa > 1 << 53 {
        return None;
    }
    let magnitude = match places {
        None => mantissa as f64,
        Some(places) => mantissa as f64 / POWERS.get(places)?,
    };
    Some(if negative { -magnitude } else { magnitude })
}

#[inline(never)]
fn exact_decimal(text: &[u8]) -> Option<f64> {
    let (negative, mantissa, exponent, whole) = decimal(text);
    if !whole || mantissa > 1 << 53 {
        return None;
    }
    let power = *POWERS.get(exponent.unsigned_abs() as usize)?;
    let magnitude = if exponent < 0 {
        mantissa as f64 / power
    } else {
        mantissa as f64 * power
    };
    Some(if negative { -magnitude } else { magnitude })
}

/// The f64 of a number's text. It may be wrong by a few units in the last place if the text is long or its exponent large.
pub fn number(text: &[u8]) -> f64 {
    if let Some(exact) = exact_decimal(text) {
        return exact;
    }
    let (negative, mantissa, exponent, _) = decimal(text);
    let mut magnitude = mantissa as f64;
    // Beyond these exponents the result is 0 or infinite, whatever the digits; 19 of them are kept.
    let mut left = exponent.clamp(-400, 400);
    while left != 0 && magnitude != 0.0 && magnitude.is_finite() {
        let step = left.clamp(-22, 22);
        let power = POWERS
            .get(step.unsigned_abs() as usize)
            .copied()
            .unwrap_or(1.0);
        magnitude = if step < 0 {
            magnitude / power
        } else {
            magnitude * power
        };
        left -= step;
    }
    if negative { -magnitude } else { magnitude }
}

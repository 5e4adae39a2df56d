//! Sixteen bytes examined together: each function is one or a few instructions in wasm, whose vectors every supported runtime has.

/// How many bytes are examined together.
pub const WIDTH: usize = 16;

/// Sixteen bytes.
///
/// ```
/// use hfetch::json::block::Block16;
///
/// let block = Block16::new(br#"He said "yes" \o"#);
/// // The lowest bit belongs to the first byte. So the number of zeros at that end is the length of the plain text.
/// assert_eq!(block.marks().trailing_zeros(), 8);
/// assert_eq!(block.equal_to(b'"').count_ones(), 2);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Block16(lanes::Lanes);

impl Block16 {
    /// The block at the start of `bytes`, if they are long enough.
    #[inline(always)]
    pub fn first(bytes: &[u8]) -> Option<Self> {
        bytes.first_chunk().map(Self::new)
    }

    /// The block of these bytes.
    #[inline(always)]
    pub fn new(bytes: &[u8; WIDTH]) -> Self {
        Block16(lanes::load(bytes))
    }

    /// A bit for each byte that ends a plain part of a JSON string: a quote, a backslash or a control character.
    #[inline(always)]
    pub fn marks(self) -> u32 {
        lanes::marks(self.0)
    }

    /// A bit for each byte that equals `byte`.
    #[inline(always)]
    pub fn equal_to(self, byte: u8) -> u32 {
        lanes::equal_to(self.0, byte)
    }

    /// A bit for each control character.
    #[inline(always)]
    pub fn controls(self) -> u32 {
        lanes::controls(self.0)
    }

    /// A bit for each byte that forms an escape after a backslash.
    #[inline(always)]
    pub fn escapable(self) -> u32 {
        lanes::escapable(self.0)
    }

    /// A bit for each hexadecimal digit.
    #[inline(always)]
    pub fn hex_digits(self) -> u32 {
        lanes::hex_digits(self.0)
    }

    /// A bit for each CR or LF.
    #[inline(always)]
    pub fn line_ends(self) -> u32 {
        lanes::line_ends(self.0)
    }

    /// The vector itself, for an operation that only one module needs.
    #[cfg(target_feature = "simd128")]
    #[inline(always)]
    pub fn lanes(self) -> core::arch::wasm32::v128 {
        self.0
    }

    /// A bit for each bracket.
    #[inline(always)]
    pub fn brackets(self) -> u32 {
        lanes::brackets(self.0)
    }

    /// The length in UTF-16 units of text in UTF-8.
    #[inline(always)]
    pub fn units(self) -> u32 {
        lanes::units(self.0)
    }

    /// Whether each byte is ASCII.
    #[inline(always)]
    pub fn is_ascii(self) -> bool {
        lanes::is_ascii(self.0)
    }

    /// Whether two blocks are equal.
    #[inline(always)]
    pub fn equals(self, other: Self) -> bool {
        lanes::equals(self.0, other.0)
    }
}

/// Whether all bytes are ASCII.
pub fn is_ascii(bytes: &[u8]) -> bool {
    let (blocks, rest) = bytes.as_chunks();
    rest.is_ascii() && blocks.iter().all(|block| Block16::new(block).is_ascii())
}

#[cfg(target_feature = "simd128")]
mod lanes {
    use core::arch::wasm32::{
        i8x16_lt, i8x16_splat, u8x16, u8x16_bitmask, u8x16_eq, u8x16_ge, u8x16_lt, u8x16_splat,
        u8x16_sub, u8x16_swizzle, u64x2, v128, v128_and, v128_any_true, v128_or, v128_xor,
    };

    pub(super) type Lanes = v128;

    /// Loads sixteen bytes in two parts, since one load isn't safe Rust.
    #[inline(always)]
    pub(super) fn load(bytes: &[u8; 16]) -> Lanes {
        let all = u128::from_le_bytes(*bytes);
        u64x2(all as u64, (all >> 64) as u64)
    }

    #[inline(always)]
    pub(super) fn marks(v: Lanes) -> u32 {
        let quotes = u8x16_eq(v, u8x16_splat(b'"'));
        let backslashes = u8x16_eq(v, u8x16_splat(b'\\'));
        let controls = u8x16_lt(v, u8x16_splat(b' '));
        u32::from(u8x16_bitmask(v128_or(
            v128_or(quotes, backslashes),
            controls,
        )))
    }

    #[inline(always)]
    pub(super) fn equal_to(v: Lanes, byte: u8) -> u32 {
        u32::from(u8x16_bitmask(u8x16_eq(v, u8x16_splat(byte))))
    }

    #[inline(always)]
    pub(super) fn controls(v: Lanes) -> u32 {
        u32::from(u8x16_bitmask(u8x16_lt(v, u8x16_splat(b' '))))
    }

    /// The bytes are looked up by the lower half of each, except for two that share it with `b`.
    #[inline(always)]
    pub(super) fn escapable(v: Lanes) -> u32 {
        let table = u8x16(
            1, 0, b'b', 0, b't', b'u', b'f', 0, 0, 0, 0, 0, b'\\', 0, b'n', b'/',
        );
        let found = u8x16_swizzle(table, v128_and(v, u8x16_splat(15)));
        let quotes = u8x16_eq(v, u8x16_splat(b'"'));
        let returns = u8x16_eq(v, u8x16_splat(b'r'));
        u32::from(u8x16_bitmask(v128_or(
            u8x16_eq(v, found),
            v128_or(quotes, returns),
        )))
    }

    #[inline(always)]
    pub(super) fn hex_digits(v: Lanes) -> u32 {
        let digits = u8x16_lt(u8x16_sub(v, u8x16_splat(b'0')), u8x16_splat(10));
        let lower = v128_or(v, u8x16_splat(0x20));
        let letters = u8x16_lt(u8x16_sub(lower, u8x16_splat(b'a')), u8x16_splat(6));
        u32::from(u8x16_bitmask(v128_or(digits, letters)))
    }

    #[inline(always)]
    pub(super) fn line_ends(v: Lanes) -> u32 {
        let feeds = u8x16_eq(v, u8x16_splat(b'\n'));
        let returns = u8x16_eq(v, u8x16_splat(b'\r'));
        u32::from(u8x16_bitmask(v128_or(feeds, returns)))
    }

    /// Square and curly brackets differ in one bit.
    #[inline(always)]
    pub(super) fn brackets(v: Lanes) -> u32 {
        let square = v128_and(v, u8x16_splat(0xdf));
        let opening = u8x16_eq(square, u8x16_splat(b'['));
        let closing = u8x16_eq(square, u8x16_splat(b']'));
        u32::from(u8x16_bitmask(v128_or(opening, closing)))
    }

    /// Counts one for each byte that begins a character, and one more for each character of four bytes.
    #[inline(always)]
    pub(super) fn units(v: Lanes) -> u32 {
        let goes_on = i8x16_lt(v, i8x16_splat(-64));
        let four = u8x16_ge(v, u8x16_splat(0xf0));
        let (goes_on, four) = (u8x16_bitmask(goes_on), u8x16_bitmask(four));
        16 - goes_on.count_ones() + four.count_ones()
    }

    #[inline(always)]
    pub(super) fn is_ascii(v: Lanes) -> bool {
        u8x16_bitmask(v) == 0
    }

    #[inline(always)]
    pub(super) fn equals(a: Lanes, b: Lanes) -> bool {
        !v128_any_true(v128_xor(a, b))
    }
}

/// The same with plain numbers, for hosts without these vectors.
#[cfg(not(target_feature = "simd128"))]
mod lanes {
    pub(super) type Lanes = u128;

    #[inline(always)]
    pub(super) fn load(bytes: &[u8; 16]) -> Lanes {
        u128::from_le_bytes(*bytes)
    }

    #[inline(always)]
    fn bits(v: Lanes, is_one: impl Fn(u8) -> bool) -> u32 {
        let bytes = v.to_le_bytes().into_iter().enumerate();
        bytes.fold(0, |bits, (at, byte)| bits | u32::from(is_one(byte)) << at)
    }

    #[inline(always)]
    pub(super) fn marks(v: Lanes) -> u32 {
        bits(v, |byte| matches!(byte, b'"' | b'\\' | 0..0x20))
    }

    #[inline(always)]
    pub(super) fn equal_to(v: Lanes, byte: u8) -> u32 {
        bits(v, |other| other == byte)
    }

    #[inline(always)]
    pub(super) fn controls(v: Lanes) -> u32 {
        bits(v, |byte| byte < b' ')
    }

    #[inline(always)]
    pub(super) fn escapable(v: Lanes) -> u32 {
        bits(v, |byte| br#""\/bfnrtu"#.contains(&byte))
    }

    #[inline(always)]
    pub(super) fn hex_digits(v: Lanes) -> u32 {
        bits(v, |byte| byte.is_ascii_hexdigit())
    }

    #[inline(always)]
    pub(super) fn line_ends(v: Lanes) -> u32 {
        bits(v, |byte| matches!(byte, b'\n' | b'\r'))
    }

    #[inline(always)]
    pub(super) fn brackets(v: Lanes) -> u32 {
        bits(v, |byte| matches!(byte, b'[' | b']' | b'{' | b'}'))
    }

    #[inline(always)]
    pub(super) fn units(v: Lanes) -> u32 {
        let starts = bits(v, |byte| byte & 0xc0 != 0x80);
        starts.count_ones() + bits(v, |byte| byte >= 0xf0).count_ones()
    }

    #[inline(always)]
    pub(super) fn is_ascii(v: Lanes) -> bool {
        v.to_le_bytes().is_ascii()
    }

    #[inline(always)]
    pub(super) fn equals(a: Lanes, b: Lanes) -> bool {
        a == b
    }
}

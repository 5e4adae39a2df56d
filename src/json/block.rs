//! Sixteen bytes looked at together: one instruction each in wasm, whose vectors every supported runtime has.

/// As many bytes as are looked at together.
pub const WIDTH: usize = 16;

/// Sixteen bytes.
#[derive(Clone, Copy, Debug)]
pub struct Block16(lanes::Lanes);

impl Block16 {
    /// Those at the start of `bytes`, if there are so many.
    #[inline(always)]
    pub fn first(bytes: &[u8]) -> Option<Self> {
        bytes.first_chunk().map(Self::new)
    }

    /// These.
    #[inline(always)]
    pub fn new(bytes: &[u8; WIDTH]) -> Self {
        Block16(lanes::load(bytes))
    }

    /// A bit for each byte that ends a plain stretch of a JSON string: a quote, a backslash or a control character.
    #[inline(always)]
    pub fn marks(self) -> u32 {
        lanes::marks(self.0)
    }

    /// A bit for each CR or LF.
    #[inline(always)]
    pub fn line_ends(self) -> u32 {
        lanes::line_ends(self.0)
    }

    /// A bit for each comma.
    #[inline(always)]
    pub fn commas(self) -> u32 {
        lanes::commas(self.0)
    }

    /// The vector itself, for what only one module does with it.
    #[cfg(target_feature = "simd128")]
    #[inline(always)]
    pub fn lanes(self) -> core::arch::wasm32::v128 {
        self.0
    }

    /// Whether each byte is ASCII.
    #[inline(always)]
    pub fn is_ascii(self) -> bool {
        lanes::is_ascii(self.0)
    }

    /// Whether both are the same.
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
        u8x16_bitmask, u8x16_eq, u8x16_lt, u8x16_splat, u64x2, v128, v128_any_true, v128_or,
        v128_xor,
    };

    pub(super) type Lanes = v128;

    /// Two loads: the one-load form isn't safe Rust.
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
    pub(super) fn line_ends(v: Lanes) -> u32 {
        let feeds = u8x16_eq(v, u8x16_splat(b'\n'));
        let returns = u8x16_eq(v, u8x16_splat(b'\r'));
        u32::from(u8x16_bitmask(v128_or(feeds, returns)))
    }

    #[inline(always)]
    pub(super) fn commas(v: Lanes) -> u32 {
        u32::from(u8x16_bitmask(u8x16_eq(v, u8x16_splat(b','))))
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

/// The same by plain numbers, for hosts without these vectors.
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
    pub(super) fn line_ends(v: Lanes) -> u32 {
        bits(v, |byte| matches!(byte, b'\n' | b'\r'))
    }

    #[inline(always)]
    pub(super) fn commas(v: Lanes) -> u32 {
        bits(v, |byte| byte == b',')
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

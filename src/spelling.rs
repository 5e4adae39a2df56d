//! Finds the known name that a misspelt one probably meant.

/// A rule: whether this number of edits is small enough to mean a name of this many letters. Where it is, a smaller number is too.
pub type Near = fn(edits: usize, letters: usize) -> bool;

/// The known name with the fewest edits. Case and underscores don't count as edits.
///
/// ```
/// use hfetch::spelling::nearest;
///
/// let known = ["baseURL", "maxRetries"];
/// assert_eq!(nearest("base_url", &known, |edits, _| edits == 0), Some("baseURL"));
/// assert_eq!(nearest("maxRetry", &known, |edits, letters| edits * 2 <= letters), Some("maxRetries"));
/// ```
#[inline(never)]
pub fn nearest<'k>(name: &str, known: &[&'k str], near: Near) -> Option<&'k str> {
    let name = plain(name);
    let mut best = None;
    let mut least = usize::MAX;
    for candidate in known {
        let candidate_plain = plain(candidate);
        // That many edits there are at least.
        let least_edits = name.len().abs_diff(candidate_plain.len());
        if least_edits >= least || !near(least_edits, candidate_plain.len()) {
            continue;
        }
        let distance = match is_jumbled(&name, &candidate_plain) {
            true => 1,
            false => edits(&name, &candidate_plain),
        };
        if distance < least && near(distance, candidate_plain.len()) {
            least = distance;
            best = Some(*candidate);
        }
    }
    best
}

/// Whether two names have the same letters in another order, such as `modle` and `model`.
fn is_jumbled(name: &[u8], other: &[u8]) -> bool {
    let count = |of: &[u8], letter: u8| of.iter().filter(|one| **one == letter).count();
    let same = |letter: &u8| count(name, *letter) == count(other, *letter);
    name.len() == other.len() && name != other && name.iter().all(same)
}

fn plain(name: &str) -> Vec<u8> {
    let mut letters = Vec::new();
    for byte in name.bytes() {
        if !matches!(byte, b'_' | b'-') && letters.len() < 40 {
            letters.push(byte.to_ascii_lowercase());
        }
    }
    letters
}

/// The Levenshtein distance of two names.
fn edits(from: &[u8], to: &[u8]) -> usize {
    let mut row = Vec::new();
    for cell in 0..=to.len() {
        row.push(cell);
    }
    for (line, byte) in from.iter().enumerate() {
        let mut diagonal = line;
        let mut left = line.saturating_add(1);
        for (cell, other) in row.iter_mut().skip(1).zip(to) {
            let substituted = diagonal.saturating_add(usize::from(byte != other));
            diagonal = *cell;
            left = substituted
                .min(left.saturating_add(1))
                .min(diagonal.saturating_add(1));
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = line.saturating_add(1);
        }
    }
    row.last().copied().unwrap_or_default()
}

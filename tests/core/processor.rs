//! How much processor time a test has used.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// The processor time of this thread, if the system reports it: other work on the machine doesn't count.
pub fn processor_time() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = told.split(' ').next().and_then(|text| text.parse().ok());
    nanoseconds.map_or_else(|| START.elapsed(), Duration::from_nanos)
}

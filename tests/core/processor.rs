//! What a test took of a processor.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// What this thread has had of a processor, where the system says so: other work on the machine takes nothing from that.
pub fn processor_time() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = told.split(' ').next().and_then(|text| text.parse().ok());
    nanoseconds.map_or_else(|| START.elapsed(), Duration::from_nanos)
}

//! What a piece of work costs: wall time, CPU time, memory.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// Wall clock and CPU from a moment on.
pub(crate) struct Meter {
    began: Instant,
    cpu: Duration,
}

/// What a piece of work cost.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spent {
    pub(crate) wall: Duration,
    pub(crate) cpu: Duration,
}

impl Meter {
    pub(crate) fn start() -> Self {
        Self {
            began: Instant::now(),
            cpu: cpu_time(),
        }
    }

    pub(crate) fn stop(&self) -> Spent {
        Spent {
            wall: self.began.elapsed(),
            cpu: cpu_time() - self.cpu,
        }
    }
}

/// The CPU time of this process in user and system mode, ended threads included.
///
/// It is the clock behind `getrusage`, in nanoseconds and without an unsafe call. `/proc` has
/// nothing as good: `/proc/self/stat` counts ticks of 10 ms, and the nanoseconds of
/// `/proc/self/task/*/schedstat` go away with their threads.
fn cpu_time() -> Duration {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
    Duration::from_secs(seconds) + Duration::from_nanos(u64::try_from(now.tv_nsec).unwrap_or(0))
}

/// A field of `/proc/PID/status` that counts kibibytes, such as `VmRSS`; 0 where there is none.
pub(crate) fn status_kib(process: &str, field: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let value = status.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        (name == field).then(|| value.split_whitespace().next())?
    });
    value.and_then(|value| value.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_costs_time_and_memory() {
        let meter = Meter::start();
        while meter.stop().cpu < Duration::from_millis(2) {
            std::hint::spin_loop();
        }
        assert!(meter.stop().wall > Duration::ZERO);
        assert!(status_kib("self", "VmHWM") > 100);
        assert_eq!(status_kib("self", "NoSuchField"), 0);
    }
}
